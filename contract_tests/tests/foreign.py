"""Adapters and clients in other languages: how each is built and run, and what is missing where it cannot be."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import dotnet_core
import pytest

from huifu_contract.cli.init import LANGUAGES

CLIENTS = Path(__file__).parent / "clients"
PLACE = re.compile(r"(?s)(>>> your application[^\n]*\n)(.*?)([ ]*(?://|#) <<<)")
"""The marked place of a template: opening line, what a team puts there, closing line."""
PROJECT = """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><Nullable>enable</Nullable>
<TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>"""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """`tool` must be on the machine; `argv` builds the files of a folder if need be and says how to run them."""

    tool: str
    argv: Callable[[Path, Path], list[str]]


def build(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def go(folder: Path, out: Path) -> list[str]:
    build("go", "build", "-o", str(out / "adapter"), *sorted(map(str, folder.glob("*.go"))), folder=folder)
    return [str(out / "adapter")]


def java(folder: Path, out: Path) -> list[str]:
    files = sorted(map(str, folder.glob("*.java")))
    build("javac", "-J-XX:TieredStopAtLevel=1", "-Xlint:all", "-Werror", "-d", str(out), *files, folder=folder)
    return ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", str(out), "CloseAdapter"]


def csharp(folder: Path, out: Path) -> list[str]:
    """With the SDK of .NET where there is one, and otherwise as `dotnet_core` does."""
    if shutil.which("dotnet") is None:
        return dotnet_core.compiled(sorted(folder.glob("*.cs")), out, "CloseAdapter")
    shutil.copytree(folder, out, dirs_exist_ok=True)
    (out / "CloseAdapter.csproj").write_text(PROJECT, encoding="utf-8")
    build("dotnet", "build", "-c", "Release", folder=out)
    return ["dotnet", str(out / "bin/Release/net8.0/CloseAdapter.dll")]


TOOLCHAINS = {
    "python": Toolchain(sys.executable, lambda folder, _: [sys.executable, str(folder / "close_adapter.py")]),
    "node":   Toolchain("node",   lambda folder, _: ["node", str(folder / "close_adapter.mjs")]),
    "php":    Toolchain("php",    lambda folder, _: ["php", str(folder / "close_adapter.php")]),
    "go":     Toolchain("go",     go),
    "java":   Toolchain("javac",  java),
    "csharp": Toolchain("dotnet", csharp),
}  # fmt: skip


def missing(language: str) -> str:
    """Why it cannot be run here; empty if it can."""
    tool = TOOLCHAINS[language].tool
    if language == "csharp" and not shutil.which(tool) and not dotnet_core.missing():
        return ""
    return "" if shutil.which(tool) else f"{tool} is not on this machine, so the {language} adapter is not run"


def need(language: str) -> Toolchain:
    if reason := missing(language):
        pytest.skip(reason)
    return TOOLCHAINS[language]


def template(language: str) -> str:
    return LANGUAGES[language].template


def plugged(language: str, folder: Path, replaced: Sequence[tuple[str, str]]) -> Path:
    """The template in a folder of its own, with texts of its marked place replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    text = template(language)
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    (folder / LANGUAGES[language].file).write_text(text, encoding="utf-8")
    return folder
