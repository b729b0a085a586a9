// What the page knows, and the one way to change it: `update`. Whoever shows something registers with `onChange`.
import { REASONS, WORDS } from "./words.js";

const stored = (name, known, otherwise) => {
  const value = read(localStorage, name);
  return known.includes(value) ? value : otherwise;
};

export function read(storage, name) {
  try { return storage.getItem(name); } catch { return null; } // storage may be switched off
}

export function keep(storage, name, value) {
  try { value === null ? storage.removeItem(name) : storage.setItem(name, value); } catch { /* then it is forgotten */ }
}

export const LANGUAGES = ["python", "php", "java", "go", "csharp", "node"];
export const LANGUAGE_NAMES = { python: "Python", php: "PHP", java: "Java", go: "Go", csharp: "C#", node: "Node" };
export const THEMES = ["system", "light", "dark"];
export const MOST_CALLS = 2000;
const asked = new URLSearchParams(location.search);
const pick = (name, known, otherwise) => (known.includes(asked.get(name)) ? asked.get(name) : stored(name, known, otherwise));

export const state = {
  lang: pick("lang", ["en", "zh"], navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en"),
  theme: pick("theme", THEMES, "system"),
  code: stored("code", LANGUAGES, "python"), // the reader's programming language
  live: "connecting", // connecting, live, lost
  signIn: false, // whether the server asks for a token
  about: null,
  tenants: [], // sys_ids
  names: {}, // what those are called that have a name, by sys_id
  missing: "", // the tenant in the address, where there is none of that name
  clock: null, // {now, mode, seen}
  leaps: [], // {at, seconds}: how far the clock was advanced
  calls: [], // light entries, the newest first
  older: null, // where the next page of older calls begins; null where there is none
  floor: null, // every call with a greater number came while the page looked on; null where that is not known
  absent: [], // [first, last]: numbers between which no more calls are to be had
  droppedCalls: 0,
  paused: null, // the number of the newest call that was shown when the list was paused
  counted: { total: 0, number: 0 }, // how many calls the journal held, and the newest one's number, when the list was read
  totalOrders: 0,
  totalDeliveries: 0,
  olderOrders: null, // the same for orders and deliveries
  olderDeliveries: null,
  orders: new Map(), // key → order, in the order of their creation
  deliveries: new Map(), // id → delivery
  faults: new Map(),
  receivers: new Map(),
  ready: false, // whether the first answers have come
  toasts: [],
  dialog: null, // help, seed, receiver, tenant, reset, drop, clear
};

let listener = () => {};
let waiting = false;
let soon = queueMicrotask; // until there is a picture, the next one waits for no other
export function onChange(draw) { listener = draw; }
export function pictureShown() { soon = nextPicture; }

export function update(patch) {
  Object.assign(state, patch);
  if (waiting) return;
  waiting = true;
  soon(() => { waiting = false; listener(); });
}

// Acts before the browser draws next. A hidden page is not drawn: then it acts a little later.
export function nextPicture(act) {
  document.visibilityState === "hidden" ? setTimeout(act, 250) : requestAnimationFrame(act);
}

// Acts when the browser has drawn: what is not seen, or is slow as the browser's own window takes part in it.
export function afterPicture(act) {
  nextPicture(() => setTimeout(act));
}

// --- words

export function t(name, values = {}) {
  const pair = WORDS[name];
  if (!pair) throw new Error(`there is no text "${name}"`);
  return pair[state.lang === "zh" ? 1 : 0].replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}

export const both = (pair) => (pair ? pair[state.lang] ?? pair.en ?? "" : "");
// Why a try to push failed; empty if it did not.
export const diagnosis = (attempt) => (state.lang === "zh" && attempt?.diagnosis_zh) || (attempt?.diagnosis ?? "");
export const reasonWords = (reason) => (REASONS[reason] ? REASONS[reason][state.lang === "zh" ? 1 : 0] : reason ?? "");

export function dress() { // what the page as a whole shows of language and theme
  const root = document.documentElement;
  root.lang = state.lang === "zh" ? "zh-CN" : "en";
  if (document.title !== t("title")) afterPicture(() => { document.title = t("title"); });
  state.theme === "system" ? delete root.dataset.theme : (root.dataset.theme = state.theme);
}

export function setLanguage(lang) {
  keep(localStorage, "lang", lang);
  update({ lang });
  dress();
}

export function setTheme(theme) {
  keep(localStorage, "theme", theme);
  update({ theme });
  dress();
}

export function setCode(code) {
  keep(localStorage, "code", code);
  update({ code });
}

// --- messages that go away

let toastNumber = 0;
export function toast(text, kind = "good") {
  const id = ++toastNumber;
  update({ toasts: [...state.toasts, { id, text, kind }].slice(-3) });
  setTimeout(() => update({ toasts: state.toasts.filter((one) => one.id !== id) }), kind === "bad" ? 9000 : 4000);
}

// --- the address: ?tenant=…&view=…&q=…&only=…&session=…#call-17

export const VIEWS = ["calls", "orders", "deliveries", "faults", "connect"];
export const ONLY = ["refused", "signature", "unmatched", "fault"];

export function parseRoute(search, hash) {
  const given = new URLSearchParams(search);
  const view = given.get("view");
  const only = (given.get("only") ?? "").split(",").filter((one) => ONLY.includes(one));
  let open = "";
  try { open = decodeURIComponent(hash.replace(/^#/, "")); } catch { /* not one of our addresses */ }
  const home = open.startsWith("order/") ? "orders" : open.startsWith("delivery-") ? "deliveries" : "calls";
  return {
    tenant: given.get("tenant") ?? "",
    view: VIEWS.includes(view) ? view : open ? home : "calls",
    q: given.get("q") ?? "",
    only,
    session: given.get("session") ?? "",
    open,
  };
}

export function formatRoute(route) {
  const given = new URLSearchParams();
  if (route.tenant) given.set("tenant", route.tenant);
  if (route.view !== "calls") given.set("view", route.view);
  if (route.q) given.set("q", route.q);
  if (route.only.length) given.set("only", route.only.join(","));
  if (route.session) given.set("session", route.session);
  const search = given.toString().replaceAll("%2C", ",");
  return location.pathname + (search ? `?${search}` : "") + (route.open ? `#${encodeURIComponent(route.open).replaceAll("%2F", "/")}` : "");
}

export let route = parseRoute(location.search, location.hash);

export function go(patch, { replace = false } = {}) {
  const next = { ...route, ...patch };
  if (patch.view && patch.view !== route.view) Object.assign(next, { q: "", only: [], session: "", open: "", ...patch });
  route = next;
  writeAddress(replace);
  update({});
}

// The address is made what is shown.
function writeAddress(replace) {
  const address = formatRoute(route);
  if (address !== location.pathname + location.search + location.hash) {
    history[replace ? "replaceState" : "pushState"](null, "", address);
  }
}

// The same for a page that has just begun.
export function start(patch) {
  route = { ...route, ...patch };
  afterPicture(() => writeAddress(true));
}

export function follow(otherwise) {
  route = parseRoute(location.search, location.hash);
  if (!route.tenant) route.tenant = otherwise;
  update({});
}
