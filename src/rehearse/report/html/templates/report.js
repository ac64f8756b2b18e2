// Turns pages, filters and opens; what was chosen stands in the link beside the theme, after the section that it leads to.
(() => {
  const root = document.documentElement;
  const chosen = (key) => state.read().get(key) || "";
  const place = () => [...state.read()].filter(([, value]) => !value).map(([key]) => key)[0] || "";

  // ── what is open ───────────────────────────────────────────────────────────
  const folds = [...document.querySelectorAll("details[id]")];
  const usual = new Map(folds.map((fold) => [fold, fold.open]));
  const listed = (key) => new Set(chosen(key).split(",").filter(Boolean));
  const unfold = () => {
    const open = listed("open"), shut = listed("shut");
    for (const fold of folds) fold.open = open.has(fold.id) || (usual.get(fold) && !shut.has(fold.id));
  };
  const noteFolds = () => {
    const ids = (wanted) => folds.filter((fold) => fold.open !== usual.get(fold) && fold.open === wanted).map((fold) => fold.id).join(",");
    if (ids(true) !== chosen("open") || ids(false) !== chosen("shut")) state.write({ open: ids(true), shut: ids(false) });
  };
  for (const fold of folds) fold.querySelector("summary").addEventListener("click", () => setTimeout(noteFolds));

  // ── where to look ──────────────────────────────────────────────────────────
  let looked = "";
  const look = (again) => {
    const wanted = place();
    if (wanted === looked && !again) return;
    looked = wanted;
    const target = document.getElementById(wanted);
    if (!target) return;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    noteFolds();
    target.scrollIntoView();
    if (target.tabIndex < 0 && !target.hasAttribute("tabindex")) target.tabIndex = -1;
    target.focus({ preventScroll: true });
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const rest = state.read();
    if (place()) rest.delete(place());
    const kept = String(rest);
    const address = link.getAttribute("href") + (kept && `&${kept}`);
    if (address === location.hash) look(true); else location.hash = address;
  });

  // ── tables ─────────────────────────────────────────────────────────────────
  const made = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.textContent = text;
    return element;
  };
  const rowOf = (data, heads) => {
    const row = made("tr", data[0], "");
    data.slice(1).forEach((cell, index) => {
      const quiet = Array.isArray(cell);
      const place = made("td", heads[index].dataset.style, quiet ? "" : cell);
      place.dataset.label = heads[index].textContent;
      if (quiet) place.append(made("span", "main", cell[0]), ...(cell[1] ? [made("span", "below", cell[1])] : []));
      row.append(place);
    });
    return row;
  };
  class Table {
    constructor(box) {
      this.id = box.id;
      this.size = Number(box.dataset.pageSize);
      this.body = box.querySelector("tbody");
      this.pager = box.querySelector(".pager");
      this.filters = box.querySelector(".filters");
      this.find = box.querySelector("input");
      this.show = box.querySelector("select");
      const data = box.querySelector('script[type="application/json"]');
      const heads = [...box.querySelectorAll("thead th")];
      this.rows = data
        ? JSON.parse(data.textContent).map((row) => ({ kind: row[0], text: row.slice(1).flat().join(" ").toLowerCase(), make: () => rowOf(row, heads) }))
        : [...this.body.rows].map((row) => ({ kind: row.className, text: row.textContent.toLowerCase(), make: () => row }));
      this.listen();
    }
    listen() {
      for (const turn of this.pager.querySelectorAll("button")) {
        turn.addEventListener("click", () => { if (turn.getAttribute("aria-disabled") !== "true") this.turn(turn.dataset.turn); });
      }
      this.pager.addEventListener("keydown", (event) => {
        const way = { ArrowLeft: "back", ArrowRight: "on", Home: "first", End: "last" }[event.key];
        if (!way) return;
        event.preventDefault();
        this.turn(way);
      });
      if (!this.filters) return;
      this.filters.hidden = false;
      this.find.addEventListener("input", () => this.filter("find", this.find.value));
      if (this.show) this.show.addEventListener("change", () => this.filter("show", this.show.value));
    }
    get matching() {
      const wanted = chosen(`${this.id}.find`).toLowerCase();
      const kind = chosen(`${this.id}.show`);
      if (!wanted && !kind) return this.rows;
      return this.rows.filter((row) => (!kind || row.kind === kind) && (!wanted || row.text.includes(wanted)));
    }
    filter(key, value) {
      state.write({ [`${this.id}.page`]: "", [`${this.id}.${key}`]: value });
    }
    turn(way) {
      const to = { first: 1, back: this.page - 1, on: this.page + 1, last: this.pages }[way];
      const page = Math.min(Math.max(to, 1), this.pages);
      state.write({ [`${this.id}.page`]: page > 1 ? page : "" });
    }
    draw() {
      const found = this.matching;
      this.pages = Math.max(1, Math.ceil(found.length / this.size));
      this.page = Math.min(Math.max(Math.trunc(Number(chosen(`${this.id}.page`))) || 1, 1), this.pages);
      const low = (this.page - 1) * this.size, high = Math.min(low + this.size, found.length);
      this.body.replaceChildren(...found.slice(low, high).map((row) => row.make()));
      if (this.find && this.find.value !== chosen(`${this.id}.find`)) this.find.value = chosen(`${this.id}.find`);
      if (this.show) this.show.value = chosen(`${this.id}.show`);
      this.tell(found.length, low, high);
    }
    tell(count, low, high) {
      const said = (number) => number.toLocaleString("en");
      this.pager.hidden = this.pages === 1 && count === this.rows.length;
      const shown = count ? `${said(low + 1)}–${said(high)} of ${said(count)}` : "No row";
      this.pager.querySelector(".where").textContent = count === this.rows.length ? shown : `${shown} that match, ${said(this.rows.length)} in all`;
      for (const turn of this.pager.querySelectorAll("button")) {
        const idle = ["first", "back"].includes(turn.dataset.turn) ? this.page === 1 : this.page === this.pages;
        turn.hidden = this.pages === 1;
        turn.setAttribute("aria-disabled", String(idle));
      }
    }
  }
  const tables = [...document.querySelectorAll(".paged")].map((box) => new Table(box));

  // ── a region that scrolls can be reached by key, one that does not is no stop on the way ──
  const watch = new ResizeObserver((seen) => {
    for (const { target } of seen) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0; else target.removeAttribute("tabindex");
    }
  });
  for (const region of document.querySelectorAll(".wide")) watch.observe(region);

  // ── begin ──────────────────────────────────────────────────────────────────
  root.classList.add("scripted");
  state.listeners.push(() => {
    unfold();
    for (const table of tables) table.draw();
    look(false);
  });
  state.tell();
})();
