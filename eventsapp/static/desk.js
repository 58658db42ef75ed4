// The organizer's pages work without this; it only makes them quicker to work with.

// A form marked data-kept: says what is unsaved, and keeps in this browser what was typed until it is saved.
// Never a password, a file or the token. What is restored brings the version that it was typed for, so that what
// somebody else did meanwhile is found.
const PREFIX = "draft:", WEEKS = 14 * 864e5, UNKEPT = /^(password|file|submit|button)$/;
const who = document.body.dataset.who;

function stored(key) {
  try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
}

function forget(test) {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX) && test(key)) localStorage.removeItem(key);
  } catch { /* no storage, no drafts */ }
}

function typed(form) {
  const fields = [];
  for (const field of form.elements) {
    if (!field.name || field.name === "csrf_token" || UNKEPT.test(field.type)) continue;
    if (field.type === "hidden" && field.name !== "version") continue;
    const pick = field.type === "checkbox" || field.type === "radio";
    fields.push([field.name, pick ? [field.value, field.checked] : field.value]);
  }
  return fields;
}

function restore(form, fields) {
  const left = [...form.elements];
  for (const [name, value] of fields) {
    const pick = Array.isArray(value);
    const at = left.findIndex((field) => field.name === name && (!pick || field.value === value[0]));
    if (at < 0) continue;
    const [field] = left.splice(at, 1);
    if (pick) field.checked = value[1]; else field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

const words = (fields) => JSON.stringify(fields.filter(([name]) => name !== "version"));

const sent = sessionStorage.getItem("sent");
if (sent && document.querySelector("[data-done]")) {
  forget((key) => key === sent);
}
if (!document.querySelector("input[type=hidden][name=tell], .choices [name=tell]")) sessionStorage.removeItem("sent");
forget((key) => !(Date.now() - stored(key)?.at < WEEKS));

for (const form of document.querySelectorAll("form[data-kept]")) {
  const key = `${PREFIX}${who}:${location.pathname}:${form.id || form.getAttribute("action") || ""}`;
  const said = form.querySelector("[data-unsaved]");
  const before = words(typed(form));
  const draft = stored(key);
  const answered = document.querySelector(".problem, .meanwhile");
  let dirty = Boolean(answered), leaving = false, later;

  const say = () => { if (said) said.textContent = dirty ? said.dataset.unsaved : ""; };
  const keep = () => {
    clearTimeout(later);
    try {
      if (dirty) localStorage.setItem(key, JSON.stringify({ at: Date.now(), fields: typed(form) }));
      else localStorage.removeItem(key);
    } catch { /* full or forbidden: the page still warns before leaving */ }
  };
  form.addEventListener("input", () => {
    dirty = Boolean(answered) || words(typed(form)) !== before;
    leaving = false;
    say();
    clearTimeout(later);
    later = setTimeout(keep, 300);
  });
  form.addEventListener("submit", () => {
    keep();
    leaving = true;
    try { sessionStorage.setItem("sent", key); } catch { /* then the draft is offered once more */ }
  });
  addEventListener("pagehide", () => { if (dirty) keep(); });
  addEventListener("beforeunload", (event) => { if (dirty && !leaving) event.preventDefault(); });
  addEventListener("pageshow", () => { leaving = false; });
  say();

  if (draft && !answered && words(draft.fields) !== before) {
    const note = document.getElementById("kept").content.cloneNode(true).firstElementChild;
    note.querySelector("[data-when]").textContent = new Date(draft.at).toLocaleString(document.documentElement.lang);
    note.querySelector("[data-restore]").addEventListener("click", () => { restore(form, draft.fields); note.remove(); });
    note.querySelector("[data-discard]").addEventListener("click", () => { forget((one) => one === key); note.remove(); });
    form.prepend(note);
  }
}

// Who signs out on a shared machine leaves nothing behind.
document.querySelector(".rail form")?.addEventListener("submit", () => forget(() => true));

// What was typed is shown at once in the frame that its button leads to.
document.querySelector("[data-press]")?.click();
