// What the server tells is the newest standing of a run or of a command; between two tellings only the clock goes on.
const find = (id) => document.getElementById(id);
const going = new Map();
const over = new Map();
const starts = new Map();
const most = 100; // rows of runs that are over; the history has all
const marks = { passed: "✓", failed: "✗", unknown: "?", timeout: "◷", error: "!", "broken off": "⚠" };
const plural = (count, noun, nouns) => `${count.toLocaleString("en")} ${count === 1 ? noun : nouns}`;

function seconds(time) {
  if (time < 60) return `${time.toFixed(1)} s`;
  return `${Math.floor(time / 60)} min ${Math.floor(time % 60)} s`;
}

function queries(run) {
  return run.is_all_known ? plural(run.queries, "query", "queries") : `${run.queries.toLocaleString("en")}+ queries`;
}

function taken(time) {
  if (time >= 1) return seconds(time);
  return time < 0.001 ? "<1 ms" : `${Math.round(time * 1000)} ms`;
}

function deadline(time) {
  const minutes = Math.floor(time / 60);
  const rest = Math.round((time % 60) * 10) / 10;
  return [minutes && `${minutes} min`, rest && `${rest} s`].filter(Boolean).join(" ");
}

function made(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function announce(text) {
  find("told").textContent = text;
}

function card(run) {
  const title = made("h3", {}, run.name || run.scenario);
  const bar = made("progress", { "aria-label": `Steps of ${run.run} that are over` });
  const cost = made("span", {});
  const facts = made("p", { class: "facts" }, cost, made("span", {}, run.run));
  const item = made("li", { "data-run": run.run }, title, bar, made("p", { class: "doing" }), facts);
  find("going").append(item);
  announce(`${run.scenario} runs`);
  return { item, bar, doing: item.querySelector(".doing"), cost };
}

function showGoing(run) {
  const before = going.get(run.run);
  const shown = before ? before.shown : card(run);
  if (before && before.run.doing !== run.doing) announce(`${run.scenario}: ${run.doing}`);
  shown.bar.max = Math.max(1, run.steps);
  shown.bar.value = run.ended;
  shown.item.classList.toggle("unmet", run.unmet > 0);
  const place = run.acting === null || run.ended >= run.steps ? "" : `${run.ended + 1}/${run.steps} `;
  shown.doing.textContent = place + run.doing;
  going.set(run.run, { run, shown, since: performance.now() });
  tick();
}

function showOver(run) {
  const before = going.get(run.run);
  before?.shown.item.remove();
  going.delete(run.run);
  const name = run.state === "broken off" ? made("span", {}, run.run) : made("a", { href: dressed(`/runs/${run.run}`), "data-page": "" }, run.run);
  const outcome = made("td", { class: `nowrap status-${run.state.replace(" ", "-")}` }, made("span", { "aria-hidden": "true" }, marks[run.state] || ""), ` ${run.state}`);
  const row = made("tr", { "data-run": run.run },
    made("td", {}, name, made("span", { class: "detail quiet" }, run.name)), outcome,
    made("td", { class: "number nowrap" }, `${run.ended}/${run.steps}`),
    made("td", { class: "number nowrap extra" }, run.queries.toLocaleString("en")),
    made("td", { class: "number nowrap" }, taken(run.seconds)));
  over.get(run.run)?.remove();
  over.delete(run.run);
  over.set(run.run, row);
  find("over").prepend(row);
  for (const [oldest, shown] of over) {
    if (over.size <= most) break;
    shown.remove();
    over.delete(oldest);
  }
  find("over-region").hidden = false;
  find("none-over").hidden = true;
  if (before) announce(`${run.scenario}: ${run.state}`);
}

function showStart(start) {
  const outcomes = { 0: "all passed", 1: "an expectation failed", 2: "a mistake, nothing ran", 3: "an error, a timeout or an unknown outcome" };
  const words = start.state === "over" ? outcomes[start.code] || `ended with ${start.code}` : start.state;
  const item = made("li", { "data-start": start.number, class: start.state === "over" ? "over" : "" },
    made("h3", {}, start.name), made("p", {}, `${start.database} · ${words}`));
  if (start.state === "running") {
    const button = made("button", { type: "button", "aria-label": `Stop ${start.name}` }, "Stop");
    button.addEventListener("click", () => ask(`/starts/${start.number}/stop`, {}, `${start.name} is asked to end`));
    item.append(button);
  } else if (start.words && start.code !== 0) {
    item.append(made("details", start.code === 2 ? { open: "" } : {}, made("summary", {}, "What it said"), made("pre", {}, start.words)));
  }
  const before = starts.get(start.number);
  if (before) before.replaceWith(item);
  else find("starts").prepend(item);
  starts.set(start.number, item);
  if (start.state === "over") announce(`${start.name}: ${words}`);
}

function tick() {
  const now = performance.now();
  for (const { run, shown, since } of going.values()) {
    const passed = (now - since) / 1000;
    const time = run.acting === null ? seconds(run.seconds + passed) : `${seconds(run.acting + passed)} of ${deadline(run.limit)}`;
    shown.cost.textContent = `${time} · ${queries(run)}`;
  }
  find("count").textContent = going.size ? `(${going.size})` : "";
  find("nothing").hidden = going.size > 0;
}
setInterval(tick, 200);

function anew() {
  for (const list of ["going", "over", "starts"]) find(list).replaceChildren();
  for (const known of [going, over, starts]) known.clear();
  find("over-region").hidden = true;
  find("none-over").hidden = false;
  tick();
}

function follow() {
  const source = new EventSource("/events");
  source.addEventListener("anew", anew);
  source.addEventListener("run", (event) => {
    const run = JSON.parse(event.data);
    if (run.state === "running") showGoing(run);
    else showOver(run);
  });
  source.addEventListener("start", (event) => showStart(JSON.parse(event.data)));
  source.onopen = () => { find("link").hidden = true; };
  source.onerror = () => {
    find("link").textContent = "The server does not answer; what is shown may be old. Trying again …";
    find("link").hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 2000);
  };
}

// The token comes in the address's fragment, which no server sees; it stays in this tab and leaves the address at once.
const form = find("start");
const fragment = state.read().get("token");
if (fragment) {
  sessionStorage.setItem("rehearse-token", fragment);
  state.write({ token: "" });
}
const token = () => sessionStorage.getItem("rehearse-token") || form.elements.token.value;
if (sessionStorage.getItem("rehearse-token")) {
  find("token-label").hidden = true;
  form.elements.token.required = false;
}

async function ask(address, fields, done) {
  const answer = find("answer");
  try {
    const body = new URLSearchParams({ ...fields, token: token() });
    const response = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
    const told = await response.json();
    answer.className = response.ok ? "" : "refused";
    answer.textContent = response.ok ? done : told.error;
    if (response.status === 403) {
      sessionStorage.removeItem("rehearse-token");
      find("token-label").hidden = false;
    }
  } catch {
    answer.className = "refused";
    answer.textContent = "The server does not answer.";
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { name, database } = form.elements;
  ask("/starts", { name: name.value, database: database.value }, `${name.value} is started`);
});
follow();
