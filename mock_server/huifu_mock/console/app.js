// The page: the bar with tenant and clock, the views, the detail, the keys.
import { setToken } from "./api.js";
import { Calls } from "./calls.js";
import { advance, armed, begin, failing, setMode, totalCalls, watch } from "./data.js";
import { clockTime, day, now } from "./format.js";
import { Icon } from "./icons.js";
import { Later, load, rest } from "./later.js";
import { html, render, useEffect, useState } from "./parts.js";
import { THEMES, VIEWS, dress, follow, go, onChange, pictureShown, route, setLanguage, setTheme, state, t, toast, update } from "./store.js";
import { TenantChoice } from "./tenants.js";

const FIRST_PICTURE = 250; // milliseconds after which there is one, whatever has come
const ICON = new URL("icon.svg", import.meta.url).href;

// --- the clock

const steps = [[1, "second1"], [61, "second61"], [3600, "hour1"]];

function Clock() {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  if (!state.clock) return null;
  const running = state.clock.mode === "running";
  const mode = t({ running: "clockRunning", frozen: "clockFrozen", auto: "clockAuto" }[state.clock.mode]);
  return html`<div class="clock" role="group" aria-label=${`${t("clock")}: ${mode}`}>
    <button type="button" class="icon-button" aria-label=${t(running ? "freeze" : "unfreeze")} title=${t(running ? "freeze" : "unfreeze")}
      onClick=${() => setMode(running ? "frozen" : "running")}><${Icon} name=${running ? "pause" : "play"} /></button>
    <time class="now ${state.clock.mode}" datetime=${new Date(now()).toISOString()} title=${`${day(now())} · ${t("beijing")} · ${mode}`}><b>${clockTime(now())}</b><small>${running ? t("beijing") : mode}</small></time>
    ${steps.map(([seconds, words]) => html`<button type="button" key=${words} class="step-button" title=${t("advance", { n: t(words) })}
      onClick=${() => advance(seconds)}>+${t(words).replace(" ", "")} <span class="unseen">${t("advance", { n: t(words) })}</span></button>`)}</div>`;
}

// --- the bar

function Bar() {
  const next = THEMES[(THEMES.indexOf(state.theme) + 1) % THEMES.length];
  const themeWords = t({ system: "themeSystem", light: "themeLight", dark: "themeDark" }[state.theme]);
  return html`<header class="bar"><a class="logo" href="?" onClick=${(event) => { event.preventDefault(); go({ view: "calls", open: "", q: "", only: [], session: "" }); }}>
      <img src=${ICON} alt="" width="24" height="24" /><h1>huifu-mock</h1></a>
    <${TenantChoice} />
    <${Clock} />
    <div class="bar-tools"><button type="button" class="icon-button text" lang=${state.lang === "en" ? "zh-CN" : "en"} aria-label=${t("languageName")} onClick=${() => setLanguage(state.lang === "en" ? "zh" : "en")}>${state.lang === "en" ? "中" : "EN"}</button>
      <button type="button" class="icon-button" aria-label=${t("theme", { now: themeWords })} title=${t("theme", { now: themeWords })} onClick=${() => setTheme(next)}><${Icon} name=${{ system: "system", light: "sun", dark: "moon" }[state.theme]} /></button>
      <button type="button" class="icon-button" aria-label=${t("help")} title=${`${t("help")} (?)`} onClick=${() => update({ dialog: "help" })}><${Icon} name="help" /></button></div></header>`;
}

function Nav() {
  useEffect(() => { document.querySelector(".nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }); }, [route.view]);
  const n = armed().length, bad = failing();
  const counts = { calls: totalCalls(), orders: Math.max(state.orders.size, state.olderOrders ? state.totalOrders : 0),
    deliveries: Math.max(state.deliveries.size, state.olderDeliveries ? state.totalDeliveries : 0) };
  const live = state.live === "live" ? (state.paused !== null ? "paused" : "live") : state.live;
  return html`<div class="nav"><nav aria-label=${t("views")}>${VIEWS.map((one) => html`<a key=${one} href=${`?view=${one}`} aria-current=${route.view === one ? "page" : undefined}
      onClick=${(event) => { if (event.metaKey || event.ctrlKey) return; event.preventDefault(); go({ view: one }); }}>${t(one)}
      ${counts[one] ? html`<span class="count">${counts[one] >= 1000 ? `${Math.floor(counts[one] / 1000)}k` : counts[one]}</span>` : null}
      ${one === "faults" && n ? html`<span class="count hot">${t("armedCount", { n })}</span>` : null}
      ${one === "deliveries" && bad ? html`<span class="count bad">${t("failingCount", { n: bad })}</span>` : null}</a>`)}</nav>
    <span class="connection ${live}" role="status"><span class="dot" aria-hidden="true"></span>${t({ live: "live", paused: "livePaused", connecting: "connecting", lost: "lost" }[live])}</span></div>`;
}

// --- what is shown

function SignIn() {
  const [problem, setProblem] = useState("");
  const submit = async (event) => {
    event.preventDefault();
    setToken(new FormData(event.target).get("token"));
    try { await begin(); } catch (error) { setProblem(error.status === 401 ? t("signInWrong") : error.message); }
  };
  return html`<main class="sign-in"><form class="panel" onSubmit=${submit}><h2>${t("signIn")}</h2><p class="soft">${t("signInHow")}</p>
    <label class="field"><span>${t("token")}</span><input name="token" type="password" autocomplete="off" required autofocus /></label>
    ${problem ? html`<p class="problem" role="alert">${problem}</p>` : null}<div class="buttons end"><button type="submit" class="button primary">${t("signInGo")}</button></div></form></main>`;
}

const LATER = { orders: "Orders", deliveries: "Deliveries", faults: "Faults", connect: "Connect" };
const DIALOGS = { help: "HelpDialog", seed: "SeedDialog", receiver: "ReceiverDialog", tenant: "TenantDialog",
  reset: "AskedDialog", drop: "AskedDialog", clear: "AskedDialog" };

const view = () => (route.view === "calls" ? html`<${Calls} />` : html`<${Later} name=${LATER[route.view]} />`);
const dialog = () => html`<${Later} name=${DIALOGS[state.dialog]} />`;

function drawer() {
  const { open } = route;
  if (/^call-\d+$/.test(open)) return html`<${Later} name="CallDrawer" id=${open} />`;
  if (open.startsWith("order/")) return html`<${Later} name="OrderDrawer" id=${open} />`;
  if (/^delivery-\d+$/.test(open)) return html`<${Later} name="DeliveryDrawer" id=${open} />`;
  return null;
}

function App() {
  const detail = state.about ? drawer() : null;
  const toasts = html`<section class="toasts" aria-label=${t("messages")} aria-live="polite">${state.toasts.map((one) => html`<p key=${one.id} class=${one.kind}>${one.text}</p>`)}</section>`;
  if (state.signIn) return html`<${SignIn} />${toasts}`;
  return html`<nav aria-label=${t("skip")}><a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.querySelector("main").focus(); }}>${t("skip")}</a></nav>
    <${Bar} /><${Nav} /><div class="body ${detail ? "with-drawer" : ""}"><main id="main" tabindex="-1">${state.about ? view() : html`<p class="loading">${t("loading")}</p>`}</main>${detail}</div>
    ${state.dialog ? dialog() : null}${toasts}`;
}

const root = document.getElementById("app");
dress();
// The first picture waits a moment for the first answers: each picture before them would hold them up.
let shown = false;
const draw = () => {
  shown ||= state.ready || state.signIn || state.live === "lost";
  if (!shown) return;
  pictureShown();
  render(html`<${App} />`, root);
  if (state.ready && !rest()) requestAnimationFrame(load);
};
onChange(draw);
setTimeout(() => { shown = true; draw(); }, FIRST_PICTURE);
addEventListener("keydown", (event) => { rest() ? rest().pressed(event) : load().then(() => rest()?.pressed(event)); });
const followAddress = () => {
  const before = route.tenant;
  follow(before);
  if (route.tenant !== before) watch();
};
addEventListener("popstate", followAddress);
addEventListener("hashchange", followAddress);
begin().catch((error) => { if (error.status !== 401) { update({ live: "lost" }); toast(error.message, "bad"); } });
