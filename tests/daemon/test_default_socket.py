"""Where a daemon listens that was asked for nothing."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

import pytest

from qmp_iothreadd.daemon.default_socket import (
    check_free,
    default_socket_path,
    hold_default_socket,
    how_to_connect,
    socket_folder,
)
from qmp_iothreadd.errors import QmpError


@pytest.mark.parametrize("end", ["", "/", "//"])
def test_the_users_runtime_folder_is_taken_where_there_is_one(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", f"{tmp_path}{end}")
    path = default_socket_path()
    assert Path(path) == tmp_path / "qmp-iothreadd.sock"
    with socket_folder(path):
        pass
    assert tmp_path.is_dir()


@pytest.mark.parametrize("runtime", ["", "relative", "/nosuch"])
def test_else_a_folder_for_this_user_alone_is_made_and_removed(
    runtime: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    path = default_socket_path()
    folder = tmp_path / f"qmp-iothreadd-{os.getuid()}"
    assert path == f"{folder}/qmp.sock"
    with socket_folder(path):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_a_folder_that_is_not_empty_stays(tmp_path: Path) -> None:
    with socket_folder(str(tmp_path / "folder" / "s")):
        (tmp_path / "folder" / "other").touch()
    assert (tmp_path / "folder" / "other").exists()


def test_a_folder_that_was_there_before_stays(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(0o700)
    with socket_folder(str(folder / "s")):
        pass
    assert folder.is_dir()


@pytest.mark.parametrize("kind", ["writable", "file", "link"])
def test_a_folder_that_is_not_safe_is_refused(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "folder"
    if kind == "writable":
        folder.mkdir()
        folder.chmod(0o777)
    elif kind == "file":
        folder.touch(0o600)
    else:
        (tmp_path / "theirs").mkdir(0o700)
        folder.symlink_to(tmp_path / "theirs")
    expected = f"cannot use the folder {folder}: others can write to it; name a socket with -qmp"
    with pytest.raises(QmpError) as raised, socket_folder(str(folder / "s")):
        pass
    assert raised.value.desc == expected
    assert os.path.lexists(folder)


def test_a_folder_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(QmpError, match="No such file"), socket_folder("/nosuch/folder/s"):
        pass


def test_the_line_for_people_names_a_client_that_suits() -> None:
    assert how_to_connect("/s", greeting=True).endswith("connect with: qmp-shell /s\n")
    assert how_to_connect("/s", greeting=False).endswith("connect with: socat - UNIX-CONNECT:/s\n")


@pytest.mark.parametrize("waiting", [0, 1])
def test_the_path_of_a_daemon_that_lives_is_not_taken(tmp_path: Path, waiting: int) -> None:
    path = str(tmp_path / "s")
    check_free(path)  # nothing is there
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as client:
        other.bind(path)
        check_free(path)  # nobody listens
        other.listen(0)
        if waiting:
            client.connect(path)
        with pytest.raises(QmpError) as raised:
            check_free(path)
        assert raised.value.desc == f"Failed to bind socket to {path}: Address already in use"


def test_nor_is_that_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("mine")
    with pytest.raises(QmpError, match="Address already in use"):
        check_free(str(tmp_path / "s"))


def test_one_daemon_holds_the_default_socket_and_leaves_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "folder" / "s")
    with hold_default_socket(path):
        with (
            pytest.raises(QmpError, match="Address already in use"),
            hold_default_socket(path),
        ):
            pytest.fail("held twice")
        assert (tmp_path / "folder").is_dir()
    assert list(tmp_path.iterdir()) == []
    with hold_default_socket(path):
        pass


def test_a_lock_that_was_given_back_meanwhile_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "s")
    taken: list[int] = []

    def flock(fd: int, how: int) -> None:
        if not taken:  # who had it removes it, between our opening and locking it
            os.unlink(f"{path}.lock")
        elif len(taken) == 1:
            os.unlink(f"{path}.lock")
            Path(f"{path}.lock").touch()
        taken.append(fd)

    monkeypatch.setattr(fcntl, "flock", flock)
    with hold_default_socket(path):
        assert len(taken) == 3
    monkeypatch.setattr(fcntl, "flock", lambda fd, how: os.unlink(f"{path}.lock"))
    with pytest.raises(QmpError, match="Address already in use"), hold_default_socket(path):
        pytest.fail("held without a lock")


def test_a_lock_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.lock").symlink_to("elsewhere")
    with (
        pytest.raises(QmpError, match="Too many levels of symbolic links"),
        hold_default_socket(str(tmp_path / "s")),
    ):
        pytest.fail("held through a link")


def test_a_folder_that_went_with_its_last_user_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "folder" / "qmp.sock")
    really_open = os.open
    failures = [FileNotFoundError()]

    def open_late(name: str, *more: int) -> int:
        if failures and name.startswith(path):
            raise failures.pop()
        return really_open(name, *more)

    monkeypatch.setattr("qmp_iothreadd.daemon.default_socket.os.open", open_late)
    with hold_default_socket(path):
        assert not failures
        with pytest.raises(QmpError), hold_default_socket(path):
            pass
