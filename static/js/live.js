// Live parts of a page, and countdowns that tick by the server's clock.
//
//   <section data-live-topic="tags" data-live-url="/live/spring/?topics=tags">…first state, rendered by the server…</section>
//
// All sections of a page share one text/event-stream per address; their topics are joined. An event's name is the topic, its
// data the section's inner HTML: always the whole state, never a change, so a lost message cannot leave a wrong page.
// Elements with the same data-key are kept and moved, others are matched by place; a key that was not there before gets the
// class "is-new" until its animation ends; what this page has added by itself carries data-added, and stays. After each swap
// the section fires "salon:live" ({topic, added}).
//
// <html data-live="on|off"> tells whether the stream stands; "off" only after five seconds without it.
//
// The stream is read with fetch, not EventSource: only so are the server's heartbeat comments seen, and a connection that died
// without a word (a venue's router, a sleeping tablet) is noticed by its silence. The server must write something at least
// every 15 seconds.

const SILENCE = 40_000;      // ms without a byte after which a connection counts as dead
const PATIENCE = 5_000;      // ms without a connection before the page says so
const LONGEST_PAUSE = 30_000;

// ---------------------------------------------------------------------------------------------------------- the stream

/** Splits a text/event-stream into events; feed it text as it comes. */
class EventReader {
  constructor({ onEvent, onRetry }) {
    Object.assign(this, { onEvent, onRetry, rest: "", name: "", data: [] });
  }

  feed(text) {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop();
    lines.forEach((line) => this.line(line));
  }

  line(line) {
    if (line === "") {
      if (this.data.length) this.onEvent(this.name || "message", this.data.join("\n"));
      this.name = "";
      this.data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment: the heartbeat
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.name = value;
    else if (field === "data") this.data.push(value);
    else if (field === "retry" && /^\d+$/.test(value)) this.onRetry(Number(value));
  }
}

const down = new Set();
let patience = 0;

function standing(stream, stands) {
  if (stands) down.delete(stream);
  else down.add(stream);
  clearTimeout(patience);
  patience = 0;
  if (down.size === 0) document.documentElement.dataset.live = "on";
  else patience = setTimeout(() => { document.documentElement.dataset.live = "off"; }, PATIENCE);
}

class Stream {
  constructor(path, topics, sections) {
    this.url = `${path}?topics=${[...topics].map(encodeURIComponent).join(",")}`;
    this.sections = sections;
    this.pauseBase = 1_000;
    this.failures = 0;
  }

  async run() {
    standing(this, false);
    for (;;) {
      try {
        await this.connect();
      } catch {
        // Every reason has the same remedy: wait, come again, get the current state first.
      }
      if (this.stood) standing(this, false);
      this.stood = false;
      await this.pause();
      this.failures += 1;
    }
  }

  async connect() {
    this.abort = new AbortController();
    const watch = () => {
      clearTimeout(this.watchdog);
      this.watchdog = setTimeout(() => this.abort.abort(), SILENCE);
    };
    watch();
    try {
      const response = await fetch(this.url, {
        headers: { Accept: "text/event-stream" }, cache: "no-store", signal: this.abort.signal,
      });
      // Whoever was let in and is not any more: the page itself says why. A desk says it by itself:
      // what it has not sent yet stands on this very page.
      const isDesk = "desk" in document.documentElement.dataset;
      const shutOut = this.wasLetIn && [401, 403, 404].includes(response.status);
      if (shutOut && !isDesk) window.location.reload();
      if (!response.ok || !response.body) return;
      if (!(response.headers.get("Content-Type") || "").startsWith("text/event-stream")) return;
      this.stood = this.wasLetIn = true;
      standing(this, true);
      const events = new EventReader({
        onEvent: (topic, html) => this.swap(topic, html),
        onRetry: (ms) => { this.pauseBase = ms; },
      });
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        watch();
        this.failures = 0;
        events.feed(decoder.decode(value, { stream: true }));
      }
    } finally {
      clearTimeout(this.watchdog);
    }
  }

  swap(topic, html) {
    for (const section of this.sections) {
      if (section.dataset.liveTopic !== topic) continue;
      const added = replaceContent(section, html);
      tick();
      section.dispatchEvent(new CustomEvent("salon:live", { bubbles: true, detail: { topic, added } }));
    }
  }

  /** Longer after each failure, spread at random so that a hall of phones does not return in one instant. */
  pause() {
    const ms = Math.min(LONGEST_PAUSE, this.pauseBase * 2 ** Math.min(this.failures, 6)) * (0.5 + Math.random());
    return new Promise((resolve) => {
      this.wake = resolve;
      setTimeout(resolve, ms);
    });
  }
}

// ----------------------------------------------------------------------------------------------------------- the swap

/** Makes `section` hold what `html` says, touching only what differs. Returns the keyed elements that are new. */
export function replaceContent(section, html) {
  // The wrapping template lets a fragment begin with <tr> or <li>.
  const parsed = new DOMParser().parseFromString(`<template>${html}</template>`, "text/html");
  const fresh = parsed.querySelector("template").content;
  // A script that is built up node by node would run.
  fresh.querySelectorAll("script").forEach((script) => script.remove());
  const freshKeys = new Set([...fresh.querySelectorAll("[data-key]")].map((element) => element.dataset.key));
  const known = new Map();
  for (const element of section.querySelectorAll("[data-key]")) {
    known.set(element.dataset.key, element);
    if (!freshKeys.has(element.dataset.key)) element.remove();
  }
  const added = [];
  morphChildren(section, fresh, known, added);
  for (const element of added) announce(element);
  return added;
}

function morphChildren(parent, freshParent, known, added) {
  let last = null; // recomputed at each step: a nested call may have taken a following node away
  const next = () => (last ? last.nextSibling : parent.firstChild);
  for (const fresh of [...freshParent.childNodes]) {
    const key = fresh.dataset?.key;
    let node;
    if (key) {
      node = known.get(key);
      known.delete(key);
      if (node?.nodeName !== fresh.nodeName) node = undefined;
    } else {
      node = next();
      while (node && (node.nodeName !== fresh.nodeName || node.dataset?.key)) node = node.nextSibling;
    }
    if (node) {
      if (node !== next()) parent.insertBefore(node, next());
      update(node, fresh, known, added);
    } else {
      node = document.importNode(fresh, false);
      parent.insertBefore(node, next());
      if (key) added.push(node);
      morphChildren(node, fresh, known, added);
    }
    last = node;
  }
  // What somebody has added here and the server does not know yet stays.
  for (let node = next(); node;) {
    const gone = node;
    node = node.nextSibling;
    if (!gone.dataset || !("added" in gone.dataset)) gone.remove();
  }
}

function update(node, fresh, known, added) {
  if (node.isEqualNode(fresh)) return;
  if (node.nodeType !== Node.ELEMENT_NODE) {
    if (node.nodeValue !== fresh.nodeValue) node.nodeValue = fresh.nodeValue;
    return;
  }
  const kept = node.classList.contains("is-new");
  for (const { name } of [...node.attributes]) {
    // What the reader has opened stays open.
    if (!fresh.hasAttribute(name) && name !== "open" && name !== "data-countdown-state") node.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  if (kept) node.classList.add("is-new");
  if (!fresh.dataset?.countdownTo) morphChildren(node, fresh, known, added);
}

function announce(element) {
  element.classList.add("is-new");
  const settle = () => element.classList.remove("is-new");
  element.addEventListener("animationend", (event) => { if (event.target === element) settle(); });
  setTimeout(settle, 5_000); // nothing ends where motion is reduced
}

// ----------------------------------------------------------------------------------------------------------- countdowns

//   <time class="countdown" data-countdown-to="…" data-server-now="…">20:00</time>
// Both are ISO times. data-server-now is when the server rendered them, so a wrong clock on this device changes nothing.
// data-countdown-state: running, soon (the last minute), over. With data-countdown-beyond it goes on as +00:01 when over.

const clocks = new WeakMap();
let ahead = null; // of this device's clock, in ms

// A fragment may be half a minute old when it comes (it is rendered once for all viewers) and then shows too little. So the
// largest difference seen is the truest, unless one of the two clocks was put right in between.
function serverAhead(serverNow) {
  const seen = Date.parse(serverNow) - Date.now();
  ahead = ahead === null || Math.abs(seen - ahead) > 60_000 ? seen : Math.max(ahead, seen);
  return ahead;
}

function clockOf(element) {
  const { countdownTo, serverNow } = element.dataset;
  const clock = clocks.get(element);
  if (clock && clock.countdownTo === countdownTo && clock.serverNow === serverNow) return clock;
  const renewed = { countdownTo, serverNow, end: Date.parse(countdownTo) - (serverNow ? serverAhead(serverNow) : 0) };
  clocks.set(element, renewed);
  return renewed;
}

function digits(seconds) {
  const pad = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

function tick() {
  for (const element of document.querySelectorAll("[data-countdown-to]")) {
    const left = Math.ceil((clockOf(element).end - Date.now()) / 1000);
    if (Number.isNaN(left)) continue;
    const state = left <= 0 ? "over" : left <= 60 ? "soon" : "running";
    const beyond = left < 0 && "countdownBeyond" in element.dataset;
    const text = beyond ? `+${digits(-left)}` : digits(Math.max(0, left));
    if (element.textContent !== text) element.textContent = text;
    if (element.dataset.countdownState !== state) element.dataset.countdownState = state;
  }
}

// ---------------------------------------------------------------------------------------------------------------- start

const streams = new Map();
for (const section of document.querySelectorAll("[data-live-topic][data-live-url]")) {
  const url = new URL(section.dataset.liveUrl, location.href);
  const group = streams.get(url.pathname) ?? { topics: new Set(), sections: [] };
  (url.searchParams.get("topics") ?? "").split(",").filter(Boolean).forEach((topic) => group.topics.add(topic));
  group.topics.add(section.dataset.liveTopic);
  group.sections.push(section);
  streams.set(url.pathname, group);
}
const running = [...streams].map(([path, { topics, sections }]) => new Stream(path, topics, sections));
running.forEach((stream) => stream.run());

window.addEventListener("offline", () => running.forEach((stream) => stream.abort?.abort()));
window.addEventListener("online", () => running.forEach((stream) => { stream.failures = 0; stream.wake?.(); }));

tick();
setInterval(tick, 250);
