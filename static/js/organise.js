// The event's menu stands open beside the page where there is room, and folds away on a phone.
const menu = document.querySelector("[data-menu]");
const narrow = window.matchMedia("(max-width: 56rem)");
const fit = () => { menu.open = !narrow.matches; };
fit();
narrow.addEventListener("change", fit);
