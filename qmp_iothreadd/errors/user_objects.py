"""Objects that clients make: secrets, random numbers, who may connect, limits."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def property_set_too_late(name: str) -> QmpError:
    """A property of a source of random numbers that is in use."""
    return QmpError(f"Property '{name}' can no longer be set")


# -- Files, in the words of GLib's g_file_get_contents --------------------------------------------


def contents_not_opened(path: str, reason: str) -> QmpError:
    """A file cannot be opened."""
    return QmpError(f"Failed to open file \u201c{path}\u201d: {reason}")


def contents_not_read(path: str, reason: str) -> QmpError:
    """A file is open and cannot be read."""
    return QmpError(f"Error reading file \u201c{path}\u201d: {reason}")


# -- Secrets --------------------------------------------------------------------------------------


def secret_without_source() -> QmpError:
    """A secret without data."""
    return QmpError("Either 'file' or 'data' must be provided")


def secret_with_two_sources() -> QmpError:
    """A secret with data from two places."""
    return QmpError("'file' and 'data' are mutually exclusive")


def secret_file_unreadable(path: str, reason: str) -> QmpError:
    """The file of a secret."""
    return QmpError(f"Unable to read {path}: {reason}")


def no_such_secret(name: str) -> QmpError:
    """A secret's key, or a credential's password."""
    return QmpError(f"No secret with id '{name}'")


def not_a_secret(name: str) -> QmpError:
    """An object of another type under a secret's name."""
    return QmpError(f"Object with id '{name}' is not a secret")


def secret_without_data(name: str) -> QmpError:
    """A secret that is not complete, as one that is its own key."""
    return QmpError(f"Secret with id '{name}' has no data")


def secret_not_utf8(name: str) -> QmpError:
    """A password that is no text."""
    return QmpError(f"Data from secret {name} is not valid UTF-8")


def wrong_key_length() -> QmpError:
    """A key that is not AES-256's."""
    return QmpError("Key should be 32 bytes in length")


def iv_missing() -> QmpError:
    """An encrypted secret without an initialization vector."""
    return QmpError("IV is required to decrypt secret")


def wrong_iv_length(length: int) -> QmpError:
    """An initialization vector that is not a block."""
    return QmpError(f"IV should be 16 bytes in length not {length}")


def not_whole_blocks(length: int, block: int) -> QmpError:
    """Encrypted data that cannot be."""
    return QmpError(f"Length {length} must be a multiple of block size {block}")


def wrong_padding(count: int) -> QmpError:
    """What was decrypted with another key, most likely."""
    return QmpError(f"Incorrect number of padding bytes ({count}) found on decrypted data")


def key_serial_zero() -> QmpError:
    """A key of the kernel without its number."""
    return QmpError("'serial' should not be equal to 0")


def key_unreadable(serial: int, reason: str) -> QmpError:
    """The kernel does not give out the key."""
    return QmpError(f"Unable to read serial key {serial & 0xFFFFFFFF:08x}: {reason}")


# -- Random numbers -------------------------------------------------------------------------------


# -- Who may connect ------------------------------------------------------------------------------


def authz_file_unreadable(path: str, reason: str) -> QmpError:
    """The rules' file."""
    return QmpError(f"Unable to read '{path}': {reason}")


def authz_file_not_an_object(path: str) -> QmpError:
    """The rules' file holds something else."""
    return QmpError(f"File '{path}' must contain a JSON object")


def path_not_absolute() -> QmpError:
    """A file in no folder cannot be watched."""
    return QmpError("Filename must be an absolute path")


# -- Limits ---------------------------------------------------------------------------------------


def throttle_fixed() -> QmpError:
    """An x- property of a group that is in use."""
    return QmpError("Property cannot be set after initialization")


def throttle_negative() -> QmpError:
    """A limit below 0."""
    return QmpError("Property values cannot be negative")


def throttle_burst_range(name: str, maximum: int, *, own_property: bool) -> QmpError:
    """A burst that would last too long; QEMU's text lacks a blank in one of two places."""
    words = "therange" if own_property else "the range"
    return QmpError(f"{name} value must be in {words} [0, {maximum}]")


def throttle_total_and_parts() -> QmpError:
    """A limit for all, and others for reads or writes."""
    return QmpError(
        "bps/iops/max total values and read/write values cannot be used at the same time"
    )


def throttle_size_alone() -> QmpError:
    """The size of an operation, and no limit of operations."""
    return QmpError("iops size requires an iops value to be set")


def throttle_out_of_range(maximum: int) -> QmpError:
    """A limit that is too large."""
    return QmpError(f"bps/iops/max values must be within [0, {maximum}]")


def throttle_no_burst_length() -> QmpError:
    """A burst that lasts for no time."""
    return QmpError("the burst length cannot be 0")


def throttle_burst_without_rate() -> QmpError:
    """How long a burst lasts, and not how much it may be."""
    return QmpError("burst length set without burst rate")


def throttle_burst_too_long() -> QmpError:
    """A burst of more than can be counted."""
    return QmpError("burst length too high for this burst rate")


def throttle_max_alone() -> QmpError:
    """A burst without a limit that it may exceed."""
    return QmpError("bps_max/iops_max require corresponding bps/iops values")


def throttle_max_too_low() -> QmpError:
    """A burst that is less than the limit."""
    return QmpError("bps_max/iops_max cannot be lower than bps/iops")


# -- What a guest would use -----------------------------------------------------------------------


def property_not_zero(type_name: str, name: str) -> QmpError:
    """A number that has to be more."""
    return QmpError(f"Property '{type_name}.{name}' doesn't take value '0'")


def property_not_positive(type_name: str, name: str) -> QmpError:
    """A time that has to be more."""
    return QmpError(f"Property '{type_name}.{name}' requires a positive value")


def filter_status() -> QmpError:
    """A network filter that is neither on nor off."""
    return QmpError("Invalid value for netfilter status, should be 'on' or 'off'")


def cryptodev_one_queue() -> QmpError:
    """A crypto back end with several queues; the spelling is QEMU's."""
    return QmpError("Only support one queue in cryptdov-builtin backend")


def can_interface_too_long(maximum: int) -> QmpError:
    """The host's CAN interface."""
    return QmpError(f"CAN interface name longer than {maximum} characters")


def can_socket_failed(reason: str) -> QmpError:
    """The host has no CAN."""
    return QmpError(f"failed to create CAN_RAW socket: {reason}")


def can_interface_unavailable(name: str, reason: str) -> QmpError:
    """The host has no such CAN interface."""
    return QmpError(f"CAN host interface {name} not available: {reason}")


def not_an_evdev(path: str) -> QmpError:
    """A file that is no input device."""
    return QmpError(f"{path}: is not an evdev device")


def evdev_fixed() -> QmpError:
    """Another input device for an object that has one."""
    return QmpError("evdev property already set")


def pr_manager_fixed(name: str) -> QmpError:
    """Another helper process for an object that has one."""
    return QmpError(f"cannot change property '{name}' of pr-manager-helper")


def iommu_descriptor(name: str) -> QmpError:
    """A descriptor for the IOMMU that is not there."""
    return QmpError(
        f"Could not parse remote object fd {name}:File descriptor named '{name}' has not been found"
    )
