"""What `--store` may name, what it must not, and what is said then."""

import io
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

import huifu_mock
from huifu_mock._version import VERSION
from huifu_mock.cli import serve
from huifu_mock.cli.main import main
from huifu_mock.gateway.mock import Mock
from huifu_mock.gateway.store import BadStore
from huifu_mock.store import opening, tables
from huifu_mock.store.opening import opened

if TYPE_CHECKING:
    from postgresql_server import PostgreSql


def made(path: Path) -> Path:
    """A file that a gateway has used."""
    store = opened(f"sqlite:{path}")
    Mock([], store=store)
    store.stop()
    return path


def written(path: Path, *statements: str) -> Path:
    """A file changed from outside."""
    with sqlite3.connect(path) as file:
        for statement in statements:
            file.execute(statement)
    file.close()
    return path


def newer(path: Path) -> Path:
    return written(
        made(path),
        "UPDATE alembic_version SET version_num = '9999'",
        "UPDATE facts SET value = '99.0' WHERE name = 'version'",
    )


def text(path: Path) -> Path:
    path.write_text("orders and closes, and more than a hundred bytes of them, " * 3)
    return path


WRONG = {
    "a folder": (lambda path: path.parent, "it is a folder; name a file in it"),
    "a missing folder": (lambda path: path.parent / "missing" / "mock.db", "there is no folder"),
    "a text": (text, "it is no SQLite database"),
    "another database": (
        lambda path: written(path, "CREATE TABLE birds (name)"),
        "holds something else (tables birds)",
    ),
    "a newer one": (newer, "was written by huifu-mock 99.0"),
    "a damaged tenant": (
        lambda path: written(made(path), "UPDATE tenants SET settled = replace(settled, 'settle_seconds', 'x')"),
        "contradicts itself",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_store_is_refused_in_words(tmp_path: Path, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    prepare, words = WRONG[wrong]
    path = prepare(tmp_path / "mock.db")
    assert main(["serve", "--port", "0", "--store", f"sqlite:{path}"]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert str(path) in error


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1", "sqlite:", "sqlite::memory:", "memory", "", "postgresql://huifu@host", "postgresql:x"]
)
def test_a_store_that_is_not_known_is_refused_with_those_that_are(url: str) -> None:
    with pytest.raises(BadStore, match=r"sqlite:PATH"):
        opened(url)


def test_without_its_packages_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(opening.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(BadStore, match=r"sqlalchemy and alembic: .*huifu-mock\[store\]"):
        opened(f"sqlite:{tmp_path}/mock.db")
    with pytest.raises(BadStore, match=r"sqlalchemy, alembic and psycopg: .*huifu-mock\[postgresql\]"):
        opened("postgresql://huifu:secret@127.0.0.1/mock")


def test_a_database_that_cannot_be_reached_is_refused_in_words_without_its_password() -> None:
    with pytest.raises(BadStore, match="it cannot be reached") as refused:
        opened("postgresql://huifu:secret@127.0.0.1:1/mock")
    assert "secret" not in str(refused.value)


def test_a_database_that_is_missing_or_holds_something_else_is_refused_in_words(postgresql: "PostgreSql") -> None:
    with pytest.raises(BadStore, match="make it first, with createdb"):
        opened(postgresql.url("missing"))
    other = postgresql.fresh()
    with psycopg.connect(other) as connection:
        connection.execute("CREATE TABLE birds (name TEXT)")
    with pytest.raises(BadStore, match=r"holds something else \(tables birds\)"):
        opened(other)


def test_a_file_that_a_gateway_has_open_is_refused_to_another_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = opened(f"sqlite:{tmp_path}/mock.db")
    command = [sys.executable, "-m", "huifu_mock", "serve", "--port", "0", "--store", f"sqlite:{tmp_path}/mock.db"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    store.stop()
    assert done.returncode == 2
    assert "another process has it open" in done.stderr
    assert "pytest-xdist get one each by the fixture worker_id in its name" in done.stderr


class Heard(io.StringIO):
    """What is printed, and whether anything was."""

    def __init__(self) -> None:
        super().__init__()
        self.printed = threading.Event()

    def flush(self) -> None:
        self.printed.set()


def test_a_start_that_takes_long_says_what_it_waits_for_without_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "SLOW", 0)
    for store, waits_for in (
        ("memory:", "making the orders"),
        ("sqlite:mock.db", "reading the store sqlite:mock.db"),
        ("postgresql://huifu:secret@db/mock", "reading the store postgresql:…"),
    ):
        with serve.told_when_slow(store, out := Heard()):
            assert out.printed.wait(60)
        assert out.getvalue() == f"{waits_for}; it answers after that\n"


def test_a_start_that_is_quick_says_nothing_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    with serve.told_when_slow("sqlite:mock.db", out := Heard()):
        (timer,) = [one for one in set(threading.enumerate()) - before if isinstance(one, threading.Timer)]
    timer.join(60)
    assert (out.getvalue(), timer.is_alive()) == ("", False)


@contextmanager
def nobody() -> Iterator[None]:
    """Root may write what is read-only, so it is somebody else for a moment."""
    root = os.name == "posix" and os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="files are read-only in another way there")
def test_a_read_only_file_or_folder_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are for their owner alone
        Path(folder).chmod(0o777)
        file = made(Path(folder, "mock.db"))
        file.chmod(0o444)
        with nobody(), pytest.raises(BadStore, match=r"mock\.db is read-only for this user"):
            opened(f"sqlite:{file}")
        file.chmod(0o666)
        Path(folder).chmod(0o555)
        with nobody(), pytest.raises(BadStore, match=f"{folder} is read-only for this user"):
            opened(f"sqlite:{file}")
        Path(folder).chmod(0o777)
        with nobody():
            opened(f"sqlite:{file}").stop()


def test_the_tables_are_those_that_the_migrations_make(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    store = opened(f"sqlite:{tmp_path}/mock.db")
    with store.database.engine.connect() as connection:  # type: ignore[attr-defined] # it is in a file
        assert compare_metadata(MigrationContext.configure(connection), tables.METADATA) == []
    store.stop()


def test_a_store_says_which_version_made_it(tmp_path: Path) -> None:
    with sqlite3.connect(made(tmp_path / "mock.db")) as file:
        assert dict(file.execute("SELECT name, value FROM facts")) == {"begun": VERSION, "version": VERSION}
    file.close()


def test_neither_the_package_nor_a_server_in_memory_imports_a_database() -> None:
    code = "import sys, huifu_mock\nwith huifu_mock.Server() as server: server.tenant()\n"
    code += "sys.exit(bool({'sqlalchemy', 'alembic', 'sqlite3', 'psycopg'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_orders_of_a_file_of_orders_are_seeded_once(tmp_path: Path) -> None:
    store = f"sqlite:{tmp_path}/mock.db"
    for _ in range(2):
        with huifu_mock.Server(orders=[{"req_seq_id": "mine"}], store=store) as server:
            assert [order.req_seq_id for order in server.default.orders.list()] == ["mine"]
            server.default.orders.pay("mine") if server.default.orders.get("mine").trans_stat == "P" else None


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes of files")
def test_a_file_is_made_for_its_owner_alone_for_it_holds_private_keys(tmp_path: Path) -> None:
    file = tmp_path / "mock.db"
    with huifu_mock.Server(store=f"sqlite:{file}") as server:
        server.tenant()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("mock.db", "mock.db-wal"), 0o600)
