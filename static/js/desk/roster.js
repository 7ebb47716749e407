// The list on the tablet: search from the first character on, and who is here.

export class Roster {
  constructor(people = []) {
    this.take(people);
  }

  take(people) {
    this.people = people.map((person) => {
      const [full = "", initials = ""] = person.pinyin.split(" ");
      return { ...person, full, initials: initials || full.slice(0, 1), plain: fold(person.name) };
    });
    this.byId = new Map(this.people.map((person) => [person.id, person]));
    this.byCode = new Map(this.people.map((person) => [person.code, person]));
  }

  /** People in the order a searching eye wants them: the best match first, who is still expected before who is here. */
  search(query, most = 40) {
    const text = fold(query);
    const found = [];
    for (const person of this.people) {
      const rank = text ? rankOf(person, text) : 0;
      if (rank !== null) found.push([rank + (person.checked_in_at ? 100 : person.status === "confirmed" ? 0 : 50), person]);
    }
    found.sort((one, other) => one[0] - other[0] || (one[1].full < other[1].full ? -1 : 1));
    return found.slice(0, most).map(([, person]) => person);
  }

  /** `[{key, came, expected}]` per category, and how many came in time. */
  counts(categories, onTimeUntil) {
    const limit = Date.parse(onTimeUntil);
    const rows = new Map(categories.map(({ key, name }) => [key, { key, name, came: 0, expected: 0 }]));
    const all = { came: 0, expected: 0, onTime: 0 };
    for (const person of this.people) {
      const row = rows.get(person.category);
      const expected = person.status === "confirmed";
      if (expected) { all.expected += 1; if (row) row.expected += 1; }
      if (!person.checked_in_at) continue;
      all.came += 1;
      if (row) row.came += 1;
      if (Date.parse(person.checked_in_at) <= limit) all.onTime += 1;
    }
    return { rows: [...rows.values()], all };
  }
}

// Letters and digits only: which dot, apostrophe or accent stands in a name depends on who typed it.
function fold(text) {
  return text.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** 0 is best; null is no match. */
function rankOf(person, text) {
  if (person.code.toLowerCase() === text) return 0;
  if (person.plain === text) return 1;
  if (person.plain.startsWith(text)) return 2;
  if (person.initials === text) return 3;
  if (person.full.startsWith(text)) return 4;
  if (person.initials.startsWith(text)) return 5;
  if (person.tail && person.tail.startsWith(text)) return 6;
  if (person.code.toLowerCase().startsWith(text)) return 7;
  if (person.plain.includes(text)) return 8;
  if (text.length > 1 && (person.full.includes(text) || person.tail?.endsWith(text))) return 9;
  return null;
}
