// Filters: levels, verdicts (the same chips are the legend), differences, free text.
function chip(pressed, onclick, attributes, ...content) {
  return el("button", { type: "button", class: "chip", "aria-pressed": String(pressed), onclick, ...attributes }, content);
}

function toggle(set, value) {
  if (set.has(value)) set.delete(value); else set.add(value);
  draw(true);
}

function clearFilters() {
  state.levels.clear();
  state.verdicts.clear();
  state.differs = false;
  state.text = "";
  document.getElementById("search").value = "";
  draw();
  document.getElementById("search").focus();
}

function wrongOnly() {
  const only = isWrongOnly();
  state.verdicts.clear();
  if (!only) for (const name of NOT_OK) state.verdicts.add(name);
  draw(true);
}

const isWrongOnly = () => state.verdicts.size === NOT_OK.size && [...NOT_OK].every((name) => state.verdicts.has(name));

const counted = (runs) => {
  const counts = {};
  for (const run of runs) for (const cell of Object.values(run.cells)) counts[cell.verdict] = (counts[cell.verdict] ?? 0) + 1;
  return counts;
};

function verdictChips() {
  const counts = counted(data.runs);
  const present = data.verdicts.filter((verdict) => counts[verdict.name]);
  return present.map(({ name }) => chip(state.verdicts.has(name), () => toggle(state.verdicts, name), { "data-key": `v-${name}`, title: words().verdict[name][1] },
    mark(name), el("span", {}, verdictWord(name)), el("span", { class: "count" }, String(counts[name]))));
}

function otherChips() {
  return [
    LEVELS.map((name) => chip(state.levels.has(name), () => toggle(state.levels, name), { "data-key": `l-${name}`, title: words().level[name] }, name)),
    el("span", { class: "gap" }),
    chip(isWrongOnly(), wrongOnly, { "data-key": "wrong" }, words().wrong),
    data.runs.length > 1 ? chip(state.differs, () => { state.differs = !state.differs; draw(true); }, { "data-key": "differs" }, words().differs) : null,
  ].flat().filter(Boolean);
}

function legend() {
  return el("details", { class: "legend" }, el("summary", {}, words().legend),
    el("dl", {}, data.verdicts.map(({ name }) => el("div", {}, el("dt", {}, mark(name), verdictWord(name)), el("dd", {}, words().verdict[name][1])))),
    el("dl", {}, LEVELS.map((name) => el("div", {}, el("dt", {}, level(name)), el("dd", {}, words().level[name])))),
    el("p", { class: "keys" }, words().keys));
}
