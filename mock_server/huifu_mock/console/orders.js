// Orders: a table, and for one of them what happened to it and what can be done to it.
import { api, get, post, tenantPath } from "./api.js";
import { kindOf } from "./calls.js";
import { CLOSE, closeData, seed, sendClose } from "./closing.js";
import { curlHuifu, curlTenant } from "./commands.js";
import { onEnd, orderKey } from "./data.js";
import { Drawer } from "./drawer.js";
import { clockTime, day, huifuTime, moment, now, span } from "./format.js";
import { Icon } from "./icons.js";
import { List } from "./list.js";
import { Actions, Badge, Dialog, Empty, Field, Search, html, useEffect, useState } from "./parts.js";
import { diagnosis, go, reasonWords, route, state, t, toast, update } from "./store.js";

export const orderHref = (order) => `#order/${[order.huifu_id, order.req_date, order.req_seq_id].map(encodeURIComponent).join("/")}`;
const orderId = (order) => `order/${orderKey(order)}`;

// open, closing, paid, failed or closed: the two states of an order as one word
export function stateOf(order) {
  if (order.trans_stat === "S") return "paid";
  if (order.close_stat === "S") return "closed";
  if (order.trans_stat === "F") return "failed";
  return order.close_stat === "P" ? "closing" : "open";
}
const STATE_WORDS = { open: "statOpen", closing: "statClosing", paid: "statPaid", failed: "statFailed", closed: "statClosed" };
const STATE_ICONS = { open: "pending", closing: "progress", paid: "good", failed: "signature", closed: "refused" };
const STATE_KINDS = { open: "plain", closing: "warm", paid: "good", failed: "bad", closed: "accent" };

export function StateBadge({ order }) {
  const one = stateOf(order);
  return html`<${Badge} kind=${STATE_KINDS[one]} icon=${STATE_ICONS[one]}>${t(STATE_WORDS[one])}<//>`;
}

const age = (order) => span((now() - Date.parse(order.created_at)) / 1000);

function row(order) {
  return html`<span class="o-number">${order.req_seq_id}</span>
    <span class="o-state"><${StateBadge} order=${order} />${order.close_stat === "F" ? html` <${Badge} kind="bad">${t("closeLost")}<//>` : null}</span>
    <span class="o-amount">${order.trans_amt}</span><span class="o-type">${order.trade_type}</span>
    <span class="o-settle">${t(`settle_${order.settle}`)}</span><span class="o-age">${age(order)}</span><span class="o-date">${order.req_date}</span>`;
}

const head = () => html`<div class="list-head" aria-hidden="true"><span>${t("number")}</span><span>${t("state")}</span><span class="right">${t("amount")}</span>
  <span>${t("tradeType")}</span><span>${t("settle")}</span><span>${t("age")}</span><span>${t("date")}</span></div>`;

function shown() {
  const wanted = route.q.toLowerCase().split(/\s+/).filter(Boolean);
  return [...state.orders.values()].reverse().filter((order) => {
    const text = [order.req_seq_id, order.hf_seq_id, order.huifu_id, order.req_date, order.trade_type, order.trans_amt, order.settle,
      stateOf(order), t(STATE_WORDS[stateOf(order)])].join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  }).map((order) => ({ ...order, id: orderId(order) }));
}

export function Orders() {
  const rows = shown();
  return html`<section class="view" aria-label=${t("orders")}>
    <div class="toolbar"><${Search} value=${route.q} label=${t("filter")} placeholder=${t("filterOrders")} onInput=${(q) => go({ q }, { replace: true })} />
      <div class="tools"><button type="button" class="button primary small" onClick=${() => update({ dialog: "seed" })}><${Icon} name="plus" />${t("seedOrder")}</button></div></div>
    ${!state.ready ? html`<p class="loading">${t("loading")}</p>`
      : rows.length ? html`<${List} rows=${rows} row=${row} href=${orderHref} label=${t("ordersList")} chosen=${route.open} className="orders" head=${head()} onEnd=${state.olderOrders ? () => onEnd("/orders") : null} />`
      : state.orders.size ? html`<${Empty} title=${t("noOrdersMatch")}><button type="button" class="button" onClick=${() => go({ q: "" }, { replace: true })}>${t("clearFilters")}</button><//>`
      : html`<${Empty} icon="plus" title=${t("noOrders")}><p>${t("noOrdersHow")}</p>
          <div class="buttons center"><button type="button" class="button primary" onClick=${() => update({ dialog: "seed" })}>${t("seedOrder")}</button></div><//>`}
  </section>`;
}

// --- one order

export function OrderDrawer({ id }) {
  const rows = shown();
  const at = rows.findIndex((one) => one.id === id);
  const order = [...state.orders.values()].find((one) => orderId(one) === id);
  return html`<${Drawer} id=${id} label=${`${t("order")} ${order?.req_seq_id ?? ""}`} title=${order ? order.req_seq_id : t("order")}
    before=${at > 0 ? rows[at - 1].id : null} after=${at >= 0 && at < rows.length - 1 ? rows[at + 1].id : null}>
    ${order ? html`<div class="order-head"><${StateBadge} order=${order} /><span class="soft">${order.trans_amt} · ${order.trade_type} · ${age(order)}</span></div>
      <h3>${t("actions")}</h3><${OrderActions} order=${order} />
      <h3>${t("timeline")}</h3><${Timeline} order=${order} />
      <h3>${t("facts")}</h3><${OrderFacts} order=${order} />` : html`<${Empty} title=${t("orderGone")} />`}
  <//>`;
}

const at = (order) => `/orders/${encodeURIComponent(order.req_seq_id)}?huifu_id=${encodeURIComponent(order.huifu_id)}&req_date=${order.req_date}`;

export const orderCurl = (order) => curlTenant("GET", at(order));

// The webhook of its close, also where no close sent one: what the control API makes of it.
const PUSH = "/events/trans.close";
const whose = ({ req_seq_id, huifu_id, req_date }) => ({ req_seq_id, huifu_id, req_date });

export async function pushClose(order) {
  try {
    const made = await post(PUSH, whose(order));
    toast(t("done_push", { id: order.req_seq_id, n: made.length }));
  } catch (error) { toast(t("failed", { why: error.message }), "bad"); }
}

function OrderActions({ order }) {
  const [close, setClose] = useState("");
  const data = closeData(order, { req_seq_id: `close-${order.req_seq_id}`.slice(0, 64) });
  useEffect(() => {
    let here = true;
    api("POST", tenantPath("/sign"), { data }).then(({ body }) => here && setClose(curlHuifu(CLOSE, body)), () => {});
    return () => { here = false; };
  }, [order.req_seq_id, order.req_date]);
  const final = order.trans_stat !== "P";
  const change = (id, body) => ({
    id, label: t(id === "settle" ? "settleNow" : id), how: t(id === "settle" ? "settleNowHow" : `${id}How`), curl: curlTenant("PATCH", at(order), body),
    act: async () => {
      try {
        await api("PATCH", tenantPath(at(order)), body);
        toast(t(`done_${id}`, { id: order.req_seq_id }));
      } catch (error) { toast(t("failed", { why: error.message }), "bad"); }
    },
  });
  const closeNow = async () => {
    try {
      const sent = await sendClose(order);
      toast(t("done_close", { code: sent.code }), sent.code === "00000000" || sent.code === "00000100" ? "good" : "warm");
    } catch (error) { toast(t("failed", { why: error.message }), "bad"); }
  };
  return html`${final ? html`<p class="soft">${t("finalState")}</p>` : null}<${Actions} label=${t("actions")} actions=${[
    { ...change("pay", { trans_stat: "S" }), disabled: final },
    { ...change("fail", { trans_stat: "F" }), disabled: final },
    { ...change("expire", { time_expire: huifuTime(now()) }), disabled: final },
    { id: "close", label: t("closeNow"), how: t("closeNowHow"), curl: close, act: closeNow, kind: final ? "" : "primary" },
    { ...change("settle", { close_stat: "S" }), disabled: order.close_stat !== "P" },
    { id: "push", label: t("push"), how: t("pushHow"), curl: curlTenant("POST", PUSH, whose(order)), act: () => pushClose(order) },
  ]} />`;
}

const FIELDS = ["req_seq_id", "hf_seq_id", "req_date", "huifu_id", "trade_type", "trans_amt", "trans_stat", "close_stat", "settle", "settle_seconds", "notify_url", "time_expire"];

export function OrderFacts({ order }) {
  return html`<table class="facts"><tbody>${FIELDS.filter((one) => order[one] !== "" && order[one] !== undefined).map((one) => html`
    <tr key=${one}><th scope="row">${one}</th><td>${String(order[one])}</td></tr>`)}
    <tr><th scope="row">created_at</th><td>${moment(order.created_at)}</td></tr>
    ${order.finished_at ? html`<tr><th scope="row">finished_at</th><td>${moment(order.finished_at)}</td></tr>` : null}</tbody></table>`;
}

// --- the timeline

function points(order, calls, deliveries) {
  const list = [{ at: order.created_at, kind: "plain", icon: "plus", text: t("tlCreated", { amount: order.trans_amt, type: order.trade_type }) }];
  for (const leap of state.leaps) if (leap.at >= order.created_at) list.push({ at: leap.at, kind: "accent", icon: "pending", text: t("tlClock", { n: span(leap.seconds) }) });
  for (const call of calls) {
    const kind = kindOf(call);
    const answer = [call.resp_code || t("unanswered"), reasonWords(call.reason)].filter(Boolean).join(" ");
    list.push({ at: call.at, kind, icon: kind, href: `#${call.id}`, text: t("tlCall", { endpoint: call.endpoint, answer }), id: call.id });
  }
  const closes = order.closes ?? [];
  if (order.finished_at) {
    const won = closes.find((one) => one.stat === "S");
    const [kind, text] = { paid: ["good", t("tlPaid")], closed: ["accent", t("tlClosed", { id: won?.req_seq_id ?? "" })] }[stateOf(order)] ?? ["bad", t("tlFailed")];
    list.push({ at: order.finished_at, kind, icon: kind === "bad" ? "signature" : "good", text, strong: true });
    for (const lost of closes.filter((one) => one.stat === "F")) list.push({ at: order.finished_at, kind: "bad", icon: "signature", text: t("tlCloseLost", { id: lost.req_seq_id }) });
  }
  for (const delivery of deliveries) {
    const words = (result) => t("tlTried", { event: delivery.event, url: delivery.url, result });
    for (const one of delivery.attempts) {
      list.push({ at: one.at, kind: one.diagnosis ? "bad" : "good", icon: one.diagnosis ? "signature" : "good", href: `#${delivery.id}`, text: words(diagnosis(one) || t("tlAcked")) });
    }
    if (delivery.next_at) list.push({ at: delivery.next_at, kind: "later", icon: "pending", href: `#${delivery.id}`, text: t("tlNext", { event: delivery.event }) });
  }
  if (order.time_expire && order.trans_stat === "P") {
    const e = order.time_expire;
    list.push({ at: `${e.slice(0, 4)}-${e.slice(4, 6)}-${e.slice(6, 8)}T${e.slice(8, 10)}:${e.slice(10, 12)}:${e.slice(12)}+08:00`, kind: "later", icon: "pending", text: t("tlExpires") });
  }
  return list.map((one, index) => ({ ...one, index })).sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.index - b.index);
}

export function Timeline({ order }) {
  const [older, setOlder] = useState([]);
  const number = order.req_seq_id;
  useEffect(() => { // calls that the list no longer holds
    let here = true;
    const ask = (name) => get(`/journal?view=summary&limit=200&${name}=${encodeURIComponent(number)}`);
    Promise.all([ask("org_req_seq_id"), ask("req_seq_id")]).then((pages) => here && setOlder(pages.flatMap((page) => page.items)), () => {});
    return () => { here = false; };
  }, [number, route.tenant]);
  const concerns = (call) => (call.org_req_seq_id === number || (!call.org_req_seq_id && call.req_seq_id === number));
  const calls = new Map([...older, ...state.calls].filter(concerns).map((call) => [call.id, call]));
  const deliveries = [...state.deliveries.values()].filter((one) => one.order === number && one.req_date === order.req_date && one.huifu_id === order.huifu_id);
  const rows = points(order, [...calls.values()], deliveries);
  const days = new Set(rows.map((one) => day(one.at)));
  return html`<ol class="timeline">${rows.map((one) => html`<li key=${`${one.at} ${one.index}`} class=${one.kind}>
    <span class="mark ${one.kind}"><${Icon} name=${one.icon} /></span>
    <time datetime=${one.at}>${days.size > 1 ? `${day(one.at).slice(5)} ` : ""}${clockTime(one.at)}</time>
    <span class=${one.strong ? "strong" : ""}>${one.href ? html`<a href=${one.href}>${one.text}</a>` : one.text}</span></li>`)}</ol>`;
}

// --- seeding

const TYPES = ["T_NATIVE", "T_JSAPI", "T_MINIAPP", "A_NATIVE", "A_JSAPI", "U_NATIVE", "U_JSAPI", "D_NATIVE"];
const SETTLES = ["immediate", "processing", "accepted", "refused"];

export function SeedDialog() {
  const [problem, setProblem] = useState("");
  const done = () => update({ dialog: null });
  const submit = async (event) => {
    event.preventDefault();
    const given = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value !== ""));
    for (const name of ["age_seconds", "settle_seconds"]) if (name in given) given[name] = Number(given[name]);
    try {
      const order = await seed(given);
      done();
      toast(t("seeded", { id: order.req_seq_id }));
      go({ view: "orders", open: orderId(order) });
    } catch (error) { setProblem(error.message); }
  };
  return html`<${Dialog} title=${t("seedOrder")} onClose=${done}><p class="soft">${t("seedHow")}</p><form class="form" onSubmit=${submit}>
    <${Field} label=${t("number")}><input name="req_seq_id" maxlength="128" placeholder=${t("numberHint")} autocomplete="off" /><//>
    <${Field} label=${t("ageSeconds")}><input name="age_seconds" type="number" min="0" step="any" placeholder="120" /><//>
    <${Field} label=${t("amount")}><input name="trans_amt" placeholder="0.01" inputmode="decimal" /><//>
    <${Field} label=${t("tradeType")}><select name="trade_type">${TYPES.map((one) => html`<option key=${one}>${one}</option>`)}</select><//>
    <${Field} label=${t("settle")}><select name="settle">${SETTLES.map((one) => html`<option key=${one} value=${one}>${t(`settle_${one}`)}</option>`)}</select><//>
    <${Field} label=${t("settleSeconds")}><input name="settle_seconds" type="number" min="0" step="any" placeholder="5" /><//>
    <${Field} label=${t("notifyUrl")}><input name="notify_url" type="url" placeholder="http://127.0.0.1:9000/notify" /><//>
    ${problem ? html`<p class="problem" role="alert">${problem}</p>` : null}
    <div class="buttons end"><button type="button" class="button" onClick=${done}>${t("cancel")}</button><button type="submit" class="button primary">${t("seed")}</button></div>
  </form><//>`;
}
