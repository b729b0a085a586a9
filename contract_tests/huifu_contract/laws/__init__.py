"""The five laws, each in one place.

Pure functions from Evidence to what is broken; the cases choose which apply.
"""

from huifu_contract.laws.broken import Broken
from huifu_contract.laws.resolution import resolution
from huifu_contract.laws.restraint import bounded, growing_gaps, paused, restraint, same_or_query
from huifu_contract.laws.silence import silence
from huifu_contract.laws.soundness import soundness
from huifu_contract.laws.wire import wire

__all__ = [
    "Broken",
    "bounded",
    "growing_gaps",
    "paused",
    "resolution",
    "restraint",
    "same_or_query",
    "silence",
    "soundness",
    "wire",
]
