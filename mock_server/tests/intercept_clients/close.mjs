// Closes an order, queries it and is refused, against the address that is a constant in it.
import { createSign, createVerify } from "node:crypto";
import { createRequire } from "node:module";
import https from "node:https";
import http2 from "node:http2";

const HOST = "https://api.huifu.com";
const load = createRequire(process.cwd() + "/");
const json = { "Content-Type": "application/json" };

const ways = {
  fetch: async (url, body) => (await fetch(url, { method: "POST", headers: json, body })).text(),
  https: (url, body) =>
    new Promise((resolve, reject) => {
      const request = https.request(url, { method: "POST", headers: json }, async (reply) => {
        let text = "";
        for await (const part of reply) text += part;
        resolve(text);
      });
      request.on("error", reject).end(body);
    }),
  axios: async (url, body) =>
    (await load("axios").post(url, body, { headers: json, transformResponse: (text) => text })).data,
  undici: async (url, body) => (await load("undici").request(url, { method: "POST", headers: json, body })).body.text(),
  http2: (url) =>
    new Promise((_, reject) => http2.connect(url).on("error", reject).request({ ":path": "/" }).on("error", reject)),
};

const orders = { fetch: "order-open", https: "order-alipay", axios: "order-open", undici: "order-alipay" };

async function call(how, name, path, more) {
  const all = { req_date: "20260102", req_seq_id: `node-${how}-${name}`, huifu_id: process.env.HUIFU_ID, ...more };
  const data = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
  const sign = createSign("SHA256").update(JSON.stringify(data)).sign(process.env.HUIFU_MERCHANT_PRIVATE_KEY_PEM, "base64");
  const body = { sys_id: process.env.HUIFU_SYS_ID, product_id: process.env.HUIFU_PRODUCT_ID, data, sign };
  const reply = JSON.parse(await ways[how](HOST + path, JSON.stringify(body)));
  const check = createVerify("SHA256").update(JSON.stringify(reply.data));
  if (!check.verify(process.env.HUIFU_PUBLIC_KEY_PEM, reply.sign, "base64")) throw new Error("the signature is wrong");
  console.log(name, reply.data.resp_code, reply.data.trans_stat);
}

const of = (order) => ({ org_req_date: "20260101", org_req_seq_id: order });
for (const how of process.argv.slice(2)) {
  try {
    await call(how, "close", "/v2/trade/payment/scanpay/close", of(orders[how]));
    await call(how, "query", "/v3/trade/payment/scanpay/query", of(orders[how]));
    await call(how, "refusal", "/v2/trade/payment/scanpay/close", of("order-paid"));
  } catch (error) {
    console.log(how, String(error.cause ?? error));
    process.exitCode = 1;
  }
}
