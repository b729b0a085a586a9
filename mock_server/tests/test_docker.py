"""The Dockerfile and the compose file, as far as they can be tried without a daemon: every command in them is run.

The paths of the image lie below a folder, the network of the compose file is a network namespace with nothing but
loopback, and its alias api.huifu.com a line in that namespace's hosts file.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import environments
import pytest
import uv
import yaml

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "mock_server" / "docker"
BIN = Path(sys.executable).parent
OURS = re.compile(r"(?<![\w./$])/(opt|src|dist|ca-key|ca)\b")
"""Folders of the image that its commands name."""
PIP = re.compile(r"(/opt/[\w-]+)/bin/pip install --no-cache-dir")


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, in order: word and the rest."""
    lines = [line for line in (DOCKER / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in whole.splitlines() if line.strip())]


def compose() -> dict[str, Any]:
    """The compose file, with the defaults of its variables."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (DOCKER / "compose.yaml").read_text("utf-8"))
    return dict(yaml.safe_load(text))


@dataclass
class Image:
    """What the Dockerfile makes, below `root`."""

    root: Path

    def placed(self, text: str) -> str:
        """The text with the image's paths moved below `root`."""
        return OURS.sub(lambda found: f"{self.root}{found[0]}", text)

    def run(self, command: str, cwd: Path) -> None:
        """As it stands, but what comes from an index is installed by uv, which takes the same words without a pip."""
        command = PIP.sub(rf"{uv.find_uv_bin()} pip install --quiet --python \1/bin/python", command)
        command = command.replace("python -m venv", "python -m venv --without-pip")
        path = os.pathsep.join([str(BIN), os.environ["PATH"]])
        told = [f"PATH={path}", "PIP_NO_BUILD_ISOLATION=0"]  # pip takes 0 here for "without isolation"
        done = environments.run("env", *told, "sh", "-ec", self.placed(command), cwd=cwd)
        assert done.returncode == 0, f"RUN {command}\n{done.stdout}{done.stderr}"

    def copy(self, rest: str, cwd: Path) -> None:
        """From the checkout, by the rules of the ignore file; between stages there is nothing to do, as all are one."""
        if "--from=build" in rest.split():
            source, target = rest.split()[-2:]
            assert source == target
            assert Path(self.placed(source)).exists()
            return
        assert rest == ". ."
        for name in in_context():
            (cwd / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, cwd / name)


def in_context() -> list[str]:
    """The files that a build sends to the daemon; the last line of the ignore file that fits a name decides."""
    rules = [
        line for line in (DOCKER / "Dockerfile.dockerignore").read_text("utf-8").split() if not line.startswith("#")
    ]
    rules = rules[rules.index("*") :]
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    sent = []
    for name in tracked.stdout.splitlines():
        kept = True
        for rule in rules:
            pattern = rule.lstrip("!")
            if fnmatch(name, pattern) or name.startswith(f"{pattern}/"):
                kept = rule.startswith("!")
        if kept and (ROOT / name).is_file():
            sent.append(name)
    return sent


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    made, cwd = Image(tmp_path_factory.mktemp("image")), Path("/")
    for word, rest in instructions():
        if word == "WORKDIR":
            cwd = Path(made.placed(rest))
            cwd.mkdir(parents=True, exist_ok=True)
        elif word == "RUN":
            made.run(rest, cwd)
        elif word == "COPY":
            made.copy(rest, cwd)
    return made


def last(word: str) -> str:
    return next(rest for found, rest in reversed(instructions()) if found == word)


def test_the_context_has_what_the_wheel_needs_and_no_tests() -> None:
    sent = in_context()
    assert {"pyproject.toml", "README.md", "LICENSE", "schemas/common.json", "fixtures/orders.json"} <= set(sent)
    assert [name for name in sent if "/tests/" in name or name.startswith(".")] == []


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = shutil.which("hadolint", path=os.pathsep.join([str(BIN), os.environ["PATH"]]))
    if hadolint is None:
        pytest.skip("hadolint is not on this machine")
    done = subprocess.run([hadolint, str(DOCKER / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.parametrize("file", sorted(DOCKER.glob("compose*.yaml")), ids=lambda file: file.name)
def test_the_compose_files_are_what_compose_reads(file: Path, tmp_path: Path) -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wrong := tmp_path / "compose.yaml").write_text(file.read_text("utf-8").replace(" image:", " pictures:"), "utf-8")
    done = subprocess.run([*command, str(wrong)], capture_output=True, text=True, check=False)
    assert "pictures" in done.stdout


def test_the_image_runs_as_a_user_who_is_not_root_and_owns_the_folders_of_volumes() -> None:
    user = last("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    copied = [rest for word, rest in instructions() if word == "COPY"]
    assert {f"--from=build --chown={user} {folder} {folder}" for folder in ("/ca", "/ca-key", "/data")} <= set(copied)


def test_no_other_service_mounts_the_volume_that_holds_the_ca_s_key() -> None:
    services = compose()["services"]
    gateway = services.pop("huifu")
    key_folder = gateway["command"][gateway["command"].index("--ca-dir") + 1]
    [volume] = [mount.partition(":")[0] for mount in gateway["volumes"] if mount.partition(":")[2] == key_folder]
    others = [mount.partition(":")[0] for service in services.values() for mount in service["volumes"]]
    assert others
    assert volume not in others


def test_only_this_machine_reaches_the_published_port_and_the_control_api_asks_for_a_token() -> None:
    services = compose()["services"]
    assert [port for service in services.values() for port in service.get("ports", [])] == ["127.0.0.1:8080:8080"]
    tokens = {service["environment"]["HUIFU_CONTROL_TOKEN"] for service in services.values()}
    assert len(tokens) == 1
    assert tokens != {""}


SCRIPT = """
ip link set lo up
mount --bind "$HOSTS" /etc/hosts
"$@" >"$LOG" 2>&1 &
gateway=$!
tries=0
until python -c "$PROBE" 2>/dev/null; do
  tries=$((tries + 1))
  [ $tries -lt 200 ] || { echo "never healthy" >&2; cat "$LOG" >&2; exit 1; }
done
SSL_CERT_FILE="$TRUSTED" python -c "$SHOP"
kill $gateway
wait $gateway
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("packaging")
def test_a_service_of_the_compose_file_reaches_the_gateway_as_api_huifu_com(image: Image, tmp_path: Path) -> None:
    alone = ["unshare", "--mount", "--net"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespace can be made here")
    services = compose()["services"]
    gateway, shop = services["huifu"], services["shop"]
    probe = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert probe[:2] == shop["command"][:2] == ["python", "-c"]
    (tmp_path / "hosts").write_text(
        "".join(f"127.0.0.1 {name}\n" for name in ("localhost", *gateway["networks"]["default"]["aliases"])), "utf-8"
    )
    entry = [image.placed(part) for part in (*json.loads(last("ENTRYPOINT")), *gateway["command"])]
    path = image.placed(dict(part.split("=", 1) for part in last("ENV").split())["PATH"].partition(":")[0])
    told = gateway["environment"] | {
        "PATH": os.pathsep.join([path, os.environ["PATH"]]),
        "HOSTS": str(tmp_path / "hosts"),
        "LOG": str(tmp_path / "log"),
        "PROBE": probe[2],
        "SHOP": shop["command"][2],
        "TRUSTED": image.placed(shop["environment"]["SSL_CERT_FILE"]),
    }
    done = subprocess.run(
        [*alone, "sh", "-ec", SCRIPT, "sh", *entry], env=told, capture_output=True, text=True, timeout=240, check=False
    )
    assert (done.returncode, json.loads(done.stdout or "{}")) == (0, {"status": "ok"}), done.stderr
    shared = {path.name: path.read_text("utf-8") for path in Path(image.placed("/ca")).iterdir()}
    assert set(shared) == {"ca.pem"}
    assert "PRIVATE KEY" not in shared["ca.pem"]
    assert (Path(image.placed("/ca")) / "ca.pem").stat().st_mode & 0o777 == 0o644  # whoever the shop runs as
    assert "--host" in json.loads(last("CMD"))
