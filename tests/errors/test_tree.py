"""The tree of errors is the one that is drawn, and each text is in one place."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from qmp_iothreadd import errors
from qmp_iothreadd.errors import Error, QmpError

LAYERS = [importlib.import_module(f"{errors.__name__}.{name}") for name in errors._LAYERS]


def drawn() -> dict[str, str]:
    """The classes of the docstring's tree, and their modules."""
    found = re.findall(r"[├└]── (\w+) +[^\n(]*(?:\(([\w.]+)\))?", inspect.getdoc(errors) or "")
    return {name: f"qmp_iothreadd.{module or 'errors.tree'}" for name, module in found}


def test_the_tree_is_the_one_in_the_docstring() -> None:
    for module in drawn().values():
        importlib.import_module(module)
    own = {cls for cls in Error.__subclasses__() if cls.__module__.startswith("qmp_iothreadd.")}
    assert {cls.__name__: cls.__module__ for cls in own} == drawn()
    assert [sub for cls in own for sub in cls.__subclasses__()] == []


@cache
def functions() -> dict[str, list[str]]:
    """Each function that makes an error, and the layers that define it."""
    found: dict[str, list[str]] = {}
    for layer in LAYERS:
        for name, value in vars(layer).items():
            own = inspect.isfunction(value) and value.__module__ == layer.__name__
            if own and not name.startswith("_"):
                found.setdefault(name, []).append(layer.__name__)
    return found


def test_each_name_is_in_one_layer() -> None:
    assert {name: where for name, where in functions().items() if len(where) > 1} == {}


@cache
def by_text() -> dict[str, list[str]]:
    """The functions that make an error with a text, which is one."""
    found: dict[str, list[str]] = {}
    for name in functions():
        found.setdefault(make(name).desc, []).append(name)
    return found


@pytest.mark.parametrize("name", functions())
def test_each_function_makes_an_error_that_no_other_makes(name: str) -> None:
    assert by_text()[make(name).desc] == [name]


@cache
def trees() -> dict[Path, list[ast.AST]]:
    """The nodes of each of the package's modules that says something of errors."""
    paths = sorted(Path(errors.__file__).parent.parent.rglob("*.py"))
    texts = {path: path.read_text() for path in paths}
    return {path: [*ast.walk(ast.parse(text))] for path, text in texts.items() if "errors" in text}


@cache
def attributes_used() -> dict[str, Path]:
    """What the package uses as ``errors.NAME``, and one place of each."""
    return {
        node.attr: path
        for path, nodes in trees().items()
        for node in nodes
        if isinstance(node, ast.Attribute)
        if isinstance(node.value, ast.Name) and node.value.id == "errors"
    }


def test_each_error_that_the_package_uses_is_there() -> None:
    assert {
        name: path for name, path in attributes_used().items() if not hasattr(errors, name)
    } == {}


def test_each_function_is_used() -> None:
    imported = {
        alias.name
        for nodes in trees().values()
        for node in nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(errors.__name__)
        for alias in node.names
    }
    assert functions().keys() - attributes_used().keys() - imported - named_in_c() == set()


def named_in_c() -> set[str]:
    """The names in native code's tables."""
    sources = Path(errors.__file__).parent.parent.rglob("*.[ch]")
    return {name for source in sources for name in re.findall(r"\bX\((\w+),", source.read_text())}


def an_argument(name: str, annotation: str) -> object:
    if annotation in ("int", "bool"):
        return 3
    return QmpError(name) if "QmpError" in annotation else name


@cache
def make(name: str) -> QmpError:
    """The error of a function, with the names of its parameters as arguments."""
    function = getattr(errors, name)
    given: dict[str, object] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.default is inspect.Parameter.empty:
            given[parameter.name] = an_argument(parameter.name, parameter.annotation)
    made = function(**given)
    assert isinstance(made, QmpError)
    return made


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_error"):
        _ = errors.no_such_error
    with pytest.raises(AttributeError):
        _ = errors._private


LAZY = """
import sys
from qmp_iothreadd import errors
layers = lambda: {name for name in sys.modules if name.startswith("qmp_iothreadd.errors.")}
errors.command_not_found("x")
assert "qmp_iothreadd.errors.request" in layers()
assert "qmp_iothreadd.errors.process" not in layers()
errors.pid_file_failed
assert "qmp_iothreadd.errors.process" in layers()
"""


def test_an_error_loads_no_more_layers_than_those_before_its_own() -> None:
    subprocess.run([sys.executable, "-c", LAZY], check=True, timeout=30)
