"""What one schema has and another one lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qmp_iothreadd.qapi.differences import loses_members

if TYPE_CHECKING:
    from tests.qapi.conftest import LoadText

SCHEMA = """
{ 'enum': 'Kind', 'data': ['disk', 'net'] }
{ 'struct': 'Disk', 'data': { 'file': 'str', '*size': 'int' } }
{ 'struct': 'Net', 'data': { 'mac': 'str' } }
{ 'union': 'Device', 'base': { 'kind': 'Kind', 'id': 'str', '*slot': 'int' },
  'discriminator': 'kind', 'data': { 'disk': 'Disk', 'net': 'Net' } }
{ 'struct': 'Tree', 'data': { 'name': 'str', '*colour': 'str', 'below': ['Tree'] } }
{ 'alternate': 'TreeOrName', 'data': { 'tree': 'Tree', 'name': 'str' } }
{ 'struct': 'All', 'data': { 'devices': ['Device'], '*any': 'TreeOrName' } }
{ 'command': 'all', 'returns': 'All' }
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'file': 'str', '*size': 'int'", "'file': 'str'"),
        ("'mac': 'str'", ""),
        ("'mac': 'str'", "'address': 'str'"),
        (", '*slot': 'int'", ""),
        ("'*colour': 'str', ", ""),
        (", '*any': 'TreeOrName'", ""),
    ],
    ids=["of a branch", "all", "by its name", "of a base", "of what holds itself", "of a struct"],
)
def test_lost_members(load_text: LoadText, old: str, new: str) -> None:
    made = load_text(SCHEMA).types["All"]
    assert old in SCHEMA
    wanted = load_text(SCHEMA.replace(old, new)).types["All"]
    assert loses_members(made, wanted)
    assert loses_members(wanted, made) == ("address" in new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("'name': 'str', '*colour'", "'name': 'int', '*colour'"),
        ("'*colour': 'str'", "'colour': 'str', '*age': 'int'"),
        ("['disk', 'net']", "['disk', 'net', 'usb']"),
    ],
    ids=["equal", "another type", "a member more", "a branch more"],
)
def test_other_differences_lose_nothing(load_text: LoadText, old: str, new: str) -> None:
    made = load_text(SCHEMA).types["All"]
    assert not loses_members(made, made)
    assert not loses_members(made, load_text(SCHEMA.replace(old, new)).types["All"])
