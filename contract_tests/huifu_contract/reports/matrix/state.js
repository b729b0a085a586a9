// What is shown: the data of the page and the choices of the reader.
const data = JSON.parse(document.getElementById("data").textContent);
const asked = new URLSearchParams(location.search);
const stored = (name) => { try { return localStorage.getItem(`huifu-contract.${name}`); } catch { return null; } };
const store = (name, value) => { try { localStorage.setItem(`huifu-contract.${name}`, value); } catch { /* private window */ } };
const among = (value, choices, otherwise) => (choices.includes(value) ? value : otherwise);
const browser = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";

const THEMES = ["auto", "light", "dark"];
const LEVELS = ["MUST", "SHOULD", "MAY"];
const NOT_OK = new Set(data.verdicts.filter((verdict) => !verdict.ok).map((verdict) => verdict.name));
const state = {
  lang: among(asked.get("lang") ?? stored("lang"), ["en", "zh"], browser),
  theme: among(asked.get("theme") ?? stored("theme"), THEMES, "auto"),
  picture: asked.has("picture"),
  levels: new Set(),
  verdicts: new Set(),
  differs: false,
  text: "",
  folded: new Set(),
  at: { row: 0, column: 0 },
  open: null,
};

const words = () => WORDS[state.lang];
const verdictWord = (name) => (name ? words().verdict[name][0] : words().absent);
const groupWord = (name) => words().group[name] ?? name;
const lawTitle = (name) => data.laws[state.lang][name];
const groupOf = (id) => id.split("/")[0];
const shortOf = (id) => id.slice(id.indexOf("/") + 1);
const saysOf = (test) => (state.lang === "zh" && test.zh) || test.says; // a case of an older revision may have no Chinese
const quoteOf = (test) => (state.lang === "zh" ? test.quoteZh : test.quote);
const told = (cell, name) => (state.lang === "zh" && cell.zh?.[name]) || cell[name];
const cellOf = (run, id) => run.cells[id];
const verdictOf = (run, id) => cellOf(run, id)?.verdict;

function haystack(test) {
  const found = data.runs.flatMap((run) => {
    const cell = cellOf(run, test.id) ?? {};
    return [...(cell.broken ?? []), cell.root, cell.detail, cell.verdict, ...(cell.zh?.broken ?? []), cell.zh?.root, cell.zh?.detail];
  });
  return [test.id, test.says, test.zh, test.quote, test.quoteZh, test.level, ...found].filter(Boolean).join("\n").toLowerCase();
}
for (const test of data.cases) test.haystack = haystack(test);

const differs = (test) => new Set(data.runs.map((run) => verdictOf(run, test.id)).filter(Boolean)).size > 1;

function matches(test) {
  if (state.levels.size && !state.levels.has(test.level)) return false;
  if (state.verdicts.size && !data.runs.some((run) => state.verdicts.has(verdictOf(run, test.id)))) return false;
  if (state.differs && !differs(test)) return false;
  return state.text.toLowerCase().split(/\s+/).every((word) => test.haystack.includes(word));
}

const filtered = () => state.levels.size > 0 || state.verdicts.size > 0 || state.differs || state.text.trim() !== "";
