"""C# compiled by Mono's mcs against the assemblies of .NET Core 3.1, and run by that very runtime.

Debian has the compiler, the package dotnetcore2 the runtime. The language is C# 7 then, and the library that of 3.1.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

SETTINGS = {
    "runtimeOptions": {
        "framework": {"name": "Microsoft.NETCore.App", "version": "3.1.0"},
        "configProperties": {"System.Globalization.Invariant": True},
    }
}


def runtime() -> Path | None:
    """The folder with the command `dotnet` of the package."""
    spec = find_spec("dotnetcore2")
    return Path(spec.origin).parent / "bin" if spec and spec.origin else None


def missing() -> str:
    """Why C# cannot be compiled and run here; empty if it can."""
    if shutil.which("mcs") is None:
        return "mcs, the C# compiler of Mono, is not on this machine"
    return "" if runtime() else "the package dotnetcore2 is not installed"


def compiled(sources: Sequence[Path], out: Path, name: str) -> list[str]:
    """Compile to `out`; the command that runs it. Warnings are errors."""
    folder = runtime()
    assert folder is not None
    (assemblies,) = (folder / "shared" / "Microsoft.NETCore.App").iterdir()
    known = [
        path for kind in ("System*", "Microsoft*", "netstandard", "mscorlib") for path in assemblies.glob(f"{kind}.dll")
    ]
    out.mkdir(parents=True, exist_ok=True)
    program = out / f"{name}.dll"
    references = [f"-r:{path}" for path in known]
    command = [
        "mcs",
        "-langversion:7.2",
        "-warnaserror",
        "-nowarn:1701,1702",
        "-nostdlib",
        "-noconfig",
        f"-out:{program}",
        *references,
    ]
    done = subprocess.run([*command, *map(str, sources)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    program.with_suffix(".runtimeconfig.json").write_text(json.dumps(SETTINGS), "utf-8")
    host = folder / "dotnet"
    if not os.access(host, os.X_OK):
        host.chmod(0o755)
    return [str(host), str(program)]
