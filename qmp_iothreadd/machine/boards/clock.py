"""What the clock of a board begins with: ``-rtc base=``."""

from __future__ import annotations

import calendar
import re
import time
from typing import Final

_NUMBER: Final = r"\s*([+-]?\d+)"
_DATE: Final = re.compile(f"{_NUMBER}-{_NUMBER}-{_NUMBER}", re.ASCII)
_TIME: Final = re.compile(f"{_DATE.pattern}T{_NUMBER}:{_NUMBER}:{_NUMBER}", re.ASCII)
_DAY_S: Final = 86400
# What a calendar of ours goes to; QEMU's goes wrong somewhere behind it.
_YEARS: Final = range(1, 10000)


def clock_offset(base: str) -> int | None:
    """How many seconds a clock is ahead of the host's in UTC; None where ``base`` is no date.

    ``base`` is ``utc``, ``localtime``, or a date, with a time of day or without. Its numbers are
    not looked at: one month more than twelve is the next year's first.
    """
    now = int(time.time())
    if base == "utc":
        return 0
    if base == "localtime":
        return calendar.timegm(time.localtime(now)) - now
    found = _TIME.match(base) or _DATE.match(base)
    if found is None:
        return None
    year, month, day, *clock = map(int, found.groups())
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    if year not in _YEARS:
        return None
    hours, minutes, seconds = clock or (0, 0, 0)
    begun = calendar.timegm((year, month, 1, 0, 0, 0))
    return begun + (day - 1) * _DAY_S + hours * 3600 + minutes * 60 + seconds - now
