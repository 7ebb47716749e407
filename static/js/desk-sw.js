// The desk's service worker: the page opens with no network, after a reload too.
//
// The server puts `const KEEP = {version, files}` in front of this file. The version changes with every byte of the files, so
// a new release installs itself beside the old one and takes over when all of its files are there.
/* global KEEP */

const SCOPE = new URL(self.registration.scope);
const PREFIX = `desk:${SCOPE.pathname}:`;
const CACHE = PREFIX + KEEP.version;
const FORM_KEPT = 3 * 24 * 3_600_000; // ms, as in desk/store.js
const PATIENCE = 3_000; // ms: a venue's network that answers later than this is treated as none
const FILES = new Set(KEEP.files.map((file) => new URL(file, SCOPE).href));

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([...FILES].map((file) => new Request(file, { cache: "reload" })));
    const page = await fetch(SCOPE.href, { cache: "no-store" }).catch(() => null);
    if (page?.ok) await cache.put(SCOPE.href, page);
    else await carryOver(cache);
    await self.skipWaiting();
  })());
});

/** A release that arrives in a bad minute keeps the page of the one before. */
async function carryOver(cache) {
  const page = await caches.match(SCOPE.href);
  if (page) await cache.put(SCOPE.href, page);
}

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const url = new URL(request.url);
  url.hash = "";
  if (FILES.has(url.href)) event.respondWith(kept(request, url.href));
  else if (request.mode === "navigate" && url.href.split("?")[0] === SCOPE.href) event.respondWith(page(request));
});

async function kept(request, href) {
  const cache = await caches.open(CACHE);
  return (await cache.match(href)) ?? fetch(request);
}

async function page(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    if (answer.ok) await cache.put(SCOPE.href, answer.clone());
    if (answer.status === 401) await forget(cache);
    if (answer.status < 500) return answer;
  } catch {
    // No network, or one that is none: the kept page works alone.
  }
  return (await cache.match(SCOPE.href)) ?? Response.error();
}

/**
 * The pass has ended: neither the page nor the roster stays on this tablet. What waits to be sent does, and for three days the
 * form of a guest who was refused.
 */
async function forget(cache) {
  await cache.delete(SCOPE.href);
  const slug = SCOPE.pathname.split("/").at(-3);
  await new Promise((resolve) => {
    const opening = indexedDB.open(`desk-${slug}`);
    opening.onerror = () => resolve();
    opening.onsuccess = () => {
      const db = opening.result;
      if (!db.objectStoreNames.contains("kept")) { db.close(); resolve(); return; }
      const write = db.transaction(["kept", "last", "odd"], "readwrite");
      write.objectStore("kept").delete("roster");
      write.objectStore("last").clear();
      const odd = write.objectStore("odd");
      odd.getAll().onsuccess = ({ target }) => {
        for (const { client_id, form, at } of target.result) {
          if (!form || !(Date.parse(at) > Date.now() - FORM_KEPT)) odd.delete(client_id);
        }
      };
      write.oncomplete = write.onabort = () => { db.close(); resolve(); };
    };
  });
}
