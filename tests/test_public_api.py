"""What the package itself offers."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest

import qmp_iothreadd


@pytest.mark.parametrize("name", qmp_iothreadd.__all__)
def test_each_name_is_there_and_explained(name: str) -> None:
    value = getattr(qmp_iothreadd, name)
    assert name == "__version__" or value.__doc__
    assert name == "__version__" or name in (qmp_iothreadd.__doc__ or "")


def test_the_version_is_that_of_the_installed_package() -> None:
    assert qmp_iothreadd.__version__ == metadata.version("qmp-iothreadd")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nope'"):
        qmp_iothreadd.Nope  # noqa: B018


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        # importlib's: an editable installation finds modules with it.
        "import importlib.machinery, importlib.util, sys, typing;"
        "before = set(sys.modules); import qmp_iothreadd;"
        "print(set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "{'qmp_iothreadd'}\n"
