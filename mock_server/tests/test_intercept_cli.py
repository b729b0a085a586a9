"""The command line around intercepting: the CA and its folder, options that cannot be followed, a proxy set before."""

import argparse
import datetime
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trustme

import huifu_mock
from huifu_mock import hosts
from huifu_mock.cli import intercept, main
from huifu_mock.cli.welcome import welcome
from huifu_mock.client.intercept.environment import HERE, InterceptEnvironment, truststore
from huifu_mock.client.transport import NotIntercepting
from huifu_mock.hosts import is_huifu
from huifu_mock.http.intercept.authority import Authority, BadAuthority
from huifu_mock.http.intercept.listener import InterceptOptions

ABOUT = {"host": "127.0.0.1", "port": 8443, "ca_pem": trustme.CA().cert_pem.bytes().decode()}


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main.main(list(words)) == 2
    return capsys.readouterr().err


# --- the CA


def test_a_ca_is_new_in_each_run_and_the_same_in_a_folder(tmp_path: Path):
    assert Authority.new().pem != Authority.new().pem
    assert Authority.kept(tmp_path / "ca").pem == Authority.kept(tmp_path / "ca").pem


def test_only_its_owner_can_read_a_kept_ca(tmp_path: Path):
    Authority.kept(tmp_path / "ca")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "ca").iterdir()}
    assert modes == {"ca.pem": 0o600, "ca-key.pem": 0o600}
    assert (tmp_path / "ca").stat().st_mode & 0o777 == 0o700


def test_a_ca_is_believed_about_hosts_of_huifu_s_alone(tmp_path: Path):
    for authority in (Authority.new(), Authority.kept(tmp_path / "ca"), Authority.kept(tmp_path / "ca")):
        assert handshake(authority, "api.huifu.com") is None
        assert handshake(authority, "a.b.cloudpnr.com") is None
        assert "permitted subtree violation" in str(handshake(authority, "a.b.example.com"))


def handshake(authority: Authority, name: str) -> ssl.SSLError | None:
    """Why a client that trusts the CA refuses its certificate for a name; the two talk in memory."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context(cadata=authority.pem).wrap_bio(to_client, to_server, server_hostname=name)
    server = authority.context(name).wrap_bio(to_server, to_client, server_side=True)
    for _ in range(2):
        for end in (client, server):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                return error
    return None


def test_the_certificate_is_written_for_clients_and_never_the_key(tmp_path: Path):
    file = tmp_path / "ca.pem"
    with huifu_mock.Server() as server:
        server.intercept(InterceptOptions(ca_dir=tmp_path / "own", ca_cert=file))
        assert file.read_text() == server.about()["interception"]["ca_pem"] == Authority.kept(tmp_path / "own").pem
    assert file.stat().st_mode & 0o777 == 0o644
    assert {path.name for path in tmp_path.iterdir()} == {"own", "ca.pem"}


def test_a_certificate_that_cannot_be_written_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    options = ["--intercept", "0", "--ca-cert", str(tmp_path / "no" / "ca.pem")]
    for command in (["serve", "--port", "0", *options], ["exec", *options, "--", "true"]):
        words = said(capsys, *command)
        assert "cannot write the CA's certificate" in words
        assert "choose another file with --ca-cert" in words


@pytest.mark.parametrize("option", ["--ca-dir", "--ca-cert"])
def test_a_ca_without_anything_to_intercept_is_refused(option: str, capsys: pytest.CaptureFixture[str]):
    words = said(capsys, "serve", "--port", "0", option, "somewhere")
    assert f"{option} is for a gateway that intercepts; give --intercept or --tls-port, too" in words


def lost(name: str) -> Any:
    return lambda folder: (folder / name).unlink()


def emptied(name: str) -> Any:
    return lambda folder: (folder / name).write_text("")


def of_another(folder: Path) -> None:
    (folder / "ca.pem").write_bytes(trustme.CA().cert_pem.bytes())


def opened(folder: Path) -> None:
    (folder / "ca-key.pem").chmod(0o644)


def expired(folder: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    key = load_pem_private_key((folder / "ca-key.pem").read_bytes(), None)
    old = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    made = x509.CertificateBuilder(
        old.issuer, old.subject, old.public_key(), 1, old.not_valid_before_utc, datetime.datetime(2020, 1, 2)
    )
    (folder / "ca.pem").write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))  # type: ignore[arg-type]  # it is an EC key


SPOILT = {
    "the key is gone": (lost("ca-key.pem"), "is half written: ca-key.pem is missing"),
    "the certificate is gone": (lost("ca.pem"), "is half written: ca.pem is missing"),
    "the key is empty": (emptied("ca-key.pem"), "cannot be read"),
    "the certificate is empty": (emptied("ca.pem"), "cannot be read"),
    "the key is of another": (of_another, "does not belong to ca.pem"),
    "others can read the key": (opened, "others can read"),
    "it has expired": (expired, "expired on 2020-01-02"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_folder_that_cannot_be_used_is_explained(case: str, tmp_path: Path):
    spoil, words = SPOILT[case]
    Authority.kept(tmp_path)
    spoil(tmp_path)
    with pytest.raises(BadAuthority, match=words) as raised:
        Authority.kept(tmp_path)
    assert "delete the folder to have a new CA made" in str(raised.value)


def test_a_folder_that_cannot_be_written_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "file").write_text("")
    words = said(capsys, "exec", "--intercept", "--ca-dir", str(tmp_path / "file"), "--", "true")
    assert "for the CA: " in words
    assert "choose another folder with --ca-dir" in words


def test_the_command_prints_the_certificate_of_a_server_and_of_a_folder(tmp_path: Path, capsys: Any):
    with huifu_mock.Server() as server:
        assert "does not intercept; start it with: huifu-mock serve --intercept" in said(
            capsys, "ca", "--url", server.base_url
        )
        server.intercept()
        assert main.main(["ca", "--url", server.base_url]) == 0
        assert capsys.readouterr().out == server.about()["interception"]["ca_pem"]
    assert main.main(["ca", "--ca-dir", str(tmp_path / "ca")]) == 0
    assert capsys.readouterr().out == Authority.kept(tmp_path / "ca").pem


def test_java_reads_the_trust_store_that_the_command_writes(tmp_path: Path, capsys: Any):
    if shutil.which("keytool") is None:
        pytest.skip("not installed here: keytool")
    store = tmp_path / "store.p12"
    assert main.main(["ca", "--ca-dir", str(tmp_path / "ca"), "--p12", str(store)]) == 0
    command = ["keytool", "-list", "-keystore", str(store), "-storepass", "changeit"]
    assert "trustedCertEntry" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_malformed_root_of_the_system_does_not_spoil_the_trust_store():
    assert truststore("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + ABOUT["ca_pem"])


def test_without_the_extra_it_is_said_how_to_get_it(monkeypatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setitem(sys.modules, "trustme", None)
    words = said(capsys, "exec", "--intercept", "--", "true")
    assert "intercepting needs the package trustme: pip install" in words
    assert "huifu-mock[intercept]" in words


# --- what was set before

ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"


def under_exec(*options: str, **variables: str) -> tuple[dict[str, str], str]:
    command = [
        sys.executable,
        "-m",
        "huifu_mock",
        "exec",
        "--intercept",
        *options,
        "--",
        sys.executable,
        "-c",
        ENVIRONMENT,
    ]
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=True)
    return json.loads(done.stdout), done.stderr


def test_a_proxy_that_was_set_is_mentioned_in_one_line():
    _, errors = under_exec(HTTPS_PROXY="http://user:secret@proxy.invalid:3128")
    assert errors.startswith(
        "huifu-mock: HTTPS_PROXY is set: calls to Huifu's hosts are answered here, and those to other hosts"
    )
    assert "are refused; --intercept-others tunnel passes them on to it\n" in errors
    _, errors = under_exec("--intercept-others", "tunnel", HTTPS_PROXY="http://user:secret@proxy.invalid:3128")
    assert "go on to proxy.invalid:3128\n" in errors
    assert "secret" not in errors


def test_a_proxy_that_cannot_be_used_for_others_is_explained(monkeypatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("https_proxy", "socks5://proxy.invalid:1080")
    words = said(capsys, "exec", "--intercept", "--intercept-others", "tunnel", "--", "true")
    assert "only a plain HTTP proxy can, such as http://10.0.0.1:3128" in words


def test_what_the_environment_has_already_is_kept(tmp_path: Path):
    own = tmp_path / "own.pem"
    own.write_text(trustme.CA().cert_pem.bytes().decode())
    told, errors = under_exec(
        NO_PROXY="db,.huifu.com", no_proxy="", JAVA_TOOL_OPTIONS="-Xmx64m", NODE_OPTIONS="--no-deprecation",
        PHP_INI_SCAN_DIR="/etc/mine", SSL_CERT_FILE=str(own), NODE_EXTRA_CA_CERTS=str(own),
    )  # fmt: skip
    assert told["NO_PROXY"] == "db,localhost,127.0.0.1,::1"
    assert ".huifu.com in NO_PROXY would let calls to Huifu through; left out" in errors
    assert told["JAVA_TOOL_OPTIONS"].startswith("-Xmx64m -DsocksProxyHost=127.0.0.1 ")
    assert "-Dhttp.nonProxyHosts=127.*|db|*.db|localhost|" in told["JAVA_TOOL_OPTIONS"]
    assert told["NODE_OPTIONS"].startswith("--no-deprecation --require ")
    assert told["PHP_INI_SCAN_DIR"].startswith(f"/etc/mine{os.pathsep}")


def test_a_bundle_holds_the_roots_of_before_and_ours(tmp_path: Path):
    own = tmp_path / "own.pem"
    own.write_text(trustme.CA().cert_pem.bytes().decode())
    with InterceptEnvironment(ABOUT, {"SSL_CERT_FILE": str(own)}) as environment:
        context = ssl.create_default_context(cafile=environment.variables()["SSL_CERT_FILE"])
        assert len(context.get_ca_certs()) == 2


# --- serve


def test_serve_names_where_it_intercepts(tmp_path: Path):
    command = [
        sys.executable,
        "-m",
        "huifu_mock",
        "serve",
        "--port",
        "0",
        "--intercept",
        "0",
        "--tls-port",
        "0",
        "--ready-json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        process.terminate()
    assert set(ready["interception"]) == {"host", "port", "tls_port", "others", "ca_pem"}
    assert 0 < ready["interception"]["port"] != ready["interception"]["tls_port"]


def test_a_tls_port_alone_opens_no_proxy():
    with huifu_mock.Server() as server:
        with pytest.raises(NotIntercepting, match="takes direct TLS alone: start it with huifu-mock serve --intercept"):
            server.intercept(InterceptOptions(port=None, tls_port=0))
        about = server.about()["interception"]
        context = ssl.create_default_context(cadata=about["ca_pem"])
        sock = socket.create_connection((about["host"], about["tls_port"]))
        with context.wrap_socket(sock, server_hostname="api.huifu.com") as secured:
            assert secured.version()
        with (
            pytest.raises(NotIntercepting, match="takes direct TLS alone"),
            huifu_mock.connect(server.base_url).default.intercept(),
        ):
            pass
        assert server.mock.interception is not None
        assert f"TLS alone on port {about['tls_port']}." in welcome(
            server.base_url, [], server.mock.interception, guarded=False
        )
    assert about["port"] is None
    given = argparse.Namespace(intercept=None, tls_port=443, intercept_others="refuse", ca_dir=None, ca_cert=None)
    assert intercept.options(given, "127.0.0.1") == InterceptOptions(port=None, tls_port=443)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--intercept", "x"], '"x" is not a port; use 0 to 65535'),
        (["--intercept", "0", "--intercept-others", "block"], "invalid choice: 'block'"),
    ],
)
def test_options_that_cannot_be_followed_are_explained(options, words, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main.main(["serve", *options])
    assert words in capsys.readouterr().err


# --- one list of hosts in three languages


@pytest.mark.parametrize("file", ["node.cjs", "streams.php"])
def test_what_is_loaded_into_other_languages_knows_the_same_hosts(file: str):
    text = (HERE / file).read_text("utf-8")
    assert all(domain.replace(".", r"\.") in text for domain in hosts.DOMAINS)


@pytest.mark.parametrize("host", [*hosts.NAMED, "huifu.com", "API.Huifu.com.", "a.b.huifu.com"])
def test_huifu_s_hosts_are_known(host: str):
    assert is_huifu(host)


@pytest.mark.parametrize("host", ["", "nothuifu.com", "huifu.com.example", "com", "127.0.0.1"])
def test_other_hosts_are_not(host: str):
    assert not is_huifu(host)
