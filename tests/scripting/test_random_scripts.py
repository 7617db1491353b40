"""Whatever a client scripts is refused in words or works, and never breaks the session."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings, strategies as st

from qmp_iothreadd.testing import MemoryClient

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "int", "str"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=5,
)
COMMANDS = [
    "query-name",
    "query-commands",
    "stop",
    "frob",
    "qmp_capabilities",
    "x-emit",
    "quit",
    "",
]
WORDS = ["value", "error", "error-class", "nth", "arguments", "strict", "check", "optional", "odd"]
LIKELY = {
    **dict.fromkeys(["error", "error-class"], st.sampled_from(["", "a"])),
    **dict.fromkeys(["strict", "check", "optional"], st.booleans()),
    "nth": st.integers(-1, 3),
    "arguments": st.dictionaries(st.sampled_from(["a", "*b", "c_d"]), SCALARS),
}


@st.composite
def responses(draw: st.DrawFn) -> dict[str, Any]:
    """The arguments of an x-respond, mostly of the right types."""
    words = draw(st.lists(st.sampled_from(WORDS), max_size=4, unique=True))
    likely = draw(st.integers(0, 9)) > 0
    made = {word: draw(LIKELY.get(word, VALUES) if likely else VALUES) for word in words}
    return {"command": draw(st.sampled_from(COMMANDS)), **made}


REQUESTS = st.fixed_dictionaries(
    {"execute": st.sampled_from(COMMANDS[:5])},
    optional={"arguments": st.dictionaries(st.sampled_from(["a", "b", "c_d"]), SCALARS)},
)


@given(st.lists(st.tuples(responses(), REQUESTS), max_size=6))
@settings(deadline=None, max_examples=60)
def test_scripts_of_any_kind(steps: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    with MemoryClient() as client:
        client.negotiate()
        for number, (response, request) in enumerate(steps):
            scripted = client.request("x-respond", response)
            assert "internal error" not in json.dumps(scripted).lower()
            reply = client.exchange({**request, "id": number})
            assert reply["id"] == number
            assert ("return" in reply) != ("error" in reply)
            assert "internal error" not in json.dumps(reply).lower()
        assert isinstance(client.execute("x-query-left-over"), list)
        client.execute("x-script-reset")
        assert client.execute("query-name") == {}
