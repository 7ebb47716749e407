// One question per screen. Without this script the same form is one long page.
// What is chosen is kept in this tab until the page that follows says that it has arrived (data-survey-answered).

const form = document.querySelector("[data-survey]");
const key = `survey:${location.pathname}`;
if (document.querySelector("[data-survey-answered]")) {
  try { sessionStorage.removeItem(key); } catch { /* nothing was kept */ }
}
if (form) {
  const questions = [...form.querySelectorAll("[data-question]")];
  const [way, where, back, next, send] = ["way", "where", "back", "next", "send"].map((name) =>
    form.querySelector(`[data-${name}]`));
  const bar = way.querySelector("progress");
  let at = 0;

  const answered = (question) =>
    Boolean(question.querySelector("input:checked") || question.querySelector("textarea")?.value.trim());
  const complete = (question) => !("required" in question.dataset) || answered(question);

  function show(index, { focus = true } = {}) {
    at = Math.max(0, Math.min(index, questions.length - 1));
    questions.forEach((question, number) => { question.hidden = number !== at; });
    const last = at === questions.length - 1;
    back.hidden = at === 0;
    next.hidden = last;
    send.hidden = !last;
    bar.value = at + 1;
    where.textContent = form.dataset.of.replace("{n}", at + 1).replace("{of}", questions.length);
    if (focus) (questions[at].querySelector("input:checked, textarea, input"))?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  function step() {
    const missing = questions[at].querySelector("[data-missing]");
    missing.hidden = complete(questions[at]);
    if (missing.hidden) show(at + 1);
  }

  function keep() {
    const answers = Object.fromEntries([...new FormData(form)].filter(([name]) => name.startsWith("q")));
    try { sessionStorage.setItem(key, JSON.stringify(answers)); } catch { /* private mode: nothing is kept */ }
  }

  function recall() {
    let answers = {};
    try { answers = JSON.parse(sessionStorage.getItem(key)) ?? {}; } catch { return; }
    for (const [name, value] of Object.entries(answers)) {
      for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (field.type === "radio") field.checked ||= field.value === value;
        else if (!field.value) field.value = value;
      }
    }
  }

  recall();
  way.hidden = false;
  form.querySelector("[data-kept]").hidden = false;
  const unanswered = questions.findIndex((question) => !complete(question));
  show(unanswered < 0 ? 0 : unanswered, { focus: false });
  next.addEventListener("click", step);
  back.addEventListener("click", () => show(at - 1));
  form.addEventListener("change", (event) => {
    keep();
    // A tap is an answer; arrow keys only walk over the choices.
    if (event.target.type === "radio" && pointer && at < questions.length - 1) setTimeout(step, 200);
  });
  form.addEventListener("input", keep);
  let pointer = false;
  form.addEventListener("pointerdown", () => { pointer = true; });
  form.addEventListener("keydown", (event) => {
    pointer = false;
    if (event.key === "Enter" && event.target.tagName !== "TEXTAREA" && at < questions.length - 1) {
      event.preventDefault();
      step();
    }
  });
  form.addEventListener("submit", (event) => {
    const missing = questions.findIndex((question) => !complete(question));
    if (missing < 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    show(missing);
    questions[missing].querySelector("[data-missing]").hidden = false;
  }, true);
}
