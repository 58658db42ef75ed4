// A page on which one waits asks the server how it stands, and takes over those parts that read otherwise by now.
(() => {
  const doc = document;
  let timer;
  const live = (page = doc) => page.querySelector("[data-next]");
  const plan = (seconds) => {
    clearTimeout(timer);
    if (seconds > 0) timer = setTimeout(look, Math.min(seconds, doc.hidden ? 86400 : 60) * 1000 + Math.random() * 999);
  };
  const look = () => fetch(location.href, { cache: "no-store", credentials: "omit" }).then((answer) => {
    if (answer.ok) return answer.text();
    throw answer;
  }).then((text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html"), now = live(fresh);
    if (now.dataset.ways !== live().dataset.ways) return location.replace(location.href);
    const say = fresh.querySelector("[data-say]")?.dataset.say ?? "";
    if (say && !doc.querySelector("[data-say]")) doc.querySelector("[role=status]").textContent = say;
    scripted(fresh);
    for (const old of doc.querySelectorAll("[data-live]")) take(old, fresh.querySelector(`[data-live=${old.dataset.live}]`));
    doc.title = fresh.title;
    plan(live().dataset.next = now.dataset.next);
  }).catch(() => plan(10));
  const take = (old, part) => {
    part.querySelectorAll("details").forEach((one, at) => { one.open = old.querySelectorAll("details")[at]?.open; });
    if (old.innerHTML === part.innerHTML) return;
    const stops = (from) => [...from.querySelectorAll("a, button, summary")], at = stops(old).indexOf(doc.activeElement);
    old.replaceWith(part);
    if (at >= 0) (stops(part)[at] ?? stops(part)[0])?.focus();
  };
  const scripted = (page) => { for (const words of page.querySelectorAll("[data-scripted]")) words.hidden = false; };
  if (live()) {
    scripted(doc);
    plan(live().dataset.next);
    doc.addEventListener("visibilitychange", () => doc.hidden ? plan(live().dataset.next) : look());
    addEventListener("online", look);
    addEventListener("pageshow", (event) => { if (event.persisted) look(); });
  }
})();
