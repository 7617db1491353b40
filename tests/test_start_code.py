"""The code of a start in one file: found where it is right, and left alone where it is not."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from qmp_iothreadd import prepare_start, start_code

SOURCE = '''
class Thing:
    """Something."""


def fail() -> None:
    raise LookupError("here")
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of three modules, with the file that a build makes of it."""
    folder = tmp_path / "startling"
    (folder / "inner").mkdir(parents=True)
    for name in ("__init__.py", "inner/__init__.py"):
        (folder / name).write_text("")
    (folder / "inner" / "thing.py").write_text(SOURCE)
    names = folder / "names.txt"
    names.write_text("# a comment\nstartling.inner\nstartling.inner.thing\nstartling.so\njson\n")
    monkeypatch.setattr(prepare_start, "FOLDER", folder)
    monkeypatch.setattr(prepare_start, "NAMES", names)
    prepare_start.prepare(folder / start_code.FILE)
    monkeypatch.setattr(start_code, "__file__", str(folder / "start_code.py"))
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [each for each in sys.modules if each.partition(".")[0] == "startling"]:
        del sys.modules[name]


def import_thing() -> ModuleType:
    start_code.find_start_code()
    return importlib.import_module("startling.inner.thing")


def is_from_the_file(module: ModuleType) -> bool:
    return isinstance(module.__loader__, start_code._Loader)


def test_a_module_of_the_file_is_what_it_would_be(package: Path) -> None:
    thing = import_thing()
    file = package / "inner" / "thing.py"
    assert is_from_the_file(thing)
    assert is_from_the_file(sys.modules["startling.inner"])
    assert not is_from_the_file(sys.modules["startling"])  # it is not in the list
    assert thing.__file__ == str(file)
    assert sys.modules["startling.inner"].__path__ == [str(package / "inner")]
    assert inspect.getsource(thing) == SOURCE
    assert thing.__spec__ is not None
    assert thing.__spec__.cached is not None
    with pytest.raises(LookupError) as caught:
        thing.fail()
    assert traceback.extract_tb(caught.value.__traceback__)[-1].filename == str(file)


def test_it_is_imported_again_and_others_are_not_in_its_way(package: Path) -> None:
    thing = import_thing()
    before = thing.Thing
    assert importlib.reload(thing).Thing is not before
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("startling.so")


def test_it_is_forgotten_and_what_was_imported_stays(package: Path) -> None:
    thing = import_thing()
    start_code.forget_start_code()
    assert not any(isinstance(each, start_code.StartCode) for each in sys.meta_path)
    del sys.modules["startling.inner.thing"]
    again = importlib.import_module("startling.inner.thing")
    assert again is not thing
    assert not is_from_the_file(again)


def edit(file: Path) -> None:
    file.write_text(SOURCE + "edited = True\n")


def edit_later(file: Path) -> None:
    """To as many bytes as there were."""
    file.write_text(SOURCE.replace("here", "HERE"))
    later_ns = (package_file(file).stat().st_mtime_ns) + start_code._INSTALLATION_NS + 1
    os.utime(file, ns=(later_ns, later_ns))


def package_file(file: Path) -> Path:
    return file.parents[1] / start_code.FILE


def spoil(file: Path) -> None:
    package_file(file).write_bytes(b"?")


def cut(file: Path) -> None:
    whole = package_file(file).read_bytes()
    package_file(file).write_bytes(whole[:100])


def of_another_python(file: Path) -> None:
    package_file(file).write_bytes(prepare_start.join(("cpython-27", 0), {}, b""))


def remove(file: Path) -> None:
    package_file(file).unlink()


@pytest.mark.parametrize("happen", [edit, edit_later, spoil, cut, of_another_python, remove])
def test_what_is_not_right_is_imported_as_always(package: Path, happen: object) -> None:
    assert callable(happen)
    happen(package / "inner" / "thing.py")
    thing = import_thing()
    assert not is_from_the_file(thing)
    assert hasattr(thing, "edited") == (happen is edit)


def test_a_module_whose_source_is_gone_is_not_there(package: Path) -> None:
    (package / "inner" / "thing.py").unlink()
    with pytest.raises(ModuleNotFoundError):
        import_thing()
