"""CONTRIBUTING.md's recipes: each applies to today's sources, and the tests that it adds pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qmp_iothreadd.daemon import _signalfd
from qmp_iothreadd.iothread import _engine

ROOT = Path(__file__).parents[1]
RECIPES = dict(
    re.findall(
        r"^### (.+?)\n.*?^```diff\n(.*?)^```$",
        (ROOT / "CONTRIBUTING.md").read_text().partition("## Recipes")[2],
        re.MULTILINE | re.DOTALL,
    )
)
WITHOUT_BUILD = [name for name, text in RECIPES.items() if "/native/" not in text]

# Python finds the copy, not what this environment has installed, in child processes too.
FIND_THE_COPY = """
import sys
sys.meta_path[:] = [each for each in sys.meta_path if "_editable" not in type(each).__module__]
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the sources, with the native modules that are installed here."""
    for folder in ("qmp_iothreadd", "schema", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("data"))
    (tmp_path / "tests" / "data").symlink_to(ROOT / "tests" / "data")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(_engine.__file__, tmp_path / "qmp_iothreadd" / "iothread")
    shutil.copy(_signalfd.__file__, tmp_path / "qmp_iothreadd" / "daemon")
    (tmp_path / "sitecustomize.py").write_text(FIND_THE_COPY)
    return tmp_path


def apply(difference: str, folder: Path) -> list[str]:
    """Follow a difference without line numbers; returns the paths of the files."""
    paths = []
    for file in re.split(r"^--- .*\n", difference, flags=re.MULTILINE)[1:]:
        head, *hunks = re.split(r"^@@\n", file, flags=re.MULTILINE)
        path = folder / head.removeprefix("+++ b/").strip()
        text = path.read_text() if path.exists() else ""
        for hunk in hunks:
            lines = hunk.splitlines(keepends=True)
            before = "".join([line[1:] for line in lines if line[0] != "+"])
            after = "".join([line[1:] for line in lines if line[0] != "-"])
            if before:
                assert text.count(before) == 1, f"{path.name}: not there, or twice:\n{before}"
            text = text.replace(before, after) if before else after
        path.write_text(text)
        paths.append(str(path.relative_to(folder)))
    return paths


def run(copy: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_seven() -> None:
    assert len(RECIPES) == 7


@pytest.mark.parametrize("name", RECIPES)
def test_it_applies(name: str, copy: Path) -> None:
    paths = apply(RECIPES[name], copy)
    if name == "An iothread parameter":
        assert len(paths) + 1 <= 4  # and bash's completion, which is made


@pytest.mark.parametrize("name", WITHOUT_BUILD)
def test_the_tests_that_it_adds_pass(name: str, copy: Path) -> None:
    paths = apply(RECIPES[name], copy)
    run(copy, "-m", "qmp_iothreadd.cli.pages")
    added = re.findall(r"^\+(?:async )?def (test_\w+)", RECIPES[name], re.MULTILINE)
    assert added
    tests = [path for path in paths if path.startswith("tests/")]
    run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", " or ".join(added))
