"""Descriptors that clients hand over: sets, names, and files that are one of a set."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from qmp_iothreadd.descriptors import Descriptors
from qmp_iothreadd.errors import QmpError


@pytest.fixture
def descriptors() -> Iterator[Descriptors]:
    made = Descriptors()
    yield made
    made.close()


def an_fd(flags: int = os.O_RDONLY) -> int:
    return os.open(os.devnull, flags)


def numbers(descriptors: Descriptors) -> list[int]:
    return [number for number, _ in descriptors.sets.members()]


def test_a_new_set_has_the_lowest_free_number(descriptors: Descriptors) -> None:
    assert [descriptors.sets.add(an_fd(), number, None) for number in (None, 2, None, None)] == [
        0,
        2,
        1,
        3,
    ]
    descriptors.sets.remove(1, None)
    assert descriptors.sets.add(an_fd(), None, None) == 1


def test_sets_are_listed_from_the_highest_their_descriptors_from_the_oldest(
    descriptors: Descriptors,
) -> None:
    fds = [an_fd() for _ in range(3)]
    for fd, number in zip(fds, (0, 7, 0), strict=True):
        descriptors.sets.add(fd, number, f"from {number}")
    assert [
        (number, [(each.fd, each.opaque) for each in members])
        for number, members in descriptors.sets.members()
    ] == [(7, [(fds[1], "from 7")]), (0, [(fds[0], "from 0"), (fds[2], "from 0")])]


@pytest.mark.parametrize(
    ("number", "fd", "message"),
    [
        (4, None, "'fdset-id:4' not found"),
        (4, 1, "'fdset-id:4, fd:1' not found"),
        (0, 10**6, "'fdset-id:0, fd:1000000' not found"),
    ],
)
def test_what_is_not_there_cannot_be_removed(
    descriptors: Descriptors, number: int, fd: int | None, message: str
) -> None:
    descriptors.sets.add(an_fd(), 0, None)
    with pytest.raises(QmpError, match=message):
        descriptors.sets.remove(number, fd)
    assert numbers(descriptors) == [0]


def test_a_file_of_a_set_is_a_duplicate_of_the_latest_that_fits(
    descriptors: Descriptors, tmp_path: Path
) -> None:
    for name in ("old", "new"):
        descriptors.sets.add(os.open(tmp_path / name, os.O_WRONLY | os.O_CREAT), 3, None)
    descriptors.sets.add(an_fd(), 3, None)
    opened = descriptors.open("/dev/fdset/3", os.O_WRONLY)
    assert os.readlink(f"/proc/self/fd/{opened}") == str(tmp_path / "new")
    assert not os.get_inheritable(opened)
    descriptors.close_opened(opened)


@pytest.mark.parametrize(
    ("path", "flags", "error"),
    [
        ("/dev/fdset/3", os.O_RDWR, PermissionError),
        ("/dev/fdset/4", os.O_RDONLY, FileNotFoundError),
        ("/dev/fdset/", os.O_RDONLY, OSError),
        ("/dev/fdset/3x", os.O_RDONLY, OSError),
        ("/dev/fdset/-3", os.O_RDONLY, OSError),
        ("/dev/fdset/2147483648", os.O_RDONLY, OSError),
        ("/dev/fdset/" + "9" * 5000, os.O_RDONLY, OSError),
        ("/dev/fdsets", os.O_RDONLY, FileNotFoundError),
    ],
)
def test_what_a_set_does_not_have_cannot_be_opened(
    descriptors: Descriptors, path: str, flags: int, error: type[OSError]
) -> None:
    descriptors.sets.add(an_fd(), 3, None)
    with pytest.raises(error):
        descriptors.open(path, flags)


def test_a_set_stays_while_something_of_it_is_open(descriptors: Descriptors) -> None:
    descriptors.sets.add(an_fd(), 3, None)
    opened = descriptors.open("/dev/fdset/3", os.O_RDONLY)
    descriptors.sets.remove(3, None)
    assert descriptors.sets.members() == [(3, [])]
    descriptors.close_opened(opened)
    assert descriptors.sets.members() == []


def test_other_files_are_opened_as_files(descriptors: Descriptors, tmp_path: Path) -> None:
    opened = descriptors.open(str(tmp_path / "new"), os.O_WRONLY | os.O_CREAT, 0o600)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
    descriptors.close_opened(opened)


def test_names_are_a_monitors_own_and_go_with_it(descriptors: Descriptors) -> None:
    descriptors.named("a")["x"] = an_fd()
    assert descriptors.named("a").keys() == {"x"}
    assert not descriptors.named("b")
    descriptors.forget("a")
    descriptors.forget("never seen")
    assert not descriptors.named("a")


class Sets(RuleBasedStateMachine):
    """Sets against a model of them: number → descriptors, and what was opened from each."""

    def __init__(self) -> None:
        super().__init__()
        self.descriptors = Descriptors()
        self.model: dict[int, list[int]] = {}
        self.opened: list[tuple[int, int]] = []

    @rule(number=st.none() | st.integers(-1, 4))
    def add(self, number: int | None) -> None:
        fd = an_fd()
        if number == -1:
            with pytest.raises(QmpError, match="non-negative"):
                self.descriptors.sets.add(fd, number, None)
            os.close(fd)
            return
        chosen = self.descriptors.sets.add(fd, number, None)
        held = {*self.model, *(number for number, _ in self.opened)}
        assert chosen == (min(set(range(99)) - held) if number is None else number)
        self.model.setdefault(chosen, []).append(fd)

    @rule(number=st.integers(0, 4), index=st.none() | st.integers(0, 2))
    def remove(self, number: int, index: int | None) -> None:
        members = self.model.get(number, [])
        fd = None if index is None else (members[index] if index < len(members) else -1)
        known = number in dict(self.descriptors.sets.members())
        if not known or fd == -1:
            with pytest.raises(QmpError, match="not found"):
                self.descriptors.sets.remove(number, fd)
            return
        self.descriptors.sets.remove(number, fd)
        left = [] if fd is None else [each for each in members if each != fd]
        self.model[number] = left
        if not left:
            del self.model[number]

    @rule(number=st.integers(0, 4))
    def open(self, number: int) -> None:
        path = f"/dev/fdset/{number}"
        if number in self.model:
            self.opened.append((number, self.descriptors.open(path, os.O_RDONLY)))
            return
        with pytest.raises((FileNotFoundError, PermissionError)):
            self.descriptors.open(path, os.O_RDONLY)

    @precondition(lambda self: self.opened)
    @rule()
    def close_opened(self) -> None:
        self.descriptors.close_opened(self.opened.pop()[1])

    @invariant()
    def is_as_the_model(self) -> None:
        held = {*self.model, *(number for number, _ in self.opened)}
        expected = [(number, self.model.get(number, [])) for number in sorted(held, reverse=True)]
        listed = self.descriptors.sets.members()
        assert [(number, [each.fd for each in members]) for number, members in listed] == expected

    def teardown(self) -> None:
        for _, fd in self.opened:
            self.descriptors.close_opened(fd)
        self.descriptors.close()


TestSets = Sets.TestCase
