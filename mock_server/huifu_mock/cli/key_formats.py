"""The keys in the form in which each SDK, and each kind of configuration file, takes them; names are the SDK's own."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from huifu_mock.client.environment import VARIABLES

PHP: Final = """\
\\BsPaySdk\\core\\BsPay::init([
    'sys_id' => '{sys_id}',
    'product_id' => '{product_id}',
    'rsa_merch_private_key' => '{merchant_private_key}',
    'rsa_huifu_public_key' => '{huifu_public_key}',
], true);
"""
JAVA: Final = """\
MerConfig merConfig = new MerConfig();
merConfig.setSysId("{sys_id}");
merConfig.setProductId("{product_id}");
merConfig.setRsaPrivateKey("{merchant_private_key}");
merConfig.setRsaPublicKey("{huifu_public_key}");
BasePay.initWithMerConfig(merConfig);
"""
GO: Final = """\
config := &BsPaySdk.MerchSysConfig{{
	SysId:              "{sys_id}",
	ProductId:          "{product_id}",
	RsaMerchPrivateKey: "{merchant_private_key}",
	RsaHuifuPublicKey:  "{huifu_public_key}",
}}
sdk := &BsPaySdk.BsPay{{IsProdMode: true, Msc: config}}
"""
CSHARP: Final = """\
MerConfig config = new MerConfig();
config.SysId = "{sys_id}";
config.ProductId = "{product_id}";
config.RsaPrivateKey = "{merchant_private_key}";
config.RsaPublicKey = "{huifu_public_key}";
BasePay.initWithMerConfig(config);
"""
PYTHON: Final = """\
DGClient.mer_config = MerConfig(
    private_key="{merchant_private_key}",
    public_key="{huifu_public_key}",
    sys_id="{sys_id}",
    product_id="{product_id}",
)
"""
PLAIN: Final = ("sys_id", "product_id", "huifu_id", "webhook_key", "merchant_private_key", "huifu_public_key")
PEM: Final = ("merchant_private_key_pem", "huifu_public_key_pem")


def _env(keys: Mapping[str, str]) -> str:
    """One line each, as a .env file takes them; PEM has several lines and is left out."""
    return "".join(f"{VARIABLES[name]}={keys[name]}\n" for name in PLAIN)


def _json(keys: Mapping[str, str]) -> str:
    """The config.json that the official SDKs for PHP and Go read."""
    names = {"sys_id": "sys_id", "product_id": "product_id", "merchant_private_key": "rsa_merch_private_key"}
    names["huifu_public_key"] = "rsa_huifu_public_key"
    return json.dumps({theirs: keys[ours] for ours, theirs in names.items()}, indent=2) + "\n"


def _yaml(keys: Mapping[str, str]) -> str:
    lines = [f'  {name}: "{keys[name]}"\n' for name in PLAIN]
    for name in PEM:
        lines += [f"  {name}: |\n", *(f"    {line}\n" for line in keys[name].splitlines())]
    return "huifu:\n" + "".join(lines)


def _toml(keys: Mapping[str, str]) -> str:
    lines = [f'{name} = "{keys[name]}"\n' for name in PLAIN]
    return "[huifu]\n" + "".join([*lines, *(f'{name} = """\n{keys[name].strip()}\n"""\n' for name in PEM)])


def _of(template: str) -> Callable[[Mapping[str, str]], str]:
    return template.format_map


FORMATS: Final[dict[str, Callable[[Mapping[str, str]], str]]] = {
    "env": _env,
    "json": _json,
    "php": _of(PHP),
    "java": _of(JAVA),
    "yaml": _yaml,
    "toml": _toml,
    "go": _of(GO),
    "csharp": _of(CSHARP),
    "python": _of(PYTHON),
}
