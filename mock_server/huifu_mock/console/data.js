// Fills the store: the first answers of the control API, then whatever the event stream tells.
import { api, get, post, stream, tenantPath } from "./api.js";
import { span } from "./format.js";
import { MOST_CALLS, go, route, start, state, t, toast, update } from "./store.js";

const FIRST = 50; // of each list at the start: more than most windows show
const PAGE = 200;
const MOST_EVENTS = 500; // taken in at once, so that a hidden page does not hoard them

let stopped = new AbortController();
let inbox = [];
let due = false;

// How many calls the journal holds, as far as the page can tell.
export function totalCalls() {
  const newest = state.calls.length ? number(state.calls[0].id) : state.counted.number;
  return state.calls.length ? state.counted.total + newest - state.counted.number : 0;
}

export const armed = () => [...state.faults.values()].filter((one) => one.left > 0);
export const failing = () => [...state.deliveries.values()].filter((one) => one.status === "failed" || one.status === "refused" ||
  (one.status === "pending" && one.attempts.some((attempt) => attempt.diagnosis))).length;

export const number = (id) => Number(id.slice(id.lastIndexOf("-") + 1));
export const orderKey = (order) => `${order.huifu_id}/${order.req_date}/${order.req_seq_id}`;

export async function begin() {
  const about = await api("GET", "/_mock/about");
  update({ about, tenants: about.tenants, names: about.tenant_names, signIn: false });
  if (!route.tenant || !about.tenants.includes(route.tenant)) {
    const missing = route.tenant;
    const chosen = about.default_tenant ?? about.tenants[0] ?? "";
    if (missing) toast(t("noTenant", { id: missing }), "bad");
    start({ tenant: chosen, open: missing ? "" : route.open });
  }
  if (route.tenant) watch();
}

// Hear of the tenant that was shown no more.
export function leave() {
  stopped.abort();
  stopped = new AbortController();
}

// Forget the tenant that was shown and follow the one of the route.
export function watch() {
  leave();
  inbox = [];
  forget();
  update({ ready: false, live: "connecting" });
  listen(route.tenant, stopped.signal);
}

const noCalls = () => ({
  counted: { total: 0, number: 0 }, calls: [], older: null, floor: null, absent: [], droppedCalls: 0, paused: null,
});

function forget() {
  Object.assign(state, noCalls(), {
    leaps: [], clock: null,
    orders: new Map(), deliveries: new Map(), faults: new Map(), receivers: new Map(),
  });
}

async function listen(tenant, signal) {
  let last = "";
  let pause = 250;
  let ready = null;
  while (!signal.aborted) {
    try {
      for await (const { type, data, id } of stream(`/_mock/tenants/${encodeURIComponent(tenant)}/events?limit=${FIRST}`, last, signal)) {
        if (signal.aborted) return;
        if (type === "ready") ready = data;
        if (type === "lists") fill(data, ready);
        if (type === "lists" || (type === "ready" && data.resumed)) {
          setClock(ready.clock);
          update({ live: "live", ready: true });
          pause = 250;
        } else if (type === "gone" && data.reason.includes("tenant")) return lostTenant(tenant);
        else take(type, data);
        if (id) last = id;
      }
    } catch (error) {
      if (signal.aborted || error.status === 401) return; // the sign-in form begins anew
      if (error.status === 404 && (await isGone(tenant))) return lostTenant(tenant);
    }
    if (signal.aborted) return;
    update({ live: "lost" });
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(pause * 2, 4000);
  }
}

async function isGone(tenant) {
  try { return !(await api("GET", "/_mock/about")).tenants.includes(tenant); } catch { return false; }
}

async function lostTenant(tenant) {
  toast(t("noTenant", { id: tenant }), "bad");
  go({ tenant: "", open: "" }, { replace: true });
  await begin().catch(() => update({ live: "lost" }));
}

function fill({ calls, orders, deliveries, faults, webhooks }, { leaps }) {
  inbox = [];
  forget();
  Object.assign(state, {
    counted: { total: calls.total, number: calls.items.length ? number(calls.items[0].id) : 0 },
    calls: calls.items, older: calls.next, droppedCalls: calls.dropped, leaps,
    ...paged("/orders", orders), ...paged("/deliveries", deliveries), faults: byId(faults.items), receivers: byId(webhooks.items),
  });
}

// The latest orders or deliveries, or those before; kept oldest first, as new ones are added at the end.
const LISTS = {
  "/orders": { name: "orders", key: (one) => orderKey(one), more: "olderOrders", total: "totalOrders" },
  "/deliveries": { name: "deliveries", key: (one) => one.id, more: "olderDeliveries", total: "totalDeliveries" },
};

async function newest(rest, before) {
  const view = rest === "/deliveries" ? "&view=summary" : "";
  return paged(rest, await get(`${rest}?sort=newest&limit=${before ? PAGE : FIRST}${view}${before ? `&before=${encodeURIComponent(before)}` : ""}`), before);
}

function paged(rest, page, before) {
  const { name, key, more, total } = LISTS[rest];
  const found = page.items.reverse().map((one) => [key(one), one]);
  return { [total]: page.total, [name]: new Map(before ? [...found, ...state[name]] : found), [more]: page.next };
}

// The end of a list is in sight: its next page, one at a time.
let paging = false;
export async function onEnd(rest) {
  if (paging || !state.ready) return;
  paging = true;
  try {
    if (rest === "/journal") await loadOlder();
    else update(await newest(rest, state[LISTS[rest].more]));
  } catch (error) { toast(t("failed", { why: error.message }), "bad"); } finally { paging = false; }
}

const byId = (items) => new Map(items.map((one) => [one.id, one]));

async function loadOlder() {
  if (!state.older) return;
  const searching = route.q || route.only.length || route.session;
  const page = await get(`/journal?view=summary&limit=${searching ? 1000 : PAGE}&before=${encodeURIComponent(state.older)}`);
  const known = new Set(state.calls.map((one) => one.id));
  update({ calls: [...state.calls, ...page.items.filter((one) => !known.has(one.id))], older: page.next });
}

// The calls that stood as one row. What is not in the journal any more is known to be gone from then on.
export async function loadGap({ first, last }) {
  const page = await get(`/journal?view=summary&limit=${PAGE}&before=call-${last + 1}`);
  const found = page.items.filter((one) => number(one.id) >= first);
  const lowest = found.length < page.items.length || !page.next ? first : number(found.at(-1).id);
  update({ calls: withNew(state.calls, byId(found)), absent: [...state.absent, [lowest, last]] });
}

export function setClock(clock) {
  update({ clock: { ...clock, seen: performance.now() } });
}

export async function advance(seconds) {
  try {
    setClock(await post("/clock/advance", { seconds }));
    toast(t("advanced", { n: span(seconds) }));
  } catch (error) { toast(t("failed", { why: error.message }), "bad"); }
}

export async function setMode(mode) {
  try { setClock(await api("PUT", tenantPath("/clock"), { mode })); } catch (error) { toast(t("failed", { why: error.message }), "bad"); }
}

// --- events, taken in once for each picture

function take(type, data) {
  inbox.push({ type, data });
  if (inbox.length >= MOST_EVENTS) takeIn();
  else if (!due) {
    due = true;
    setTimeout(takeIn, 30);
  }
}

const MAPS = { order: ["orders", orderKey], delivery: ["deliveries", (one) => one.id], fault: ["faults", (one) => one.id], webhook: ["receivers", (one) => one.id] };
const CLEARED = { orders: "orders", deliveries: "deliveries", faults: "faults", webhooks: "receivers" };

function takeIn() {
  due = false;
  const events = inbox;
  inbox = [];
  const changed = {};
  let calls = new Map();
  for (const { type, data } of events) {
    if (type === "call") calls.set(data.id, data);
    else if (MAPS[type]) {
      const [name, key] = MAPS[type];
      changed[name] ??= new Map(state[name]);
      data.deleted ? changed[name].delete(data.id) : changed[name].set(key(data), data);
    } else if (type === "clock") clockMoved(data);
    else if (type === "tenant") changed.names = { ...state.names, [data.sys_id]: data.name };
    else if (type === "skipped") skipped(data);
    else if (type === "cleared") {
      for (const what of data.what) {
        if (what === "calls") { calls = new Map(); Object.assign(changed, noCalls()); }
        else changed[CLEARED[what]] = new Map();
        if (what === "orders") Object.assign(state, { clock: null, leaps: [] }); // only a reset forgets the orders
      }
    }
  }
  if (calls.size) {
    const before = changed.calls ?? state.calls;
    const first = state.floor ?? Math.min(...[...calls.keys()].map(number)) - 1;
    if (!before.length) changed.counted = { total: 0, number: first }; // numbers go on where a cleared journal ended
    changed.calls = withNew(before, calls);
  }
  update(changed);
}

// Under load the stream tells only the latest of each moment. Numbers of calls that are missing show as one row.
function skipped({ kind, first }) {
  if (kind !== "call") reloadSoon(kind);
  else if (state.floor === null && !state.calls.length) state.floor = number(first) - 1;
}

const reloading = new Set();
function reloadSoon(kind) {
  if (reloading.has(kind)) return;
  reloading.add(kind);
  setTimeout(async () => {
    reloading.delete(kind);
    try { update(await newest(kind === "order" ? "/orders" : "/deliveries")); } catch { /* the next event tries again */ }
  }, 2000);
}

// The list with what is new in front, what changed in place, and the oldest let go.
export function withNew(list, fresh) {
  const known = new Set(list.map((one) => one.id));
  const kept = list.map((one) => fresh.get(one.id) ?? one);
  const added = [...fresh.values()].filter((one) => !known.has(one.id));
  const all = added.length ? [...added, ...kept].sort((a, b) => number(b.id) - number(a.id)) : kept;
  if (all.length > MOST_CALLS) {
    all.length = MOST_CALLS;
    Object.assign(state, { older: all.at(-1).id, floor: null });
  }
  return all;
}

function clockMoved(clock) {
  if (clock.advanced) state.leaps = [...state.leaps, { at: clock.now, seconds: clock.advanced }].slice(-100);
  if (!state.clock || exact(clock.now) >= exact(state.clock.now)) setClock(clock); // an answer may have been faster
}

const exact = (iso) => iso.slice(0, 19) + (/\.(\d+)/.exec(iso)?.[1] ?? "").padEnd(6, "0");
