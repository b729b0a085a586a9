"""Fetch what the console's pages take from other projects: `python mock_server/console_assets.py`.

Each row of `huifu_mock/console/assets/assets.json` names a package of npm, its version, its SHA-512 and the files that
are wanted of it; with `folder`, tests have them there below `mock_server`. A package whose hash differs is refused, and
nothing is changed. With `--check` nothing is written: it tells whether the files that lie here are the packages' own.
npm is needed to run this, not to use what it fetched.
"""

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
ASSETS: Final = HERE / "huifu_mock" / "console" / "assets"


class Unlike(Exception):
    """Something is not what is pinned; the message says what, and what would be right."""


def rows() -> list[dict[str, Any]]:
    """The pinned packages."""
    found: list[dict[str, Any]] = json.loads((ASSETS / "assets.json").read_text("utf-8"))["packages"]
    return found


def integrity(contents: bytes) -> str:
    """A hash as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(contents).digest()).decode()


def contents(row: dict[str, Any]) -> dict[Path, bytes]:
    """The wanted files of a package, by where they belong. Raises `Unlike`."""
    named = f"{row['package']}@{row['version']}"
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", folder, named]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (packed,) = Path(folder).glob("*.tgz")
        if (found := integrity(packed.read_bytes())) != row["integrity"]:
            raise Unlike(f"{named} has the hash {found}; {row['integrity']} is pinned")
        with tarfile.open(packed) as archive:
            wanted = {}
            for inner, name in row["files"].items():
                member = archive.extractfile(f"package/{inner}")
                if member is None:
                    raise Unlike(f"{named} has no file {inner}")
                wanted[(HERE / row["folder"] if "folder" in row else ASSETS) / name] = member.read()
    return wanted


def main() -> int:
    """Fetch every package, or check what was fetched; exit code 1 where something is not as pinned."""
    parser = argparse.ArgumentParser(description="Fetch the console's assets at their pinned versions.")
    parser.add_argument("--check", action="store_true", help="write nothing: compare the files here with the packages")
    check = parser.parse_args().check
    try:
        wanted = {path: found for row in rows() for path, found in contents(row).items()}
    except (Unlike, KeyError) as error:
        print(f"nothing was changed: {error}", file=sys.stderr)
        return 1
    different = [path for path, found in wanted.items() if not path.is_file() or path.read_bytes() != found]
    for path in different:
        print(f"{'differs' if check else 'written'}: {path.name}")
        if not check:
            path.write_bytes(wanted[path])
    return 1 if check and different else 0


if __name__ == "__main__":
    sys.exit(main())
