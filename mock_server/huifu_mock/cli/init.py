"""`huifu-mock init helper --lang java`: writes the file with which a test suite in that language uses the gateway."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from huifu_mock import _commands, _data
from huifu_mock._language import language
from huifu_mock.cli.main import Failure
from huifu_mock.cli.new_file import NotWritten, write_new

EXAMPLES: Final = """\
examples:
  huifu-mock init helper --lang java --out src/test/java
  huifu-mock init helper --lang node --out test

Each test then has a merchant of its own. For Python there is nothing to write: the pytest fixtures are installed.
"""


@dataclass(frozen=True, slots=True)
class Helper:
    """`files`: the names. `use`: where it belongs, and how a test uses it. `folder`: where it goes unless told."""

    files: tuple[str, ...]
    use: str
    use_zh: str
    folder: Path | None = None


HELPERS: Final = {
    "csharp": Helper(
        ("HuifuMock.cs",),
        "a file of the test project; a test class takes IClassFixture<HuifuMock>",
        "放进测试项目；测试类实现 IClassFixture<HuifuMock>",
    ),
    "go": Helper(
        ("huifumock.go",),
        "a package of its own, as internal/huifumock is; in a test: huifumock.New(t)",
        "自成一个包，如 internal/huifumock；测试里写 huifumock.New(t)",
        Path("internal/huifumock"),
    ),
    "java": Helper(
        ("HuifuMock.java",),
        "the test sources; on a test class: @ExtendWith(HuifuMock.class)",
        "放进测试源码目录；测试类上写 @ExtendWith(HuifuMock.class)",
    ),
    "node": Helper(
        ("huifu-mock.cjs", "huifu-mock.d.cts"),
        "beside the tests; in a test file: const huifu = huifuMock({ beforeEach, afterEach, afterAll })",
        "放在测试旁边；测试文件里写 const huifu = huifuMock({ beforeEach, afterEach, afterAll })",
    ),
    "php": Helper(
        ("HuifuMock.php",),
        "autoload-dev.files of composer.json; in a TestCase: use \\HuifuMock\\WithHuifu",
        "写进 composer.json 的 autoload-dev.files；TestCase 里写 use \\HuifuMock\\WithHuifu",
    ),
}


WHAT: Final = _commands.one_word(
    "helper",
    "huifu-mock init helper --lang LANG",
    "adapter",
    "an adapter for the contract kit is written by: huifu-contract init adapter --lang LANG",
)


def add_parser(commands: Any) -> None:
    """The options of `init`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "init",
        help="write the helper for tests in Java, PHP, Go, Node or C#",
        description="Write the file with which a test suite uses the gateway: it finds or starts it, and makes a "
        "tenant for each test.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", type=WHAT, metavar="helper", help="what to write; there is nothing else")
    parser.add_argument("--lang", choices=sorted(HELPERS), required=True)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PLACE",
        help="a folder, which is made, or the file's name (default: here; Go: internal/huifumock)",
    )


def run(args: argparse.Namespace) -> int:
    """Write its files."""
    helper = HELPERS[args.lang]
    out: Path | None = args.out or helper.folder
    in_chinese = language() == "zh"
    if len(helper.files) > 1 and out is not None and out.suffix and not out.is_dir():
        raise Failure(f"--out {out} is no folder, and this helper has {len(helper.files)} files: name a folder")
    try:
        for name in helper.files:
            print(
                "已写入" if in_chinese else "wrote",
                write_new(_data.read_text(f"fixtures/helpers/{args.lang}/{name}"), name, out),
            )
    except NotWritten as error:
        raise Failure(str(error)) from error
    print(f"用法：{helper.use_zh}" if in_chinese else f"It belongs to: {helper.use}")
    return 0
