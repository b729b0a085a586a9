"""The version, written here and nowhere else: the package, the wheel and `--version` read it from here."""

__version__ = "0.1.0"
