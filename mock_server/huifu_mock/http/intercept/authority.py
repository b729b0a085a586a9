"""The local certificate authority: certificates for Huifu's hosts, signed by a CA of this run or of a folder.

Its key stays in this process, or in a file that only its owner can read; it is never logged, shown or journalled.
Its certificate is constrained to Huifu's domains: clients that honour name constraints believe it about no other host.
"""

import os
import ssl
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from huifu_mock import _install
from huifu_mock.hosts import DOMAINS
from huifu_mock.http.address import CannotIntercept
from huifu_mock.state.clock import Clock

if TYPE_CHECKING:
    import trustme

CERTIFICATE: Final = "ca.pem"
KEY: Final = "ca-key.pem"
USUAL: Final = tuple(name for domain in DOMAINS for name in (domain, f"*.{domain}"))
"""What one certificate covers; hosts further below get one of their own."""
YEAR: Final = timedelta(days=365)  # two of them stay below the 825 days that macOS allows


class BadAuthority(CannotIntercept):
    """The CA cannot be made or used; the message says why and what would be right."""


class Authority:
    """A CA, and the TLS contexts that it vouches for."""

    def __init__(self, ca: "trustme.CA") -> None:
        self._ca = ca
        self.pem: Final = ca.cert_pem.bytes().decode()
        """The certificate that clients have to trust; not the key."""
        self.context = lru_cache(maxsize=64)(self._context)
        """The context for a server name, empty where the client named none."""

    @classmethod
    def new(cls) -> Self:
        """A CA that nobody else has: its key dies with this process."""
        return cls(_made())

    @classmethod
    def kept(cls, folder: Path) -> Self:
        """The CA in a folder, made there the first time. Raises `BadAuthority`."""
        certificate, key = folder / CERTIFICATE, folder / KEY
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not certificate.exists() and not key.exists():
                _write(folder, _made())
            texts = certificate.read_bytes(), key.read_bytes()
        except FileNotFoundError as error:
            missing = Path(error.filename).name
            raise BadAuthority(f"{folder} is half written: {missing} is missing; {_ANEW}") from error
        except OSError as error:
            said = f"cannot use {error.filename or folder} for the CA: {error.strerror or error}"
            raise BadAuthority(f"{said}; choose another folder with --ca-dir") from error
        if os.name == "posix" and key.stat().st_mode & 0o077:
            raise BadAuthority(f"others can read {key}, so the CA cannot be trusted any more; {_ANEW}")
        return cls(_read(folder, *texts))

    def publish(self, file: Path) -> None:
        """Write the certificate, and never the key, where every client may read it. Raises `BadAuthority`."""
        try:
            _replace(file, self.pem.encode(), 0o644)
        except OSError as error:
            said = f"cannot write the CA's certificate to {file}: {error.strerror or error}"
            raise BadAuthority(f"{said}; choose another file with --ca-cert") from error

    def _context(self, name: str) -> ssl.SSLContext:
        covered = not name or name in DOMAINS or name.partition(".")[2] in DOMAINS
        now = Clock().now()
        leaf = self._ca.issue_cert(*(USUAL if covered else (name,)), not_before=now - YEAR, not_after=now + YEAR)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        context.set_alpn_protocols(["http/1.1"])
        return context


_ANEW: Final = "delete the folder to have a new CA made, which then has to be trusted anew"


def _trustme() -> type["trustme.CA"]:
    try:
        from trustme import CA
    except ModuleNotFoundError as error:
        raise BadAuthority(f"intercepting needs the package trustme: {_install.command('intercept')}") from error
    return CA


def _made() -> "trustme.CA":
    """A new CA, with name constraints (RFC 5280, 4.2.1.10) added to the certificate that trustme makes."""
    trustme_ca = _trustme()
    plain = trustme_ca(organization_name="huifu-mock, for tests only", path_length=0)
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    key_pem, made = plain.private_key_pem.bytes(), x509.load_pem_x509_certificate(plain.cert_pem.bytes())
    constraints = x509.NameConstraints(
        permitted_subtrees=[x509.DNSName(domain) for domain in DOMAINS],
        excluded_subtrees=[x509.IPAddress(ip_network(every)) for every in ("0.0.0.0/0", "::/0")],
    )
    builder = x509.CertificateBuilder(
        made.issuer, made.subject, made.public_key(), made.serial_number,
        made.not_valid_before_utc, made.not_valid_after_utc, list(made.extensions),
    ).add_extension(constraints, critical=True)  # fmt: skip
    signed = builder.sign(load_pem_private_key(key_pem, None), SHA256())  # type: ignore[arg-type]  # trustme's is an EC key
    return trustme_ca.from_pem(signed.public_bytes(Encoding.PEM), key_pem)


def _write(folder: Path, ca: "trustme.CA") -> None:
    """Write the key first, so that a certificate alone means that the key was lost."""
    _replace(folder / KEY, ca.private_key_pem.bytes(), 0o600)
    _replace(folder / CERTIFICATE, ca.cert_pem.bytes(), 0o600)


def _replace(file: Path, text: bytes, mode: int) -> None:
    """Write a file whole or not at all."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as opened:
            opened.write(text)
        unfinished.chmod(mode)  # whatever the umask is
        unfinished.replace(file)
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _read(folder: Path, certificate: bytes, key: bytes) -> "trustme.CA":
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        parsed, private = x509.load_pem_x509_certificate(certificate), load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        raise BadAuthority(f"{folder} holds no CA: {CERTIFICATE} or {KEY} cannot be read; {_ANEW}") from error
    if parsed.public_key() != private.public_key():
        raise BadAuthority(f"the key in {folder / KEY} does not belong to {CERTIFICATE}; {_ANEW}")
    if parsed.not_valid_after_utc < Clock().now():
        raise BadAuthority(f"the CA in {folder} expired on {parsed.not_valid_after_utc:%Y-%m-%d}; {_ANEW}")
    return _trustme().from_pem(certificate, key)
