"""What a schema has as of a version of QEMU, and that ours says since when there is what it has."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.qapi import Schema, load_schema
from qmp_iothreadd.qapi.introspect import introspect
from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path
from qmp_iothreadd.qapi.parser import Parser
from qmp_iothreadd.qapi.since import members_since, since
from tests.qapi.test_qemus_schema import Comparison, Entities

SCHEMA = """
##
# @Kind:
#
# @plain: a value
#
# @late: a value (since 8.1)
#
# Since: 2.0
##
{ 'enum': 'Kind', 'data': [ 'plain', 'late' ] }

##
# @Late:
#
# Since: 8.1
##
{ 'struct': 'Late', 'data': { 'inside': 'int' } }

##
# @Old:
#
# @a: what was always there
##
{ 'struct': 'Old', 'data': { 'a': 'int' } }

##
# @Choice:
#
# @common: an anonymous base's
#
# @newer: the same, with a text over more
#     than a line (default: 1; since 9.2.1)
#
#     and a second paragraph
##
{ 'union': 'Choice',
  'base': { 'kind': 'Kind', '*common': 'int', '*newer': 'int' },
  'discriminator': 'kind',
  'data': { 'plain': 'Old', 'late': 'Late' } }

##
# @Either:
#
# @one: since 3.0
#
# @other: it stands since 3.0 in no brackets
##
{ 'alternate': 'Either', 'data': { 'one': 'bool', 'other': 'Old' } }

##
# @ask:
#
# @how: (Since: 10.0)
#
# @why: a text
#
# Features:
#
# @unstable: (since 99.0)
#
# Returns: it
##
{ 'command': 'ask', 'data': { '*how': 'Kind', '*why': 'Either' },
  'returns': 'Choice', 'features': [ 'unstable' ] }

##
# @HAPPENED:
#
# Since: QEMU 8.1
##
{ 'event': 'HAPPENED' }

{ 'command': 'undocumented' }
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "schema.json"
    file.write_text(SCHEMA)
    return str(file)


def described(schema: Schema) -> dict[str, set[str]]:
    """The names of members, values and branches of the types."""
    kind: Any = schema.types["Kind"]
    choice: Any = schema.types["Choice"]
    either: Any = schema.types["Either"]
    arguments: Any = schema.commands["ask"].arg_type
    return {
        "values": {each.name for each in kind.members},
        "members": {each.name for each in choice.members},
        "branches": set(choice.variants.cases),
        "alternatives": {each.name for each in either.branches},
        "arguments": {each.name for each in arguments.members},
        "commands and events": {*schema.commands, *schema.events},
    }


EVERYTHING = {
    "values": {"plain", "late"},
    "members": {"kind", "common", "newer"},
    "branches": {"plain", "late"},
    "alternatives": {"one", "other"},
    "arguments": {"how", "why"},
    "commands and events": {"ask", "undocumented", "HAPPENED"},
}


def test_everything_is_there_where_no_version_is_asked_for(path: str) -> None:
    schema = load_schema(path)
    assert schema.version is None
    assert described(schema) == EVERYTHING


@pytest.mark.parametrize("version", [(10, 0), (11, 1), (99, 0)])
def test_everything_is_there_in_the_version_in_which_it_came(
    path: str, version: tuple[int, int]
) -> None:
    schema = load_schema(path, version=version)
    assert schema.version == version
    assert described(schema) == EVERYTHING


def test_what_came_later_is_not_there(path: str) -> None:
    assert described(load_schema(path, version=(9, 1))) == {
        **EVERYTHING,
        "members": {"kind", "common"},
        "arguments": {"why"},
    }
    assert described(load_schema(path, version=(2, 12))) == {
        "values": {"plain"},
        "members": {"kind", "common"},
        "branches": {"plain"},
        "alternatives": {"other"},
        "arguments": {"why"},
        "commands and events": {"ask", "undocumented"},
    }


def test_versions_are_numbers(path: str) -> None:
    assert "HAPPENED" not in load_schema(path, version=(2, 12)).events
    assert "HAPPENED" in load_schema(path, version=(10, 0)).events


# -- The packaged schema ---------------------------------------------------------------------------


def test_each_definition_of_qemus_says_since_when_it_is_there() -> None:
    parser = Parser()
    parser.read_top(packaged_schema_path())
    silent = [
        each.doc.symbol
        for each in parser.definitions
        if each.doc is not None
        and since(each.doc) is None
        and not each.location.file.endswith("-x.json")
    ]
    assert silent == []


def test_no_fact_is_of_a_version_that_is_not_served_yet() -> None:
    parser = Parser()
    parser.read_top(packaged_schema_path())
    docs = [each.doc for each in parser.definitions if each.doc is not None]
    said = {version for doc in docs for version in [since(doc), *members_since(doc).values()]}
    newest = max(version for version in said if version is not None)
    assert newest == (11, 1)
    assert len(said) > 40


def test_a_union_whose_discriminator_came_later_was_a_struct(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    text = SCHEMA.replace("# @common:", "# @kind: (since 9.0)\n#\n# @common:")
    file.write_text(text)
    choice: Any = load_schema(str(file), version=(8, 2)).types["Choice"]
    assert [member.name for member in choice.members] == ["common"]
    assert choice.variants is None


@pytest.mark.parametrize("version", [(0, 14), (2, 5), (2, 12), (6, 0), (8, 2), (10, 0)])
def test_an_older_schema_can_be_introspected(version: tuple[int, int]) -> None:
    found = Entities(introspect(load_schema(version=version)))
    newer = Entities(introspect(load_schema()))
    extra = set(Comparison(newer, found).entry_points())
    assert {each for each in extra if any(word in each for word in MORE)} == set()
    assert any(each.startswith("no command") for each in extra)


#: How the comparison says that there is more than there should be.
MORE = (": command", ": event", ": member ", ": value ", ": branch ")
#: What Debian's QEMU 7.2 for x86-64 was built without, or has for other targets.
NOT_BUILT = (
    "io_uring",
    "nvme-io_uring",
    "virtio-blk-",
    "dump-skeys: command",
    "query-cpu-model-",
    "query-gic-capabilities: command",
)
#: What QEMU 7.2 had, and has in another type now.
OTHER_TYPES = (
    "query-block-jobs: branch ",
    "query-sev: branch ",
)


def test_version_7_2_is_the_real_ones(tmp_path: Path) -> None:
    """Nothing more than QEMU 7.2 has, but for what is ours, or has become another type."""
    program = shutil.which("qemu-system-x86_64")
    if program is None:
        pytest.skip("there is no qemu-system-x86_64")
    requests = b'{"execute":"qmp_capabilities"}{"execute":"query-qmp-schema"}{"execute":"quit"}'
    done = subprocess.run(
        [program, "-M", "none", "-display", "none", "-qmp", "stdio"],
        input=requests,
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    version = messages[0]["QMP"]["version"]["qemu"]
    if (version["major"], version["minor"]) != (7, 2):
        pytest.skip("the QEMU that is here is not 7.2")
    (theirs,) = [each["return"] for each in messages if isinstance(each.get("return"), list)]
    ours = introspect(load_schema(version=(7, 2)))
    found = Comparison(Entities(theirs), Entities(ours)).entry_points()
    more = {each for each in found if any(word in each for word in MORE)}
    known = (*NOT_BUILT, *OTHER_TYPES, "x-")
    assert {each for each in more if not any(part in each for part in known)} == set()
