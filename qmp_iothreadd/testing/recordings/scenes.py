"""What a recorded client saw: each request with what came before its reply, and after."""

from __future__ import annotations

from dataclasses import dataclass, field

from qmp_iothreadd.testing.recordings.format import Entry, Recording


@dataclass(slots=True)
class Scene:
    """An exchange, None for what came before the first, and the events around its reply.

    ``before`` came between the request and its reply, ``after`` until the next request. ``closes``:
    the server closed the connection then.
    """

    exchange: Entry | None = None
    before: list[Entry] = field(default_factory=list)
    after: list[Entry] = field(default_factory=list)
    closes: bool = False

    @property
    def time(self) -> float:
        """When the request was sent, in seconds since the recording began."""
        return self.exchange.time if self.exchange else 0.0

    @property
    def replied(self) -> float:
        """When the reply came."""
        return self.time + (self.exchange.took if self.exchange else 0.0)


@dataclass(slots=True)
class Client:
    """A recorded client: ``opening`` is the scene before its first request."""

    number: int
    greeting: Entry | None = None
    opening: Scene = field(default_factory=Scene)
    scenes: list[Scene] = field(default_factory=list)
    closed: Entry | None = None


def clients_of(recording: Recording) -> list[Client]:
    """The clients of a recording, in the order in which they came."""
    return [_client(number, entries) for number, entries in recording.clients().items()]


def _client(number: int, entries: list[Entry]) -> Client:
    made = Client(number)
    last = made.opening
    events: list[Entry] = []  # since the last exchange was complete
    for entry in entries:
        if entry.event is not None:
            events.append(entry)
        elif entry.greeting is not None:
            made.greeting = made.greeting or entry
        elif entry.closed is not None:
            made.closed = made.closed or entry
            last.closes = entry.closed == "server"
        else:
            scene = Scene(entry)
            _divide(events, last, scene)
            events = []
            made.scenes.append(scene)
            last = scene
    last.after += events
    return made


def _divide(events: list[Entry], earlier: Scene, later: Scene) -> None:
    """Events between two exchanges came before the later one's request, or after it."""
    for event in events:
        during = later.exchange is not None and event.time >= later.exchange.time
        (later.before if during else earlier.after).append(event)
