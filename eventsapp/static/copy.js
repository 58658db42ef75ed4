// Puts a text where it can be pasted from, and says so. Without this one marks it by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy), status = button.parentNode.querySelector("[role=status]");
  button.closest("[hidden]").hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    status.textContent = "";
    let done = true;
    try { await navigator.clipboard.writeText(field.value); } catch { done = document.execCommand("copy"); }
    if (done) setTimeout(() => { status.textContent = button.dataset.said; }, 100);
  });
}
