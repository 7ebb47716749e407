// The answer fills the screen: one colour, one word, who, why, and what can be done about it.

export class ResultScreen {
  constructor(dialog, words) {
    this.dialog = dialog;
    this.words = words;
    this.parts = Object.fromEntries(["word", "who", "why", "bar"].map((part) => [part, dialog.querySelector(`[data-part=${part}]`)]));
    dialog.addEventListener("close", () => this.closed());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) this.close(); });
  }

  get open() {
    return this.dialog.open;
  }

  /**
   * `result` chooses the colour; `acts` is a list of `{word, act, key, main}`. With `fades` (ms) it goes by itself.
   * A next result simply takes the place of this one: nobody has to press anything away.
   */
  show({ result, word, who = "", category = null, why = "", acts = [], fades = 0, about = null }) {
    clearTimeout(this.timer);
    this.about = about;
    this.acts = acts;
    this.dialog.dataset.result = result;
    this.parts.word.textContent = word;
    this.parts.who.replaceChildren(who);
    if (category) this.parts.who.append(" ", mark(category));
    this.parts.why.textContent = why;
    this.parts.bar.replaceChildren(...acts.map((one) => this.button(one)));
    if (!this.dialog.open) this.dialog.showModal();
    this.parts.bar.querySelector(".btn-primary")?.focus();
    if (fades) this.timer = setTimeout(() => this.close(), fades);
  }

  button({ word, act, key, main }) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = main ? "btn btn-primary" : "btn";
    button.textContent = word;
    if (key) {
      const hint = document.createElement("kbd");
      hint.textContent = key;
      button.append(" ", hint);
    }
    button.addEventListener("click", () => { this.hold(); act(); });
    return button;
  }

  /** Whoever touches a button is not hurried any more. */
  hold() {
    clearTimeout(this.timer);
  }

  /** The act of a key, if this screen has one; true when it was taken. */
  press(key) {
    const act = this.open && this.acts.find((one) => one.key === key);
    if (!act) return false;
    this.hold();
    act.act();
    return true;
  }

  close() {
    if (this.dialog.open) this.dialog.close();
  }

  closed() {
    clearTimeout(this.timer);
    this.about = null;
    this.onClose?.();
  }
}

export function mark({ key, name }) {
  const category = document.createElement("span");
  category.className = "cat";
  category.dataset.cat = key;
  category.textContent = name;
  return category;
}
