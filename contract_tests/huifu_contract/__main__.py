"""`python -m huifu_contract` is the command `huifu-contract`."""

from __future__ import annotations

import sys

from huifu_contract.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
