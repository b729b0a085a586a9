// What can go wrong on purpose: cards by layer, which are armed for an order and a number of times.
import { api, post, tenantPath } from "./api.js";
import { curlTenant } from "./commands.js";
import { armed } from "./data.js";
import { Icon } from "./icons.js";
import { Badge, Code, Empty, Marked, Search, html, useState } from "./parts.js";
import { both, go, reasonWords, route, state, t, toast, update } from "./store.js";

const LAYERS = ["pace", "wire", "signed", "push", "race", "answer"];

// Every card: {id, layer, words, do, settings: [[name, default]]}
function cards() {
  const { about } = state;
  if (!about) return [];
  return [
    ...about.faults.map((one) => ({ id: one.fault, layer: one.layer, words: both(one), make: { fault: one.fault }, settings: Object.entries(one.settings) })),
    ...about.races.map((one) => ({ id: one.race, layer: "race", words: both(one), make: { race: one.race }, settings: [["at", "after_accept"], ...(one.race === "advance" ? [["seconds", 60]] : [])] })),
    ...about.answers.map((one) => ({
      id: `${one.resp_code}.${one.reason}`, layer: "answer", words: state.lang === "zh" ? one.resp_desc : `${reasonWords(one.reason)} · ${one.resp_desc}`,
      make: { answer: about.answers.filter((other) => other.resp_code === one.resp_code).length > 1 ? `${one.resp_code}.${one.reason}` : one.resp_code }, settings: [["when", "before"]],
    })),
  ];
}

const CHOICES = { "status.body": ["html", "json", "nothing"], "sign-foreign.key": ["foreign", "merchant"], "hang.when": ["before", "after"], "foreign-reply.trans_stat": ["", "P", "S", "F"] };

function Setting({ card, name, initial }) {
  const label = name === "when" ? t("carriedOutToo") : name === "at" ? t("racePoint") : name;
  const choices = name === "at" ? state.about.points.map((one) => [one.at, `${one.at}: ${both(one)}`])
    : name === "when" ? [["before", t("no")], ["after", t("yes")]]
    : typeof initial === "boolean" ? [["false", t("no")], ["true", t("yes")]] : CHOICES[`${card.id}.${name}`]?.map((one) => [one, one || "–"]);
  return html`<label class="field"><span>${label}</span>${choices
    ? html`<select name=${name}>${choices.map(([value, words]) => html`<option key=${value} value=${value} selected=${value === String(initial)}>${words}</option>`)}</select>`
    : typeof initial === "number" ? html`<input name=${name} type="number" step="any" min="0" value=${initial} />` : html`<input name=${name} value=${initial ?? ""} placeholder=${initial === null ? "–" : ""} />`}</label>`;
}

function body(card, form) {
  const given = new FormData(form);
  const made = { ...card.make };
  for (const [name, initial] of card.settings) {
    const value = given.get(name);
    if (value === "" || value === null) continue;
    made[name] = { number: Number, boolean: (word) => word === "true" }[typeof initial]?.(value) ?? value;
  }
  const order = given.get("order");
  const what = { do: made, times: Number(given.get("times") || 1) };
  if (order) what.match = { org_req_seq_id: order };
  return what;
}

function Card({ card }) {
  const [open, setOpen] = useState(false);
  const [curl, setCurl] = useState("");
  const [problem, setProblem] = useState("");
  const submit = async (event) => {
    event.preventDefault();
    try {
      const made = await post("/faults", body(card, event.target));
      update({ faults: new Map(state.faults).set(made.id, made) });
      toast(t("armed", { what: card.id }));
      setOpen(false);
      setProblem("");
    } catch (error) { setProblem(error.message); }
  };
  const shape = (form) => setCurl(curlTenant("POST", "/faults", body(card, form)));
  const many = armed().filter((one) => name(one) === (card.make.fault ?? card.make.race ?? card.make.answer)).length;
  return html`<li class="card ${many ? "armed" : ""} ${open ? "open" : ""}"><div class="card-head"><h3>${card.id}</h3>${many ? html`<${Badge} kind="fault" icon="fault">${t("armedNow")}<//>` : null}
      <button type="button" class="button small" aria-expanded=${open ? "true" : "false"} onClick=${() => setOpen(!open)}>${t(open ? "cancel" : "arm")}<span class="unseen"> ${card.id}</span></button></div>
    <p><${Marked} text=${card.words} /></p>
    ${open ? html`<form class="form tight" onSubmit=${submit} onInput=${(event) => shape(event.currentTarget)} ref=${(form) => form && !curl && shape(form)}>
      <label class="field"><span>${t("forOrder")}</span><input name="order" list="known-orders" placeholder=${t("anyOrder")} autocomplete="off" /></label>
      <label class="field"><span>${t("times")}</span><input name="times" type="number" min="1" value="1" /></label>
      ${card.settings.map(([one, initial]) => html`<${Setting} key=${one} card=${card} name=${one} initial=${initial} />`)}
      ${problem ? html`<p class="problem" role="alert">${problem}</p>` : null}
      <div class="buttons end"><button type="submit" class="button primary small">${t("arm")} <span class="unseen">${card.id}</span></button></div>
      <div class="wide"><${Code} text=${curl} label=${t("curlSame")} /></div></form>` : null}</li>`;
}

const name = (fault) => fault.do.fault ?? fault.do.race ?? fault.do.answer;
const what = (fault) => name(fault) + (fault.do.race ? `@${fault.do.at ?? "after_accept"}` : "");

async function disarm(fault) {
  try {
    await api("DELETE", tenantPath(fault ? `/faults/${encodeURIComponent(fault.id)}` : "/faults"));
    const left = new Map(fault ? state.faults : []);
    if (fault) left.delete(fault.id);
    update({ faults: left });
    toast(t("disarmed"));
  } catch (error) { toast(t("failed", { why: error.message }), "bad"); }
}

function Armed() {
  const all = [...state.faults.values()].reverse();
  if (!all.length) return html`<p class="soft">${t("nothingArmed")}</p>`;
  return html`<ul class="armed-list">${all.map((one) => html`<li key=${one.id} class=${one.left > 0 ? "" : "spent"}><span class="mark fault"><${Icon} name="fault" /></span>
      <b>${what(one)}</b><span class="soft">${Object.entries(one.match).map(([key, value]) => `${key} ${value}`).join(", ")}</span>
      <span class="count">${t("usedLeft", one)}${one.without_effect ? `, ${t("withoutEffect", { n: one.without_effect })}` : ""}</span>
      <button type="button" class="button small" onClick=${() => disarm(one)}>${t("disarm")}<span class="unseen"> ${what(one)}</span></button></li>`)}</ul>
    ${all.length > 1 ? html`<button type="button" class="link" onClick=${() => disarm(null)}>${t("disarmAll")}</button>` : null}`;
}

export function Faults() {
  const wanted = route.q.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = cards().filter((card) => wanted.every((word) => `${card.id} ${card.words} ${t(`layer_${card.layer}`)}`.toLowerCase().includes(word)));
  return html`<section class="view scrolls" aria-label=${t("faults")}>
    <div class="toolbar"><${Search} value=${route.q} label=${t("filter")} placeholder=${t("filterFaults")} onInput=${(q) => go({ q }, { replace: true })} /></div>
    <div class="page"><p class="lead">${t("faultsHow")}</p>
      <section class="panel" aria-label=${t("armedNow")}><h2>${t("armedNow")}</h2><${Armed} /></section>
      <datalist id="known-orders">${[...state.orders.values()].slice(-200).map((one) => html`<option key=${one.req_seq_id + one.req_date} value=${one.req_seq_id} />`)}</datalist>
      ${shown.length ? null : html`<${Empty} title=${t("noFaultsMatch")} />`}
      ${LAYERS.map((layer) => [layer, shown.filter((card) => card.layer === layer)]).filter(([, list]) => list.length).map(([layer, list]) => html`
        <section key=${layer} aria-label=${t(`layer_${layer}`)}><h2>${t(`layer_${layer}`)} <span class="soft">${t(`layerHow_${layer}`)}</span></h2>
          <ul class="cards">${list.map((card) => html`<${Card} key=${card.id} card=${card} />`)}</ul></section>`)}
    </div></section>`;
}
