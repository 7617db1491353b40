"""One fault: which messages it meets, and how often."""

from __future__ import annotations

from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd.scripting import delays
from qmp_iothreadd.scripting.fault_kinds import KINDS, Firing
from qmp_iothreadd.scripting.steps import Gate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qmp_iothreadd.scripting.delivery import Delivery

_SEEDS: Final = 1 << 32


class Fault:
    """A fault number ``id`` of checked ``words`` (``fault_words``).

    Its random numbers begin with a ``seed``, which is chosen where none is given, and there is a
    use for one.
    """

    def __init__(self, id: int, words: dict[str, Any]) -> None:
        self.id = id
        self.words: Mapping[str, Any] = words
        chance = "probability" in words
        if chance or (words["kind"] == "delay" and delays.distribution(words) != "constant"):
            words.setdefault("seed", SystemRandom().randrange(_SEEDS))
        self._random = Random(words.get("seed"))
        self._nth: int = words.get("nth", 1)
        self._count: int = words.get("count", 0 if chance else 1)
        self._gate = Gate()
        self.matched = 0
        self.fired = 0

    def __str__(self) -> str:
        return f"fault {self.id} ({self.words['kind']})"

    @property
    def active(self) -> bool:
        """Whether it can still meet messages."""
        return not self._count or self.fired < self._count

    @property
    def holding(self) -> int:
        """How many connections wait for ``release``."""
        return len(self._gate)

    def meets(self, on: str, when: str, name: str | None, monitor: str, *, exempt: bool) -> bool:
        """Whether it meets a message, or a command that is about to run; it is counted if so.

        ``name`` is the command's or the event's. ``exempt``: only a fault that names it meets it.
        """
        words = self.words
        if not self.active or on != words["on"] or when != words["when"]:
            return False
        wanted = words.get("command", words.get("event"))
        if (exempt if wanted is None else wanted != name) or words.get("monitor", monitor) != (
            monitor
        ):
            return False
        self.matched += 1
        if self.matched < self._nth or self._random.random() >= words.get("probability", 1.0):
            return False
        self.fired += 1
        return True

    def act(self, delivery: Delivery) -> None:
        """Do it.

        Raises:
            QmpError: what to answer instead of running the command.
        """
        delivery.met.append(str(self))
        KINDS[self.words["kind"]].act(Firing(self.words, self._random, self._gate, delivery))

    def release(self) -> None:
        """Let go what it holds."""
        self._gate.open()

    def describe(self) -> dict[str, Any]:
        """The fault as a FaultInfo of the schema."""
        return {
            "id": self.id,
            "fault": dict(self.words),
            "active": self.active,
            "matched": self.matched,
            "fired": self.fired,
            "holding": self.holding,
        }

    def left_over(self) -> str | None:
        """What a test left open, in words."""
        if self.holding:
            return f"{self} still holds {self.holding} connections: release it"
        if not self.fired and "probability" not in self.words:
            words = ",".join(f"{name}={value}" for name, value in self.words.items())
            return f"{self} met no message: {words}"
        return None
