"""The types of accelerators, as management finds them."""

from __future__ import annotations

from qmp_iothreadd.testing import MemoryClient


def test_tcg_is_one() -> None:
    client = MemoryClient()
    client.negotiate()
    found = client.execute("qom-list-types", {"implements": "accel"})
    assert found == [{"name": "tcg-accel", "parent": "accel"}]
    listed = client.execute("qom-list-properties", {"typename": "tcg-accel"})
    assert {each["name"] for each in listed} == {
        "type",
        "thread",
        "tb-size",
        "split-wx",
        "one-insn-per-tb",
    }
