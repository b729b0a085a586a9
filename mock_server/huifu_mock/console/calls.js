// The calls: a live list that is filtered by the address and pauses while one reads further down.
import { api, tenantPath } from "./api.js";
import { loadGap, number, onEnd, totalCalls } from "./data.js";
import { clockTime, took } from "./format.js";
import { Icon } from "./icons.js";
import { Later } from "./later.js";
import { List, toTop } from "./list.js";
import { Badge, Chip, Empty, Search, html, useEffect, useState } from "./parts.js";
import { ONLY, both, go, reasonWords, route, state, t, toast, update } from "./store.js";
import { REASONS } from "./words.js";

const GOOD = new Set(["00000000", "00000100"]);
const ASKS = new Set(["query", "closequery"]); // whose trans_stat is the state of what was asked for
const STATES = { F: { kind: "refused", words: "st_failed" }, P: { kind: "progress", words: "lg_progress" } };

// What an answer says whose code is good: its trans_stat decides.
const unfinished = (call) => (GOOD.has(call.resp_code) && !ASKS.has(call.endpoint) ? STATES[call.trans_stat] : undefined);

// What the mark in front of a call says.
export function kindOf(call) {
  if (call.unmatched) return "unmatched";
  if (!call.resp_code && !call.response && !call.status) return "silent";
  if (call.signature_ok === false) return "signature";
  if (unfinished(call)) return unfinished(call).kind;
  if (call.resp_code === "00000100" || call.reason === "PROCESSING") return "progress";
  return GOOD.has(call.resp_code) ? "good" : "refused";
}

export const KIND_WORDS = {
  good: "lg_good", progress: "lg_progress", refused: "lg_refused", signature: "lg_signature",
  unmatched: "lg_unmatched", silent: "unanswered",
};

const ABOUT = {
  refused: (call) => call.kind === "refused" || call.kind === "signature",
  signature: (call) => call.signature_ok === false,
  unmatched: (call) => call.kind === "unmatched",
  fault: (call) => call.faults.length > 0,
};
const ONLY_WORDS = { refused: "refused", signature: "badSignature", unmatched: "unmatched", fault: "withFault" };

function words(call) {
  return [call.id, call.endpoint, call.path, call.req_seq_id, call.org_req_seq_id, call.resp_code, call.reason,
    call.session, call.status, ...call.faults, ...(call.mistakes ?? []), ...(REASONS[call.reason] ?? []),
    call.replay ? "replay 重放" : ""].join(" ").toLowerCase();
}

export function matching(calls, { q, only, session }) {
  const wanted = q.toLowerCase().split(/\s+/).filter(Boolean);
  return calls.filter((call) =>
    (!session || call.session === session) &&
    (!only.length || only.some((one) => ABOUT[one](call))) &&
    wanted.every((word) => words(call).includes(word)));
}

const marked = new WeakMap(); // a light entry with its kind, made once
const withKind = (call) => {
  if (!marked.has(call)) marked.set(call, { ...call, kind: kindOf(call) });
  return marked.get(call);
};
export const shownCalls = () => matching(state.calls.map(withKind), route);

// One row for each run of numbers that the stream left out.
export function withGaps(calls) {
  const rows = [];
  let next = null; // the number that follows in a list without gaps
  const fill = (until) => {
    const first = until + 1, last = next;
    const gone = state.absent.some(([from, to]) => from <= first && last <= to);
    if (next !== null && last >= first && !gone) rows.push({ id: `gap-${last}`, gap: last - first + 1, first, last });
  };
  for (const call of calls) {
    const at = number(call.id);
    fill(at);
    rows.push(call);
    next = at - 1;
  }
  if (state.floor !== null && !state.older) fill(state.floor);
  return rows;
}

export function pause(wanted) {
  const newest = state.calls.length ? number(state.calls[0].id) : 0;
  update({ paused: wanted ? state.paused ?? newest : null });
}

export function showNew() {
  pause(false);
  toTop();
}

export function answerWords(call) {
  if (call.unmatched) return String(call.status ?? t("unanswered"));
  if (!call.resp_code) return call.status ? String(call.status) : t("unanswered");
  return call.resp_code;
}

// The words behind the code of an answer.
export function meaning(call) {
  if (call.unmatched) return t(`un_${call.unmatched}`);
  return unfinished(call) ? t(unfinished(call).words) : reasonWords(call.reason);
}

function remark(call) {
  const marks = [];
  if (call.faults.length) marks.push(html`<${Badge} kind="fault" icon="fault">${call.faults.join(", ")}<//>`);
  if (call.replay) marks.push(html`<${Badge} kind="plain" icon="again">${t("replay")}<//>`);
  for (const one of call.mistakes ?? []) marks.push(html`<${Badge} kind="bad">${one}<//>`);
  if (call.session) marks.push(html`<${Badge} kind="plain">${call.session}<//>`);
  const says = both(call.says);
  if (says && !marks.length) marks.push(html`<span class="soft">${says}</span>`);
  return marks;
}

function row(call) {
  if (call.gap) return html`<span class="mark silent"><${Icon} name="down" /></span><span class="gap-words">${t("gap", { n: call.gap })}</span>`;
  const signature = call.signature_ok === null ? null : call.signature_ok;
  return html`
    <span class="mark ${call.kind}">${Icon({ name: call.kind, label: t(KIND_WORDS[call.kind]) })}</span>
    <span class="c-time">${clockTime(call.at, true)}</span>
    <span class="c-endpoint">${call.unmatched ? `${call.method} ${call.path}` : call.endpoint}</span>
    <span class="c-order">${call.org_req_seq_id || call.req_seq_id}</span>
    <span class="c-answer"><b>${answerWords(call)}</b> ${meaning(call)}</span>
    <span class="c-remark">${remark(call)}</span>
    <span class="c-signature">${signature === null ? "" : html`<span class=${signature ? "ok" : "wrong"}>
      ${Icon({ name: signature ? "check" : "close", label: t(signature ? "sigOk" : "sigBad") })}</span>`}</span>
    <span class="c-took">${took(call.duration_ms)}</span>`;
}

const head = () => html`<div class="list-head" aria-hidden="true"><span></span><span>${t("time")}</span><span>${t("endpoint")}</span>
  <span>${t("order")}</span><span>${t("answer")}</span><span>${t("remark")}</span><span>${t("sign")}</span><span class="right">${t("took")}</span></div>`;

function openGap(call, event) {
  if (!call.gap) return;
  event.preventDefault();
  loadGap(call).catch((error) => toast(t("failed", { why: error.message }), "bad"));
}

export async function clearAll() {
  await api("DELETE", tenantPath("/journal"));
  update({ paused: null });
}

export function Calls() {
  const filtered = route.q || route.only.length || route.session;
  const all = filtered ? shownCalls() : withGaps(shownCalls());
  const since = state.paused === null ? [] : all.filter((call) => number(call.id) > state.paused);
  const rows = since.length ? all.slice(since.length) : all;
  const fresh = since.reduce((n, one) => n + (one.gap ?? 1), 0);
  const sessions = [...new Set(state.calls.map((call) => call.session).filter(Boolean))].sort();
  useEffect(() => { if (filtered && !rows.length && state.older) onEnd("/journal"); }); // perhaps among the older ones
  const scrolled = (top) => {
    if (top > 8 && state.paused === null) pause(true);
    if (top <= 8 && state.paused !== null && !state.pinned) pause(false);
  };
  return html`<section class="view" aria-label=${t("calls")}>
    <div class="toolbar">
      <${Search} value=${route.q} label=${t("filter")} placeholder=${t("filterCalls")} onInput=${(q) => go({ q }, { replace: true })} />
      <div class="chips" role="group" aria-label=${t("filter")}>${ONLY.map((one) => html`<${Chip} key=${one} pressed=${route.only.includes(one)}
        onClick=${() => go({ only: route.only.includes(one) ? route.only.filter((other) => other !== one) : [...route.only, one] }, { replace: true })}>
        ${t(ONLY_WORDS[one])}<//>`)}
        ${sessions.length || route.session ? html`<select aria-label=${t("session")} value=${route.session} onChange=${(event) => go({ session: event.target.value }, { replace: true })}>
          <option value="">${t("allSessions")}</option>${[...new Set([...sessions, route.session].filter(Boolean))].map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select>` : null}
        ${filtered ? html`<button type="button" class="link" onClick=${() => go({ q: "", only: [], session: "" }, { replace: true })}>${t("clearFilters")}</button>` : null}
      </div>
      <div class="tools">
        <button type="button" class="button small" aria-pressed=${state.pinned ? "true" : "false"} onClick=${togglePause}>
          <${Icon} name=${state.pinned ? "play" : "pause"} /><span class="words">${t(state.pinned ? "resume" : "pause")}</span></button>
        <button type="button" class="button small" onClick=${() => update({ dialog: "clear" })} disabled=${!state.calls.length}><${Icon} name="bin" /><span class="words">${t("clearCalls")}</span></button>
      </div>
    </div>
    ${since.length ? html`<button type="button" class="news" onClick=${() => { update({ pinned: false }); showNew(); }}>
      <${Icon} name="up" />${t("showNew", { n: fresh })}</button>` : null}
    <div class="unseen" role="status">${since.length ? t("newCalls", { n: fresh }) : ""}</div>
    ${!state.ready ? html`<p class="loading">${t("loading")}</p>`
      : rows.length ? html`<${List} rows=${rows} row=${row} href=${(call) => `#${call.id}`} label=${t("callsList")} chosen=${route.open}
          className="calls" head=${head()} onOpen=${openGap} onScroll=${scrolled} onEnd=${state.older ? () => onEnd("/journal") : null}
          end=${state.droppedCalls ? html`<p class="dropped">${t("droppedCalls", { n: state.droppedCalls })}</p>` : null} />`
      : state.calls.length ? html`<${Empty} title=${t("noCallsMatch")}><p>${t("noCallsMatchHow", { n: totalCalls() })}</p>
          <button type="button" class="button" onClick=${() => go({ q: "", only: [], session: "" }, { replace: true })}>${t("clearFilters")}</button><//>`
      : html`<${Later} name="NoCalls" />`}
  </section>`;
}

export function togglePause() {
  if (state.pinned) {
    update({ pinned: false });
    showNew();
  } else {
    update({ pinned: true });
    pause(true);
  }
}
