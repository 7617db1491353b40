"""--install-as: links under the names by which tools start QEMU."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from qmp_iothreadd.cli.install import NAMES, install_links
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import Client


@pytest.fixture
def program(tmp_path: Path) -> Path:
    made = tmp_path / "bin" / "qmp-iothreadd"
    made.parent.mkdir()
    made.write_text(
        f"#!{sys.executable}\nimport sys\nfrom qmp_iothreadd import cli\nsys.exit(cli.main())\n"
    )
    made.chmod(0o755)
    return made


def test_every_name_is_a_link_to_the_program(program: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "names"
    said = install_links(str(folder), str(program))
    assert said.splitlines() == [f"{folder / name} -> {program}" for name in NAMES]
    assert {path.name for path in folder.iterdir()} == set(NAMES)
    assert all(os.path.realpath(folder / name) == str(program) for name in NAMES)


def test_a_second_time_nothing_changes(program: Path, tmp_path: Path) -> None:
    install_links(str(tmp_path), str(program))
    said = install_links(str(tmp_path), str(tmp_path / "qemu-kvm"))  # by one of its names
    assert said.splitlines() == [f"{tmp_path / name} is there already" for name in NAMES]


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("/bin/sh")])
def test_what_is_not_ours_stays_and_nothing_is_made(
    make: object, program: Path, tmp_path: Path
) -> None:
    assert callable(make)
    folder = tmp_path / "names"
    folder.mkdir()
    make(folder / "qemu-kvm")
    with pytest.raises(QmpError, match="qemu-kvm' is not a link to this program"):
        install_links(str(folder), str(program))
    assert [path.name for path in folder.iterdir()] == ["qemu-kvm"]


def test_a_folder_that_cannot_be_written(program: Path) -> None:
    with pytest.raises(QmpError, match="Could not create '/proc/nope'"):
        install_links("/proc/nope", str(program))


def test_a_folder_that_gets_full_is_left_as_it_was(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, link = tmp_path / "names", os.symlink

    def symlink(target: str, path: str) -> None:
        if path.endswith(NAMES[2]):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target, None, path)
        link(target, path)

    monkeypatch.setattr(os, "symlink", symlink)
    with pytest.raises(QmpError, match=f"{NAMES[2]}': No space left on device"):
        install_links(str(folder), str(program))
    assert list(folder.iterdir()) == []


def test_a_program_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(QmpError, match="cannot find the file of qmp-iothreadd"):
        install_links(str(tmp_path), "qmp-iothreadd")


@pytest.mark.parametrize(
    ("name", "arch"),
    [("qemu-system-aarch64", "aarch64"), ("qemu-system-x86_64", "x86_64"), ("kvm", "x86_64")],
)
def test_the_program_goes_by_each_name(name: str, arch: str, program: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [program, "--install-as", tmp_path], capture_output=True, text=True, check=True
    )
    assert f"{tmp_path / name} -> {program}\n" in done.stdout
    link = tmp_path / name
    version = subprocess.run([link, "-version"], capture_output=True, text=True, check=True)
    assert re.match(r"QEMU emulator version (\d+\.\d+\.\d+) \(", version.stdout)
    refused = subprocess.run([link, "-foo"], capture_output=True, text=True)
    assert refused.stderr == f"{name}: -foo: invalid option\n"
    socket = tmp_path / "s"
    arguments = ["-M", "none", "-nodefaults", "-qmp", f"unix:{socket},server=on,wait=off"]
    pidfile = tmp_path / "pid"
    subprocess.run([link, *arguments, "-daemonize", "-pidfile", pidfile], check=True)
    with Client.connect(str(socket)) as client:
        client.negotiate()
        assert client.execute("query-target") == {"arch": arch}
        client.execute("quit")
        assert client.receive_line() == b""


def test_help_of_a_name_is_the_programs_own(tmp_path: Path, program: Path) -> None:
    done = subprocess.run([program, "--install-as"], capture_output=True, text=True)
    assert done.stderr == "qmp-iothreadd: --install-as: requires an argument\n"
