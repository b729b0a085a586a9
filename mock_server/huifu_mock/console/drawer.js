// The detail beside a list: what it is, the way to its neighbours, and out.
import { Icon } from "./icons.js";
import { html, useEffect, useRef } from "./parts.js";
import { go, t } from "./store.js";

export const closeDrawer = () => go({ open: "" }, { replace: true });

export function Drawer({ id, title, label, before, after, children }) {
  const box = useRef(null);
  useEffect(() => { // the detail is what one reads next; Esc goes back to the row
    box.current.querySelector(".drawer-scroll").scrollTop = 0;
    if (!box.current.contains(document.activeElement)) box.current.querySelector("h2").focus({ preventScroll: true });
  }, [id]);
  const step = (target, icon, words) => html`<a class="icon-button ${target ? "" : "off"}" href=${target ? `#${target}` : undefined}
    aria-disabled=${target ? undefined : "true"} role="link" aria-label=${words} title=${words}
    onClick=${(event) => { event.preventDefault(); if (target) go({ open: target }, { replace: true }); }}><${Icon} name=${icon} /></a>`;
  return html`<aside class="drawer" ref=${box} aria-label=${label}>
    <header><h2 tabindex="-1">${title}</h2><div class="drawer-tools">
      ${before === undefined ? null : step(before, "up", t("newer"))}${after === undefined ? null : step(after, "down", t("older"))}
      <button type="button" class="icon-button" aria-label=${t("close")} title=${`${t("close")} (Esc)`} onClick=${closeDrawer}><${Icon} name="close" /></button>
    </div></header>
    <div class="drawer-scroll">${children}</div></aside>`;
}
