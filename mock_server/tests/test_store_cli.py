"""`huifu-mock store`: what it says of a store, and how tenants travel from one store to another."""

import json
import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from databases import begun, killed
from test_store_file import busy, whole

from huifu_mock import Server
from huifu_mock.cli.main import main

if TYPE_CHECKING:
    from postgresql_server import PostgreSql


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A file that a gateway has used."""
    return used(f"sqlite:{tmp_path}/mock.db")


def used(store: str) -> str:
    """A store that a gateway has used."""
    desk = begun(store)
    busy(desk)
    desk.mock.store.stop()
    return store


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(["store", *words]) == code
    captured = capsys.readouterr()
    return captured.out if code < 2 else captured.err


def test_check_finds_nothing_wrong_with_what_a_gateway_wrote(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "check", used(store)) == f"{store} is as it should be: 1 tenant\n"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('UPDATE orders SET body = replace(body, \'"F","close_stat"\', \'"S","close_stat"\')', "both paid and closed"),
        ("DELETE FROM closes", "has close_stat S, and 0 closes succeeded"),
        ("DELETE FROM orders", "which is not there"),
        ("UPDATE calls SET body = replace(body, 'facts', 'acts')", "facts: is missing"),
    ],
)
def test_check_names_what_can_never_be(file: str, change: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(file.removeprefix("sqlite:")) as opened:
        assert opened.execute(change).rowcount > 0
    opened.close()
    assert words in said(capsys, "check", file, code=1)


def test_stats_counts_what_each_tenant_has(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = json.loads(said(capsys, "stats", used(store), "--json"))
    assert (one["orders"], one["closes"], one["calls"], one["met"]) == (6, 3, 6, 1)
    table = said(capsys, "stats", store).splitlines()
    assert table[0].split() == ["tenant", "orders", "closes", "calls", "deliveries", "bytes", "name"]
    assert table[1].split()[:2] == [one["sys_id"], "6"]


def test_stats_tells_the_name_of_a_tenant(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Server(store=used(store)) as server:
        made = server.tenant(name="订单组 1").sys_id
    told = {one["sys_id"]: one["name"] for one in json.loads(said(capsys, "stats", store, "--json"))}
    assert told.pop(made) == "订单组 1"
    assert [*told.values()] == [""]
    lines = {line.split()[0]: line for line in said(capsys, "stats", store).splitlines()}
    assert lines[made].endswith("  订单组 1")


def test_vacuum_gives_back_the_room_of_what_was_deleted(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(file.removeprefix("sqlite:"))
    with sqlite3.connect(path) as opened:
        opened.execute("INSERT INTO facts VALUES ('large', ?)", ("x" * 1_000_000,))
    with opened:
        opened.execute("DELETE FROM facts WHERE name = 'large'")
    opened.close()
    before = path.stat().st_size
    assert f"{before:,} bytes before" in said(capsys, "vacuum", file)
    assert path.stat().st_size < before - 900_000
    said(capsys, "check", file)


def test_a_store_that_was_exported_with_keys_is_the_same_where_it_is_imported(
    file: str, store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "saved.json"
    said(capsys, "export", file, str(saved), "--keys")
    assert saved.stat().st_mode & 0o077 == 0, "the keys are their owner's"
    said(capsys, "import", store, str(saved))
    first, second = begun(file), begun(store)
    assert whole(first) == whole(second)
    killed(first)
    killed(second)
    assert "has a tenant 6666000108854952 already; nothing was imported" in said(
        capsys, "import", store, str(saved), code=2
    )


def test_vacuum_packs_a_database_of_postgresql(postgresql: "PostgreSql", capsys: pytest.CaptureFixture[str]) -> None:
    store = used(postgresql.fresh())
    before, after = re.findall(r"([\d,]+) bytes", said(capsys, "vacuum", store))
    assert int(after.replace(",", "")) <= int(before.replace(",", ""))
    said(capsys, "check", store)


def test_an_export_holds_private_keys_only_if_they_are_asked_for(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    (made,) = json.loads(said(capsys, "export", file, "--tenant", "6666000108854952"))
    assert "keys" not in made
    assert "has no tenant 1; there are 6666000108854952" in said(capsys, "export", file, "--tenant", "1", code=2)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("stats", "memory:"), "is gone with its process"),
        (("stats", "sqlite:/nowhere/mock.db"), "there is no store"),
        (("import", "sqlite:mock.db"), "import needs a FILE"),
        (("import", "{store}", "/nowhere.json"), "cannot read /nowhere.json"),
        (("export", "{store}", "/nowhere/saved.json"), "cannot write /nowhere/saved.json"),
    ],
)
def test_what_cannot_be_done_is_said(
    file: str, words: tuple[str, ...], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert error in said(capsys, *(word.format(store=file) for word in words), code=2)


def test_a_file_that_is_no_capsule_is_refused_and_nothing_is_imported(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "saved.json").write_text('[{"capsule": 1}]')
    assert "capsule" in said(capsys, "import", file, str(tmp_path / "saved.json"), code=2)
    assert said(capsys, "check", file).endswith("1 tenant\n")
