// Lets huifu-contract call the application's own close. It passes on what the application says and decides nothing.
// huifu-contract client --client 'cmd:node close_adapter.mjs'
import { createInterface } from "node:readline";

// >>> your application: the only place to change
const about = {
  client: { name: "my-shop", version: "1", language: "node" },
  profiles: ["wire", "decision"],
  claims: [], // of: query, retry, generates-seq, generates-date, parallel, webhook, order
  timeout_s: 15, // of one whole close, retries included
};

/** What the application says of this close: {outcome: closed | not_closed | pending | unknown | rejected}. */
async function close(config, baseUrl, params) {
  // const said = await new CloseService(baseUrl, config).close(params);
  // return { outcome: said.verdict, seen: said.reply, attempts: said.attempts };
  throw new Error("put the call of your application here");
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
