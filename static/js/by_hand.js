// One press fetches the words with a fresh personal link and copies them; without this script the
// page comes back with the words to copy.

const form = document.querySelector("form[data-copies]");
const words = form && document.getElementById(form.dataset.copies);

async function fetched() {
  const answer = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { Accept: "application/json" },
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.message);
  words.value = said.text;
  return said.text;
}

function copiedFromThePage() {
  words.focus();
  words.select();
  words.setSelectionRange(0, words.value.length);
  return document.execCommand("copy"); // plain HTTP on the venue's network has no clipboard
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedFromThePage();
  }
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const mark = form.querySelector("[data-said]");
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    mark.textContent = (await copied(await fetched())) ? form.dataset.copied : form.dataset.byHand;
  } catch (error) {
    mark.textContent = error instanceof TypeError ? form.dataset.lost : error.message;
  } finally {
    button.disabled = false;
  }
});
