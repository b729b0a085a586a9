"""`huifu-mock keys --format`: what is printed is read by the language or the tool that it is for."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from huifu_mock.cli import main
from huifu_mock.cli.key_formats import FORMATS
from huifu_mock.client.environment import VARIABLES


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*options: str) -> str:
        assert main.main(["keys", *options]) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def keys(printed: Any) -> dict[str, str]:
    return json.loads(printed("--json"))


def needs(*commands: str) -> None:
    if missing := [command for command in commands if shutil.which(command) is None]:
        pytest.skip(f"not installed here: {', '.join(missing)}")


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_env_is_what_exec_sets(printed, keys):
    lines = dict(line.split("=", 1) for line in printed("--format", "env").splitlines())
    assert lines == {VARIABLES[name]: keys[name] for name in VARIABLES if name in keys and not name.endswith("_pem")}


def test_json_is_the_configuration_of_the_sdks_for_php_and_go(printed, keys):
    assert json.loads(printed("--format", "json")) == {
        "sys_id": keys["sys_id"],
        "product_id": keys["product_id"],
        "rsa_merch_private_key": keys["merchant_private_key"],
        "rsa_huifu_public_key": keys["huifu_public_key"],
    }


@pytest.mark.parametrize(("format_", "load"), [("yaml", yaml.safe_load), ("toml", tomllib.loads)])
def test_yaml_and_toml_hold_both_forms_of_each_key(format_, load, printed, keys):
    told = load(printed("--format", format_))["huifu"]
    assert {name: value.strip() for name, value in told.items()} == {name: keys[name].strip() for name in told}
    assert {"merchant_private_key", "merchant_private_key_pem", "huifu_public_key", "huifu_public_key_pem"} <= set(told)


def test_python_configures_dg_sdk(printed, keys, monkeypatch):
    from dg_sdk import DGClient, MerConfig

    monkeypatch.setattr(DGClient, "mer_config", None, raising=False)
    exec(printed("--format", "python"), {"DGClient": DGClient, "MerConfig": MerConfig})
    made = DGClient.mer_config
    assert (made.private_key, made.public_key) == (keys["merchant_private_key"], keys["huifu_public_key"])
    assert (made.sys_id, made.product_id) == (keys["sys_id"], keys["product_id"])


ORDER = ("sys_id", "product_id", "merchant_private_key", "huifu_public_key")


def test_php_reads_it(printed, keys, tmp_path: Path):
    needs("php")
    stand_in = 'namespace BsPaySdk\\core { class BsPay { static function init($c, $o) { echo implode("\\n", $c); } } }'
    (tmp_path / "a.php").write_text(f"<?php\n{stand_in}\nnamespace {{\n{printed('--format', 'php')}}}\n")
    assert run("php", "a.php", cwd=tmp_path).split() == [keys[name] for name in ORDER]


def test_java_reads_it(printed, keys, tmp_path: Path):
    needs("java", "javac")
    setters = "".join(
        f"void set{n}(String v) {{ System.out.println(v); }}\n"
        for n in ("SysId", "ProductId", "RsaPrivateKey", "RsaPublicKey")
    )
    program = f"class A {{ public static void main(String[] a) {{ {printed('--format', 'java')} }} }}\n"
    stand_in = f"class MerConfig {{ {setters} }}\nclass BasePay {{ static void initWithMerConfig(MerConfig c) {{}} }}\n"
    (tmp_path / "A.java").write_text(program + stand_in)
    assert run("java", "-XX:TieredStopAtLevel=1", "A.java", cwd=tmp_path).split() == [keys[name] for name in ORDER]


def test_csharp_reads_it(printed, keys, tmp_path: Path):
    needs("mcs", "mono")
    stand_in = "class MerConfig { public string SysId, ProductId, RsaPrivateKey, RsaPublicKey; }\n"
    show = 'System.Console.WriteLine(string.Join("\\n", c.SysId, c.ProductId, c.RsaPrivateKey, c.RsaPublicKey));'
    stand_in += f"class BasePay {{ public static void initWithMerConfig(MerConfig c) {{ {show} }} }}\n"
    (tmp_path / "A.cs").write_text(
        f"{stand_in}class A {{ static void Main() {{ {printed('--format', 'csharp')} }} }}\n"
    )
    run("mcs", "A.cs", cwd=tmp_path)
    assert run("mono", "A.exe", cwd=tmp_path).split() == [keys[name] for name in ORDER]


def test_go_reads_it(printed, keys, tmp_path: Path):
    needs("go")
    (tmp_path / "BsPaySdk").mkdir()
    (tmp_path / "go.mod").write_text("module a\n")
    (tmp_path / "BsPaySdk" / "s.go").write_text(
        "package BsPaySdk\n"
        "type MerchSysConfig struct { ProductId, SysId, RsaMerchPrivateKey, RsaHuifuPublicKey string }\n"
        "type BsPay struct { IsProdMode bool; FileDir string; Msc *MerchSysConfig }\n"
    )
    show = "m := sdk.Msc\nfmt.Println(m.SysId, m.ProductId, m.RsaMerchPrivateKey, m.RsaHuifuPublicKey)"
    (tmp_path / "a.go").write_text(
        f'package main\nimport ("fmt"; "a/BsPaySdk")\nfunc main() {{\n{printed("--format", "go")}\n{show}\n}}\n'
    )
    cache = str(Path.home() / ".cache" / "go-build")
    assert run("go", "run", "a.go", cwd=tmp_path, GOCACHE=cache, GOFLAGS="-mod=mod").split() == [keys[n] for n in ORDER]


@pytest.mark.parametrize("option", [["--new"], ["--json"], ["--out", "x"]])
def test_a_format_is_of_the_published_keys_alone(option, capsys: pytest.CaptureFixture[str]):
    assert main.main(["keys", "--format", "env", *option]) == 2
    assert "leave out --new, --json and --out" in capsys.readouterr().err


def test_an_unknown_format_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main.main(["keys", "--format", "xml"])
    told = capsys.readouterr().err
    assert [name for name in FORMATS if name not in told] == []


def test_keys_load_no_server(tmp_path: Path):
    code = "from huifu_mock.cli.main import main; main(['keys', '--format', 'env']); import sys; print(*sys.modules)"
    assert "aiohttp" not in run(sys.executable, "-c", code, cwd=tmp_path).split()
