"""The leaky buckets of a disk's limits, at times of the test's own."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.iothread._engine import (
    THROTTLE_LIMITS,
    THROTTLE_VALUE_MAX,
    TIME_MAX_NS,
    ThrottleGroup,
)

SECOND = 10**9


def limited(**limits: int) -> ThrottleGroup:
    """A group whose buckets are empty at 0."""
    group = ThrottleGroup()
    group.set_limits(now_ns=0, **limits)
    return group


def admitted(
    group: ThrottleGroup, seconds: int, nbytes: int = 512, *, is_write: bool = False
) -> list[int]:
    """When requests go on that come one after the other, until so many seconds are over, in ns."""
    now, times = 0, []
    while now < seconds * SECOND:
        wait = group.admit(is_write, nbytes, now)
        if not wait:
            times.append(now)
        now += wait
    return times


def test_without_limits_everything_goes_on() -> None:
    assert not any(limited().admit(True, 1 << 20, 0) for _ in range(1000))


@pytest.mark.parametrize("name", ["iops", "iops_rd"])
def test_operations_come_at_their_rate(name: str) -> None:
    # A tenth of a second's worth at once, one that runs over, and then the rate.
    times = admitted(limited(**{name: 100}), 10)
    assert len(times) == pytest.approx(100 * 10 + 10, abs=2)
    assert times[9] == 0 < times[12]


@pytest.mark.parametrize("name", ["bps", "bps_wr"])
def test_bytes_come_at_their_rate(name: str) -> None:
    times = admitted(limited(**{name: 100 * 4096}), 10, 4096, is_write=True)
    assert len(times) == pytest.approx(100 * 10 + 10, abs=2)


def test_a_limit_of_one_direction_does_not_hold_the_other() -> None:
    for name, is_write in (("iops_rd", True), ("iops_wr", False), ("bps_rd", True)):
        assert not any(limited(**{name: 1}).admit(is_write, 4096, 0) for _ in range(100))


def test_the_strictest_limit_holds() -> None:
    group = limited(iops=1000, bps=10 * 512, iops_rd=500)
    assert len(admitted(group, 10)) == pytest.approx(10 * 10 + 1, abs=2)


def test_large_requests_count_as_several_operations() -> None:
    large = len(admitted(limited(iops=100, iops_size=4096), 10, 4 * 4096))
    assert large == pytest.approx(250, abs=5)
    small = len(admitted(limited(iops=100, iops_size=4096), 10, 512))
    assert small == pytest.approx(1000, abs=12)


def test_a_burst_is_as_large_as_it_may_be() -> None:
    times = admitted(limited(iops=100, iops_max=1000), 10)
    assert times.count(0) == pytest.approx(1000, abs=1)
    assert len(times) == pytest.approx(1000 + 100 * 10, abs=2)


def test_a_burst_lasts_as_long_as_it_may() -> None:
    times = admitted(limited(iops=100, iops_max=1000, iops_max_length=5), 20)
    # At 1000 a second, until 5000 more than leaked were admitted; then at 100 a second.
    burst = [at for at in times if at < 5 * SECOND]
    assert len(burst) == pytest.approx(1000 * 5 + 100, abs=5)
    assert len(times) == pytest.approx(5000 + 100 * 20, abs=5)


def test_a_bucket_leaks_while_nothing_comes() -> None:
    group = limited(iops=10)
    for now in (0, SECOND, 100 * SECOND):
        assert [group.admit(False, 512, now) for _ in range(2)] == [0, 0]
        assert group.admit(False, 512, now) == pytest.approx(SECOND / 10, abs=1)


def test_time_that_goes_back_leaks_nothing() -> None:
    group = limited(iops=10)
    while not group.admit(False, 512, 5 * SECOND):
        pass
    assert group.admit(False, 512, SECOND)


def test_the_longest_wait_is_bounded() -> None:
    group = limited(bps=1)
    assert not group.admit(True, THROTTLE_VALUE_MAX, 0)
    assert group.admit(True, 512, 0) == TIME_MAX_NS


@pytest.mark.parametrize("name", THROTTLE_LIMITS)
@pytest.mark.parametrize("value", [-1, THROTTLE_VALUE_MAX + 1])
@pytest.mark.parametrize("suffix", ["", "_max", "_max_length"])
def test_limits_out_of_range_are_refused(name: str, value: int, suffix: str) -> None:
    with pytest.raises(ValueError, match="limits must be from 0"):
        limited(**{name + suffix: value})


def test_there_are_no_other_limits() -> None:
    others: dict[str, Any] = {"iops_min": 1}
    with pytest.raises(TypeError, match="there is no limit 'iops_min'"):
        limited(**others)
