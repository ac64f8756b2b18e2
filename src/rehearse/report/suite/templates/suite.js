{
  const WORDS = ["q", "status", "category", "priority", "tag", "flaky", "sort"];
  const ORDER = { status: ["failed", "error", "timeout", "unknown", "passed"], priority: ["critical", "high", "medium", "low"] };
  const NUMBERS = ["time", "queries"];
  const body = document.querySelector("#rows tbody");
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const heads = [...document.querySelectorAll("#rows th[data-sort]")];
  const text = (row, name) => row.querySelector(`.${name}`).textContent.trim();
  const rows = [...body.rows].map((element, place) => ({
    element,
    place,
    status: element.dataset.status,
    tags: element.dataset.tags.split("\n"),
    flaky: "flaky" in element.dataset ? "yes" : "",
    name: element.querySelector(".scenario").firstElementChild.textContent,
    category: text(element, "category"),
    priority: text(element, "priority"),
    time: Number(element.dataset.time),
    queries: Number(text(element, "queries")),
    words: element.textContent.toLowerCase(),
  }));

  function taken(row, wanted) {
    return ["status", "category", "priority", "flaky"].every((key) => !wanted.has(key) || row[key] === wanted.get(key))
      && (!wanted.has("tag") || row.tags.includes(wanted.get("tag")))
      && (wanted.get("q") || "").toLowerCase().split(/\s+/).every((word) => row.words.includes(word));
  }

  function compared(key) {
    if (NUMBERS.includes(key)) return (one, two) => one[key] - two[key];
    if (ORDER[key]) return (one, two) => ORDER[key].indexOf(one[key]) - ORDER[key].indexOf(two[key]);
    return (one, two) => one[key].localeCompare(two[key]);
  }

  let order = "";
  function sorted(wanted) {
    const known = heads.map((head) => head.dataset.sort);
    const key = wanted.replace("-", "");
    if (wanted === order || (wanted && !known.includes(key))) return;
    order = wanted;
    const sign = wanted.startsWith("-") ? -1 : 1;
    const compare = wanted ? compared(key) : () => 0;
    body.append(...[...rows].sort((one, two) => sign * compare(one, two) || one.place - two.place).map((row) => row.element));
    for (const head of heads) {
      if (wanted && head.dataset.sort === key) head.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  function show(wanted) {
    let count = 0;
    for (const row of rows) {
      const visible = taken(row, wanted);
      row.element.hidden = !visible;
      count += visible;
    }
    sorted(wanted.get("sort") || "");
    shown.textContent = count === rows.length ? `${count} scenarios` : `${count} of ${rows.length} scenarios`;
    for (const control of form.elements) {
      if (control.type === "checkbox") control.checked = wanted.get(control.name) === control.value;
      else if (control.name && control !== document.activeElement) control.value = wanted.get(control.name) || "";
    }
  }

  function chosen(control) {
    if (control.name) state.write({ [control.name]: control.type === "checkbox" && !control.checked ? "" : control.value.trim() });
  }
  form.addEventListener("input", (event) => chosen(event.target));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    state.write(Object.fromEntries(WORDS.map((word) => [word, ""])));
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select")) return;
    event.preventDefault();
    form.elements.q.focus();
  });

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    const first = NUMBERS.includes(head.dataset.sort) ? "-" : "";
    const turns = [first, first ? "" : "-"].map((sign) => sign + head.dataset.sort);
    button.addEventListener("click", () => {
      const now = turns.indexOf(state.read().get("sort"));
      state.write({ sort: now === 0 ? turns[1] : now === 1 ? "" : turns[0] });
    });
  }

  for (const holder of document.querySelectorAll("[data-filter]")) {
    const [key, value] = holder.dataset.filter.split(/=(.*)/s);
    if (!value) continue;
    const link = document.createElement("a");
    link.href = `#${new URLSearchParams({ [key]: value })}`;
    link.append(...holder.childNodes);
    holder.append(link);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      state.write({ ...Object.fromEntries(WORDS.map((word) => [word, ""])), [key]: value });
      document.getElementById("scenarios").scrollIntoView();
    });
  }

  form.hidden = false;
  state.listeners.push(show);
  show(state.read());
}
