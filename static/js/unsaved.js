// Asks before what somebody typed is lost with the page.
//
// Every form that posts is watched, unless it keeps its text itself (data-draft) or sends every change at once (hx-post).
// <span data-unsaved hidden></span> in a form: what the server put into its fields could not be saved.

const KEPT = "[data-draft], [data-tap], [hx-post]";
const typed = (field) => (field.tagName === "TEXTAREA"
  || (field.tagName === "INPUT" && !["hidden", "checkbox", "radio", "search", "file", "submit", "button"].includes(field.type)));
let sent = null; // the form on its way: what is typed into it goes along

function isUnsaved(form) {
  if (form === sent || (form.getAttribute("method") ?? "").toLowerCase() !== "post" || Element.prototype.matches.call(form, KEPT)) return false;
  const changed = [...form.elements].some((field) => typed(field) && !field.readOnly && field.value !== field.defaultValue);
  return changed || form.querySelector("[data-unsaved]") !== null;
}

document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented && event.target.getAttribute("target") !== "_blank") sent = event.target;
});
document.addEventListener("input", (event) => {
  if (event.target.form === sent) sent = null; // it did not leave, and somebody writes on
});
window.addEventListener("beforeunload", (event) => {
  if (![...document.forms].some(isUnsaved)) return;
  event.preventDefault();
  event.returnValue = ""; // Chromium before 119 asks only then
});
