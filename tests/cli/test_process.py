"""Options of the process: what it gives up, what it is handed, what it logs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.lines import parse, printed, said


@pytest.mark.parametrize(
    ("text", "ids"),
    [("root", (0, 0, "root")), ("65534:65533", (65534, 65533, None))],
)
def test_it_becomes_a_user_that_has_a_name_or_ids(
    text: str, ids: tuple[int, int, str | None]
) -> None:
    config = parse("-run-with", f"user={text},chroot=/var,exit-with-parent=on")
    assert (config.run_as, config.root_folder, config.exit_with_parent) == (ids, "/var", True)


@pytest.mark.parametrize("text", ["no-such-user", "1", "1:", ":1", "a:b", "1:2:3"])
def test_a_user_that_there_is_not(text: str) -> None:
    assert said("-run-with", f"user={text}") == (
        f'prog: -run-with user={text}: User "user={text}" doesn\'t exist (and is not <uid>:<gid>)\n'
    )


def test_a_descriptor_that_was_handed_over_is_in_its_set() -> None:
    reading, writing = os.pipe()
    try:
        option = ("-add-fd", f"fd={reading},set=2,opaque=rdonly")
        assert said(*option) == (f"prog: -add-fd {option[1]}: fd is not valid or already in use\n")
        os.set_inheritable(reading, True)
        [found] = parse(*option).descriptors
        assert (found.fd, found.fdset, found.opaque) == (reading, 2, "rdonly")
        assert said("-add-fd", f"fd={reading}") == (
            f"prog: -add-fd fd={reading}: set option is required and must be non-negative\n"
        )
    finally:
        os.close(reading)
        os.close(writing)


def test_a_log_for_each_thread_has_a_place_for_its_number(tmp_path: Path) -> None:
    assert said("-d", "tid") == "prog: Filename template with '%d' required for 'tid'\n"
    parse("-d", "tid", "-D", str(tmp_path / "log-%d"))


def test_a_machine_and_lists_can_be_asked_for_their_properties() -> None:
    status, text = printed("-M", "none,help")
    assert status == 0
    lines = text.splitlines()
    assert lines[:2] == [
        "none-machine options:",
        "  append=<string>        - Linux kernel command line",
    ]
    assert "  boot=<BootConfiguration> - Boot configuration" in lines
    assert "  dumpdtb=<string>       - Dump current dtb to a file and quit" in lines
    status, text = printed("-boot", "help")
    assert (status, text.splitlines()[5:7]) == (
        0,
        ["  splash-time=<num>", "  splash=<str>"],
    )
    assert printed("-vnc", "help")[0] == 1
    assert printed("-accel", "")[1].splitlines()[0] == "Accelerators supported in QEMU binary:"
