"""A QMP server with real, adaptively polling iothreads: QEMU's monitor without the virtual machine.

From most to least used::

    AdaptivePolling  the arithmetic that QEMU's iothreads poll by, step by step
    load_schema      a QAPI schema, checked, as objects
    QAPIError        what is wrong with a schema, and where
    QmpError         a command failed: class and text as on the wire

>>> polling = AdaptivePolling(max_ns=32768, grow=2, shrink=2, weight=3, handlers=1)
>>> polling.step(block_ns=20_000, events=[True])
'grow'
>>> polling.poll_ns
20000

Servers and clients for tests are in ``qmp_iothreadd.testing``; the daemon is ``qmp-iothreadd``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qmp_iothreadd.errors import QmpError
    from qmp_iothreadd.iothread import AdaptivePolling
    from qmp_iothreadd.qapi import QAPIError, load_schema

__all__ = ["AdaptivePolling", "QAPIError", "QmpError", "__version__", "load_schema"]

_MODULES = {
    "AdaptivePolling": "iothread",
    "QAPIError": "qapi",
    "QmpError": "errors",
    "load_schema": "qapi",
}

__version__: str


def __getattr__(name: str) -> Any:
    # Importing the package imports nothing else: the command line has to greet quickly.
    if name == "__version__":
        from importlib.metadata import version

        return version("qmp-iothreadd")
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
