"""A file that takes another's place is there whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qmp_iothreadd.replaced_file import replaced_file


def test_who_has_the_old_one_open_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with path.open() as before, replaced_file(str(path), 0o600) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert before.closed
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_what_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(TypeError), replaced_file(str(path)) as file:
        file.writelines([b"half", "more"])  # type: ignore[list-item]
    assert (path.read_text(), os.listdir(tmp_path)) == ("old", ["file"])
    missing = str(tmp_path / "none" / "file")
    with pytest.raises(FileNotFoundError, match=f"'{missing}'"), replaced_file(missing):
        pass
