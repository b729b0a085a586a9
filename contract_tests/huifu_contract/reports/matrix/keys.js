// Keys: one stop of the tab key for the whole grid, arrows inside it.
const gridCell = (row, column) => document.querySelector(`[data-row="${row}"][data-column="${column}"]`);

function moveTo(row, column, focus = true) {
  const rows = document.querySelectorAll("[data-case][role=row]").length;
  if (!rows) return;
  state.at = { row: Math.min(Math.max(row, 0), rows - 1), column: Math.min(Math.max(column, 0), data.runs.length) };
  for (const old of document.querySelectorAll('[data-row][tabindex="0"]')) old.tabIndex = -1;
  const cell = gridCell(state.at.row, state.at.column);
  cell.tabIndex = 0;
  if (focus) { cell.focus({ preventScroll: true }); cell.scrollIntoView({ block: "nearest", inline: "nearest" }); }
}

const MOVES = {
  ArrowUp: (row, column) => [row - 1, column],
  ArrowDown: (row, column) => [row + 1, column],
  ArrowLeft: (row, column) => [row, column - 1],
  ArrowRight: (row, column) => [row, column + 1],
  Home: (row) => [row, 0],
  End: (row) => [row, Infinity],
  PageUp: (row, column) => [row - 10, column],
  PageDown: (row, column) => [row + 10, column],
};

function gridKeys(event) {
  const cell = event.target.closest("[data-row]");
  const move = MOVES[event.key];
  if (!cell || !move || event.altKey || event.metaKey) return;
  event.preventDefault();
  let [row, column] = move(Number(cell.dataset.row), Number(cell.dataset.column));
  if (event.ctrlKey && event.key === "Home") row = 0;
  if (event.ctrlKey && event.key === "End") row = Infinity;
  moveTo(row, column);
}

function detailKeys(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step && !event.target.closest("pre")) {
    event.preventDefault();
    state.open.column = (state.open.column + step + data.runs.length) % data.runs.length;
    drawDetail();
    document.getElementById(`tab-${state.open.column}`).focus();
  }
  const go = { j: "after", k: "before" }[event.key.toLowerCase()];
  if (go) document.querySelector(`#detail [data-go="${go}"]`).click();
}

function pageKeys(event) {
  const typing = event.target.closest("input");
  if (event.key === "/" && !typing && !state.open && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    document.getElementById("search").focus();
  }
  if (event.key === "Escape" && typing && typing.value) { typing.value = state.text = ""; draw(true); }
  if (event.key === "ArrowDown" && typing) { event.preventDefault(); moveTo(0, state.at.column); }
}
