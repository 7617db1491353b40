"""Options of devices and sound: there is nothing to list, and what cannot be had is said."""

from __future__ import annotations

from pathlib import Path

import pytest

import qmp_iothreadd
from qmp_iothreadd import cli
from qmp_iothreadd.cli.command_line import Finished
from tests.cli.lines import parse, printed, said


def test_a_device_that_is_asked_for_help_and_is_not_there() -> None:
    with pytest.raises(Finished) as caught:
        cli.parse(["prog", "-M", "none", "-device", "nope,help"])
    assert (caught.value.status, caught.value.text) == (0, "")
    assert caught.value.said == "prog: -device nope,help: Device 'nope' not found\n"


def test_what_a_model_can_be_told_is_listed() -> None:
    status, text = printed("-device", "virtio-rng,help")
    assert (status, text.splitlines()[:3]) == (
        0,
        [
            "virtio-rng-pci options:",
            "  acpi-index=<uint32>    -  (default: 0)",
            "  addr=<str>             - Slot and optional function number, example: 06.0 or 06 "
            "(default: -1)",
        ],
    )
    assert "  rng=<link<rng-backend>>" in text
    assert '  disable-legacy=<OnOffAuto> - on/off/auto (default: "auto")' in text
    none = "There are no options for vmcoreinfo."
    assert printed("-device", "vmcoreinfo,help") == (0, none)


def test_models_are_listed_by_category() -> None:
    status, text = printed("-device", "help")
    categories = text.split("\n\n")
    line = 'name "virtio-blk-pci", bus PCI, alias "virtio-blk"'
    assert (status, line in categories[2].splitlines()) == (0, True)
    assert 'name "max-x86_64-cpu"' in categories[8].splitlines()
    assert "PIIX3" not in text


def test_devices_of_a_board_are_kept_for_it() -> None:
    config = parse(
        *("-M", "q35", "-device", '{"driver":"virtio-rng-pci","addr":5}'),
        *("-device", "edu,id=a,addr=3", "-set", "device.a.addr=4"),
        *("-global", "edu.dma_mask=5"),
    )
    assert [(each.location, each.options, each.from_text) for each in config.devices] == [
        ("-device edu,id=a,addr=3", {"driver": "edu", "addr": "4", "id": "a"}, True),
        (
            '-device {"driver":"virtio-rng-pci","addr":5}',
            {"driver": "virtio-rng-pci", "addr": 5},
            False,
        ),
    ]
    assert config.device_defaults == [("edu", "dma_mask", "5")]


@pytest.mark.parametrize("text", ["name=opt/x", "string=a", "name=opt/x,string=a,file=b"])
def test_firmware_gets_one_thing_with_a_name(text: str) -> None:
    assert said("-M", "q35", "-fw_cfg", text) == (
        f"prog: -fw_cfg {text}: name, plus exactly one of file, string and gen_id, are needed\n"
    )
    parse("-M", "q35", "-fw_cfg", "name=opt/x,string=a")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"name=opt/{'a' * 52},string=a", "name too long (max. 55 char)"),
        (
            "name=opt/x,file=/nope",
            "can't load /nope: Failed to open file “/nope”: No such file or directory",
        ),
        ("name=opt/x,gen_id=zz", "Cannot find object ID 'zz'"),
        ("name=opt/x,gen_id=io0", "Object ID 'io0' is not a 'fw_cfg-data-generator' subclass"),
    ],
)
def test_what_firmware_gets_is_there(text: str, reason: str) -> None:
    line = ("-M", "q35", "-object", "iothread,id=io0", "-fw_cfg", text)
    assert said(*line) == f"prog: -fw_cfg {text}: {reason}\n"


def test_firmware_gets_things_whose_names_are_users(tmp_path: Path) -> None:
    for text, warnings in (("name=x,string=a", 1), (f"name=opt/x,file={__file__}", 0)):
        _, said_of = cli.parse(["prog", "-M", "q35", "-nodefaults", "-fw_cfg", text])
        assert said_of.count('prefixed with "opt/"') == warnings


def test_disks_are_protected_wherever_the_option_stands() -> None:
    disks = ("-hda", "a", "-drive", "file=b,snapshot=off")
    for line in (("-snapshot", *disks), (*disks, "-snapshot")):
        said_of = [dict(each.pairs)["snapshot"] for each in parse("-M", "pc", *line).blocks]
        assert sorted(said_of) == ["off", "on"]


def test_there_is_no_tpm_to_list() -> None:
    assert printed("-tpmdev", "help") == (1, "Supported TPM types (choose only one):")
    assert said("-tpmdev", "id=t") == "prog: -tpmdev id=t: Parameter 'type' is missing\n"


def test_sound_has_one_driver_and_no_cards() -> None:
    drivers = (0, "Available audio drivers:\nnone")
    assert printed("-audiodev", "help") == printed("-audio", "none,help") == drivers
    cards = "Valid sound card names (comma separated):"
    assert printed("-audio", "none,model=help") == (0, cards)
    [named] = parse("-audiodev", "none,id=a").audiodevs
    [unnamed] = parse("-audio", "none").audiodevs
    assert ([named["id"], named["driver"]], unnamed["id"]) == (["a", "none"], "audiodev0")
    text = "none,model=ac97"
    assert said("-audio", text) == f"prog: -audio {text}: Unknown sound card name `ac97'\n"


def test_folders_of_firmware_are_listed() -> None:
    own = str(Path(qmp_iothreadd.__file__).parent / "share")
    assert printed("-L", "/tmp", "-L", "help") == (0, f"/tmp\n{own}")


def test_a_type_that_a_schema_lacks_describes_anything(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text("{ 'command': 'x-nothing' }")
    own = ("--schema", str(schema))
    assert parse("-blockdev", '{"driver":"x","n":1}', *own).blocks[0].node == {
        "driver": "x",
        "n": 1,
    }
    assert said("-audiodev", "x", *own) == "prog: -audiodev x: Parameter 'id' is missing\n"
    assert said("-display", "a=1", *own) == "prog: -display a=1: Parameter 'type' is missing\n"
    config, _ = cli.parse(["prog", "-M", "none", "-netdev", "user,id=n,foo=1", *own])
    assert config.netdevs == [{"type": "user", "foo": "1"}]
