// Small behaviours of any page: dialogs, a question before a weighty button, one submit per press.
//
//   <button type="button" data-opens="cancel-sheet">…</button>  <dialog class="sheet" id="cancel-sheet">…
//   <button type="button" data-closes>…</button>   closes the dialog it stands in
//   <button data-confirm="确定清空名单?">           asks before it goes on; the text comes from the template
//   <button type="button" data-prints>…</button>   opens the print dialog
//   <p data-press-mark data-lost="…" data-failed="…"> says it when a press that a script was to send did not arrive, or
//                                                   was refused: "salon:untold" with {message} or {why: "lost" | "failed"}
//   <details data-names="请选择"><summary>…</summary><label><input type="checkbox"> 机构</label>…   the summary names what is ticked
//   <form data-once>                                the buttons rest after the first submit until the page comes back, or
//                                                   long enough to think that it does not
//   <form data-opened hidden>                       is posted by itself, as soon as somebody has the page before them

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

document.addEventListener("change", ({ target }) => {
  const names = target.closest?.("details[data-names]");
  if (!names) return;
  const ticked = [...names.querySelectorAll(":checked")].map((box) => box.parentElement.textContent.trim());
  names.querySelector("summary").textContent = ticked.join("、") || names.dataset.names;
});

const REST = 15_000; // ms
const resting = new Set();

function wake() {
  resting.forEach((button) => { button.disabled = false; });
  resting.clear();
}

document.addEventListener("submit", (event) => {
  // Not form.matches: a field of that name would stand in its place.
  if (!Element.prototype.matches.call(event.target, "form[data-once]") || event.defaultPrevented) return;
  const buttons = event.target.querySelectorAll("button:not([type=button]):enabled, input[type=submit]:enabled");
  // Next tick: a button disabled at once would not send its own name and value.
  setTimeout(() => buttons.forEach((button) => {
    button.disabled = true;
    resting.add(button);
  }));
  // Somebody may have stopped the page, or the network has.
  setTimeout(wake, REST);
});

// Coming back with the back button must not find dead buttons.
window.addEventListener("pageshow", (event) => { if (event.persisted) wake(); });

const opened = document.querySelector("form[data-opened]");

function tellOpened() {
  if (document.visibilityState !== "visible") return;
  document.removeEventListener("visibilitychange", tellOpened);
  // Lost, the next page says it.
  fetch(opened.getAttribute("action"), { method: "POST", body: new FormData(opened) }).catch(() => {});
}

if (opened) {
  document.addEventListener("visibilitychange", tellOpened);
  tellOpened();
}

// What the page asks for by itself is asked again by itself; somebody's press is not.
const PRESSED = ["submit", "click", "change"];
const mark = document.querySelector("[data-press-mark]");
let hiding = 0;

function tell(words) {
  if (!mark) return;
  clearTimeout(hiding);
  mark.textContent = words;
  mark.classList.toggle("is-shown", Boolean(words));
  if (words) hiding = setTimeout(() => mark.classList.remove("is-shown"), 10_000);
}

function told(words, { requestConfig }) {
  if (PRESSED.includes(requestConfig?.triggeringEvent?.type)) tell(words);
}

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => told(mark?.dataset.lost, event.detail));
}
document.addEventListener("htmx:responseError", (event) => told(mark?.dataset.failed, event.detail));
document.addEventListener("htmx:beforeRequest", (event) => told("", event.detail));
document.addEventListener("salon:untold", ({ detail }) => tell(detail.message ?? mark?.dataset[detail.why]));
