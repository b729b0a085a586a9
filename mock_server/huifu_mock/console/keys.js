// The keys, and the dialog that lists them.
import { KIND_WORDS, togglePause } from "./calls.js";
import { advance, orderKey } from "./data.js";
import { copyCall, entryOf, sendAgain } from "./detail.js";
import { deliveryCurl, resend } from "./deliveries.js";
import { closeDrawer } from "./drawer.js";
import { Icon } from "./icons.js";
import { cursorId, moveCursor } from "./list.js";
import { orderCurl, pushClose } from "./orders.js";
import { Dialog, DocsLink, copy, html } from "./parts.js";
import { go, route, state, t, toast, update } from "./store.js";

const GOES = { c: "calls", o: "orders", d: "deliveries", f: "faults", n: "connect" };
let second = 0; // until when a letter after g counts

const inField = (target) => target.closest?.("input, textarea, select, [contenteditable]");

function move(step) {
  const id = moveCursor(step);
  if (id && route.open && route.open !== id) go({ open: id }, { replace: true });
}

const openDelivery = () => state.deliveries.get(route.open);
const openOrder = () => [...state.orders.values()].find((one) => `order/${orderKey(one)}` === route.open);

async function withCall(action) {
  if (!route.open.startsWith("call-")) return;
  try { await action(await entryOf(route.open)); } catch (error) { toast(t("failed", { why: error.message }), "bad"); }
}

function yank() {
  if (openDelivery()) return copy(deliveryCurl(openDelivery()));
  if (openOrder()) return copy(orderCurl(openOrder()));
  return withCall(copyCall);
}

function again() {
  if (openDelivery()) return resend(openDelivery());
  return withCall(sendAgain);
}

const KEYS = {
  j: () => move(1), k: () => move(-1), "/": () => document.getElementById("filter")?.focus(), ".": togglePause,
  "+": () => advance(61), y: yank, r: again, p: () => openOrder() && pushClose(openOrder()), "?": () => update({ dialog: "help" }), g: (event) => { second = event.timeStamp + 1500; },
  Enter: () => { if (cursorId() && document.activeElement === document.body) go({ open: cursorId() }); },
};

export function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || state.dialog || state.signIn) return;
  if (event.key === "Escape") return escape(event);
  if (inField(event.target)) return;
  const target = event.timeStamp < second ? GOES[event.key] : null;
  second = 0;
  if (target) {
    event.preventDefault();
    go({ view: target });
    requestAnimationFrame(() => document.querySelector("main").focus());
  } else if (Object.hasOwn(KEYS, event.key)) {
    if (event.key !== "Enter") event.preventDefault();
    KEYS[event.key](event);
  }
}

function escape(event) {
  const field = inField(event.target);
  if (field) {
    if (field.id === "filter" && field.value) { event.preventDefault(); field.value = ""; go({ q: "" }, { replace: true }); } else field.blur();
  } else if (route.open) {
    const id = route.open;
    closeDrawer();
    requestAnimationFrame(() => document.querySelector(`[data-id="${CSS.escape(id)}"]`)?.focus());
  }
}

const ROWS = [["j", "k", "key_jk"], ["Enter", "key_enter"], ["Esc", "key_esc"], ["/", "key_slash"], ["g c", "g o", "g d", "g f", "g n", "key_g"],
  [".", "key_dot"], ["+", "key_plus"], ["y", "key_y"], ["r", "key_r"], ["p", "key_p"], ["?", "key_help"]];

export function HelpDialog() {
  return html`<${Dialog} title=${t("keysTitle")} onClose=${() => update({ dialog: null })}>
    <dl class="key-list">${ROWS.map((row) => html`<div key=${row[0]}><dt>${row.slice(0, -1).map((key) => html`<kbd key=${key}>${key}</kbd> `)}</dt><dd>${t(row.at(-1))}</dd></div>`)}</dl>
    <h3>${t("legend")}</h3><dl class="key-list">${[...Object.entries(KIND_WORDS), ["fault", "lg_fault"]].map(([kind, words]) => html`<div key=${kind}><dt><span class="mark ${kind}"><${Icon} name=${kind} /></span></dt><dd>${t(words)}</dd></div>`)}</dl>
    <${DocsLink} /><//>`;
}
