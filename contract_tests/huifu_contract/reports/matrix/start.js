// Puts the page together; `draw` shows the state again after each change of it.
function setTheme() {
  if (state.theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = state.theme;
}

function topBar() {
  const newest = data.runs.map((run) => run.started).sort().at(-1) ?? "";
  const kits = [...new Set(data.runs.map((run) => run.kit))].join(", ");
  const theme = el("button", {
    type: "button", class: "tool wide", id: "theme", "aria-label": `${words().themeLabel}: ${words().theme[state.theme]}`, title: words().themeLabel,
    onclick: () => { state.theme = THEMES[(THEMES.indexOf(state.theme) + 1) % 3]; store("theme", state.theme); rebuild("theme"); },
  }, el("span", { class: "moon", "aria-hidden": "true" }), words().theme[state.theme]);
  const language = el("button", {
    type: "button", class: "tool wide", id: "language", lang: state.lang === "en" ? "zh-CN" : "en", "aria-label": words().otherLabel,
    onclick: () => { state.lang = state.lang === "en" ? "zh" : "en"; store("lang", state.lang); rebuild("language"); },
  }, words().other);
  return el("header", { class: "top" },
    el("div", {}, el("h1", {}, words().title),
      el("p", { class: "sub" }, el("span", {}, words().about(data.cases.length, data.runs.length)), el("span", {}, `${words().kit} ${kits}`), el("span", {}, `${words().made} ${newest.slice(0, 10)}`)),
      notAsked().map(([titles, kind]) => el("p", { class: "sub" }, words().notAsked(titles.join(words().comma), kind)))),
    el("div", { class: "tools" }, language, theme, el("button", { type: "button", class: "tool wide", id: "print", onclick: () => print() }, words().print)));
}

// What was left out of several clients alike stands once.
function notAsked() {
  const found = new Map();
  for (const run of data.runs) {
    for (const kind of run.notAsked) {
      const key = JSON.stringify(kind);
      found.set(key, [[...(found.get(key)?.[0] ?? []), run.title], kind]);
    }
  }
  return [...found.values()];
}

function rebuild(focus) {
  document.documentElement.lang = state.lang === "zh" ? "zh-CN" : "en";
  document.documentElement.classList.toggle("picture", state.picture);
  document.title = `${words().title} · huifu-contract`;
  setTheme();
  const search = el("input", { type: "search", id: "search", placeholder: words().search, "aria-label": words().search, autocomplete: "off", spellcheck: "false", oninput: (event) => { state.text = event.target.value; draw(); } });
  search.value = state.text;
  const dialog = el("dialog", { id: "detail", "aria-labelledby": "detail-title", onkeydown: detailKeys, onclose: closed, onclick: (event) => { if (event.target === dialog) dialog.close(); } });
  document.getElementById("app").replaceChildren(
    topBar(),
    el("search", { class: "filters", "aria-label": words().filters }, 
      el("div", { class: "find" }, search, el("div", { class: "chips", id: "levels", role: "group", "aria-label": words().levels })),
      el("div", { class: "chips", id: "verdicts", role: "group", "aria-label": words().verdicts }),
      el("div", { class: "found" }, el("output", { id: "shown", role: "status" }), el("span", { id: "clear" }))),
    legend(),
    el("main", { id: "matrix", onkeydown: gridKeys }),
    el("section", { id: "findings" }),
    dialog);
  draw();
  if (focus) document.getElementById(focus)?.focus();
}

function draw(keep = false) {
  const key = keep ? document.activeElement?.dataset?.key : null;
  document.getElementById("levels").replaceChildren(...otherChips());
  document.getElementById("verdicts").replaceChildren(...verdictChips());
  document.getElementById("clear").replaceChildren(...(filtered() ? [el("button", { type: "button", class: "quiet", onclick: clearFilters }, words().clear)] : []));
  const shown = drawTable(document.getElementById("matrix"));
  document.getElementById("shown").textContent = filtered() ? words().shown(shown, data.cases.length) : "";
  moveTo(state.at.row, state.at.column, false);
  if (key) document.querySelector(`[data-key="${key}"]`)?.focus();
  fit();
}

// A table that is wider than the window scrolls in its own frame; otherwise its head sticks to the window.
function fit() {
  const place = document.getElementById("matrix");
  place.classList.remove("framed");
  if (state.picture) return;
  place.classList.toggle("framed", place.scrollWidth > place.clientWidth + 1);
}

function fromAddress() {
  const [id, title] = decodeURIComponent(location.hash.slice(1)).split("@");
  if (!data.cases.some((test) => test.id === id)) return;
  const column = data.runs.findIndex((run) => run.title === title);
  openCase(id, column < 0 ? null : column);
}

rebuild();
fromAddress();
addEventListener("hashchange", fromAddress);
addEventListener("keydown", pageKeys);
addEventListener("resize", fit);
addEventListener("beforeprint", drawFindings);
