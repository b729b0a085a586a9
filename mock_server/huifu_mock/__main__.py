"""`python -m huifu_mock` is the command `huifu-mock`."""

import sys

from huifu_mock.cli.main import main

sys.exit(main())
