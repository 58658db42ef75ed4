// The organizer's pages work without this; it only makes them quicker to work with.

// A form marked data-kept: says what is unsaved, and keeps a draft here until it was sent.
for (const form of document.querySelectorAll("form[data-kept]")) {
  const said = form.querySelector("[data-unsaved]");
  form.addEventListener("input", () => {
    if (said) said.textContent = said.dataset.unsaved;
  });
}

// A form to try out (data-preview): what is asked only after another answer comes and goes as it does for people.
for (const form of document.querySelectorAll("form[data-preview]")) {
  const ask = () => {
    const said = new FormData(form);
    const holds = ([name, words]) => said.getAll(name).some((word) => words.includes(word));
    for (const part of form.querySelectorAll("[data-if]")) {
      part.hidden = part.disabled = !JSON.parse(part.dataset.if).every(holds);
    }
  };
  for (const hint of form.querySelectorAll(".if")) hint.textContent = "";
  form.addEventListener("change", ask);
  ask();
}

// What was typed is shown at once in the frame that its button leads to.
document.querySelector("[data-press]")?.click();
