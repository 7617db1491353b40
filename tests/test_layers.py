"""Imports point one way, from what serves clients down to the engine, and never go round."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import qmp_iothreadd

PACKAGE = Path(qmp_iothreadd.__file__).parent
ROOT = "qmp_iothreadd"

# From the bottom up. A module may import from its own room and from those before it. A name stands
# for the module and all below it, unless a longer name does.
#
# A command calls down into objects, and an object into the engine, by methods that QOM declares:
# so qom, which knows none of them, is below its own types.
ROOMS = (
    "errors",
    "start_code",
    "prepare_start",
    "bounded_file",
    "replaced_file",
    "compiled_pydantic",
    "json",
    "qapi",
    "qom",
    "iothread",
    "descriptors",
    "chardev",
    "machine",
    "qmp.descriptor_inbox",
    "qmp.session_protocol",
    "qmp.registry",
    "qmp.signatures",
    "qmp.dispatch",
    "qmp.session_script",
    "scripting",
    "commands",
    "hmp",
    "qmp.session",
    "server",
    "daemon",
    "cli",
    "testing",
    "lab",
    "__main__",
)
RANKS = {name: rank for rank, name in enumerate(ROOMS)}


def modules() -> dict[str, Path]:
    """All modules by name, without the package's own; what holds only a docstring has no room.

    An extension module is what its stub says.
    """
    found = {}
    for file in (*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyi")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    del found[""], found["qmp"]
    return found


def rank(module: str) -> int:
    name = module
    while name not in RANKS:
        assert name, f"{module} is in no room"
        name = name.rpartition(".")[0]
    return RANKS[name]


def imports(file: Path, known: dict[str, Path]) -> Iterator[str]:
    """Which modules of the package are imported, wherever in the file and for whatever reason."""
    for node in ast.walk(ast.parse(file.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            inner = name.removeprefix(f"{ROOT}.")
            while inner not in known and inner:
                inner = inner.rpartition(".")[0]
            if inner and inner != name:
                yield inner


KNOWN = modules()
IMPORTS = {name: set(imports(file, KNOWN)) - {name} for name, file in KNOWN.items()}


@pytest.mark.parametrize("module", sorted(KNOWN))
def test_a_module_imports_only_from_its_own_room_and_those_below(module: str) -> None:
    assert sorted(name for name in IMPORTS[module] if rank(name) > rank(module)) == []


def test_no_imports_go_round() -> None:
    # A room's __init__ names what is in the room; an import of one of its modules loads it first.
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_every_room_is_there() -> None:
    assert sorted(name for name in ROOMS if name not in KNOWN) == []
