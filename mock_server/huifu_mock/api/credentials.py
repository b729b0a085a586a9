"""What a client needs to know of a tenant, by the control plane's names."""

from typing import Final

CREDENTIALS: Final = (
    "base_url",
    "sys_id",
    "product_id",
    "huifu_id",
    "merchant_private_key",
    "merchant_private_key_pem",
    "huifu_public_key",
    "huifu_public_key_pem",
    "webhook_key",
)
