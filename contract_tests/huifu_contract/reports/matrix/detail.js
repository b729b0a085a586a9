// A cell opened: what was expected, what was seen, and how to see it again.
const section = (title, ...children) => el("section", {}, el("h3", {}, title), children);

// Below its Chinese the English sentence, which is what `match` of a known failure has.
function finding(text, english) {
  const below = text === english ? null : el("p", { class: "english", lang: "en" }, english);
  const found = /^(L[1-5]|C)(?:: |：)([\s\S]*)$/.exec(text);
  if (!found) return el("div", { class: "finding" }, el("p", {}, text), below);
  return el("div", { class: "finding" }, el("span", { class: "law", title: lawTitle(found[1]) }, found[1]), el("div", {}, el("p", {}, found[2]), below));
}

// A condition of the case alone stands under "expected" already.
function broken(cell) {
  const laws = [...new Set((cell.broken ?? []).map((text) => /^(L[1-5]): /.exec(text)?.[1]).filter(Boolean))];
  return laws.map((law) => el("li", {}, el("span", { class: "law" }, law), lawTitle(law)));
}

// One field, both sides with their bytes.
function difference(one) {
  return el("dl", { class: "versus" },
    el("div", {}, el("dt", {}, code(one.field), " ", words().expected), el("dd", {}, code(one.expected))),
    el("div", {}, el("dt", {}, code(one.field), " ", words().observed), el("dd", {}, code(one.observed))));
}

function wire(steps) {
  const lines = steps.filter((step) => step.op || !/^client claims /.test(step.text)).map((step) => {
    if (!step.op) return el("li", { class: "said" }, step.text);
    const silent = step.heard === "no reply";
    return el("li", {},
      el("span", { class: "time" }, step.at),
      el("span", { class: "arrow out" }, el("b", {}, step.op), " ", code(step.sent)),
      el("span", { class: `arrow back${silent ? " silent" : ""}${step.authentic ? "" : " forged"}` },
        silent ? words().noReply : code(step.heard), step.authentic ? null : el("em", {}, words().forged)));
  });
  return el("div", { class: "wire" },
    el("div", { class: "ends", "aria-hidden": "true" }, el("span", {}, words().client), el("span", {}, words().gateway)), el("ol", {}, lines));
}

function command(text) {
  const said = el("span", { class: "unseen", role: "status" });
  const button = el("button", {
    type: "button", class: "quiet",
    onclick: async () => {
      try { await navigator.clipboard.writeText(text); } catch { getSelection().selectAllChildren(shown); return; }
      button.firstChild.textContent = said.textContent = words().copied;
    },
  }, el("span", {}, words().copy));
  const shown = code(text);
  return el("div", { class: "command" }, shown, button, said);
}

function facts(run) {
  const names = words().about_run;
  const value = (name) => (name === "seconds" ? `${run.seconds} s` : name === "interrupted" ? words().interrupted : String(run[name] ?? ""));
  return el("details", {}, el("summary", {}, words().run),
    el("dl", { class: "facts" }, Object.keys(names).map((name) => el("div", {}, el("dt", {}, names[name]), el("dd", {}, value(name))))));
}

function evidence(test, run) {
  const cell = cellOf(run, test.id);
  if (!cell) return [el("p", { class: "verdict absent" }, mark(null), el("b", {}, words().absent), el("span", {}, words().absentLong)), facts(run)];
  const [word, sentence] = words().verdict[cell.verdict];
  const spent = [cell.examples ? words().examples(cell.examples) : null, cell.seconds ? `${cell.seconds.toFixed(2)} s` : null].filter(Boolean).join(" · ");
  const laws = broken(cell);
  return [
    el("div", { class: `verdict ${cell.verdict}` }, mark(cell.verdict), el("div", {}, el("b", {}, word), el("span", {}, sentence)), el("span", { class: "spent" }, spent)),
    cell.rev === test.rev ? null : el("p", { class: "hint" }, words().oldRev(cell.rev)),
    cell.root ? section(words().because, el("p", {}, told(cell, "root"))) : null,
    laws.length ? section(words().expected, el("ul", { class: "laws" }, laws)) : null,
    cell.broken || cell.claim || cell.truth ? section(words().observed,
      (told(cell, "broken") ?? []).map((text, at) => finding(text, cell.broken[at])),
      cell.claim || cell.truth ? el("dl", { class: "versus" },
        el("div", {}, el("dt", {}, words().claimed), el("dd", {}, code(cell.claim ?? "–"))),
        el("div", {}, el("dt", {}, words().truth), el("dd", {}, told(cell, "truth") ?? "–"))) : null) : null,
    cell.differs ? section(words().differing, cell.differs.map(difference)) : null,
    cell.steps ? section(words().wire, wire(cell.steps)) : null,
    cell.detail && cell.detail !== cell.truth ? section(words().detail, el("pre", { tabindex: 0 }, told(cell, "detail"))) : null,
    cell.console ? section(words().console, el("p", {}, el("a", { href: cell.console, target: "_blank", rel: "noopener" }, cell.console)), el("p", { class: "hint" }, words().consoleHow)) : null,
    cell.again ? section(words().again, command(cell.again)) : null,
    cell.stderr ? el("details", {}, el("summary", {}, words().stderr), el("pre", { tabindex: 0 }, cell.stderr)) : null,
    facts(run),
  ].filter(Boolean);
}

function tabs(test) {
  return data.runs.map((run, column) => {
    const chosen = column === state.open.column;
    return el("button", {
      type: "button", role: "tab", id: `tab-${column}`, "aria-selected": String(chosen), "aria-controls": "evidence", tabindex: chosen ? 0 : -1,
      "aria-label": `${run.title}: ${verdictWord(verdictOf(run, test.id))}`,
      onclick: () => { state.open.column = column; drawDetail(); document.getElementById(`tab-${column}`).focus(); },
    }, mark(verdictOf(run, test.id)), el("span", {}, el("b", {}, run.name), " ", el("small", {}, run.version)));
  });
}

function drawDetail() {
  const dialog = document.getElementById("detail");
  const test = data.cases.find((one) => one.id === state.open.id);
  const run = data.runs[state.open.column];
  const rows = shownCases();
  const place = rows.indexOf(test.id);
  const button = (name, picture, label, to) => el("button", { type: "button", class: "tool", "data-go": name, title: label, "aria-label": label, disabled: !to && name !== "close", onclick: () => (name === "close" ? dialog.close() : goCase(to)) }, icon(picture));
  const scrolled = dialog.querySelector(".scroll")?.scrollTop ?? 0;
  const same = dialog.dataset.case === test.id;
  dialog.dataset.case = test.id;
  dialog.replaceChildren(
    el("header", {},
      el("div", { class: "where" }, el("span", {}, groupWord(groupOf(test.id))), level(test.level), el("span", {}, words().kind[test.kind]), el("span", {}, words().rev(test.rev))),
      button("before", "up", words().before, rows[place - 1]), button("after", "down", words().after, rows[place + 1]), button("close", "close", words().close),
      el("h2", { id: "detail-title" }, test.id)),
    el("div", { class: "scroll" },
      el("p", { class: "promise", lang: chinese(saysOf(test)) }, prose(saysOf(test))),
      el("figure", {}, el("figcaption", {}, words().basis[test.basis]), el("blockquote", { lang: chinese(quoteOf(test)) }, prose(quoteOf(test)))),
      el("div", { role: "tablist", "aria-label": words().clients, class: "tabs" }, tabs(test)),
      el("div", { role: "tabpanel", id: "evidence", "aria-labelledby": `tab-${state.open.column}` }, evidence(test, run))));
  if (same) dialog.querySelector(".scroll").scrollTop = scrolled;
  dialog.querySelector('[aria-selected="true"]').scrollIntoView({ block: "nearest", inline: "nearest" });
  if (!same) dialog.querySelector(".scroll").scrollTop = 0;
  history.replaceState(null, "", `#${encodeURI(test.id)}@${encodeURIComponent(run.title)}`);
}

const shownCases = () => [...document.querySelectorAll("[data-case][role=row]")].map((row) => row.dataset.case);

// Without a column: the first client that has a finding there.
function openCase(id, column) {
  const wrong = data.runs.findIndex((run) => NOT_OK.has(verdictOf(run, id)));
  state.open = { id, column: column ?? Math.max(0, wrong) };
  const dialog = document.getElementById("detail");
  drawDetail();
  if (!dialog.open) dialog.showModal();
  dialog.querySelector('[aria-selected="true"]').focus();
}

function goCase(id) {
  if (!id) return;
  state.open.id = id;
  drawDetail();
  document.querySelector('#detail [aria-selected="true"]').focus();
}

function closed() {
  const open = state.open;
  state.open = null;
  delete document.getElementById("detail").dataset.case;
  history.replaceState(null, "", location.pathname + location.search);
  const row = [...document.querySelectorAll("[data-case][role=row]")].find((one) => one.dataset.case === open?.id);
  if (row) moveTo(Number(row.querySelector(".name").dataset.row), open.column + 1);
}
