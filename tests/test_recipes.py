"""CONTRIBUTING.md's recipes: each applies to today's sources, and the tests that it adds pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
    ignored = shutil.ignore_patterns("__pycache__", "*.c", "*.h", "*.pyx")
    for folder in ("qmp_iothreadd", "schema"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    ignored = shutil.ignore_patterns("data", "__pycache__")
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=ignored)
    (tmp_path / "tests" / "data").symlink_to(ROOT / "tests" / "data")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    installed = Path(_engine.__file__).parents[1]
    for module in installed.rglob("*.so"):
        shutil.copy(module, tmp_path / "qmp_iothreadd" / module.relative_to(installed))
    (tmp_path / "sitecustomize.py").write_text(FIND_THE_COPY)
    return tmp_path


def apply(difference: str, source: Path, target: Path) -> list[str]:
    """Follow a difference without line numbers, from one folder to another or in one.

    Returns the paths of the files, relative to the folders.
    """
    paths = []
    for file in re.split(r"^--- .*\n", difference, flags=re.MULTILINE)[1:]:
        head, *hunks = re.split(r"^@@\n", file, flags=re.MULTILINE)
        path = head.removeprefix("+++ b/").strip()
        text = (source / path).read_text() if (source / path).exists() else ""
        for hunk in hunks:
            lines = hunk.splitlines(keepends=True)
            before = "".join([line[1:] for line in lines if line[0] != "+"])
            after = "".join([line[1:] for line in lines if line[0] != "-"])
            if before:
                assert text.count(before) == 1, f"{path}: not there, or twice:\n{before}"
            text = text.replace(before, after) if before else after
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text)
        paths.append(path)
    return paths


def run(copy: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_are_seven() -> None:
    assert len(RECIPES) == 7


@pytest.mark.parametrize("name", RECIPES)
def test_it_applies(name: str, tmp_path: Path) -> None:
    paths = apply(RECIPES[name], ROOT, tmp_path)
    if name == "An iothread parameter":
        assert len(paths) + 1 <= 4  # and bash's completion, which is made


def test_the_tests_that_they_add_pass(copy: Path) -> None:
    """In one copy, in one run: copies and the start of pytest cost more than the tests."""
    files: set[str] = set()
    added: set[str] = set()
    for name in WITHOUT_BUILD:
        paths = apply(RECIPES[name], copy, copy)
        files.update(path for path in paths if path.startswith("tests/"))
        tests = re.findall(r"^\+(?:async )?def (test_\w+)", RECIPES[name], re.MULTILINE)
        assert tests, name
        added.update(tests)
    run(copy, "-m", "qmp_iothreadd.cli.pages")
    options = ("-q", "-rp", "-p", "no:cacheprovider", "-k", " or ".join(added))
    output = run(copy, "-m", "pytest", *options, *sorted(files))
    assert added <= set(re.findall(r"^PASSED .*?::(test_\w+)", output, re.MULTILINE))
