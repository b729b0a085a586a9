// Closes that the page sends itself: signed by the control API, sent to Huifu's own path like any client's.
import { get, post, send } from "./api.js";
import { huifuDay, now } from "./format.js";
import { go, t, toast } from "./store.js";

export const CLOSE = "/v2/trade/payment/scanpay/close";

export const fresh = (name) => `${name}-${Math.random().toString(36).slice(2, 8)}`;

export function closeData(order, more = {}) {
  return { req_date: huifuDay(now()), req_seq_id: fresh("close"), huifu_id: order.huifu_id, org_req_date: order.req_date,
    org_req_seq_id: order.req_seq_id, ...more };
}

// What is wrong with the text that is signed; the request itself is always right.
const sorted = (data) => Object.fromEntries(Object.keys(data).sort().map((key) => [key, data[key]]));
const asciiOnly = (text) => text.replace(/[^\x00-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
export const MISTAKES = {
  unicode: (data) => asciiOnly(JSON.stringify(sorted(data))),
  unsorted: (data) => JSON.stringify(data),
  spaces: (data) => JSON.stringify(sorted(data)).replaceAll('":"', '": "').replaceAll('","', '", "'),
  slash: (data) => JSON.stringify(sorted(data)).replaceAll("/", "\\/"),
  newline: (data) => `${JSON.stringify(sorted(data))}\n`,
};

export async function sendClose(order, { mistake, more, data } = {}) {
  const sent = data ?? closeData(order, more);
  const { body } = await post("/sign", mistake ? { data: sent, text: MISTAKES[mistake](sent) } : { data: sent });
  const reply = await send(CLOSE, body);
  let told = {};
  try { told = JSON.parse(reply.text).data ?? {}; } catch { /* a fault may have spoilt it */ }
  return { call: reply.call, code: told.resp_code ?? `HTTP ${reply.status}`, reply: told, data: sent };
}

export const seed = (order) => post("/orders", order);

// The sample order where it is still open, else a new one: so that the first close always succeeds.
export async function firstClose() {
  try {
    const { items } = await get("/orders?trans_stat=P&settle=immediate");
    const order = items.find((one) => one.req_seq_id === "order-open" && one.age_seconds >= 60) ?? await seed({ req_seq_id: fresh("order") });
    const sent = await sendClose(order);
    go({ view: "calls", open: sent.call ?? "" });
    return sent;
  } catch (error) {
    toast(t("failed", { why: error.message }), "bad");
    return null;
  }
}
