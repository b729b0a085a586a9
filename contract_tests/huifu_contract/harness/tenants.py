"""The tenants of a run: each worker has its own, so that none sees the orders and calls of another."""

from __future__ import annotations

from huifu_mock import Tenant, signing
from huifu_mock.client.server import Connection


def fresh(server: Connection, key_bits: int, alike: Tenant | None = None) -> Tenant:
    """A tenant with a merchant key of its own, or with that of `alike`: to make one takes as long as fifty calls.

    One key for several is for processes of the client that know nothing of each other: none can take another's.
    """
    if alike is None:
        return server.tenant(key_bits=key_bits)
    public = signing.load_private_key(alike.merchant_private_key, trusted=True).public_key()
    made = server.tenant(key_bits=key_bits, merchant_public_key=signing.public_text(public))
    made.merchant_private_key = alike.merchant_private_key
    made.merchant_private_key_pem = alike.merchant_private_key_pem
    return made
