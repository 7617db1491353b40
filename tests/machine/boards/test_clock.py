"""What a board's clock begins with."""

from __future__ import annotations

import time

import pytest

from qmp_iothreadd.machine.boards.clock import clock_offset
from qmp_iothreadd.testing.memory import make_machine


@pytest.mark.parametrize(
    ("base", "begins"),
    [
        ("2006-06-17T16:01:21", (2006, 6, 17, 16, 1, 21)),
        ("2006-06-17", (2006, 6, 17, 0, 0, 0)),
        ("2006-06-17T16", (2006, 6, 17, 0, 0, 0)),
        ("2020-13-01", (2021, 1, 1, 0, 0, 0)),
        ("2020-00-00", (2019, 11, 30, 0, 0, 0)),
        (" 2020- 2-30T25:00:61", (2020, 3, 2, 1, 1, 1)),
    ],
)
def test_a_clock_begins_with_a_date(base: str, begins: tuple[int, ...]) -> None:
    machine = make_machine(machine_type="pc")
    offset = clock_offset(base)
    assert offset is not None
    machine.board.clock_offset = offset
    shown = machine.board.get_property("rtc-time")
    machine.close()
    names = ("tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec")
    more = (1900, 1, 0, 0, 0, 0)
    found = tuple(shown[name] + each for name, each in zip(names, more, strict=True))
    assert begins <= found < (*begins[:4], begins[4] + 5, 0)


def test_without_a_date_it_is_the_hosts() -> None:
    assert clock_offset("utc") == 0
    offset = clock_offset("localtime")
    assert offset is not None
    assert abs(offset - time.localtime().tm_gmtoff) <= 1
    for text in ("nope", "2006-06", "", "99999-1-1", "0-0-1"):
        assert clock_offset(text) is None
