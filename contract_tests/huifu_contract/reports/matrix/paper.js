// What a paper needs to say by itself: every finding in words, and a root cause once for all that it blocks.
function findingsOf(run) {
  const blocked = new Map();
  const lines = [];
  for (const test of data.cases) {
    const cell = cellOf(run, test.id);
    if (cell?.verdict === "blocked") blocked.set(told(cell, "root"), [...(blocked.get(told(cell, "root")) ?? []), test.id]);
    else if (cell && NOT_OK.has(cell.verdict)) lines.push(onPaper(cell.verdict, [test.id, " ", level(test.level)], [...(told(cell, "broken") ?? []), told(cell, "root")]));
  }
  for (const [root, ids] of blocked) lines.push(onPaper("blocked", [words().about(ids.length, 1).split(" × ")[0]], [root]));
  return lines;
}

const onPaper = (verdict, what, why) => el("li", {}, mark(verdict), el("div", {},
  el("b", {}, what), ` ${verdictWord(verdict)}`, el("p", {}, why.filter(Boolean).join("; "))));

function drawFindings() {
  const parts = data.runs.map((run) => [run, findingsOf(run)]).filter(([, lines]) => lines.length);
  document.getElementById("findings").replaceChildren(...(parts.length ? [el("h2", {}, words().findings)] : []),
    ...parts.flatMap(([run, lines]) => [el("h3", {}, run.title), el("ul", {}, lines)]));
}
