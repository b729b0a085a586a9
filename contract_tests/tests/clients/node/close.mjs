// A small, correct client of the close endpoint: Node's own modules alone.
//
// It says `closed` or `not_closed` only when Huifu said so, signed, about this very order. After any doubt it asks
// closequery; it never sends a close with a new number.
import { createPrivateKey, createPublicKey, randomUUID, sign, verify } from "node:crypto";
import { request as plain } from "node:http";
import { request as secure } from "node:https";

const MOST_BYTES = 1024 * 1024;
const LENGTHS = { req_seq_id: 128, huifu_id: 32, org_req_seq_id: 128, org_hf_seq_id: 128 };
const ECHOED = ["req_date", "req_seq_id", "huifu_id"];
const NAMED = ["huifu_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id"];
/** With F these say that nothing was done; 23000000 does not, for it may speak of an earlier close. */
const CERTAIN = ["10000000", "21000000", "22000000", "23000001", "23000004"];
const SYSTEM = ["90000000", "98888888", "99999999"];

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const today = () => new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10).replaceAll("-", ""); // in Beijing

/** What is signed: top-level names in order, compact, nothing escaped that need not be. */
export function canonical(data) {
  const members = Object.keys(data).sort().map((name) => `${JSON.stringify(name)}:${JSON.stringify(data[name])}`);
  return Buffer.from(`{${members.join(",")}}`);
}

/** The text of each member of a JSON object as it was received. A name that stands twice has no meaning. */
function members(text) {
  const found = new Map();
  let [depth, name, from] = [0, undefined, 0];
  for (const { 0: piece, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    if (depth === 1 && (piece === "," || piece === "}") && name !== undefined) {
      if (found.has(name)) throw new SyntaxError(`${name} stands twice`);
      found.set(name, text.slice(from, index).trim());
      name = undefined;
    } else if (depth === 1 && piece === ":") {
      from = index + 1;
    } else if (depth === 1 && name === undefined && piece.startsWith('"')) {
      name = JSON.parse(piece);
    }
    if (piece === "{" || piece === "[") depth += 1;
    if (piece === "}" || piece === "]") depth -= 1;
  }
  return found;
}

/** The bytes of a whole reply with status 200, all of it within the time. Rejects otherwise. */
function post(url, body, milliseconds) {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": "application/json;charset=UTF-8", Connection: "close" };
    const send = url.startsWith("https:") ? secure : plain;
    const sent = send(url, { method: "POST", agent: false, headers }, (reply) => {
      const pieces = [];
      let size = 0;
      reply.on("error", reject).on("data", (piece) => {
        pieces.push(piece);
        size += piece.length;
        if (size > MOST_BYTES) sent.destroy(new Error("a reply of more than 1 MiB"));
      });
      reply.on("end", () => {
        if (reply.complete && reply.statusCode === 200) resolve(Buffer.concat(pieces));
        else reject(new Error(`HTTP ${reply.statusCode}`));
      });
    });
    const late = setTimeout(() => sent.destroy(new Error("no whole reply in time")), milliseconds);
    sent.on("error", reject).on("close", () => {
      clearTimeout(late);
      reject(new Error("broken off"));
    });
    sent.end(body);
  });
}

export class CloseClient {
  constructor(baseUrl, config, { timeoutMs = 15_000, attemptMs = 5_000, attempts = 5, firstPauseMs = 100 } = {}) {
    Object.assign(this, { baseUrl, config, timeoutMs, attemptMs, attempts, firstPauseMs });
    const der = (text) => Buffer.from(text, "base64");
    this.merchant = createPrivateKey({ key: der(config.merchant_private_key), format: "der", type: "pkcs8" });
    this.huifu = createPublicKey({ key: der(config.huifu_public_key), format: "der", type: "spki" });
  }

  /** {verdict, reply, attempts}; closed and not_closed are certain, rejected sent nothing. */
  async close(params) {
    const data = { req_date: today(), req_seq_id: randomUUID(), huifu_id: this.config.huifu_id, ...params };
    const tooLong = Object.keys(LENGTHS).some((name) => [...(data[name] ?? "")].length > LENGTHS[name]);
    if (tooLong || !(data.org_req_seq_id || data.org_hf_seq_id)) return { verdict: "rejected", attempts: 0 };
    const until = Date.now() + this.timeoutMs;
    let [standing, reply, attempt] = ["doubt", undefined, 0];
    for (let gap = this.firstPauseMs; ; gap *= 2) {
      const asking = attempt > 0 && standing !== "busy" && standing !== "resend";
      const heard = await this.exchange(asking ? "closequery" : "close", asking ? this.query(data) : data, until);
      reply = heard ?? reply;
      standing = asking ? afterQuery(heard, standing) : afterClose(heard);
      attempt += 1;
      if (standing === "closed" || standing === "not_closed") return { verdict: standing, reply, attempts: attempt };
      // time makes these clear, and the application can ask again later
      const enough = standing === "young" || (attempt >= 3 && (standing === "busy" || standing === "pending"));
      if (enough || attempt >= this.attempts || Date.now() + gap >= until) break;
      await pause(gap);
    }
    const verdict = standing === "young" || standing === "pending" ? "pending" : "unknown";
    return { verdict, reply, attempts: attempt };
  }

  query(data) {
    const named = NAMED.filter((name) => name in data).map((name) => [name, data[name]]);
    return { ...Object.fromEntries(named), req_date: today(), req_seq_id: randomUUID() };
  }

  /** The data of a whole, genuine reply to this very request; undefined where there is none. */
  async exchange(op, data, until) {
    const signature = sign("sha256", canonical(data), this.merchant).toString("base64");
    const { sys_id, product_id } = this.config;
    const body = JSON.stringify({ sys_id, product_id, sign: signature, data });
    try {
      const left = Math.max(1, Math.min(this.attemptMs, until - Date.now()));
      const received = await post(`${this.baseUrl}/v2/trade/payment/scanpay/${op}`, body, left);
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(received);
      const envelope = JSON.parse(text);
      return this.genuine(envelope, text) && answers(envelope.data, data) ? envelope.data : undefined;
    } catch {
      return undefined; // whatever is wrong with it, it is no reply
    }
  }

  /** The signature is over the text of data as it was received: written anew, 1.10 would be 1.1. */
  genuine({ data, sign: signature }, text) {
    if (typeof data !== "object" || data === null || Array.isArray(data) || typeof signature !== "string") return false;
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return false;
    const signed = members(text).get("data");
    members(signed);
    return verify("sha256", Buffer.from(signed), this.huifu, Buffer.from(signature, "base64"));
  }
}

/** A genuine reply to another request is no reply to this one. */
function answers(reply, sent) {
  const echoed = ECHOED.every((name) => reply[name] === sent[name]);
  return echoed && NAMED.every((name) => !(name in sent) || reply[name] == null || reply[name] === sent[name]);
}

function afterClose(reply) {
  const code = reply?.resp_code;
  switch (reply?.trans_stat) {
    case "S":
      return "closed";
    case "P":
      return "pending";
    case "F":
      if (code === "20000001") return String(reply.resp_desc).includes("一分钟") ? "young" : "busy";
      if (CERTAIN.includes(code)) return "not_closed";
      return SYSTEM.includes(code) ? "doubt" : "refused";
    default:
      return "doubt";
  }
}

/** 23000001 says here that Huifu knows of no close (assumed). */
function afterQuery(reply, standing) {
  const code = reply?.resp_code;
  switch (reply?.trans_stat) {
    case "S":
      return "closed";
    case "P":
      return "pending";
    case "F":
      if (code === "23000001") return standing === "refused" ? "not_closed" : "resend";
      return code === "00000000" || code === "00000100" ? "not_closed" : standing;
    default:
      return standing;
  }
}
