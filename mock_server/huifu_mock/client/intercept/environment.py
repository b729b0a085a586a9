"""The environment in which clients of every language reach the intercepting listener, and trust it."""

import ipaddress
import os
import re
import shutil
import socket
import ssl
import tempfile
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from huifu_mock.hosts import DOMAINS, NAMED, is_huifu
from huifu_mock.http.intercept.listener import STAND_IN

HERE: Final = Path(__file__).parent
PROXY_VARIABLES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
BUNDLES: Final = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
ROOTS: Final = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)
STORE_PASSWORD: Final = "changeit"  # Java's usual one; a trust store holds nothing secret
CERTIFICATE: Final = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)


class InterceptEnvironment:
    """The variables for one listener, and the files that they name, until `close()`.

    `about` is `interception` of /_mock/about. Variables that are set already (`given`) are kept where they can be:
    certificates, NO_PROXY, options of Java, Node and PHP.
    """

    def __init__(self, about: Mapping[str, Any], given: Mapping[str, str] | None = None) -> None:
        self.about = about
        self._given = dict(os.environ if given is None else given)
        self._host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(about["host"], about["host"])
        self._port = int(about["port"])
        self._ca = str(about["ca_pem"])
        self._direct, self.overruled = _direct(self._given)
        self._folder = Path(tempfile.mkdtemp(prefix="huifu-mock-"))
        try:
            self._write()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the files; twice is fine."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self.close()

    def variables(self) -> dict[str, str]:
        """What to set. Whatever is not named here is to be left as it is."""
        address = f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"
        return {
            **dict.fromkeys(PROXY_VARIABLES, f"http://{address}"),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(self._direct)),
            **dict.fromkeys(BUNDLES, self._path("bundle.pem")),
            "NODE_EXTRA_CA_CERTS": self._path("node.pem"),
            "NODE_USE_ENV_PROXY": "1",
            "NODE_OPTIONS": _joined(self._given.get("NODE_OPTIONS"), f"--require {_quoted(self._path('node.cjs'))}"),
            "PHP_INI_SCAN_DIR": self._given.get("PHP_INI_SCAN_DIR", "") + os.pathsep + self._path("php"),
            "JAVA_TOOL_OPTIONS": _joined(self._given.get("JAVA_TOOL_OPTIONS"), *self._java()),
            "HUIFU_MOCK_INTERCEPT": address,
        }

    def _path(self, name: str) -> str:
        return str(self._folder / name)

    def _java(self) -> list[str]:
        """SOCKS for whatever opens a socket; the proxies for what asks for one, such as java.net.http."""
        bypass = "|".join(f"[{name}]" if ":" in name else name for name in _for_java(self._direct))
        settings = {
            "socksProxyHost": self._host,
            "socksProxyPort": self._port,
            "socksNonProxyHosts": bypass,
            "http.proxyHost": self._host,
            "http.proxyPort": self._port,
            "https.proxyHost": self._host,
            "https.proxyPort": self._port,
            "http.nonProxyHosts": bypass,
            "jdk.net.hosts.file": self._path("hosts"),
            "javax.net.ssl.trustStore": self._path("truststore.p12"),
            "javax.net.ssl.trustStoreType": "PKCS12",
            "javax.net.ssl.trustStorePassword": STORE_PASSWORD,
        }
        return [_quoted(f"-D{name}={value}") for name, value in settings.items()]

    def _write(self) -> None:
        roots = _system_roots(self._given)
        self._file("bundle.pem", roots + self._ca)
        self._file("node.pem", _read(self._given.get("NODE_EXTRA_CA_CERTS", "")) + self._ca)
        self._file("hosts", "\n".join(_hosts_for_java()) + "\n")
        (self._folder / "truststore.p12").write_bytes(truststore(roots + self._ca))
        self._file("node.cjs", (HERE / "node.cjs").read_text("utf-8"))
        self._file("streams.php", (HERE / "streams.php").read_text("utf-8"))
        (self._folder / "php").mkdir()
        ini = {"curl.cainfo": "bundle.pem", "openssl.cafile": "bundle.pem", "auto_prepend_file": "streams.php"}
        self._file("php/huifu-mock.ini", "".join(f'{name}="{self._path(file)}"\n' for name, file in ini.items()))

    def _file(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text, "utf-8")


def truststore(pem: str) -> bytes:
    """The certificates of a PEM text as a PKCS12 trust store that Java reads; neither openssl nor keytool is needed."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    entries = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some roots of some systems are malformed in ways that are no business of ours
        for number, text in enumerate(CERTIFICATE.findall(pem)):
            with suppress(ValueError):
                certificate = x509.load_pem_x509_certificate(text.encode())
                entries.append(pkcs12.PKCS12Certificate(certificate, b"ca-%d" % number))
    return pkcs12.serialize_java_truststore(entries, BestAvailableEncryption(STORE_PASSWORD.encode()))


def _direct(given: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The hosts that are called without a proxy, and what was taken out as it would let calls to Huifu through."""
    entries = [name.strip() for name in (given.get("no_proxy") or given.get("NO_PROXY") or "").split(",")]
    bare = {name: name.lower().removeprefix("*").lstrip(".") for name in entries if name}
    through = [name for name, end in bare.items() if not end or is_huifu(end) or _covers(end)]
    kept = [name for name in bare if name not in through]
    return [*kept, *(name for name in LOOPBACK if name not in kept)], through


def _covers(end: str) -> bool:
    return any(domain.endswith("." + end) for domain in DOMAINS)


def _for_java(direct: Iterable[str]) -> list[str]:
    patterns = ["127.*"]
    for name in direct:
        bare = name.removeprefix("*").lstrip(".")
        patterns += [bare] if _is_address(bare) or bare == "localhost" else [bare, f"*.{bare}"]
    return list(dict.fromkeys(patterns))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _hosts_for_java() -> list[str]:
    """Huifu's hosts at an address that SOCKS is used for, and what this machine's own hosts file says of others."""
    lines = [f"127.0.0.1 localhost {socket.gethostname()}", *(f"{STAND_IN} {host}" for host in NAMED)]
    for line in _read("/etc/hosts").splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        kept = [name for name in names if not is_huifu(name)]
        lines += [" ".join((address, *kept))] if kept else []
    return lines


def _system_roots(given: Mapping[str, str]) -> str:
    """The roots that clients trust without us: those that the environment names, or the system's."""
    named = [value for name in BUNDLES if (value := given.get(name))]
    usual = ssl.get_default_verify_paths()
    for path in (*named, usual.cafile or "", *ROOTS):
        if found := CERTIFICATE.findall(_read(path)):
            return "".join(text.rstrip("\n") + "\n" for text in found)
    context = ssl.create_default_context()  # Windows keeps them in no file
    return "".join(ssl.DER_cert_to_PEM_cert(root) for root in context.get_ca_certs(binary_form=True))


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", errors="replace") if path else ""
    except OSError:
        return ""


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def _joined(before: str | None, *more: str) -> str:
    return " ".join(filter(None, (before, *more)))
