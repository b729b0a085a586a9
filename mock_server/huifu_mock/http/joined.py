"""What the console's page begins with, as one module and one style: two requests instead of sixteen.

The sources stay small files, which a browser could load one by one. Under its version a page gets `app.js` with all
modules that it imports, one after another as they are written, and `style.css` with what that imports. Nothing is
renamed, so no two of these modules may have a name of their outermost level in common.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

MODULE: Final = "app.js"
_IMPORT: Final = re.compile(r'^(?:import|export) \{([^}]*)\} from "\./([^"]+)";.*\n', re.MULTILINE)
_STYLE: Final = re.compile(r'^@import "\./([^"]+)";\n', re.MULTILINE)
_LIBRARIES: Final = "assets/"
"""Modules of other projects, whose names are theirs: each runs within a function of its own."""
_EXPORTS: Final = re.compile(r"export\{([^}]*)\};?\s*$")


def needed(folder: Path, module: str) -> list[str]:
    """The modules without which that one does not begin, and itself at the end: in the order in which they run."""
    met: set[str] = set()

    def those_of(module: str) -> list[str]:
        met.add(module)
        names = (name for _, name in _IMPORT.findall((folder / module).read_text("utf-8")))
        before = [
            one for name in names if name not in met and not name.startswith(_LIBRARIES) for one in those_of(name)
        ]
        return [*before, module]

    return those_of(module)


@lru_cache(maxsize=128)
def served(folder: Path, name: str, _version: str) -> bytes:
    """What a page gets as the file of that name in that version."""
    text = (folder / name).read_text("utf-8")
    if name.endswith(".css"):
        return _STYLE.sub(lambda found: (folder / found[1]).read_text("utf-8"), text).encode()
    first = needed(folder, MODULE)
    if name == MODULE:
        return _joined(folder, first).encode()
    if name in first:
        return f'export * from "./{MODULE}";\n'.encode()
    return _IMPORT.sub(
        lambda found: found[0].replace(f"./{found[2]}", f"./{MODULE}") if found[2] in first else found[0], text
    ).encode()


def _joined(folder: Path, modules: list[str]) -> str:
    libraries: dict[str, set[str]] = {}

    def without_import(found: re.Match[str]) -> str:
        if found[2].startswith(_LIBRARIES):
            libraries.setdefault(found[2], set()).update(name.strip() for name in found[1].split(","))
        return ""

    parts = [f"// --- {name}\n" + _IMPORT.sub(without_import, (folder / name).read_text("utf-8")) for name in modules]
    return "".join([*(_library(folder, name, names) for name, names in libraries.items()), *parts])


def _library(folder: Path, library: str, wanted: set[str]) -> str:
    """A module of another project, as it is but for its exports, and the names that are wanted of it."""
    text = (folder / library).read_text("utf-8")
    exports = _EXPORTS.search(text)
    assert exports is not None, f"{library} ends with no list of exports"
    names = ", ".join(sorted(wanted))
    given = ", ".join(": ".join(reversed(one.split(" as "))) for one in exports[1].split(","))
    return (
        f"// --- the library {library}, whose licences lie beside it\n"
        f"const {{ {names} }} = (() => {{\n{text[: exports.start()]}\nreturn {{ {given} }};\n}})();\n"
    )
