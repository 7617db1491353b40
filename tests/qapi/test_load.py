"""Golden triples: ``golden/NAME.json`` is either accepted, and then NAME.out shows what it means,
or refused, and NAME.err is the message.

``pytest tests/qapi --update-golden`` writes them anew; look at the difference before you keep it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qmp_iothreadd.qapi.load import load
from qmp_iothreadd.qapi.messages import QAPIError, Rule
from qmp_iothreadd.qapi.schema import (
    AlternateType,
    ArrayType,
    Command,
    EnumType,
    Event,
    ObjectType,
    Schema,
    SchemaType,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qmp_iothreadd.qapi.schema import Entity, Feature, Member

GOLDEN = Path(__file__).parent / "golden"
# One is there without its schema: the file that does not exist.
NAMES = sorted({file.stem for file in GOLDEN.iterdir() if file.suffix in (".json", ".err")})


def show(schema: Schema) -> Iterator[str]:
    """A schema as text, without what comes with the language."""
    for entity in schema.definitions.values():
        if entity.info is not None:
            yield f"{heading(entity)}{features(entity.features)}"
            yield from details(entity)


def heading(entity: Entity) -> str:
    match entity:
        case Command(arg_type=arg, ret_type=ret):
            return f"command {entity.name} {name(arg)} -> {name(ret)}"
        case Event(arg_type=arg):
            return f"event {entity.name} {name(arg)}"
        case ArrayType(element_type=element):
            return f"array {entity.name} of {element.name}"
        case ObjectType(base=base) if base is not None:
            return f"object {entity.name} based on {base.name}"
        case SchemaType():
            return f"{type(entity).__name__.removesuffix('Type').lower()} {entity.name}"


def details(entity: Entity) -> Iterator[str]:
    match entity:
        case Command() | Event():
            flags = (
                "boxed",
                "gen",
                "success_response",
                "allow_oob",
                "allow_preconfig",
                "coroutine",
            )
            values = [f"{flag}={getattr(entity, flag)}" for flag in flags if hasattr(entity, flag)]
            yield f"    {' '.join(values)}"
        case EnumType():
            yield from (f"    {value.name}{features(value.features)}" for value in entity.members)
        case AlternateType():
            yield from map(member, entity.branches)
        case ObjectType():
            yield from map(member, entity.local_members)
            if entity.variants is not None:
                yield f"    tag {entity.variants.tag.name}"
                yield from (
                    f"    case {value}: {case.name}"
                    for value, case in entity.variants.cases.items()
                )


def member(found: Member) -> str:
    optional = "optional " if found.optional else ""
    return f"    {optional}{found.name}: {found.type.name}{features(found.features)}"


def features(found: Iterable[Feature]) -> str:
    return "".join(f" +{feature.name}" for feature in found)


def name(found: SchemaType | None) -> str:
    return found.name if found is not None else "nothing"


def outcome(schema_name: str) -> tuple[str, str]:
    """The suffix and content of the file that goes with a golden schema."""
    try:
        schema = load(f"{schema_name}.json")
    except QAPIError as error:
        return ".err", f"{error}\n"
    return ".out", "".join(f"{line}\n" for line in show(schema))


@pytest.mark.parametrize("case", NAMES)
def test_schema_is_accepted_or_refused_as_recorded(
    case: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(GOLDEN)
    suffix, content = outcome(case)
    recorded = GOLDEN / f"{case}{suffix}"
    if request.config.getoption("--update-golden", default=False):
        recorded.write_text(content)
        (GOLDEN / f"{case}{'.err' if suffix == '.out' else '.out'}").unlink(missing_ok=True)
    assert recorded.exists(), content
    assert content == recorded.read_text()


def test_every_rule_has_a_golden_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GOLDEN)
    broken = set()
    for case in NAMES:
        try:
            load(f"{case}.json")
        except QAPIError as error:
            broken.add(error.rule)
    assert set(Rule) - broken == set()


def test_every_golden_error_names_its_file_and_line() -> None:
    for recorded in GOLDEN.glob("*.err"):
        if recorded.stem != "file-missing":
            last_location = recorded.read_text().split(": ")[0]
            assert ".json" in last_location, recorded.stem
