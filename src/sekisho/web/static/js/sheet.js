// A sheet of rejected rows: Enter leads to the next bad cell, a change is seen and can be taken back, and is not lost.

const form = document.querySelector("[data-sheet]");
if (form) {
  const cells = () => [...form.querySelectorAll(".sheet input[name]")];
  const bad = () => [...form.querySelectorAll('.sheet input[aria-invalid="true"]')];
  const save = form.querySelector('button[value="mend"]');
  const said = form.querySelector("[data-changed]");
  let leaving = false;

  const isChanged = (input) => input.value !== input.defaultValue;
  const show = (input) => {
    const cell = input.closest("td");
    cell.classList.toggle("changed", isChanged(input));
    let undo = cell.querySelector(".undo");
    if (isChanged(input) && !undo) {
      undo = document.createElement("button");
      undo.type = "button";
      undo.className = "plain undo";
      undo.textContent = form.dataset.undo;
      input.after(undo);
    }
    if (!isChanged(input) && undo) undo.remove();
    const rows = new Set(cells().filter(isChanged).map((one) => one.closest("tr")));
    if (said) said.textContent = rows.size ? form.dataset.words.replace("{n}", rows.size) : "";
  };
  const next = (input, forward) => {
    const way = forward ? Node.DOCUMENT_POSITION_FOLLOWING : Node.DOCUMENT_POSITION_PRECEDING;
    const some = bad().filter((one) => input.compareDocumentPosition(one) & way);
    return forward ? some[0] ?? save : some.at(-1);
  };

  form.addEventListener("input", (event) => { if (event.target.matches(".sheet input[name]")) show(event.target); });
  form.addEventListener("keydown", (event) => {
    const input = event.target.closest(".sheet input[name]");
    if (!input || event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      const goal = next(input, !event.shiftKey);
      if (goal) { goal.focus(); goal.select?.(); }
    } else if (event.key === "Escape" && isChanged(input)) {
      event.preventDefault();
      input.value = input.defaultValue;
      show(input);
    }
  });
  form.addEventListener("click", (event) => {
    if (!event.target.matches(".undo")) return;
    const input = event.target.parentElement.querySelector("input[name]");
    input.value = input.defaultValue;
    show(input);
    input.focus();
  });
  form.addEventListener("reset", () => setTimeout(() => cells().forEach(show)));
  form.addEventListener("submit", () => { leaving = true; });
  addEventListener("beforeunload", (event) => { if (!leaving && cells().some(isChanged)) event.preventDefault(); });
  document.querySelector(".to-bad")?.addEventListener("click", (event) => {
    const first = bad()[0];
    if (first) { event.preventDefault(); first.focus(); first.select(); }
  });
}
