"""The wheel, tried where a user has it: in a clean environment, far from the checkout."""

import json
import subprocess
import sys
import textwrap
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import environments
import pytest

import huifu_mock

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("packaging")]

ROOT = Path(__file__).parents[2]


def fine(done: subprocess.CompletedProcess[str]) -> str:
    """What a command printed that must have ended well; all of it is in the failure."""
    if done.returncode:
        pytest.fail(f"{' '.join(map(str, done.args))} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def run(*command: str | Path, cwd: Path) -> str:
    return fine(environments.run(*command, cwd=cwd))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `make dist` builds it: from the source distribution, so that both are tried."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a fresh environment that has the wheel and what it depends on."""
    commands = environments.new(tmp_path_factory.mktemp("installed"))
    fine(environments.install(commands, wheel))
    return commands


@pytest.fixture(scope="module")
def equipped(wheel: Path, installed: Path) -> Path:
    """The same environment with pytest and the contract extra; what needs neither is tested first."""
    fine(environments.install(installed, f"huifu-mock[contract] @ {wheel.as_uri()}", "pytest"))
    return installed


def files(folder: str, pattern: str = "**/*") -> set[str]:
    """The files below a folder of the checkout, by their path in it; what tools leave behind does not count."""
    found = (path for path in (ROOT / folder).glob(pattern) if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT / folder).as_posix() for path in found}


@pytest.mark.parametrize(
    ("folder", "place"),
    [
        ("mock_server/huifu_mock", "huifu_mock"),
        ("contract_tests/huifu_contract", "huifu_contract"),
        ("schemas", "huifu_mock/schemas"),
        ("fixtures/helpers", "huifu_mock/fixtures/helpers"),
        ("fixtures/keys", "huifu_mock/fixtures/keys"),
        ("fixtures/vectors", "huifu_mock/fixtures/vectors"),
    ],
)
def test_the_wheel_has_every_file_of(folder: str, place: str, contents: set[str]) -> None:
    wanted = {f"{place}/{name}" for name in files(folder)}
    assert wanted - contents == set()


@pytest.mark.parametrize(
    "name",
    [
        "huifu_mock/fixtures/keys/merchant_private_key.txt",
        "huifu_mock/fixtures/orders.json",
        "huifu_mock/py.typed",
        "huifu_mock/schemas/close/request.json",
        f"huifu_mock-{huifu_mock.__version__}.dist-info/licenses/LICENSE",
        "pytest_huifu.py",
    ],
)
def test_the_wheel_has(name: str, contents: set[str]) -> None:
    assert name in contents


def test_the_wheel_brings_no_generic_name_into_site_packages(contents: set[str]) -> None:
    tops = {name.split("/")[0] for name in contents}
    ours = {"huifu_mock", "huifu_contract", "pytest_huifu.py", f"huifu_mock-{huifu_mock.__version__}.dist-info"}
    assert tops - ours == set()


def test_the_wheel_has_no_tests(contents: set[str]) -> None:
    assert {name for name in contents if "tests" in name.split("/") or name.endswith("conftest.py")} == set()


def test_the_installed_command_knows_its_version(installed: Path, tmp_path: Path) -> None:
    assert run(installed / "huifu-mock", "--version", cwd=tmp_path).split()[-1] == huifu_mock.__version__


@pytest.fixture
def served(installed: Path, tmp_path: Path) -> Iterator[str]:
    """The address that an installed `huifu-mock serve --ready-json` says it listens on."""
    command = [str(installed / "huifu-mock"), "serve", "--port", "0", "--ready-json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, encoding="utf-8") as server:
        try:
            assert server.stdout is not None
            yield json.loads(server.stdout.readline())["base_url"]
        finally:
            server.terminate()
    assert server.returncode == 0


def test_the_installed_command_serves(served: str) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{served}/_mock/health") as answer:
        assert answer.status == 200


def test_the_installed_library_closes_an_order(installed: Path, tmp_path: Path) -> None:
    program = """
        import json, urllib.request
        import huifu_mock
        from huifu_mock import signing

        with huifu_mock.Server(port=0) as server:
            tenant = server.tenant()
            order = tenant.orders.add()
            data = {
                "req_date": order.req_date,
                "req_seq_id": "installed1",
                "huifu_id": tenant.huifu_id,
                "org_req_date": order.req_date,
                "org_req_seq_id": order.req_seq_id,
            }
            key = signing.load_private_key(tenant.merchant_private_key)
            body = signing.envelope(tenant.sys_id, tenant.product_id, data, key)
            request = urllib.request.Request(server.base_url + "/v2/trade/payment/scanpay/close", body)
            direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with direct.open(request) as answer:
                reply = json.load(answer)
            theirs = signing.load_public_key(tenant.huifu_public_key)
            assert signing.verify(theirs, signing.canonical(reply["data"]), reply["sign"])
            closed = tenant.orders.get(order.req_seq_id)
            print(reply["data"]["resp_code"], reply["data"]["trans_stat"], closed.close_stat)
    """
    python = installed / "python"
    assert run(python, "-I", "-c", textwrap.dedent(program), cwd=tmp_path).split() == ["00000000", "S", "S"]


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]], ids=" ".join)
def test_the_installed_contract_kit_starts_without_its_extra(
    arguments: list[str], installed: Path, tmp_path: Path
) -> None:
    assert "huifu-contract" in run(installed / "huifu-contract", *arguments, cwd=tmp_path)


def test_the_installed_plugin_lends_a_tenant(equipped: Path, tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(
        "def test_an_order(huifu):\n    assert huifu.orders.add().trans_stat == 'P'\n", "utf-8"
    )
    assert "1 passed" in run(equipped / "python", "-m", "pytest", "-q", "-W", "error", cwd=tmp_path)


def test_the_installed_contract_kit_grades_the_reference(equipped: Path, tmp_path: Path) -> None:
    reference = "py:huifu_contract.reference.app:make_client"
    cases = ["--profile", "quick", "--case", "response/unlisted-*", "--case", "concurrency/*", "--seed", "0"]
    arguments = ["--client", reference, *cases, "--report", "r.json", "--html", "r.html"]
    assert "MUST" in run(equipped / "huifu-contract", "client", *arguments, cwd=tmp_path)
    report = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert report["exit"] == 0
    assert set(report["counts"]) <= {"pass", "note"}
    assert (tmp_path / "r.html").stat().st_size > 0
