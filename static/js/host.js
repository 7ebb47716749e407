// The host's keys: → next, ← undo, Space the item's own control (a draw, a timer).
//
// A room's control takes the space bar with data-host-space on its button. Keys do nothing while somebody types, and the
// space bar does nothing of ours while a button or link has the focus, where it already has a meaning.

const stage = document.getElementById("stage");
const KEYS = { ArrowRight: "[data-host-next]", ArrowLeft: "[data-host-undo]", " ": "[data-host-space]" };

document.addEventListener("keydown", (event) => {
  const selector = KEYS[event.key];
  if (!selector || event.repeat || event.altKey || event.ctrlKey || event.metaKey) return;
  const focus = document.activeElement;
  if (focus?.closest("input, select, textarea, dialog, [contenteditable]")) return;
  if (event.key === " " && focus?.closest("button, a, summary")) return;
  const button = stage.querySelector(selector);
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click();
});
