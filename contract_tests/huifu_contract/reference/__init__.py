"""The reference client: a small, correct client of the close endpoint, to be used and to be read."""

from huifu_contract.reference.client import Client, Config

__all__ = ["Client", "Config"]
