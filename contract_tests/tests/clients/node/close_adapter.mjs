// Lets huifu-contract call the application's own close. It passes on what the application says and decides nothing.
// huifu-contract client --client 'cmd:node close_adapter.mjs'
import { createInterface } from "node:readline";

// >>> your application: the only place to change
import { CloseClient } from "./close.mjs";

const about = {
  client: { name: "node-reference", version: "1", language: "node" },
  profiles: ["wire", "decision"],
  claims: ["query", "retry", "generates-seq", "generates-date", "parallel"],
  timeout_s: 3,
  max_attempts: 5,
  max_parallel: 8,
};

async function close(config, baseUrl, params) {
  const said = await new CloseClient(baseUrl, config, { timeoutMs: 3_000, attemptMs: 600 }).close(params);
  return { outcome: said.verdict, seen: seen(said.reply), attempts: said.attempts };
}

function seen(reply) {
  const text = (value) => (typeof value === "string" ? value : null);
  return { resp_code: text(reply?.resp_code), trans_stat: text(reply?.trans_stat) };
}
// <<< end of the place to change

console.log = console.info = console.debug = console.error; // stdout is for the protocol alone
let config = {};

async function answer(message) {
  switch (message.op) {
    case "hello":
      config = message.config;
      return about;
    case "close":
      return close(config, message.base_url, message.params);
    case "bye":
      return { ok: true };
    default:
      return { outcome: "unsupported" };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  answer(message)
    .catch((error) => ({ outcome: "crashed", error: { kind: error.name, message: error.message, trace: error.stack } }))
    .then((said) => process.stdout.write(JSON.stringify({ id: message.id, ...said }) + "\n"));
}
