// Loads what a list of calls can be drawn without: once that is drawn, or as soon as it is needed.
import { html } from "./parts.js";
import { t, toast, update } from "./store.js";

const AGAIN = 2000; // milliseconds after which what could not be loaded is asked for again
let loading = null;
let loaded = null;
export const rest = () => loaded;

export function load() {
  loading ??= import("./rest.js").then((rest) => {
    loaded = rest;
    update({});
  }, () => {
    toast(t("unreachable"), "bad");
    setTimeout(() => { loading = null; update({}); }, AGAIN);
  });
  return loading;
}

// One of the parts in rest.js.
export function Later({ name, ...given }) {
  if (!loaded) load();
  return loaded ? html`<${loaded[name]} ...${given} />` : html`<p class="loading">${t("loading")}</p>`;
}
