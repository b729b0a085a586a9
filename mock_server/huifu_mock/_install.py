"""How this installation came here, so that a message can name a command that works for it."""

import json

UNKNOWN = "$HUIFU_MOCK"
"""How the documentation calls the URL of the wheel, the checkout or the Git repository."""


def source() -> str:
    """The URL that pip installed huifu-mock from; `$HUIFU_MOCK` where pip did not write it down."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        written = distribution("huifu-mock").read_text("direct_url.json")
    except PackageNotFoundError:
        written = None
    origin = json.loads(written or "{}")
    url = str(origin.get("url", UNKNOWN))
    if version_control := origin.get("vcs_info"):
        return f"{version_control['vcs']}+{url}@{version_control['commit_id']}"
    return url


def program(name: str) -> str:
    """How a command of ours is called here: by its name, or by its path where that is not on the PATH."""
    import shutil
    import sys

    called = sys.argv[0]
    return name if shutil.which(name) or not called.endswith(name) else called


def command(extra: str) -> str:
    """The command that adds an extra of ours, such as `contract`, to this installation."""
    return f'pip install "huifu-mock[{extra}] @ {source()}"'
