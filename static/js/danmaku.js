// Danmaku over the projector: each line flies once, none over another, ten a second stay readable.
//
// The stream brings the youngest lines as <q data-key>; a key not seen before takes off. All lines fly at one speed, so a lane
// is free again when its last line has wholly come in. While more come than the lanes carry, the lanes become more and their
// letters smaller; what still waits is sent off in order, and beyond a minute's worth the oldest waiting are let go.

const source = document.getElementById("danmaku-source");
const sky = document.getElementById("danmaku");
const GAP = 48;            // px at 1920 between two lines of one lane
const STYLES = [
  { from: 0, lanes: 9, size: 2.75, seconds: 11 },
  { from: 12, lanes: 12, size: 2.25, seconds: 9 },
  { from: 30, lanes: 16, size: 1.75, seconds: 7 },
];
const MOST_WAITING = 300;

const seen = new Set([...source.querySelectorAll("[data-key]")].map((line) => line.dataset.key));
const waiting = [];
let lanes = [];
let style = STYLES[0];

function choose() {
  const wanted = STYLES.findLast((each) => waiting.length >= each.from);
  // Larger again only when all is quiet: letters that jump are not readable either.
  if (wanted.lanes > style.lanes || (waiting.length === 0 && sky.childElementCount === 0)) {
    style = wanted;
    lanes = [];
  }
}

function launch(text) {
  const now = performance.now();
  let lane = -1;
  for (let index = 0; index < style.lanes && lane < 0; index += 1) {
    if ((lanes[index] ?? 0) <= now) lane = index;
  }
  if (lane < 0) return false;
  const line = document.createElement("span");
  line.className = "danmaku-line ws-danmaku";
  line.textContent = text;
  line.style.fontSize = `${style.size}rem`;
  line.style.top = `${(lane * 100) / style.lanes}%`;
  sky.append(line);
  const across = sky.clientWidth;
  const wide = line.offsetWidth;
  const speed = across / style.seconds; // px a second, the same for all
  const flight = line.animate(
    [{ transform: "translateX(0)" }, { transform: `translateX(${-across - wide}px)` }],
    { duration: ((across + wide) / speed) * 1000, easing: "linear" },
  );
  flight.onfinish = () => line.remove();
  lanes[lane] = now + ((wide + (GAP * across) / 1920) / speed) * 1000;
  return true;
}

function send() {
  choose();
  while (waiting.length && launch(waiting[0])) waiting.shift();
}

source.addEventListener("salon:live", () => {
  for (const line of source.querySelectorAll("[data-key]")) {
    if (seen.has(line.dataset.key)) continue;
    seen.add(line.dataset.key);
    waiting.push(line.textContent);
  }
  waiting.splice(0, Math.max(0, waiting.length - MOST_WAITING));
  send();
});
setInterval(send, 120);
