// Behaviours on data- attributes; every page works without them.

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector("[data-slash]");
  if (search) { event.preventDefault(); search.focus(); search.select(); }
});

// Rooms: folded on a phone, open beside the page on a desktop.
const wide = window.matchMedia("(min-width: 60rem)");
const fold = () => document.querySelectorAll("[data-open-wide]").forEach((one) => { one.open = wide.matches; });
wide.addEventListener("change", fold);
fold();

// Lists: arrows walk the rows, Enter opens the row's page.
document.addEventListener("keydown", (event) => {
  const row = event.target.closest("tr");
  if (!row || !["ArrowDown", "ArrowUp"].includes(event.key) || event.target.matches("input, select, textarea")) return;
  const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
  const link = next && next.querySelector("a, button, input");
  if (link) { event.preventDefault(); link.focus(); }
});

document.addEventListener("click", (event) => {
  const printer = event.target.closest("[data-print]");
  if (printer) window.print();
});
