"""A file of responses."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmp_iothreadd.errors import LocatedError, QmpError
from qmp_iothreadd.scripting.response_file import respond_from_file
from qmp_iothreadd.testing import MemoryClient


def test_each_line_is_a_response(client: MemoryClient, tmp_path: Path) -> None:
    path = tmp_path / "responses"
    path.write_text(
        """# what a client may meet
{"command": "query-name", "value": [{"name": "a"}]}

  # the second call
{"command": "query-name", "error": "busy", "error-class": "Busy", "nth": 2}\r
{"command": "frob", "arguments": {"n": "int"}}"""
    )
    respond_from_file(client.machine, str(path))
    assert client.execute("query-name") == {"name": "a"}
    assert client.request("query-name") == {"error": {"class": "Busy", "desc": "busy"}}
    assert client.execute("query-name") == {}
    assert client.execute("frob", {"n": 1}) == {}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[]", 'A response is an object, such as {"command": "stop", "error": "busy"}'),
        ("{]", "1:2: JSON parse error, expecting key"),
        ('{"command": "stop"} {}', "Expecting at most one JSON value"),
        ("{}", "Parameter 'command' is missing"),
        ('{"command": "stop", "odd": 1}', "Parameter 'odd' is unexpected"),
        ('{"command": "stop", "nth": 0}', "The 'nth' call of 'stop' that is answered is a number"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(
    client: MemoryClient, tmp_path: Path, line: str, message: str
) -> None:
    path = tmp_path / "responses"
    path.write_text(f"\n{line}\n")
    with pytest.raises(LocatedError) as caught:
        respond_from_file(client.machine, str(path))
    assert caught.value.location == f"{path}:2"
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/no/such", "No such file or directory"),
        ("a\0b", "No such file or directory: its name has a NUL in it"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(client: MemoryClient, path: str, reason: str) -> None:
    with pytest.raises(QmpError, match=f"^Could not open '{path}': {reason}$"):
        respond_from_file(client.machine, path)
