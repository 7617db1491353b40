"""Messages on standard error."""

from __future__ import annotations

import re

import pytest

from qmp_iothreadd.daemon.reporter import Reporter
from qmp_iothreadd.errors import Error, LocatedError, QmpError, located
from qmp_iothreadd.errors.tree import FilePlace

ERROR = QmpError("no", hint="try yes")


@pytest.mark.parametrize(
    ("error", "location", "text"),
    [
        (ERROR, "", "prog: no\ntry yes\n"),
        (ERROR, "-x 3", "prog: -x 3: no\ntry yes\n"),
        (LocatedError(ERROR), "ignored", "prog: no\ntry yes\n"),
        (LocatedError(ERROR, "-x"), "", "prog: -x: no\ntry yes\n"),
        (LocatedError(ERROR, "-x", also="nor"), "", "prog: -x: no\ntry yes\nprog: -x: nor\n"),
        (LocatedError(QmpError("no"), file="/a"), "", "prog:/a: no\n"),
        (Error("f:1: it says itself where"), "-x", "f:1: it says itself where\n"),
    ],
)
def test_an_error_is_said_with_what_it_is_about(error: Error, location: str, text: str) -> None:
    assert Reporter("prog").format_error(error, location) == text


def test_what_is_raised_within_is_located() -> None:
    with pytest.raises(LocatedError) as raised, located("-x"):
        raise ERROR
    assert (raised.value.error, raised.value.location) == (ERROR, "-x")
    with pytest.raises(LocatedError) as inner, located("-outer"), located("-inner"):
        raise ERROR
    assert inner.value.location == "-inner"


def test_time_and_guest_stand_before_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter("prog", timestamp=True, with_guest_name=True)
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    assert re.fullmatch(f"{stamp} prog: -x: hello\n", reporter.format("hello", "-x"))
    reporter.guest_name = "g"  # as -name does, before or after -msg
    reporter.about_file("/a:3").say("hello")
    assert re.fullmatch(f"{stamp} g prog:/a:3: hello\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("reporter", "prefix"),
    [
        (Reporter("prog"), r"prog: "),
        (Reporter("prog", guest_name="g"), r"prog: "),
        (Reporter("prog", guest_name="g", with_guest_name=True), r"g prog: "),
        (Reporter("prog", with_guest_name=True), r"prog: "),
        (Reporter("prog", timestamp=True), r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z prog: "),
    ],
)
def test_what_stands_in_front(reporter: Reporter, prefix: str) -> None:
    assert re.fullmatch(f"{prefix}text\n", reporter.format("text"))


def test_a_location_and_a_hint() -> None:
    assert Reporter("prog").format("text", "-x y", "do z") == "prog: -x y: text\ndo z\n"


def test_a_line_of_a_file_stands_beside_the_program() -> None:
    assert Reporter("prog").format("no", FilePlace("/a.cfg:3")) == "prog:/a.cfg:3: no\n"
