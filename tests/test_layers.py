"""Imports point one way: from what serves clients down to the engine, never back up."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import qmp_iothreadd

PACKAGE = Path(qmp_iothreadd.__file__).parent

# From the top down. A module may import from its own layer and from those below it. A name stands
# for the module and all below it, unless a longer name does.
#
# A command calls down into objects, and an object into the engine, by methods that QOM declares:
# so qom, which knows none of them, is below its own types.
LAYERS = (
    ("testing",),
    ("__main__",),
    ("cli",),
    ("daemon",),
    ("monitors", "tracing", "metrics_server"),
    ("config", "process", "metrics"),
    ("qmp.server", "qmp.stdio", "qmp.sockets", "qmp.terminal"),
    ("qmp.connection",),
    ("qmp.session", "qmp.hmp_session", "qmp.line_editor"),
    ("qmp.dispatch",),
    ("commands",),
    ("machine",),
    ("chardevs", "iothread"),
    ("qom",),
    ("qapi",),
    ("qmp.json_reader", "qmp.json_writer"),
    ("qmp.json_streamer", "qmp.json_parser", "qmp.json_lexer", "qmp.mod_utf8"),
    ("errors", "hashes", "constant", "_signalfd", "iothread._engine", ""),
)
RANKS = {name: rank for rank, layer in enumerate(reversed(LAYERS)) for name in layer}

ROOT = "qmp_iothreadd"


def modules() -> dict[str, Path]:
    """All modules by name, without the package's own."""
    found = {}
    for file in PACKAGE.rglob("*.py"):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def rank(module: str) -> int:
    name = module
    while name not in RANKS:
        assert name, f"{module} is in no layer"
        name = name.rpartition(".")[0]
    return RANKS[name]


def imports(tree: ast.AST, known: dict[str, Path]) -> Iterator[str]:
    """Which modules of the package are imported, wherever in the file, but not for types alone."""
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            pending += node.orelse
            continue
        pending += ast.iter_child_nodes(node)
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name == ROOT or name.startswith(f"{ROOT}."):
                inner = name.removeprefix(ROOT).removeprefix(".")
                yield inner if inner in known or inner in RANKS else inner.rpartition(".")[0]


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_module_imports_only_from_its_own_layer_and_below(module: str) -> None:
    known = modules()
    found = set(imports(ast.parse(known[module].read_text()), known))
    assert sorted(name for name in found if rank(name) > rank(module)) == []


def test_every_layer_names_something() -> None:
    known = {*modules(), "_signalfd", "iothread._engine"}
    assert sorted(name for name in RANKS if name not in known) == []
