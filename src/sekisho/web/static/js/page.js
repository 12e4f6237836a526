// Behaviours on data- attributes; every page works without them.

// Lists: arrows walk the rows or hits, Enter opens what the row is about; arrow down leads from a filter into its table.
const step = (from, down) => {
  const row = from.closest("tr, .hits li");
  if (row) return down ? row.nextElementSibling : row.previousElementSibling;
  const list = down && from.closest(".table, .search-page");
  return list ? list.querySelector("tbody tr, .hits li") : null;
};
document.addEventListener("keydown", (event) => {
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || event.target.matches("select, textarea, [type=date], [type=number]")) return;
  const next = step(event.target, event.key === "ArrowDown");
  const link = next && next.querySelector("a, button, input");
  if (link) { event.preventDefault(); link.focus(); }
});

// What a table says of itself after it was filtered is said aloud; the choice of language stays on the filtered page.
const said = document.getElementById("said");
document.addEventListener("htmx:after:swap", () => {
  const count = document.activeElement.closest(".table")?.querySelector("[data-say]");
  if (count && said) said.textContent = count.textContent;
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-stay]")) event.target.elements.next.value = location.pathname + location.search;
});

// A table written by hand becomes blocks on a phone as well: each cell takes its column's name.
for (const table of document.querySelectorAll(".scroll > table:not(.stack, .matrix)")) {
  const names = [...table.querySelectorAll("thead th")].map((one) => one.textContent.trim());
  if (!names.length || table.querySelector("[colspan], [rowspan]")) continue;
  for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, place) => {
    cell.dataset.label = names[place];
    if (cell.textContent.trim() === "—") cell.classList.add("blank");
  });
  for (const row of table.tBodies[0].rows) ([...row.cells].find((one) => one.querySelector("a")) ?? row.cells[0])?.classList.add("title");
  table.classList.add("stack");
}

// Errors: the summary has the focus, so that it is read first.
document.getElementById("errors")?.focus();

// Paper: everything folded is opened first; a page asked for with ?print=1 opens the printer's window itself.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
if (new URLSearchParams(location.search).has("print")) print();
