"""A schema with a member of every kind that options can describe."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.schema import ObjectType

SCHEMA = """
{ 'enum': 'Kind', 'data': ['thing', 'other', 'bare'] }
{ 'enum': 'Colour', 'data': ['red', 'green'] }
{ 'struct': 'Limits', 'data': { '*total': 'int', '*rate': 'number' } }
{ 'alternate': 'Ref', 'data': { 'name': 'str', 'definition': 'Limits' } }
{ 'alternate': 'Wordless', 'data': { 'definition': 'Limits', 'flag': 'bool' } }
{ 'struct': 'Thing',
  'data': { '*count': 'int', '*small': 'uint8', '*offset': 'int16', '*big': 'uint64',
            '*length': 'size', '*flag': 'bool', '*ratio': 'number', '*label': 'str',
            '*colour': 'Colour', '*limits': 'Limits', '*cpus': ['uint16'],
            '*deltas': ['int'], '*words': ['str'], '*colours': ['Colour'],
            '*parts': ['Limits'], '*ref': 'Ref', '*wordless': 'Wordless', '*nothing': 'null',
            '*anything': 'any', '*wrapped': ['Word'], '*lists': ['Words'] } }
{ 'struct': 'Word', 'data': { 'str': 'str' } }
{ 'struct': 'Words', 'data': { 'words': ['str'] } }
{ 'struct': 'Other', 'data': { 'must': 'str' } }
{ 'union': 'Options',
  'base': { 'type': 'Kind', 'id': 'str' },
  'discriminator': 'type',
  'data': { 'thing': 'Thing', 'other': 'Other' } }
{ 'command': 'use', 'boxed': true, 'data': 'Options' }
"""


@pytest.fixture(scope="session")
def options_type(tmp_path_factory: pytest.TempPathFactory) -> ObjectType:
    """The union Options of the schema above."""
    path = Path(tmp_path_factory.mktemp("schema")) / "schema.json"
    path.write_text(SCHEMA)
    found = load_schema(str(path)).types["Options"]
    assert isinstance(found, ObjectType)
    return found
