"""What comes with a client's bytes: a request takes the first, what comes later replaces it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from qmp_iothreadd.qmp.descriptor_inbox import DescriptorInbox


@pytest.fixture
def inbox() -> Iterator[DescriptorInbox]:
    made = DescriptorInbox()
    yield made
    made.close()


def some(count: int) -> list[int]:
    return [os.open(os.devnull, os.O_RDONLY) for _ in range(count)]


def is_open(fd: int) -> bool:
    return os.path.exists(f"/proc/self/fd/{fd}")


def test_a_request_takes_the_first_and_the_others_are_closed(inbox: DescriptorInbox) -> None:
    first, *others = some(3)
    inbox.receive([first, *others])
    assert inbox.take() == first
    assert [is_open(fd) for fd in (first, *others)] == [True, False, False]
    assert inbox.take() is None
    inbox.close()
    assert is_open(first)  # the caller's
    os.close(first)


def test_what_comes_replaces_what_nobody_took(inbox: DescriptorInbox) -> None:
    early, late = some(2)
    inbox.receive([early])
    inbox.receive([late])
    assert not is_open(early)
    assert inbox.take() == late
    os.close(late)


def test_an_empty_inbox_gives_nothing(inbox: DescriptorInbox) -> None:
    assert inbox.take() is None
    inbox.receive([])
    assert inbox.take() is None


def test_closing_closes_all_and_can_be_repeated(inbox: DescriptorInbox) -> None:
    fds = some(2)
    inbox.receive(list(fds))
    inbox.close()
    assert not any(is_open(fd) for fd in fds)
    reused = os.dup(0)  # the number of one of them, perhaps
    inbox.close()
    assert is_open(reused)
    os.close(reused)


def test_a_descriptor_that_is_closed_already_does_not_keep_the_others(
    inbox: DescriptorInbox,
) -> None:
    gone, other = some(2)
    inbox.receive([gone, other])
    os.close(gone)
    inbox.close()
    assert not is_open(other)
