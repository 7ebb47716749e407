// What is typed on a phone survives a lost network, a reload and a closed page.
//
//   <form method="post" data-draft="pain"> … <p data-draft-error hidden></p> <span data-draft-mark></span> </form>
//
// Without this script the form posts as any other. With it the text is kept in this browser until the server has named it
// saved; a post that found no network is sent again by itself with the same client id, so it counts once.
// <form data-tap>: one tap, posted in place; a refusal is told in place, too.

const place = (form) => `draft:${location.pathname}:${form.dataset.draft}`;
// The sentences come from the page: <div hidden id="draft-words" data-kept="…" data-sending="…" …>
const say = (key) => document.getElementById("draft-words")?.dataset[key] ?? "";

const met = new WeakSet();     // forms that have their draft back
const sending = new WeakSet();
const next = new WeakMap();    // form: the timer of its next attempt

function fields(form) {
  return [...form.elements].filter((field) => field.name && !["csrfmiddlewaretoken", "client_id"].includes(field.name)
    && field.type !== "hidden" && field.type !== "submit");
}

function typed(form) {
  return fields(form).filter((field) => field.type !== "radio" || field.checked).map((field) => [field.name, field.value]);
}

function keep(form, { waiting = false } = {}) {
  const values = typed(form);
  try {
    if (values.some(([, value]) => value.trim())) {
      localStorage.setItem(place(form), JSON.stringify({ values, waiting, id: form.elements.client_id?.value ?? "" }));
    } else localStorage.removeItem(place(form));
  } catch {
    // A full or forbidden store: the page goes on without drafts.
  }
}

function kept(form) {
  try {
    return JSON.parse(localStorage.getItem(place(form)) ?? "null");
  } catch {
    return null;
  }
}

function forget(form) {
  try { localStorage.removeItem(place(form)); } catch { /* nothing was kept */ }
}

function mark(form, text) {
  const element = form.querySelector("[data-draft-mark]");
  if (element) element.textContent = text;
}

function complain(form, text) {
  const element = form.querySelector("[data-draft-error]");
  if (!element) return;
  element.textContent = text;
  element.hidden = !text;
}

function restore(form) {
  const draft = kept(form);
  // What comes in gives the form a new number; the draft may have arrived under its own.
  if (draft?.id && form.elements.client_id) form.elements.client_id.value = draft.id;
  if (met.has(form)) return;
  met.add(form);
  if (!draft) return;
  for (const field of fields(form)) {
    const value = draft.values.find(([name]) => name === field.name)?.[1];
    if (value === undefined) continue;
    if (field.type === "radio") field.checked = field.value === value;
    // What stands there was written by the server; what somebody has typed since stays.
    else if (field.value === field.defaultValue) field.value = value;
  }
  form.closest("details")?.setAttribute("open", "");
  mark(form, say("kept"));
  if (draft.waiting) send(form);
}

async function post(form, submitter) {
  const body = new FormData(form, submitter);
  return fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
}

async function send(form, submitter) {
  if (sending.has(form)) return;
  sending.add(form);
  clearTimeout(next.get(form));
  complain(form, "");
  mark(form, say("sending"));
  keep(form, { waiting: true });
  const before = JSON.stringify(typed(form));
  let response;
  try {
    response = await post(form, submitter);
    if (response.status >= 500) throw new Error("busy");
  } catch {
    sending.delete(form);
    // Words that were typed meanwhile wait for their own press.
    const waiting = kept(form)?.waiting;
    mark(form, say(waiting ? "waiting" : "kept"));
    if (waiting) next.set(form, setTimeout(() => again(form), 4000 + Math.random() * 2000));
    return;
  }
  sending.delete(form);
  if (response.ok) sent(form, JSON.stringify(typed(form)) === before);
  else await refused(form, response);
}

function again(form) {
  if (form.isConnected && kept(form)?.waiting) send(form);
}

function sent(form, whole) {
  if (whole) {
    forget(form);
    // The words have gone; what kind of words they were is still meant.
    const chosen = [...form.querySelectorAll("input[type=radio]:checked")];
    form.reset();
    for (const radio of chosen) radio.checked = true;
    renumber(form);
    const details = form.closest("details.ws-solve");
    if (details) details.open = false;
  } else keep(form); // typed on meanwhile: the next press brings the same entry up to date
  mark(form, say(whole ? "sent" : "kept"));
  document.dispatchEvent(new CustomEvent("salon:posted", { detail: { form } }));
  if (whole && form.dataset.draftNext) location.assign(form.dataset.draftNext);
}

async function refused(form, response) {
  const answer = await response.json().catch(() => ({}));
  // The number is used up: by other words, to which somebody has responded, or by somebody else.
  if (response.status === 422) renumber(form);
  keep(form);
  mark(form, "");
  complain(form, answer.message ?? response.statusText);
}

function renumber(form) {
  if (form.elements.client_id) form.elements.client_id.value = freshId();
}

export function freshId() {
  // Only secure pages have it; a venue's own server may have no certificate.
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

async function tap(form, submitter) {
  if (sending.has(form)) return;
  sending.add(form);
  try {
    const response = await post(form, submitter);
    if (response.status >= 500) untold({ why: "failed" });
    else {
      if (!response.ok) untold(await response.json().catch(() => ({ why: "failed" })));
      document.dispatchEvent(new CustomEvent("salon:posted", { detail: { form } }));
    }
  } catch {
    untold({ why: "lost" });
  }
  sending.delete(form);
}

/** page.js says it. */
function untold(detail) {
  document.dispatchEvent(new CustomEvent("salon:untold", { detail }));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("[data-draft], [data-tap]")) return;
  event.preventDefault();
  if (form.matches("[data-tap]")) tap(form, event.submitter);
  else send(form, event.submitter);
});
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-draft]");
  if (!form) return;
  keep(form);
  mark(form, "");
});
document.addEventListener("salon:fresh", () => document.querySelectorAll("form[data-draft]").forEach(restore));
window.addEventListener("online", () => document.querySelectorAll("form[data-draft]").forEach((form) => {
  if (!kept(form)?.waiting) return;
  sending.delete(form);
  send(form);
}));
document.querySelectorAll("form[data-draft]").forEach(restore);
