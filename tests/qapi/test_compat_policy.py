"""-compat: what is deprecated or unstable is refused on its way in, or left out on its way out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi import Schema, load_schema
from qmp_iothreadd.qapi.compat_policy import CompatPolicy

SCHEMA = """
{ 'enum': 'Colour', 'data': [ 'red', { 'name': 'mauve', 'features': [ 'deprecated' ] } ] }
{ 'struct': 'Inner', 'data': { '*old': { 'type': 'int', 'features': [ 'deprecated' ] },
                               '*new': 'int' } }
{ 'struct': 'Alone', 'data': { '*wild': { 'type': 'int', 'features': [ 'unstable' ] } } }
{ 'union': 'Either', 'base': { 'kind': 'Colour' }, 'discriminator': 'kind',
  'data': { 'red': 'Alone' } }
{ 'alternate': 'Other', 'data': { 'n': 'int', 'inner': 'Inner' } }
{ 'struct': 'Everything',
  'data': { '*colour': 'Colour', '*inner': 'Inner', '*inners': [ 'Inner' ], '*either': 'Either',
            '*other': 'Other' } }
{ 'command': 'fine', 'data': 'Everything', 'returns': 'Everything' }
{ 'command': 'old', 'features': [ 'deprecated' ] }
{ 'command': 'x-wild', 'features': [ 'unstable' ] }
{ 'event': 'OLD', 'features': [ 'deprecated' ] }
{ 'event': 'FINE' }
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    path = tmp_path_factory.mktemp("compat") / "schema.json"
    path.write_text(SCHEMA)
    return load_schema(str(path))


@pytest.mark.parametrize(
    ("policy", "refused"),
    [
        ({}, {}),
        ({"deprecated-input": "accept"}, {}),
        (
            {"deprecated-input": "reject"},
            {"old": "CommandNotFound: Deprecated command old disabled by policy"},
        ),
        (
            {"unstable-input": "reject"},
            {"x-wild": "CommandNotFound: Unstable command x-wild disabled by policy"},
        ),
    ],
)
def test_commands(schema: Schema, policy: dict[str, str], refused: dict[str, str]) -> None:
    found: dict[str, str] = {}
    for name, command in schema.commands.items():
        try:
            CompatPolicy(policy).check_command(command)
        except QmpError as error:
            found[name] = f"{error.error_class}: {error.desc}"
    assert found == refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"colour": "mauve"}, "Deprecated value mauve disabled by policy"),
        ({"inner": {"old": 1}}, "Deprecated parameter old disabled by policy"),
        ({"inners": [{}, {"old": 1}]}, "Deprecated parameter old disabled by policy"),
        ({"either": {"kind": "red", "wild": 1}}, "Unstable parameter wild disabled by policy"),
        ({"other": {"old": 1}}, "Deprecated parameter old disabled by policy"),
    ],
)
def test_arguments(schema: Schema, arguments: dict[str, Any], message: str) -> None:
    described = schema.commands["fine"].arg_type
    CompatPolicy({}).check_value(described, arguments)
    policy = CompatPolicy({"deprecated-input": "reject", "unstable-input": "reject"})
    with pytest.raises(QmpError, match=message) as caught:
        policy.check_value(described, arguments)
    assert caught.value.error_class == "GenericError"


@pytest.mark.parametrize(
    "arguments",
    [
        {"colour": "red", "inner": {"new": 1}, "inners": [{}], "other": 3},
        {"inner": 3, "inners": "x", "either": {}, "unknown": 1},  # for others to refuse
        {"other": True, "either": {"kind": "nope", "wild": 1}},
    ],
)
def test_what_is_not_affected(schema: Schema, arguments: dict[str, Any]) -> None:
    policy = CompatPolicy({"deprecated-input": "reject", "unstable-input": "reject"})
    policy.check_value(schema.commands["fine"].arg_type, arguments)


def test_members_are_left_out(schema: Schema) -> None:
    value = {
        "inner": {"old": 1, "new": 2},
        "inners": [{"old": 1}],
        "either": {"kind": "red", "wild": 1},
        "other": {"old": 1},
        "not-described": 1,
    }
    described = schema.commands["fine"].ret_type
    assert CompatPolicy({}).stripped(described, value) == value
    assert CompatPolicy({"deprecated-output": "hide"}).stripped(described, value) == {
        "inner": {"new": 2},
        "inners": [{}],
        "either": {"kind": "red", "wild": 1},
        "other": {},
        "not-described": 1,
    }
    hidden = CompatPolicy({"unstable-output": "hide"}).stripped(described, value)
    assert hidden["either"] == {"kind": "red"}
    assert CompatPolicy({"unstable-output": "hide"}).stripped(described, 3) == 3


def test_events_are_left_out(schema: Schema) -> None:
    policy = CompatPolicy({"deprecated-output": "hide"})
    assert policy.hides_event(schema.events["OLD"])
    assert not policy.hides_event(schema.events["FINE"])


def test_crash_ends_the_process(schema: Schema, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(SCHEMA)
    code = (
        "from qmp_iothreadd.qapi import load_schema\n"
        "from qmp_iothreadd.qapi.compat_policy import CompatPolicy\n"
        f"command = load_schema({str(path)!r}).commands['old']\n"
        "CompatPolicy({'deprecated-input': 'crash'}).check_command(command)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert done.returncode == -6
