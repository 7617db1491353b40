"""Types are loaded when somebody looks for them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from qmp_iothreadd.machine.object_types import CLASSES, object_types
from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qom.types import TypeRegistry


@pytest.fixture(scope="module")
def types() -> TypeRegistry:
    schema = load_schema()
    return object_types(schema, Models(schema))


@pytest.mark.parametrize("name", CLASSES)
def test_each_type_is_where_the_table_says(types: TypeRegistry, name: str) -> None:
    found = types.get(name)
    assert found is not None
    assert found.name == name


def test_what_a_type_inherits_is_not_its_own(types: TypeRegistry) -> None:
    base, ram = types["memory-backend"], types["memory-backend-ram"]
    assert base.properties.keys() == ram.properties.keys()
    assert ram.parent is base


def test_a_machine_loads_no_type_before_it_is_looked_for() -> None:
    code = (
        "import sys; from qmp_iothreadd.testing import make_machine;"
        "m = make_machine();"
        "loaded = [name for name in sys.modules if 'machine.objects.' in name];"
        "m.add_object('secret', 's', {'data': 'x'});"
        "print(loaded, 'qmp_iothreadd.machine.objects.tls' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] False\n"
