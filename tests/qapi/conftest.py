"""What the tests of the QAPI front end share."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from qmp_iothreadd.qapi.schema import Schema

    LoadText = Callable[..., Schema]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what comes out of the golden schemas instead of comparing with it",
    )


@pytest.fixture
def load_text(tmp_path: Path) -> LoadText:
    """Load a schema from its text: ``load_text(text, *symbols)``."""
    from qmp_iothreadd.qapi.load import load

    def load_it(text: str, *symbols: str) -> Schema:
        file = tmp_path / "schema.json"
        file.write_text(text)
        return load(str(file), frozenset(symbols))

    return load_it


@pytest.fixture(scope="session")
def bigschema() -> ModuleType:
    """The generator of a large schema, which is a script beside this file."""
    spec = importlib.util.spec_from_file_location(
        "bigschema", Path(__file__).with_name("bigschema.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
