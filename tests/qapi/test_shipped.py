"""The package's schema beside the one that is served, and what validates by it."""

from __future__ import annotations

from pathlib import Path

from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.cache import load_schema_cached
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.shipped import shipped_models, shipped_schema


def test_where_the_packages_schema_is_served_there_is_no_other() -> None:
    served = Models(load_schema_cached())
    assert shipped_models(served) is served


def test_beside_a_schema_of_the_users_the_packages_is_there_once(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text("{ 'command': 'mine' }")
    one, other = Models(load_schema(str(path))), Models(load_schema(str(path)))
    found = shipped_models(one)
    assert found.schema is shipped_schema(one.schema)
    assert "x-fault-add" in found.schema.commands
    assert shipped_models(other) is found
