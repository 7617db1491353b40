"""A package loads the modules behind its names when they are asked for, and has no others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qmp_iothreadd import late_names


def test_a_module_is_loaded_when_its_name_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "late_package").mkdir()
    (tmp_path / "late_package" / "__init__.py").write_text("")
    (tmp_path / "late_package" / "here.py").write_text("thing = 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    get = late_names("late_package", {"thing": "here"})
    assert "late_package.here" not in sys.modules
    assert get("thing") == 7
    with pytest.raises(AttributeError, match="module 'late_package' has no attribute 'other'"):
        get("other")
    for name in ("late_package", "late_package.here"):
        monkeypatch.delitem(sys.modules, name)
