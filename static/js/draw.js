// Keys on stage: Space draws or starts the next timer, a digit files the slip. A press that the page is still busy with is not a second one.

let resting = 0;

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.altKey || event.ctrlKey || event.metaKey) return;
  const focus = document.activeElement;
  if (focus?.closest("input, select, textarea, dialog, [contenteditable]")) return;
  const button = document.querySelector(`[data-hotkey="${CSS.escape(event.key)}"]`);
  if (!button || button.disabled) return;
  event.preventDefault();
  if (Date.now() < resting) return;
  resting = Date.now() + 600;
  button.click();
});
