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


NAMES = st.sampled_from(["a", "b", "c", "objects"])


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 30), NAMES), max_size=40),
    st.lists(st.lists(NAMES, max_size=3), min_size=1, max_size=8),
)
def test_partial_paths_find_what_a_search_of_the_whole_tree_finds(
    changes: list[tuple[bool, int, str]], wanted: list[list[str]]
) -> None:
    """However objects, or whole branches, came and went since somebody asked first."""
    tree = ObjectTree(TypeRegistry())
    there = [tree.objects, tree.chardevs]
    for comes, number, name in changes:
        tree.resolve(name)
        target = there[number % len(there)]
        if not comes:
            if target.root() is tree.root and number % 2:
                target.unparent()
        elif target.child(name) is None:
            made = Container(tree.root.type)
            made.add_child("b", Container(tree.root.type))
            target.add_child(name, made)
            there.append(made)
            if number % 5 == 0:
                target.remove_child(name)
    for parts in wanted:
        assert tree.resolve("/".join(parts)) == searched(tree.root, parts)


def searched(root: Object, parts: list[str]) -> tuple[Object | None, bool]:
    every, found = [root], []
    for start in every:
        every += (start.children or {}).values()
        current: Object | None = start
        for part in parts:
            current = current.child(part) if current else None
        found += [current] if current else []
    return (found[0], False) if len(found) == 1 else (None, bool(found))
