"""The pydantic models of structs and unions."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path


@pytest.fixture(scope="module")
def models() -> Models:
    return Models(load_schema(packaged_schema_path()))


def test_a_struct_has_attributes_in_pythons_spelling(models: Models) -> None:
    value = {"aio-max-batch": 3, "poll-grow": 4}
    iothread = models.model("IothreadProperties").model_validate(value)
    assert iothread.poll_grow == 4  # type: ignore[attr-defined]
    assert iothread.poll_weight is None  # type: ignore[attr-defined]
    assert iothread.model_dump(by_alias=True, exclude_unset=True) == value


def test_a_union_becomes_the_branch_that_the_tag_selects(models: Models) -> None:
    union = models.model("ObjectOptions")
    value = {"qom-type": "iothread", "id": "a", "poll-max-ns": 5}
    options = union.model_validate(value)
    assert isinstance(options, union)
    assert options.model_dump(by_alias=True, exclude_unset=True) == value
    assert (
        "poll_max_ns"
        not in type(union.model_validate({"qom-type": "can-bus", "id": "a"})).model_fields
    )


def test_objects_inside_are_models_too(models: Models) -> None:
    value = {"qemu": {"major": 11, "minor": 1, "micro": 3}, "package": ""}
    version = models.model("VersionInfo").model_validate(value)
    assert isinstance(version.qemu, BaseModel)  # type: ignore[attr-defined]
    assert version.model_dump() == value


@pytest.mark.parametrize(
    ("name", "value", "kind", "place"),
    [
        ("IothreadProperties", {"poll-grow": True}, "int_type", ("poll-grow",)),
        ("IothreadProperties", {"poll-grow": 1.0}, "int_type", ("poll-grow",)),
        ("IothreadProperties", {"poll-grow": None}, "int_type", ("poll-grow",)),
        ("IothreadProperties", {"poll_grow": 1}, "extra_forbidden", ("poll_grow",)),
        ("StatusInfo", {"running": True, "status": "no"}, "literal_error", ("status",)),
        ("ObjectOptions", {"qom-type": "no", "id": "a"}, "literal_error", ("qom-type",)),
        (
            "VersionInfo",
            {"qemu": {"major": 1, "minor": 1}, "package": ""},
            "missing",
            ("qemu", "micro"),
        ),
    ],
)
def test_models_are_strict(
    models: Models, name: str, value: dict[str, object], kind: str, place: tuple[str, ...]
) -> None:
    with pytest.raises(ValidationError) as caught:
        models.model(name).model_validate(value)
    assert [(error["type"], error["loc"]) for error in caught.value.errors()] == [(kind, place)]


def test_a_model_is_made_once(models: Models) -> None:
    assert models.model("StatusInfo") is models.model("StatusInfo")


@pytest.mark.parametrize(("value", "kind"), [("x", "str"), ({"total": 3}, "Limits")])
def test_an_alternate_is_what_its_branch_is(tmp_path: Path, value: object, kind: str) -> None:
    file = tmp_path / "schema.json"
    file.write_text("""
        { 'struct': 'Limits', 'data': { 'total': 'int' } }
        { 'alternate': 'Ref', 'data': { 'name': 'str', 'definition': 'Limits' } }
        { 'struct': 'Disk', 'data': { 'ref': 'Ref' } }
        """)
    disk = Models(load_schema(str(file))).model("Disk").model_validate({"ref": value})
    assert type(disk.ref).__name__ == kind  # type: ignore[attr-defined]
    assert disk.model_dump() == {"ref": value}


@pytest.mark.parametrize("name", ["RunState", "no such type"])
def test_what_is_no_struct_has_no_model(models: Models, name: str) -> None:
    with pytest.raises(KeyError):
        models.model(name)
