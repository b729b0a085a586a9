"""A PostgreSQL server for tests and measurements, which listens on loopback and is gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Final

import psycopg

import ports

WHERE: Final = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
USUAL: Final = ("log_min_messages=fatal", "unix_socket_directories=", "listen_addresses=127.0.0.1")
QUICK: Final = ("fsync=off", "full_page_writes=off")
"""A power failure is not among the tests; a crash of PostgreSQL is, and needs neither."""


class NotInstalled(Exception):
    """There is no PostgreSQL on this machine. The message says how to get it."""


def program(name: str) -> str:
    """Where a program of PostgreSQL is. Raises `NotInstalled`."""
    found = shutil.which(name)
    for pattern in WHERE:
        for folder in sorted(Path("/").glob(pattern[1:]), reverse=True):
            found = found or shutil.which(name, path=folder)
    if found is None:
        raise NotInstalled("there is no PostgreSQL here (Debian and Ubuntu: the package postgresql)")
    return found


def not_root() -> dict[str, str | int | list[int]]:
    """PostgreSQL refuses to run as root: the user of its package, or nobody, runs it then."""
    if os.geteuid() != 0:
        return {}
    known = {one.pw_name: one for one in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class PostgreSql:
    """A PostgreSQL server with a data directory of its own."""

    def __init__(self, settings: tuple[str, ...] = QUICK) -> None:
        """Makes and starts it. Raises `NotInstalled`."""
        self._settings: Final = (*USUAL, *settings)
        self._program: Final = program("postgres")
        self.folder: Final = Path(tempfile.mkdtemp(prefix="huifu-mock-postgresql-"))
        self._user: Final = not_root()
        if self._user:
            os.chown(self.folder, int(self._user["user"]), int(self._user["group"]))  # type: ignore[arg-type] # both are numbers
        command = [program("initdb"), "-D", f"{self.folder}/data", "-U", "huifu", "-A", "trust", "-E", "UTF8"]
        self._run([*command, "--no-sync", "--locale=C"])
        self._held, self.port = ports.held()
        self._numbers = count(1)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, **self._user  # type: ignore[call-overload] # of mixed types
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        """Return when it answers."""
        settings = [word for setting in self._settings for word in ("-c", setting)]
        command = [self._program, "-D", f"{self.folder}/data", "-p", str(self.port), *settings]
        self.process = subprocess.Popen(  # type: ignore[call-overload] # of mixed types
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._user
        )
        asked = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(asked, check=False).returncode:
            assert self.process.poll() is None, "PostgreSQL ended"

    def stop(self, *, crash: bool = False) -> None:
        """End it: in order, every session broken off, or by `kill -9` of all its processes."""
        if self.process is not None:
            self._run([program("pg_ctl"), "stop", "-D", f"{self.folder}/data", "-m", "immediate" if crash else "fast"])
            self.process.wait()
            self.process = None

    def url(self, name: str) -> str:
        return f"postgresql://huifu@127.0.0.1:{self.port}/{name}"

    def fresh(self) -> str:
        """The URL of a new database."""
        name = f"mock{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def size(self, store: str) -> int:
        """The bytes of a database on the disk."""
        with psycopg.connect(store) as connection:
            found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert found is not None
        return int(found[0])

    def remove(self) -> None:
        """Nothing is left of it."""
        self.stop(crash=True)
        self._held.close()
        shutil.rmtree(self.folder)
