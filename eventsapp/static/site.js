// Pages work without this. It asks the server to word the times in the reader's zone, and formats nothing itself.
(() => {
  const doc = document, key = "time-zone";
  let late = ""; // the zone that was asked for, until its words are there
  const stored = (zone) => {
    try { return zone ? localStorage.setItem(key, zone) : localStorage.getItem(key); } catch { return null; }
  };
  addEventListener("load", () => { if (doc.activeElement === doc.body) doc.querySelector(".problem")?.focus(); });
  addEventListener("click", (event) => {
    const choice = event.target.closest("a[data-tz]");
    if (choice) stored(choice.dataset.tz);
  });
  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "post" && form.dataset.sent && !form.closest("[data-live]")) event.preventDefault();
    form.dataset.sent = "yes";
    fill(form.elements.time_zone, late);
  });
  addEventListener("pageshow", () => { for (const form of doc.forms) delete form.dataset.sent; ask(); });

  // Hides what is asked only after another answer, and sends none of it; the server decides all the same.
  const ask = () => {
    for (const part of doc.querySelectorAll("[data-if]")) {
      const said = new FormData(part.form);
      const holds = ([name, words]) => said.getAll(name).some((word) => words.includes(word));
      part.hidden = part.disabled = !JSON.parse(part.dataset.if).every(holds);
    }
  };
  for (const hint of doc.querySelectorAll(".if")) hint.textContent = "";
  addEventListener("change", ask);
  ask();

  const fill = (field, value) => {
    if (field && value && field.value === field.defaultValue && !doc.querySelector(".problem")) field.value = value;
  };
  const here = new URL(location), asked = here.searchParams;
  const zone = stored() || Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || asked.has("tz") || !doc.querySelector("[data-zone]")) return;
  asked.set("tz", late = zone);
  asked.set("part", "times");
  fetch(here, { credentials: "omit" }).then((answer) => answer.text()).then((text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const slot of fresh.querySelectorAll("[data-zone]")) {
      doc.querySelector(`[data-zone="${CSS.escape(slot.dataset.zone)}"]`)?.replaceWith(slot);
    }
    fill(doc.getElementById("time_zone"), fresh.getElementById("time_zone")?.value);
    late = "";
  }).catch(() => {});
})();
