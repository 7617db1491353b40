"""The command as a user runs it; in this process where that is the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qmp_iothreadd.testing import Client, Server
from qmp_iothreadd.testing.recordings import (
    Entry,
    Recording,
    cli,
    differences,
    read_recording,
    running,
    saying,
    write_recording,
)
from qmp_iothreadd.testing.recordings.messages import Message

COMMAND = [sys.executable, "-m", "qmp_iothreadd.testing.recordings"]


@contextmanager
def command(*args: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command until it listens; it is to end by itself, or by a signal."""
    with subprocess.Popen([*COMMAND, *args], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            assert "listens on" in said, said
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def said_last(process: subprocess.Popen[str]) -> str:
    """What it says at its end, which is to be a good one."""
    assert process.stderr is not None
    text = process.stderr.read()
    assert process.wait(10) == 0, text
    return text


def recorded(folder: Path, *entries: Entry, name: str = "r.jsonl") -> str:
    path = folder / name
    with path.open("w") as file:
        write_recording(Recording([*entries]), file)
    return str(path)


def exchange(name: str, reply: object) -> Entry:
    return Entry(request=Message({"execute": name}), reply=Message({"return": reply}))


def test_record_then_replay_then_diff_then_redact(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, tap, again = (str(tmp_path / name) for name in ("r.jsonl", "tap", "again"))
    with command("record", "--upstream", server.path, "--listen", tap, "--out", out) as process:
        with Client.connect(tap) as client:
            client.negotiate()
            added = {"qom-type": "secret", "id": "s", "data": "letmein"}
            assert client.execute("object-add", added) == {}
            greeted = client.execute("query-version")
        process.send_signal(signal.SIGINT)
        assert "recorded 3 exchanges and 0 events of 1 client" in said_last(process)
    assert len(Path(out).read_text().splitlines()) == 6

    with command("replay", out, "--listen", again, "--once") as process:
        with Client.connect(again) as client:
            client.negotiate()
            assert client.execute("query-version") == greeted
        assert "answered 2 requests of 1 client" in said_last(process)

    assert cli.main(["diff", out, "--against", server.path]) == 1  # s is there already
    assert "attempt to add duplicate property 's'" in capsys.readouterr().out

    redacted = str(tmp_path / "redacted.jsonl")
    assert cli.main(["redact", out, "--out", redacted]) == 0
    assert "letmein" not in Path(redacted).read_text()
    assert "took out" in capsys.readouterr().err


def test_a_recording_of_a_daemon_is_what_a_daemon_answers(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, tap = str(tmp_path / "r.jsonl"), str(tmp_path / "tap")
    with command(
        "record", "--upstream", server.path, "--listen", tap, "--out", out, "--once"
    ) as process:
        with Client.connect(tap) as client:
            client.negotiate()
            client.execute("query-name")
            client.execute("query-iothreads")
        said_last(process)
    assert cli.main(["diff", out, "--against", "daemon"]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["diff", out, "--against", "daemon", "--", "-name", "vm7"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"--- {out}",
        "+++ daemon",
        "client 1, line 3 (query-name)",
        "-   reply.return.name: nothing",
        '+   reply.return.name: "vm7"',
    ]


@pytest.mark.parametrize(
    ("options", "status"),
    [([], 0), (["--no-mask", "threads"], 1), (["--exact"], 1), (["--exact", "--mask", "a"], 1)],
)
def test_diff_masks_what_it_is_told_to(options: list[str], status: int, tmp_path: Path) -> None:
    a = recorded(tmp_path, exchange("q", {"thread-id": 1}), name="a")
    b = recorded(tmp_path, exchange("q", {"thread-id": 2}), name="b")
    assert cli.main(["diff", a, b, *options]) == status
    assert cli.main(["diff", a, b, "--exact", "--mask", "thread-id"]) == 0


def test_redact_prints_where_no_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recorded(tmp_path, exchange("q", {"file": "/a/b", "guest": "bob"}))
    assert cli.main(["redact", path, "--keep-paths", "--member", "guest"]) == 0
    assert '{"file": "/a/b", "guest": "<guest 1>"}' in capsys.readouterr().out


def test_a_log_becomes_a_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, out = tmp_path / "log", str(tmp_path / "r.jsonl")
    log.write_text('-> {"execute": "a"}\n<- {"return": {}}\n-> {"execute": "b", …\n')
    assert cli.main(["import", str(log), "--out", out]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "qmp-tap: found 1 exchange and 0 events of 1 client",
        "qmp-tap: left out 1 message that cannot be read; logs cut off long ones",
    ]
    assert cli.main(["diff", out, out]) == 0


def test_no_file_is_overwritten_that_is_not_to_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recorded(tmp_path, exchange("q", {}))
    assert cli.main(["redact", path, "--out", path]) == saying.TROUBLE
    assert "is there already: name another, or give --force" in capsys.readouterr().err
    before = read_recording(path)
    assert cli.main(["redact", path, "--out", path, "--force"]) == 0
    assert differences(before, read_recording(path)) == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["diff", "FILE"], "give two recordings, or one and --against daemon"),
        (["diff", "FILE", "FILE", "--against", "daemon"], "give two recordings, or one"),
        (["diff", "FILE", "FILE", "--", "-M", "pc"], "what stands behind -- are the daemon's"),
        (["diff", "FILE", "none"], "none: No such file or directory"),
        (["diff", "FILE", "EMPTY"], "EMPTY: the recording is empty"),
        (["diff", "FILE", "--against", "daemon", "--", "-nope"], "-nope: invalid option"),
        (["diff", "FILE", "--against", "none"], "No such file or directory"),
        (["redact", "FILE", "--", "x"], "nothing is expected behind --, but there is 'x'"),
        (["replay", "FILE", "--listen", ""], "give a path, or HOST:PORT"),
        (["replay", "FILE", "--listen", "FILE"], "there is a file, which is no socket"),
        (["replay", "EMPTY", "--listen", "s"], "EMPTY: the recording is empty"),
        (
            ["record", "--upstream", "q", "--listen", "s", "--out", "FILE"],
            "is there already: name another, or give --force",
        ),
    ],
)
def test_trouble_is_said_in_words(
    arguments: list[str],
    error: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    recorded(tmp_path, exchange("q", {}), name="FILE")
    recorded(tmp_path, name="EMPTY")
    assert cli.main(arguments) == saying.TROUBLE
    said = capsys.readouterr().err
    assert said.startswith("qmp-tap: ")
    assert error in said
    assert not os.path.exists("s")


@pytest.mark.parametrize("name", ["", "record", "replay", "diff", "redact", "import"])
def test_help_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*filter(None, [name]), "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert f"  qmp-tap {name or 'record'}" in said[said.index("example") :]
    assert max(map(len, said.splitlines())) <= 105


def test_arguments_are_the_processs_where_none_are_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = recorded(tmp_path, exchange("q", {}))
    monkeypatch.setattr(sys, "argv", ["qmp-tap", "diff", path, path])
    assert cli.main() == 0


def test_who_has_read_enough_is_not_told_more(tmp_path: Path) -> None:
    path = recorded(tmp_path, *[exchange("q", "x" * 1000)] * 200)
    with subprocess.Popen(
        [*COMMAND, "redact", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
        assert process.wait(10) == saying.TROUBLE


def test_an_interrupt_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(path: str) -> Recording:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "read_recording", interrupt)
    assert cli.main(["redact", "r"]) == 130


def test_a_terminal_sees_how_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    counts = running._Counts()
    counts.add(exchange("q", {}))
    counts.add(Entry(event=Message({"event": "STOP"})))
    assert capsys.readouterr().err.endswith("\r\x1b[K1 exchange and 1 event of 1 client …\r")
