"""Who may connect."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from qmp_iothreadd.machine.objects.authz import Authz
from qmp_iothreadd.testing import MemoryClient

RULES = [
    {"match": "bob", "policy": "deny"},
    {"match": "b*", "policy": "allow", "format": "glob"},
    {"match": "a*", "policy": "allow"},
]


def allowed(client: MemoryClient, *names: str) -> list[str]:
    found = cast("Authz", client.machine.find_object("o"))
    return [name for name in names if found.is_allowed(name)]


def test_one_name_may(client: MemoryClient, add: Callable[..., None]) -> None:
    add("authz-simple", identity="fred")
    assert allowed(client, "fred", "Fred", "") == ["fred"]


def test_the_first_rule_that_fits_decides(client: MemoryClient, add: Callable[..., None]) -> None:
    add("authz-list", rules=RULES)
    assert allowed(client, "bob", "bill", "a", "a*") == ["bill", "a*"]


def test_where_none_fits_the_policy_decides(
    client: MemoryClient, add: Callable[..., None], put: Callable[..., str | None]
) -> None:
    add("authz-list")
    assert allowed(client, "x") == []
    assert put("policy", "allow") is None
    assert allowed(client, "x") == ["x"]


def test_rules_read_back_as_they_were_given(
    add: Callable[..., None], get: Callable[..., Any], put: Callable[..., str | None]
) -> None:
    add("authz-list", rules=RULES)
    assert get("rules") == RULES
    assert put("rules", [{"match": "a"}]) == "Parameter 'rules[0].policy' is missing"


def test_rules_of_a_file_are_read_again_when_it_changed(
    client: MemoryClient, add: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "rules"
    path.write_text(json.dumps({"rules": RULES}))
    add("authz-listfile", filename=str(path))
    assert allowed(client, "bob", "bill") == ["bill"]
    path.write_text(json.dumps({"policy": "allow", "rules": []}))
    assert allowed(client, "bob", "bill") == ["bob", "bill"]
    path.write_text("{")
    assert allowed(client, "bob", "bill") == []


def test_without_refresh_they_stay(
    client: MemoryClient, add: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "rules"
    path.write_text('{"policy": "allow"}')
    add("authz-listfile", filename=str(path), refresh=False)
    os.unlink(path)
    assert allowed(client, "bob") == ["bob"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "File '{}' must contain a JSON object"),
        ("{'a':", "JSON parse error, premature end of input"),
        ('{"policy": "maybe"}', "Parameter 'policy' does not accept value 'maybe'"),
        ('{"x": 1}', "Property 'authz-list.x' not found"),
    ],
)
def test_files_that_have_no_rules_are_refused(
    refused: Callable[..., str], tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "rules"
    path.write_text(text)
    assert said.format(path) in refused("authz-listfile", filename=str(path))


def test_a_file_without_a_folder_cannot_be_watched(
    refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rules").write_text("{}")
    assert refused("authz-listfile", filename="rules") == "Filename must be an absolute path"
    assert refused("authz-listfile", filename="/nope") == (
        "Unable to read '/nope': Failed to open file \u201c/nope\u201d: No such file or directory"
    )


def test_there_is_no_pam(refused: Callable[..., str]) -> None:
    assert refused("authz-pam", service="x") == "invalid object type: authz-pam"
