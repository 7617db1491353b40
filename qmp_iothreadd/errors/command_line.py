"""Options of the command line."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def invalid_option() -> QmpError:
    """No such option."""
    return QmpError("invalid option")


def argument_required() -> QmpError:
    """The last option lacks its argument."""
    return QmpError("requires an argument")


def option_unsupported(what: str) -> QmpError:
    """An option of QEMU's that needs what this daemon does not have."""
    return QmpError(f"{what} not supported")


def cannot_open(name: str, reason: str) -> QmpError:
    """A file named on the command line."""
    return QmpError(f"Could not open '{name}': {reason}")


def bad_uuid() -> QmpError:
    """-uuid with something else."""
    return QmpError("failed to parse UUID string: wrong format")


def options_mutually_exclusive(one: str, other: str) -> QmpError:
    """Two options that cannot be together."""
    return QmpError(f"'{one}' and '{other}' options are mutually exclusive")


def preconfig_wants_defer() -> QmpError:
    """-preconfig with -incoming from somewhere."""
    return QmpError("'preconfig' supports '-incoming defer' only")


def help_not_available() -> QmpError:
    """help, where an option has none."""
    return QmpError("Help is not available for this option")


def bad_mem_lock() -> QmpError:
    """-overcommit mem-lock= with something else."""
    return QmpError("parameter 'mem-lock' expects one of 'on', 'off', 'on-fault'")


def bad_sandbox_argument(name: str) -> QmpError:
    """-sandbox with a word that one of its parts does not know."""
    return QmpError(f"invalid argument for {name}")


def fd_missing() -> QmpError:
    """-add-fd without fd=."""
    return QmpError("fd option is required and must be non-negative")


def fd_is_standard() -> QmpError:
    """-add-fd with standard input, output or error."""
    return QmpError("fd cannot be a standard I/O stream")


def fd_not_valid() -> QmpError:
    """-add-fd with a descriptor that was not handed over."""
    return QmpError("fd is not valid or already in use")


def fdset_missing() -> QmpError:
    """-add-fd without set=, or with a negative one."""
    return QmpError("set option is required and must be non-negative")


def user_unknown(text: str) -> QmpError:
    """-run-with user= with something else than a user."""
    return QmpError(f'User "{text}" doesn\'t exist (and is not <uid>:<gid>)')


def falling_back(accelerator: str) -> QmpError:
    """An accelerator that is used instead of others."""
    return QmpError(f"falling back to {accelerator}")


def bad_seed(text: str) -> QmpError:
    """-seed with something else than a number."""
    return QmpError(f"Invalid seed number: {text}")


def bad_range() -> QmpError:
    """-dfilter without a range."""
    return QmpError("Bad range specifier")


def bad_range_end(side: str, operator: str) -> QmpError:
    """-dfilter with something else than a number on one side."""
    return QmpError(f"Invalid number to the {side} of {operator}")


def empty_range() -> QmpError:
    """-dfilter with an end before the beginning."""
    return QmpError("Invalid range")


def log_per_thread_without_template() -> QmpError:
    """-d tid, where the log's name is one for all threads."""
    return QmpError("Filename template with '%d' required for 'tid'")


def dump_file_failed(path: str, reason: str) -> QmpError:
    """-dump-vmstate to a file that cannot be written."""
    return QmpError(f"open {path}: {reason}")


def size_out_of_range(name: str, value: str) -> QmpError:
    """A size beyond 64 bits."""
    return QmpError(f"Value '{value}' is out of range for parameter '{name}'")


def not_that_version(why: str) -> QmpError:
    """--qemu or --greeting with what is no version, or none that is known."""
    return QmpError(why)
