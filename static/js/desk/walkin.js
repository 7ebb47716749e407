// The sheets of the desk: a walk-in in under twenty seconds, a tag card by a tap or from paper, a reason for an undo.

/** Opens a `<dialog>` with a form; resolves with the form's values on submit, with null when it is closed. */
export function ask(dialog, { values = {}, focus = null } = {}) {
  const form = dialog.querySelector("form");
  form.reset();
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements[name];
    if (!field || value === null || value === undefined) continue;
    if (Array.isArray(value)) form.querySelectorAll(`[name="${name}"]`).forEach((box) => { box.checked = value.includes(box.value); });
    else field.value = value;
  }
  return new Promise((resolve) => {
    const done = (result) => {
      form.removeEventListener("submit", submit);
      dialog.removeEventListener("close", close);
      if (dialog.open) dialog.close();
      resolve(result);
    };
    const submit = (event) => { event.preventDefault(); done(valuesOf(form, event.submitter)); };
    const close = () => done(null);
    form.addEventListener("submit", submit);
    dialog.addEventListener("close", close);
    dialog.showModal();
    (focus ? form.elements[focus] : form.querySelector("[autofocus]"))?.focus?.();
  });
}

function valuesOf(form, submitter) {
  const data = new FormData(form, submitter);
  const values = {};
  for (const [name, value] of data) {
    if (name.endsWith("[]")) (values[name.slice(0, -2)] ??= []).push(value);
    else values[name] = value.trim();
  }
  return values;
}
