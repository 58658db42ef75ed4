// What a ruler sees of a page. Evaluated in the page; each function gives a list of faults in words, empty when all is well.
(() => {
  const word = (element) => {
    const id = element.id ? `#${element.id}` : "";
    const kind = typeof element.className === "string" ? element.className.trim().replace(/\s+/g, ".") : "";
    const text = (element.innerText || element.value || "").trim().replace(/\s+/g, " ").slice(0, 40);
    return `<${element.localName}${id}${kind ? `.${kind}` : ""}> “${text}”`;
  };
  const unseen = (element) => {
    // Hidden from sight on purpose, for screen readers alone.
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const nothing = (box.width <= 1 && box.height <= 1) || style.clipPath === "inset(50%)";
    return style.visibility !== "visible" || (style.position === "absolute" && nothing);
  };
  const seen = () => {
    const found = [];
    const walk = (element) => {
      if (getComputedStyle(element).display === "none" || unseen(element)) return;
      found.push(element);
      const folded = element.localName === "details" && !element.open; // what it holds has boxes all the same
      for (const child of element.children) if (!folded || child.localName === "summary") walk(child);
    };
    walk(document.body);
    return found;
  };
  const scrolls = (element) => {
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(at).overflowX)) return true;
    }
    return false;
  };
  const inkOf = (element) => {
    // The boxes of the element's own text, line by line.
    const boxes = [];
    for (const node of element.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      boxes.push(...[...range.getClientRects()].filter((box) => box.width > 0 && box.height > 0));
    }
    return boxes;
  };

  const shown = (element, box) => {
    // Whether a box of the element's text lies in what its scrolling ancestors show of it now.
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      if (!["auto", "scroll"].includes(getComputedStyle(at).overflowY)) continue;
      const frame = at.getBoundingClientRect();
      if (box.top >= frame.bottom || box.bottom <= frame.top) return false;
      if (box.left >= frame.right || box.right <= frame.left) return false;
    }
    return true;
  };

  window.measures = {
    sideways() {
      const wide = document.documentElement.clientWidth;
      const faults = [];
      const page = document.scrollingElement.scrollWidth;
      if (page > wide) faults.push(`the page is ${page} px wide in a window of ${wide} px`);
      for (const element of seen()) {
        if (scrolls(element)) continue;
        const beyond = inkOf(element).some((box) => box.left < -1 || box.right > wide + 1);
        if (beyond) faults.push(`text runs out of the window: ${word(element)}`);
      }
      return faults;
    },

    clipped() {
      const faults = [];
      for (const element of seen()) {
        const style = getComputedStyle(element);
        const cuts = (axis) => ["hidden", "clip"].includes(style[axis]) || element.localName === "button";
        const wide = cuts("overflowX") && element.scrollWidth > element.clientWidth + 1;
        const high = cuts("overflowY") && element.scrollHeight > element.clientHeight + 1;
        if (element.localName !== "textarea" && element.innerText?.trim() && (wide || high)) {
          faults.push(`text is cut off: ${word(element)}`);
        }
      }
      return faults;
    },

    overlapping() {
      const inkShown = (element) => inkOf(element).filter((box) => shown(element, box));
      const inks = seen().flatMap((element) => inkShown(element).map((box) => ({ element, box })));
      const faults = new Set();
      for (const [at, one] of inks.entries()) {
        for (const other of inks.slice(at + 1)) {
          if (one.element === other.element) continue;
          const wide = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
          const high = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
          // A line's box holds room above and below its letters; a quarter of it may be shared.
          if (wide > 2 && high > 0.4 * Math.min(one.box.height, other.box.height)) {
            faults.add(`${word(one.element)} lies over ${word(other.element)}`);
          }
        }
      }
      return [...faults];
    },

    borderless() {
      // Controls that nothing but their colour sets off; forced colours take that away.
      return [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea")]
        .filter((element) => element.checkVisibility() && element.tabIndex >= 0)
        .filter((element) => {
          const style = getComputedStyle(element);
          const native = ["radio", "checkbox"].includes(element.type) && style.appearance !== "none";
          return !native && (style.borderTopStyle === "none" || parseFloat(style.borderTopWidth) === 0);
        })
        .map(word);
    },

    moving() {
      return [...document.querySelectorAll("*")]
        .filter((element) => {
          const style = getComputedStyle(element);
          return parseFloat(style.transitionDuration) > 0.01 || style.animationName !== "none";
        })
        .map(word);
    },

    stops() {
      // Where Tab must halt, in the order of reading. A group of radio buttons is one stop.
      const groups = new Set();
      const reachable = "a[href], button, input:not([type=hidden]), select, textarea, summary, iframe, [tabindex]";
      return [...document.querySelectorAll(reachable)]
        .filter((element) => element.tabIndex >= 0 && !element.disabled && element.checkVisibility())
        .filter((element) => {
          if (element.type !== "radio") return true;
          const group = [...document.querySelectorAll(`input[type=radio][name="${element.name}"]`)];
          if (group.some((radio) => radio.checked)) return element.checked;
          const first = !groups.has(element.name);
          groups.add(element.name);
          return first;
        })
        .map(word);
    },

    async settled() {
      // Until the words in the reader's own zone stand there, where the script asks for them.
      const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
      const asks = document.querySelector("[data-zone]") && !new URLSearchParams(location.search).has("tz");
      const came = () => performance.getEntriesByType("resource").some(({ name }) => name.includes("part=times"));
      for (let tries = 0; asks && !came() && tries < 300; tries += 1) await pause(10);
      await pause(50); // it has come, and takes a moment to be put into the page
    },

    begin() {
      // Put the keyboard before everything, wherever the focus was.
      const mark = document.createElement("span");
      mark.tabIndex = -1;
      document.body.prepend(mark);
      mark.focus();
    },

    focus() {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const box = element.getBoundingClientRect();
      const ringed = (at) => {
        const style = getComputedStyle(at);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      };
      const within = !element.matches(":focus"); // on a part of a date field, which the browser rings by itself
      const middle = document.elementFromPoint(box.left + Math.min(box.width, 20) / 2, box.top + box.height / 2);
      return {
        word: word(element),
        framed: element.localName === "iframe",
        ringed: element.localName === "iframe" || within || ringed(element) || ringed(element.parentElement),
        covered: !(middle && (element.contains(middle) || middle.contains(element))),
      };
    },
  };
})();
