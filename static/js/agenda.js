// The agenda editor: blocks on a day lane that are dragged, stretched or nudged with the keys, beside the lines one types.
// The lines are the form; the lane only reads and writes their "start" and "minutes". Times here are minutes after
// midnight of the event's day, and may pass 1440.

const STEP = 5;           // minutes; what a drag snaps to
const PIXELS = 2.4;       // of height per minute
const LATEST = 30 * 60;   // nothing ends later than six in the morning

// ------------------------------------------------------------------------------------------------- pure: items in time
// An item: { id, start, minutes }. Each function returns a new list in order, without overlaps, or null when there is no room.

/** Push each item just far enough to begin after the one before it. */
export function pushed(items) {
  let end = -Infinity;
  const result = items.map((item) => {
    const start = Math.max(item.start, end);
    end = start + item.minutes;
    return { ...item, start };
  });
  return end > LATEST ? null : result;
}

/** The item `id` begins at `start`: before an item whose first half it meets, after one whose second half; what follows moves. */
export function moved(items, id, start, earliest = 0) {
  const item = items.find((one) => one.id === id);
  const others = items.filter((one) => one.id !== id);
  const before = others.filter((one) => one.start + one.minutes / 2 <= start);
  const after = others.slice(before.length);
  const last = before.at(-1);
  const from = Math.max(earliest, start, last ? last.start + last.minutes : 0);
  return pushed([...before, { ...item, start: from }, ...after]);
}

export function stretched(items, id, minutes) {
  return pushed(items.map((one) => (one.id === id ? { ...one, minutes: Math.max(STEP, minutes) } : one)));
}

/** What comes after the gap at `from` moves up by `minutes`. */
export function closed(items, from, minutes) {
  return items.map((one) => (one.start >= from ? { ...one, start: one.start - minutes } : one));
}

export function clashes(items) {
  return items.slice(1).flatMap((item, index) => {
    const before = items[index];
    const minutes = before.start + before.minutes - item.start;
    return minutes > 0 ? [{ first: before, second: item, minutes }] : [];
  });
}

const snap = (minutes) => Math.round(minutes / STEP) * STEP;
const pad = (number) => String(number).padStart(2, "0");
const clockTime = (minutes) => `${pad(Math.floor(minutes / 60) % 24)}:${pad(minutes % 60)}`;
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// -------------------------------------------------------------------------------------------------------- the two faces

class Editor {
  constructor(form) {
    this.form = form;
    this.dawn = Number(form.dataset.dawn); // clock times before it lie after midnight
    this.list = form.querySelector("[data-lines]");
    this.lane = form.querySelector("[data-lane]");
    this.total = form.querySelector("[name=line-TOTAL_FORMS]");
    this.share = document.querySelector("[data-share]");
    form.querySelector("[data-day]").hidden = false;
    const add = form.querySelector("[data-add]");
    add.hidden = false;
    add.addEventListener("click", () => this.add());
    form.addEventListener("input", () => this.changed());
    form.addEventListener("change", (event) => {
      if (event.target.name?.match(/-(start|minutes)$/)) this.sortLines();
    });
    form.addEventListener("submit", () => { this.dirty = false; });
    window.addEventListener("beforeunload", (event) => { if (this.dirty) event.preventDefault(); });
    // What was typed before a refusal is still to be saved.
    if ("refused" in form.dataset) this.changed();
    else this.draw();
  }

  lines() {
    return [...this.list.querySelectorAll("[data-line]")];
  }

  field(line, name) {
    return line.querySelector(`[name$="-${name}"]`);
  }

  /** What the lines say; those without a readable time, or to be deleted, are left out. */
  items() {
    const items = this.lines().flatMap((line) => {
      const [, hours, minutes] = /^(\d{1,2})[:：]?(\d\d)$/.exec(this.field(line, "start").value.trim()) ?? [];
      const length = Number.parseInt(this.field(line, "minutes").value, 10);
      if (hours === undefined || !(length > 0) || this.field(line, "DELETE").checked) return [];
      return [{
        id: this.field(line, "start").name, line, start: Number(hours) * 60 + Number(minutes), minutes: length,
        title: this.field(line, "title").value, kind: this.field(line, "kind").value,
        interactive: this.field(line, "interactive").checked,
      }];
    });
    for (const item of items) if (item.start < this.dawn) item.start += 24 * 60;
    return items.sort((a, b) => a.start - b.start);
  }

  write(items) {
    for (const item of items) {
      this.field(item.line, "start").value = clockTime(item.start);
      this.field(item.line, "minutes").value = item.minutes;
    }
    this.sortLines();
    this.changed();
  }

  sortLines() {
    const focused = document.activeElement;
    const order = this.items().map((item) => item.line);
    const present = this.lines().filter((line) => order.includes(line));
    if (order.some((line, index) => line !== present[index])) {
      this.list.append(...order, ...this.lines().filter((line) => !order.includes(line)));
      if (this.list.contains(focused)) focused.focus({ preventScroll: true });
    }
    this.draw();
  }

  changed() {
    this.dirty = true;
    const mark = this.form.querySelector("[data-savemark]");
    mark.dataset.state = "unsaved";
    mark.textContent = mark.dataset.unsaved;
    this.draw();
  }

  add() {
    const number = Number(this.total.value);
    const blank = this.form.querySelector("[data-blank]").content.cloneNode(true);
    for (const element of blank.querySelectorAll("*")) {
      for (const name of ["id", "name", "for"]) {
        const value = element.getAttribute(name);
        if (value?.includes("__prefix__")) element.setAttribute(name, value.replace("__prefix__", number));
      }
    }
    const last = this.items().at(-1);
    const line = blank.querySelector("[data-line]");
    this.list.querySelector("[data-empty]")?.remove();
    this.list.append(blank);
    this.total.value = number + 1;
    this.field(line, "start").value = clockTime(last ? last.start + last.minutes : 13 * 60 + 30);
    this.field(line, "minutes").value = 20;
    this.field(line, "title").focus();
    this.changed();
  }

  // ------------------------------------------------------------------------------------------------------------ the lane

  draw(items = this.items()) {
    this.showShare(items);
    this.showClashes(items);
    const focused = this.lane.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    this.lane.replaceChildren();
    if (!items.length) return;
    this.from = Math.floor(items[0].start / 60) * 60;
    const until = Math.ceil(Math.max(...items.map((item) => item.start + item.minutes)) / 60) * 60;
    this.lane.style.height = `${(until - this.from) * PIXELS}px`;
    for (let hour = this.from; hour <= until; hour += 60) {
      const tick = this.part("day-hour", hour);
      tick.textContent = clockTime(hour);
    }
    items.forEach((item, index) => {
      const before = items[index - 1];
      const gap = before ? item.start - before.start - before.minutes : 0;
      if (gap > 0) this.drawGap(before.start + before.minutes, gap);
      this.drawBlock(item);
    });
    if (focused) this.lane.querySelector(`[data-id="${focused}"]`)?.focus({ preventScroll: true });
  }

  part(className, start, minutes = 0) {
    const element = document.createElement("div");
    element.className = className;
    element.style.top = `${(start - this.from) * PIXELS}px`;
    if (minutes) element.style.height = `${minutes * PIXELS}px`;
    this.lane.append(element);
    return element;
  }

  drawGap(start, minutes) {
    const gap = this.part("day-gap", start, minutes);
    const words = document.createElement("span");
    words.textContent = fill(this.lane.dataset.gap, { minutes });
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn-link";
    button.textContent = this.lane.dataset.closeGap;
    button.addEventListener("click", () => this.write(closed(this.items(), start + minutes, minutes)));
    gap.append(words, button);
  }

  drawBlock(item) {
    const block = this.part(`day-block${item.interactive ? " is-interactive" : ""}${item.minutes < 25 ? " is-short" : ""}`, item.start, item.minutes);
    block.dataset.id = item.id;
    block.tabIndex = 0;
    block.setAttribute("role", "group");
    const time = document.createElement("span");
    time.className = "day-time";
    time.textContent = `${clockTime(item.start)} · ${fill(this.lane.dataset.minutes, { minutes: item.minutes })}`;
    const title = document.createElement("b");
    title.textContent = item.title;
    const grip = document.createElement("span");
    grip.className = "day-grip";
    grip.title = this.lane.dataset.grip;
    block.append(title, time, grip);
    block.setAttribute("aria-label", `${title.textContent} ${time.textContent}`);
    block.addEventListener("pointerdown", (event) => this.drag(event, item, event.target === grip));
    block.addEventListener("keydown", (event) => this.nudge(event, item));
  }

  drag(down, item, stretching) {
    if (down.button !== 0) return;
    down.preventDefault();
    const items = this.items();
    let result = null;
    const move = (event) => {
      const by = snap((event.clientY - down.clientY) / PIXELS);
      const next = stretching ? stretched(items, item.id, item.minutes + by) : moved(items, item.id, item.start + by, this.dawn);
      if (!next) return;
      result = by === 0 ? null : next;
      this.draw(next);
      this.lane.querySelector(`[data-id="${item.id}"]`)?.classList.add("is-dragged");
    };
    const end = (event) => {
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", end);
      document.removeEventListener("pointercancel", end);
      if (result && event.type === "pointerup") this.write(result);
      else this.draw();
      this.lane.querySelector(`[data-id="${item.id}"]`)?.focus({ preventScroll: true });
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", end);
    document.addEventListener("pointercancel", end);
  }

  nudge(event, item) {
    const by = { ArrowUp: -STEP, ArrowDown: STEP }[event.key];
    if (!by) return;
    event.preventDefault();
    const items = this.items();
    const next = event.shiftKey ? stretched(items, item.id, item.minutes + by) : moved(items, item.id, item.start + by, this.dawn);
    if (!next) return;
    this.write(next);
    this.lane.querySelector(`[data-id="${item.id}"]`)?.focus({ preventScroll: true });
  }

  showShare(items) {
    const total = items.reduce((sum, item) => sum + item.minutes, 0);
    const interactive = items.reduce((sum, item) => sum + (item.interactive ? item.minutes : 0), 0);
    const percent = total ? Math.floor((interactive * 100) / total) : null;
    this.share.querySelector("b").textContent = percent === null ? "–" : `${percent}%`;
    this.share.dataset.met = percent === null ? "none" : String(interactive * 100 >= Number(this.share.dataset.target) * total);
  }

  showClashes(items) {
    const found = clashes(items);
    const place = this.form.querySelector("[data-clash]");
    place.hidden = !found.length;
    place.textContent = found.map(({ first, second, minutes }) =>
      fill(place.dataset.word, { first: first.title, second: second.title, minutes })).join("\n");
    const clashing = new Set(found.flatMap(({ first, second }) => [first.line, second.line]));
    for (const line of this.lines()) line.classList.toggle("is-clashing", clashing.has(line));
  }
}

const form = document.querySelector("[data-agenda]");
if (form) new Editor(form);
