"""When faults meet what: the values of FaultMessage and FaultTime in the schema."""

from __future__ import annotations

from typing import Final

REPLY: Final = "reply"
EVENT: Final = "event"
GREETING: Final = "greeting"

BEFORE: Final = "before"
AFTER: Final = "after"
