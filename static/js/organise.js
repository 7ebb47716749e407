// The event's menu stands open beside the page where there is room, and folds away on a phone.
const menu = document.querySelector("[data-menu]");
const narrow = window.matchMedia("(max-width: 56rem)");
const fit = () => { menu.open = !narrow.matches; };
fit();
narrow.addEventListener("change", fit);

// A choice that is saved as soon as it is made; its button stays for those without scripts.
for (const select of document.querySelectorAll("select[data-submits]")) {
  const button = select.form.querySelector("button[name=act]");
  button.hidden = true;
  select.addEventListener("change", () => select.form.requestSubmit(button));
}
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
