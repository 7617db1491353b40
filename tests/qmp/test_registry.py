"""The table of commands: what is imported when."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmp_iothreadd.qmp import registry
from qmp_iothreadd.qmp.registry import CommandTable


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandTable]:
    """Module ``commands_a`` registers ``a`` soon, ``commands_b`` ``b`` later."""
    made = CommandTable()
    monkeypatch.setattr(registry, "COMMANDS", made)
    monkeypatch.syspath_prepend(tmp_path)
    for name in "ab":
        text = f"from qmp_iothreadd.qmp.registry import command\ncommand('{name}')(lambda ctx: 1)\n"
        (tmp_path / f"commands_{name}.py").write_text(text)
    made.soon.append("commands_a")
    made.later.append("commands_b")
    yield made
    for name in "ab":
        sys.modules.pop(f"commands_{name}", None)


def test_modules_are_imported_until_a_command_is_found(table: CommandTable) -> None:
    assert table["a"](None) == 1
    assert "commands_b" not in sys.modules
    assert table["b"](None) == 1


def test_a_daemon_imports_what_is_for_soon(table: CommandTable) -> None:
    made = table.loading_soon()
    assert "commands_a" not in sys.modules
    assert list(made) == [None]
    assert ("commands_a" in sys.modules, "commands_b" in sys.modules) == (True, False)
    assert (table.soon, table.later) == ([], ["commands_b"])


def test_all_of_them_are_imported_where_all_are_asked_for(table: CommandTable) -> None:
    assert len(table) == 2
    assert sorted(table) == ["a", "b"]


def test_a_command_that_no_module_has_is_not_found(table: CommandTable) -> None:
    assert table.get("c") is None
    assert (table.soon, table.later) == ([], [])


def test_a_module_that_cannot_be_imported_yet_is_tried_again(
    table: CommandTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_name: str) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr("qmp_iothreadd.errors.import_late", refuse)
        with pytest.raises(OSError, match="Too many open files"):
            table["b"]
    assert callable(table["b"])
