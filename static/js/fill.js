// Fill to quota: counts follow what is chosen, and say when it is more than the room.
const form = document.querySelector("[data-fill]");
const free = Number(form.dataset.free);

function count() {
  const numbers = {};
  let total = 0;
  form.querySelectorAll("[data-fill-row]").forEach((row) => {
    const accepted = row.querySelector("input[value=accept]").checked;
    row.classList.toggle("is-accepted", accepted);
    const reason = row.querySelector(".fill-reason");
    if (reason) reason.required = accepted;
    if (!accepted) return;
    total += 1;
    numbers[row.dataset.catKey] = (numbers[row.dataset.catKey] ?? 0) + 1;
  });
  form.querySelectorAll("[data-count]").forEach((place) => {
    place.textContent = numbers[place.dataset.count] ?? 0;
  });
  form.querySelector("[data-total]").textContent = total;
  form.querySelector("[data-too-many]").hidden = total <= free;
}

form.addEventListener("change", count);
count();
