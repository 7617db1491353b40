"""What is said of objects when help is asked for."""

from __future__ import annotations

from qmp_iothreadd.qapi.schema import ObjectType
from qmp_iothreadd.qom.object_help import describe_properties, describe_types


def test_types_that_have_properties_are_listed(options_type: ObjectType) -> None:
    assert describe_types(options_type) == "List of user creatable objects:\n  other\n  thing"


def test_properties_are_listed_in_alphabetical_order_with_their_types(
    options_type: ObjectType,
) -> None:
    assert describe_properties(options_type, "other") == "other options:\n  must=<string>"
    first, second, *_ = (describe_properties(options_type, "thing") or "").splitlines()
    assert (first, second) == ("thing options:", "  anything=<any>")


def test_a_type_without_properties_says_so(options_type: ObjectType) -> None:
    assert describe_properties(options_type, "bare") == "There are no options for bare."


def test_there_is_nothing_to_say_of_an_unknown_type(options_type: ObjectType) -> None:
    assert describe_properties(options_type, "nosuch") is None
