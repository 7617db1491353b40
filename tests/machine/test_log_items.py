"""Items of QEMU's log."""

from __future__ import annotations

from qmp_iothreadd.machine import log_items


def test_threads_have_a_file_each_by_an_item_of_its_own() -> None:
    assert log_items.PER_THREAD in log_items.OF_GUEST


def test_trace_events_are_no_item_of_a_guest() -> None:
    assert not any(item.startswith(log_items.TRACE) for item in log_items.OF_GUEST)
