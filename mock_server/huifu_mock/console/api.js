// The control API as the page calls it, and the event stream. The page has no other way to change anything.
import { afterPicture, keep, read, route, state, t, update } from "./store.js";

let kept = null; // the control token, once it was looked for: a storage is slow to answer at first
const token = () => (kept ??= read(sessionStorage, "control-token") ?? "");

export class Problem extends Error {
  constructor(status, document, fallback) {
    super(document?.detail ?? fallback);
    this.status = status;
  }
}

export const tenantPath = (rest = "") => `/_mock/tenants/${encodeURIComponent(route.tenant)}${rest}`;
export const hasToken = () => token() !== "";

export function setToken(text) {
  kept = text;
  keep(sessionStorage, "control-token", text || null);
}

const authorized = () => (token() ? { Authorization: `Bearer ${token()}` } : {});

// The answer that the server sent along with the page, once: the next one is newer.
function given(path) {
  const element = document.getElementById(path);
  element?.remove();
  return element?.textContent ?? "";
}

async function ask(path, sent) {
  try { return await fetch(path, sent); } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(0, null, t("unreachable"));
  }
}

export async function api(method, path, body, signal) {
  const known = method === "GET" && given(path);
  const text = known || (await answered(method, path, body, signal));
  return text ? JSON.parse(text) : null;
}

async function answered(method, path, body, signal) {
  const sent = { method, headers: { ...authorized(), "Accept-Language": state.lang }, signal };
  if (body !== undefined) {
    sent.body = JSON.stringify(body);
    sent.headers["Content-Type"] = "application/json";
  }
  const response = await ask(path, sent);
  const text = await response.text();
  if (response.status === 401) update({ signIn: true });
  if (response.ok) return text;
  let problem = null;
  try { problem = JSON.parse(text); } catch { /* told as it is */ }
  throw new Problem(response.status, problem, `${response.status} ${text.slice(0, 200)}`);
}

export const getText = (rest) => answered("GET", tenantPath(rest));
export const get = (rest, signal) => api("GET", tenantPath(rest), undefined, signal);
export const post = (rest, body = {}) => api("POST", tenantPath(rest), body);

// A request to one of Huifu's own paths, as a client sends it.
export async function send(path, body) {
  const response = await ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const text = await response.text();
  return { status: response.status, call: response.headers.get("Huifu-Mock-Call"), text };
}

// --- the event stream: read with fetch, so that the token goes where it belongs

export async function* stream(path, last, signal) {
  const begun = given(path).split("\n\n").slice(0, -1).map(parse);
  yield* begun;
  if (begun.length) {
    last = begun.at(-1).id;
    await new Promise(afterPicture); // which needs no connection
  }
  const headers = { ...authorized(), Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) };
  const response = await fetch(path, { headers, signal, cache: "no-store" });
  if (response.status === 401) update({ signIn: true });
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => null), `${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) yield parse(block);
  }
}

function parse(block) {
  const event = { type: "message", data: "", id: null };
  for (const line of block.split("\n")) {
    const [name, ...value] = line.split(":");
    const text = value.join(":").replace(/^ /, "");
    if (name === "event") event.type = text;
    if (name === "id") event.id = text;
    if (name === "data") event.data += text;
  }
  if (!event.data) return { type: "ping", data: null, id: event.id }; // a comment that keeps the line open
  event.data = JSON.parse(event.data);
  return event;
}
