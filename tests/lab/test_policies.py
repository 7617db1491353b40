"""Policies of one's own: functions of Python, and C files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.lab import POLICIES, PRESETS, Load, Params, cli, compiling, replay, simulate

# Each is the weighted policy with one handler and weight 0: ns is the last time, or 0 past max_ns.
C_POLICY = """\
#include "policy.h"

int64_t policy(const PolicyStep *step, int64_t *ns)
{
    ns[0] = step->block_ns > step->max_ns ? 0 : step->block_ns;
    int64_t grown = step->poll_ns * step->grow;
    if (ns[0] > step->poll_ns) {
        grown = grown < ns[0] ? ns[0] : grown;
        return grown > step->max_ns ? step->max_ns : grown;
    }
    const int64_t shrunk = step->shrink ? step->poll_ns / step->shrink : 0;
    return ns[0] < shrunk ? shrunk : step->poll_ns;
}
"""


def in_python(step: Any, ns: list[int]) -> int:
    ns[0] = 0 if step.block_ns > step.max_ns else step.block_ns
    poll_ns, shrunk = int(step.poll_ns), step.poll_ns // step.shrink
    if ns[0] > poll_ns:
        return int(min(max(poll_ns * step.grow, ns[0]), step.max_ns))
    return int(shrunk) if ns[0] < shrunk else poll_ns


@pytest.fixture(scope="module")
def in_c(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("policies") / "mine.c"
    path.write_text(C_POLICY)
    return str(path)


@pytest.mark.parametrize("load", [PRESETS["exponential"], Load(depth=3, think_ns=30_000)], ids=str)
def test_one_that_does_as_the_engine_comes_to_the_same(in_c: str, load: Load) -> None:
    sets = [Params(weight=0), Params(weight=0, policy=in_python), Params(weight=0, policy=in_c)]
    results = [each.to_json() for each in simulate(load, sets, requests=5000)]
    names = [each.pop("params")["policy"] for each in results]
    assert names == [POLICIES[0], "in_python", in_c]
    for each in results:
        del each["resets_share"], each["grown"], each["shrunk"]  # what a policy does not tell
    assert results[0] == results[1] == results[2]


def test_one_decides_on_recorded_times(in_c: str) -> None:
    block_ns = [5000, 9000, 90_000, 100]
    ours = [Params(weight=0, policy=policy) for policy in (POLICIES[0], in_python, in_c)]
    plain, python, c = replay(block_ns, [1] * 4, ours)
    assert plain.poll_ns == python.poll_ns == c.poll_ns
    assert plain.mean_poll_ns == python.mean_poll_ns == c.mean_poll_ns
    assert plain.handler_ns == python.handler_ns == c.handler_ns
    assert str(ours[1]).endswith(",policy=in_python")


def test_one_keeps_what_it_likes_for_each_handler() -> None:
    seen: list[tuple[int, int, list[int]]] = []

    def policy(step: Any, ns: list[int]) -> int:
        seen.append((step.events, step.handlers, list(ns)))
        ns[1] += 1
        return 0

    [found] = replay([5, 6], [1, 2], Params(policy=policy), handlers=2)
    assert seen == [(1, 2, [0, 0]), (2, 2, [0, 1])]
    assert found.handler_ns == (0, 2)


def test_the_command_takes_a_file(in_c: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("simulate", "--requests", "2000", "--policy", f"weighted,{in_c}", "--json", "-")
    assert cli.main(words) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    assert [each["params"]["policy"] for each in results] == ["weighted", in_c]


def raising(step: Any, ns: list[int]) -> int:
    raise ZeroDivisionError("of all things")


@pytest.mark.parametrize(
    ("policy", "error", "message"),
    [
        (raising, ZeroDivisionError, "of all things"),
        (lambda step, ns: step.max_ns + 1, ValueError, "asked for a window of 32769 ns: return 0"),
        (lambda step, ns: ns.append(5) or 0, ValueError, "changed how many ns there are"),
        (lambda step, ns: "soon", TypeError, "int"),
        (lambda step, ns: 2**70, OverflowError, "int"),
    ],
)
def test_a_function_that_fails_ends_it(policy: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        replay([5], [1], Params(policy=policy))
    with pytest.raises(error, match=message):
        simulate(Load(), Params(policy=policy), requests=10)


BODIES = {
    "return step->max_ns +": "does not compile:.*expected expression",
    "return -5;": "asked for a window of -5 ns: return 0 to step's max_ns, which is 1",
    "ns[64] = 1; return 0;": "wrote past the end of ns: it has 64 places",
    "_Exit(3);": r"its policy ended the process \(with 3\)",
    "return *(volatile int *)0;": r"its policy crashed \(SIGSEGV\)",
    "for (volatile int i = 0;; i++) {}": r"does not return \(it was tried for 1 s\)",
}


@pytest.mark.parametrize("body", BODIES)
def test_c_that_fails_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    path = tmp_path / "mine.c"
    path.write_text(
        '#include <stdlib.h>\n#include "policy.h"\n'
        f"int64_t policy(const PolicyStep *step, int64_t *ns) {{ {body} }}\n"
    )
    if "for" in body:
        monkeypatch.setattr(compiling, "_TRIAL_S", 1)
    with pytest.raises(ValueError, match=rf"(?s)mine\.c.*{BODIES[body]}"):
        replay([5], [1], Params(policy=str(path)))


def test_what_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="No such file"):
        replay([5], [1], Params(policy="/nonexistent/mine.c"))
    path = tmp_path / "other.c"
    path.write_text("int nothing;\n")
    with pytest.raises(ValueError, match="undefined symbol: policy"):
        replay([5], [1], Params(policy=str(path)))
    path.write_text(C_POLICY)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(OSError, match="no C compiler found: install gcc, or name one in CC"):
        replay([5], [1], Params(policy=str(path)))
