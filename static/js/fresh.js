// Personal parts of a phone's page, fetched again when something they show has changed.
//
//   <div data-fresh="/e/spring/me/pains/list/" data-fresh-watch="#pains-bell data">…first state, from the server…</div>
//
// The stream carries no personal thing. What it carries are marks (<data value="…">): when one that the section watches has
// another value, the section fetches itself. With data-fresh-first it does so at once, because it came empty. Only what differs is touched, so what somebody is typing stays.

import { replaceContent } from "./live.js";

const SPREAD = 700; // ms: a hall of phones does not ask in the same instant

class Fresh {
  constructor(section) {
    this.section = section;
    this.seen = this.marks();
    this.busy = false;
    this.stale = false;
    if ("freshFirst" in section.dataset) this.ask();
  }

  /** What is watched; the section's own matter may add to it, as my group does once I have one. */
  get watched() {
    const also = this.section.querySelector("[data-fresh-also]")?.dataset.freshAlso;
    return [this.section.dataset.freshWatch, also].filter(Boolean).join(", ");
  }

  marks() {
    return [...document.querySelectorAll(this.watched)]
      .map((mark) => mark.value ?? mark.dataset.countdownTo ?? mark.textContent).join("|");
  }

  look() {
    const marks = this.marks();
    if (marks === this.seen) return;
    // The first ring of a page that came without marks tells nothing new.
    const first = this.seen === "";
    this.seen = marks;
    if (!first) this.ask(Math.random() * SPREAD);
  }

  async ask(after = 0) {
    if (this.busy) {
      this.stale = true;
      return;
    }
    this.busy = true;
    await new Promise((resolve) => { setTimeout(resolve, after); });
    this.stale = false;
    try {
      const response = await fetch(this.section.dataset.fresh, { headers: { "X-Fresh": "1" }, cache: "no-store" });
      if (response.ok) {
        const before = this.watched;
        replaceContent(this.section, await response.text());
        if (this.watched !== before) {
          // What is watched from now on may have changed while this was under way.
          this.seen = this.marks();
          this.stale = true;
        }
        this.section.dispatchEvent(new CustomEvent("salon:fresh", { bubbles: true }));
      }
    } catch {
      // No network: the stream returns with it, and brings the marks anew.
      this.seen = "?";
    }
    this.busy = false;
    if (this.stale) this.ask(SPREAD);
  }
}

const sections = new Map();

export function freshen(section) {
  sections.get(section)?.ask();
}

function adopt() {
  for (const section of document.querySelectorAll("[data-fresh]")) {
    if (!sections.has(section)) sections.set(section, new Fresh(section));
  }
}

adopt();
document.addEventListener("salon:live", () => sections.forEach((fresh) => fresh.look()));
document.addEventListener("salon:posted", () => sections.forEach((fresh) => fresh.ask()));
