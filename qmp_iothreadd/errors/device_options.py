"""Options of devices, displays and of what stands behind devices."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def option_not_in_build() -> QmpError:
    """An option of QEMU's that needs what was left out."""
    return QmpError("Option not supported in this build")


def option_not_for_target() -> QmpError:
    """An option of another architecture's."""
    return QmpError("Option not supported for this target")


def global_incomplete() -> QmpError:
    """-global without one of its three parts."""
    return QmpError("options 'driver', 'property', and 'value' are required")


def fsdev_without_id() -> QmpError:
    """-fsdev without id=."""
    return QmpError("fsdev: No id specified")


def fsdev_without_driver() -> QmpError:
    """-fsdev without a driver."""
    return QmpError("fsdev: No fsdriver specified")


def fsdev_driver_unknown(name: str) -> QmpError:
    """-fsdev with a driver that there is not."""
    return QmpError(f"fsdev: fsdriver {name} not found")


def bad_security_model(value: str | None) -> QmpError:
    """-fsdev local without a security model, or with one that there is not."""
    text = "security_model property not set"
    if value is not None:
        text = f"invalid security_model property '{value}'"
    return QmpError(
        text, hint="Valid options are: security_model=[passthrough|mapped-xattr|mapped-file|none]"
    )


def virtfs_usage() -> QmpError:
    """-virtfs without what it needs."""
    return QmpError("Usage: -virtfs fsdriver,mount_tag=tag")


def no_tpm_backend() -> QmpError:
    """-tpmdev: there are no back ends."""
    return QmpError(
        "Parameter 'type' expects a TPM backend type",
        hint="Supported TPM types (choose only one):",
    )


def usb_device_failed(name: str) -> QmpError:
    """-usbdevice: there is no bus."""
    return QmpError(f"could not add USB device '{name}'")


def vga_unavailable(description: str) -> QmpError:
    """-vga with a card of another architecture."""
    return QmpError(f"{description} not available")


def nic_model_unsupported(name: str) -> QmpError:
    """-nic or -net nic with a model that there is not."""
    return QmpError(f"Unsupported NIC model: {name}")


def vga_unknown(text: str) -> QmpError:
    """-vga with something else."""
    return QmpError(f"unknown vga type: {text}")


def vga_unused() -> QmpError:
    """-vga, where the machine has no place for a card: a warning."""
    return QmpError(
        "A -vga option was passed but this machine type does not use that option; "
        "No VGA device has been created"
    )


def vnc_without_display() -> QmpError:
    """-display vnc without its address."""
    return QmpError("VNC requires a display argument vnc=<display>")


def vnc_without_port() -> QmpError:
    """-vnc with an address that has none."""
    return QmpError("no vnc port specified")


def window_close_ignored() -> QmpError:
    """-display with window-close, where there is no window."""
    return QmpError("window-close is only valid for GTK and SDL, ignoring option")


def no_sound_card(name: str) -> QmpError:
    """-audio with a model that there is not."""
    return QmpError(f"Unknown sound card name `{name}'")


def audio_settings_not_fixed() -> QmpError:
    """Settings of an audio back end that would not be used."""
    return QmpError("You can't use frequency, channels or format with fixed-settings=off")


def audio_settings_unmixed() -> QmpError:
    """Settings of an audio back end that only mixing makes possible."""
    return QmpError("You can't use fixed-settings without mixeng")


def option_set_malformed(text: str) -> QmpError:
    """-set with something else than GROUP.ID.NAME=VALUE."""
    return QmpError(f'can\'t parse: "{text}"')


def option_set_unsupported(group: str) -> QmpError:
    """-set of what is no option list."""
    return QmpError(f"-set is not supported with {group}")


def option_group_unknown(group: str) -> QmpError:
    """-set or -readconfig with a group that there is not."""
    return QmpError(f"There is no option group '{group}'")


def option_list_undefined(group: str, name: str) -> QmpError:
    """-set of a list that was not given."""
    return QmpError(f'there is no {group} "{name}" defined')


def config_without_group() -> QmpError:
    """-readconfig: a value before any group."""
    return QmpError("no group defined")


def config_malformed() -> QmpError:
    """-readconfig: a line that is none."""
    return QmpError("parse error")


def config_section_is_list() -> QmpError:
    """-readconfig: the keys of a group are indexes."""
    return QmpError("Lists cannot be at top level of a configuration section")
