// The application form: fields by category, the growing list, a draft that survives, and a
// submit that keeps everything when the network is gone.
//
//   <form data-apply data-draft="key" data-done="/e/…/apply/done/">     the page that follows when it is taken
//     <div data-for="core creator">…</div>          shown for these categories
//     <fieldset data-grow>…</fieldset>               lines appear as they are needed
//     <p data-savemark data-saved="…" data-failed="…" data-sending="…" data-restored="…">
//   <div data-forget-draft="key">                    on the page that follows
//
// Without this script every field is there and the form works as any form does.

function start(theForm) {
  showFieldsByCategory(theForm);
  theForm.querySelectorAll("[data-grow]").forEach(growing);
  if (theForm.dataset.draft) keepDraft(theForm);
  document.querySelector("[data-form-errors]")?.focus();
}

// --- fields by category -----------------------------------------------------------------------

function showFieldsByCategory(theForm) {
  const radios = theForm.querySelectorAll("input[name=category]");
  if (!radios.length) return;
  const show = () => {
    const chosen = theForm.querySelector("input[name=category]:checked")?.value;
    theForm.querySelectorAll("[data-for]").forEach((part) => {
      part.hidden = !chosen || !part.dataset.for.split(" ").includes(chosen);
    });
  };
  theForm.addEventListener("change", (event) => event.target.name === "category" && show());
  theForm.addEventListener("salon:restored", show);
  show();
}

// --- one to five lines ------------------------------------------------------------------------

function growing(fieldset) {
  const rows = [...fieldset.querySelectorAll(".grow-row")];
  const add = fieldset.querySelector("[data-grow-add]");
  const input = (row) => row.querySelector("input");
  const show = (least) => {
    const filled = rows.filter((row) => input(row).value.trim()).length;
    const shown = Math.min(rows.length, Math.max(1, least, filled));
    rows.forEach((row, place) => {
      row.hidden = place >= shown;
      row.querySelector("[data-grow-remove]").hidden = shown === 1;
    });
    add.hidden = shown === rows.length;
  };
  const shown = () => rows.filter((row) => !row.hidden).length;
  add.addEventListener("click", () => {
    show(shown() + 1);
    input(rows[shown() - 1]).focus();
  });
  fieldset.addEventListener("click", (event) => {
    const button = event.target.closest("[data-grow-remove]");
    if (!button) return;
    const at = rows.indexOf(button.closest(".grow-row"));
    const texts = rows.map((row) => input(row).value);
    texts.splice(at, 1);
    texts.push("");
    const left = shown() - 1;
    rows.forEach((row, place) => { input(row).value = texts[place]; });
    rows.forEach((row, place) => { row.hidden = place >= left; });
    show(left);
    fieldset.dispatchEvent(new Event("input", { bubbles: true }));
  });
  fieldset.closest("form").addEventListener("salon:restored", () => show(1));
  show(1);
}

// --- the draft --------------------------------------------------------------------------------

// A browser that keeps nothing (private mode, full disk) must not stop anybody from applying.
function store(key, value) {
  try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; }
}

function stored(key) {
  try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
}

function forget(key) {
  try { localStorage.removeItem(key); } catch { /* nothing was kept */ }
}

const NOT_KEPT = new Set(["csrfmiddlewaretoken", "website"]);

function keepDraft(theForm) {
  const key = theForm.dataset.draft;
  const mark = theForm.querySelector("[data-savemark]");
  const say = (state, text) => {
    mark.dataset.state = state;
    mark.textContent = text;
  };
  const draft = stored(key);
  // What the server sent back with its sentences is newer than the draft.
  if (draft && !("bound" in theForm.dataset)) {
    fill(theForm, draft);
    if (mark.dataset.restored) say("unsaved", mark.dataset.restored);
  }
  let timer;
  const save = () => {
    const entries = [...new FormData(theForm)].filter(([name]) => !NOT_KEPT.has(name));
    if (store(key, entries)) say("saved", mark.dataset.saved);
  };
  theForm.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(save, 300); });
  theForm.addEventListener("change", save);
  // Safari before 15.4 does not say which button sent the form.
  let pressed = null;
  theForm.addEventListener("click", (event) => { pressed = event.target.closest("button:not([type=button])"); }, true);
  theForm.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer); // or "saved" would cover what is said of the sending
    save();
    send(theForm, say, mark, event.submitter ?? pressed);
  });
}

function fill(theForm, entries) {
  const values = new Map();
  entries.forEach(([name, value]) => values.set(name, [...(values.get(name) ?? []), value]));
  for (const field of theForm.elements) {
    if (!field.name || NOT_KEPT.has(field.name)) continue;
    const kept = values.get(field.name);
    if (field.type === "checkbox" || field.type === "radio") {
      field.checked = kept?.includes(field.value) ?? false;
    } else if (kept) {
      field.value = kept.shift() ?? "";
    }
  }
  theForm.dispatchEvent(new Event("salon:restored"));
}

async function send(theForm, say, mark, pressed) {
  const buttons = theForm.querySelectorAll("button:not([type=button])");
  const body = new FormData(theForm);
  if (pressed?.name) body.append(pressed.name, pressed.value);
  buttons.forEach((button) => { button.disabled = true; });
  say("saved", mark.dataset.sending);
  try {
    const answer = await fetch(theForm.action, {
      method: "POST",
      body,
      headers: { Accept: "text/html" },
      redirect: "manual", // or this request would see the sentence that the next page is to show
    });
    if (answer.status >= 500) throw new Error("not taken");
    if (answer.type === "opaqueredirect") {
      forget(theForm.dataset.draft);
      location.assign(theForm.dataset.done);
      return;
    }
    replacePage(await answer.text());
  } catch {
    say("failed", mark.dataset.failed);
    buttons.forEach((button) => { button.disabled = false; });
  }
}

// The server's own page with the sentences beside the fields.
function replacePage(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const fresh = page.getElementById("content");
  document.getElementById("content").replaceWith(fresh);
  const theForm = fresh.querySelector("form[data-apply]");
  if (theForm) start(theForm);
  scrollTo({ top: 0 });
}

const form = document.querySelector("form[data-apply]");
if (form) start(form);

const done = document.querySelector("[data-forget-draft]");
if (done) forget(done.dataset.forgetDraft);
