"""What a context blocks in: io_uring or epoll, and what each means for polling."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from qmp_iothreadd.iothread._engine import FD_MONITORS, AioContext, EventNotifier, PollParams

Eventually = Callable[[Callable[[], bool]], None]


def is_refused(name: str) -> bool:
    with closing(AioContext(fdmon=name)) as context:
        return context.fdmon != name


@pytest.fixture(params=FD_MONITORS)
def fdmon(request: pytest.FixtureRequest) -> str:
    if is_refused(request.param):
        pytest.skip(f"the kernel refuses {request.param}")
    return str(request.param)


@pytest.fixture
def context(fdmon: str) -> Iterator[AioContext]:
    with closing(AioContext(params=PollParams(max_ns=10**9), fdmon=fdmon)) as context:
        yield context


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for fd in ends:
        os.close(fd)


def open_rings() -> int:
    return sum(
        "io_uring" in os.readlink(f"/proc/self/fd/{fd}")
        for fd in os.listdir("/proc/self/fd")
        if os.path.lexists(f"/proc/self/fd/{fd}")
    )


# -- Which one ------------------------------------------------------------------------------------


def test_the_first_that_the_kernel_has_is_the_default() -> None:
    with closing(AioContext()) as context:
        assert (context.fdmon, context.fdmon_refusal) == (FD_MONITORS[0], None)
    with closing(AioContext(fdmon="epoll")) as context:
        assert (context.fdmon, context.fdmon_refusal) == ("epoll", None)


def test_an_unknown_one_is_refused() -> None:
    with pytest.raises(ValueError, match="fdmon must be one of io_uring, epoll, not 'kqueue'"):
        AioContext(fdmon="kqueue")


def test_a_ring_is_made_with_the_first_handler(fdmon: str, pipe: tuple[int, int]) -> None:
    before = open_rings()
    with closing(AioContext(fdmon=fdmon)) as context:
        context.start()
        context.stop()
        assert open_rings() == before
        context.add_handler(pipe[0], print)
        assert open_rings() == before + (fdmon == "io_uring")
    assert open_rings() == before


#: A process whose seccomp filter refuses io_uring_setup, as those of most containers do.
REFUSED = """
import ctypes, os, struct
SECCOMP_RET_ALLOW, SECCOMP_RET_EPERM = 0x7FFF0000, 0x00050001
instructions = b"".join(
    struct.pack("HBBI", *each)
    for each in (
        (0x20, 0, 0, 0),  # load the number of the system call
        (0x15, 0, 1, 425),  # io_uring_setup's, on each architecture
        (0x06, 0, 0, SECCOMP_RET_EPERM),
        (0x06, 0, 0, SECCOMP_RET_ALLOW),
    )
)
buffer = ctypes.create_string_buffer(instructions)
program = struct.pack("HxxxxxxP", 4, ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, program, 0, 0) == 0  # PR_SET_SECCOMP

from qmp_iothreadd.iothread._engine import AioContext
late, asked = AioContext(), AioContext(fdmon="io_uring")
reader, writer = os.pipe()
print(late.fdmon, late.fdmon_refusal, asked.fdmon, asked.fdmon_refusal, sep=", ")
late.add_handler(reader, lambda: print("read", os.read(reader, 1)))
os.write(writer, b"x")
late.poll(True)
print(late.fdmon, late.fdmon_refusal, sep=", ")
late.fdmon = "epoll"
print(late.fdmon, late.fdmon_refusal, sep=", ")
"""


def test_where_the_kernel_refuses_it_the_next_is_used_and_why_is_said() -> None:
    done = subprocess.run(
        [sys.executable, "-c", REFUSED], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "io_uring, None, epoll, Operation not permitted",  # the first has not needed it yet
        "read b'x'",
        "epoll, Operation not permitted",
        "epoll, None",
    ]


def test_without_descriptors_the_one_in_use_stays() -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with closing(AioContext()) as context:
        before = context.fdmon
        highest = os.dup(0)
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, limits[1]))
        try:
            with pytest.raises(OSError, match="Too many open files"):
                context.fdmon = "io_uring"
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            os.close(highest)
        assert context.fdmon == before


def test_it_can_be_changed_with_handlers_in_it(fdmon: str, pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    got = bytearray()
    with closing(AioContext(fdmon=fdmon)) as context:
        context.add_handler(reader, lambda: got.extend(os.read(reader, 1)))
        os.write(writer, b"abc")
        for other in (*FD_MONITORS, *FD_MONITORS):
            context.fdmon = other
            assert context.fdmon == other or context.fdmon_refusal
            context.poll(False)
        assert got == b"abc"
        assert context.poll(False) is False


def test_a_handler_of_a_closed_descriptor_is_not_replaced(fdmon: str) -> None:
    reader, writer = os.pipe()
    refused: list[int | None] = []
    other = next(each for each in FD_MONITORS if each != fdmon)
    with closing(AioContext(fdmon=fdmon)) as context, closing(EventNotifier()) as notifier:

        def replace() -> None:
            with pytest.raises(OSError, match="Bad file descriptor") as caught:
                context.replace_handler(handler, print)
            refused.append(caught.value.errno)

        context.add_handler(notifier, notifier.test_and_clear)
        handler = context.add_handler(reader, print)
        os.close(reader)
        os.close(writer)
        context.schedule(replace)
        assert context.poll(True)
        replace()
        assert refused == [errno.EBADF] * 2
        context.fdmon = other  # where it is not known at all
        context.start()
        context.remove_handler(handler)
        assert [each["fd"] for each in context.handlers()][1:] == [notifier.fd]


# -- What each does for polling -------------------------------------------------------------------


def test_a_handler_that_cannot_be_polled_matters_to_epoll_only(
    context: AioContext, notifier: EventNotifier, pipe: tuple[int, int]
) -> None:
    def events(count: int) -> None:
        for _ in range(count):
            notifier.set()
            assert context.poll(True)

    polled = context.add_handler(notifier, notifier.test_and_clear, poll=True)
    plain = context.add_handler(pipe[0], print)
    events(10)
    polls = context.stats()["polls"]
    assert polls == (9 if context.fdmon == "io_uring" else 0)
    context.remove_handler(plain)
    events(10)
    assert context.stats()["polls"] >= polls + 9
    context.remove_handler(polled)


def test_its_events_are_seen_in_the_middle_of_a_busy_poll(
    notifier: EventNotifier, pipe: tuple[int, int], eventually: Eventually
) -> None:
    if is_refused("io_uring"):
        pytest.skip("the kernel refuses io_uring")
    reader, writer = pipe
    got = bytearray()
    with closing(AioContext(params=PollParams(max_ns=10**12), fdmon="io_uring")) as context:
        context.add_handler(notifier, notifier.test_and_clear, poll=True)
        context.add_handler(reader, lambda: got.extend(os.read(reader, 1)))
        context.start()
        for i in range(50):
            notifier.set()  # the window grows by what it waited
            os.write(writer, b"x")
            eventually(lambda i=i: len(got) == i + 1)  # type: ignore[misc]


@pytest.mark.parametrize(("name", "stays"), [("io_uring", False), ("epoll", True)])
def test_an_idle_handler_leaves_the_poll_list_of_io_uring(
    name: str, stays: bool, notifier: EventNotifier, eventually: Eventually
) -> None:
    if is_refused(name):
        pytest.skip(f"the kernel refuses {name}")
    idle, params = EventNotifier(), PollParams(max_ns=1000000)
    with closing(AioContext(params=params, fdmon=name, idle_interval_ns=10000000)) as context:
        context.add_handler(idle, idle.test_and_clear, poll=True)
        context.add_handler(notifier, notifier.test_and_clear, poll=True)
        idle.set()
        assert context.poll(True)

        def left() -> bool:
            notifier.set()
            context.poll(True)
            return not context.handlers()[1]["polled"]

        if stays:
            threading.Event().wait(0.03)
            assert not any(left() for _ in range(100))
        else:
            eventually(left)
    idle.close()


# -- Events, exactly ------------------------------------------------------------------------------


def test_what_is_left_is_found_again_and_nothing_is_read_in_vain(
    context: AioContext, pipe: tuple[int, int]
) -> None:
    """A handler that reads a byte at a time, and would block where there is none."""
    reader, writer = pipe
    got = bytearray()
    context.add_handler(reader, lambda: got.extend(os.read(reader, 1)))
    for i in range(30):
        os.write(writer, b"ab")
        os.write(writer, b"c")
        for _ in range(3):
            assert context.poll(True)
        assert len(got) == 3 * (i + 1)
        assert context.poll(False) is False


@pytest.mark.parametrize("polled", [None, True])
def test_each_event_of_a_notifier_is_handled_once(
    context: AioContext, notifier: EventNotifier, polled: bool | None
) -> None:
    runs: list[bool] = []
    context.add_handler(
        notifier, lambda: runs.append(notifier.test_and_clear()), poll=polled or None
    )
    for _ in range(100):
        notifier.set()
        notifier.set()
        assert context.poll(True)
        assert context.poll(False) is False
    assert runs == [True] * 100


def test_a_removed_handlers_descriptor_is_let_go(context: AioContext) -> None:
    ours, theirs = socket.socketpair()
    handler = context.add_handler(ours.fileno(), print)
    assert context.poll(False) is False
    context.remove_handler(handler)
    ours.close()
    assert theirs.recv(1) == b""  # nobody else has it
    theirs.close()


def test_handlers_are_watched_by_whichever_thread_drives(
    context: AioContext, pipe: tuple[int, int]
) -> None:
    reader, writer = pipe
    got = bytearray()
    context.add_handler(reader, lambda: got.extend(os.read(reader, 1)))
    for _ in range(10):
        os.write(writer, b"x")
        thread = threading.Thread(target=context.poll, args=(True,))
        thread.start()
        thread.join(10)
        os.write(writer, b"x")
        assert context.poll(True)
    assert len(got) == 20
    assert context.poll(False) is False


def test_many_handlers_more_than_a_ring_has_room_for(context: AioContext) -> None:
    with ExitStack() as stack:
        notifiers = [stack.enter_context(closing(EventNotifier())) for _ in range(300)]
        runs: list[int] = []

        def note(i: int) -> Callable[[], None]:
            return lambda: runs.append(i * notifiers[i].test_and_clear())

        handlers = [context.add_handler(each, note(i)) for i, each in enumerate(notifiers)]
        for each in notifiers:
            each.set()
        while context.poll(False):
            pass
        assert sorted(runs) == list(range(300))
        for handler in handlers:
            context.remove_handler(handler)
        assert context.poll(False) is False


def test_a_descriptor_has_one_handler(context: AioContext, pipe: tuple[int, int]) -> None:
    context.add_handler(pipe[0], print)
    with pytest.raises(FileExistsError):
        context.add_handler(pipe[0], print)
    assert len(context.handlers()) == 2


def test_a_regular_file_has_no_events(context: AioContext) -> None:
    with open(__file__, "rb") as file, pytest.raises(PermissionError):
        context.add_handler(file.fileno(), print)


def fill(sender: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while sender.send(bytes(65536)):
            pass


# -- Writing, replacing ---------------------------------------------------------------------------


def test_write_handlers_run_while_there_is_room(context: AioContext) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    calls: list[str] = []
    handler = context.add_handler(
        ours.fileno(),
        lambda: calls.append(f"read {ours.recv(1)!r}"),
        write=lambda: calls.append("write"),
    )
    assert context.poll(True)
    assert calls == ["write"]
    theirs.send(b"x")
    assert context.poll(True)
    assert calls[1:] == ["read b'x'", "write"]
    fill(ours)
    while context.poll(False):
        assert len(calls) < 10
    del calls[:]
    assert context.poll(False) is False
    while len(theirs.recv(65536)) == 65536:
        pass
    assert context.poll(True)
    assert calls == ["write"]
    context.remove_handler(handler)
    ours.close()
    theirs.close()


def test_a_handler_that_only_writes_is_told_that_nobody_reads(context: AioContext) -> None:
    reader, writer = os.pipe()
    errors: list[type] = []

    def write() -> None:
        try:
            os.write(writer, bytes(4096))
        except OSError as error:
            errors.append(type(error))
            context.remove_handler(handler)

    handler = context.add_handler(writer, write=write)
    assert context.poll(True)
    os.close(reader)
    while not errors:
        assert context.poll(True)
    assert errors == [BrokenPipeError]
    os.close(writer)


def test_a_replaced_handler_runs_no_more_and_no_event_is_lost(
    context: AioContext, notifier: EventNotifier
) -> None:
    calls: list[str] = []

    def note(name: str) -> Callable[[], None]:
        return lambda: calls.append(f"{name} {notifier.test_and_clear()}")

    handler = context.add_handler(notifier, note("first"))
    notifier.set()
    second = context.replace_handler(handler, note("second"), poll=True)
    assert len(context.handlers()) == 2
    assert context.poll(True)
    assert context.poll(False) is False
    assert calls == ["second True"]
    with pytest.raises(ValueError, match="the handler is removed"):
        context.replace_handler(handler, print)
    context.remove_handler(handler)  # nothing to do
    notifier.set()
    assert context.poll(True)
    assert calls[1:] == ["second True"]
    context.remove_handler(second)


def test_a_handler_replaces_itself(context: AioContext, notifier: EventNotifier) -> None:
    calls: list[str] = []

    def first() -> None:
        context.replace_handler(handler, second)
        calls.append("first")  # and leaves the event

    def second() -> None:
        calls.append(f"second {notifier.test_and_clear()}")

    handler = context.add_handler(notifier, first)
    notifier.set()
    assert context.poll(True)
    assert context.poll(True)
    assert calls == ["first", "second True"]


def test_handlers_need_functions_that_fit(context: AioContext, pipe: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="needs a function to read or to write"):
        context.add_handler(pipe[0])
    with pytest.raises(ValueError, match="a handler that is polled needs"):
        context.add_handler(pipe[1], write=print, poll=True)
    handler = context.add_handler(pipe[0], print)
    with closing(AioContext()) as other, pytest.raises(ValueError, match="is another context's"):
        other.replace_handler(handler, print)
