"""The man page and bash's completion: made from the table of options, and up to date."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qmp_iothreadd.cli import pages
from qmp_iothreadd.cli.options import all_options

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


@pytest.mark.parametrize("name", pages.PAGES)
def test_the_pages_of_the_sources_are_up_to_date(name: str) -> None:
    make, path = pages.PAGES[name]
    # Of the checkout, also where the tests run against an installation.
    source = Path(__file__).parents[2] / "qmp_iothreadd" / "share" / path.relative_to(pages.SHARE)
    assert source.read_text() == make(), "run python -m qmp_iothreadd.cli.pages"


def test_pages_are_printed_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pages.main(["man"]) == 0
    assert capsys.readouterr().out == pages.man_page()
    written = {name: (make, tmp_path / "a" / name) for name, (make, _) in pages.PAGES.items()}
    monkeypatch.setattr(pages, "PAGES", written)
    assert pages.main([]) == 0
    assert (tmp_path / "a" / "bash").read_text() == pages.bash_completion()


def test_pages_is_a_program() -> None:
    command = [sys.executable, "-m", pages.__name__, "bash"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == pages.bash_completion()


# -- The man page ----------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_the_man_page_renders_without_warnings_and_has_every_option() -> None:
    done = subprocess.run(
        ["man", "--warnings", "-l", "-"],
        input=pages.man_page(),
        capture_output=True,
        text=True,
        env={**os.environ, "MANWIDTH": "80", "MANROFFOPT": "-Tascii", "LC_ALL": "C"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    text = re.sub(r".\x08|\x1b\[[0-9;]*m", "", done.stdout)
    for option in all_options():
        for name in option.names.split():
            assert re.search(rf"\s--?{re.escape(name)}\b", text), name
        assert " ".join(option.help.split()) in " ".join(text.split())
    assert "qmp-iothreadd -nodefaults -qmp tcp:127.0.0.1:4444" in text


def test_groff_finds_no_requests_in_texts() -> None:
    page = pages.man_page()
    known = {"TH", "SH", "SS", "TP", "PP", "B", "BR", "nf", "fi", "RS", "RE", "nh", '\\"'}
    assert {line[1:].split()[0] for line in page.split("\n") if line[:1] == "."} <= known
    assert not [line for line in page.split("\n") if line.startswith("'")]


# -- bash ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "qmp-iothreadd"
    path.write_text(pages.bash_completion())
    return path


def completed(script: Path, text: str, folder: Path | None = None) -> list[str]:
    """What bash would replace the last word of a command line with."""
    program = """
        source "$1"
        COMP_LINE="qmp-iothreadd $2" COMP_POINT=$((${#2} + 14))
        _qmp_iothreadd
        [[ ${#COMPREPLY[@]} == 0 ]] || printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", program, "bash", str(script), text],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@needs_bash
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-chard", ["-chardev"]),
        ("--chard", ["--chardev"]),
        ("-object ioth", ["iothread"]),
        ("-object x-workload,id=w0,io", ["w0,iothread="]),
        ("-object iothread,id=io0,poll-w", ["io0,poll-weight="]),
        ("-S -msg time", ["timestamp=on", "timestamp=off"]),
        ("-msg timestamp=on,guest-name=of", ["off"]),
        ("-qmp u", ["unix:", "udp:"]),
        ("-serial n", ["none", "null"]),
        ("-qmp unix:/p,ser", ["/p,server=on", "/p,server=off"]),
        ("--monitor tcp:h:1,server=on,wa", ["on,wait=on", "on,wait=off"]),
        ("-chardev i", []),
        ("-chardev socket,id=c,p", ["c,path=", "c,port="]),
        ("-mon m", ["mode=control", "mode=readline"]),
        ("-trace poll_add,e", ["poll_add,enable=", "poll_add,events="]),
        ("--monitor n", ["none", "null"]),
        ("-d trace:poll_g", ["poll_grow"]),
        ("-trace poll_a", ["poll_add"]),
        ("-M q", ["q35"]),
        ("-uuid ", []),
        ("-daemonize -pidf", ["-pidfile"]),
    ],
)
def test_bash_completes(script: Path, text: str, words: list[str]) -> None:
    assert completed(script, text) == words


@needs_bash
@pytest.mark.parametrize(
    "text", ["-pidfile a", "--schema a", "-qmp unix:a", "-chardev socket,path=a"]
)
def test_bash_completes_files(script: Path, text: str, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    (tmp_path / "another").touch()
    (tmp_path / "else").touch()
    assert sorted(completed(script, text, tmp_path)) == ["a file", "another"]


@needs_bash
def test_bash_offers_every_listed_option(script: Path) -> None:
    offered = set(completed(script, "-"))
    listed = {name for option in all_options() for name in option.names.split()}
    assert {f"-{name}" for name in listed} | {f"--{name}" for name in listed} <= offered


@needs_bash
def test_a_tab_completes_in_an_interactive_shell(script: Path) -> None:
    """In a shell at a terminal, where the key is a real one."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(PS1="$ ", TERM="dumb", INPUTRC="/dev/null")
        os.execlp("bash", "bash", "--norc", "--noprofile", "-i")
    try:
        os.write(terminal, f"source {script}; qmp-iothreadd() {{ echo =$*=; }}\n".encode())
        os.write(terminal, b"qmp-iothreadd -chard\tsock\t,ser\tn\n")
        read_until(terminal, b"=-chardev socket,server=on=")
    finally:
        os.close(terminal)  # hangs up
        os.waitpid(pid, 0)


def read_until(terminal: int, text: bytes, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    data = b""
    while text not in data:
        readable, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
        assert readable, data
        data += os.read(terminal, 4096)
