"""Files that are read whole have an end."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from qmp_iothreadd.bounded_file import read_bounded


def test_a_file_of_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert read_bounded(str(path), 3) == b"abc"
    with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        read_bounded(str(path), 2)


def test_what_is_no_regular_file_is_refused_or_read_to_the_limit(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        read_bounded("/dev/zero")
    with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        read_bounded("/dev/zero", 1000, regular=False)
    assert read_bounded("/dev/null", 1000, regular=False) == b""
    os.mkfifo(tmp_path / "pipe")  # nobody is waited for
    with pytest.raises(OSError, match="not a regular file"):
        read_bounded(str(tmp_path / "pipe"))
