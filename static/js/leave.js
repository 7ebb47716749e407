// What was typed on this phone belongs to whoever typed it, and goes when they go.
//
//   <div data-forgotten="slug">    on the page that says so
//   <form data-forgets="slug">     before it goes: the page that follows is somebody else's
//
// Other drafts of this browser, another event's or a tablet's, stay.

function forget(slug) {
  const theirs = (key) => key.includes(`/e/${slug}/me/`) || key === `apply:${slug}` || key.startsWith(`edit:${slug}:`);
  for (const kept of ["localStorage", "sessionStorage"]) {
    try {
      for (const key of Object.keys(window[kept]).filter(theirs)) window[kept].removeItem(key);
    } catch { /* nothing was kept */ }
  }
}

const done = document.querySelector("[data-forgotten]");
if (done) forget(done.dataset.forgotten);
for (const form of document.querySelectorAll("[data-forgets]")) {
  form.addEventListener("submit", () => forget(form.dataset.forgets));
}
