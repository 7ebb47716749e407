// The group's plan on the phone of the one who writes: saved while typing, held by one, seen by all.
//
// Without this script the form saves and submits by its buttons. With it every pause of typing is saved with the version that
// was read; a second writer is told at once, and what was typed without network stays in this phone until it is saved.

import { freshen } from "./fresh.js";

const PAUSE = 1200;      // ms after the last key
const HOLD = 20_000;     // ms between two signs that the pen is still in this hand
const AGAIN = 4_000;

let timer = 0;
let saving = false;
let dirty = false;
let touched = 0;
let said = null;         // [state, text] of the mark: a fragment that comes in brings none

const form = () => document.querySelector("form[data-plan]");
const place = () => `plan:${location.pathname}`;

function mark(state, text) {
  said = [state, text];
  const element = form()?.querySelector("[data-plan-mark]");
  if (!element) return;
  element.dataset.state = state;
  element.textContent = text ?? element.dataset[state] ?? "";
}

function keep() {
  const values = [...new FormData(form())].filter(([name]) => !["csrfmiddlewaretoken", "version"].includes(name));
  const version = form().elements.version.value;
  try { localStorage.setItem(place(), JSON.stringify({ version, values })); } catch { /* the page goes on without */ }
}

function forget() {
  try { localStorage.removeItem(place()); } catch { /* nothing was kept */ }
}

function read(key = place()) {
  try { return JSON.parse(localStorage.getItem(key) ?? "null"); } catch { return null; } // unreadable: gone
}

// Somebody else holds the pen by now, or has written over it: what was typed here is laid aside, where its author sees it.
const aside = () => `aside:${location.pathname}`;
const box = () => document.querySelector("[data-plan-aside]");
const texts = (draft) => (draft?.values ?? [])
  .filter(([name, value]) => /^(title$|element-|node$|owner$|resources$)/.test(name) && value.trim()).map(([, value]) => value);

function layAside(draft) {
  const words = [...new Set([...(read(aside()) ?? []), ...texts(draft)])];
  try { localStorage.setItem(aside(), JSON.stringify(words)); } catch { /* the page goes on without */ }
}

function showAside() {
  if (!box()) return;
  const list = box().querySelector("ul");
  list.replaceChildren();
  const plan = form();
  const there = plan ? [...plan.elements].map((field) => field.value).join("\n") : document.getElementById("my-group").textContent;
  const words = [...new Set([...(read(aside()) ?? []), ...(plan ? [] : texts(read()))])].filter((text) => !there.includes(text));
  list.append(...words.map((text) => {
    const item = document.createElement("li");
    item.className = "prewrap";
    item.textContent = text;
    return item;
  }));
  box().hidden = words.length === 0;
}

/** The form went at 0:00 with words that had not been sent: they become a late draft. */
async function handInLate() {
  const draft = read();
  if (form() || saving || !draft || !("late" in (box()?.dataset ?? {}))) return;
  saving = true;
  const body = new FormData();
  body.set("csrfmiddlewaretoken", box().querySelector("[name=csrfmiddlewaretoken]").value);
  body.set("version", draft.version);
  draft.values.forEach(([name, value]) => body.append(name, value));
  try {
    const answer = await send(body, box().dataset.late);
    if (answer.ok || answer.error === "closed") {
      forget();
      freshen(document.getElementById("my-group"));
    }
  } catch {
    setTimeout(handInLate, AGAIN);
  }
  saving = false;
}

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-plan-drop]")) return;
  try { localStorage.removeItem(aside()); } catch { /* nothing was kept */ }
  if (!form()) forget();
  showAside();
});

/** What was typed and never reached the house comes back into the fields; where others have written since, only into those
    that are empty, and the rest is laid aside. */
function restore() {
  const plan = form();
  if (!plan || plan.dataset.restored) return;
  plan.dataset.restored = "1";
  addButton(plan);
  const draft = read();
  if (!draft) return;
  const current = draft.version === plan.elements.version.value;
  if (!current) layAside(draft);
  const seen = {};
  for (const [name, value] of draft.values) {
    const index = seen[name] = (seen[name] ?? -1) + 1;
    let fields = plan.querySelectorAll(`[name="${CSS.escape(name)}"]`);
    while (["node", "owner", "resources"].includes(name) && index >= fields.length) {
      addRow(plan);
      fields = plan.querySelectorAll(`[name="${CSS.escape(name)}"]`);
    }
    if (fields[0]?.type === "radio") {
      if (current) fields.forEach((field) => { field.checked = field.value === value; });
    } else if (fields[index] && (current || !fields[index].value)) fields[index].value = value;
  }
  dirty = current;
  save();
}

function addRow(plan) {
  const rows = plan.querySelector("[data-plan-rows]");
  const row = rows.lastElementChild.cloneNode(true);
  row.querySelectorAll("input").forEach((field) => { field.value = ""; field.removeAttribute("value"); });
  rows.append(row);
  return row;
}

function addButton(plan) {
  const button = plan.querySelector("[data-plan-add]");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => addRow(plan).querySelector("input").focus());
}

async function send(body, url) {
  const response = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
  if (response.status >= 500) throw new Error("busy");
  const answer = await response.json().catch(() => ({}));
  return { ok: response.ok, ...answer };
}

async function save() {
  const plan = form();
  if (!plan || saving || !dirty) return;
  saving = true;
  dirty = false;
  mark("unsaved");
  try {
    const answer = await send(new FormData(plan), plan.action);
    if (answer.ok) {
      plan.elements.version.value = answer.version;
      if (!dirty) forget();
      show(plan, answer.effect);
      mark(dirty ? "unsaved" : "saved");
    } else {
      // Too late, or somebody else writes: the words stay in the fields, the sentence says why.
      mark("failed", answer.message);
      if (answer.error !== "pen_taken") freshen(document.getElementById("my-group"));
      if (answer.error === "closed") forget();
    }
  } catch {
    dirty = true;
    mark("failed");
    setTimeout(save, AGAIN);
  }
  saving = false;
  if (dirty) schedule();
}

function show(plan, effect) {
  if (!effect) return;
  plan.querySelector('[data-effect="now"]').textContent = effect.now;
  plan.querySelector('[data-effect="easier"]').textContent = effect.easier ?? "";
  plan.querySelector("[data-effect-easier]").hidden = effect.easier === null;
}

function schedule() {
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
}

document.addEventListener("input", (event) => {
  if (!event.target.closest?.("form[data-plan]")) return;
  dirty = true;
  touched = Date.now();
  keep();
  mark("unsaved");
  schedule();
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-plan]")) {
    clearTimeout(timer);
    forget();
  }
});
document.addEventListener("salon:fresh", () => {
  restore();
  showAside();
  handInLate();
  if (said) mark(...said);
  if (photoSaid) tell(...photoSaid);
});
window.addEventListener("online", () => { save(); upload(); });

// Photos: sent as soon as they are chosen, in place, so that a refusal or a lost network costs nothing that was typed. One at a
// time; what waits for the network keeps its client id, so it arrives once.

let photo = null;      // the form's data that waits or is under way
let photoSaid = null;
let uploading = false;

const photoForm = () => document.querySelector("form[data-photo]");

function tell(state, text) {
  photoSaid = [state, text];
  const element = photoForm()?.querySelector("[data-photo-said]");
  if (!element) return;
  element.dataset.state = state;
  element.textContent = text;
}

function choose() {
  const form = photoForm();
  const file = form.elements.photo.files[0];
  if (!file || photo) return;
  if (file.size > Number(form.dataset.most)) {
    tell("failed", form.dataset.large);
    form.reset();
    return;
  }
  photo = new FormData(form);
  upload();
}

async function upload() {
  const form = photoForm();
  if (!form || !photo || uploading) return;
  uploading = true;
  tell("unsaved", form.dataset.sending);
  try {
    const answer = await send(photo, form.action);
    photo = null;
    form.reset();
    tell(answer.ok ? "saved" : "failed", answer.ok ? "" : answer.message);
    if (answer.ok || answer.error === "closed") freshen(document.getElementById("my-group"));
  } catch {
    tell("failed", form.dataset.lost);
    setTimeout(upload, AGAIN);
  }
  uploading = false;
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.("form[data-photo] [type=file]")) choose();
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-photo]")) return;
  event.preventDefault();
  choose();
});

// While somebody reads what they wrote, the pen stays theirs.
setInterval(() => {
  const plan = form();
  if (!plan || dirty || Date.now() - touched > 3 * HOLD || !touched) return;
  const body = new FormData();
  body.set("csrfmiddlewaretoken", plan.elements.csrfmiddlewaretoken.value);
  body.set("act", "take");
  send(body, plan.dataset.planPen).catch(() => {});
}, HOLD);

restore();
showAside();
handInLate();
// Somebody quick has typed before this script was here.
if (form() && [...form().querySelectorAll("input:not([type]), textarea")].some((field) => field.value !== field.defaultValue)) {
  dirty = true;
  touched = Date.now();
  schedule();
}
