// Pushes: who receives them, how each try was answered and why not, when the next one comes.
import { api, get, post, tenantPath } from "./api.js";
import { curlTenant } from "./commands.js";
import { number, onEnd, setClock } from "./data.js";
import { Drawer } from "./drawer.js";
import { clockTime, milliseconds, moment, now, pretty, span } from "./format.js";
import { Icon } from "./icons.js";
import { List } from "./list.js";
import { orderHref } from "./orders.js";
import { Actions, Badge, Code, Dialog, Empty, Field, Search, html, useEffect, useState } from "./parts.js";
import { diagnosis, go, route, state, t, toast, update } from "./store.js";

const KINDS = { pending: "warm", delivered: "good", failed: "bad", refused: "bad", dropped: "plain" };
const ICONS = { pending: "pending", delivered: "good", failed: "signature", refused: "refused", dropped: "silent" };

export const statusWords = ({ status, attempts }) => (status === "pending" && attempts.length ? t("retrying") : t(`st_${status}`));
const StatusBadge = ({ delivery }) => html`<${Badge} kind=${KINDS[delivery.status] ?? "plain"} icon=${ICONS[delivery.status]}>${statusWords(delivery)}<//>`;

const untilNext = (delivery) => Math.max(0, (milliseconds(delivery.next_at) - now()) / 1000);
const why = (delivery) => diagnosis(delivery.attempts.at(-1));

function row(delivery) {
  return html`<span class="d-time">${clockTime(delivery.created_at)}</span><span class="d-event">${delivery.event}</span>
    <span class="d-order">${delivery.order}</span><span class="d-status"><${StatusBadge} delivery=${delivery} /></span>
    <span class="d-tries">${delivery.attempts.length}</span>
    <span class="d-next">${delivery.next_at ? span(untilNext(delivery)) : ""}</span>
    <span class="d-url">${delivery.url}${why(delivery) ? html` <span class="soft">${why(delivery)}</span>` : null}</span>`;
}

const head = () => html`<div class="list-head" aria-hidden="true"><span>${t("time")}</span><span>${t("event")}</span><span>${t("order")}</span>
  <span>${t("status")}</span><span>${t("tries")}</span><span>${t("nextTry")}</span><span>${t("to")}</span></div>`;

function shown() {
  const wanted = route.q.toLowerCase().split(/\s+/).filter(Boolean);
  return [...state.deliveries.values()].sort((a, b) => number(b.id) - number(a.id)).filter((one) => {
    const text = [one.id, one.event, one.url, one.order, one.status, statusWords(one), why(one)].join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

async function remove(receiver) {
  try {
    await api("DELETE", tenantPath(`/webhooks/${encodeURIComponent(receiver.id)}`));
    const left = new Map(state.receivers);
    left.delete(receiver.id);
    update({ receivers: left });
    toast(t("receiverRemoved", { url: receiver.url }));
  } catch (error) { toast(t("failed", { why: error.message }), "bad"); }
}

export function Deliveries() {
  const rows = shown();
  const add = html`<button type="button" class="button small ${state.receivers.size ? "" : "primary"}" onClick=${() => update({ dialog: "receiver" })}><${Icon} name="plus" />${t("addReceiver")}</button>`;
  return html`<section class="view" aria-label=${t("deliveries")}>
    <div class="toolbar"><${Search} value=${route.q} label=${t("filter")} placeholder=${t("filterDeliveries")} onInput=${(q) => go({ q }, { replace: true })} /><div class="tools">${add}</div></div>
    ${state.receivers.size ? html`<ul class="receivers" aria-label=${t("receivers")}>${[...state.receivers.values()].map((one) => html`<li key=${one.id}><${Icon} name="link" /><code>${one.url}</code>
      <button type="button" class="icon-button tiny" aria-label=${t("removeWhat", { what: one.url })} title=${t("remove")} onClick=${() => remove(one)}><${Icon} name="close" /></button></li>`)}</ul>` : null}
    ${!state.ready ? html`<p class="loading">${t("loading")}</p>`
      : rows.length ? html`<${List} rows=${rows} row=${row} href=${(one) => `#${one.id}`} label=${t("deliveriesList")} chosen=${route.open} className="deliveries" head=${head()} onEnd=${state.olderDeliveries ? () => onEnd("/deliveries") : null} />`
      : state.deliveries.size ? html`<${Empty} title=${t("noDeliveriesMatch")}><button type="button" class="button" onClick=${() => go({ q: "" }, { replace: true })}>${t("clearFilters")}</button><//>`
      : html`<${Empty} icon="link" title=${t("noDeliveries")}><p>${t("noDeliveriesHow")}</p><p>${t("receiverHow")}</p><${Code} text=${listenCommand()} label="huifu-mock webhooks listen" />
          ${state.receivers.size ? null : html`<div class="buttons center">${add}</div>`}<//>`}
  </section>`;
}

export const listenCommand = () => `huifu-mock webhooks listen --port 9000 --url ${location.origin}${route.tenant === state.about?.default_tenant ? "" : ` --tenant ${route.tenant}`}`;

// --- one push

export async function resend(delivery) {
  try {
    await post(`/deliveries/${encodeURIComponent(delivery.id)}/resend`);
    toast(t("resent", { id: delivery.id }));
  } catch (error) { toast(t("failed", { why: error.message }), "bad"); }
}

async function jump(delivery) {
  try {
    const seconds = Math.ceil(untilNext(delivery) * 1000) / 1000;
    setClock(await post("/clock/advance", { seconds }));
    toast(t("advanced", { n: span(seconds) }));
  } catch (error) { toast(t("failed", { why: error.message }), "bad"); }
}

export const deliveryCurl = (delivery) => curlTenant("POST", `/deliveries/${delivery.id}/resend`, {});

export function DeliveryDrawer({ id }) {
  const rows = shown();
  const at = rows.findIndex((one) => one.id === id);
  const delivery = state.deliveries.get(id);
  return html`<${Drawer} id=${id} label=${`${t("deliveries")} ${id}`} title=${delivery ? html`${delivery.event} <span class="soft">${delivery.id}</span>` : id}
    before=${at > 0 ? rows[at - 1].id : null} after=${at >= 0 && at < rows.length - 1 ? rows[at + 1].id : null}>
    ${delivery ? html`<${Detail} key=${id} delivery=${delivery} />` : html`<${Empty} title=${t("deliveryGone")} />`}<//>`;
}

function Detail({ delivery }) {
  const [body, setBody] = useState(null); // lists and events leave it out
  useEffect(() => {
    let here = true;
    get(`/deliveries/${encodeURIComponent(delivery.id)}`).then((whole) => here && setBody(whole.body), () => {});
    return () => { here = false; };
  }, [delivery.id]);
  const order = [...state.orders.values()].find((one) => one.req_seq_id === delivery.order && one.huifu_id === delivery.huifu_id && one.req_date === delivery.req_date);
  const seconds = delivery.next_at ? Math.ceil(untilNext(delivery) * 1000) / 1000 : 0;
  const actions = [{ id: "resend", label: t("resend"), how: t("resendHow"), kind: "primary", curl: deliveryCurl(delivery), act: () => resend(delivery) }];
  if (delivery.next_at) actions.push({ id: "jump", label: t("jump"), how: t("jumpHow"), curl: curlTenant("POST", "/clock/advance", { seconds }), act: () => jump(delivery) });
  return html`<div class="order-head"><${StatusBadge} delivery=${delivery} />${order ? html`<a href=${orderHref(order)}>${delivery.order}</a>` : html`<span>${delivery.order}</span>`}</div>
    <p class="path">${delivery.url}</p>
    ${delivery.next_at ? html`<p class="note"><${Icon} name="pending" /> ${t("nextTryAt", { time: moment(delivery.next_at), n: span(untilNext(delivery)) })}</p>` : null}
    <h3>${t("actions")}</h3><${Actions} label=${t("actions")} actions=${actions} />
    <h3>${t("attempts")}</h3>${delivery.attempts.length ? html`<ol class="timeline">${delivery.attempts.map((one, at) => html`<li key=${at} class=${one.diagnosis ? "bad" : "good"}>
      <span class="mark ${one.diagnosis ? "bad" : "good"}"><${Icon} name=${one.diagnosis ? "signature" : "good"} /></span><time datetime=${one.at}>${clockTime(one.at)}</time>
      <div><span class="strong">${one.status === null ? t("noAnswer") : `HTTP ${one.status}`}</span>${one.diagnosis ? ` · ${diagnosis(one)}` : ` · ${t("tlAcked")}`}
        ${one.answer ? html`<${Code} text=${one.answer} label=${t("answer")} />` : null}</div></li>`)}</ol>` : html`<p class="soft">${t("noAttempts")}</p>`}
    <h3>${t("payload")}</h3>${body === null ? html`<p class="loading">${t("loading")}</p>` : html`<${Code} text=${pretty(body)} label=${t("payload")} />`}`;
}

// --- a receiver

export async function addReceiver(url) {
  const made = await post("/webhooks", { url });
  update({ receivers: new Map(state.receivers).set(made.id, made) });
  toast(t("receiverAdded", { url }));
}

export function ReceiverDialog() {
  const [problem, setProblem] = useState("");
  const done = () => update({ dialog: null });
  const submit = async (event) => {
    event.preventDefault();
    try {
      await addReceiver(new FormData(event.target).get("url"));
      done();
    } catch (error) { setProblem(error.message); }
  };
  return html`<${Dialog} title=${t("addReceiver")} onClose=${done}><form class="form single" onSubmit=${submit}>
    <${Field} label=${t("receiverUrl")}><input name="url" value="http://127.0.0.1:9000/webhook" required autofocus /><//>
    ${problem ? html`<p class="problem" role="alert">${problem}</p>` : null}
    <p class="soft">${t("receiverHow")}</p><${Code} text=${`${listenCommand()} --no-register`} label="huifu-mock webhooks listen" />
    <div class="buttons end"><button type="button" class="button" onClick=${done}>${t("cancel")}</button><button type="submit" class="button primary">${t("addReceiver")}</button></div></form><//>`;
}
