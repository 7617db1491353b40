"""Character devices in short, as the option lists that they are short for."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.chardev.compat import MalformedText, read_text
from qmp_iothreadd.chardev.options import chardev_options
from qmp_iothreadd.errors import QmpError


def options_of(text: str) -> str:
    """The list that a text is short for, written as an option list."""
    lists = chardev_options()
    options = read_text(lists, "c", text, "")
    assert lists.given == [options]
    assert options.id == "c"
    return ",".join(f"{name}={value}" for name, value in options.pairs)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("null", "backend=null"),
        ("braille", "backend=braille"),
        ("pty:link", "backend=pty,path=link"),
        ("mon:null", "mux=on,backend=null"),
        ("mon:stdio", "mux=on,signal=off,backend=stdio"),
        ("vc", "backend=vc"),
        ("vcr", "backend=vc"),
        ("vc:80x24", "backend=vc,width=80,height=24"),
        ("vc:80Cx24C", "backend=vc,cols=80,rows=24"),
        ("vc:80Cx24 and more", "backend=vc,cols=80,rows=24"),
        ("con:", "backend=console"),
        ("COM1", "backend=serial,path=COM1"),
        ("/dev/ttyS0", "backend=serial,path=/dev/ttyS0"),
        ("/dev/parport0", "backend=parallel,path=/dev/parport0"),
        ("/dev/ppi0", "backend=parallel,path=/dev/ppi0"),
        ("file:a,b", "backend=file,path=a,b"),
        ("pipe:", "backend=pipe,path="),
        ("unix:", "backend=socket"),
        ("unix:a,,b,server,nowait", "backend=socket,path=a,b,server=on,wait=off"),
        ("tcp::4444", "backend=socket,host=,port=4444"),
        ("tcp:h:4444,server=on", "backend=socket,host=h,port=4444,server=on"),
        ("tcp:h:" + "1" * 40, "backend=socket,host=h,port=" + "1" * 32),
        ("telnet:h:1", "backend=socket,host=h,port=1,telnet=on"),
        ("tn3270::1", "backend=socket,host=,port=1,tn3270=on"),
        ("websocket:h:1,wait=off", "backend=socket,host=h,port=1,wait=off,websocket=on"),
        ("udp::9", "backend=udp,host=,port=9"),
        ("udp:h:9,x", "backend=udp,host=h,port=9"),
        ("udp:h:9@:8", "backend=udp,host=h,port=9,localaddr=,localport=8"),
        ("udp:h:9@l:8", "backend=udp,host=h,port=9,localaddr=l,localport=8"),
    ],
)
def test_texts_are_short_for_lists(text: str, options: str) -> None:
    assert options_of(text) == options


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("none", "'none' is not a valid char driver"),
        ("", "'' is not a valid char driver"),
        ("mon:mon:stdio", "'mon:stdio' is not a valid char driver"),
        ("unix:/x,foo=1", "Invalid parameter 'foo'"),
        ("tcp:h:1,help", "Invalid parameter 'help'"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text: str, message: str) -> None:
    lists = chardev_options()
    with pytest.raises(QmpError) as caught:
        read_text(lists, "c", text, "")
    assert caught.value.desc == message
    assert lists.given == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "vc:",
            "vc:80",
            "vc:80x",
            "tcp:",
            "tcp:h",
            "tcp:h,server",
            "udp:9",
            "udp::9@",
            "udp::9@l",
        ),
        "tcp:" + "h" * 65 + ":1",
    ],
)
def test_other_texts_make_no_sense(text: str) -> None:
    lists = chardev_options()
    with pytest.raises(MalformedText):
        read_text(lists, "c", text, "")
    assert lists.given == []


def test_a_label_that_is_taken_is_refused() -> None:
    lists = chardev_options()
    lists.create("c", "")
    with pytest.raises(QmpError, match="Duplicate ID 'c' for chardev"):
        read_text(lists, "c", "null", "")
    assert len(lists.given) == 1


PIECES = [
    "vc",
    "tcp:",
    "udp:",
    "unix:",
    "mon:",
    "pty",
    "/dev/",
    ":",
    "@",
    ",",
    "x",
    "C",
    "9",
    "=on",
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3))).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(QmpError, MalformedText):
        assert "backend=" in options_of(text)
