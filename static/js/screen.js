// A wall's page tells the control room that it is on a screen: "here" while its stream stands and it can be seen, "gone" when it
// is closed or covered. Silence without a "gone" is what the control room calls lost.
//
//   <main data-screen="signed name of the wall" data-screen-url="/e/spring/wall/screen/">

const EVERY = 10_000; // ms; the server counts a screen as lost after 25 s

const main = document.querySelector("[data-screen]");
const root = document.documentElement;
const name = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
// From the cookie each time: a login in another tab makes a new one, and this page stays open all day.
const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
const words = (act) => new URLSearchParams({ pass: main.dataset.screen, screen: name, act, csrfmiddlewaretoken: token() });
let told = false;

function here() {
  if (document.hidden || root.dataset.live !== "on") return;
  told = true;
  // Without an answer the next one comes in ten seconds anyway.
  fetch(main.dataset.screenUrl, { method: "POST", body: words("here") }).catch(() => {});
}

function gone() {
  if (told) navigator.sendBeacon(main.dataset.screenUrl, words("gone"));
  told = false;
}

if (main) {
  setInterval(here, EVERY);
  new MutationObserver(here).observe(root, { attributeFilter: ["data-live"] });
  document.addEventListener("visibilitychange", () => (document.hidden ? gone() : here()));
  window.addEventListener("pagehide", gone);
  window.addEventListener("pageshow", here);
  here();
}
