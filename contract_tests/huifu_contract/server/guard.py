"""Which hosts are contacted: only names that the target gives, and the vendor's own only when told so twice."""

from __future__ import annotations

from urllib.parse import urlsplit

from huifu_contract.failures import SetupTrouble
from huifu_mock.server import is_loopback

VENDOR = {
    "huifu.com": "api.huifu.com is the real gateway: a close there closes a real order",
    "testpnr.com": "opps-stbmertest.testpnr.com is the vendor's joint test environment",
    "cloudpnr.com": "spin-test.cloudpnr.com is the vendor's inner test environment",
}
FLAG = "--allow-vendor-host"


def host(base_url: str) -> str:
    """The host of an http or https address, in lower case and without a last dot. Raises SetupTrouble."""
    try:
        parts = urlsplit(base_url)
        name, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise SetupTrouble(f"{base_url!r} is no address: {error}; http://127.0.0.1:8080 is one") from None
    if parts.scheme not in ("http", "https") or not name:
        raise SetupTrouble(f"{base_url!r} is no address of a server; http://127.0.0.1:8080 is one")
    if parts.username or parts.query or parts.fragment:
        raise SetupTrouble(f"{base_url!r} has more than a host, a port and a path; take the rest away")
    return name.lower().rstrip(".")


def vendor(name: str) -> str | None:
    """Why the name is the vendor's; None if it is not."""
    return next((why for zone, why in VENDOR.items() if name == zone or name.endswith(f".{zone}")), None)


def check(base_url: str, named: frozenset[str], *, allow_vendor: bool) -> None:
    """Raises SetupTrouble unless the server may be contacted. This machine always may."""
    name = host(base_url)
    if is_loopback(name):
        return
    if name not in named:
        raise SetupTrouble(
            f"{name} is not named in the target file, so nothing is sent to it; "
            f'write hosts = ["{name}"] into target.toml and give --target'
        )
    why = vendor(name)
    if why is not None and not allow_vendor:
        raise SetupTrouble(f"{name} is refused: {why}. If you may send test closes there, add {FLAG}")
