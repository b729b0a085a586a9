// The matrix: one table body a group, one row a case, one button a cell.
function scoreOf(run, group) {
  const tests = data.cases.filter((test) => test.level !== "MAY" && (group ? groupOf(test.id) === group : groupOf(test.id) !== "control"));
  const verdicts = tests.map((test) => verdictOf(run, test.id)).filter((name) => name && name !== "skip" && name !== "note");
  return { passed: verdicts.filter((name) => name === "pass").length, all: verdicts.length };
}

function bar(run) {
  const counts = counted([run]);
  const parts = data.verdicts.filter((verdict) => counts[verdict.name]).map((verdict) => {
    const part = el("i", { class: `part ${verdict.name}` });
    part.style.flexGrow = counts[verdict.name];
    return part;
  });
  return el("span", { class: "bar", "aria-hidden": "true" }, parts);
}

const JOINT = /(?<=[-._/:@])|(?<=[a-z0-9])(?=[A-Z])/; // where a long name may be broken

function columnHead(run) {
  const { passed, all } = scoreOf(run);
  const label = all ? words().passed(passed, all) : words().noScore;
  return el("th", { scope: "col", role: "columnheader", class: "client", title: `${run.title} · ${run.language} · ${label}` },
    el("span", { class: "who" }, el("b", {}, run.name.split(JOINT).flatMap((part) => [part, el("wbr", {})])), el("span", { class: "version" }, run.version, run.title.match(/ #\d+$/)?.[0] ?? "")),
    el("span", { class: "score", "aria-label": label }, el("b", {}, `${passed}`), `/${all}`),
    run.interrupted ? el("span", { class: "interrupted" }, words().interrupted) : null,
    bar(run));
}

function cellFor(test, run, row, column) {
  const verdict = verdictOf(run, test.id);
  const dim = state.verdicts.size && !state.verdicts.has(verdict);
  return el("td", { role: "gridcell", class: dim ? "dim" : null },
    el("button", {
      type: "button", class: "cell", tabindex: -1, "data-row": row, "data-column": column + 1,
      "aria-label": `${run.title}: ${verdictWord(verdict)}, ${test.id}`, title: `${run.title}: ${verdictWord(verdict)}`,
      onclick: () => openCase(test.id, column),
    }, mark(verdict)));
}

function rowFor(test, row) {
  return el("tr", { role: "row", "data-case": test.id },
    el("th", { scope: "row", role: "rowheader", class: "case" },
      el("button", { type: "button", class: "name", tabindex: -1, "data-row": row, "data-column": 0, onclick: () => openCase(test.id, null) },
        el("span", { class: "short" }, el("span", { class: "unseen" }, `${groupOf(test.id)}/`), shortOf(test.id)), level(test.level)),
      el("p", { class: "under", lang: chinese(saysOf(test)) }, prose(saysOf(test)))),
    el("td", { role: "gridcell", class: "says", lang: chinese(saysOf(test)), title: saysOf(test) }, el("span", {}, prose(saysOf(test)))),
    data.runs.map((run, column) => cellFor(test, run, row, column)));
}

function bodyFor(group, tests, next) {
  const folded = state.folded.has(group) && !filtered();
  const scores = data.runs.map((run) => {
    const { passed, all } = scoreOf(run, group);
    return el("td", { role: "gridcell", class: passed === all ? "full" : "partial" }, all ? `${passed}/${all}` : "");
  });
  const button = el("button", {
    type: "button", class: "fold", "aria-expanded": String(!folded), title: folded ? words().unfold : words().fold,
    onclick: () => { if (folded) state.folded.delete(group); else state.folded.add(group); draw(); document.querySelector(`[data-group="${group}"] .fold`).focus(); },
  }, icon("down"), el("span", {}, groupWord(group)));
  const head = el("tr", { role: "row", class: "group" }, el("th", { scope: "rowgroup", role: "rowheader", colspan: 1 }, button), el("td", { role: "gridcell", class: "says" }), scores);
  return el("tbody", { role: "rowgroup", "data-group": group }, head, folded ? [] : tests.map((test) => rowFor(test, next())));
}

function tableOf(groups, shown, next) {
  const head = el("thead", { role: "rowgroup" }, el("tr", { role: "row" },
    el("th", { scope: "col", role: "columnheader", class: "corner" }, words().caseColumn),
    el("th", { scope: "col", role: "columnheader", class: "says" }, el("span", {}, words().saysColumn)),
    data.runs.map(columnHead)));
  const bodies = groups.map((group) => [group, shown.filter((test) => groupOf(test.id) === group)])
    .filter(([, tests]) => tests.length).map(([group, tests]) => bodyFor(group, tests, next));
  return el("table", { role: "grid", "aria-label": words().matrix, "aria-readonly": "true" }, head, bodies);
}

// For a picture the groups stand in two columns of about the same height.
function halves() {
  const size = (group) => data.cases.filter((test) => groupOf(test.id) === group).length + 1.5;
  const total = data.groups.reduce((sum, group) => sum + size(group), 0);
  let sum = 0;
  const cut = data.groups.findIndex((group) => { sum += size(group); return sum >= total / 2; });
  return [data.groups.slice(0, cut + 1), data.groups.slice(cut + 1)].filter((half) => half.length);
}

function drawTable(place) {
  const shown = data.cases.filter(matches);
  let rows = 0;
  const next = () => rows++;
  const parts = state.picture ? halves() : [data.groups];
  place.replaceChildren(...(shown.length ? parts.map((groups) => tableOf(groups, shown, next)) : [
    el("p", { class: "none" }, words().none, " ", el("button", { type: "button", class: "quiet", onclick: clearFilters }, words().clear)),
  ]));
  place.style.setProperty("--clients", data.runs.length);
  return shown.length;
}
