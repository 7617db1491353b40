"""Paths: absolute, partial, ambiguous."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.qom.object import Container, Object
from qmp_iothreadd.qom.tree import ObjectTree
from qmp_iothreadd.qom.types import TypeRegistry


@pytest.fixture
def tree() -> ObjectTree:
    """/objects/a/b, /objects/c, /chardevs/c"""
    tree = ObjectTree(TypeRegistry())
    a, b, c, other_c = (Container(tree.root.type) for _ in range(4))
    tree.objects.add_child("a", a)
    a.add_child("b", b)
    tree.objects.add_child("c", c)
    tree.chardevs.add_child("c", other_c)
    return tree


def path_of(found: Object | None) -> str | None:
    return found.path if found else None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/"),
        ("//", "/"),
        ("/objects", "/objects"),
        ("/objects/", "/objects"),
        ("//objects///a", "/objects/a"),
        ("/objects/a/b", "/objects/a/b"),
        ("/a", None),
        ("/objects/nope", None),
        ("/objects/a/b/nope", None),
        ("objects", "/objects"),
        ("a", "/objects/a"),
        ("b", "/objects/a/b"),
        ("a/b", "/objects/a/b"),
        ("objects/a/b/", "/objects/a/b"),
        ("objects/c", "/objects/c"),
        ("chardevs/c", "/chardevs/c"),
        ("nope", None),
    ],
)
def test_paths_resolve(tree: ObjectTree, path: str, expected: str | None) -> None:
    found, ambiguous = tree.resolve(path)
    assert path_of(found) == expected
    assert not ambiguous


@pytest.mark.parametrize("path", ["c", "", "c/"])
def test_partial_paths_that_fit_several_are_ambiguous(tree: ObjectTree, path: str) -> None:
    assert tree.resolve(path) == (None, True)


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=6, unique_by=lambda x: x))
def test_every_object_is_found_by_its_path(names: list[str]) -> None:
    tree = ObjectTree(TypeRegistry())
    parent: Object = tree.objects
    for name in names:
        child = Container(tree.root.type)
        parent.add_child(name, child)
        parent = child
        assert tree.resolve(child.path) == (child, False)
        assert tree.resolve(name) == (child, False)
        assert tree.resolve(child.path[1:]) == (child, False)
