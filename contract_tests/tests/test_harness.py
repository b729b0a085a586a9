"""The harness: which requests it counts for which call of the client."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from huifu_contract import schemas
from huifu_contract.catalogue.registry import catalogue
from huifu_contract.drivers.in_process import LocalDriver
from huifu_contract.grading.case import Grader
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.results import Verdict
from huifu_contract.harness import evidence
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.relay import leaving
from huifu_contract.mutants import mutants
from huifu_contract.reference import Client, Config, wire
from huifu_mock import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

MINE, EARLIER = "to the address of this call", "to the address of the call before"


@contextmanager
def harness_with(calls: Sequence[Sequence[str]]) -> Iterator[Harness]:
    """A harness whose client sends in each call what `calls` says, and claims nothing."""
    left, urls = iter(calls), [""]

    def close(config: Mapping[str, str], base_url: str, params: Mapping[str, str]) -> str:
        urls.append(base_url)
        for target in next(left):
            client = Client(urls[-1] if target == MINE else urls[-2], Config.of(config))
            client.exchange("close", client.data(params), float("inf"))
        return "unknown"

    with Server(port=0, orders=[]) as server:
        harness = Harness(LocalDriver(close), server.tenant(key_bits=1024))
        harness.driver.start(harness.config)
        yield harness


@pytest.mark.parametrize(
    ("next_call", "late"),
    [([], 0), ([MINE], 0), ([EARLIER, MINE], 0), ([MINE, EARLIER], 1), ([MINE, EARLIER, EARLIER], 2)],
    ids=["nothing", "its own", "before its own", "after its own", "two after its own"],
)
def test_a_request_is_late_only_if_it_came_after_the_first_of_the_next_call(next_call: list[str], late: int) -> None:
    with harness_with([[MINE], next_call]) as harness:
        e = harness.close()
        later = harness.close()
        assert len(harness.sent_during(later, e)) == late


def test_calls_beside_each_other_leave_no_hole_in_the_journal() -> None:
    """Each call lists its own requests alone; those of the others lie between them."""
    with harness_with([[MINE], [MINE, EARLIER, MINE], [MINE]]) as harness:
        sent = [len(harness.close().sent) for _ in range(3)]
        harness.sweep()
    assert sent == [1, 2, 1]


def counts_characters(_config: Mapping[str, str], base_url: str, params: Mapping[str, str]) -> str:
    """Gives the number of its characters as the length of a body that has more bytes."""
    parts, text = urlsplit(base_url), json.dumps({"sign": "", "data": dict(params)}, ensure_ascii=False)
    path = f"{parts.path}/v2/trade/payment/scanpay/close"
    head = f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(text)}\r\n\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=9) as connection:
        connection.sendall((head + text).encode())
        connection.recv(9)
    return "unknown"


def test_a_client_whose_request_cannot_be_read_fails_and_is_told_what_was_wrong_with_it() -> None:
    record = catalogue()["request/sign-non-ascii"]
    with Server(port=0, orders=[]) as server:
        harness = Harness(LocalDriver(counts_characters), server.tenant(key_bits=1024), elsewhere=server.default)
        harness.driver.start(harness.config)
        result = Grader(Profile("none", 0, 0)).grade(record, harness)
    assert (result.verdict, result.laws) == (Verdict.FAIL, ("L3",))
    assert "what was sent is no request that the gateway can answer" in result.signature
    assert "the body: is longer than its Content-Length of" in result.detail


def escaped(language: str, spoken: str = "en") -> list[str]:
    """What is said of a close whose slashes were signed as PHP writes them by itself."""
    with Server(port=0, orders=[]) as server:
        tenant = server.tenant(key_bits=1024)
        key, data = wire.private(tenant.merchant_private_key or ""), {"org_req_seq_id": "a/b", "req_seq_id": "R1"}
        sign = wire.sign(key, wire.canonical(data).replace("/", "\\/").encode())
        sent = {"sys_id": tenant.sys_id, "product_id": tenant.product_id, "sign": sign, "data": data}
        wire.post(f"{tenant.base_url}/v2/trade/payment/scanpay/close", json.dumps(sent).encode(), 9)
        return evidence.explained(tenant.journal.calls()[0], language)[spoken].splitlines()


def test_a_wrong_signature_is_explained_whole_with_the_code_of_the_clients_language() -> None:
    lines = escaped("PHP")
    assert lines[0] == "The signature is wrong: slash-escaped."
    signed, expected = (next(line for line in lines if line.startswith(f"{name}:")) for name in ("signed", "expected"))
    assert '"a\\/b"' in signed
    assert '"a/b"' in expected
    at = lines.index("To put it right:")
    assert lines[at + 1 :] == [
        "- sign `/` as it is",
        "    PHP: json_encode($data, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE)",
    ]


def test_the_result_of_a_client_that_signs_wrongly_has_the_explanation_in_both_languages() -> None:
    case = catalogue()["request/sign-verifies"]
    with Server(port=0, orders=[]) as server:
        harness = Harness(LocalDriver(lambda: mutants.described("spaced-canon")), server.tenant(key_bits=1024))
        harness.driver.start(harness.config)
        result = Grader(Profile("t", 0, 0), reruns=0).grade(case, harness)
    assert result.verdict is Verdict.FAIL
    assert result.detail.startswith("The signature is wrong: ")
    assert result.detail_zh.startswith("签名有误：")
    assert len(result.detail.splitlines()) == len(result.detail_zh.splitlines())
    assert schemas.complaint("result", json.loads(json.dumps(asdict(result))), "case") is None


def test_it_is_explained_in_chinese_too() -> None:
    lines = escaped("PHP", "zh")
    assert lines[0] == "签名有误：slash-escaped。"
    assert lines[-3:] == [
        "改正方法：",
        "- `/` 不要转义",
        "    PHP: json_encode($data, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE)",
    ]


@pytest.mark.parametrize(
    ("language", "label"), [("golang", "Go"), ("typescript", "Node"), ("C#", "C#"), ("java", "Java")]
)
def test_a_language_may_be_called_by_another_name(language: str, label: str) -> None:
    code = [line.strip() for line in escaped(language) if line.startswith("    ")]
    assert [line.partition(":")[0] for line in code if not line.startswith("^")] == [label]


def test_of_a_language_that_is_not_known_the_code_of_all_is_shown() -> None:
    assert len([line for line in escaped("cobol") if evidence.CODE.match(line)]) == len(evidence.LANGUAGES)


def test_what_was_prepared_for_one_example_does_not_reach_the_next() -> None:
    with harness_with([[MINE], [MINE], [MINE]]) as harness:
        left_over = {"match": {}, "do": {"answer": "90000000", "trans_stat": "F"}, "times": 10}
        answers = []
        for script in ([left_over], []):
            answers.append(harness.close(None, *script).sent[0].heard.resp_code)
            harness.tidy()
        assert answers == ["90000000", "00000000"]
        assert harness.tenant.faults.list() == []


def test_a_gateway_that_goes_away_is_reached_once_and_refuses_whoever_comes_after_that() -> None:
    with Server(port=0, orders=[]) as server, leaving(server.default.base_url) as at:
        where = (urlsplit(at).hostname, urlsplit(at).port)
        with socket.create_connection(where) as line:
            line.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            with line.makefile("rb") as reply:
                assert b" 404 " in reply.read().partition(b"\r\n")[0]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(where)


def test_a_gateway_that_goes_away_waits_for_nobody_in_the_end() -> None:
    with Server(port=0, orders=[]) as server, leaving(server.default.base_url):
        pass
