// Small behaviours of any page: dialogs, a question before a weighty button, one submit per press.
//
//   <button type="button" data-opens="cancel-sheet">…</button>  <dialog class="sheet" id="cancel-sheet">…
//   <button type="button" data-closes>…</button>   closes the dialog it stands in
//   <button data-confirm="确定清空名单?">           asks before it goes on; the text comes from the template
//   <button type="button" data-prints>…</button>   opens the print dialog
//   <p data-press-mark data-lost="…" data-failed="…"> says it when a press that htmx was to send did not arrive
//   <form data-once>                                the buttons rest after the first submit until the page comes back

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-opens], [data-closes], [data-prints], [data-confirm]");
  if (!button) return;
  if (button.dataset.opens) document.getElementById(button.dataset.opens)?.showModal();
  if ("closes" in button.dataset) button.closest("dialog")?.close();
  if ("prints" in button.dataset) window.print();
  if (button.dataset.confirm && !window.confirm(button.dataset.confirm)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

document.addEventListener("submit", (event) => {
  // Not form.matches: a field of that name would stand in its place.
  if (!Element.prototype.matches.call(event.target, "form[data-once]") || event.defaultPrevented) return;
  // Next tick: a button disabled at once would not send its own name and value.
  const buttons = event.target.querySelectorAll("button:not([type=button]), input[type=submit]");
  setTimeout(() => buttons.forEach((button) => { button.disabled = true; }));
});

// Coming back with the back button must not find dead buttons.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.querySelectorAll("form[data-once] :disabled").forEach((button) => { button.disabled = false; });
});

// What the page asks for by itself is asked again by itself; somebody's press is not.
const PRESSED = ["submit", "click", "change"];
const mark = document.querySelector("[data-press-mark]");
let hiding = 0;

function told(words, { requestConfig }) {
  if (!mark || !PRESSED.includes(requestConfig?.triggeringEvent?.type)) return;
  clearTimeout(hiding);
  mark.textContent = words;
  mark.classList.toggle("is-shown", Boolean(words));
  if (words) hiding = setTimeout(() => mark.classList.remove("is-shown"), 10_000);
}

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => told(mark?.dataset.lost, event.detail));
}
document.addEventListener("htmx:responseError", (event) => told(mark?.dataset.failed, event.detail));
document.addEventListener("htmx:beforeRequest", (event) => told("", event.detail));
