"""Faults that a test prepares: which calls they wait for, what they do, and the tables of what there is."""

from huifu_mock.faults.fault import NOBODY, Acting, Fault, Faults
from huifu_mock.faults.kind import BadFault

__all__ = ["NOBODY", "Acting", "BadFault", "Fault", "Faults"]
