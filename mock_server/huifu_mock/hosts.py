"""Huifu's domains, and whether a host name is below one of them."""

from typing import Final

DOMAINS: Final = ("huifu.com", "testpnr.com", "cloudpnr.com")
"""Production, and where integrations are tested together with Huifu."""

NAMED: Final = (
    "api.huifu.com",
    "opps-stbmertest.testpnr.com",
    "spin-test.cloudpnr.com",
    "bspay-stag.cloudpnr.com",
)
"""The hosts that the official SDKs have as constants, for clients that need every name in a list."""


def is_huifu(host: str) -> bool:
    """Whether a host name belongs to Huifu."""
    name = host.lower().rstrip(".")
    return any(name == domain or name.endswith("." + domain) for domain in DOMAINS)
