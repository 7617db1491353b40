"""What messages look like."""

from __future__ import annotations

import re

import pytest

from qmp_iothreadd.daemon.reporter import Reporter
from qmp_iothreadd.errors import LocatedError, QmpError


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


def test_an_error_brings_its_hint_and_its_location() -> None:
    reporter, error = Reporter("prog"), QmpError("text", hint="do z")
    assert reporter.format_error(error) == "prog: text\ndo z\n"
    assert reporter.format_error(LocatedError(error, "-x y")) == "prog: -x y: text\ndo z\n"


def test_a_message_about_a_file_names_it_after_the_program() -> None:
    assert Reporter("prog").about_file("file:3").format("text") == "prog:file:3: text\n"
