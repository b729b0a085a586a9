"""The files of the console: served from the package, without a secret in them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from html import escape
from os import stat_result
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response

from huifu_mock.http import joined

FOLDER: Final = Path(__file__).resolve().parents[1] / "console"
CONSOLE: Final = FOLDER / "index.html"
LISTED: Final = 50
"""So many of each list the console begins with: more than most windows show."""
PAGES: Final = {"/": "index.html", "/_mock/": "index.html", "/_mock/docs": "docs.html"}
FILES: Final = "/_mock/console/"
"""What follows names a file below `FOLDER`; pages name files with the `version` before that."""

TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
HEADERS: Final = {
    "Server": "huifu-mock",
    # nothing comes from another host, no script stands in a page, no other page may frame this one
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    # kept by the browser and asked for again each time
    "Cache-Control": "no-cache",
}
LASTING: Final = {"Cache-Control": "max-age=31536000, immutable"}
"""Of a file under its version, which is another after an upgrade: no old module meets a new one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A file of the console that is asked for; it need not exist."""

    file: Path
    lasting: bool = False
    """Whether it is asked for under its version."""


def asked(path: str, accept: str) -> Asked | None:
    """What a path asks for; `None` where it is not the console's."""
    if path == "/" and "text/html" not in accept:
        return None
    if (page := PAGES.get(path)) is not None:
        return Asked(FOLDER / page)
    if not path.startswith(FILES):
        return None
    name = unquote(path.removeprefix(FILES))
    named, _, rest = name.partition("/")
    return Asked(FOLDER / rest, lasting=True) if rest and named == version() else Asked(FOLDER / name)


def version() -> str:
    """Names the contents of all files together, as they were within this second."""
    return _version(int(time.monotonic()))


@lru_cache(maxsize=1)
def _version(_second: int) -> str:
    """Looks at each file, which takes a millisecond: a first view asks for more than twenty."""
    tags = [_read(file, stat.st_mtime_ns, stat.st_size)[1] for file, stat in _files()]
    return sha256("".join(tags).encode()).hexdigest()[:16]


def _files() -> list[tuple[Path, stat_result]]:
    return [(file, file.stat()) for file in sorted(FOLDER.rglob("*")) if file.is_file() and file.suffix in TYPES]


def answer(request: BaseRequest, what: Asked, given: Mapping[str, bytes]) -> Response | None:
    """The contents of a file, or that the browser has them already; `None` where there is no such file.

    A page is sent with what is `given` to it: answers by the path that gives them, which it need not ask for.
    """
    try:
        file = what.file.resolve()
        stat = file.stat()
    except (OSError, ValueError):  # no such file, or a name that no file can have
        return None
    if not file.is_relative_to(FOLDER) or file.suffix not in TYPES or not file.is_file():
        return None
    contents, tag = _read(file, stat.st_mtime_ns, stat.st_size)
    headers = {**HEADERS, "ETag": tag}
    if file.suffix == ".html":
        named = version()
        contents, headers["ETag"] = _versioned(contents, named), (tag := f'{tag[:-1]}-{named}"')
        if given:
            contents, headers["Cache-Control"] = _with(contents, given), "no-store"
            del headers["ETag"]
    elif what.lasting:
        headers |= LASTING
        if file.parent == FOLDER and file.suffix in (".css", ".js"):
            contents = joined.served(FOLDER, file.name, version())
    if not given and tag in request.headers.get("If-None-Match", ""):
        return Response(status=304, headers=headers)
    return Response(body=contents, headers={**headers, "Content-Type": TYPES[file.suffix]})


def _versioned(page: bytes, named: str) -> bytes:
    """A page that asks for its files under their version."""
    return page.replace(f'"{FILES}'.encode(), f'"{FILES}{named}/'.encode())


def _with(page: bytes, given: Mapping[str, bytes]) -> bytes:
    """A page with answers in elements that are named after their paths. No browser runs a script of such a type."""
    elements = (
        f'<script type="text/plain" id="{escape(path)}">'.encode() + answer.replace(b"<", rb"\u003c") + b"</script>\n"
        for path, answer in given.items()
    )
    return page.replace(b"</body>", b"".join(elements) + b"</body>")


@cache
def _read(file: Path, _changed: int, _size: int) -> tuple[bytes, str]:
    """The contents of a file with its entity tag, read once for each version of it."""
    contents = file.read_bytes()
    return contents, f'"{sha256(contents).hexdigest()[:32]}"'
