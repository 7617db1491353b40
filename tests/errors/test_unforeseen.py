"""What clients are told of what nobody raised on purpose."""

from __future__ import annotations

import errno
import os

import pytest

from qmp_iothreadd import errors
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.errors.unforeseen import of_system

EMFILE = os.strerror(errno.EMFILE)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(errno.EMFILE, "x"), EMFILE),
        (OSError(errno.ENOSPC, "x"), os.strerror(errno.ENOSPC)),
        (ImportError(f"x.so: cannot open shared object file: {EMFILE}"), EMFILE),
        (MemoryError(), os.strerror(errno.ENOMEM)),
        (ValueError("embedded null byte"), "No such file or directory: its name has a NUL in it"),
        (
            ValueError("open: embedded null character in path"),
            "No such file or directory: its name has a NUL in it",
        ),
    ],
)
def test_what_the_system_refuses_is_said(error: Exception, text: str) -> None:
    assert errors.of_command(error).desc == text


@pytest.mark.parametrize("error", [KeyError("x"), OSError(errno.EIO, "x"), ImportError("x")])
def test_a_fault_is_internal_and_its_reason_is_on_standard_error(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert of_system(error) is None
    assert errors.of_command(error).desc == f"internal error: {type(error).__name__}"
    assert type(error).__name__ in capsys.readouterr().err


def test_an_error_of_ours_is_as_it_was() -> None:
    error = QmpError("x")
    assert errors.of_command(error) is error
