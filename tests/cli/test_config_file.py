"""-readconfig and -set: groups of options from a file, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmp_iothreadd import cli
from qmp_iothreadd.daemon.config import Config

BASE = ["prog", "-M", "none", "-nodefaults"]


def read(folder: Path, text: str, *more: str) -> Config:
    path = folder / "config"
    path.write_text(text)
    config, warnings = cli.parse([*BASE, "-readconfig", str(path), *more])
    assert warnings == ""
    return config


def said(folder: Path, text: str, *more: str) -> str:
    """Everything on standard error; FILE stands for the file's name."""
    path = folder / "config"
    path.write_text(text)
    try:
        config, warnings = cli.parse([*BASE, "-readconfig", str(path), *more])
    except cli.CommandLineError as error:
        return error.text.replace(str(path), "FILE")
    kept = config.backend_error or config.board_error
    assert kept is not None
    return (warnings + config.reporter.format_error(kept)).replace(str(path), "FILE")


def test_groups_are_option_lists(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        '# a comment\n\n[chardev "c"]\n  backend = "null"\n[mon "m"]\nchardev = "c"\n'
        'mode = "control"\n[name]\nguest = "g"\n[memory]\nsize = "1G"\n[msg]\ntimestamp = "on"\n'
        '[action]\nreboot = "shutdown"\n[boot-opts]\nstrict = "on"\n[rtc]\nbase = "utc"\n',
    )
    assert (config.backend_error, config.board_error) == (None, None)
    assert [each.id for each in config.chardevs] == ["c"]
    assert [(each.id, each.chardev) for each in config.monitors] == [("m", "c")]
    assert config.name == "g"
    assert config.actions == {"reboot": "shutdown"}


def test_objects_have_the_types_that_the_schema_says(tmp_path: Path) -> None:
    config = read(tmp_path, '[object "io0"]\nqom-type = "iothread"\npoll-weight = "5"\n')
    assert [each.values for each in config.objects] == [
        {"qom-type": "iothread", "id": "io0", "poll-weight": 5}
    ]


def test_sound_goes_where_a_group_says(tmp_path: Path) -> None:
    text = '[audiodev "a"]\ndriver = "none"\nout.voices = "3"\n'
    [found] = read(tmp_path, text).audiodevs
    assert (found["id"], found["driver"], found["out"]["voices"]) == ("a", "none", 3)


def test_what_is_set_afterwards_counts(tmp_path: Path) -> None:
    text = '[chardev "c"]\nbackend = "ringbuf"\nsize = "1024"\n'
    config = read(tmp_path, text, "-set", "chardev.c.size=64K")
    assert config.chardevs[0].backend["data"]["size"] == 65536


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('a = "b"\n', ":1: no group defined"),
        ('[nope]\nx = "y"\n', ":2: There is no option group 'nope'"),
        ("[name]\n   \n", ":2: parse error"),
        ('[name\nguest = "a"\n', ":2: There is no option group 'name\n'"),
        ('[name]\nfoo = "x"\n', ":2: Invalid parameter 'foo'"),
        ('[memory]\nsize = "x"\n', ":2: Parameter 'size' expects a non-negative number below 2^64"),
        (
            '[chardev "c"]\nbackend = "null"\n[chardev "c"]\nbackend = "null"\n',
            ":4: Duplicate ID 'c' for chardev",
        ),
        ('[chardev "1"]\nbackend = "null"\n', ":2: Parameter 'id' expects an identifier"),
        ('[chardev "c"]\nbackend = "nope"\n', ":2: 'nope' is not a valid char driver name"),
        ('[name "x"]\nguest = "a"\n', ":2: Invalid parameter 'id'"),
        ('[machine]\nfoo = "1"\n', ": Property 'none-machine.foo' not found"),
        ('[machine]\n0 = "a"\n', ":2: Lists cannot be at top level of a configuration section"),
        (
            '[smp-opts]\ncpus = "2"\n',
            ": Invalid SMP CPUs 2. The max CPUs supported by machine 'none' is 1",
        ),
        ('[boot-opts]\norder = "zz"\n', ": Invalid boot device 'z'"),
        (
            '[object "i"]\nqom-type = "iothread"\npoll-grow = "x"\n',
            ":3: Parameter 'poll-grow' expects integer",
        ),
        ("[]\n", ":1: parse error"),
        ('[audiodev "a"]\n', ":1: Parameter 'driver' is missing"),
        ('[audiodev "a"]\ndriver = "none"\nfoo = "1"\n', ":3: Parameter 'foo' is unexpected"),
        ('[object "i"]\npoll-grow = "1"\n', ":2: Parameter 'qom-type' is missing"),
        ('[device "d"]\ndriver = "nope"\n', ":2: 'nope' is not a valid device model name"),
        ('[action]\nreboot = "nope"\n', ":2: Parameter 'reboot' does not accept value 'nope'"),
        ('[fw_cfg]\nname = "x"\n', ":2: fw_cfg device not available"),
        ('[icount]\nshift = "x"\n', ":2: icount: Invalid shift value"),
        ('[accel]\naccel = "nope"\n', ":2: invalid accelerator nope"),
    ],
)
def test_what_is_wrong_is_located(text: str, message: str, tmp_path: Path) -> None:
    place = "FILE" if message[1].isdecimal() else ""
    assert said(tmp_path, text) == f"prog{':' if place else ''}{place}{message}\n"


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(cli.CommandLineError) as caught:
        cli.parse([*BASE, "-readconfig", "/nope"])
    assert caught.value.text == (
        "prog: -readconfig /nope: Could not open '/nope': No such file or directory\n"
    )
