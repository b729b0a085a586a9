"""Faults that a test prepares: which calls they wait for, what they do, and the tables of what there is."""

from huifu_mock.faults.kind import BadFault
from huifu_mock.faults.prepared import NO_FAULTS, ActiveFaults, Fault, Faults, check_settings

__all__ = ["NO_FAULTS", "ActiveFaults", "BadFault", "Fault", "Faults", "check_settings"]
