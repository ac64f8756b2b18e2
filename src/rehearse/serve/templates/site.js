// Links that are made later, and filters, take the chosen theme along like the links that were there from the beginning.
function dressed(address) {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? `${address}#theme=${chosen}` : address;
}
function dressForms() {
  for (const form of document.querySelectorAll("form[method=get]")) {
    form.setAttribute("action", dressed(form.getAttribute("action").split("#")[0]));
  }
}
state.listeners.push(dressForms);
dressForms();
