// What the views are built of: buttons that copy, fields, empty states, times, code.
import { html, render, useEffect, useLayoutEffect, useRef, useState } from "./assets/htm-preact.js";
import { Icon } from "./icons.js";
import { LANGUAGE_NAMES, LANGUAGES, setCode, state, t, toast } from "./store.js";

export { html, render, useEffect, useLayoutEffect, useRef, useState };

// --- copying

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("copied"));
  } catch {
    legacyCopy(text) ? toast(t("copied")) : toast(t("copyFailed"), "bad");
  }
}

function legacyCopy(text) { // where the page is not served from this machine there is no clipboard API
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

export function CopyButton({ text, label, compact }) {
  const [done, setDone] = useState(false);
  const click = async () => {
    await copy(typeof text === "function" ? await text() : text);
    setDone(true);
    setTimeout(() => setDone(false), 1200);
  };
  return html`<button type="button" class=${compact ? "icon-button" : "button small"} onClick=${click}
    aria-label=${compact ? label : undefined} title=${compact ? label : undefined}>
    <${Icon} name=${done ? "check" : "copy"} />${compact ? null : label}</button>`;
}

export function save(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// --- small parts

export function Code({ text, label, wrap = true }) {
  return html`<div class="code"><pre tabindex="0" class=${wrap ? "wrap" : ""} aria-label=${label}><code>${text}</code></pre>
    <${CopyButton} text=${text} label=${label ? `${t("copy")}: ${label}` : t("copy")} compact /></div>`;
}

export function Empty({ icon = "search", title, children }) {
  return html`<div class="empty"><div class="empty-icon"><${Icon} name=${icon} /></div><h2>${title}</h2>${children}</div>`;
}

export const Badge = ({ kind, icon, children }) =>
  html`<span class="badge ${kind}">${icon ? html`<${Icon} name=${icon} />` : null}${children}</span>`;

export function Search({ value, label, placeholder, onInput }) {
  return html`<label class="search"><${Icon} name="search" /><span class="unseen">${label}</span>
    <input type="search" id="filter" value=${value} placeholder=${placeholder} autocomplete="off" spellcheck="false"
      onInput=${(event) => onInput(event.target.value)} /><kbd aria-hidden="true">/</kbd></label>`;
}

export function Chip({ pressed, onClick, children }) {
  return html`<button type="button" class="chip" aria-pressed=${pressed ? "true" : "false"} onClick=${onClick}>${children}</button>`;
}

export function Field({ label, hint, children }) {
  return html`<label class="field"><span>${label}</span>${children}${hint ? html`<small>${hint}</small>` : null}</label>`;
}

export function CodeLanguage() {
  return html`<div class="segments" role="group" aria-label=${t("inLanguage")}>${LANGUAGES.map((one) => html`
    <button type="button" key=${one} aria-pressed=${state.code === one ? "true" : "false"}
      onClick=${() => setCode(one)}>${LANGUAGE_NAMES[one]}</button>`)}</div>`;
}

export function Dialog({ title, onClose, children }) {
  const box = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    return () => before?.focus?.();
  }, []);
  const outside = (event) => { if (event.target === box.current) onClose(); };
  return html`<dialog ref=${box} onClose=${onClose} onMouseDown=${outside} aria-label=${title}>
    <div class="dialog-body"><header><h2>${title}</h2><button type="button" class="icon-button" aria-label=${t("close")}
      onClick=${onClose}><${Icon} name="close" /></button></header>${children}</div></dialog>`;
}

export function Tabs({ tabs, label }) {
  const [chosen, choose] = useState(tabs[0].id);
  const current = tabs.find((one) => one.id === chosen) ?? tabs[0];
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = tabs[(tabs.indexOf(current) + step + tabs.length) % tabs.length];
    choose(next.id);
    event.currentTarget.querySelector(`#tab-${next.id}`).focus();
  };
  return html`<div class="tabs"><div role="tablist" aria-label=${label} onKeyDown=${move}>${tabs.map((one) => html`
      <button type="button" role="tab" key=${one.id} id=${`tab-${one.id}`} aria-controls="panel"
        aria-selected=${one === current ? "true" : "false"} tabindex=${one === current ? 0 : -1}
        onClick=${() => choose(one.id)}>${one.label}</button>`)}</div>
    <div role="tabpanel" id="panel" aria-labelledby=${`tab-${current.id}`}>${current.show()}</div></div>`;
}

// The way to the API's documentation, where this server has it.
export function DocsLink() {
  const [there, setThere] = useState(false);
  useEffect(() => {
    let here = true;
    fetch("/_mock/docs", { method: "HEAD" }).then(({ ok }) => here && setThere(ok), () => {});
    return () => { here = false; };
  }, []);
  return there ? html`<p><a href="/_mock/docs">${t("apiDocs")}</a></p>` : null;
}

// A sentence in which `names` stand in backticks.
export const Marked = ({ text }) => text.split("`").map((piece, at) => (at % 2 ? html`<code key=${at}>${piece}</code>` : piece));

// A group of buttons that change something; the line below shows the curl that does the same.
export function Actions({ label, actions }) {
  const [at, setAt] = useState(Math.max(0, actions.findIndex((one) => one.kind === "primary")));
  const usable = actions.filter((one) => !one.disabled);
  const shown = actions[at] && !actions[at].disabled ? actions[at] : usable[0];
  return html`<div class="actions"><div class="buttons" role="group" aria-label=${label}>${actions.map((one, number) => html`
      <button type="button" key=${one.id} class="button ${one.kind ?? ""}" disabled=${one.disabled} title=${one.how}
        aria-describedby=${shown === one ? "same-curl" : undefined}
        onMouseEnter=${() => setAt(number)} onFocus=${() => setAt(number)} onClick=${one.act}>${one.label}</button>`)}</div>
    ${shown ? html`<div class="same"><p><b>${shown.label}</b>${t("howAndCurl", { how: shown.how })}</p>
      <div id="same-curl"><${Code} text=${shown.curl} label=${t("curlSame")} /></div></div>` : null}</div>`;
}
