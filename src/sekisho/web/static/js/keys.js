// Keys: / searches, ? shows them all, g and a letter leads to a room. Whoever does not want them turns them off on /keys.

const OFF = "sekisho-keys-off";
const off = () => localStorage.getItem(OFF) === "1";
let waiting = 0;

async function help() {
  const answer = await fetch("/keys");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "keys-title");
  dialog.append(page.querySelector("[data-keys]"));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || off()) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
  const search = document.querySelector("[data-slash]");
  const room = Date.now() - waiting < 3000 && document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  waiting = event.key === "g" ? Date.now() : 0;
  if (room) { event.preventDefault(); room.click(); }
  else if (event.key === "/" && search) { event.preventDefault(); search.focus(); search.select(); }
  else if (event.key === "?") { event.preventDefault(); help(); }
});

const choice = document.querySelector("[data-keys-choice]");
if (choice) {
  choice.closest("[hidden]").hidden = false;
  choice.checked = !off();
  choice.addEventListener("change", () => localStorage.setItem(OFF, choice.checked ? "0" : "1"));
}
