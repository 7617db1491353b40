"""The emulated guest: what a guest would do when it is asked to, and nothing else.

It executes no instructions. It powers down when it is asked to, lets go of devices, and can crash.
``docs/guest.md`` describes it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.iothread.standard_error import write_lines
from qmp_iothreadd.machine.background_work import BackgroundWork

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

BEHAVIOURS = ("present", "absent", "stubborn")
"""It does what it is asked to; nothing is booted; it hears, and does nothing."""


class Guest:
    """A part of the machine. Requests are obeyed while the machine runs, in their order.

    ``behaviour`` is one of ``BEHAVIOURS``: on an empty machine nothing is booted. ``delay_ms`` is
    how long the guest takes for each request. ``crashes``: its kernel does, whenever it boots.
    """

    def __init__(self, machine: Machine) -> None:
        self.behaviour = "absent" if machine.board.is_empty else "present"
        self.delay_ms = 0
        self.crashes = False
        self._machine = machine
        self._booted = False
        self._crashed = False
        # What it was asked to do and has not done, and, of those, what it had the time to do.
        self._asked: dict[object, Callable[[], None]] = {}
        self._due: dict[object, None] = {}
        self._timers: dict[object, asyncio.TimerHandle] = {}
        # How each device that is to be unplugged is let go of: a reset does so too.
        self._unplugs: dict[object, Callable[[], None]] = {}
        machine.reset_handlers.append(self._reset)
        machine.run_handlers.append(self._run)

    def close(self) -> None:
        """Forget what was asked."""
        self._forget_all()
        self._unplugs.clear()

    def start(self) -> None:
        """The machine is set up: where it runs, the guest boots."""
        if self._machine.running:
            self._run()

    def powerdown(self) -> None:
        """Press the power button."""
        self._machine.emit("POWERDOWN")
        self.ask("powerdown", lambda: self._machine.power_off("guest-shutdown"))

    def panic(self) -> None:
        """Its kernel crashes: from then on it does nothing."""
        self._crashed = True
        self._forget_all()
        self._machine.panic()

    def watchdog(self) -> None:
        """What follows when the guest did not feed its watchdog."""
        machine, action = self._machine, self._machine.actions["watchdog"]
        machine.emit("WATCHDOG", {"action": action})
        if action == "reset":
            machine.reset("guest-reset")
        elif action == "shutdown":
            self.powerdown()
        elif action == "poweroff":
            machine.end()
        elif action == "pause":
            machine.stop("watchdog")
        elif action == "debug":
            with contextlib.suppress(OSError):
                write_lines("watchdog: timer fired\n")

    def unplug(self, device: Any, let_go: Callable[[], None]) -> None:
        """Ask for a device; ``let_go`` is called, later, when the guest or a reset gives it up.

        To ask again changes nothing.
        """
        if device not in self._unplugs:
            self._unplugs[device] = let_go
            self.ask(device, lambda: self._let_go(device))

    def is_unplugging(self, device: Any) -> bool:
        """Whether the device was asked for, and has not been given up."""
        return device in self._unplugs

    def forget(self, device: Any) -> None:
        """The device is gone, whether or not it was asked for."""
        self._unplugs.pop(device, None)
        self._asked.pop(device, None)
        self._due.pop(device, None)
        if device in self._timers:
            self._timers.pop(device).cancel()

    def _let_go(self, device: object) -> None:
        self._unplugs.pop(device)()

    def ask(self, key: object, act: Callable[[], None]) -> None:
        """Ask for ``act``, which is called later, if the guest obeys.

        ``key`` is what it is asked for: where it has not done that yet, nothing happens.
        """
        if self.behaviour == "present" and not self._crashed and key not in self._asked:
            self._begin(key, act)

    def _begin(self, key: object, act: Callable[[], None]) -> None:
        self._asked[key] = act
        if self.delay_ms:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(self.delay_ms / 1000, self._time_is_up, key, act)
            self._timers[key] = timer
        else:
            self._machine.part(BackgroundWork).spawn(self._do(key, act))

    async def _do(self, key: object, act: Callable[[], None]) -> None:
        self._time_is_up(key, act)

    def _time_is_up(self, key: object, act: Callable[[], None]) -> None:
        self._timers.pop(key, None)
        if self._asked.get(key) is act:  # it was not forgotten meanwhile
            self._due[key] = None
            self._work_off()

    def _work_off(self) -> None:
        while self._due and self._machine.running and not self._machine.shutting_down:
            key = next(iter(self._due))
            del self._due[key]
            self._asked.pop(key)()

    def _run(self) -> None:
        if not self._booted:
            self._booted = True
            if self.crashes and self.behaviour != "absent":
                self._begin("crash", self.panic)
        if self._due:
            self._machine.part(BackgroundWork).spawn(self._resume())

    async def _resume(self) -> None:
        self._work_off()

    def _reset(self) -> None:
        """The guest forgets; devices that were asked for are given up by the hardware."""
        self._forget_all()
        while self._unplugs:  # with a bridge goes what is behind it, which may have been asked for
            self._let_go(next(iter(self._unplugs)))
        self._booted = self._crashed = False
        self.start()

    def _forget_all(self) -> None:
        self._asked.clear()
        self._due.clear()
        while self._timers:
            self._timers.popitem()[1].cancel()
