// The queue between the desk and the server. Every request is on the disk before it is sent, carries a UUID, and leaves the
// disk only when an answer names that UUID; so it may be sent as often as the network likes.

const TIMEOUT = 4_000;       // ms for one request
const AT_ONCE = 4;           // requests in the air while catching up
const LONGEST_PAUSE = 10_000;

export class Queue extends EventTarget {
  constructor(store, settings) {
    super();
    this.store = store;
    this.urls = settings.urls;
    this.lockName = `desk-sync-${settings.slug}`;
    this.inFlight = new Map();
    this.failures = 0;
    this.state = { contact: navigator.onLine, waiting: 0, syncing: false, closed: false };
    this.channel = new BroadcastChannel(this.lockName); // two tabs of one tablet share a disk
    this.channel.onmessage = () => this.count();
    window.addEventListener("online", () => this.sync());
    window.addEventListener("offline", () => this.say({ contact: false }));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.sync());
  }

  say(change) {
    Object.assign(this.state, change);
    this.dispatchEvent(new CustomEvent("state", { detail: this.state }));
  }

  async count() {
    this.say({ waiting: (await this.store.waiting()).length });
  }

  /** Put a request on the disk. `shown` is what the guest was shown for it, without an answer of the server. */
  async add(kind, body, extra = {}) {
    const entry = await this.store.enqueue({ client_id: body.client_id, kind, body, ...extra });
    await this.count();
    return entry;
  }

  /**
   * Send one entry now; resolves with `{state, answer}`: "answered", "refused" (a named no), "lost" (nobody knows) or
   * "closed" (this tablet is no desk any more). Never rejects.
   */
  send(entry) {
    if (!this.inFlight.has(entry.client_id)) {
      this.inFlight.set(entry.client_id, this.deliver(entry).finally(() => this.inFlight.delete(entry.client_id)));
    }
    return this.inFlight.get(entry.client_id);
  }

  async deliver(entry) {
    let response;
    let answer;
    try {
      response = await fetch(this.urls[entry.kind], {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify(entry.body),
        cache: "no-store",
        signal: AbortSignal.timeout(TIMEOUT),
      });
      answer = await response.json();
    } catch {
      return this.lost();
    }
    if (response.status === 401) {
      this.say({ contact: true, closed: true });
      return { state: "closed", answer };
    }
    const named = response.ok && answer.client_id === entry.client_id && answer.result;
    const refused = [400, 409, 413, 422].includes(response.status) && answer.error;
    if (!named && !refused) return this.lost();
    this.failures = 0;
    this.say({ contact: true, closed: false });
    const odd = oddity(entry, answer, refused);
    if (await this.store.answered(entry.client_id, odd)) {
      await this.count();
      this.channel.postMessage("answered");
      this.dispatchEvent(new CustomEvent("answered", { detail: { entry, answer, refused: Boolean(refused), odd } }));
    }
    return { state: refused ? "refused" : "answered", answer };
  }

  lost() {
    this.failures += 1;
    this.say({ contact: false });
    return { state: "lost" };
  }

  /** Work the queue off, in one tab of the tablet only; comes back by itself while something waits. */
  async sync() {
    clearTimeout(this.timer);
    await this.alone(async (lock) => {
      if (!lock) return;
      const waiting = await this.store.waiting();
      if (!waiting.length) return;
      this.say({ syncing: true, waiting: waiting.length });
      for (const batch of batches(waiting)) {
        const states = await this.sendAll(batch);
        if (states.includes("closed") || (states.length && states.every((state) => state === "lost"))) break;
      }
    });
    await this.count();
    this.say({ syncing: false });
    if (this.state.waiting && !this.state.closed) {
      const pause = Math.min(LONGEST_PAUSE, 250 * 2 ** Math.min(this.failures, 6)) * (0.75 + Math.random() / 2);
      this.timer = setTimeout(() => this.sync(), pause);
    }
  }

  /** Only secure pages have locks; without them two tabs may send the same, which the server counts once. */
  alone(work) {
    return navigator.locks ? navigator.locks.request(this.lockName, { ifAvailable: true }, work) : work(true);
  }

  async sendAll(entries) {
    const rest = [...entries];
    const states = [];
    const work = async () => {
      while (rest.length && !this.state.closed) states.push((await this.send(rest.shift())).state);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return states;
  }
}

/** A UUID, also where there is no certificate: only secure pages have crypto.randomUUID. */
export function freshId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** An undo or a card waits for everything before it: it speaks of what came earlier. */
function batches(entries) {
  const found = [[]];
  for (const entry of entries) {
    const free = entry.kind === "check_ins" || entry.kind === "walk_ins";
    if (!free && found.at(-1).length) found.push([]);
    found.at(-1).push(entry);
    if (!free) found.push([]);
  }
  return found.filter((batch) => batch.length);
}

/** What somebody has to look at: a guest was let in and the server knows better, or the server refused to take it. */
function oddity(entry, answer, refused) {
  const about = { client_id: entry.client_id, kind: entry.kind, person: entry.person ?? null, at: entry.body.scanned_at ?? null };
  const form = entry.kind === "walk_ins" && entry.body.name ? entry.body : null; // nobody else has it
  if (refused) return { ...about, why: "refused", message: answer.message, form };
  if (entry.kind === "undo" && answer.result === "nothing") return { ...about, why: "nothing" };
  const letIn = entry.shown === "checked_in";
  if (letIn && answer.result !== "checked_in") {
    return { ...about, why: answer.result, person: answer.participant?.id ?? about.person, first: answer.first, form: answer.result === "full" ? form : null };
  }
  return null;
}
