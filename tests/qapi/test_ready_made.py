"""The package's schema as its build makes it ready."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.json import writer
from qmp_iothreadd.json.encoded_once import EncodedText
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.qapi import cache, load_schema, ready_made, shipped
from qmp_iothreadd.qapi.introspect import introspect
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path
from qmp_iothreadd.qapi.prepare import prepare
from qmp_iothreadd.qapi.ready_made import ready_made_introspection, ready_made_schema
from qmp_iothreadd.qapi.serialization import serialize
from qmp_iothreadd.testing.memory import MemoryClient

TEXT = "{ 'include': 'more.json' } { 'command': 'one', 'data': { 'a': 'int' } }"
MORE = "{ 'command': 'two', 'data': { 'b': 'str' } }"


@pytest.fixture(autouse=True)
def _nothing_read() -> Iterator[None]:
    before = ready_made._read
    yield
    ready_made._read = before


@pytest.fixture
def top(tmp_path: Path) -> str:
    """A small schema that was made ready."""
    folder = tmp_path / "schema"
    folder.mkdir()
    (folder / "more.json").write_text(MORE)
    (folder / "top.json").write_text(TEXT)
    prepare(str(folder / "top.json"), tmp_path)
    return str(folder / "top.json")


def beside(top: str, kind: str) -> Path:
    """A file that was made ready."""
    return Path(os.path.dirname(top) + kind)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The package's schema, as it is where the package is installed."""
    folder = tmp_path_factory.mktemp("installed") / "schema"
    shutil.copytree(os.path.dirname(packaged_schema_path()), folder)
    command = [sys.executable, "-m", "qmp_iothreadd.qapi.prepare", str(folder.parent)]
    subprocess.run(command, check=True, timeout=60)
    return str(folder / "qapi-schema.json")


def test_it_is_the_parsed_one(top: str) -> None:
    made, parsed = ready_made_schema(top), load_schema(top)
    assert made is not None
    assert serialize(made) == serialize(parsed)
    assert list(made.files) == list(parsed.files)
    assert ready_made_introspection(made) == writer.dumps(introspect(parsed)).decode()
    assert ready_made_introspection(parsed) is None


def test_where_it_was_not_made_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "top.json").write_text(TEXT)
    assert ready_made_schema(str(tmp_path / "top.json")) is None


def test_the_same_content_written_again_is_the_same(top: str) -> None:
    Path(top).write_text(TEXT)
    assert ready_made_schema(top) is not None


@pytest.mark.parametrize("text", [MORE.replace("two", "six"), MORE + " "])
def test_a_file_that_says_something_else_makes_it_void(top: str, text: str) -> None:
    (Path(top).parent / "more.json").write_text(text)
    assert ready_made_schema(top) is None


def test_a_file_that_is_gone_makes_it_void(top: str) -> None:
    (Path(top).parent / "more.json").unlink()
    assert ready_made_schema(top) is None


def test_older_files_are_not_read(top: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = beside(top, ready_made.SCHEMA)
    os.utime(prepared)  # its ctime is now
    before = prepared.stat().st_ctime_ns
    while os.stat(top).st_ctime_ns >= prepared.stat().st_ctime_ns:
        os.utime(prepared)
    assert before
    monkeypatch.setattr(ready_made, "digest", lambda data: pytest.fail("it was read"))
    assert ready_made_schema(top) is not None


@pytest.mark.parametrize("data", [b"", b"i\0\0\0\0", b"()", b"\x00" * 100, b"[" * 9])
def test_what_cannot_be_read_counts_as_none(top: str, data: bytes) -> None:
    beside(top, ready_made.SCHEMA).write_bytes(data)
    assert ready_made_schema(top) is None


def test_a_text_that_is_gone_or_wrong_counts_as_none(top: str) -> None:
    made = ready_made_schema(top)
    assert made is not None
    text = beside(top, ready_made.INTROSPECTION)
    text.write_bytes(b"\xff")
    assert ready_made_introspection(made) is None
    text.unlink()
    assert ready_made_introspection(made) is None


def test_a_start_takes_it_and_parses_nothing(
    installed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(path: str, **given: Any) -> Any:
        parsed.append((path, given.get("version")))
        return load_schema(path, **given)

    parsed: list[Any] = []
    for module in (cache, shipped):
        monkeypatch.setattr(module, "packaged_schema_path", lambda: installed)
    monkeypatch.setattr(cache, "load_schema", refuse)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = shipped.served_schema()
    assert found.files[0] == installed
    assert not (tmp_path / "cache").exists()
    assert not parsed
    shipped.served_schema(version=(8, 2))
    assert parsed == [(installed, (8, 2))]


# -- The reply to query-qmp-schema -----------------------------------------------------------------


@pytest.fixture
def make_client(
    installed: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., MemoryClient]]:
    schema = ready_made_schema(installed)
    assert schema is not None
    monkeypatch.setattr("qmp_iothreadd.qapi.shipped.packaged_schema_path", lambda: installed)

    with ExitStack() as stack:

        def make(*, check_replies: bool = False) -> MemoryClient:
            machine = Machine(schema, Models(schema), check_replies=check_replies)
            client = stack.enter_context(MemoryClient(machine))
            client.negotiate()
            return client

        yield make


def test_the_reply_is_the_text(make_client: Callable[..., MemoryClient]) -> None:
    client = make_client()
    machine = client.machine
    assert isinstance(machine.introspection_to_send(), EncodedText)
    assert client.execute("query-qmp-schema") == machine.introspection()


def test_who_looks_into_it_gets_the_value(make_client: Callable[..., MemoryClient]) -> None:
    machine = make_client(check_replies=True).machine
    assert machine.introspection_to_send() is machine.introspection()


def test_indented_it_is_the_same(make_client: Callable[..., MemoryClient]) -> None:
    machine = make_client().machine
    text = {"return": machine.introspection_to_send()}
    assert writer.dumps(text, pretty=True) == writer.dumps(
        {"return": machine.introspection()}, pretty=True
    )
