"""What the command line gives a machine first: descriptors, disks, networks, sound."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

LISTENING = ",server=on,wait=off"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image"
    path.write_bytes(bytes(512))
    return path


@pytest.fixture
def handed_over(image: Path) -> int:
    """A descriptor of the image, as whoever starts a daemon hands it over."""
    fd = os.open(image, os.O_RDONLY)
    os.set_inheritable(fd, True)
    return fd


def opened(path: Path) -> int:
    """How many descriptors of this process are of the file."""
    folder = Path("/proc/self/fd")
    found = 0
    for name in os.listdir(folder):
        try:
            found += os.readlink(folder / name) == str(path)
        except FileNotFoundError:
            continue  # that of the folder
    return found


async def test_one_descriptor_can_be_in_two_sets(
    in_process: Any, path: str, image: Path, handed_over: int
) -> None:
    in_process.start(
        *("-qmp", f"unix:{path}{LISTENING}"),
        *("-add-fd", f"fd={handed_over},set=4,opaque=mine", "-add-fd", f"fd={handed_over},set=2"),
    )
    [fdsets] = await in_process.execute(path, "query-fdsets")
    found = {each["fdset-id"]: each["fds"] for each in fdsets}
    assert {number: [fd.get("opaque") for fd in fds] for number, fds in found.items()} == {
        4: ["mine"],
        2: [None],
    }
    assert opened(image) == 2  # one in each set; what was handed over is closed
    await in_process.execute(path, "quit")
    await in_process.ended()
    assert opened(image) == 0


async def test_nodes_and_disks_are_there_for_the_first_client(
    in_process: Any, path: str, image: Path
) -> None:
    in_process.start(
        *("-qmp", f"unix:{path}{LISTENING}", "-drive", "if=none,id=d,driver=null-co"),
        *("-blockdev", f"file,node-name=n,filename={image}", "-drive", "if=none,id=empty"),
    )
    disks, nodes = await in_process.execute(path, "query-block", "query-named-block-nodes")
    assert [(disk["device"], "inserted" in disk) for disk in disks] == [
        ("d", True),
        ("empty", False),
    ]
    assert "n" in [node["node-name"] for node in nodes]
    await in_process.execute(path, "quit")
    await in_process.ended()
    assert opened(image) == 0


async def test_a_format_that_nobody_named_is_warned_of(
    in_process: Any, path: str, image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    in_process.start("-qmp", f"unix:{path}{LISTENING}", "-drive", f"if=none,file={image}")
    await in_process.execute(path, "quit")
    await in_process.ended()
    assert capsys.readouterr().err == (
        f"WARNING: Image format was not specified for '{image}' and probing guessed raw.\n"
        "         Automatically detecting the format is dangerous for raw images, write operations"
        " on block 0 will be restricted.\n"
        "         Specify the 'raw' format explicitly to remove the restrictions.\n"
    )


async def test_sound_and_networks_are_held(in_process: Any, path: str) -> None:
    in_process.start(
        *("-qmp", f"unix:{path}{LISTENING}"),
        *("-audiodev", "none,id=a", "-netdev", "user,id=n"),
    )
    [devices] = await in_process.execute(path, "query-audiodevs")
    assert [(each["id"], each["driver"]) for each in devices] == [("a", "none")]
    reader, writer = await in_process.connect(path)
    await reader.readline()
    writer.write(b'{"execute":"qmp_capabilities"}{"execute":"netdev_del","arguments":{"id":"n"}}')
    assert [await reader.readline(), await reader.readline()] == [b'{"return": {}}\r\n'] * 2
    writer.close()
    in_process.signal()
    await in_process.ended()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("-drive if=none,file=/nope", "Could not open '/nope': No such file or directory"),
        (
            "-drive if=none,id=n,driver=null-co -blockdev null-co,node-name=n",
            "Device name 'n' conflicts with an existing node name",
        ),
        (
            "-blockdev null-co,node-name=n -drive if=none,id=n,driver=null-co",
            "Device name 'n' conflicts with an existing node name",
        ),
        ("-blockdev null-co,node-name=0", "Invalid node-name: '0'"),
    ],
)
async def test_what_cannot_be_is_said_with_its_option(
    in_process: Any, arguments: str, said: str
) -> None:
    """As QEMU 7.2 says it: disks are made last, so the fault is theirs."""
    words = arguments.split()
    at = words.index("-drive") if "-drive" in words else 0
    option = " ".join(words[at : at + 2])
    assert await in_process.refused("-nodefaults", *words) == f"prog: {option}: {said}\n"
