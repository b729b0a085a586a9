// What a reader takes along: curl commands, input for `explain`, test fixtures.
import { get, hasToken, post, tenantPath } from "./api.js";
import { bytes, text } from "./format.js";
import { state } from "./store.js";

export const quote = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

export function curlControl(method, path, body) {
  const words = ["curl", "-s"];
  if (method !== "GET" && !(method === "POST" && body !== undefined)) words.push("-X", method);
  if (hasToken()) words.push("-H", '"Authorization: Bearer $CONTROL_TOKEN"');
  words.push(quote(location.origin + path));
  if (body !== undefined) words.push("-d", quote(JSON.stringify(body)));
  return words.join(" ");
}

export const curlTenant = (method, rest, body) => curlControl(method, tenantPath(rest), body);

export function curlHuifu(path, body) {
  return `curl -s ${quote(location.origin + path)} -H 'Content-Type: application/json' --data-binary ${quote(body)}`;
}

export const callPath = (call) => (call.session && !call.path.startsWith("/s/") ? `/s/${call.session}` : "") + call.path;

const SKIPPED = /^(host|content-length|connection|accept|accept-encoding|user-agent|expect|transfer-encoding)$/i;

export function curlAsSent(call) {
  const method = call.method ?? "POST";
  const head = ["curl", "-s", ...(method === "POST" ? [] : ["-X", method]), quote(location.origin + callPath(call))];
  for (const [name, value] of call.headers) if (!SKIPPED.test(name)) head.push("-H", quote(`${name}: ${value ?? ""}`));
  const body = text(call.body_base64);
  if (!call.body_base64) return head.join(" ");
  if (body === null || body.includes("\0")) {
    return `echo ${call.body_base64} | base64 -d | ${head.join(" ")} --data-binary @-`;
  }
  return `${head.join(" ")} --data-binary ${quote(body)}`;
}

export async function curlCorrectlySigned(call) {
  const { body } = await post("/sign", { data: call.data ?? {} });
  return curlHuifu(callPath(call), body);
}

export async function forExplain(call) {
  const { merchant_public_key: key } = await get("");
  const head = call.headers.map(([name, value]) => `${name}: ${value ?? ""}`).join("\n");
  const body = text(call.body_base64);
  const command = `huifu-mock explain - --public-key ${key}`;
  if (body === null) return `echo ${call.body_base64} | base64 -d | ${command}`;
  return `${command} <<'REQUEST'\n${call.method ?? "POST"} ${callPath(call)} HTTP/1.1\n${head}\n\n${body}\nREQUEST`;
}

export function asJson(call) {
  const response = call.response ? safe(call.response) : null;
  const kept = { id: call.id, at: call.at, method: call.method, path: call.path, headers: call.headers, body: text(call.body_base64),
    body_base64: call.body_base64, data: call.data, status: call.status, response, resp_code: call.resp_code,
    reason: call.reason, signature_ok: call.signature_ok, faults: call.faults, mistakes: call.explanation?.mistakes };
  return `${JSON.stringify(kept, null, 2)}\n`;
}

const safe = (json) => { try { return JSON.parse(json); } catch { return json; } };

// A Python literal of a JSON value.
export function python(value, indent = "") {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}    `;
  const rows = Array.isArray(value)
    ? value.map((one) => `${inner}${python(one, inner)},`)
    : Object.entries(value).map(([name, one]) => `${inner}${JSON.stringify(name)}: ${python(one, inner)},`);
  const [open, shut] = Array.isArray(value) ? "[]" : "{}";
  return rows.length ? `${open}\n${rows.join("\n")}\n${indent}${shut}` : open + shut;
}

const ORDER_FIELDS = ["req_seq_id", "hf_seq_id", "req_date", "trade_type", "trans_stat"];

// A test that sets the order up as it was and has a client send the same close. What was refused for its signature is
// answered otherwise once it is signed rightly.
export function asPytest(call, order) {
  const name = call.id.replace(/\W/g, "_");
  const seeded = order ? Object.fromEntries(ORDER_FIELDS.map((one) => [one, order[one]]).filter(([, value]) => value)) : null;
  if (seeded) seeded.age_seconds = Math.max(0, Math.round(order.age_seconds * 10) / 10);
  const data = Object.fromEntries(Object.entries(call.data ?? {}).filter(([key]) => key !== "huifu_id"));
  const answer = call.reason ?? (call.resp_code || "no answer");
  const faults = (call.faults ?? []).filter((one) => !one.includes("@")).map((one) =>
    `    huifu.faults.add(${/^\d/.test(one) ? "answer" : "fault"}=${JSON.stringify(one)})\n`).join("");
  return `"""Saved from the console of huifu-mock: ${call.id}, ${call.endpoint}, answered ${answer}."""

import pytest

DATA = ${python(data)}
${seeded ? `ORDER = ${python(seeded)}\n` : ""}

${seeded ? "@pytest.mark.huifu(orders=[ORDER])\n" : ""}def test_${name}(huifu_frozen):
    huifu = huifu_frozen
${faults}    huifu.client(max_attempts=1).close(**DATA)  # call your own code here
    [call] = huifu.journal.closes()
${call.signature_ok === false ? "" : `    assert call.reason == ${python(call.reason ?? null)}\n`}    assert call.signature_ok
`;
}

// --- how a client in each language is pointed here

const LINES = {
  python: (c) => `# pip install dg-sdk
from dg_sdk import DGClient, MerConfig

DGClient.mer_config = MerConfig(
    "${c.merchant_private_key}",
    "${c.huifu_public_key}",
    "${c.sys_id}",
    "${c.product_id}",
)
DGClient.BASE_URL = "${c.base_url}"`,
  java: (c) => `// dg-java-sdk
MerConfig merConfig = new MerConfig();
merConfig.setSysId("${c.sys_id}");
merConfig.setProcutId("${c.product_id}");
merConfig.setRsaPrivateKey("${c.merchant_private_key}");
merConfig.setRsaPublicKey("${c.huifu_public_key}");
BasePay.initWithMerConfig(merConfig);

// for each request:
extendInfoMap.put("base_url", "${c.base_url}");
request.setExtendInfo(extendInfoMap);`,
  php: (c) => `// bspay-php-sdk: use this class in place of BsPayClient
class MockClient extends \\BsPaySdk\\core\\BsPayClient
{
    public function getRequestUrl($funcCode)
    {
        return '${c.base_url}/' . str_replace('.', '/', $funcCode);
    }
}

$config = [
    'sys_id' => '${c.sys_id}',
    'product_id' => '${c.product_id}',
    'rsa_merch_private_key' => '${c.merchant_private_key}',
    'rsa_huifu_public_key' => '${c.huifu_public_key}',
];`,
  go: (c) => `// bspay-go-sdk: in TestMain
base, _ := url.Parse("${c.base_url}")
http.DefaultClient.Transport = toMock{base}

type toMock struct{ base *url.URL }

func (m toMock) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = m.base.Scheme, m.base.Host, m.base.Host
	return http.DefaultTransport.RoundTrip(r)
}

// sys_id ${c.sys_id}, product_id ${c.product_id}
const merchantPrivateKey = "${c.merchant_private_key}"
const huifuPublicKey = "${c.huifu_public_key}"`,
  csharp: (c) => `// bspay-csharp-sdk: once at the start
WebRequest.RegisterPrefix("https://api.huifu.com", new ToMock());

class ToMock : IWebRequestCreate
{
    static readonly Uri Mock = new("${c.base_url}");

    public WebRequest Create(Uri uri) => WebRequest.CreateHttp(new Uri(Mock, uri.PathAndQuery));
}

// sys_id ${c.sys_id}, product_id ${c.product_id}
const string MerchantPrivateKey = "${c.merchant_private_key}";
const string HuifuPublicKey = "${c.huifu_public_key}";`,
  node: (c) => `// there is no official SDK: your own client reads these
export const huifu = {
  baseUrl: "${c.base_url}",
  sysId: "${c.sys_id}",
  productId: "${c.product_id}",
  huifuId: "${c.huifu_id}",
  merchantPrivateKey: ${JSON.stringify(c.merchant_private_key_pem ?? "")},
  huifuPublicKey: ${JSON.stringify(c.huifu_public_key_pem)},
};`,
};

export const setup = (credentials) => LINES[state.code]({ ...credentials, merchant_private_key: credentials.merchant_private_key ?? "" });
export const bodyBytes = (call) => bytes(call.body_base64);
