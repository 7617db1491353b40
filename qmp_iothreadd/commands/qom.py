"""Objects, their properties and their types."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.qmp.registry import Context, NotPreparedError, command
from qmp_iothreadd.qom.object import Object, ObjectType, Property


@command("object-add")
def object_add(ctx: Context, arg: dict[str, Any]) -> None:
    """Create an object below ``/objects``."""
    ctx.machine.create_object(arg)


@command("object-del")
def object_del(ctx: Context, id: str) -> None:
    """Delete an object below ``/objects``, but not the monitor that asks for it."""
    ctx.machine.delete_object(id, ctx.monitor)


@command("qom-get")
def qom_get(ctx: Context, path: str, property: str) -> Any:
    """The value of a property."""
    return ctx.machine.resolve(path).get_property(property)


@command("qom-set")
def qom_set(ctx: Context, path: str, property: str, value: Any) -> None:
    """Set a property."""
    ctx.machine.resolve(path).set_property(property, value)


@command("qom-list")
def qom_list(ctx: Context, path: str) -> list[dict[str, Any]]:
    """The properties of an object: names and types."""
    return _describe(ctx.machine.resolve_unambiguous(path).properties())


@command("qom-list-get")
def qom_list_get(ctx: Context, paths: list[str]) -> list[dict[str, Any]]:
    """The properties of several objects, with the values of those that can be read."""
    found = [ctx.machine.resolve_unambiguous(path) for path in paths]
    return [{"properties": [_with_value(obj, prop) for prop in obj.properties()]} for obj in found]


@command("qom-list-types")
def qom_list_types(
    ctx: Context, implements: str | None = None, abstract: bool | None = None
) -> list[dict[str, Any]]:
    """The types there are; abstract ones only where asked for.

    Raises:
        NotPreparedError: not all have been made.
    """
    if ctx.machine.types.load_next():
        raise NotPreparedError
    return [
        _type_info(found)
        for found in ctx.machine.types
        if (abstract or not found.abstract) and (implements is None or found.implements(implements))
    ]


@command("qom-list-properties")
def qom_list_properties(ctx: Context, typename: str) -> list[dict[str, Any]]:
    """The properties that objects of a type have."""
    found = ctx.machine.types.get(typename)
    if found is None:
        raise errors.class_not_found(typename)
    if not found.implements("object"):
        raise errors.invalid_parameter_value("typename", "a QOM type")
    return [_with_description(prop) for prop in found.listed_properties()]


@command("device-list-properties")
def device_list_properties(ctx: Context, typename: str) -> list[dict[str, Any]]:
    """The properties that devices of a model have, with their defaults."""
    from qmp_iothreadd.machine.devices.listing import list_properties  # only where one asks

    return list_properties(ctx.machine.types, typename)


def _describe(properties: Any) -> list[dict[str, Any]]:
    return [{"name": prop.name, "type": prop.type} for prop in properties]


def _with_description(prop: Property) -> dict[str, Any]:
    shown = {"name": prop.name, "type": prop.type}
    if prop.description is not None:
        shown["description"] = prop.description
    return shown


def _with_value(obj: Object, prop: Property) -> dict[str, Any]:
    shown = {"name": prop.name, "type": prop.type}
    if prop.get is not None:
        shown["value"] = prop.get(obj)
    return shown


def _type_info(found: ObjectType) -> dict[str, Any]:
    info: dict[str, Any] = {"name": found.name}
    if found.abstract:
        info["abstract"] = True
    if found.parent is not None:
        info["parent"] = found.parent.name
    return info
