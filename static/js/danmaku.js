// Danmaku over the projector: each line flies once, none over another, ten a second stay readable.
//
// The stream brings the youngest lines as <q data-key>; a key not seen before takes off. The sky has rows, and all lines fly
// at one speed, so a row is free again when its last line has wholly come in. A line takes two rows while few come, one row
// with smaller letters while many wait. What waits is sent off in order; beyond MOST_WAITING the oldest are let go.
// What the host takes off is named in <data data-off>: it is not sent off, and a line under way vanishes.

const source = document.getElementById("danmaku-source");
const sky = document.getElementById("danmaku");
const ROWS = 14;
const SECONDS = 9;         // from edge to edge
const GAP = 0.025;         // of the width, between two lines of one row
const BUSY = 8;            // so many waiting make the letters small …
const MOST_WAITING = 300;

const seen = new Set([...source.querySelectorAll("[data-key]")].map((line) => line.dataset.key));
let waiting = [];
const freeAt = new Array(ROWS).fill(0);
let small = false;

/** The first row from which `height` rows are free, or -1. */
function place(height, now) {
  for (let row = 0; row + height <= ROWS; row += height) {
    if (freeAt.slice(row, row + height).every((at) => at <= now)) return row;
  }
  return -1;
}

function launch({ key, text }) {
  // The clock of the animations: by another one a busy screen would let lines start late and be caught up with.
  const now = document.timeline.currentTime;
  const height = small ? 1 : 2;
  const row = place(height, now);
  if (row < 0) return false;
  const line = document.createElement("span");
  line.className = "danmaku-line ws-danmaku";
  line.dataset.size = small ? "small" : "large";
  line.dataset.row = row;
  line.dataset.line = key;
  line.textContent = text;
  line.style.top = `${(row * 100) / ROWS}%`;
  sky.append(line);
  const across = sky.clientWidth;
  const wide = line.offsetWidth;
  const perMs = across / SECONDS / 1000;
  const flight = line.animate(
    [{ transform: "translateX(0)" }, { transform: `translateX(${-across - wide}px)` }],
    // Held at its end: on a busy screen the line is taken away late, and must not stand at its start meanwhile.
    { duration: (across + wide) / perMs, easing: "linear", fill: "forwards" },
  );
  flight.startTime = now;
  flight.onfinish = () => line.remove();
  freeAt.fill(now + (wide + GAP * across) / perMs, row, row + height);
  return true;
}

function send() {
  // … and they stay so until nobody waits.
  small = waiting.length > BUSY || (small && waiting.length > 0);
  while (waiting.length && launch(waiting[0])) waiting.shift();
}

source.addEventListener("salon:live", () => {
  for (const line of source.querySelectorAll("[data-key]")) {
    const { key } = line.dataset;
    if (seen.has(key)) continue;
    seen.add(key);
    waiting.push({ key, text: line.textContent });
  }
  const off = new Set(source.querySelector("[data-off]").value.split(" "));
  waiting = waiting.filter(({ key }) => !off.has(key));
  for (const line of sky.children) if (off.has(line.dataset.line)) line.remove();
  waiting.splice(0, Math.max(0, waiting.length - MOST_WAITING));
  send();
});
setInterval(send, 120);
