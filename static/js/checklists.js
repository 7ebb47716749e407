// Checklists for the hour without a network: the page keeps itself and what it needs on the device, and its ticks too.

const place = document.querySelector("[data-checklists]");
const note = place.querySelector("[data-offline]");
const KEY = `checklists-${place.dataset.event}`;

function say(ready) {
  note.textContent = ready ? note.dataset.ready : note.dataset.failed;
  note.className = `notice no-print ${ready ? "notice-ok" : "notice-warn"}`;
}

async function keep() {
  if (!("serviceWorker" in navigator)) return say(false);
  await navigator.serviceWorker.register(place.dataset.checklists);
  if (!navigator.onLine) return say(true);
  const needed = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src], img[src]")]
    .map((element) => element.href || element.src);
  const cache = await caches.open(KEY);
  await cache.addAll([location.pathname, ...new Set(needed)]);
  return say(true);
}

function ticks() {
  try {
    return new Set(JSON.parse(localStorage.getItem(KEY)) ?? []);
  } catch {
    return new Set();
  }
}

const boxes = [...place.querySelectorAll("input[type=checkbox]")];
const ticked = ticks();
for (const box of boxes) {
  box.checked = ticked.has(box.name);
  box.addEventListener("change", () => {
    localStorage.setItem(KEY, JSON.stringify(boxes.filter((one) => one.checked).map((one) => one.name)));
  });
}
place.querySelector("[data-clear]").addEventListener("click", () => {
  for (const box of boxes) box.checked = false;
  localStorage.removeItem(KEY);
});
place.querySelector("[data-print]").addEventListener("click", () => window.print());

keep().catch(() => say(!navigator.onLine));
