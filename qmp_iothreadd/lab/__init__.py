"""The lab: which parameters of adaptive polling for my load, with evidence.

>>> from qmp_iothreadd.lab import Load, Params, replay, simulate
>>> [result] = replay([5000, 7000, 90000], [1, 1, 1], [Params(weight=2)])
>>> result.poll_ns, result.grown, result.shrunk
(26625, 3, 0)
>>> never, always = simulate(Load("constant", 20_000), [Params(max_ns=0), Params(policy="fixed")])
>>> never.polled_share, always.polled_share
(0.0, 1.0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd import late_names

if TYPE_CHECKING:
    from qmp_iothreadd.lab._lab import ARRIVALS, POLICIES
    from qmp_iothreadd.lab.calibrating import Calibrated, calibrate
    from qmp_iothreadd.lab.confirming import confirm
    from qmp_iothreadd.lab.device import DEVICES, Device
    from qmp_iothreadd.lab.histogram import Histogram, merge
    from qmp_iothreadd.lab.load import PRESETS, Costs, Load
    from qmp_iothreadd.lab.measuring import Measured, NotEvidenceError, measure
    from qmp_iothreadd.lab.params import Params
    from qmp_iothreadd.lab.replaying import Replayed, replay
    from qmp_iothreadd.lab.simulating import Simulated, SimulatedHandler, simulate
    from qmp_iothreadd.lab.sweeping import Sweep, Swept, sweep
    from qmp_iothreadd.lab.traces import Trace
    from qmp_iothreadd.lab.tuning import Tuned, tune

__all__ = [
    "ARRIVALS",
    "DEVICES",
    "POLICIES",
    "PRESETS",
    "Calibrated",
    "Costs",
    "Device",
    "Histogram",
    "Load",
    "Measured",
    "NotEvidenceError",
    "Params",
    "Replayed",
    "Simulated",
    "SimulatedHandler",
    "Sweep",
    "Swept",
    "Trace",
    "Tuned",
    "calibrate",
    "confirm",
    "measure",
    "merge",
    "replay",
    "simulate",
    "sweep",
    "tune",
]

_MODULES = {
    "ARRIVALS": "_lab",
    "DEVICES": "device",
    "POLICIES": "_lab",
    "PRESETS": "load",
    "Calibrated": "calibrating",
    "Costs": "load",
    "Device": "device",
    "Histogram": "histogram",
    "Load": "load",
    "Measured": "measuring",
    "NotEvidenceError": "measuring",
    "Params": "params",
    "Replayed": "replaying",
    "Simulated": "simulating",
    "SimulatedHandler": "simulating",
    "Sweep": "sweeping",
    "Swept": "sweeping",
    "Trace": "traces",
    "Tuned": "tuning",
    "calibrate": "calibrating",
    "confirm": "confirming",
    "measure": "measuring",
    "merge": "histogram",
    "replay": "replaying",
    "simulate": "simulating",
    "sweep": "sweeping",
    "tune": "tuning",
}

# `iothread-lab` has commands that simulate and measure nothing: each loads what it needs.
__getattr__ = late_names(__name__, _MODULES)
