// Moving people from group to group on the organiser's page, by dragging or with the little form behind a name. Without
// scripts the form does the same. While somebody is dragged, their old group and the one below say what would be out of order;
// after each move, done or refused, the page fetches the board again. A refused person stands where they stood.

import { replaceContent } from "./live.js";

const SAID_MS = 9_000;
const page = document.getElementById("groups-board");
const toasts = document.getElementById("groups-said");
let dragged = null;

const board = () => page.querySelector("[data-move-url]");
const groupAt = (element) => element?.closest?.("[data-group-id]");
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function say(sentence, tone) {
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.dataset.tone = tone;
  toast.textContent = sentence;
  toasts.replaceChildren(toast);
  setTimeout(() => toast.remove(), SAID_MS);
}

// ---------------------------------------------------------------------------------------------------- what would be

function would(group, which) {
  for (const line of group.querySelectorAll("[data-would]")) line.classList.toggle("is-shown", which.includes(line.dataset.would));
}

function comingTo(group) {
  const differs = (what) => group.dataset[what] && dragged.dataset[what] && group.dataset[what] !== dragged.dataset[what];
  return ["coming", ...["industry", "room"].filter(differs)];
}

function over(group) {
  page.querySelectorAll(".is-target").forEach((other) => {
    if (other === group) return;
    other.classList.remove("is-target");
    would(other, []);
  });
  if (group?.classList.contains("is-target")) return;
  const home = groupAt(dragged);
  const elsewhere = group && group !== home;
  would(home, elsewhere ? ["leaving", dragged.dataset.role] : []);
  if (!elsewhere) return;
  group.classList.add("is-target");
  would(group, comingTo(group));
}

function clear() {
  page.querySelectorAll(".is-target, .is-dragged").forEach((element) => element.classList.remove("is-target", "is-dragged"));
  page.querySelectorAll(".is-shown").forEach((element) => element.classList.remove("is-shown"));
  dragged = null;
}

// --------------------------------------------------------------------------------------------------------- the move

async function post(person, from, to) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", page.querySelector("[name=csrfmiddlewaretoken]").value);
  body.set("person", person);
  body.set("seen_in", from || "0");
  body.set("group", to);
  const answer = await fetch(board().dataset.moveUrl, { method: "POST", body, headers: { Accept: "application/json" } });
  if (answer.redirected) throw new Error("not ours any more");
  return answer.ok ? null : (await answer.json()).message;
}

async function refresh() {
  const fresh = await fetch(board().dataset.boardUrl, { cache: "no-store" });
  if (!fresh.ok || fresh.redirected) throw new Error("no board");
  replaceContent(page, await fresh.text());
}

/** Moves a person and says how it went; resolves with their place on the new board. */
async function move(person, to) {
  const { name } = person.dataset;
  const id = person.dataset.person;
  const card = page.querySelector(`[data-group-id="${to}"] h3`);
  const group = card?.firstChild.textContent.trim();
  person.classList.add("is-moving");
  try {
    const refusal = await post(id, groupAt(person).dataset.groupId, to);
    await refresh();
    if (refusal) say(refusal, "warn");
    else say(fill(to ? toasts.dataset.moved : toasts.dataset.out, { name, group }), "ok");
  } catch {
    say(fill(toasts.dataset.lost, { name }), "warn");
  }
  const now = page.querySelector(`[data-person="${id}"]`);
  now?.classList.remove("is-moving");
  return now;
}

page?.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-person]");
  if (!dragged) return;
  dragged.classList.add("is-dragged");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.name);
});
for (const kind of ["dragenter", "dragover"]) {
  page?.addEventListener(kind, (event) => {
    if (!dragged) return;
    const group = groupAt(event.target);
    over(group);
    if (!group) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
  });
}
page?.addEventListener("drop", (event) => {
  if (!dragged) return;
  event.preventDefault();
  const [person, group] = [dragged, groupAt(event.target)];
  clear();
  if (group && group !== groupAt(person)) move(person, group.dataset.groupId);
});
page?.addEventListener("dragend", clear);

// By keyboard: the form behind the name, without losing one's place.
page?.addEventListener("submit", async (event) => {
  if (!event.target.matches("form[data-moves]")) return;
  event.preventDefault();
  const person = event.target.closest("[data-person]");
  const to = event.target.elements.group.value;
  if (to === groupAt(person).dataset.groupId) return;
  const now = await move(person, to);
  const details = now?.querySelector("details");
  if (!details) return;
  details.open = false;
  details.querySelector("summary").focus();
});
