// The tablet at the door. See queue.js for how nothing gets lost, roster.js for the search.
//
// A scan or a tap becomes a request on the disk, then goes to the server; what the guest sees is the server's answer, or after
// a moment without one the tablet's own. If the server later knows better, the desk is told, not the guest's name forgotten.

import { codeIn } from "./codes.js";
import { Queue, freshId } from "./queue.js";
import { ResultScreen, mark } from "./result.js";
import { Roster } from "./roster.js";
import { Camera, TypingScanner } from "./scanner.js";
import { Signals } from "./signals.js";
import { openStore } from "./store.js";
import { ask } from "./walkin.js";

const SAME_SCAN = 3_000;      // ms in which the same code is one scan
const PATIENCE = 1_500;       // ms until the tablet answers by itself
const ROSTER_EVERY = 12_000;  // ms between two looks at the server's roster
const FADES = { checked_in: 1_800, already: 3_500, not_confirmed: 0, unknown: 3_500 };

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const setup = read("desk-setup");
const words = read("desk-words");
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");
const clock = new Intl.DateTimeFormat(setup.language, { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: setup.zone });
const hour = (iso) => (iso ? clock.format(new Date(iso)) : "");

// ---- choices of this tablet -------------------------------------------------------------------------------------------

const choices = {
  mode: "careful", sound: true, vibration: true, operator: "",
  ...JSON.parse(localStorage.getItem("desk-choices") ?? "{}"),
};

for (const field of document.querySelectorAll("[data-choice]")) {
  const name = field.dataset.choice;
  if (field.type === "radio") field.checked = choices[name] === field.value;
  else if (field.type === "checkbox") field.checked = choices[name];
  else field.value = choices[name];
  field.addEventListener("change", () => {
    choices[name] = field.type === "checkbox" ? field.checked : field.value;
    localStorage.setItem("desk-choices", JSON.stringify(choices));
    if (field.type === "radio") field.blur(); // or the scanner would type into the void
  });
}

// ---- what the tablet knows --------------------------------------------------------------------------------------------

const store = await openStore(setup.slug);
const queue = new Queue(store, setup);
const roster = new Roster();
const screen = new ResultScreen(part("result"), words);
const signals = new Signals(choices);
let kept = null;   // the roster as the server gave it
let offset = 0;    // ms the server's clock is ahead of this one

const now = () => Date.now() + offset;
const ended = () => now() > Date.parse(kept?.expires_at ?? setup.expires_at);

async function recall() {
  offset = (await store.get("offset")) ?? 0;
  kept = (await store.get("roster")) ?? null;
  if (ended()) await forget();
  else await lay();
}

/** Lay what still waits in the queue over the server's roster: to this desk those people are here. */
async function lay() {
  roster.take(kept?.participants ?? []);
  for (const entry of await store.waiting()) {
    const person = roster.byId.get(entry.person);
    if (!person) continue;
    if (entry.kind === "check_ins" && entry.shown === "checked_in" && !person.checked_in_at) {
      Object.assign(person, { checked_in_at: entry.at, desk: setup.desk, here: true });
    } else if (entry.kind === "undo") {
      Object.assign(person, { checked_in_at: null, desk: "" });
    }
  }
  await draw();
}

async function fetchRoster() {
  const asked = Date.now();
  let response;
  try {
    response = await fetch(setup.urls.roster, { cache: "no-store", signal: AbortSignal.timeout(6_000) });
    if (response.status === 401) return shut();
    if (!response.ok) throw new Error(String(response.status));
    const fresh = await response.json();
    const heard = Date.now();
    offset = Math.round(Date.parse(fresh.server_now) - (asked + heard) / 2);
    kept = fresh;
    await Promise.all([store.put("offset", offset), store.put("roster", fresh)]);
    queue.say({ contact: true, closed: false });
    await lay();
    return true;
  } catch {
    queue.say({ contact: false });
    return false;
  }
}

/** The server does not know this tablet as a desk any more. */
async function shut() {
  queue.say({ contact: true });
  await forget();
  return false;
}

async function forget() {
  kept = null;
  await store.wipe();
  queue.say({ closed: true });
  await lay();
}

let next;
async function watch() {
  clearTimeout(next);
  if (ended()) await forget();
  else if (document.visibilityState === "visible" || queue.state.waiting) await fetchRoster();
  if (queue.state.contact && queue.state.waiting && !queue.state.syncing) queue.sync();
  next = setTimeout(watch, queue.state.contact ? ROSTER_EVERY : ROSTER_EVERY / 3);
}

// Another desk has checked somebody in: at most one look a second.
let rung = 0;
part("bell").addEventListener("salon:live", () => {
  clearTimeout(rung);
  rung = setTimeout(() => fetchRoster(), 300 + Math.random() * 700);
});

// ---- what the tablet shows --------------------------------------------------------------------------------------------

function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

const category = (person) => (kept?.categories ?? setup.categories).find(({ key }) => key === person?.category) ?? null;

async function draw() {
  drawPeople();
  drawCounts();
  await Promise.all([drawLast(), drawOdd()]);
}

function drawPeople() {
  const query = part("search").elements.query.value;
  const found = roster.search(query, query ? 20 : 60);
  part("people").replaceChildren(...found.map((person, place) => personRow(person, place === 0 && query)));
  const nobody = part("nobody");
  nobody.hidden = found.length > 0;
  if (found.length) return;
  const [heading, sentence] = nobody.children;
  const empty = kept && !query;
  heading.textContent = query ? say("nobody", { query }) : empty ? words.empty : words.no_roster;
  sentence.textContent = query ? words.nobody_why : empty ? words.empty_why : "";
}

function personRow(person, first) {
  const sub = element("span", "py", [person.full, person.tail && say("tail", { tail: person.tail })].filter(Boolean).join("　"));
  const name = element("span", "name", person.name);
  const kind = category(person);
  if (kind) name.append(element("small", "", mark(kind)));
  const status = element("span", "status");
  if (person.checked_in_at) {
    status.classList.add("status-off");
    status.textContent = say("came_at", { at: hour(person.checked_in_at) });
  } else {
    status.dataset.status = person.status;
    status.textContent = setup.statuses[person.status] ?? "";
  }
  const button = element("button", "", name, status, sub);
  button.type = "button";
  button.addEventListener("click", () => choose(person, "search"));
  const row = element("li", first ? "is-first" : "", button);
  row.dataset.key = person.id;
  return row;
}

function drawCounts() {
  const { rows, all } = roster.counts(kept?.categories ?? setup.categories, setup.on_time_until);
  const figure = (name, came, expected, key) => {
    const number = element("b", "", String(came));
    if (expected !== null) number.append(element("small", "", ` / ${expected}`));
    const box = element("div", "", number, element("span", "", name));
    if (key) box.dataset.cat = key;
    return box;
  };
  part("counts").replaceChildren(
    figure(words.here, all.came, all.expected),
    figure(words.on_time, all.onTime, null),
    ...rows.map((row) => figure(row.name, row.came, row.expected, row.key)),
  );
}

async function drawLast() {
  const scans = await store.last();
  const rows = scans.slice(0, 8).map((scan) => {
    const person = roster.byId.get(scan.person);
    const row = element("li", "", element("time", "", hour(scan.at)), element("b", "", person?.name ?? words.somebody));
    if (scan.undone) row.append(element("span", "muted", words.undone));
    else {
      const undo = element("button", "btn btn-quiet", words.undo);
      undo.type = "button";
      undo.addEventListener("click", () => takeBack(scan));
      row.append(undo);
    }
    return row;
  });
  part("last").replaceChildren(...(rows.length ? rows : [element("li", "muted", words.none_yet)]));
}

async function drawOdd() {
  const all = await store.odd();
  const button = part("odd");
  button.hidden = all.length === 0;
  button.textContent = `${part("odd-sheet").querySelector("h2").textContent} · ${all.length}`;
  part("odd-list").replaceChildren(...all.map(oddRow));
}

function oddRow(odd) {
  const person = roster.byId.get(odd.person);
  const values = {
    name: person?.name ?? odd.form?.name ?? words.somebody, at: hour(odd.first?.at), desk: odd.first?.desk ?? "", message: odd.message ?? "",
  };
  const bar = element("div", "btn-bar");
  const act = (word, run) => {
    const button = element("button", "btn btn-sm", word);
    button.type = "button";
    button.addEventListener("click", run);
    bar.append(button);
  };
  const settle = async () => { await store.settleOdd(odd.client_id); await drawOdd(); };
  if (odd.form) act(words.fix, async () => { part("odd-sheet").close(); await walkIn(odd.form, settle); });
  act(words.done, async () => { await settle(); if (part("odd").hidden) part("odd-sheet").close(); });
  return element("li", "", element("div", "grow", say(`odd_${odd.why}`, values)), bar);
}

queue.addEventListener("state", ({ detail }) => {
  const { contact, waiting, syncing, closed } = detail;
  const net = part("net");
  const state = !contact ? "offline" : syncing || waiting ? "syncing" : "online";
  const word = !contact ? (waiting ? "offline_waiting" : "offline") : syncing ? "syncing" : waiting ? "waiting" : "online";
  net.dataset.state = closed ? "offline" : state;
  net.dataset.waiting = waiting;
  net.textContent = closed ? words.closed : say(word, { n: waiting });
  part("closed").hidden = !closed;
  part("closed").textContent = closed ? say("closed_why", { n: waiting }) : "";
});

queue.addEventListener("answered", async ({ detail }) => {
  const { entry, answer } = detail;
  const person = kept?.participants.find(({ id }) => id === (answer.participant?.id ?? entry.person));
  if (person && answer.first && ["checked_in", "already"].includes(answer.result)) {
    Object.assign(person, { checked_in_at: answer.first.at, desk: answer.first.desk });
  }
  if (person && answer.result === "undone") Object.assign(person, { checked_in_at: null, desk: "" });
  await lay();
});

// ---- a scan ---------------------------------------------------------------------------------------------------------------

let lastText = "";
let lastAt = 0;

/** Whatever a camera or a scanner read. The same code within three seconds is one scan. */
function scanned(text, method) {
  const code = codeIn(text, setup.slug);
  const key = code || text;
  const at = performance.now();
  const again = key === lastText && at - lastAt < SAME_SCAN;
  lastText = key;
  lastAt = at;
  if (again) return;
  if (!code) {
    show("unknown", { why: words.why_no_code });
    return;
  }
  const person = roster.byCode.get(code);
  if (person) choose(person, method, code);
  else checkIn({ code, method });
}

/** A person has been found: in careful mode the desk looks first, in express mode the door is open. */
function choose(person, method, code = "") {
  if (choices.mode === "express" || person.checked_in_at || person.status !== "confirmed") {
    checkIn({ person, code, method });
    return;
  }
  screen.show({
    result: "ask", word: person.name, category: category(person), about: person.id,
    who: "", why: [words.ask, person.full, person.tail && say("tail", { tail: person.tail })].filter(Boolean).join("　"),
    acts: [
      { word: words.check_in, main: true, act: () => checkIn({ person, code, method }) },
      { word: words.back, act: () => screen.close() },
    ],
  });
}

function request(body) {
  return {
    client_id: freshId(), scanned_at: new Date().toISOString(), offset_ms: offset, operator: choices.operator, ...body,
  };
}

async function checkIn({ person = null, code = "", method, letIn = false }) {
  const local = letIn ? "checked_in" : localAnswer(person);
  // Without the network only what the tablet has granted is worth keeping for later.
  if (!queue.state.contact && local !== "checked_in") return showLocal(local, person, { code, method });
  const body = request({ method, ...(code && !person ? { code } : { participant: person.id }) });
  const shown = queue.state.contact ? null : local;
  if (shown) body.admitted = true;
  const entry = { client_id: body.client_id, kind: "check_ins", body, shown, person: person?.id ?? null, at: new Date(now()).toISOString() };
  await queue.add("check_ins", body, entry);
  if (shown) {
    await granted(entry);
    showLocal(local, person, { entry });
    queue.sync();
    return undefined;
  }
  const sent = queue.send(entry);
  const outcome = await Promise.race([sent, new Promise((resolve) => { setTimeout(resolve, PATIENCE, { state: "slow" }); })]);
  if (outcome.state === "answered") return showAnswer(outcome.answer, entry);
  if (outcome.state === "refused") return show("refused", { why: outcome.answer.message });
  if (outcome.state === "closed") return shut();
  return undecided(entry, local, person, sent);
}

/** No answer in time: the guest is shown the tablet's own, and the entry remembers what was shown. */
async function undecided(entry, local, person, sent) {
  if (local === "checked_in") {
    await store.markShown(entry.client_id, local);
    entry.shown = local;
    await granted(entry);
  }
  showLocal(local, person, { entry, code: entry.body.code, method: entry.body.method });
  const late = await sent;
  if (late.state === "answered" && screen.about === entry.client_id) showAnswer(late.answer, entry);
  else queue.sync();
}

function localAnswer(person) {
  if (!person) return "unknown";
  if (person.checked_in_at) return "already";
  return person.status === "confirmed" ? "checked_in" : "not_confirmed";
}

async function granted(entry) {
  await store.remember({ client_id: entry.client_id, person: entry.person, at: entry.at });
  await lay();
}

// ---- the answer -----------------------------------------------------------------------------------------------------------

function show(result, { who = "", kind = null, why = "", acts = [], about = null } = {}) {
  signals.give(result);
  const fades = choices.mode === "express" ? FADES[result] ?? 0 : 0;
  const onward = { word: words.next, main: !acts.some((act) => act.main), act: () => screen.close() };
  screen.show({ result, word: words[result], who, category: kind, why, acts: [...acts, onward], fades, about });
}

async function showAnswer(answer, entry) {
  const person = answer.participant;
  const values = { name: person?.name ?? "", at: hour(answer.first?.at), desk: answer.first?.desk ?? "", by: answer.first?.by ?? "", status: person?.status_text ?? "", capacity: setup.capacity };
  const about = entry.client_id;
  const kind = person?.category ?? null;
  if (answer.result === "checked_in") {
    await store.remember({ client_id: entry.client_id, person: person.id, at: answer.first.at });
    await drawLast();
    const why = entry.kind === "walk_ins" ? words.why_walk_in : say("why_checked_in", values);
    show("checked_in", { who: values.name, kind, why, about, acts: afterwards(entry, person) });
  } else if (answer.result === "not_confirmed") {
    const why = person.online ? words.why_online : say("why_not_confirmed", values);
    show("not_confirmed", { who: values.name, kind, why, about, acts: [{ word: words.admit, main: true, act: () => admit(person) }] });
  } else if (answer.result === "unknown") {
    show("unknown", { why: words.why_unknown, about, acts: [{ word: words.walk_in, act: () => { screen.close(); walkIn(); } }] });
  } else if (answer.result === "already") {
    show("already", { who: values.name, kind, why: say("why_already", values), about, acts: [cardAct(person), takeBackAct({ person: person.id })] });
  } else {
    show(answer.result, { who: values.name, kind, why: say(`why_${answer.result}`, values), about });
  }
}

function showLocal(result, person, { entry = null, code = "", method = "search" } = {}) {
  const values = { name: person?.name ?? "", at: hour(person?.checked_in_at), desk: person?.desk ?? "", by: person?.desk ?? "", status: setup.statuses[person?.status] ?? "" };
  const why = {
    checked_in: words.why_offline,
    already: person?.here ? say("why_already_here", values) : say("why_already", values),
    not_confirmed: say("why_not_confirmed", values),
    unknown: words.why_unknown_offline,
  }[result];
  const acts = [];
  if (result === "checked_in" && entry) acts.push(...afterwards(entry, person));
  if (result === "unknown") {
    if (code) acts.push({ word: words.admit_offline, act: () => checkIn({ code, method, letIn: true }) });
    acts.push({ word: words.walk_in, act: () => { screen.close(); walkIn(); } });
  }
  if (result === "not_confirmed") acts.push({ word: words.admit, main: true, act: () => admit(person) });
  show(result, { who: values.name, kind: category(person), why, about: entry?.client_id ?? null, acts });
}

function afterwards(entry, person) {
  return [...(person?.id ? [cardAct(person)] : []), takeBackAct({ client_id: entry.client_id, person: person?.id ?? null })];
}

const cardAct = (person) => ({ word: words.card, act: () => { screen.close(); card(person); } });
const takeBackAct = (scan) => ({ word: words.undo, key: "u", act: () => { screen.close(); takeBack(scan); } });

// ---- undo, walk-in, card --------------------------------------------------------------------------------------------------

for (const reason of words.reasons) {
  const button = element("button", "btn", reason);
  Object.assign(button, { name: "reason", value: reason });
  part("reasons").append(button);
}

/** Wait for it, but not longer than a guest would. */
const soon = (promise) => Promise.race([promise, new Promise((resolve) => { setTimeout(resolve, PATIENCE); })]);

async function takeBack(scan) {
  const answer = await ask(part("undo-sheet"));
  const reason = answer && (answer.reason || answer.other || words.reasons[0]);
  if (!reason) return;
  const body = { client_id: freshId(), reason, ...(scan.client_id ? { check_in: scan.client_id } : { participant: scan.person }) };
  const entry = await queue.add("undo", body, { person: scan.person });
  if (scan.client_id) await store.change(scan.client_id, { undone: true });
  await lay();
  await soon(queue.sync());
  const name = roster.byId.get(scan.person)?.name ?? words.somebody;
  show("undone", { who: name, why: say("why_undone", { name }), about: entry.client_id });
}

/** `queued` runs once what was typed is on the disk as a request: a sheet closed half-way loses nothing. */
async function walkIn(values = {}, queued = null) {
  const arrived = roster.counts(setup.categories, setup.on_time_until);
  const held = roster.people.filter(({ status }) => ["confirmed", "accepted", "offered"].includes(status)).length;
  const waiting = (await store.waiting()).filter(({ kind }) => kind === "walk_ins").length;
  const taken = Math.min(setup.capacity, held + waiting);
  part("seats").textContent = say("seats_left", { taken, capacity: setup.capacity, left: setup.capacity - taken });
  for (const row of arrived.rows) {
    const seats = part("walk-in-sheet").querySelector(`[data-seats="${CSS.escape(row.key)}"]`);
    if (seats) seats.textContent = `${row.came} / ${row.expected}`;
  }
  const query = part("search").elements.query.value.trim();
  const typed = /\p{Script=Han}/u.test(query) ? { name: query } : {};
  const { name, mobile, category: group, industry, pain, consents } = { ...typed, ...values };
  const form = await ask(part("walk-in-sheet"), { values: { name, mobile, category: group, industry, pain, "consents[]": consents }, focus: "name" });
  if (!form) return;
  clearQuery();
  if (!queue.state.contact && taken >= setup.capacity) {
    show("full", { who: form.name, why: say("why_full", { capacity: setup.capacity }) });
    return;
  }
  await sendWalkIn(request(form), form.name, setup.categories.find(({ key }) => key === form.category), { queued });
}

/** Somebody on the list without a confirmed seat: the desk takes them in while there is one. */
function admit(person) {
  return sendWalkIn(request({ participant: person.id }), person.name, person.category?.key ? person.category : category(person), { person: person.id });
}

async function sendWalkIn(body, name, kind, { person = null, queued = null } = {}) {
  const shown = queue.state.contact ? null : "checked_in";
  const entry = await queue.add("walk_ins", body, { shown, person, at: new Date(now()).toISOString() });
  await queued?.();
  const outcome = shown ? { state: "lost" } : await queue.send(entry);
  if (outcome.state === "answered") {
    await showAnswer(outcome.answer, entry);
    fetchRoster();
  } else if (outcome.state === "refused") {
    await store.settleOdd(entry.client_id); // it is being put right at once
    await drawOdd();
    show("refused", { who: name, why: outcome.answer.message, acts: [{ word: words.fix, main: true, act: () => { screen.close(); walkIn(body); } }] });
  } else if (outcome.state === "closed") {
    shut();
  } else {
    await store.markShown(entry.client_id, "checked_in");
    await granted({ ...entry, person });
    show("checked_in", { who: name, kind, why: words.why_offline, about: entry.client_id, acts: [takeBackAct({ client_id: entry.client_id, person })] });
    queue.sync();
  }
}

async function card(person) {
  let values = {};
  try {
    const response = await fetch(`${setup.urls.cards}/${person.id}`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (response.ok) values = await response.json();
  } catch {
    // Without the network the sheet is empty; what is typed is sent later.
  }
  part("card-title").textContent = `${person.name} · ${words.card}`;
  const form = await ask(part("card-sheet"), { values });
  if (!form) return;
  const entry = await queue.add("cards", { client_id: freshId(), participant: person.id, ...form }, { person: person.id });
  await soon(queue.sync());
  show("saved", { who: person.name, why: queue.state.contact ? "" : words.why_offline, about: entry.client_id });
}

// ---- hands, scanner, camera -------------------------------------------------------------------------------------------------

const query = part("search").elements.query;

function clearQuery() {
  query.value = "";
  drawPeople();
}

query.addEventListener("input", drawPeople);

part("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = query.value;
  const [first] = roster.search(text, 1);
  // A scanner types into the field when it has the focus: then the text is a code and not a name.
  const code = codeIn(text, setup.slug);
  query.blur();
  if (code && (!first || roster.byCode.get(code))) {
    clearQuery();
    scanned(text, "code");
  } else if (first && text) {
    clearQuery();
    choose(first, "search");
  } else if (text.includes("/")) {
    clearQuery();
    scanned(text, "code");
  }
});
query.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  clearQuery();
  query.blur();
});

new TypingScanner({
  onText: (text) => scanned(text, "qr"),
  onKey: (key) => {
    if (document.querySelector("dialog.sheet[open]")) return;
    if (screen.press(key)) return;
    if (key === "/" || key === "、") { screen.close(); query.focus(); query.select(); }
    else if (key === "u") store.last().then(([scan]) => scan && !scan.undone && takeBack(scan));
  },
});

const camera = new Camera({ video: part("camera").querySelector("video"), settings: setup, onText: (text) => scanned(text, "qr") });
part("scan").addEventListener("click", async () => {
  const refused = part("camera-refused");
  refused.hidden = true;
  if (camera.open) camera.stop();
  else {
    try {
      await camera.start();
    } catch {
      refused.textContent = words.camera_refused;
      refused.hidden = false;
    }
  }
  part("camera").hidden = !camera.open;
  part("scan").setAttribute("aria-pressed", String(camera.open));
});

for (const button of document.querySelectorAll('[data-act="walk-in"]')) button.addEventListener("click", () => walkIn());
part("odd").addEventListener("click", () => part("odd-sheet").showModal());

document.querySelector('[data-act="export"]').addEventListener("click", async () => {
  const waiting = await store.waiting();
  const file = new Blob([JSON.stringify(waiting, null, 2)], { type: "application/json" });
  const link = element("a");
  link.href = URL.createObjectURL(file);
  link.download = `desk-${setup.slug}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});

const blurred = part("blurred");
window.addEventListener("blur", () => { setTimeout(() => { blurred.hidden = document.hasFocus(); }, 200); });
window.addEventListener("focus", () => { blurred.hidden = true; });

// ---- start ------------------------------------------------------------------------------------------------------------------

async function stayAwake() {
  if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen").catch(() => null);
}
document.addEventListener("visibilitychange", () => { stayAwake(); if (document.visibilityState === "visible") watch(); });
window.addEventListener("online", watch);

await recall();
await queue.count();
document.documentElement.dataset.desk = "ready";
navigator.storage?.persist?.().catch(() => null);
navigator.serviceWorker?.register(setup.urls.worker, { scope: setup.urls.scope })
  .then(() => navigator.serviceWorker.ready)
  .then(() => { document.documentElement.dataset.offline = "ready"; })
  .catch(() => null);
stayAwake();
await watch();
queue.sync();
