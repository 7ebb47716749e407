// The screening queue by keyboard: j/k move, x ticks, a w n p decide, u undoes, / searches.
//
// The server renders the queue and the person; htmx puts them in place. What is chosen is what is
// ticked, or else the current row. Two decisions ask first: "not selected" for the sentence the
// person is told, "accept" for the reason when a criterion speaks against it.

const queue = document.getElementById("queue");
const detail = document.getElementById("detail");
const decision = document.getElementById("decision");
const told = document.getElementById("told-sheet");
const own = document.getElementById("reason-sheet");
const failed = document.getElementById("not-sent");
const wide = matchMedia("(min-width: 62rem)");
const token = decision.querySelector("[name=csrfmiddlewaretoken]").value;
let at = 0; // the current row's place, kept while rows come and go

const rows = () => [...queue.querySelectorAll("[data-row]")];
const current = () => rows()[at];
const ticked = () => rows().filter((row) => row.querySelector("input").checked);
const chosen = () => { const some = ticked(); return some.length ? some : current() ? [current()] : []; };

function stand(place, { scroll = true } = {}) {
  const all = rows();
  at = Math.max(0, Math.min(place, all.length - 1));
  all.forEach((row, number) => {
    row.classList.toggle("is-current", number === at);
    row.toggleAttribute("aria-current", number === at);
  });
  const row = all[at];
  if (!row) { detail.replaceChildren(); return; }
  if (scroll) row.scrollIntoView({ block: "nearest" });
  if (wide.matches) showSoon(row.dataset.url);
}

let soon;
function showSoon(url) {
  clearTimeout(soon); // running down the list fetches only where one stops
  soon = setTimeout(() => htmx.ajax("GET", url, { source: detail, target: detail, swap: "innerHTML" }), 120);
}

function count() {
  const word = queue.querySelector("[data-chosen]");
  const some = ticked().length;
  word.dataset.plain ??= word.textContent;
  word.textContent = some ? `${word.dataset.word} ${some}` : word.dataset.plain;
}

// One after the other: whoever decides faster than the server answers loses no decision.
let before = Promise.resolve();
function send(url, values) {
  before = before.then(() => post(url, values));
}

async function post(url, values) {
  const body = new URLSearchParams(new FormData(document.getElementById("filters")));
  for (const [name, value] of Object.entries(values)) {
    body.delete(name);
    for (const one of [value].flat()) body.append(name, one);
  }
  try {
    const answer = await fetch(url, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": token, "HX-Request": "true" },
    });
    if (!answer.ok) throw new Error(answer.status);
    htmx.swap(queue, await answer.text(), { swapStyle: "innerHTML" });
    stand(at, { scroll: false });
  } catch {
    failed.hidden = false;
    return;
  }
  failed.hidden = true;
}

function decide(to) {
  const some = chosen();
  if (!some.length) return;
  const values = { to, people: some.map((row) => row.dataset.pk) };
  const against = [...new Set(some.map((row) => row.dataset.against).filter(Boolean))];
  if (to === "not_selected") {
    ask(told, (reason) => send(decision.action, { ...values, told_reason: reason }));
  } else if (to === "accepted" && against.length) {
    own.querySelector("[data-against]").textContent = against.join(" / ");
    ask(own, (reason) => send(decision.action, { ...values, reason }));
  } else {
    send(decision.action, values);
  }
}

let answer;
function ask(sheet, then) {
  answer = then;
  sheet.showModal();
  const field = sheet.querySelector("textarea");
  field.focus();
  field.select();
}

for (const sheet of [told, own]) {
  const field = sheet.querySelector("textarea");
  const go = () => {
    if (!field.value.trim()) { field.focus(); return; }
    sheet.close();
    answer(field.value);
  };
  sheet.querySelector("[data-go]").addEventListener("click", go);
  sheet.addEventListener("keydown", (event) => {
    event.stopPropagation(); // letters typed here are no commands
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) go();
  });
  sheet.addEventListener("click", (event) => {
    const preset = event.target.closest("[data-preset]");
    if (preset) { field.value = preset.textContent; field.focus(); }
  });
}

const COMMANDS = {
  j: () => stand(at + 1),
  k: () => stand(at - 1),
  x: () => {
    const box = current()?.querySelector("input");
    if (box) { box.checked = !box.checked; count(); }
  },
  a: () => decide("accepted"),
  w: () => decide("waitlisted"),
  n: () => decide("not_selected"),
  p: () => decide("phone_screening"),
  u: () => send(decision.dataset.undo, {}),
  "/": () => document.getElementById("q").focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const command = COMMANDS[event.key];
  if (!command) return;
  event.preventDefault();
  command();
});

queue.addEventListener("click", (event) => {
  const button = event.target.closest("[data-decide]");
  if (button) {
    event.preventDefault();
    decide(button.dataset.decide);
    return;
  }
  if (event.target.closest("[data-undo-last]")) { COMMANDS.u(); return; }
  const row = event.target.closest("[data-row]");
  if (!row || event.target.closest("input") || !wide.matches) return;
  event.preventDefault();
  stand(rows().indexOf(row));
});

queue.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) {
    rows().forEach((row) => { row.querySelector("input").checked = event.target.checked; });
  }
  count();
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === queue) stand(at, { scroll: false });
});

// The export follows the filters.
document.querySelector("[data-export]")?.addEventListener("click", (event) => {
  const filters = new URLSearchParams(new FormData(document.getElementById("filters")));
  event.currentTarget.search = `?${filters}`;
});

stand(0, { scroll: false });
