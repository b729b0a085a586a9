"""One file that runs without Python, made by PyInstaller, or with Python, made by shiv: dist/huifu-mock or .pyz.

Run by `make binary` and `make pyz`. Built from the wheel in an environment of its own, so that it holds what a user
installs and nothing of the checkout. It runs on the kind of machine, and with the C library or newer, of its builder.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[2]
START = "import sys\nfrom huifu_mock.cli.main import main\nsys.exit(main())\n"
TOOLS = {"binary": "pyinstaller>=6.10", "pyz": "shiv>=1.0.8"}


def run(*command: str | Path, cwd: Path) -> None:
    """Run a command; show what it printed only if it failed."""
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}")


def ready_after(command: list[str], cwd: Path) -> float:
    """Seconds until `serve` answers, the best of three starts."""
    serve = [*command, "serve", "--port", "0", "--ready-json", "--until-eof"]
    environment = os.environ | {"SHIV_ROOT": str(cwd)}  # where shiv unpacks at the first start
    taken = []
    for _ in range(3):
        began = perf_counter()
        with subprocess.Popen(serve, cwd=cwd, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            if not server.stdout.readline().startswith(b"{"):
                sys.exit(f"{' '.join(serve)} did not start")
            taken.append(perf_counter() - began)
            server.communicate()
    return min(taken)


def build(kind: str, out: Path, folder: Path) -> str:
    """Build in an empty folder; what was built, and how it compares with the command that pip installs."""
    venv.create(folder / "venv", with_pip=True)
    commands = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = commands / "python"
    pip = (python, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "--wheel-dir", folder / "wheel", ROOT, cwd=folder)
    (wheel,) = (folder / "wheel").glob("*.whl")
    wanted = f"huifu-mock[intercept] @ {wheel.as_uri()}"
    run(*pip, "install", TOOLS[kind], wanted, cwd=folder)
    out.mkdir(parents=True, exist_ok=True)
    if kind == "pyz":
        made = out / "huifu-mock.pyz"
        name = ("--console-script", "huifu-mock", "--output-file", made)
        run(python, "-m", "shiv", "--compressed", *name, wanted, cwd=folder)
        command = [str(python), str(made)]
    else:
        (folder / "start.py").write_text(START, "utf-8")
        whole = ("--collect-submodules", "huifu_mock", "--collect-data", "huifu_mock", "--copy-metadata", "huifu-mock")
        strip = () if os.name == "nt" else ("--strip",)
        run(python, "-m", "PyInstaller", "--onefile", "--name", "huifu-mock", *strip, *whole, "start.py", cwd=folder)
        (found,) = (folder / "dist").iterdir()
        made = Path(shutil.copy2(found, out / found.name))
        command = [str(made)]
    its, usual = ready_after(command, folder), ready_after([str(commands / "huifu-mock")], folder)
    built = f"built {os.path.relpath(made)}: {made.stat().st_size / 1e6:.1f} MB"
    return f"{built}, answers {its:.1f} s after its start (as installed by pip: {usual:.1f} s)"


def main() -> None:
    """Build what was asked for, and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(TOOLS))
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR", help="default: %(default)s")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(build(args.kind, args.out.resolve(), Path(folder)))


if __name__ == "__main__":
    main()
