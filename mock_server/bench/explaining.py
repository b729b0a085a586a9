"""How long the signature explainer takes, in RSA signatures of the same run."""

import json
import timeit
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from huifu_mock import explain, keys, signing
from huifu_mock.gateway.tenant import DEFAULT_PRODUCT_ID, DEFAULT_SYS_ID

DATA: Final = {
    "req_seq_id": "20240425105638838efkflqyi00ond6",
    "req_date": "20240425",
    "huifu_id": "6666000000000001",
    "org_req_date": "20240405",
    "org_req_seq_id": "20210918956160001",
    "remark": "关单/测试",
}

# fmt: off
CASES: Final[Mapping[str, Callable[[dict[str, str]], str]]] = {
    "unsorted": lambda data: json.dumps(data, ensure_ascii=False, separators=(",", ":")),
    "json.dumps": json.dumps,                                                  # three mistakes at once
    "php": lambda data: json.dumps(data, separators=(",", ":")).replace("/", "\\/"),
    "envelope": lambda data: json.dumps({"sys_id": DEFAULT_SYS_ID, "product_id": DEFAULT_PRODUCT_ID, "data": data}),
    "unknown": lambda _: "nothing like it",                                    # the whole search
}
# fmt: on


def bodies() -> dict[str, bytes]:
    """A request for each case; what it is signed over is the case's mistake."""
    made = {}
    for name, text in CASES.items():
        sign = signing.sign(keys.published("merchant"), text(DATA).encode())
        envelope = {"sys_id": DEFAULT_SYS_ID, "product_id": DEFAULT_PRODUCT_ID, "data": DATA, "sign": sign}
        made[name] = json.dumps(envelope, ensure_ascii=False).encode()
    return made


def ratios(rounds: int = 7) -> dict[str, float]:
    """Explanation ÷ one RSA-2048 signature, by case; the best of several rounds, each with both."""
    private, public = keys.published("merchant"), keys.published("merchant").public_key()
    best: dict[str, float] = {}
    signature = float("inf")
    for _ in range(rounds):
        signature = min(signature, timeit.timeit(lambda: signing.sign(private, b"x" * 200), number=10) / 10)
        for name, body in bodies().items():
            one = timeit.timeit(partial(explain.explain_request, body, (), public), number=3) / 3
            best[name] = min(best.get(name, one), one)
    return {name: one / signature for name, one in best.items()}


if __name__ == "__main__":
    for name, ratio in ratios().items():
        print(f"{name:12} {ratio:5.2f} signatures")
