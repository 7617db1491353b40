"""What the documents name is there: files, links, and what examples import."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "qmp_iothreadd"
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FOLDERS = {each.name for each in (*ROOT.iterdir(), *PACKAGE.iterdir()) if each.is_dir()}

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def prose(document: Path) -> str:
    return re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)


def paths(text: str) -> Iterator[str]:
    """What stands between backticks and looks like a path of this repository."""
    for name in re.findall(r"`([\w./-]+)", text):
        first, slash, _ = name.partition("/")
        is_source = re.fullmatch(r"[a-z_]+\.(py|pyx|pxi|[ch])", name)
        if is_source or (slash and first in FOLDERS):
            yield name


@each_document
def test_paths_exist(document: Path) -> None:
    named = list(paths(prose(document)))
    files = {each.name for folder in (PACKAGE, ROOT / "tests") for each in folder.rglob("*.*")}
    missing = [
        path
        for path in named
        if not ((ROOT / path).exists() or (PACKAGE / path).exists() or path in files)
    ]
    assert missing == []


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", prose(document))
    assert [link for link in links if not (document.parent / link).exists()] == []


@each_document
def test_what_examples_import_is_there(document: Path) -> None:
    imports = re.findall(
        r"^ *from (qmp_iothreadd[\w.]*) import ([\w, ]+)", document.read_text(), re.M
    )
    for module, names in imports:
        for name in names.split(", "):
            assert hasattr(importlib.import_module(module), name), f"{module}.{name}"


def test_paths_are_found() -> None:
    text = "`docs/no-such.md`, `json/reader.py`, `fdmon.h`, `util/x.c`, `/tmp/a.c`, `a.json`, `X.c`"
    assert list(paths(text)) == ["docs/no-such.md", "json/reader.py", "fdmon.h"]
