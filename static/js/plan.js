// The group's plan on the phone of the one who writes: saved while typing, held by one, seen by all.
//
// Without this script the form saves and submits by its buttons. With it every pause of typing is saved with the version that
// was read; a second writer is told at once, and what was typed stays in this phone until the house has named it saved.

import { freshId } from "./draft.js";
import { freshen } from "./fresh.js";

const PAUSE = 1200;      // ms after the last key
const HOLD = 20_000;     // ms between two signs that the pen is still in this hand
const AGAIN = 4_000;

let timer = 0;
let saving = false;
let dirty = false;
let pressed = "";        // the button that the next save is for
let touched = 0;
let said = null;         // [state, text] of the mark: a fragment that comes in brings none
const known = new WeakMap(); // each form that was met: the version whose words it shows
const sent = new Set();      // what went out since the last answer: it may have arrived

const section = document.getElementById("my-group");
const form = () => document.querySelector("form[data-plan]");
const box = () => document.querySelector("[data-plan-aside]");
const group = () => form()?.elements.group.value ?? box()?.dataset.planAside ?? "";
const place = (whose = group()) => `plan:${section.dataset.fresh}:${whose}`;

function mark(state, text) {
  said = [state, text];
  const element = form()?.querySelector("[data-plan-mark]");
  if (!element) return;
  element.dataset.state = state;
  element.textContent = text ?? element.dataset[state] ?? "";
}

// ------------------------------------------------------------------------------------------- what is kept in this phone

const FORM_S_OWN = ["csrfmiddlewaretoken", "group", "version"];
const values = (plan) => [...new FormData(plan)].filter(([name]) => !FORM_S_OWN.includes(name));

/** What the house last put into the fields, whatever has been typed over it since. */
const given = (plan) => [...plan.elements]
  .filter((field) => field.name && field.type !== "submit" && !FORM_S_OWN.includes(field.name))
  .filter((field) => field.type !== "radio" || field.defaultChecked)
  .map((field) => [field.name, field.defaultValue]);

/** Two of these are equal when they say the same: the house trims, and drops rows that are empty. */
const gist = (pairs) => JSON.stringify(pairs.map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));

/** What the author has typed, apart from what the house has put there. */
const words = (plan) => [...plan.elements]
  .filter((field) => /^(title$|element-|node$|owner$|resources$)/.test(field.name))
  .filter((field) => field.value.trim() && field.value !== field.defaultValue)
  .map((field) => field.value);

function keep() {
  const draft = { version: form().elements.version.value, values: values(form()), words: words(form()) };
  try { localStorage.setItem(place(), JSON.stringify(draft)); } catch { /* the page goes on without */ }
}

function forget(key = place()) {
  try { localStorage.removeItem(key); } catch { /* nothing was kept */ }
}

function read(key = place()) {
  try { return JSON.parse(localStorage.getItem(key) ?? "null"); } catch { return null; } // unreadable: gone
}

// Somebody else holds the pen by now, has written over it, or the author sits in another group: what was typed here is laid
// aside, where its author sees it.
const aside = `aside:${section.dataset.fresh}`;

function layAside(draft) {
  const laid = [...new Set([...(read(aside) ?? []), ...(draft?.words ?? [])])];
  try { localStorage.setItem(aside, JSON.stringify(laid)); } catch { /* the page goes on without */ }
}

/** What was typed for a group that one has been moved out of is for nobody else's plan. */
function clearOut() {
  if (!box()) return;
  const others = (key) => key.startsWith(place("")) && key !== place();
  let keys = [];
  try { keys = Object.keys(localStorage).filter(others); } catch { /* nothing was kept */ }
  for (const key of keys) {
    layAside(read(key));
    forget(key);
  }
}

function showAside() {
  if (!box()) return;
  const list = box().querySelector("ul");
  list.replaceChildren();
  const plan = form();
  const there = plan ? [...plan.elements].map((field) => field.value).join("\n") : section.textContent;
  const unsaved = plan ? [] : read()?.words ?? [];
  const laid = [...new Set([...(read(aside) ?? []), ...unsaved])].filter((text) => !there.includes(text));
  list.append(...laid.map((text) => {
    const item = document.createElement("li");
    item.className = "prewrap";
    item.textContent = text;
    return item;
  }));
  box().hidden = laid.length === 0;
}

/** The form went at 0:00 with words that had not been sent: they become a late draft. */
async function handInLate() {
  const draft = read();
  if (form() || saving || !draft || !("late" in (box()?.dataset ?? {}))) return;
  saving = true;
  const body = new FormData();
  body.set("csrfmiddlewaretoken", box().querySelector("[name=csrfmiddlewaretoken]").value);
  body.set("group", group());
  body.set("version", draft.version);
  draft.values.forEach(([name, value]) => body.append(name, value));
  try {
    const answer = await send(body, box().dataset.late);
    if (answer.ok || answer.error === "closed") {
      forget();
      freshen(section);
    }
  } catch {
    setTimeout(handInLate, AGAIN);
  }
  saving = false;
}

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-plan-drop]")) return;
  forget(aside);
  if (read()?.version !== form()?.elements.version.value) forget();
  showAside();
});

// ------------------------------------------------------------------------------------- the form, and what others write

/** A form that is new here, or that the house has just filled anew. */
function meet(plan) {
  const version = Number(plan.elements.version.value);
  const before = known.get(plan);
  plan.querySelector("[data-plan-add]").hidden = false;
  if (before === undefined) {
    known.set(plan, version);
    touched = 0;
    takeUp(plan, read());
  } else if (version < before) {
    // Rendered before our last save had arrived.
    plan.elements.version.value = before;
  } else if (version > before) {
    known.set(plan, version);
    if (sent.has(gist(given(plan)))) goOn(plan);
    else {
      // Whatever was typed here before, the fields now show what somebody else wrote: the next key must not take it back.
      plan.reset();
      takeUp(plan, read());
    }
  }
}

/** What was typed and never reached the house comes back into the fields; where others have written since, only into those
    that are empty, and the rest is laid aside. */
function takeUp(plan, draft) {
  dirty = false;
  if (!draft) return;
  if (gist(draft.values) === gist(given(plan))) {
    forget();
    return;
  }
  dirty = draft.version === plan.elements.version.value;
  if (!dirty) layAside(draft);
  fill(plan, draft.values, { onlyEmpty: !dirty });
  save();
}

/** The newest version is our own: it had arrived, only its answer had not. */
function goOn(plan) {
  dirty = gist(values(plan)) !== gist(given(plan));
  if (!dirty) {
    forget();
    return;
  }
  keep();
  schedule();
}

function fill(plan, pairs, { onlyEmpty }) {
  const seen = {};
  for (const [name, value] of pairs) {
    const index = seen[name] = (seen[name] ?? -1) + 1;
    let fields = plan.querySelectorAll(`[name="${CSS.escape(name)}"]`);
    while (["node", "owner", "resources"].includes(name) && index >= fields.length) {
      addRow(plan);
      fields = plan.querySelectorAll(`[name="${CSS.escape(name)}"]`);
    }
    const field = fields[index];
    if (fields[0]?.type === "radio") {
      if (!onlyEmpty) fields.forEach((each) => { each.checked = each.value === value; });
    } else if (field && (onlyEmpty ? !field.value : field.value === field.defaultValue)) field.value = value;
  }
}

function addRow(plan) {
  const rows = plan.querySelector("[data-plan-rows]");
  const row = rows.lastElementChild.cloneNode(true);
  row.querySelectorAll("input").forEach((field) => { field.value = ""; field.removeAttribute("value"); });
  row.dataset.added = ""; // until the house has one at this place
  rows.append(row);
  return row;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-plan-add]");
  if (button) addRow(button.form).querySelector("input").focus();
});

// ----------------------------------------------------------------------------------------------------------- to the house

async function send(body, url) {
  const response = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
  if (response.status >= 500) throw Object.assign(new Error("busy"), { status: response.status });
  const answer = await response.json().catch(() => ({}));
  return { ok: response.ok, ...answer };
}

async function save() {
  const plan = form();
  if (!plan || saving || !(dirty || pressed)) return;
  const act = pressed;
  const key = place();
  const body = new FormData(plan);
  if (act) body.set("act", act);
  const out = [...plan.elements].filter((field) => field.matches("textarea, input:not([type])")).map((field) => [field, field.value]);
  sent.add(gist(values(plan)));
  saving = true;
  dirty = false;
  pressed = "";
  clearTimeout(timer);
  mark("unsaved");
  let answer;
  try {
    answer = await send(body, plan.action);
  } catch (error) {
    dirty = true;
    const { unsent, busy } = plan.querySelector("[data-plan-mark]").dataset;
    mark("failed", act === "submit" ? unsent : error.status && busy);
  }
  saving = false;
  if (answer?.ok) out.forEach(([field, value]) => { field.defaultValue = value; });
  if (answer) settle(plan, key, act, answer);
  look();
  if (dirty || pressed) schedule(pressed ? 0 : answer ? PAUSE : AGAIN);
}

function settle(plan, key, act, answer) {
  if (answer.ok) {
    sent.clear();
    plan.elements.version.value = answer.version;
    known.set(plan, answer.version);
    show(plan, answer.effect);
    if (!dirty) forget(key);
    // Typed while it was under way, and typed on top of it.
    else if (form() === plan) keep();
    mark(dirty ? "unsaved" : "saved");
  } else {
    // Too late, or somebody else writes: the sentence says why.
    mark("failed", answer.message);
    if (answer.error === "closed") forget(key);
  }
  if (answer.ok ? act === "submit" : answer.error !== "pen_taken") freshen(section);
}

function show(plan, effect) {
  if (!effect) return;
  plan.querySelector('[data-effect="now"]').textContent = effect.now;
  plan.querySelector('[data-effect="easier"]').textContent = effect.easier ?? "";
  plan.querySelector("[data-effect-easier]").hidden = effect.easier === null;
}

function schedule(after = PAUSE) {
  clearTimeout(timer);
  timer = setTimeout(save, after);
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
  if (!event.target.matches("form[data-plan]")) return;
  event.preventDefault();
  pressed = event.submitter?.value || "save";
  save();
});

function look() {
  if (form() && !saving) meet(form());
  clearOut();
  showAside();
  handInLate();
}

document.addEventListener("salon:fresh", () => {
  look();
  if (said) mark(...said);
  if (photoSaid) tell(...photoSaid);
});
window.addEventListener("online", () => { save(); upload(); });

// Photos: sent as soon as they are chosen, in place, so that a refusal or a lost network costs nothing that was typed. One at a
// time; what waits for the network keeps its client id, so it arrives once. Another one takes the place of the one that waits.

let photo = null;      // the form's data that waits or is under way
let photoSaid = null;
let uploading = false;

const photoForm = () => document.querySelector("form[data-photo]");

function tell(state, text) {
  photoSaid = [state, text];
  const form = photoForm();
  if (!form) return;
  form.querySelector("[data-photo-drop]").hidden = !photo;
  const element = form.querySelector("[data-photo-said]");
  element.dataset.state = state;
  element.textContent = text;
}

function choose() {
  const form = photoForm();
  const file = form.elements.photo.files[0];
  if (!file) return;
  if (file.size > Number(form.dataset.most)) {
    tell("failed", form.dataset.large);
    form.reset();
    return;
  }
  photo = new FormData(form);
  photo.set("client_id", freshId());
  upload();
}

async function upload() {
  const form = photoForm();
  if (!form || !photo || uploading) return;
  const current = photo;
  // Given up, or another one chosen, while this one was under way.
  const through = () => { if (photo === current) photo = null; form.reset(); };
  uploading = true;
  tell("unsaved", form.dataset.sending);
  try {
    const answer = await send(current, form.action);
    through();
    tell(answer.ok ? "saved" : "failed", answer.ok ? "" : answer.message || form.dataset.failed);
    if (answer.ok || answer.error === "closed") freshen(section);
  } catch (error) {
    // A house that broke over this picture breaks over it again.
    if (error.status === 500) through();
    tell("failed", error.status === 500 ? form.dataset.failed : error.status ? form.dataset.busy : form.dataset.lost);
    setTimeout(upload, AGAIN);
  }
  uploading = false;
  if (photo && photo !== current) upload();
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.("form[data-photo] [type=file]")) choose();
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-photo]")) return;
  event.preventDefault();
  choose();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-photo-drop]")) return;
  photo = null;
  photoForm().reset();
  tell("", "");
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

// Somebody quick has typed before this script was here.
const quick = [...(form()?.querySelectorAll("input:not([type]), textarea") ?? [])].some((field) => field.value !== field.defaultValue);
look();
if (quick && form()) {
  dirty = true;
  touched = Date.now();
  keep();
  schedule();
}
