// The organizer's pages work without this; it only makes them quicker to work with.

// A form marked data-kept: says what is unsaved, and keeps a draft here until it was sent.
for (const form of document.querySelectorAll("form[data-kept]")) {
  const said = form.querySelector("[data-unsaved]");
  form.addEventListener("input", () => {
    if (said) said.textContent = said.dataset.unsaved;
  });
}
