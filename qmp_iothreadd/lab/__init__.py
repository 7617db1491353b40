"""The lab: which parameters of adaptive polling for my load, with evidence.

>>> from qmp_iothreadd.lab import Params, replay
>>> [result] = replay([5000, 7000, 90000], [1, 1, 1], [Params(weight=2)])
>>> result.poll_ns, result.grown, result.shrunk
(5500, 2, 0)
"""

from __future__ import annotations

from qmp_iothreadd.lab._lab import POLICIES
from qmp_iothreadd.lab.params import Params
from qmp_iothreadd.lab.replaying import Replayed, replay

__all__ = ["POLICIES", "Params", "Replayed", "replay"]
