"""A reply: the canonical bytes of `data`, signed once, when somebody needs the signed bytes."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from huifu_mock import canonical, signing


class Reply:
    """`{"data":…,"sign":"…"}` whose signature covers exactly the bytes of `data` that are sent.

    RSA PKCS#1 v1.5 is deterministic, so two threads that sign the same reply at once write the same bytes.
    """

    __slots__ = ("_signed", "data", "key")

    def __init__(self, fields: dict[str, str], key: RSAPrivateKey) -> None:
        self.data: Final = canonical.dump(fields)
        self.key: Final = key
        self._signed: bytes | None = None

    @property
    def ready(self) -> bytes | None:
        """The signed bytes, if they were asked for before."""
        return self._signed

    def signed(self) -> bytes:
        """The signed bytes; the first call costs an RSA signature."""
        if (signed := self._signed) is None:
            sign = signing.sign(self.key, self.data)
            signed = self._signed = b'{"data":' + self.data + b',"sign":"' + sign.encode() + b'"}'
        return signed
