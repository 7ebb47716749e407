// What the tablet keeps in IndexedDB, per event.
//
//   queue   what the server has not yet answered, by client_id; nothing else may delete from it than a named answer
//   odd     answers that somebody has to look at: conflicts and refusals; with `form`, what was typed of a guest whom nobody else has
//   last    the last scans of this tablet: ids and times
//   kept    "roster" (wiped when the pass ends), "offset" (ms the server is ahead of this clock)
/* global idb */

const FORM_KEPT = 3 * 24 * 3_600_000; // ms that a form nobody has looked at outlives the pass; desk-sw.js has the same
const STRICT = { durability: "strict" }; // a scan is on the disk before its green screen

export async function openStore(slug) {
  const db = await idb.openDB(`desk-${slug}`, 1, {
    upgrade(fresh) {
      fresh.createObjectStore("queue", { keyPath: "client_id" }).createIndex("seq", "seq");
      fresh.createObjectStore("odd", { keyPath: "client_id" });
      fresh.createObjectStore("last", { keyPath: "client_id" }).createIndex("seq", "seq");
      fresh.createObjectStore("kept");
    },
  });
  return new Store(db);
}

class Store {
  constructor(db) {
    this.db = db;
  }

  // ---- the queue

  async enqueue(entry) {
    const write = this.db.transaction("queue", "readwrite", STRICT);
    const newest = await write.store.index("seq").openCursor(null, "prev");
    entry.seq = (newest?.value.seq ?? 0) + 1;
    await write.store.add(entry);
    await write.done;
    return entry;
  }

  /** Note what the guest was shown without an answer. */
  async markShown(clientId, shown) {
    const write = this.db.transaction("queue", "readwrite", STRICT);
    const entry = await write.store.get(clientId);
    if (entry) await write.store.put({ ...entry, shown });
    await write.done;
  }

  waiting() {
    return this.db.getAllFromIndex("queue", "seq");
  }

  /** Take an entry out because the server has named it in an answer; keep `odd` beside, if any. False if it was gone. */
  async answered(clientId, odd) {
    const write = this.db.transaction(["queue", "odd"], "readwrite", STRICT);
    const entry = await write.objectStore("queue").get(clientId);
    if (entry) {
      await write.objectStore("queue").delete(clientId);
      if (odd) await write.objectStore("odd").put(odd);
    }
    await write.done;
    return Boolean(entry);
  }

  // ---- what somebody has to look at, and the last scans

  odd() {
    return this.db.getAll("odd");
  }

  settleOdd(clientId) {
    return this.db.delete("odd", clientId);
  }

  async remember(scan) {
    const write = this.db.transaction("last", "readwrite");
    const newest = await write.store.index("seq").openCursor(null, "prev");
    await write.store.put({ ...scan, seq: (newest?.value.seq ?? 0) + 1 });
    const all = await write.store.index("seq").getAllKeys();
    for (const old of all.slice(0, -20)) write.store.delete(old);
    await write.done;
  }

  async change(clientId, change) {
    const write = this.db.transaction("last", "readwrite");
    const scan = await write.store.get(clientId);
    if (scan) await write.store.put({ ...scan, ...change });
    await write.done;
  }

  async last() {
    return (await this.db.getAllFromIndex("last", "seq")).reverse();
  }

  // ---- the rest

  get(key) {
    return this.db.get("kept", key);
  }

  put(key, value) {
    return this.db.put("kept", value, key);
  }

  /**
   * The pass has ended: no guest's data stays. The queue does, until the server has answered it, and so does for three days the
   * form of a guest who was refused, until somebody has looked at it: it is nowhere else.
   */
  async wipe() {
    const write = this.db.transaction(["kept", "last", "odd"], "readwrite");
    write.objectStore("kept").delete("roster");
    write.objectStore("last").clear();
    const odd = write.objectStore("odd");
    for (const { client_id, form, at } of await odd.getAll()) {
      if (!form || !(Date.parse(at) > Date.now() - FORM_KEPT)) odd.delete(client_id);
    }
    await write.done;
  }
}
