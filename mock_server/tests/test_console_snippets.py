"""What the console says under Connect for each language is code that runs, and leads a call here."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import browser
import pytest
from console_page import STORE, Console

import huifu_mock
from huifu_mock import signing
from huifu_mock.request import CLOSE

pytestmark = [pytest.mark.xdist_group("chromium")]

LANGUAGES = ("python", "java", "php", "go", "csharp", "node")
SETUP = STORE.replace("store.js", "commands.js")

PYTHON = """
import json, sys
from dg_sdk import V2TradePaymentScanpayCloseRequest

data = json.loads(sys.argv[1])
request = V2TradePaymentScanpayCloseRequest()
request.req_date, request.req_seq_id, request.huifu_id = data["req_date"], data["req_seq_id"], data["huifu_id"]
request.org_req_date = data["org_req_date"]
print(json.dumps(request.post({"org_req_seq_id": data["org_req_seq_id"]})))
"""
NODE = """
import { createSign } from "node:crypto";
const data = Object.fromEntries(Object.entries(JSON.parse(process.argv[2])).sort());
const sign = createSign("RSA-SHA256").update(JSON.stringify(data)).sign(huifu.merchantPrivateKey, "base64");
const body = JSON.stringify({ sys_id: huifu.sysId, product_id: huifu.productId, data, sign });
const answer = await fetch(huifu.baseUrl + "/v2/trade/payment/scanpay/close", { method: "POST", body });
console.log(await answer.text());
"""
PHP = """<?php
namespace BsPaySdk\\core { class BsPayClient { public function getRequestUrl($funcCode) { return 'nowhere'; } } }
namespace {
%s
$url = (new MockClient())->getRequestUrl('v2.trade.payment.scanpay.close');
$pem = "-----BEGIN PRIVATE KEY-----\\n" . $config['rsa_merch_private_key'] . "\\n-----END PRIVATE KEY-----";
openssl_pkey_get_private($pem) or exit(1);
$options = ['method' => 'POST', 'header' => 'Content-Type: application/json', 'content' => $argv[1]];
echo file_get_contents($url, false, stream_context_create(['http' => $options]));
}
"""
JAVA = """
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

class Close {
    static class MerConfig {
        void setSysId(String given) { }
        void setProcutId(String given) { }
        void setRsaPrivateKey(String given) { Base64.getDecoder().decode(given); }
        void setRsaPublicKey(String given) { Base64.getDecoder().decode(given); }
    }
    static class BasePay { static void initWithMerConfig(MerConfig given) { } }
    static class Request { Map<String, Object> info; void setExtendInfo(Map<String, Object> given) { info = given; } }

    public static void main(String[] given) throws Exception {
        Map<String, Object> extendInfoMap = new HashMap<>();
        Request request = new Request();
%s
        URL url = new URL(request.info.get("base_url") + "/v2/trade/payment/scanpay/close");
        HttpURLConnection connection = (HttpURLConnection) url.openConnection();
        connection.setDoOutput(true);
        connection.getOutputStream().write(given[0].getBytes(StandardCharsets.UTF_8));
        System.out.println(new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }
}
"""
CSHARP = """
using System;
using System.IO;
using System.Net;
using System.Text;

%(declarations)s

static class Program
{
    %(constants)s
    static void Main(string[] given)
    {
        %(statements)s
        Convert.FromBase64String(MerchantPrivateKey);
        WebRequest request = WebRequest.Create("https://api.huifu.com/v2/trade/payment/scanpay/close");
        request.Method = "POST";
        byte[] body = Encoding.UTF8.GetBytes(given[0]);
        using (Stream sent = request.GetRequestStream()) { sent.Write(body, 0, body.Length); }
        using (var answer = new StreamReader(request.GetResponse().GetResponseStream()))
        {
            Console.WriteLine(answer.ReadToEnd());
        }
    }
}
"""
GO = """package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

%(declarations)s

func main() {
	%(statements)s
	_, _ = merchantPrivateKey, huifuPublicKey
	const target = "https://api.huifu.com/v2/trade/payment/scanpay/close"
	answer, err := http.Post(target, "application/json", strings.NewReader(os.Args[1]))
	if err != nil {
		panic(err)
	}
	text, _ := io.ReadAll(answer.Body)
	fmt.Println(string(text))
}
"""
"""Each sends the close that it is given: as `data`, or signed where the language's SDK would sign it."""


@pytest.fixture(scope="module")
def snippets(chromium: browser.Browser, server: huifu_mock.Server) -> dict[str, str]:
    """The text for each language, as a reader copies it."""
    console = Console(chromium, server.default)
    console.open("connect")
    told = json.dumps(server.default.settings())
    return {
        language: chromium.eval(
            f"(async () => {{ {STORE}.state.code = {language!r}; return {SETUP}.setup({told}); }})()"
        )
        for language in LANGUAGES
    }


def needed(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program} here")


def run(folder: Path, *command: str) -> str:
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GO111MODULE": "off", "no_proxy": "*"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def parts(code: str) -> dict[str, str]:
    """The statements at the beginning, the constants at the end, and what is declared between."""
    statements, *between, constants = code.split("\n\n")
    return {"statements": statements, "declarations": "\n\n".join(between), "constants": constants}


def python(folder: Path, code: str, data: str, _: str) -> str:
    (folder / "close.py").write_text(code + PYTHON, "utf-8")
    return run(folder, sys.executable, "close.py", data)


def node(folder: Path, code: str, data: str, _: str) -> str:
    needed("node")
    (folder / "close.mjs").write_text(code + NODE, "utf-8")
    return run(folder, "node", "close.mjs", data)


def php(folder: Path, code: str, _: str, signed: str) -> str:
    needed("php")
    (folder / "close.php").write_text(PHP % code, "utf-8")
    return run(folder, "php", "close.php", signed)


def java(folder: Path, code: str, _: str, signed: str) -> str:
    needed("java", "javac")
    (folder / "Close.java").write_text(JAVA % code, "utf-8")
    return run(folder, "java", "-XX:TieredStopAtLevel=1", "Close.java", signed)


def csharp(folder: Path, code: str, _: str, signed: str) -> str:
    needed("mcs", "mono")
    older = code.replace("new(", "new Uri(")  # Mono's compiler does not know the short form
    (folder / "Close.cs").write_text(CSHARP % parts(older), "utf-8")
    run(folder, "mcs", "-langversion:7.2", "Close.cs")
    return run(folder, "mono", "Close.exe", signed)


def go(folder: Path, code: str, _: str, signed: str) -> str:
    needed("go")
    told = parts(code)
    told["declarations"] += "\n" + told["constants"]
    (folder / "close.go").write_text(GO % told, "utf-8")
    return run(folder, "go", "run", "close.go", signed)


@pytest.mark.parametrize("sent_by", [python, java, php, go, csharp, node], ids=lambda one: one.__name__)
def test_the_setup_of_a_language_leads_a_close_here(
    sent_by: Callable[[Path, str, str, str], str], snippets: dict[str, str], server: huifu_mock.Server, tmp_path: Path
) -> None:
    tenant = server.default
    data = tenant.orders.add().close_params(f"from-{sent_by.__name__}")
    key = signing.load_private_key(tenant.merchant_private_key)
    signed = signing.envelope(tenant.sys_id, tenant.product_id, data, key).decode()
    told = sent_by(tmp_path, snippets[sent_by.__name__], json.dumps(data), signed)
    assert "00000000" in told, told
    call = tenant.journal.assert_once(req_seq_id=data["req_seq_id"])
    assert (call.reason, call.signature_ok, call.endpoint) == ("CLOSED", True, CLOSE.name)
