"""The code of the C# page, compiled by Mono's compiler and run on Mono, whose WebRequest is that of .NET Framework."""

import json
import os
import re
import shutil
import subprocess
from hashlib import md5
from pathlib import Path

import pytest

import huifu_mock
from huifu_mock.cli.welcome import example_close

PAGE = Path(__file__).parents[1] / "docs" / "csharp.md"

PROGRAM = """
using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Text;

%(prefix_handler)s
static class Program
{
    %(webhook)s
    static void Main(string[] given)
    {
        WebRequest.RegisterPrefix("https://api.huifu.com", new ToMock());
        WebRequest request = WebRequest.Create("https://api.huifu.com/v2/trade/payment/scanpay/close");
        request.Method = "POST";
        request.ContentType = "application/json";
        byte[] body = Encoding.UTF8.GetBytes(given[0]);
        using (Stream sent = request.GetRequestStream())
        {
            sent.Write(body, 0, body.Length);
        }
        using (var answer = new StreamReader(request.GetResponse().GetResponseStream()))
        {
            Console.WriteLine(answer.ReadToEnd());
        }
        Console.WriteLine(WebhookIsGenuine(body, given[1], "key"));
        Console.WriteLine(WebhookIsGenuine(body, given[1], "another key"));
    }
}
"""


def test_the_prefix_handler_leads_here_and_the_webhook_check_checks(tmp_path: Path) -> None:
    if shutil.which("mcs") is None:
        pytest.skip("mcs, the C# compiler of Mono, is not on this machine")
    blocks = re.findall(r"^```csharp\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (handler,) = [block for block in blocks if "IWebRequestCreate" in block]
    (webhook,) = [block for block in blocks if "WebhookIsGenuine" in block]
    (tmp_path / "Page.cs").write_text(PROGRAM % {"prefix_handler": handler, "webhook": webhook}, "utf-8")
    build = ["mcs", "-langversion:7.2", "-warnaserror", "Page.cs"]
    built = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    body = example_close()
    with huifu_mock.Server() as server:
        environment = os.environ | server.default.env()
        sign = md5(body + b"key").hexdigest().upper()
        run = ["mono", "Page.exe", body.decode(), sign]
        done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reply, right, wrong = done.stdout.splitlines()
    assert (json.loads(reply)["data"]["trans_stat"], right, wrong) == ("S", "True", "False")
