// What is typed on a phone survives a lost network, a reload and a closed page.
//
//   <form method="post" data-draft="pain"> … <p data-draft-error hidden></p> <span data-draft-mark></span> </form>
//
// Without this script the form posts as any other. With it the text is kept in this browser until the server has named it
// saved; a post that found no network is sent again by itself with the same client id, so it counts once.
// <form data-tap>: one tap, posted in place.

const place = (form) => `draft:${location.pathname}:${form.dataset.draft}`;
// The sentences come from the page: <div hidden id="draft-words" data-kept="…" data-sending="…" …>
const say = (key) => document.getElementById("draft-words")?.dataset[key] ?? "";

function fields(form) {
  return [...form.elements].filter((field) => field.name && !["csrfmiddlewaretoken", "client_id"].includes(field.name)
    && field.type !== "hidden" && field.type !== "submit");
}

function keep(form, { waiting = false } = {}) {
  const values = fields(form).filter((field) => field.type !== "radio" || field.checked).map((field) => [field.name, field.value]);
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
  if (form.dataset.restored) return;
  form.dataset.restored = "1";
  const draft = kept(form);
  if (!draft) return;
  for (const field of fields(form)) {
    const value = draft.values.find(([name]) => name === field.name)?.[1];
    if (value === undefined) continue;
    if (field.type === "radio") field.checked = field.value === value;
    else if (!field.value) field.value = value;
  }
  if (draft.waiting && draft.id && form.elements.client_id) form.elements.client_id.value = draft.id;
  form.closest("details")?.setAttribute("open", "");
  mark(form, say("kept"));
  if (draft.waiting) send(form);
}

async function post(form, submitter) {
  const body = new FormData(form, submitter);
  return fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
}

async function send(form, submitter) {
  if (form.dataset.sending) return;
  form.dataset.sending = "1";
  complain(form, "");
  mark(form, say("sending"));
  keep(form, { waiting: true });
  try {
    const response = await post(form, submitter);
    if (response.ok) {
      forget(form);
      mark(form, say("sent"));
      form.reset();
      if (form.elements.client_id) form.elements.client_id.value = crypto.randomUUID?.() ?? freshId();
      const details = form.closest("details.ws-solve");
      if (details) details.open = false;
      document.dispatchEvent(new CustomEvent("salon:posted", { detail: { form } }));
      if (form.dataset.draftNext) location.assign(form.dataset.draftNext);
    } else if (response.status >= 500) throw new Error("busy");
    else {
      const answer = await response.json().catch(() => ({}));
      keep(form);
      mark(form, "");
      complain(form, answer.message ?? response.statusText);
    }
  } catch {
    mark(form, say("waiting"));
    setTimeout(() => { delete form.dataset.sending; if (kept(form)?.waiting) send(form); }, 4000 + Math.random() * 2000);
    return;
  }
  delete form.dataset.sending;
}

// Only secure pages have crypto.randomUUID; a venue's own server may have no certificate.
export function freshId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

async function tap(form, submitter) {
  if (form.dataset.sending) return;
  form.dataset.sending = "1";
  try {
    const response = await post(form, submitter);
    if (response.ok) document.dispatchEvent(new CustomEvent("salon:posted", { detail: { form } }));
    else if (response.status < 500) form.submit(); // the page that comes says why
  } catch {
    // Nothing typed, nothing lost: another tap does it.
  }
  delete form.dataset.sending;
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
  delete form.dataset.sending;
  send(form);
}));
document.querySelectorAll("form[data-draft]").forEach(restore);
