"""Links: properties whose values are paths of objects of one type."""

from __future__ import annotations

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qom.links import resolve_link
from qmp_iothreadd.qom.object import Object
from qmp_iothreadd.qom.tree import ObjectTree
from qmp_iothreadd.qom.types import TypeRegistry


class Context(Object):
    __slots__ = ()

    qom_name = "thread-context"


class NarrowContext(Context):
    __slots__ = ()

    qom_name = "narrow-context"


class Device(Object):
    __slots__ = ()

    qom_name = "chardev-null"


@pytest.fixture
def user() -> Object:
    """One of /objects/x, narrow and user, contexts, beside /chardevs/x, z and w, and /objects/z."""
    tree = ObjectTree(TypeRegistry())
    for folder, name, made in (
        (tree.objects, "x", Context),
        (tree.objects, "narrow", NarrowContext),
        (tree.objects, "z", Device),
        (tree.chardevs, "x", Device),
        (tree.chardevs, "z", Device),
        (tree.chardevs, "w", Device),
        (tree.objects, "user", Context),
    ):
        folder.add_child(name, made(tree.types.add(made)))
    found = tree.objects.child("user")
    assert found is not None
    return found


def link(user: Object, path: str) -> str:
    return resolve_link(user, "prealloc-context", path, "thread-context")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("", ""),
        ("/objects/x", "/objects/x"),
        ("objects/x", "/objects/x"),
        ("x", "/objects/x"),  # what else has the name is of another type
        ("narrow", "/objects/narrow"),
        ("user", "/objects/user"),
    ],
)
def test_a_path_leads_to_an_object_of_the_type(user: Object, path: str, target: str) -> None:
    assert link(user, path) == target


@pytest.mark.parametrize("path", ["/chardevs/x", "w", "z", "/objects", "/"])
def test_objects_of_other_types_are_refused_however_many_there_are(user: Object, path: str) -> None:
    with pytest.raises(QmpError) as raised:
        link(user, path)
    assert raised.value.desc == (
        "Invalid parameter type for 'prealloc-context', expected: thread-context"
    )
    assert raised.value.error_class == "GenericError"


def test_several_objects_of_the_type_are_too_many(user: Object) -> None:
    user.add_child("x", Context(user.type))
    assert link(user, "objects/x") == "/objects/x"
    assert link(user, "user/x") == "/objects/user/x"
    with pytest.raises(QmpError) as raised:
        link(user, "x")
    assert raised.value.desc == "Path 'x' does not uniquely identify an object"


@pytest.mark.parametrize("path", ["nope", "/nope", "/x", "objects/x/y"])
def test_what_is_not_there_is_no_device(user: Object, path: str) -> None:
    with pytest.raises(QmpError) as raised:
        link(user, path)
    assert raised.value.desc == f"Device '{path}' not found"
    assert raised.value.error_class == "DeviceNotFound"
