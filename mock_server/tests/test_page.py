"""The console's files as they are served: to whom, with which headers, and nothing else from the disk."""

import base64
import hashlib
import http.client
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from watching import Watch
from wired import Received, connected, head, post, received

import huifu_mock
from huifu_mock.cli import serve
from huifu_mock.cli.welcome import welcome
from huifu_mock.http import page

ASSETS = page.FOLDER / "assets"
LIBRARY = "/_mock/console/assets/htm-preact.js"


def get(base_url: str, path: str, method: str = "GET", **headers: str) -> Received:
    """One request, its path sent as it is written."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    with connected(base_url) as connection:
        connection.sendall(head(base_url, named, path, method))
        return received(connection, method)


def test_a_file_of_the_console_is_served_with_its_type_and_nothing_may_come_from_elsewhere(
    server: huifu_mock.Server,
) -> None:
    found = get(server.base_url, LIBRARY)
    assert found.status == 200
    assert found.body == (ASSETS / "htm-preact.js").read_bytes()
    assert found.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "default-src 'self';" in found.headers["content-security-policy"]
    assert "unsafe" not in found.headers["content-security-policy"]
    assert found.headers["x-content-type-options"] == "nosniff"


def test_a_browser_that_has_a_file_already_is_told_so(server: huifu_mock.Server) -> None:
    tag = get(server.base_url, LIBRARY).headers["etag"]
    again = get(server.base_url, LIBRARY, If_None_Match=tag)
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert get(server.base_url, LIBRARY, If_None_Match='"another"').status == 200


def test_head_tells_the_headers_alone(server: huifu_mock.Server) -> None:
    found = get(server.base_url, LIBRARY, "HEAD")
    assert (found.status, found.body) == (200, b"")
    assert int(found.headers["content-length"]) == (ASSETS / "htm-preact.js").stat().st_size


def test_the_address_of_the_console_is_printed_at_the_start_and_leads_to_it(server: huifu_mock.Server) -> None:
    address = json.loads(serve._ready_json(server._http))["console_url"]
    assert address == f"{server.base_url}/_mock/"
    assert address in welcome(server.base_url, [], None, guarded=False)
    assert b"<title>Console of huifu-mock</title>" in get(server.base_url, urlsplit(address).path).body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_file_is_not_changed_over_http(method: str, server: huifu_mock.Server) -> None:
    refused = get(server.base_url, LIBRARY, method)
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "",
        "assets",
        "../_version.py",
        "%2e%2e/_version.py",
        "..%2F_version.py",
        "assets/../../_version.py",
        "assets/%2e%2e/%2e%2e/keys.py",
        "//etc/passwd",
        "%2Fetc%2Fpasswd",
        "a%00b.js",
        "%ff.js",
        "x" * 5000,
        "..%5c_version.py",
    ],
)
def test_what_is_no_file_of_the_console_is_not_there(name: str, server: huifu_mock.Server) -> None:
    refused = get(server.base_url, page.FILES + name)
    assert refused.status == 404
    assert json.loads(refused.body)["errors"][0]["expected"] == "the console is at /_mock/"


def test_a_link_that_leads_out_of_the_folder_is_not_followed(
    server: huifu_mock.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "console"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "way-out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "inside.txt").write_text("inside")
    monkeypatch.setattr(page, "FOLDER", folder)
    assert get(server.base_url, f"{page.FILES}inside.txt").body == b"inside"
    assert get(server.base_url, f"{page.FILES}way-out.txt").status == 404


def test_the_page_of_another_site_may_not_read_the_console(server: huifu_mock.Server) -> None:
    assert get(server.base_url, LIBRARY, Origin="http://evil.example").status == 403
    assert get(server.base_url, LIBRARY, Origin=server.base_url).status == 200


def test_a_name_that_was_rebound_to_this_machine_may_not_read_the_console(server: huifu_mock.Server) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=30)
    connection.request("GET", LIBRARY, headers={"Host": "evil.example"})
    assert connection.getresponse().status == 403
    connection.close()


def test_the_sign_in_form_is_reached_without_the_token_that_it_asks_for() -> None:
    with huifu_mock.Server(control_token="sesame") as server:
        assert get(server.base_url, LIBRARY).status == 200
        assert get(server.base_url, "/_mock/about").status == 401
        assert get(server.base_url, "/_mock/about", Authorization="Bearer sesame").status == 200


# --- the answers that the console is sent with


class Given(HTMLParser):
    """The answers that stand in a page, by the path that gives them."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.answers: dict[str, str] = {}
        self.scripts = 0
        self._open: str | None = None
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts += 1
            self._open = dict(attrs).get("id")

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.answers[self._open] = self.answers.get(self._open, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._open = None


def events_path(tenant: huifu_mock.Tenant) -> str:
    return f"/_mock/tenants/{tenant.sys_id}/events?limit={page.LISTED}"


def test_the_console_is_sent_with_the_first_answers_whatever_stands_in_them(server: huifu_mock.Server) -> None:
    tenant = server.default
    hostile = "</script><script>alert(1)</script><!-- \\ \u2028 &amp; \" '"
    post(server.base_url, json.dumps({"sys_id": tenant.sys_id, "data": {"org_req_seq_id": hostile}}).encode())
    with Watch(server.base_url, tenant.sys_id, query="?limit=50") as watch:
        calls = watch.next("lists")["calls"]
    assert calls["items"][0]["org_req_seq_id"] == hostile
    given = Given(get(server.base_url, "/_mock/").body)
    assert list(given.answers) == ["/_mock/about", events_path(tenant)]
    assert given.scripts == 3
    about = json.loads(get(server.base_url, "/_mock/about").body)
    moving = ("bounds", "pushes")
    assert {**json.loads(given.answers["/_mock/about"]), **dict.fromkeys(moving)} == {**about, **dict.fromkeys(moving)}
    kind, told, last = re.findall(r"^(event|data|id): (.*)$", given.answers[events_path(tenant)], re.MULTILINE)[-3:]
    assert (kind[1], json.loads(told[1])["calls"]) == ("lists", calls)
    with Watch(server.base_url, tenant.sys_id, last=last[1]) as watch:
        assert watch.ready.data["resumed"]


def test_the_console_is_sent_with_the_answers_of_the_tenant_in_its_address(server: huifu_mock.Server) -> None:
    other = server.tenant()
    shown = get(server.base_url, f"/_mock/?tenant={other.sys_id}").body
    assert list(Given(shown).answers) == ["/_mock/about", events_path(other)]
    for unknown in ("nobody", "%2E%2E%2Fabout", "%22%3E", "%ff"):
        assert list(Given(get(server.base_url, f"/_mock/?tenant={unknown}").body).answers) == ["/_mock/about"]


def test_who_did_not_send_the_control_token_gets_the_console_without_an_answer() -> None:
    with huifu_mock.Server(control_token="sesame") as server:
        shown = get(server.base_url, "/_mock/")
        assert Given(shown.body).answers == {}
        assert get(server.base_url, "/_mock/", If_None_Match=shown.headers["etag"]).status == 304


def test_every_asset_is_a_pinned_one_and_brings_its_licence() -> None:
    packages = json.loads((ASSETS / "assets.json").read_text("utf-8"))["packages"]
    places = (ASSETS, Path(__file__).parent / "console")
    pinned = {(places["folder" in package] / name) for package in packages for name in package["files"].values()}
    assert pinned == {path for place in places for path in place.iterdir() if path.name != "assets.json"}
    for package in packages:
        assert any("LICENSE" in name for name in package["files"].values()), package["package"]
        assert len(base64.b64decode(package["integrity"].removeprefix("sha512-"))) == hashlib.sha512().digest_size
        assert package["license"]
