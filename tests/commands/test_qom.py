"""object-add, object-del and the qom- commands."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.testing import MemoryClient


def iothread(name: str = "io0", **properties: Any) -> dict[str, Any]:
    given = {key.replace("_", "-"): value for key, value in properties.items()}
    return {"qom-type": "iothread", "id": name, **given}


def desc(reply: dict[str, Any]) -> str:
    return str(reply["error"]["desc"])


# -- object-add -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "Parameter 'qom-type' is missing"),
        ({"id": "a"}, "Parameter 'qom-type' is missing"),
        ({"qom-type": "iothread"}, "Parameter 'id' is missing"),
        ({"qom-type": 3, "id": "a"}, "Invalid parameter type for 'qom-type', expected: string"),
        ({"qom-type": "no", "id": "a"}, "Parameter 'qom-type' does not accept value 'no'"),
        (iothread(nope=1), "Parameter 'nope' is unexpected"),
        (iothread("0"), "Parameter 'id' expects an identifier"),
        (iothread("a", poll_grow="1"), "Invalid parameter type for 'poll-grow', expected: integer"),
        (iothread("0", poll_weight=64), "Parameter 'id' expects an identifier"),
    ],
)
def test_object_add_refuses(client: MemoryClient, arguments: dict[str, Any], expected: str) -> None:
    assert desc(client.request("object-add", arguments)) == expected


def test_of_several_refused_values_the_first_in_the_dictionarys_order_is_named(
    client: MemoryClient,
) -> None:
    names = ("poll_max_ns", "poll_grow", "poll_weight", "aio_max_batch")
    bad: dict[str, Any] = dict.fromkeys(names, -1)
    for properties in (bad, dict(reversed(bad.items()))):
        reply = client.request("object-add", iothread(**properties))
        assert desc(reply) == "poll-weight value must be in range [0, 63]"


def test_an_object_of_a_type_that_is_not_built_in(client: MemoryClient) -> None:
    reply = client.request("object-add", {"qom-type": "pef-guest", "id": "a"})
    assert desc(reply) == "invalid object type: pef-guest"


def test_a_long_id_is_an_id(client: MemoryClient) -> None:
    name = "a" * 100_000
    client.execute("object-add", iothread(name))
    assert client.execute("query-iothreads")[0]["id"] == name


# -- object-del -----------------------------------------------------------------------------------


def test_object_del_refuses(client: MemoryClient) -> None:
    client.execute("object-add", {"qom-type": "main-loop", "id": "ml"})
    for name, expected in [
        ("nope", "object 'nope' not found"),
        ("ml", "Deleting main loop 'ml' is not supported"),
        ("compat_monitor0", "Cannot delete the current QMP monitor"),
        ("", "object '' not found"),
        ("/objects/ml", "object '/objects/ml' not found"),
    ]:
        assert desc(client.request("object-del", {"id": name})) == expected


def test_an_id_can_be_taken_again(client: MemoryClient) -> None:
    for _ in range(3):
        client.execute("object-add", iothread())
        assert "error" in client.request("object-add", iothread())
        client.execute("object-del", {"id": "io0"})


# -- qom-get, qom-set, qom-list, qom-list-get -----------------------------------------------------


def test_a_property_is_set_and_got_through_any_path(client: MemoryClient) -> None:
    client.execute("object-add", iothread())
    for value, path in enumerate(["io0", "/objects/io0", "objects/io0", "//objects//io0/"]):
        client.execute("qom-set", {"path": path, "property": "aio-max-batch", "value": value})
        got = client.execute("qom-get", {"path": path, "property": "aio-max-batch"})
        assert got == value


@pytest.mark.parametrize(
    ("command", "arguments", "expected"),
    [
        ("qom-get", {"path": "nope", "property": "a"}, "Device 'nope' not found"),
        ("qom-get", {"path": "", "property": "a"}, "Device '' not found"),
        ("qom-get", {"path": "io0", "property": "a"}, "Property 'iothread.a' not found"),
        ("qom-get", {"path": "io0"}, "Parameter 'property' is missing"),
        ("qom-set", {"path": "io0", "property": "type", "value": "x"}, "is not writable"),
        ("qom-set", {"path": "io0", "property": "poll-grow"}, "Parameter 'value' is missing"),
        ("qom-list", {"path": ""}, "Path '' is ambiguous"),
        ("qom-list", {"path": "compat_monitor0"}, "Path 'compat_monitor0' is ambiguous"),
        ("qom-list", {"path": "/nope"}, "Device '/nope' not found"),
        ("qom-list-get", {"paths": ["io0", ""]}, "Path '' is ambiguous"),
        ("qom-list-get", {"paths": [3]}, "Invalid parameter type for 'paths[0]'"),
        ("qom-list-properties", {"typename": "nope"}, "Class 'nope' not found"),
        ("qom-list-properties", {"typename": "user-creatable"}, "Parameter 'typename' expects a Q"),
        ("device-list-properties", {"typename": "nope"}, "Device 'nope' not found"),
        ("device-list-properties", {"typename": "iothread"}, "Parameter 'typename' expects a non-"),
        ("device-list-properties", {"typename": "device"}, "Parameter 'typename' expects a non-"),
    ],
)
def test_qom_commands_refuse(
    client: MemoryClient, command: str, arguments: dict[str, Any], expected: str
) -> None:
    client.execute("object-add", iothread())
    assert expected in desc(client.request(command, arguments))


def test_qom_list_get_gives_values_of_several_objects(client: MemoryClient) -> None:
    client.execute("object-add", iothread("a", poll_weight=5))
    client.execute("object-add", iothread("b"))
    first, second, folder = client.execute("qom-list-get", {"paths": ["a", "b", "/objects"]})
    assert {"name": "poll-weight", "type": "int", "value": 5} in first["properties"]
    assert {"name": "poll-weight", "type": "int", "value": 3} in second["properties"]
    child = {"name": "a", "type": "child<iothread>", "value": "/objects/a"}
    assert child in folder["properties"]


def test_monitors_are_objects(client: MemoryClient) -> None:
    got = client.execute("qom-get", {"path": "/objects/compat_monitor0", "property": "chardev"})
    assert got == "compat_monitor0"
    listed = client.execute("qom-list", {"path": "/chardevs/compat_monitor0"})
    assert {"name": "connected", "type": "bool"} in listed


def test_qom_list_types_chooses(client: MemoryClient) -> None:
    def names(**arguments: Any) -> set[str]:
        return {each["name"] for each in client.execute("qom-list-types", arguments)}

    assert {"iothread", "main-loop"} <= names(implements="event-loop-base")
    assert "event-loop-base" not in names()
    assert "event-loop-base" in names(abstract=True)
    assert names(implements="iothread") == {"iothread"}
    assert names(implements="nope") == set()
    by_name = {each["name"]: each for each in client.execute("qom-list-types", {"abstract": True})}
    assert by_name["iothread"] == {"name": "iothread", "parent": "event-loop-base"}
    assert by_name["event-loop-base"]["abstract"] is True


def test_properties_of_a_type_have_descriptions_where_qemu_has_them(client: MemoryClient) -> None:
    found = client.execute("qom-list-properties", {"typename": "none-machine"})
    described = {prop["name"]: prop["description"] for prop in found if "description" in prop}
    assert described["usb"] == "Set on/off to enable/disable usb"


def test_a_model_of_devices_has_properties_with_their_defaults(client: MemoryClient) -> None:
    listed = client.execute("device-list-properties", {"typename": "virtio-blk-pci"})
    by_name = {each["name"]: each for each in listed}
    assert (by_name["addr"]["name"], by_name["multifunction"]["default-value"]) == ("addr", False)
