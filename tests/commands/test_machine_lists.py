"""Machine types, processor models and options, for those who ask."""

from __future__ import annotations

import pytest

from qmp_iothreadd.cli.lists import describe_lists
from qmp_iothreadd.testing import MemoryClient


def test_machine_types_are_qemus(client: MemoryClient) -> None:
    found = {each["name"]: each for each in client.execute("query-machines")}
    assert (found["none"]["cpu-max"], found["none"]["hotpluggable-cpus"]) == (1, False)
    assert found["pc-q35-11.1"]["alias"] == "q35"
    assert [name for name, each in found.items() if each.get("is-default")] == ["pc-i440fx-11.1"]
    more = client.execute("query-machines", {"compat-props": True})
    assert [each["name"] for each in more] == list(found)
    assert all(each["compat-props"] == [] for each in more)


def test_processor_models_are_qemus(client: MemoryClient) -> None:
    found = {each["name"]: each for each in client.execute("query-cpu-definitions")}
    assert found["qemu64"]["alias-of"] == "qemu64-v1"
    assert found["host"]["unavailable-features"] == ["kvm"]
    assert found["base"]["static"] is True


def test_a_model_is_what_it_is_called(client: MemoryClient) -> None:
    asked = {"type": "full", "model": {"name": "qemu64"}}
    found = client.execute("query-cpu-model-expansion", asked)["model"]
    assert (found["name"], found["props"]["family"], found["props"]["avx"]) == ("qemu64", 15, False)
    asked["type"] = "static"
    assert client.execute("query-cpu-model-expansion", asked)["model"]["name"] == "base"


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ({"name": "x"}, "CPU model 'x' not found"),
        ({"name": "max", "props": {"x": 1}}, "Property 'max-x86_64-cpu.x' not found"),
        (
            {"name": "max", "props": {"avx": 1}},
            "Invalid parameter type for 'avx', expected: boolean",
        ),
    ],
)
def test_what_no_model_has_is_refused(
    client: MemoryClient, model: dict[str, object], error: str
) -> None:
    reply = client.request("query-cpu-model-expansion", {"type": "full", "model": model})
    assert reply["error"]["desc"] == error


def test_crypto_devices_alone_count(client: MemoryClient) -> None:
    (schema,) = client.execute("query-stats-schemas")
    assert (schema["provider"], schema["target"]) == ("cryptodev", "cryptodev")
    assert schema["stats"][0] == {
        "name": "asym-verify-bytes",
        "type": "cumulative",
        "exponent": 0,
    }
    assert client.execute("query-stats-schemas", {"provider": "cryptodev"}) == [schema]
    assert client.execute("query-stats-schemas", {"provider": "kvm"}) == []


def test_options_are_those_of_the_command_line(client: MemoryClient) -> None:
    client.machine.command_line_options = describe_lists
    (mon,) = client.execute("query-command-line-options", {"option": "mon"})
    assert mon == {
        "option": "mon",
        "parameters": [
            {"name": "pretty", "type": "boolean"},
            {"name": "chardev", "type": "string"},
            {"name": "mode", "type": "string"},
        ],
    }
    (chardev,) = client.execute("query-command-line-options", {"option": "chardev"})
    assert chardev["parameters"][:3] == [
        {"name": "abstract", "type": "boolean"},
        {"name": "tight", "type": "boolean", "default": "on"},
        {"name": "clipboard", "type": "boolean"},
    ]
    assert chardev["parameters"][-1] == {"name": "backend", "type": "string"}
    names = [each["option"] for each in client.execute("query-command-line-options")]
    assert len(names) == len(set(names))
    assert names[0] == "machine"
    assert names[-3:] == ["device", "chardev", "drive"]


def test_an_unknown_option_is_refused(client: MemoryClient) -> None:
    reply = client.request("query-command-line-options", {"option": "nope"})
    assert reply["error"]["desc"] == "invalid option name: nope"
