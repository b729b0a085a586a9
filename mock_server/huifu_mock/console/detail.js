// One call: the verdict, what would have succeeded, the signature's first difference, and everything as it was received.
import { get, post, send } from "./api.js";
import { KIND_WORDS, answerWords, kindOf, meaning, shownCalls } from "./calls.js";
import { asJson, asPytest, callPath, curlAsSent, curlCorrectlySigned, forExplain } from "./commands.js";
import { setClock } from "./data.js";
import { Drawer } from "./drawer.js";
import { bytes, clockTime, difference, moment, named, pretty, text, took, visible } from "./format.js";
import { Icon } from "./icons.js";
import { OrderFacts, Timeline, orderHref } from "./orders.js";
import { Badge, Code, CodeLanguage, CopyButton, Empty, Marked, Tabs, copy, html, save, useEffect, useState } from "./parts.js";
import { LANGUAGE_NAMES, both, go, route, state, t, toast } from "./store.js";

let open = null; // the whole entry that is shown, for the keys y and r

export const entryOf = async (id) => (open?.id === id ? open : get(`/journal/${encodeURIComponent(id)}`));

export async function sendAgain(call) {
  try {
    const body = call.body_base64 ? bytes(call.body_base64) : undefined;
    const sent = await send(callPath(call), body);
    let code = sent.status;
    try { code = JSON.parse(sent.text).data?.resp_code ?? code; } catch { /* told by its status */ }
    toast(t("sentAgain", { code }));
    if (sent.call) go({ open: sent.call }, { replace: true });
  } catch (error) {
    toast(t("failed", { why: error.message }), "bad");
  }
}

export function CallDrawer({ id }) {
  const [entry, setEntry] = useState(null);
  const [problem, setProblem] = useState(null);
  const [attempt, setAttempt] = useState(0);
  const light = state.calls.find((one) => one.id === id);
  const version = light ? `${light.status}/${light.duration_ms}/${light.resp_code}` : ""; // an answer may come after the call
  useEffect(() => {
    const stop = new AbortController();
    setProblem(null);
    get(`/journal/${encodeURIComponent(id)}`, stop.signal).then(setEntry, (error) => {
      if (!stop.signal.aborted) { setEntry(null); setProblem(error); }
    });
    return () => stop.abort();
  }, [id, route.tenant, version, attempt]);
  useEffect(() => { if (problem && state.live === "live") setAttempt(attempt + 1); }, [state.live]); // the server is there again
  const shown = entry?.id === id ? entry : null;
  open = shown;
  const ids = shownCalls().map((one) => one.id);
  const at = ids.indexOf(id);
  const title = shown ? html`${shown.id} <span class="soft">${shown.unmatched ? callPath(shown) : shown.endpoint}</span>` : id;
  return html`<${Drawer} id=${id} label=${`${t("call")} ${id}`} title=${title} before=${at > 0 ? ids[at - 1] : null}
    after=${at >= 0 && at < ids.length - 1 ? ids[at + 1] : null}>
    ${shown ? html`<${Detail} key=${id} call=${shown} />` : problem ? html`<${Empty} title=${problem.status === 404 ? t("callGone", { id }) : problem.message} />` : html`<p class="loading">${t("loading")}</p>`}
  <//>`;
}

function Detail({ call }) {
  const explanation = call.explanation ?? {};
  return html`<${Verdict} call=${call} explanation=${explanation} />
    ${(explanation.mistakes ?? []).length ? html`<${Signature} explanation=${explanation} />` : null}
    ${(explanation.warnings ?? []).map((one) => html`<p class="note warm" key=${one.id + one.member}><b>${t("warning")}:</b> <${Marked} text=${both(one)} /></p>`)}
    <${TakeAway} call=${call} />
    <${Tabs} label=${t("call")} tabs=${[
      { id: "request", label: t("request"), show: () => html`<${Request} call=${call} />` },
      { id: "reply", label: t("reply"), show: () => html`<${Reply} call=${call} />` },
      { id: "headers", label: t("headers"), show: () => html`<${Headers} call=${call} />` },
      { id: "order", label: t("orderTab"), show: () => html`<${OfOrder} call=${call} />` },
    ]} />`;
}

// --- the verdict

const SIGNATURE_FROM = /^(The signature is wrong|签名有误|Warning:|警告)/;

// The explanation's lines up to those that this page shows in a better form.
function sentences(explanation) {
  const lines = both(explanation.text).split("\n");
  const end = lines.findIndex((line) => SIGNATURE_FROM.test(line));
  const said = end < 0 ? lines : lines.slice(0, end);
  const refusal = explanation.refusal;
  const repeated = refusal ? [both(refusal.specification), both(refusal.remedy)] : [];
  return said.filter((line) => line && !repeated.some((one) => one && line.includes(one)));
}

const peer = ({ peer_host: host, peer_port: port }) => (host ? ` · ${t("fromPeer", { peer: `${host.includes(":") ? `[${host}]` : host}:${port}` })}` : "");

function Verdict({ call, explanation }) {
  const kind = kindOf(call), stat = call.trans_stat;
  const refusal = explanation.refusal;
  const wait = call.reason === "TOO_YOUNG" && refusal?.order ? Math.ceil(60 - refusal.order.age_seconds) : 0;
  const advance = async () => {
    setClock(await post("/clock/advance", { seconds: wait }));
    toast(t("advanced", { n: t("seconds", { n: wait }) }));
  };
  return html`<div class="verdict ${kind}">
    <div class="verdict-head"><span class="mark ${kind} big"><${Icon} name=${kind} label=${t(KIND_WORDS[kind])} /></span>
      <div><p class="verdict-answer"><b>${answerWords(call)}</b> ${meaning(call)}${stat ? html` · <span class="together"><code>trans_stat</code> <b>${stat}</b></span>` : null}</p>
        <p class="soft">${t("atTime", { time: moment(call.at) })}${call.duration_ms ? ` · ${took(call.duration_ms)}` : ""}${call.status && call.status !== 200 ? ` · HTTP ${call.status}` : ""}${peer(call)}</p></div></div>
    <div class="verdict-text">${sentences(explanation).map((line) => html`<p key=${line}><${Marked} text=${line} /></p>`)}
      ${call.replay ? html`<p>${t("replayLong")}</p>` : null}
      ${call.faults.length ? html`<p><${Badge} kind="fault" icon="fault">${call.faults.join(", ")}<//></p>` : null}</div>
    ${refusal ? html`<div class="remedy"><${Icon} name="bulb" /><div><b>${t("toSucceed")}</b><p><${Marked} text=${both(refusal.remedy)} /></p>
        ${wait > 0 ? html`<div class="buttons"><button type="button" class="button small" onClick=${advance}>${t("advanceBy", { n: wait })}</button>
          <button type="button" class="button small" onClick=${() => sendAgain(call)}><${Icon} name="again" />${t("sendAgain")}</button></div>` : null}</div></div>
      <p class="quote"><b>${t("specification")}</b> ${both(refusal.specification)}</p>
      ${refusal.rules.length > 1 ? html`<details class="rules"><summary>${t("rulesPassed", { n: refusal.rules.length - 1 })}</summary><ol>${refusal.rules.map((one) => html`
        <li key=${one.row} class=${one.applied ? "applied" : ""}><span class="rule-row">${one.row}</span><span><${Marked} text=${both(one.when)} /></span></li>`)}</ol></details>` : null}` : null}
  </div>`;
}

// --- the signature: signed above expected, the first difference in colour

function Pieces({ characters, spaces }) {
  return visible(characters, spaces).map((piece, at) => (piece.sign ? html`<span class="unseen-sign" key=${at} title=${piece.sign}>${piece.sign}</span>` : piece.text));
}

function Line({ label, line, kind }) {
  return html`<div class="diff-line ${kind}"><span class="diff-label">${label}</span><code>${line.cut ? html`<span class="soft">…</span>` : null}<${Pieces} characters=${line.before} />
    <mark class=${kind}>${line.here === undefined ? html`<span class="unseen-sign">${t("endOfText")}</span>` : html`<${Pieces} characters=${[line.here]} spaces />`}</mark>
    <span class="after"><${Pieces} characters=${line.after} /></span>${line.more ? html`<span class="soft">…</span>` : null}</code></div>`;
}

function Signature({ explanation }) {
  const [whole, setWhole] = useState(false);
  const { signed_text: signed, expected_text: expected } = explanation;
  const found = signed !== null && expected !== null ? difference(signed, expected, whole ? Infinity : 36) : null;
  return html`<section class="signature" aria-label=${t("signature")}>
    <ul class="mistakes">${explanation.fixes.map((one) => html`<li key=${one.id}><${Badge} kind="bad">${one.id}<//> <${Marked} text=${both(one.what)} /></li>`)}</ul>
    ${found && !found.equal ? html`<div class="diff"><${Line} label=${t("signedText")} line=${found.one} kind="signed" />
        <${Line} label=${t("expectedText")} line=${found.other} kind="expected" /></div>
        <p class="soft diff-words">${t("differsAt", { n: found.at, one: named(found.one.here), other: named(found.other.here) })}
          <button type="button" class="link" onClick=${() => setWhole(!whole)}>${t(whole ? "aroundDifference" : "wholeText")}</button></p>`
      : html`<p class="soft">${t(signed === null ? "unknownText" : "sameText")}</p>${signed === null && expected ? html`<${Code} text=${expected} label=${t("expectedText")} />` : null}`}
    <div class="fix"><div class="fix-head"><h3>${t("fix")}</h3><${CodeLanguage} /></div>
      <ol>${explanation.fixes.map((one) => html`<li key=${one.id}><${Marked} text=${both(one.fix)} />
        ${one.code[state.code] ? html`<${Code} text=${one.code[state.code]} label=${LANGUAGE_NAMES[state.code]} />` : null}</li>`)}</ol></div>
  </section>`;
}

// --- to take along

async function orderOf(call) {
  const then = call.explanation?.refusal?.order;
  const named = call.org_req_seq_id || call.data?.org_req_seq_id;
  if (then || !named) return then ?? null;
  const { items } = await get(`/orders?req_seq_id=${encodeURIComponent(named)}`);
  const order = items.find((one) => one.req_date === call.data?.org_req_date) ?? items[0];
  if (!order) return null;
  return { ...order, trans_stat: "P", age_seconds: (Date.parse(call.at) - Date.parse(order.created_at)) / 1000 };
}

function TakeAway({ call }) {
  const attempt = (make) => async () => {
    try { return await make(); } catch (error) { toast(t("failed", { why: error.message }), "bad"); return ""; }
  };
  const pytest = attempt(async () => save(`test_${call.id.replace("-", "_")}.py`, asPytest(call, await orderOf(call))));
  return html`<div class="take" role="group" aria-label=${t("takeAway")}>
    <${CopyButton} text=${() => curlAsSent(call)} label=${t("asSent")} />
    ${call.data ? html`<${CopyButton} text=${attempt(() => curlCorrectlySigned(call))} label=${t("asSigned")} />` : null}
    ${call.unmatched ? null : html`<${CopyButton} text=${attempt(() => forExplain(call))} label=${t("forExplain")} />`}
    ${call.data ? html`<button type="button" class="button small" onClick=${pytest}><${Icon} name="save" />${t("savePytest")}</button>` : null}
    <button type="button" class="button small" onClick=${() => save(`${call.id}.json`, asJson(call))}><${Icon} name="save" />${t("saveJson")}</button>
    <button type="button" class="button small" onClick=${() => sendAgain(call)}><${Icon} name="again" />${t("sendAgain")}</button>
  </div>`;
}

export const copyCall = (call) => copy(curlAsSent(call));

// --- the tabs

function Request({ call }) {
  const body = text(call.body_base64);
  return html`<p class="path"><b>${call.method ?? "POST"}</b> ${callPath(call)}</p>
    ${call.data ? html`<h3>${t("dataReadable")}</h3><${Code} text=${JSON.stringify(call.data, null, 2)} label=${t("dataReadable")} />` : null}
    <h3>${t("rawBody")}</h3>${call.body_cut ? html`<p class="soft">${t("bodyCut", { n: call.body_length })}</p>` : null}
    ${!call.body_base64 ? html`<p class="soft">${t("emptyBody")}</p>` : body === null ? html`<p class="soft">${t("notUtf8")}</p><${Code} text=${call.body_base64} label=${t("rawBody")} />`
      : html`<${Code} text=${body} label=${t("rawBody")} />`}`;
}

function Reply({ call }) {
  if (call.response === null || call.response === undefined) return html`<p class="soft">${t("noReply")}</p>`;
  return html`${call.status ? html`<p class="path"><b>HTTP ${call.status}</b></p>` : null}<${Code} text=${pretty(call.response)} label=${t("reply")} />`;
}

function Headers({ call }) {
  return html`<table class="facts"><tbody>${call.headers.map(([name, value], at) => html`<tr key=${at}><th scope="row">${name}</th><td><${Pieces} characters=${value ?? ""} /></td></tr>`)}</tbody></table>`;
}

function OfOrder({ call }) {
  const named = call.org_req_seq_id || call.data?.org_req_seq_id || (/create|jspay|micropay/.test(call.endpoint) ? call.req_seq_id : "");
  const hf = call.data?.org_hf_seq_id;
  const order = [...state.orders.values()].find((one) => (named ? one.req_seq_id === named && (!call.data?.org_req_date || one.req_date === call.data.org_req_date) : hf && one.hf_seq_id === hf));
  const nearest = call.explanation?.refusal?.nearest;
  if (!order) return html`<p class="soft">${t("noOrder")}</p>${nearest ? html`<p><b>${nearest.order.req_seq_id}</b> ${both(nearest.how)}</p>` : null}`;
  return html`<p><a href=${orderHref(order)}>${order.req_seq_id}</a> <span class="soft">${clockTime(order.created_at)}</span></p>
    <${Timeline} order=${order} /><${OrderFacts} order=${order} />`;
}
