"""IOThreads: QOM types, the native engine behind them, the arithmetic of adaptive polling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qmp_iothreadd.iothread._engine import AdaptivePolling, AioContext, EventNotifier

__all__ = ["AdaptivePolling", "AioContext", "EventNotifier"]


def __getattr__(name: str) -> Any:
    # The extension is loaded when first asked for: a daemon without iothreads greets without it.
    if name in __all__:
        from qmp_iothreadd.iothread import _engine

        return getattr(_engine, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
