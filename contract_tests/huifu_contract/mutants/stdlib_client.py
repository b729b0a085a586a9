#!/usr/bin/env python3
"""A client written twice on purpose: it judges `huifu_contract.reference` with RSA and HTTP of the standard library.

One file, driven over `cmd:`. It shares no line with the reference client, so that both passing means something.
"""

import base64
import hashlib
import json
import os
import socket
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TIMEOUT, ATTEMPT, MOST = 2.0, 0.4, 5
BEIJING = timezone(timedelta(hours=8))
SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
NUMBERS = {"org_req_seq_id": 128, "org_hf_seq_id": 128, "req_seq_id": 128, "huifu_id": 32}
config: dict[str, str] = {}
known: dict[tuple[str, ...], str] = {}


# ---- RSA: just enough DER to find the numbers of a key


def der(data: bytes) -> list[bytes]:
    """The contents of the elements that stand one after the other."""
    found, at = [], 0
    while at < len(data):
        length, at = data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        found.append(data[at : at + length])
        at += length
    return found


def private_key(text: str) -> list[int]:
    """version, n, e, d, p, q, dp, dq, qinv"""
    return [int.from_bytes(n, "big") for n in der(der(der(der(base64.b64decode(text))[0])[2])[0])]


def public_key(text: str) -> list[int]:
    """n, e"""
    return [int.from_bytes(n, "big") for n in der(der(der(der(base64.b64decode(text))[0])[1][1:])[0])]


def padded(text: bytes, size: int) -> int:
    digest = SHA256 + hashlib.sha256(text).digest()
    return int.from_bytes(b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest, "big")


def sign(text: bytes) -> str:
    _, n, _, _, p, q, dp, dq, qinv = private_key(config["merchant_private_key"])
    size = (n.bit_length() + 7) // 8
    m = padded(text, size)
    a, b = pow(m, dp, p), pow(m, dq, q)
    return base64.b64encode((b + (a - b) * qinv % p * q).to_bytes(size, "big")).decode()


def verifies(text: bytes, signature: object) -> bool:
    n, e = public_key(config["huifu_public_key"])
    size = (n.bit_length() + 7) // 8
    try:
        raw = base64.b64decode(str(signature), validate=True)
    except ValueError:
        return False
    return len(raw) == size and pow(int.from_bytes(raw, "big"), e, n) == padded(text, size)


# ---- HTTP: one connection, one request, one deadline


def post(url: str, body: bytes, until: float) -> bytes | None:
    """The body of a whole reply with status 200, or None."""
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    received = b""
    try:
        with socket.create_connection((parts.hostname, parts.port or 80), left(until)) as line:
            line.sendall(head.encode() + body)
            while not complete(received):
                line.settimeout(left(until))
                piece = line.recv(65536)
                if not piece:
                    break
                received += piece
    except OSError:
        return None
    return complete(received)


def left(until: float) -> float:
    return max(0.001, until - time.monotonic())


def complete(received: bytes) -> bytes | None:
    head, gap, body = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = "".join(lines[0].split(" ")[1:2])
    if gap and status.startswith("1"):
        return complete(body)  # that only told that the reply will come
    headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines[1:]}
    if not gap or status != "200":
        return None
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return unchunked(body)
    length = headers.get("content-length", "")
    return body[: int(length)] if length.isdigit() and len(body) >= int(length) else None


def unchunked(body: bytes) -> bytes | None:
    """What came in chunks, if all have come."""
    found = b""
    while True:
        size, gap, body = body.partition(b"\r\n")
        try:
            length = int(size.partition(b";")[0], 16)
        except ValueError:
            return None
        if not gap or len(body) < length:
            return None
        if not length:
            return found
        found, body = found + body[:length], body[length + 2 :]


# ---- the gateway's language


def canonical(data: dict[str, Any]) -> bytes:
    return json.dumps({k: data[k] for k in sorted(data)}, ensure_ascii=False, separators=(",", ":")).encode()


def no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)


def received_data(text: str) -> str:
    """`data` as it was received: the signature covers that, and written anew 1.10 would be 1.1."""
    decoder, at = json.JSONDecoder(), text.index("{")
    while True:  # one member of the outermost object after another: what is called data further inside is not signed
        name, at = decoder.raw_decode(text, text.index('"', at))
        begin = len(text) - len(text[at:].lstrip(" \t\r\n:"))
        at = decoder.raw_decode(text, begin)[1]
        if name == "data":
            return text[begin:at]


def ask(base_url: str, op: str, data: dict[str, str], until: float) -> dict[str, Any]:
    """The data of a reply that is whole, genuine and ours; {} if there is none."""
    envelope = {"sys_id": config["sys_id"], "product_id": config["product_id"], "data": data}
    envelope["sign"] = sign(canonical(data))
    url = base_url + "/v2/trade/payment/scanpay/" + op
    body = post(url, json.dumps(envelope).encode(), min(until, time.monotonic() + ATTEMPT))
    try:
        text = (body or b"").decode()
        reply = json.loads(text, object_pairs_hook=no_twins)
        found = reply["data"]
        ours = all(found.get(name) == data[name] for name in ("req_seq_id", "req_date", "huifu_id"))
        same = all(
            found.get(name) in (None, data[name])
            for name in ("org_req_date", "org_req_seq_id", "org_hf_seq_id")
            if name in data
        )
        if ours and same and isinstance(found, dict) and verifies(received_data(text).encode(), reply["sign"]):
            return found
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass  # whatever is wrong with it, it is no reply
    return {}


def close(base_url: str, params: dict[str, str]) -> dict[str, Any]:  # noqa: PLR0912  # one long script on purpose
    data = {"req_date": today(), "req_seq_id": fresh(), "huifu_id": config["huifu_id"], **params}
    too_long = [name for name, most in NUMBERS.items() if len(data.get(name, "")) > most]
    if too_long or not (data.get("org_req_seq_id") or data.get("org_hf_seq_id")):
        return {"outcome": "rejected", "attempts": 0}
    begin(data)
    until, attempts, op, doubt, gap = time.monotonic() + TIMEOUT, 0, "close", True, 0.03
    outcome, reply = "unknown", {}
    while attempts < MOST and time.monotonic() < until:
        asked = data if op == "close" else {**data, "req_date": today(), "req_seq_id": fresh()}
        reply, attempts = ask(base_url, op, asked, until), attempts + 1
        stat, code = reply.get("trans_stat"), str(reply.get("resp_code"))
        if stat == "S":
            outcome = "closed"
            break
        if stat == "P":
            outcome, doubt, op = "pending", True, "closequery"
        elif stat == "F" and op == "close" and code in ("10000000", "21000000", "22000000", "23000001", "23000004"):
            outcome = "not_closed"
            break
        elif stat == "F" and op == "close" and code == "20000001":
            if "一分钟" in str(reply.get("resp_desc")):
                outcome = "pending"
                break
            gap = max(gap, 0.12)
        elif stat == "F" and op == "close" and not code.startswith("9"):
            doubt, op = False, "closequery"
        elif stat == "F" and op == "closequery" and (code in ("00000000", "00000100") or not doubt):
            outcome = "not_closed"
            break
        elif stat == "F" and op == "closequery" and code == "23000001":
            op, gap = "close", max(gap, 0.12)
        else:
            op = "closequery"
        if attempts == 3 and (stat == "P" or code == "20000001"):
            break  # time makes these clear, and the application can ask again later
        if attempts == MOST or left(until) < gap:
            break
        threading.Event().wait(gap)
        gap = max(gap * 2, 0.12)
    seen = {name: reply[name] for name in ("resp_code", "trans_stat") if isinstance(reply.get(name), str)}
    learn(data, outcome)
    return {"outcome": outcome, "seen": seen, "attempts": attempts}


def today() -> str:
    return datetime.now(BEIJING).strftime("%Y%m%d")  # noqa: TID251  # a client of its own, not part of the gateway


def fresh() -> str:
    return f"{os.getpid():x}{time.time_ns():x}{os.urandom(6).hex()}"  # noqa: TID251  # as above


# ---- what the application believes, and webhooks


def named(order: dict[str, str]) -> tuple[str, ...]:
    return tuple(str(order.get(name)) for name in ("huifu_id", "org_req_date", "org_req_seq_id"))


def begin(order: dict[str, str]) -> None:
    """Of a close that is under way an earlier one's failure says nothing."""
    if known.get(named(order)) == "not_closed":
        known[named(order)] = "unknown"


def learn(order: dict[str, str], outcome: str) -> None:
    better = ["unknown", "pending", "not_closed", "closed"]
    if outcome in better and better.index(outcome) > better.index(known.get(named(order), "unknown")):
        known[named(order)] = outcome


class Webhooks(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        given = parse_qs(urlsplit(self.path).query).get("sign", [""])[0].lower()
        genuine = given == hashlib.md5(raw + config["webhook_key"].encode()).hexdigest()
        if genuine:
            event = json.loads(raw)
            words = {"S": "closed", "F": "not_closed", "P": "pending"}
            if event.get("event_define_no") == "trans.close":
                learn(event, words.get(event.get("trans_stat"), "unknown"))
        self.send_response(200 if genuine else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Webhooks)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hello = {
        "client": {"name": "stdlib", "version": "1", "language": "python"},
        "profiles": ["wire", "decision", "hook"],
        "claims": ["query", "retry", "generates-seq", "generates-date", "webhook", "order"],
        "timeout_s": TIMEOUT,
        "max_attempts": MOST,
        "webhook_url": f"http://127.0.0.1:{server.server_port}/",
    }
    for line in sys.stdin:
        message = json.loads(line)
        answer: dict[str, Any] = {"outcome": "unsupported"}
        if message["op"] == "hello":
            config.update(message["config"])
            answer = hello
        elif message["op"] == "close":
            answer = close(message["base_url"], message["params"])
        elif message["op"] == "order":
            answer = {"outcome": known.get(named(message), "unknown")}
        elif message["op"] == "bye":
            answer = {"ok": True}
        sys.stdout.write(json.dumps({"id": message["id"], **answer}) + "\n")
        sys.stdout.flush()
        if message["op"] == "bye":
            break


if __name__ == "__main__":
    main()
