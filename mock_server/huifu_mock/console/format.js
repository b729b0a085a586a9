// Times, amounts of time, texts with what cannot be seen made visible, differences.
import { state, t } from "./store.js";

// Beijing is eight hours before UTC all year. `Intl` would take longer than the rest of the page to begin.
const BEIJING = 8 * 3600 * 1000;
const beijing = (at) => new Date((typeof at === "number" ? at : milliseconds(at)) + BEIJING).toISOString(); // of which the offset is not true

export const milliseconds = (iso) => Date.parse(iso.replace(/(\.\d{3})\d+/, "$1"));

export const clockTime = (at, precise = false) => beijing(at).slice(11, precise ? 23 : 19);
export const day = (at) => beijing(at).slice(0, 10);

export function moment(iso) {
  return `${day(iso)} ${clockTime(iso)}`;
}

export function now() { // the tenant's clock, in milliseconds
  if (!state.clock) return Date.now();
  const since = state.clock.mode === "running" ? performance.now() - state.clock.seen : 0;
  return milliseconds(state.clock.now) + since;
}

export const huifuTime = (ms) => beijing(ms).slice(0, 19).replace(/[-:T]/g, "");
export const huifuDay = (ms) => huifuTime(ms).slice(0, 8);

export function span(seconds) {
  const s = Math.max(0, seconds);
  const zh = state.lang === "zh";
  const units = [[86400, zh ? "天" : "d"], [3600, zh ? "小时" : "h"], [60, zh ? "分" : "min"]];
  for (const [size, unit] of units) {
    if (s >= size) {
      const whole = Math.floor(s / size), rest = Math.floor((s % size) / (size === 86400 ? 3600 : size === 3600 ? 60 : 1));
      const smaller = { 86400: zh ? "小时" : "h", 3600: zh ? "分" : "min", 60: zh ? "秒" : "s" }[size];
      return `${whole} ${unit}${rest ? ` ${rest} ${smaller}` : ""}`;
    }
  }
  return t("seconds", { n: s < 10 && s % 1 ? s.toFixed(1) : Math.floor(s) });
}

export function took(ms) {
  if (ms === null || ms === undefined) return "";
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

// --- bytes and texts

export function bytes(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

export function text(base64) { // null where the bytes are no UTF-8
  try { return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes(base64)); } catch { return null; }
}

export function pretty(json) {
  try { return JSON.stringify(JSON.parse(json), null, 2); } catch { return json; }
}

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/u;
const SIGNS = { "\n": "␊", "\r": "␍", "\t": "␉" };

// A text in pieces: {text} as it is, or {text, sign} for a character that cannot be seen.
export function visible(characters, spaces = false) {
  const pieces = [];
  let plain = "";
  const flush = () => { if (plain) pieces.push({ text: plain }); plain = ""; };
  for (const c of characters) {
    if (INVISIBLE.test(c) || (spaces && c === " ")) {
      flush();
      pieces.push({ text: c, sign: c === " " ? "␣" : SIGNS[c] ?? `U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}` });
    } else plain += c;
  }
  flush();
  return pieces;
}

export const named = (character) =>
  character === undefined ? t("endOfText") : visible([character], true)[0].sign ? `${visible([character], true)[0].sign}` : character;

// Both texts around their first difference: what is equal before it, the character itself, what follows.
export function difference(one, other, around = 36) {
  const [a, b] = [[...one], [...other]];
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  const start = Math.max(0, at - around);
  const line = (list) => ({
    cut: start > 0,
    before: list.slice(start, at),
    here: list[at],
    after: list.slice(at + 1, around === Infinity ? undefined : at + 1 + around),
    more: around !== Infinity && list.length > at + 1 + around,
  });
  return { at, equal: at === a.length && at === b.length, one: line(a), other: line(b) };
}
