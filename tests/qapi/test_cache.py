"""The cache of checked schemas."""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from qmp_iothreadd.qapi import QAPIError, Schema, cache, load_schema
from qmp_iothreadd.qapi.cache import load_schema_cached
from qmp_iothreadd.qapi.introspect import introspect
from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path
from qmp_iothreadd.qapi.ready_made import digest
from qmp_iothreadd.qapi.serialization import serialize

TEXT = "{ 'include': 'more.json' } { 'command': 'one', 'data': { 'a': 'int' } }"
MORE = "{ 'command': 'two', 'data': { 'b': 'str' }, 'if': 'CONFIG_TWO' }"


class Files:
    """A schema of two files in a folder of its own, beside a cache."""

    def __init__(self, folder: Path) -> None:
        self.top = folder / "schema.json"
        self.more = folder / "more.json"
        self.cache = folder / "cache"
        self.write(self.top, TEXT)
        self.write(self.more, MORE)

    def write(self, path: Path, text: str) -> None:
        path.write_text(text)
        time.sleep(0.03)  # what has just been changed is not cached

    def load(self, *config: str) -> Schema:
        return load_schema_cached(str(self.top), config=set(config), cache_dir=str(self.cache))

    def entries(self) -> list[Path]:
        return sorted(self.cache.iterdir()) if self.cache.exists() else []


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the schemas that were parsed, not read from the cache."""
    parsed = []

    def spy(path: str, **options: Any) -> Schema:
        parsed.append(path)
        return load_schema(path, **options)

    monkeypatch.setattr(cache, "load_schema", spy)
    return parsed


def without_documentation(schema: Schema) -> object:
    for entity in schema.definitions.values():
        entity.doc = None
    return serialize(schema)


def test_a_schema_from_the_cache_is_the_parsed_one(files: Files, parses: list[str]) -> None:
    first, second = files.load(), files.load()
    assert parses == [str(files.top)]
    parsed = load_schema(str(files.top))
    assert serialize(first) == serialize(second) == without_documentation(parsed)
    assert introspect(second) == introspect(parsed)


def test_the_embedded_schema_is_the_default(tmp_path: Path, parses: list[str]) -> None:
    for _ in range(2):
        schema = load_schema_cached(cache_dir=str(tmp_path))
    assert parses == [packaged_schema_path()]
    assert "object-add" in schema.commands


def test_a_change_of_an_included_file_is_seen(files: Files) -> None:
    assert "two" in files.load("CONFIG_TWO").commands
    files.write(files.more, MORE.replace("two", "three"))
    assert "three" in files.load("CONFIG_TWO").commands


def test_a_missing_file_is_the_parsers_business(files: Files) -> None:
    files.load()
    files.more.unlink()
    with pytest.raises(QAPIError):
        files.load()


def test_configurations_do_not_mix(files: Files, parses: list[str]) -> None:
    for _ in range(2):
        assert list(files.load().commands) == ["one"]
        assert set(files.load("CONFIG_TWO").commands) == {"one", "two"}
    assert len(parses) == 2


def test_versions_do_not_mix(files: Files, parses: list[str]) -> None:
    files.write(files.top, "##\n# @one:\n#\n# Since: 8.2\n##\n{ 'command': 'one' }")
    found = [
        load_schema_cached(str(files.top), version=version, cache_dir=str(files.cache))
        for version in [(8, 1), None, (8, 2)] * 2
    ]
    assert [list(schema.commands) for schema in found] == [[], ["one"], ["one"]] * 2
    assert [schema.version for schema in found] == [(8, 1), None, (8, 2)] * 2
    assert len(parses) == 3


def test_errors_are_not_cached(files: Files) -> None:
    files.write(files.top, "{ 'command': 'one', 'data': 'nothing' }")
    for _ in range(2):
        with pytest.raises(QAPIError, match="nothing"):
            files.load()
    assert files.entries() == []


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def emptied(data: bytes) -> bytes:
    return b""


def with_a_bit_flipped(data: bytes) -> bytes:
    return data[:-7] + bytes([data[-7] ^ 1]) + data[-6:]


@pytest.mark.parametrize("damage", [truncated, emptied, with_a_bit_flipped])
def test_a_damaged_entry_is_replaced(
    files: Files, parses: list[str], damage: Callable[[bytes], bytes]
) -> None:
    files.load()
    (entry,) = files.entries()
    good = entry.read_bytes()
    entry.write_bytes(damage(good))
    assert "one" in files.load().commands
    files.load()
    assert len(parses) == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_damage_is_noticed(files: Files, data: st.DataObject) -> None:
    files.load()
    (entry,) = files.entries()
    good = entry.read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    junk = data.draw(st.binary(max_size=40))
    entry.write_bytes(good[:at] + junk + good[at + data.draw(st.integers(0, 40)) :])
    assert list(files.load().commands) == ["one"]
    assert cache._read(str(entry)) is not None


def test_a_folder_that_cannot_be_written_does_no_harm(files: Files, parses: list[str]) -> None:
    files.cache.write_text("a file where the folder should be")
    for _ in range(2):
        assert "one" in files.load().commands
    assert len(parses) == 2


def test_an_entry_that_cannot_be_replaced_leaves_no_half_written_file(
    files: Files, parses: list[str]
) -> None:
    files.load()
    (entry,) = files.entries()
    entry.unlink()
    (entry / "a folder where the file should be").mkdir(parents=True)
    assert "one" in files.load().commands
    assert files.entries() == [entry]
    assert len(parses) == 2


def test_a_file_changed_while_it_was_parsed_is_not_cached(files: Files) -> None:
    files.more.write_text(MORE)  # too recently to tell before from after
    started_ns = time.time_ns() - 10**9
    entry = str(files.cache / "entry.schema")
    cache._write(entry, load_schema(str(files.top)), started_ns)
    assert files.entries() == []


def test_the_number_of_entries_is_bounded(
    files: Files, parses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 3)
    for index in range(4):
        files.load(f"CONFIG_{index}")
        files.load()  # used every time, and therefore kept
        time.sleep(0.02)
    assert len(files.entries()) == 3
    del parses[:]
    files.load()
    files.load("CONFIG_3")
    assert parses == []
    files.load("CONFIG_0")
    assert len(parses) == 1


def test_an_entry_of_another_user_is_not_read(
    files: Files, parses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files.load()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    files.load()
    assert len(parses) == 2


def test_the_folder_is_private_and_holds_nothing_but_entries(files: Files) -> None:
    files.load()
    assert files.cache.stat().st_mode & 0o777 == 0o700
    assert [entry.suffix for entry in files.entries()] == [".schema"]


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/qmp-iothreadd"),
        ({"XDG_CACHE_HOME": "not/absolute", "HOME": "/h"}, "/h/.cache/qmp-iothreadd"),
        ({"HOME": "/h"}, "/h/.cache/qmp-iothreadd"),
        ({"HOME": "not/absolute"}, None),
    ],
)
def test_the_folder_is_the_users(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], folder: str | None
) -> None:
    monkeypatch.setattr(os, "environ", variables)
    assert cache._default_folder() == folder


def test_processes_that_write_at_once_leave_one_good_entry(files: Files, parses: list[str]) -> None:
    program = (
        "import sys; from qmp_iothreadd.qapi.cache import load_schema_cached;"
        "assert 'one' in load_schema_cached(sys.argv[1], cache_dir=sys.argv[2]).commands"
    )
    command = [sys.executable, "-c", program, str(files.top), str(files.cache)]
    running = [subprocess.Popen(command) for _ in range(6)]
    assert [process.wait(timeout=60) for process in running] == [0] * 6
    assert len(files.entries()) == 1
    files.load()
    assert parses == []


def test_a_schema_of_qemus_size_loads_in_under_100_ms(
    tmp_path: Path, bigschema: ModuleType, parses: list[str]
) -> None:
    bigschema.generate(tmp_path / "big")
    top = str(tmp_path / "big" / "qapi-schema.json")
    time.sleep(0.03)
    folder = str(tmp_path / "cache")
    load_schema_cached(top, cache_dir=folder)
    spent = []
    for _ in range(3):  # the best of three: a busy machine's caches cost time of the processor too
        started = time.process_time()
        schema = load_schema_cached(top, cache_dir=folder)
        spent.append(time.process_time() - started)
    assert min(spent) < 0.1
    assert parses == [top]
    assert len(schema.commands) >= 240


def test_what_others_put_into_the_folder_stays(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 1)
    files.load()
    foreign = [files.cache / name for name in ("notes.txt", "mine.schema", f"{'0' * 64}.json")]
    for path in foreign:
        path.touch()
    files.load("CONFIG_1")
    entries = files.entries()
    assert set(foreign) < set(entries)
    assert len(entries) == len(foreign) + 1


def a_fifo(entry: Path) -> None:
    os.mkfifo(entry)


def a_link(entry: Path) -> None:
    target = entry.with_name("target")
    target.write_bytes(b"")
    entry.symlink_to(target)


def too_large(entry: Path) -> None:
    with entry.open("wb") as file:
        file.truncate(cache.MAX_ENTRY_BYTES + 1)


def right_in_digest_alone(entry: Path) -> None:
    data = marshal.dumps(([], ("not", "a", "schema")))
    entry.write_bytes(digest(data) + data)


@pytest.mark.parametrize("put", [a_fifo, a_link, too_large, right_in_digest_alone])
def test_what_is_no_entry_counts_as_none(
    files: Files, parses: list[str], put: Callable[[Path], None]
) -> None:
    files.load()
    (entry,) = files.entries()
    entry.unlink()
    put(entry)
    assert "one" in files.load().commands
    files.load()
    assert len(parses) == 2  # it was replaced


def test_what_is_too_large_is_not_written(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRY_BYTES", 10)
    files.load()
    assert files.entries() == []
