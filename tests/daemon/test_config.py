"""What a command line asked for: rows that are equal to others of their values."""

from __future__ import annotations

from qmp_iothreadd.daemon.config import ChardevConfig, MonitorConfig, PortConfig, TracePattern


def test_rows_of_one_kind_and_the_same_values_are_equal() -> None:
    null = {"type": "null", "data": {}}
    assert ChardevConfig("a", null) == ChardevConfig("a", dict(null))
    assert ChardevConfig("a", null) != ChardevConfig("b", null)
    assert ChardevConfig("a", null) != ChardevConfig("a", null, "-chardev null,id=a")
    assert MonitorConfig("m", "c") != TracePattern("m", "c")


def test_a_row_shows_its_values_by_name() -> None:
    assert repr(TracePattern("qmp_*", "-trace qmp_*")) == "TracePattern('-trace qmp_*', 'qmp_*')"
    assert repr(ChardevConfig("a", {})) == "ChardevConfig({}, 'a', '')"


def test_a_port_has_no_device_before_one_is_described() -> None:
    port = PortConfig("serial", "null", "-serial null")
    assert (port.chardev, port.made, port.monitor) == ("", [], None)
    assert port == PortConfig("serial", "null", "-serial null")
