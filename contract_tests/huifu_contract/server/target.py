"""The target file: which server is graded, with which keys and orders, and which hosts may be contacted."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from huifu_contract import schemas
from huifu_contract.failures import SetupTrouble
from huifu_contract.reference import Config, wire
from huifu_mock.http.address import is_loopback
from huifu_mock.state.clock import BEIJING

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


def check_host(base_url: str, named: frozenset[str], *, allow_vendor: bool) -> None:
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


KEYS = ("merchant_private_key", "huifu_public_key")
CREDENTIALS = ("sys_id", "product_id", "huifu_id", *KEYS)
ARMOUR = re.compile(r"-----[A-Z ]+-----|\s")
DEFAULT_RATE = 2.0


@dataclass(frozen=True, slots=True)
class Stored:
    """One order of the pool: made before, in a known state, and used at most once."""

    state: str
    org_req_date: str
    org_req_seq_id: str = ""
    org_hf_seq_id: str = ""
    huifu_id: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """The defaults are those of a server on this machine that has the fake's control API."""

    base_url: str
    name: str = ""
    config: Config | None = None
    """None: the control API makes a tenant."""
    hosts: frozenset[str] = frozenset()
    other_huifu_id: str = ""
    unknown_product_id: str = "NOSUCHPRODUCT"
    admin: bool | None = None
    """Whether the fake's control API is there; None: look for it if the server is on this machine."""
    admin_token: str | None = field(default=None, repr=False)
    rate: float | None = None
    orders: tuple[Stored, ...] = ()
    hook: tuple[str, ...] = ()
    hook_timeout_s: float = 30.0
    source: str = ""
    """The file that it comes from."""

    @property
    def loopback(self) -> bool:
        return is_loopback(host(self.base_url))

    @property
    def pace(self) -> float | None:
        """Requests a second: what the file says, else 2, and no limit on this machine."""
        return self.rate if self.rate is not None else None if self.loopback else DEFAULT_RATE


def read(path: Path) -> Mapping[str, Any]:
    """The contents of a target.toml, checked. Raises SetupTrouble."""
    try:
        loaded = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupTrouble(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise SetupTrouble(f"{path} is not TOML: {error}") from None
    wrong = schemas.complaint("target", _plain(loaded))
    if wrong is not None:
        raise SetupTrouble(f"{path}: {wrong}")
    return loaded


def made(given: Mapping[str, Any], base_url: str | None, folder: Path) -> Target:
    """The target of a file's contents; an address given besides wins. Raises SetupTrouble."""
    address = base_url or given.get("base_url")
    if not address:
        raise SetupTrouble("which server? Give --base-url, or base_url in the target file")
    hook = given.get("hook", {})
    return Target(
        base_url=str(address).rstrip("/"),
        name=given.get("name", ""),
        config=_config(given, folder),
        hosts=frozenset(name.lower().rstrip(".") for name in (*given.get("hosts", ()), *_own(given))),
        orders=tuple(_order(order) for order in given.get("orders", ())),
        hook=tuple(hook.get("command", ())),
        hook_timeout_s=hook.get("timeout_s", 30.0),
        **{name: given[name] for name in PLAIN if name in given},
    )


PLAIN = ("other_huifu_id", "unknown_product_id", "admin", "admin_token", "rate")


def _own(given: Mapping[str, Any]) -> tuple[str, ...]:
    """A file that names its server has named its host."""
    return (host(given["base_url"]),) if "base_url" in given else ()


def _config(given: Mapping[str, Any], folder: Path) -> Config | None:
    found = {name: given[name] for name in CREDENTIALS if name in given}
    for name in KEYS:
        if place := given.get(f"{name}_file"):
            try:
                found[name] = (folder / place).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise SetupTrouble(f"{name}_file {folder / place} cannot be read: {error}") from None
    if not found:
        return None
    missing = [name for name in CREDENTIALS if name not in found]
    if missing:
        raise SetupTrouble(f"the target file lacks {', '.join(missing)}; give all of {', '.join(CREDENTIALS)}, or none")
    for name, load in zip(KEYS, (wire.private, wire.public), strict=True):
        found[name] = ARMOUR.sub("", found[name])
        try:
            load(found[name])
        except (ValueError, TypeError):
            kind = "PKCS8" if name == "merchant_private_key" else "X.509"
            raise SetupTrouble(
                f"{name} of the target file is no RSA key in {kind}: one line of Base64, or PEM"
            ) from None
    return Config(**found)


def _order(given: Mapping[str, Any]) -> Stored:
    order = dict(given)
    if "created_at" in order:
        order["created_at"] = moment(order["created_at"])
    return Stored(**order)


def moment(given: datetime | str) -> datetime:
    """A time without an offset is Beijing time."""
    try:
        found = datetime.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        raise SetupTrouble(f"created_at {given!r} is no time; 2026-01-31T12:00:00+08:00 is one") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=BEIJING)


def age(created_at: datetime, now: datetime) -> float:
    return (now - created_at) / timedelta(seconds=1)


def _plain(value: Any) -> Any:
    """TOML's dates as text, as the schema writes them."""
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value.isoformat() if isinstance(value, date) else value
