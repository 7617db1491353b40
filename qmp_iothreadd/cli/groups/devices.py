"""Options of a guest's devices, and of what is behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine, Finished
from qmp_iothreadd.cli.option import FILE, Handler, Option, read_list, words_of
from qmp_iothreadd.daemon.backends import DeviceConfig
from qmp_iothreadd.errors import LocatedError
from qmp_iothreadd.qom.option_lists import HELP

Question = Callable[[CommandLine], None]


def _add_device(line: CommandLine, text: str) -> None:
    if text.startswith("{"):
        from qmp_iothreadd.json.reader import parse_one  # only for JSON

        value: Any = parse_one(text)
        line.json_devices.append(DeviceConfig(line.location, value))
        return
    options = line.read_list("device", text)
    if options.get("driver") in HELP:
        line.questions.append(_list_devices)
    elif any(name in HELP for name, _ in options.pairs):
        line.questions.append(_device_help(options.get("driver") or "", line.location))


def _list_devices(line: CommandLine) -> None:
    from qmp_iothreadd.cli.device_help import list_devices  # only for help

    raise Finished(list_devices())


def _device_help(driver: str, location: str) -> Question:
    def say(line: CommandLine) -> None:
        from qmp_iothreadd.cli.device_help import describe_device  # only for help

        try:
            text = describe_device(line, driver)
        except errors.QmpError as error:
            line.say(LocatedError(error, location))
            text = ""
        raise Finished(text)

    return say


def _add_block_node(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.described import read_described  # reads the schema
    from qmp_iothreadd.daemon.backends import BlockConfig

    node = read_described(line, "BlockdevOptions", text, implied="driver")
    line.config.blocks.append(BlockConfig(line.location, node))


def _add_drive(words: str) -> Handler:
    pairs = [(name, value) for name, _, value in (word.partition("=") for word in words.split(","))]

    def add(line: CommandLine, text: str) -> None:
        drive = line.list_of("drive").create(None, line.location)
        drive.pairs += [*pairs, ("file", text)]

    return add


def _protect_disks(line: CommandLine, _text: str) -> None:
    line.snapshot = True


def _add_netdev(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.network_checks import MODERN, list_clients  # only where there is one

    kind = text.split(",")[0].removeprefix("type=")
    if kind in HELP:
        raise Finished(list_clients())
    if kind in MODERN or text.startswith("{"):
        from qmp_iothreadd.cli.described import read_described  # only for these

        value = read_described(line, "Netdev", text, implied="type")
        options = line.list_of("netdev").create(value["id"], line.location)
        options.pairs.append(("type", value["type"]))
        line.netdevs[value["id"]] = value
        return
    line.read_list("netdev", text)


def _add_nic(line: CommandLine, text: str) -> None:
    if line.read_list("nic", text).get("type") in HELP:
        from qmp_iothreadd.cli.network_checks import list_cards  # only for help

        raise Finished(list_cards())


def _add_usb_device(line: CommandLine, text: str) -> None:
    line.machine_options.set("usb", "on")
    line.refusals.append(LocatedError(errors.usb_device_failed(text), line.location))


def _enable_usb(line: CommandLine, _text: str) -> None:
    line.machine_options.set("usb", "on")


def _add_virtual_fs(line: CommandLine, text: str) -> None:
    """Short for -fsdev and a device, which needs a bus."""
    options = line.read_list("virtfs", text)
    tag = options.get("mount_tag")
    if options.get("fsdriver") is None or tag is None:
        raise errors.virtfs_usage()
    fsdev = line.list_of("fsdev").create(options.id or tag, line.location)
    fsdev.pairs += [pair for pair in options.pairs if pair[0] != "mount_tag"]
    device = line.list_of("device").create(None, line.location)
    device.pairs.append(("driver", "virtio-9p-pci"))


def _add_tpm(line: CommandLine, text: str) -> None:
    if text in HELP:
        error = errors.no_tpm_backend()
        raise Finished(error.hint or "", status=1)
    line.read_list("tpmdev", text)


OPTIONS = (
    Option(
        "device",
        "DRIVER[,PROP=VALUE]... | JSON",
        _add_device,
        "a device: PROP and VALUE are as -device DRIVER,help lists them",
    ),
    Option("usb", "", _enable_usb, "a USB controller"),
    Option("usbdevice", "NAME", _add_usb_device, "an older way to -device: refused"),
    Option(
        "blockdev",
        "DRIVER,node-name=NAME[,OPTION=VALUE]... | JSON",
        _add_block_node,
        "a block node (drivers null-co, null-aio, file, host_device, raw)",
    ),
    Option(
        "drive",
        "[file=FILE][,if=none][,id=ID][,format=raw][,...]",
        read_list("drive"),
        "a disk with a block node in it; a device where if= names a bus",
    ),
    Option("cdrom", FILE, _add_drive("media=cdrom,index=2"), "a disk with FILE in it"),
    *(
        Option(f"hd{letter}", FILE, _add_drive(f"media=disk,index={index}"), "the same")
        for index, letter in enumerate("abcd")
    ),
    Option("fda fdb", FILE, _add_drive("if=floppy"), "the same, for floppy drives"),
    Option("pflash", FILE, _add_drive("if=pflash"), "flash memory of a PC"),
    Option("mtdblock", FILE, _add_drive("if=mtd"), "the same"),
    Option("sd", FILE, _add_drive("if=sd"), "the same: there is no card reader"),
    Option("snapshot", "", _protect_disks, "refuse disks that would be written"),
    Option("iscsi", "[user=NAME][,...]", read_list("iscsi"), "how to log in", no_effect=True),
    Option(
        "netdev",
        "TYPE,id=ID[,PROP=VALUE]... | JSON",
        _add_netdev,
        "a network: it has cards, and carries nothing",
    ),
    Option("nic", "TYPE|none[,PROP=VALUE]...", _add_nic, "a network and its card"),
    Option("net", "TYPE|nic|none[,PROP=VALUE]...", read_list("net"), "the same, on a hub"),
    Option(
        "fsdev",
        "local|synth,id=ID[,path=PATH,security_model=MODEL][,...]",
        read_list("fsdev"),
        "a folder",
        no_effect=True,
        words=words_of("fsdev"),
    ),
    Option(
        "virtfs",
        "local|synth,mount_tag=TAG[,...]",
        _add_virtual_fs,
        "a folder and its device: there is no such device",
        words=words_of("virtfs"),
    ),
    Option("tpmdev", "TYPE,id=ID[,...]", _add_tpm, "a TPM: there is none"),
)
