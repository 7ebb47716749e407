// The host's page: it follows the agenda, and has keys: → next, ← undo, Space the item's own page, where it draws or starts the timer.
//
// A room's control takes the space bar with data-host-space on its link or button. Keys do nothing while somebody types, and the
// space bar does nothing of ours while a button or link has the focus, where it already has a meaning.
//
// A press counts, and counts once. So this is no module: it listens before there is a stage to be seen, and until htmx is
// there a press is an ordinary form.
{
  const KEYS = { ArrowRight: "[data-host-next]", ArrowLeft: "[data-host-undo]", " ": "[data-host-space]" };
  const VERSION = /data-version="(\d+)"/;

  const stage = () => document.getElementById("stage");
  const shown = () => Number(stage().querySelector("[data-version]")?.dataset.version);

  // The stage is fetched anew only when the agenda has moved and the answer to a press is not on its way already: what the
  // host is filling in stays otherwise.
  let heard = 0;
  let waiting = 0;

  function follow() {
    clearTimeout(waiting);
    if (heard <= shown()) return;
    if (!window.htmx || stage().querySelector(".htmx-request")) waiting = setTimeout(follow, 100);
    else window.htmx.trigger(stage(), "refresh");
  }

  document.addEventListener("salon:live", (event) => {
    heard = Number(event.target.querySelector("[data-version]")?.dataset.version ?? 0);
    clearTimeout(waiting);
    waiting = setTimeout(follow, 100);
  });

  // An answer that was overtaken by a newer one would bring the old stage back.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target === stage() && VERSION.exec(event.detail.serverResponse)?.[1] < shown()) event.detail.shouldSwap = false;
  });

  let leaving = false;
  document.addEventListener("submit", (event) => { leaving ||= !event.defaultPrevented; });
  window.addEventListener("pageshow", () => { leaving = false; });

  document.addEventListener("keydown", (event) => {
    const selector = KEYS[event.key];
    if (!selector || event.repeat || event.altKey || event.ctrlKey || event.metaKey) return;
    const focus = document.activeElement;
    if (focus?.closest("input, select, textarea, dialog, [contenteditable]")) return;
    if (event.key === " " && focus?.closest("button, a, summary")) return;
    const button = stage()?.querySelector(selector);
    if (!button || button.disabled || leaving) return;
    event.preventDefault();
    button.click();
  });
}
