"use strict";
// Everything that a reader chooses stands in the page's address, so that a link shows what its sender saw.
const state = {
  read: () => new URLSearchParams(location.hash.slice(1)),
  write(changes) {
    const chosen = state.read();
    for (const [name, value] of Object.entries(changes)) {
      if (value) chosen.set(name, value);
      else chosen.delete(name);
    }
    history.replaceState(null, "", `#${chosen}`);
    state.tell();
  },
  listeners: [],
  tell: () => state.listeners.forEach((listener) => listener(state.read())),
};
addEventListener("hashchange", state.tell);

const dark = matchMedia("(prefers-color-scheme: dark)");
const themeButton = document.getElementById("theme");
const theme = () => document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
const other = () => (theme() === "dark" ? "light" : "dark");
let carried = null;
function dress(chosen) {
  const wanted = chosen.get("theme");
  if (wanted === "dark" || wanted === "light") document.documentElement.dataset.theme = wanted;
  else delete document.documentElement.dataset.theme;
  themeButton.textContent = other() === "dark" ? "Dark theme" : "Light theme";
  if (wanted === carried) return;
  carried = wanted;
  for (const link of document.querySelectorAll("a[data-page]")) {
    const place = link.getAttribute("href").split("#")[0];
    link.setAttribute("href", document.documentElement.dataset.theme ? `${place}#theme=${wanted}` : place);
  }
}
state.listeners.push(dress);
dark.addEventListener("change", () => dress(state.read()));
themeButton.addEventListener("click", () => state.write({ theme: other() }));
themeButton.hidden = false;
dress(state.read());
