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
    from collections.abc import Callable, Mapping

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


def late_names(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """What a package is to have as ``__getattr__``: names are loaded when first asked for.

    Args:
        modules: by name, the module in the package that has it. Other names: AttributeError.
    """

    def get(name: str) -> Any:
        from importlib import import_module

        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    return get


# Importing the package imports nothing else: the command line has to greet quickly.
_late_name = late_names(__name__, _MODULES)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("qmp-iothreadd")
    return _late_name(name)
