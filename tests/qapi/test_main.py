"""The command: ``python -m qmp_iothreadd.qapi``."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from qmp_iothreadd.qapi.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = """
{ 'enum': 'Kind', 'data': [ 'disk', 'tape' ] }
{ 'struct': 'Disk', 'data': { 'kind': 'Kind' } }
{ 'command': 'query-disks', 'data': { 'kind': 'Kind', '*id': 'str' }, 'returns': [ 'Disk' ],
  'allow-oob': true }
{ 'command': 'set-disk', 'data': 'Disk', 'if': 'CONFIG_SET' }
{ 'event': 'DISK_GONE' }
"""


@pytest.fixture
def schema(tmp_path: Path) -> str:
    file = tmp_path / "schema.json"
    file.write_text(SCHEMA)
    return str(file)


def test_a_good_schema_is_summed_up(schema: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([schema]) == 0
    output = capsys.readouterr().out.splitlines()
    assert output[0].split() == ["files", "1"]
    assert output[1].split() == ["commands", "1"]
    assert "  query-disks  (kind, *id) -> [Disk] [allow-oob]" in output
    assert "  DISK_GONE  ()" in output


def test_a_schema_without_commands_has_no_list_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "schema.json"
    file.write_text("{ 'event': 'DISK_GONE' }")
    assert main([str(file)]) == 0
    output = capsys.readouterr().out.splitlines()
    assert "events:" in output
    assert "commands:" not in output


def test_symbols_bring_in_what_depends_on_them(
    schema: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-D", "CONFIG_SET", "-DCONFIG_OTHER", schema]) == 0
    assert "  set-disk     (Disk)" in capsys.readouterr().out.splitlines()


def test_introspection_is_one_json_array(schema: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--introspect", "--unmask", schema]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert {entry["name"] for entry in entries} >= {"query-disks", "DISK_GONE", "Kind"}
    assert main(["--introspect", schema]) == 0
    assert "Kind" not in {entry["name"] for entry in json.loads(capsys.readouterr().out)}


def test_an_error_goes_to_standard_error_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.json"
    file.write_text("{ 'event': 'gone' }\n")
    assert main([str(file)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"{file}: In event 'gone':\n{file}:1: name of event must not use lowercase or '-'\n"
    )


def test_unmask_alone_is_refused(schema: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--unmask", schema])
    assert "--unmask goes with --introspect" in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "examples:" in capsys.readouterr().out


def test_a_reader_that_leaves_early_causes_no_traceback(schema: str) -> None:
    command = [sys.executable, "-m", "qmp_iothreadd.qapi", "--introspect", schema]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 0
