"""Whether the machine runs, and what changes that: QEMU's system/runstate.c."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from qmp_iothreadd import errors


class RunState(ABC):
    """A run state (``status``, a RunState of the schema), and the events that its changes send.

    ``actions`` says what follows from what: -action and set-action write it. ``reset_handlers``
    are called after each RESET, ``run_handlers`` after the machine began to run, ``stop_handlers``
    before it says that it stopped.
    """

    def __init__(self, *, running: bool) -> None:
        self.status = "running" if running else "prelaunch"
        # What to do on what event, as -action and set-action name both.
        self.actions = {
            "reboot": "reset",
            "shutdown": "poweroff",
            "panic": "shutdown",
            "watchdog": "reset",
        }
        # Between -preconfig and x-exit-preconfig; then ``held_back`` makes the rest of the machine,
        # which runs if ``starts_running``.
        self.preconfig = False
        self.held_back: Callable[[], None] = lambda: None
        self.starts_running = running
        self.on_shutdown: Callable[[], None] = lambda: None
        self.shutting_down = False
        self.exit_status = 0
        self.reset_handlers: list[Callable[[], None]] = []
        self.run_handlers: list[Callable[[], None]] = []
        self.stop_handlers: list[Callable[[], None]] = []
        self._suspended = False

    @abstractmethod
    def emit(self, event: str, data: Mapping[str, Any] | None = None) -> None:
        """Send an event to whoever listens."""

    @property
    def running(self) -> bool:
        """Whether the machine runs, as query-status says it."""
        return self.status == "running"

    def stop(self, status: str = "paused") -> None:
        """Pause, for the reason ``status``; without effect and event where it is paused.

        A guest that is asleep is so again after ``cont``.
        """
        if self.status in ("running", "suspended"):
            self._suspended = self.status == "suspended"
            self.status = status
            for handler in self.stop_handlers:
                handler()
            self.emit("STOP")

    def cont(self) -> None:
        """Run; without effect and event where it does, or where another machine is to come.

        Raises:
            QmpError: it was shut down.
        """
        if self.status == "shutdown":
            raise errors.reset_required()
        if self.status not in ("running", "suspended", "inmigrate"):
            self.status = "suspended" if self._suspended else "running"
            self.emit("RESUME")
            self._runs()

    def exit_preconfig(self) -> None:
        """Go on with what -preconfig held back.

        Raises:
            QmpError: nothing is held back, or it cannot be had.
        """
        if not self.preconfig:
            raise errors.only_before_initialization()
        self.preconfig = False
        self.held_back()
        if self.starts_running and self.status == "prelaunch":
            self.cont()

    def suspend(self) -> None:
        """The guest goes to sleep; without effect where it does not run."""
        if self.running:
            self.status = "suspended"
            self.emit("SUSPEND")

    def wakeup(self) -> None:
        """Wake the guest up.

        Raises:
            QmpError: it does not sleep.
        """
        if self.status != "suspended":
            raise errors.guest_not_suspended()
        self.status = "running"
        self.emit("WAKEUP")
        self._runs()

    def reset(self, reason: str = "host-qmp-system-reset") -> None:
        """Reset; one that does not run is then as before its first start.

        Where a reset is to be a shutdown it is one. ``reason`` is a ShutdownCause.
        """
        if self.actions["reboot"] == "shutdown":
            self.power_off(reason)
            return
        self._suspended = False
        self.emit("RESET", _cause(reason))
        if not self.running and self.status != "inmigrate":
            self.status = "prelaunch"
        for handler in self.reset_handlers:
            handler()

    def power_off(self, reason: str) -> None:
        """End the daemon or, where ``actions`` say so (-no-shutdown), pause.

        One that is paused already stays as it is.
        """
        if self.actions["shutdown"] == "poweroff":
            self.shutdown(reason)
            return
        self.emit("SHUTDOWN", _cause(reason))
        self.stop("shutdown")

    def panic(self) -> None:
        """What follows when the guest's kernel crashes.

        A shutdown that would only be a pause is a pause at once.
        """
        action = self.actions["panic"]
        if action == "shutdown" and self.actions["shutdown"] == "pause":
            action = "pause"
        said = {"none": "run", "pause": "pause"}.get(action, "poweroff")
        self.emit("GUEST_PANICKED", {"action": said})
        if action == "pause":
            self.stop("guest-panicked")
        elif action != "none":
            if action == "exit-failure" and self.actions["shutdown"] == "poweroff":
                self.exit_status = 1
            self.power_off("guest-panic")

    def shutdown(self, reason: str) -> None:
        """End the daemon, once, and say why; ``reason`` is a ShutdownCause."""
        if not self.shutting_down:
            self.shutting_down = True
            try:
                self.emit("SHUTDOWN", _cause(reason))
            finally:
                self.on_shutdown()

    def end(self) -> None:
        """End the daemon, once, without a word."""
        if not self.shutting_down:
            self.shutting_down = True
            self.on_shutdown()

    def _runs(self) -> None:
        if self.running:
            for handler in self.run_handlers:
                handler()


def _cause(reason: str) -> dict[str, Any]:
    return {"guest": reason.startswith("guest-"), "reason": reason}
