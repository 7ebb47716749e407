// Serves the checklists from the device when the network does not answer. The page itself fills the cache.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  if (request.headers.get("Accept")?.startsWith("text/event-stream")) return;
  event.respondWith((async () => {
    try {
      return await fetch(request);
    } catch (error) {
      const kept = await caches.match(request, { ignoreSearch: true, ignoreVary: true });
      if (kept) return kept;
      throw error;
    }
  })());
});
