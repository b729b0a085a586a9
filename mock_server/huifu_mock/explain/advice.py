"""What each mistake is, and how to put it right: in English and Chinese, with the line of code per language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

LANGUAGES: Final = {
    "python": "Python",
    "php": "PHP",
    "java": "Java",
    "go": "Go",
    "csharp": "C#",
    "node": "Node",
}

Code = Mapping[str, str]

# fmt: off
TEXT: Final[dict[str, str]] = {
    "python": 'text = json.dumps(dict(sorted(data.items())), ensure_ascii=False, separators=(",", ":"))',
    "php":    "ksort($data); $text = json_encode($data, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);",
    "java":   "String text = JSON.toJSONString(new TreeMap<>(data)); // fastjson",
    "go":     "e := json.NewEncoder(&b); e.SetEscapeHTML(false); e.Encode(dataMap); text := bytes.TrimSpace(b.Bytes())",
    "csharp": "var text = JsonConvert.SerializeObject("
              "new SortedDictionary<string, object>(data, StringComparer.Ordinal));",
    "node":   "const text = JSON.stringify(Object.fromEntries(Object.keys(data).sort().map(k => [k, data[k]])));",
}
SIGN: Final[dict[str, str]] = {
    "python": "sign = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()",
    "php":    "openssl_sign($text, $raw, $key, OPENSSL_ALGO_SHA256); $sign = base64_encode($raw);",
    "java":   'Signature s = Signature.getInstance("SHA256withRSA"); s.initSign(key); '
              "s.update(text.getBytes(StandardCharsets.UTF_8)); "
              "String sign = Base64.getEncoder().encodeToString(s.sign());",
    "go":     "h := sha256.Sum256(text); raw, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, h[:]); "
              "sign := base64.StdEncoding.EncodeToString(raw)",
    "csharp": "var sign = Convert.ToBase64String(rsa.SignData(Encoding.UTF8.GetBytes(text), "
              "HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));",
    "node":   'const sign = crypto.sign("sha256", Buffer.from(text, "utf8"), key).toString("base64");',
}
KEY: Final[Code] = {
    "python": "key = load_der_private_key(base64.b64decode(one_line), None)",
    "php":    '$key = "-----BEGIN PRIVATE KEY-----\\n" . chunk_split($oneLine, 64, "\\n") '
              '. "-----END PRIVATE KEY-----\\n";',
    "java":   'PrivateKey key = KeyFactory.getInstance("RSA").generatePrivate('
              "new PKCS8EncodedKeySpec(Base64.getDecoder().decode(oneLine)));",
    "go":     "key, err := x509.ParsePKCS8PrivateKey(der)",
    "csharp": "rsa.ImportPkcs8PrivateKey(Convert.FromBase64String(oneLine), out _);",
    "node":   'const key = crypto.createPrivateKey({ key: Buffer.from(oneLine, "base64"), '
              'format: "der", type: "pkcs8" });',
}
SEND: Final[Code] = {
    "python": 'body = {"sys_id": sys_id, "product_id": product_id, "sign": sign, "data": data}',
    "php":    "$body = json_encode(['sys_id' => $sysId, 'product_id' => $productId, 'sign' => $sign, "
              "'data' => $data]);",
    "java":   'body.put("data", data); // the map, not JSON.toJSONString(data)',
    "go":     "Data json.RawMessage `json:\"data\"` // the signed bytes themselves",
    "csharp": 'body["data"] = data; // the dictionary, not its text',
    "node":   "const body = JSON.stringify({ sys_id, product_id, sign, data });",
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: what the client did, and what would be right."""

    id: str
    en: str
    zh: str
    fix_en: str
    fix_zh: str
    code: Code = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "what": {"en": self.en, "zh": self.zh},
            "fix": {"en": self.fix_en, "zh": self.fix_zh},
            "code": dict(self.code),
        }


_PLAIN_EN: Final = "sign `data` alone, its first level sorted by name, compact, in raw UTF-8"
_FORM_EN: Final = (
    "give the private key (PKCS#8) in the form that the code reads: PEM for openssl_sign and other openssl_* "
    "functions, one line of Base64 for the official SDKs"
)
_FORM_ZH: Final = "私钥（PKCS#8）的格式须与代码相符：openssl_sign 等 openssl_* 函数要 PEM，官方 SDK 要一行 Base64"
_PLAIN_ZH: Final = "只对 `data` 加签：第一层按字段名 ASCII 排序，紧凑，原样 UTF-8"

# fmt: off
_ROWS: Final[tuple[Mistake, ...]] = (
    Mistake("envelope-signed",
            "the whole envelope was signed, not `data` alone", "对整个报文加签，而不是只对 `data` 加签",
            _PLAIN_EN, _PLAIN_ZH, TEXT),
    Mistake("unsorted",
            "the members of `data` were signed unsorted", "加签时 `data` 的字段没有排序",
            "sort the first level of `data` by name before signing", "加签前将 `data` 第一层按字段名 ASCII 排序", TEXT),
    Mistake("sorted-deep",
            "the members were sorted at every level", "把每一层的字段都排了序",
            "sort the first level only and leave nested values as they are sent; better, send these as JSON strings",
            "只排序第一层，嵌套值保持发送时的顺序；嵌套值最好以 JSON 字符串发送", TEXT),
    Mistake("spaces",
            "the signed text has white space between members", "加签文本中有空格或换行缩进",
            "write the text to sign compactly: nothing after `,` and `:`", "加签文本须紧凑：`,` 与 `:` 后不留空格",
            TEXT | {
                "python": 'json.dumps(..., separators=(",", ":"))',
                "php": "json_encode($data, ...) without JSON_PRETTY_PRINT",
                "csharp": "Formatting.None // or WriteIndented = false",
                "node": "JSON.stringify(sorted) // without a third argument",
            }),
    Mistake("unicode-escaped",
            r"characters beyond ASCII were signed as \uXXXX", r"非 ASCII 字符以 \uXXXX 加签",
            "sign raw UTF-8 characters", "对原样 UTF-8 字符加签",
            TEXT | {
                "python": "json.dumps(..., ensure_ascii=False)",
                "php": "json_encode($data, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES)",
                "csharp": "new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }",
            }),
    Mistake("slash-escaped",
            r"`/` was signed as `\/`", r"`/` 以 `\/` 加签",
            "sign `/` as it is", "`/` 不要转义",
            TEXT | {"php": "json_encode($data, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE)"}),
    Mistake("html-escaped",
            r"characters such as < > & were signed as \u003c \u003e \u0026",
            r"< > & 等字符以 \u003c \u003e \u0026 加签",
            "switch the JSON writer's HTML escaping off", "关闭 JSON 序列化的 HTML 转义",
            TEXT | {
                "go": "encoder.SetEscapeHTML(false)",
                "java": "new GsonBuilder().disableHtmlEscaping().create()",
                "csharp": "new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }",
                "php": "json_encode($data, ...) without JSON_HEX_TAG, JSON_HEX_AMP, JSON_HEX_APOS",
            }),
    Mistake("html-entities",
            "characters were signed as HTML entities such as &quot; or &lt;", "字符以 HTML 实体（如 &quot; &lt;）加签",
            "sign the text before anything escapes it for HTML, and send the same",
            "对未做 HTML 转义的文本加签，发送也一样",
            {"php": "html_entity_decode($value) // or do not call htmlspecialchars() on input at all",
             "python": "html.unescape(value)"}),
    Mistake("query-string",
            "a form `k=v&k=v` was signed", "加签文本是 `k=v&k=v` 形式",
            "sign the JSON text of `data`, not a query string", "对 `data` 的 JSON 文本加签，而不是键值对拼接串", TEXT),
    Mistake("empty-kept",
            "members that are empty or null are sent but were not signed", "空值或 null 字段已发送，但没有加签",
            "drop empty members before signing and send exactly what was signed",
            "先去掉空值字段再加签，并发送与加签一致的内容",
            {"python": 'data = {k: v for k, v in data.items() if v not in (None, "")}',
             "php": "$data = array_filter($data, fn($v) => $v !== null && $v !== '');",
             "java": 'data.values().removeIf(v -> v == null || "".equals(v));',
             "go": '`json:"org_hf_seq_id,omitempty"`',
             "csharp": "data = data.Where(p => !string.IsNullOrEmpty(p.Value as string)).ToDictionary(...);",
             "node": 'data = Object.fromEntries(Object.entries(data).filter(([, v]) => v != null && v !== ""));'}),
    Mistake("empty-dropped",
            "empty or null members were signed but are not sent", "空值或 null 字段参与了加签，但没有发送",
            "drop empty members before signing, not after", "在加签之前（而不是之后）去掉空值字段",
            {"python": 'data = {k: v for k, v in data.items() if v not in (None, "")}  # then sign',
             "java": "sign what the HTTP client will really write: the same serializer, the same settings",
             "node": "JSON.stringify drops undefined: sign JSON.parse(JSON.stringify(data))"}),
    Mistake("data-as-string",
            "`data` is, or was signed as, a string that holds JSON", "`data` 以 JSON 字符串发送或加签",
            "`data` is a JSON object in the envelope; a string is the older protocol",
            "`data` 应为 JSON 对象；字符串形式属于旧版协议",
            SEND),
    Mistake("number-reformatted",
            "a number was signed in another form than it was sent, as 1.0 for 1.00",
            "数字加签与发送的写法不同，如 1.00 变成 1.0",
            'send and sign numbers as strings, such as "1.00"', '数字以字符串发送和加签，如 "1.00"',
            {"python": 'data["trans_amt"] = f"{amount:.2f}"',
             "php": '$data["trans_amt"] = number_format($amount, 2, ".", ""); // and no JSON_NUMERIC_CHECK',
             "java": 'data.put("trans_amt", amount.setScale(2).toPlainString());',
             "go": 'data["trans_amt"] = fmt.Sprintf("%.2f", amount)',
             "csharp": 'data["trans_amt"] = amount.ToString("0.00", CultureInfo.InvariantCulture);',
             "node": "data.trans_amt = amount.toFixed(2);"}),
    Mistake("charset-gbk",
            "the text is in GBK", "文本用的是 GBK 编码",
            "sign and send UTF-8", "加签和发送都用 UTF-8",
            {"python": 'text.encode("utf-8")',
             "php": '$text = mb_convert_encoding($text, "UTF-8", "GBK");',
             "java": "text.getBytes(StandardCharsets.UTF_8) // getBytes() alone uses the machine's charset",
             "csharp": "Encoding.UTF8.GetBytes(text) // not Encoding.Default",
             "node": 'Buffer.from(text, "utf8")'}),
    Mistake("bom",
            "the text begins with a byte order mark", "文本以 BOM 开头",
            "sign and send without a byte order mark", "加签和发送都不要 BOM",
            {"csharp": "new UTF8Encoding(false)", "python": 'encoding="utf-8", not "utf-8-sig"',
             "php": r'$text = preg_replace("/^\xEF\xBB\xBF/", "", $text);', "node": r'text.replace(/^\uFEFF/, "")'}),
    Mistake("trailing-newline",
            "the signed text ends with a line break", "加签文本末尾有换行",
            "cut the line break off before signing", "加签前去掉末尾换行",
            {"go": 'bytes.TrimRight(b.Bytes(), "\\n") // json.Encoder adds one', "python": 'text.rstrip("\\n")',
             "php": "rtrim($text)", "java": "text.strip()", "csharp": "text.TrimEnd()", "node": "text.trimEnd()"}),
    Mistake("sha1", "the hash is SHA-1", "摘要算法是 SHA-1",
            "sign with SHA-256 with RSA", "用 SHA256withRSA 加签",
            SIGN | {"php": "openssl_sign($text, $raw, $key, OPENSSL_ALGO_SHA256); // SHA-1 is its default"}),
    Mistake("md5", "the hash is MD5", "摘要算法是 MD5", "sign with SHA-256 with RSA", "用 SHA256withRSA 加签", SIGN),
    Mistake("sha512", "the hash is SHA-512", "摘要算法是 SHA-512",
            "sign with SHA-256 with RSA", "用 SHA256withRSA 加签", SIGN),
    Mistake("pss", "the padding is PSS", "填充方式是 PSS",
            "use PKCS#1 v1.5 padding", "用 PKCS#1 v1.5 填充", SIGN),
    Mistake("huifu-key", "Huifu's private key made the signature", "用汇付的私钥加签",
            "sign with the merchant's private key; of Huifu's pair a client has the public key only, to verify replies",
            "用商户私钥加签；汇付密钥对中客户端只有公钥，用来验证应答", KEY),
    Mistake("foreign-key", "a private key that does not belong to this merchant's public key made the signature",
            "加签私钥与该商户登记的公钥不是一对",
            "sign with the private key whose public key is registered for this sys_id; the pairs that this "
            "gateway knows: `huifu-mock keys`, or GET /_mock/tenants/{sys_id}?keys=true for a tenant's own",
            "用与该 sys_id 登记公钥配对的私钥加签；本网关的测试密钥：`huifu-mock keys`，某个租户自己的："
            "GET /_mock/tenants/{sys_id}?keys=true", KEY),
    Mistake("other-tenant-key", "the private key of another tenant of this server made the signature",
            "用本服务另一个租户的私钥加签",
            "take sys_id and private key from the same credentials", "sys_id 与私钥须来自同一组凭据", KEY),
    Mistake("stale-signature", "this is the signature of an earlier request with other data",
            "签名属于此前另一个数据不同的请求",
            "sign each request anew, after the last change of `data`",
            "每个请求都要在 `data` 最后一次修改之后重新加签", SIGN),
    Mistake("base64-urlsafe", "the signature is in URL-safe Base64 (- and _)", "签名用了 URL 安全的 Base64（- 和 _）",
            "use standard Base64 (+ and /) with padding", "用标准 Base64（+ 和 /）并带填充",
            {"python": "base64.b64encode(raw)", "java": "Base64.getEncoder()", "go": "base64.StdEncoding",
             "php": "base64_encode($raw)", "csharp": "Convert.ToBase64String(raw)", "node": 'raw.toString("base64")'}),
    Mistake("base64-hex", "the signature is in hexadecimal", "签名是十六进制",
            "write it in Base64", "改用 Base64", {
                "python": "base64.b64encode(raw).decode()", "php": "base64_encode($raw) // not bin2hex",
                "java": "Base64.getEncoder().encodeToString(raw)", "go": "base64.StdEncoding.EncodeToString(raw)",
                "csharp": "Convert.ToBase64String(raw) // not BitConverter", "node": 'raw.toString("base64")'}),
    Mistake("base64-wrapped", "the Base64 has line breaks or spaces around it", "Base64 中有换行或首尾空白",
            "write it on one line", "写成一行",
            {"python": "base64.b64encode(raw) # not encodebytes", "java": "Base64.getEncoder() // not getMimeEncoder()",
             "php": "base64_encode($raw) // without chunk_split", "node": 'raw.toString("base64")',
             "csharp": "Convert.ToBase64String(raw) // without InsertLineBreaks", "go": "base64.StdEncoding"}),
    Mistake("base64-plus-lost", "every + of the Base64 became a space", "Base64 中的 + 变成了空格",
            "send the signature in JSON as it is; something on the way decoded it as a form",
            "在 JSON 中原样发送签名；途中有环节按表单解码了它",
            {"php": "do not pass it through urldecode() or $_POST", "java": "do not pass it through URLDecoder.decode",
             "python": "do not pass it through urllib.parse.unquote_plus"}),
    Mistake("base64-percent-encoded", "`sign` is percent-encoded (%2B for +); here it is decoded",
            "`sign` 做了 URL 编码（如 %2B）；这里已先解码",
            "in JSON send the Base64 as it is", "JSON 中应原样发送 Base64",
            {"php": "base64_encode($raw) // without urlencode()", "java": "without URLEncoder.encode(sign)",
             "python": "base64.b64encode(raw).decode() # without urllib.parse.quote", "node": 'raw.toString("base64") '
             "// without encodeURIComponent"}),
    Mistake("sign-is-digest", "`sign` is a digest, not an RSA signature", "`sign` 是摘要，不是 RSA 签名",
            "sign the text with the private key: SHA256withRSA makes the digest itself",
            "用私钥对文本加签：SHA256withRSA 自己会做摘要", SIGN),
    Mistake("sign-empty", "`sign` is empty or missing: most often the private key did not load",
            "`sign` 为空或缺失：多半是私钥没有加载成功",
            f"{_FORM_EN}; check that signing succeeded", f"{_FORM_ZH}；并检查加签是否成功", KEY),
    Mistake("sign-is-text", "`sign` is text, such as an exception's message: the private key did not load",
            "`sign` 不是 Base64 而是文本，例如异常信息：私钥没有加载成功",
            f"{_FORM_EN}; do not send when signing failed", f"{_FORM_ZH}；加签失败时不要发送", KEY),
    Mistake("sm2", "the signature is SM2, not RSA", "签名是国密 SM2，不是 RSA",
            "SM2 is not supported yet: configure the client's sign type RSA",
            "暂不支持 SM2：请把客户端的签名方式配置为 RSA",
            {"python": 'MerConfig(..., sign_type="RSA")'}),
    Mistake("unknown", "what was signed could not be found", "未能找出加签的文本",
            "print the text that you sign and compare it with the expected one: where they differ, data was changed "
            "after it was signed",
            "打印加签文本，与期望文本逐字比较：不同之处就是 data 在加签之后的改动", TEXT),
)
# fmt: on

ADVICE: Final[dict[str, Mistake]] = {row.id: row for row in _ROWS}

NOTES: Final[dict[str, tuple[str, str]]] = {
    "hex-length": (
        "`sign` is hexadecimal, but no RSA signature has that length",
        "`sign` 是十六进制，但长度不是 RSA 签名的长度",
    ),
    "base64-twice": ("`sign` was put into Base64 twice", "`sign` 做了两次 Base64"),
    "padding-lost": (
        "the Base64 has lost its padding (= at the end); Go: base64.StdEncoding, not RawStdEncoding",
        "Base64 缺少末尾的 =；Go 请用 base64.StdEncoding 而不是 RawStdEncoding",
    ),
    "sign-length": (
        "`sign` is Base64, but no RSA signature has that length: was it cut off?",
        "`sign` 是 Base64，但长度不是 RSA 签名的长度：是否被截断？",
    ),
    "too-long": ("the request is too long to be looked into", "请求过长，未作分析"),
    "unfinished": (
        "not every way of signing was tried, as that takes too long: shorten the request, or use huifu-mock explain",
        "并未试遍所有加签方式（耗时过长）；请缩短请求，或用 huifu-mock explain 诊断",
    ),
    "hash-unlisted": ("the hash is not SHA-256", "摘要算法不是 SHA-256"),
    "no-digest-info": (
        "the signature does not name its hash: a text or bare hash was encrypted with the private key, not signed",
        "签名中没有摘要算法标识：用私钥加密了文本或裸摘要，而不是加签",
    ),
    "signed-nothing": ("an empty text or the text of nothing was signed", "加签的是空文本或空值的文本"),
    "hashed-twice": ("a hash of the text was signed, so it is hashed twice", "加签的是文本的摘要，等于做了两次摘要"),
    "base64-signed": ("the Base64 of the text was signed", "加签的是文本的 Base64"),
    "url-encoded": ("the URL-encoded text was signed", "加签的是 URL 编码后的文本"),
    "braces-missing": ("the braces are missing from the signed text", "加签文本缺少花括号"),
    "values-joined": ("the values were signed without their names", "只把字段值拼接起来加签"),
    "member-added": (
        "a member came to `data` after it was signed",
        "加签之后 `data` 又增加了字段",
    ),
    "map-printed": (
        "a map was printed instead of written as JSON (str(dict), Map.toString())",
        "把 map 直接打印成文本（str(dict)、Map.toString()），而不是 JSON",
    ),
}
"""Remarks about what has no id."""

_CLIENTS: Final = (
    ("javasdk", "java"),
    ("c#sdk", "csharp"),
    ("python", "python"),
    ("httpx", "python"),
    ("aiohttp", "python"),
    ("php", "php"),
    ("guzzle", "php"),
    ("go-http-client", "go"),
    ("java", "java"),
    ("okhttp", "java"),
    ("apache-httpclient", "java"),
    (".net", "csharp"),
    ("restsharp", "csharp"),
    ("node", "node"),
    ("axios", "node"),
    ("undici", "node"),
)


def language(headers: str) -> str:
    """The client's language as its header lines (`sdk_version`, `User-Agent`) tell it; empty if they do not."""
    wanted = ("jpt-sdk_version", "sdk_version", "user-agent")
    lines = {name.strip().lower(): value for name, _, value in (line.partition(":") for line in headers.splitlines())}
    for name in wanted:
        value = lines.get(name, "").lower()
        for mark, found in _CLIENTS:
            if mark in value:
                return found
    return ""
