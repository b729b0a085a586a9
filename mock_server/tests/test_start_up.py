"""What a start loads, which is what it takes: told by modules, since seconds tell as much of the machine."""

import json
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest

LATER = {
    "aiohttp.web",  # of aiohttp the server alone: no applications, routes and files
    "difflib",
    "huifu_mock.cli.call_log",
    "huifu_mock.client.server",
    "huifu_mock.explain.advice",
    "huifu_mock.http.control.router",
    "huifu_mock.http.control_api",
    "huifu_mock.http.event_stream",
    "huifu_mock.http.intercept.listener",
    "huifu_mock.http.page",
    "huifu_mock.store.capsule",
    "importlib.metadata",
}
"""What no close needs: loaded when it is asked for, or soon after the start."""
NEVER = {"alembic", "huifu_contract", "jsonschema", "pytest", "rich", "sqlalchemy", "trustme", "typer"}

UP_TO_THE_FIRST_ANSWER = """
import http.client, json, signal, sys, threading
from huifu_mock.cli import main, serve, welcome
from huifu_mock.http import server

def loaded():
    return sorted(sys.modules)

def ask(port):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/v2/trade/payment/scanpay/close", welcome.example_close())
    told = {"answer": json.load(connection.getresponse())["data"]["resp_code"], "loaded": loaded()}
    server._load_the_rest()
    print(json.dumps({**told, "then": loaded()}), flush=True)
    signal.raise_signal(signal.SIGTERM)

server.LOAD_AFTER = 3600  # not while this machine is still busy with the first answer
serve._ready_json = lambda running: threading.Thread(target=ask, args=(running.port,)).start() or "{}"
sys.exit(main.main(["serve", "-q", "--port", "0", "--ready-json"]))
"""


@pytest.fixture(scope="module")
def first_answer() -> dict[str, Any]:
    """The answer to the first close of a started server, the modules loaded by then, and those loaded soon after."""
    command = [sys.executable, "-c", UP_TO_THE_FIRST_ANSWER]
    out = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    told: dict[str, Any] = json.loads(out.splitlines()[-1])
    assert told["answer"] == "00000000"
    return told


def test_up_to_its_first_answer_a_server_loads_nothing_that_no_close_needs(first_answer: dict[str, Any]) -> None:
    assert (LATER | NEVER) & set(first_answer["loaded"]) == set()


def test_what_comes_soon_after_is_what_the_control_api_and_refusals_need(first_answer: dict[str, Any]) -> None:
    later = {"huifu_mock.explain.advice", "huifu_mock.http.control.router", "huifu_mock.http.page"}
    assert later <= set(first_answer["then"])


def test_every_module_that_is_loaded_later_exists() -> None:
    for name in LATER:
        assert find_spec(name) is not None, name


def loaded_by(*arguments: str) -> set[str]:
    """The modules that a Python with these arguments imports."""
    command = [sys.executable, "-X", "importtime", *arguments]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stderr
    return {line.rpartition("|")[2].strip() for line in told.splitlines()}


def test_to_tell_its_version_the_command_loads_four_modules_of_ours_and_no_parser() -> None:
    loaded = loaded_by("-m", "huifu_mock", "--version") - loaded_by("-c", "pass")
    ours = {name for name in loaded if name.startswith("huifu_mock")}
    assert ours == {"huifu_mock", "huifu_mock._version", "huifu_mock.cli", "huifu_mock.cli.main"}
    assert loaded & {"argparse", "enum", "re", "typing"} == set()
