// A long list of which only the rows in sight are drawn, and the row that the keys j and k stand on.
import { html, useEffect, useLayoutEffect, useRef, useState } from "./parts.js";

const OVERSCAN = 8;
const ABOVE = 180; // pixels that stand above a list, on no window more
let current = null; // the list that is shown: {ids, open, scrollTo}
let cursor = null; // the id of the row that the keys stand on

export const narrow = matchMedia("(max-width: 700px)");

export function moveCursor(step) {
  if (!current?.ids.length) return null;
  const at = current.ids.indexOf(cursor);
  const next = current.ids[Math.min(Math.max(at < 0 ? 0 : at + step, 0), current.ids.length - 1)];
  cursor = next;
  current.reveal(next);
  return next;
}

export const cursorId = () => (current?.ids.includes(cursor) ? cursor : null);
export const setCursor = (id) => { cursor = id; };
export const toTop = () => current?.top();

// rows: [{id, …}]; row(item) draws the inside of the link; href(item) leads to the detail.
export function List({ rows, row, href, label, height = 40, tall = 62, chosen, onOpen, onScroll, onEnd, className, head, end }) {
  const box = useRef(null);
  const [, redraw] = useState(0);
  const [phone, setPhone] = useState(narrow.matches);
  const size = phone ? tall : height;
  useEffect(() => {
    const changed = () => setPhone(narrow.matches);
    narrow.addEventListener("change", changed);
    const seen = new ResizeObserver(() => redraw((n) => n + 1));
    seen.observe(box.current);
    return () => { narrow.removeEventListener("change", changed); seen.disconnect(); };
  }, []);

  // The first picture has no row too many; those beside it follow as soon as the list knows its own size.
  const [top, inSight, around] = box.current ? [box.current.scrollTop, box.current.clientHeight, OVERSCAN] : [0, Math.max(0, innerHeight - ABOVE), 0];
  const first = Math.max(0, Math.floor(top / size) - around);
  const last = Math.min(rows.length, Math.ceil((top + inSight) / size) + around);

  useLayoutEffect(() => {
    current = {
      ids: rows.map((one) => one.id),
      top: () => { box.current.scrollTop = 0; },
      reveal: (id) => {
        const at = current.ids.indexOf(id) * size;
        const view = box.current;
        if (at < view.scrollTop) view.scrollTop = at;
        if (at + size > view.scrollTop + view.clientHeight - 4) view.scrollTop = at + size - view.clientHeight + 4;
        redraw((n) => n + 1);
        requestAnimationFrame(() => view.querySelector(`[data-id="${CSS.escape(id)}"]`)?.focus({ preventScroll: true }));
      },
    };
  });
  useEffect(() => () => { current = null; }, []);
  useEffect(() => { if (onEnd && last >= rows.length) onEnd(); });

  const scrolled = (event) => {
    redraw((n) => n + 1);
    onScroll?.(event.target.scrollTop);
  };
  return html`<div class="list ${className ?? ""}">${head}<div class="scroller" ref=${box} onScroll=${scrolled} tabindex="-1">
    <ol aria-label=${label} style=${{ height: `${rows.length * size}px` }}>${rows.slice(first, last).map((one, offset) => html`
      <li key=${one.id} aria-setsize=${rows.length} aria-posinset=${first + offset + 1}
        style=${{ height: `${size}px`, transform: `translateY(${(first + offset) * size}px)` }}>
        <a href=${href(one)} data-id=${one.id} class="row ${one.kind ?? ""}" aria-current=${one.id === chosen ? "true" : undefined}
          onClick=${(event) => onOpen?.(one, event)} onFocus=${() => setCursor(one.id)}>${row(one)}</a></li>`)}</ol>${end}</div></div>`;
}
