// Dragging people from group to group on the organiser's page. Without it the little forms do the same.
// The page fetches the board again after each move: what is out of order is said at once.

import { replaceContent } from "./live.js";

const page = document.getElementById("groups-board");
let dragged = null;

const board = () => page.querySelector("[data-move-url]");
const groupAt = (element) => element?.closest?.("[data-group-id]");

function clear() {
  page.querySelectorAll(".is-target, .is-dragged").forEach((element) => element.classList.remove("is-target", "is-dragged"));
}

async function move(person, group) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", page.querySelector("[name=csrfmiddlewaretoken]").value);
  body.set("person", person);
  body.set("group", group);
  const moved = await fetch(board().dataset.moveUrl, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!moved.ok) {
    location.reload();
    return;
  }
  const fresh = await fetch(board().dataset.boardUrl, { cache: "no-store" });
  if (fresh.ok) replaceContent(page, await fresh.text());
}

page?.addEventListener("dragstart", (event) => {
  dragged = event.target.closest("[data-person]");
  if (!dragged) return;
  dragged.classList.add("is-dragged");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.person);
});
page?.addEventListener("dragover", (event) => {
  const group = groupAt(event.target);
  if (!dragged || !group) return;
  event.preventDefault();
  page.querySelectorAll(".is-target").forEach((element) => element.classList.remove("is-target"));
  if (group !== groupAt(dragged)) group.classList.add("is-target");
});
page?.addEventListener("drop", (event) => {
  const group = groupAt(event.target);
  event.preventDefault();
  if (dragged && group && group !== groupAt(dragged)) move(dragged.dataset.person, group.dataset.groupId);
  clear();
  dragged = null;
});
page?.addEventListener("dragend", () => { clear(); dragged = null; });
