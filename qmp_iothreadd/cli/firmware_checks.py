"""Options of what firmware hands to a guest: -fw_cfg, -smbios, -acpitable."""

from __future__ import annotations

import os
import re

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine
from qmp_iothreadd.qom import c_numbers
from qmp_iothreadd.qom.option_lists import Options

# The fields of each type of table, as -smbios of QEMU 11.1 takes them.
_SMBIOS_FIELDS = {
    0: "vendor version date release uefi vm",
    1: "manufacturer product version serial uuid sku family",
    2: "manufacturer product version serial asset location",
    3: "manufacturer version serial asset sku",
    4: "sock_pfx manufacturer version serial asset part max-speed current-speed processor-id "
    "processor-family",
    8: "internal_reference external_reference connector_type port_type",
    9: "slot_designation slot_type slot_data_bus_width current_usage slot_length slot_id "
    "slot_characteristics1 slot_characteristics2 pci_device",
    11: "value path",
    17: "loc_pfx bank manufacturer serial asset part speed",
    41: "designation kind instance pcidev",
}
# How many bytes a table has at least: type, length and handle.
_SMBIOS_HEADER = 4

_UUID = r"(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_RELEASE = r"\d+\.\d+"

_FW_CFG_NAME_MAX = 55
_ACPI_FIELDS = frozenset(
    ("sig", "rev", "oem_id", "oem_table_id", "oem_rev", "asl_compiler_id", "asl_compiler_rev")
)


# Firmware that QEMU is installed with: who names it need not have it, as nothing is run.
_SHIPPED = ("bios.bin", "bios-256k.bin", "bios-microvm.bin", "qboot.rom")


def check_fw_cfg(line: CommandLine, options: Options) -> None:
    """``-fw_cfg``."""
    if line.machine_options.is_empty:
        raise errors.no_fw_cfg()
    sources = [options.get(name) for name in ("file", "string", "gen_id")]
    if not options.get("name") or len([each for each in sources if each]) != 1:
        raise errors.bad_fw_cfg()
    _check_fw_cfg_source(line, options)


def _check_fw_cfg_source(line: CommandLine, options: Options) -> None:
    name, file, object_id = (options.get(each) or "" for each in ("name", "file", "gen_id"))
    if len(name) > _FW_CFG_NAME_MAX:
        raise errors.fw_cfg_name_too_long(_FW_CFG_NAME_MAX)
    if not name.startswith("opt/"):
        line.warn('externally provided fw_cfg item names should be prefixed with "opt/"')
    if file and (reason := _cannot_read(file)):
        raise errors.fw_cfg_file_failed(file, reason)
    if object_id:
        found = [each for each in line.config.objects if each.values["id"] == object_id]
        if not found:
            raise errors.fw_cfg_object_unknown(object_id)
        if found[0].values["qom-type"] != "tls-cipher-suites":
            raise errors.fw_cfg_object_silent(object_id)


def check_smbios(options: Options) -> None:
    """``-smbios``."""
    file, kind = options.get("file"), options.get("type")
    if file is not None:
        _check_names(options, ("file",))
        if _cannot_read(file) or os.path.getsize(file) < _SMBIOS_HEADER:
            raise errors.smbios_file_failed(file)
        return
    if kind is None:
        raise errors.smbios_without_type()
    number = c_numbers.uint64(kind)
    if number is None:
        raise errors.invalid_parameter_value("type", "a number")
    if number not in _SMBIOS_FIELDS:
        raise errors.smbios_type_unknown(number)
    _check_names(options, ("type", *_SMBIOS_FIELDS[number].split()))
    if number == 1 and not re.fullmatch(_UUID, options.get("uuid") or _ANY_UUID):
        raise errors.smbios_bad_value("UUID")
    if number == 0 and not re.fullmatch(_RELEASE, options.get("release") or "0.0"):
        raise errors.smbios_bad_value("release")
    path = options.get("path")
    if path is not None and (reason := _cannot_read(path)):
        raise errors.cannot_open(path, reason)


_ANY_UUID = "00000000-0000-0000-0000-000000000000"


def check_images(line: CommandLine) -> None:
    """``-kernel`` and what goes with it, and ``-bios``: files that are there. None loads none."""
    options = line.machine_options
    kernel = options.get("kernel")
    if options.is_empty:
        if kernel is not None:
            raise errors.kernel_unsupported()
        return
    firmware = options.get("firmware")
    folders = ("", *line.data_folders)
    if (
        firmware
        and firmware not in _SHIPPED
        and all(_cannot_read(os.path.join(folder, firmware)) for folder in folders)
    ):
        raise errors.firmware_not_loaded(firmware)
    if kernel is None:
        return
    if reason := _cannot_read(kernel):
        raise errors.kernel_not_opened(kernel, reason)
    for name in ("initrd", "dtb"):
        image = options.get(name)
        if image is not None and (reason := _cannot_read(image)):
            raise errors.image_not_read(name, image, reason)


def check_acpi_table(options: Options) -> None:
    """``-acpitable``."""
    _check_names(options, ("data", "file", *_ACPI_FIELDS))
    data, file = options.get("data"), options.get("file")
    if (data is None) == (file is None) or not (data or file):
        raise errors.acpi_table_without_data()
    for name in (data or file or "").split(":"):
        if reason := _cannot_read(name):
            raise errors.acpi_file_failed(name, reason)


def _check_names(options: Options, known: tuple[str, ...]) -> None:
    for name, _ in options.pairs:
        if name not in known:
            raise errors.invalid_parameter(name)


def _cannot_read(path: str) -> str:
    """Why a file cannot be opened; empty where it can."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""
