"""pydantic-core's extension module, with and without the package around it."""

from __future__ import annotations

import subprocess
import sys
import threading
from importlib.machinery import ModuleSpec
from types import SimpleNamespace

import pydantic_core
import pytest

from qmp_iothreadd import compiled_pydantic

ALONE = """
import sys
from qmp_iothreadd.compiled_pydantic import compiled_pydantic
made = compiled_pydantic()
assert "pydantic_core" not in sys.modules
assert compiled_pydantic() is made
import pydantic
class Model(pydantic.BaseModel):
    number: int
assert Model(number="1").number == 1
assert pydantic.ValidationError is made.ValidationError
"""


def test_it_comes_without_what_is_slow_to_import_and_pydantic_may_follow() -> None:
    subprocess.run([sys.executable, "-c", ALONE], check=True, timeout=30)


NO_DESCRIPTOR_LEFT = """
import os, resource
from qmp_iothreadd import compiled_pydantic, errors
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
errors.reserve_descriptor()
while True:
    try:
        os.eventfd(0)
    except OSError:
        break
compiled_pydantic.compiled_pydantic()
try:
    os.eventfd(0)
except OSError:
    print("and others have none either")
"""


def test_it_comes_where_others_have_all_descriptors() -> None:
    command = [sys.executable, "-c", NO_DESCRIPTOR_LEFT]
    done = subprocess.run(command, check=True, timeout=30, capture_output=True, text=True)
    assert done.stdout == "and others have none either\n"


def test_it_is_the_one_that_is_there() -> None:
    made = compiled_pydantic.compiled_pydantic()
    assert made.from_json is pydantic_core.from_json
    assert compiled_pydantic.compiled_pydantic() is made


@pytest.fixture
def not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pydantic_core._pydantic_core")


@pytest.mark.usefixtures("not_loaded")
def test_beside_other_threads_it_is_imported_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []
    monkeypatch.setattr(compiled_pydantic, "import_module", imported.append)
    ended = threading.Event()
    with_another = threading.Thread(target=ended.wait)
    with_another.start()
    try:
        compiled_pydantic.compiled_pydantic()
    finally:
        ended.set()
        with_another.join()
    assert imported == ["pydantic_core._pydantic_core"]


@pytest.mark.usefixtures("not_loaded")
def test_where_it_is_not_found_the_usual_import_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []
    monkeypatch.setattr(compiled_pydantic, "import_module", imported.append)
    nowhere = SimpleNamespace(find_spec=lambda *given: None)
    monkeypatch.setattr(compiled_pydantic, "PathFinder", nowhere)
    monkeypatch.setattr(sys, "_current_frames", lambda: {1: None})
    compiled_pydantic.compiled_pydantic()
    assert imported == ["pydantic_core._pydantic_core"]


@pytest.mark.usefixtures("not_loaded")
def test_what_cannot_be_loaded_is_not_left_half_made(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loader:
        def create_module(self, spec: object) -> None:
            return None

        def exec_module(self, module: object) -> None:
            raise ImportError("no descriptors")

    spec = ModuleSpec("pydantic_core._pydantic_core", Loader())  # type: ignore[arg-type]
    monkeypatch.setattr(compiled_pydantic, "_find", lambda: spec)
    monkeypatch.setattr(sys, "_current_frames", lambda: {1: None})
    with pytest.raises(ImportError, match="no descriptors"):
        compiled_pydantic.compiled_pydantic()
    assert "pydantic_core._pydantic_core" not in sys.modules
