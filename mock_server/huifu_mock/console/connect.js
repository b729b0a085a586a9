// How to point a client here, whether its first call has come, and five steps to try everything without one.
import { api, get, post, tenantPath } from "./api.js";
import { answerWords, kindOf, meaning } from "./calls.js";
import { MISTAKES, fresh, seed, sendClose } from "./closing.js";
import { setup } from "./commands.js";
import { setClock, totalCalls } from "./data.js";
import { addReceiver, statusWords } from "./deliveries.js";
import { Icon } from "./icons.js";
import { orderHref } from "./orders.js";
import { Code, CodeLanguage, CopyButton, DocsLink, html, useEffect, useState } from "./parts.js";
import { route, state, t, toast, update } from "./store.js";

export function Connect() {
  return html`<section class="view scrolls" aria-label=${t("connect")}><div class="page connect">
    <${Waiting} /><${Tour} key=${route.tenant} /><${Credentials} key=${`keys of ${route.tenant}`} /></div></section>`;
}

function Waiting() {
  const latest = state.calls[0];
  return html`<section class="panel waiting ${latest ? "arrived" : ""}" role="status"><span class="pulse" aria-hidden="true"></span><div>
    <h2>${latest ? t("arrived", { n: totalCalls() }) : t("waiting")}</h2>
    <p>${latest ? html`<a href=${`#${latest.id}`}>${t("arrivedHow", { what: `${latest.unmatched ? latest.path : latest.endpoint} → ${answerWords(latest)} ${meaning(latest)}` })}</a>` : t("waitingHow")}</p></div></section>`;
}

function Credentials() {
  const [tenant, setTenant] = useState(null);
  useEffect(() => {
    let here = true;
    get("").then((found) => here && setTenant(found), (error) => toast(t("failed", { why: error.message }), "bad"));
    return () => { here = false; };
  }, []);
  if (!tenant) return html`<section class="panel"><p class="loading">${t("loading")}</p></section>`;
  const shown = [
    [t("baseUrl"), tenant.base_url], ["sys_id", tenant.sys_id], ["product_id", tenant.product_id], ["huifu_id", tenant.huifu_id],
    [`${t("privateKey")} · ${t("oneLine")}`, tenant.merchant_private_key], [`${t("privateKey")} · PEM`, tenant.merchant_private_key_pem],
    [`${t("publicKey")} · ${t("oneLine")}`, tenant.huifu_public_key], [`${t("publicKey")} · PEM`, tenant.huifu_public_key_pem], [t("webhookKey"), tenant.webhook_key],
  ].filter(([, value]) => value);
  return html`<section class="panel" aria-label=${t("credentials")}><h2>${t("yourClient")}</h2><p class="soft">${t("credentialsHow")}</p>
    <${CodeLanguage} /><${Code} text=${setup(tenant)} label=${t("yourClient")} wrap=${false} />
    ${tenant.merchant_private_key ? null : html`<p class="note warm">${t("noPrivateKey")}</p>`}
    <h3>${t("credentials")}</h3><dl class="keys">${shown.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd><code>${value.split("\n")[0] === value ? value : `${value.split("\n")[0]} …`}</code>
      <${CopyButton} text=${value} label=${`${t("copy")}: ${name}`} compact /></dd></div>`)}</dl>
    <${DocsLink} /></section>`;
}

// --- the steps

function Step({ number, done, children }) {
  return html`<li class="step ${done ? "done" : ""}"><span class="step-number">${done ? html`<${Icon} name="check" label=${t("stepDone")} />` : number}</span>
    <div class="step-body"><h3>${t(`step${number}`)}</h3><p class="soft">${t(`step${number}How`)}</p>${children}</div></li>`;
}

function Seen({ id }) {
  const call = state.calls.find((one) => one.id === id);
  if (!call) return null;
  const kind = kindOf(call);
  return html`<a class="seen" href=${`#${id}`}><span class="mark ${kind}"><${Icon} name=${kind} /></span>${id}: ${answerWords(call)} ${meaning(call)}</a>`;
}

const bodies = { young: { age_seconds: 30 }, processing: { settle: "processing", settle_seconds: 600 } };

function Tour() {
  const [got, setGot] = useState({});
  const [mistake, setMistake] = useState("unicode");
  const [url, setUrl] = useState("http://127.0.0.1:9000/webhook");
  const remember = (patch) => setGot((before) => ({ ...before, ...patch }));
  const attempt = (work) => async (event) => {
    event?.preventDefault?.();
    try { await work(); } catch (error) { toast(t("failed", { why: error.message }), "bad"); }
  };
  const one = attempt(async () => remember({ one: (await sendClose(await seed({ req_seq_id: fresh("order") }))).call }));
  const two = attempt(async () => {
    const sent = await sendClose(await seed({ req_seq_id: fresh("order") }), { mistake, more: { remark: "中文/测试" } });
    remember({ two: sent.call });
  });
  const three = attempt(async () => {
    const order = await seed({ req_seq_id: fresh("young"), ...bodies.young });
    const sent = await sendClose(order);
    remember({ three: sent.call, young: { order, data: sent.data } });
  });
  const threeAgain = attempt(async () => {
    setClock(await post("/clock/advance", { seconds: 61 }));
    remember({ threeAgain: (await sendClose(got.young.order, { data: got.young.data })).call });
  });
  const four = attempt(async () => {
    const order = await seed({ req_seq_id: fresh("slow"), ...bodies.processing });
    remember({ four: (await sendClose(order)).call, slow: order, paid: false });
  });
  const fourPay = attempt(async () => {
    const { req_seq_id: number, huifu_id: owner, req_date: date } = got.slow;
    await api("PATCH", tenantPath(`/orders/${encodeURIComponent(number)}?huifu_id=${owner}&req_date=${date}`), { trans_stat: "S" });
    remember({ paid: true });
  });
  const five = attempt(async () => {
    if (![...state.receivers.values()].some((receiver) => receiver.url === url)) await addReceiver(url);
    const order = await seed({ req_seq_id: fresh("pushed") });
    const sent = await sendClose(order);
    remember({ five: sent.call, pushed: order });
  });
  const pushed = got.pushed && [...state.deliveries.values()].find((delivery) => delivery.order === got.pushed.req_seq_id);
  return html`<section class="panel" aria-label=${t("tour")}><h2>${t("tour")}</h2><p class="soft">${t("tourHow")}</p><ol class="steps">
    <${Step} number=${1} done=${got.one}><div class="buttons"><button type="button" class="button primary small" onClick=${one}>${t("step1Do")}</button><${Seen} id=${got.one} /></div><//>
    <${Step} number=${2} done=${got.two}><div class="buttons"><label class="field inline"><span class="unseen">${t("mistake")}</span><select value=${mistake} onChange=${(event) => setMistake(event.target.value)}>
        ${Object.keys(MISTAKES).map((name) => html`<option key=${name} value=${name}>${t(`m_${name}`)}</option>`)}</select></label>
      <button type="button" class="button small" onClick=${two}>${t("step2Do")}</button><${Seen} id=${got.two} /></div><//>
    <${Step} number=${3} done=${got.threeAgain}><div class="buttons"><button type="button" class="button small" onClick=${three}>${t("step3Do")}</button><${Seen} id=${got.three} />
      ${got.three ? html`<button type="button" class="button small primary" onClick=${threeAgain}>${t("step3Then")}</button>` : null}<${Seen} id=${got.threeAgain} /></div><//>
    <${Step} number=${4} done=${got.paid}><div class="buttons"><button type="button" class="button small" onClick=${four}>${t("step4Do")}</button><${Seen} id=${got.four} />
      ${got.four ? html`<button type="button" class="button small primary" disabled=${got.paid} onClick=${fourPay}>${t("step4Then")}</button>` : null}
      ${got.paid ? html`<a class="seen" href=${orderHref(got.slow)}>${t("showIt", { what: got.slow.req_seq_id })}</a>` : null}</div><//>
    <${Step} number=${5} done=${got.five}><form class="buttons" onSubmit=${five}><label class="field inline grow"><span class="unseen">${t("receiverUrl")}</span>
        <input value=${url} onInput=${(event) => setUrl(event.target.value)} required /></label>
      <button type="submit" class="button small">${t("step5Do")}</button>${pushed ? html`<a class="seen" href=${`#${pushed.id}`}>${pushed.id}: ${statusWords(pushed)}</a>` : null}</form><//>
  </ol></section>`;
}
