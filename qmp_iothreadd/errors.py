"""Every error text that QEMU defines and a client can see, named once, with its class.

A function here makes an error; the caller raises it::

    raise errors.missing_parameter("id")

``desc`` is the text on the wire. ``hint``, where there is one, is what QEMU adds on the command
line and in HMP but not in QMP. Source: QEMU 11.1.3, as recorded from its monitor.

Two groups of texts, which are no errors of QMP's, stand elsewhere: what the human monitor says of a
line that it cannot run (``commands.hmp.messages``), and what is wrong with a QAPI schema
(``qapi.messages``).
"""

from __future__ import annotations

GENERIC_ERROR = "GenericError"
COMMAND_NOT_FOUND = "CommandNotFound"
DEVICE_NOT_FOUND = "DeviceNotFound"


class QmpError(Exception):
    """An error as QMP reports it: ``{"error": {"class": error_class, "desc": desc}}``."""

    def __init__(
        self, desc: str, error_class: str = GENERIC_ERROR, hint: str | None = None
    ) -> None:
        super().__init__(desc)
        self.desc = desc
        self.error_class = error_class
        self.hint = hint


# -- The JSON reader ------------------------------------------------------------------------------


def json_parse(line: int, column: int, what: str) -> QmpError:
    """A lexical or grammar error at ``line`` and ``column``, both counted from 1."""
    return QmpError(f"{line}:{column}: JSON parse error, {what}")


def json_nesting_depth() -> QmpError:
    """More open braces and brackets than the reader allows."""
    return QmpError("JSON nesting depth limit exceeded")


def json_token_size() -> QmpError:
    """More text in one message than the reader allows."""
    return QmpError("JSON token size limit exceeded")


def json_token_count() -> QmpError:
    """More tokens in one message than the reader allows."""
    return QmpError("JSON token count limit exceeded")


# -- The envelope of a request --------------------------------------------------------------------


def input_not_object() -> QmpError:
    """The request is JSON, but not an object."""
    return QmpError("QMP input must be a JSON object")


def input_member_not_string(name: str) -> QmpError:
    """``execute`` or ``exec-oob`` is not a string."""
    return QmpError(f"QMP input member '{name}' must be a string")


def input_member_not_object(name: str) -> QmpError:
    """``arguments`` is not an object."""
    return QmpError(f"QMP input member '{name}' must be an object")


def input_member_clash(name: str, other: str) -> QmpError:
    """Both ``execute`` and ``exec-oob`` are there."""
    return QmpError(f"QMP input member '{name}' clashes with '{other}'")


def input_member_unexpected(name: str) -> QmpError:
    """A member that no request has, or ``exec-oob`` while OOB is off."""
    return QmpError(f"QMP input member '{name}' is unexpected")


def input_lacks_execute() -> QmpError:
    """No member says which command to run."""
    return QmpError("QMP input lacks member 'execute'")


# -- Dispatch -------------------------------------------------------------------------------------


def command_not_found(name: str) -> QmpError:
    """No such command."""
    return QmpError(f"The command {name} has not been found", COMMAND_NOT_FOUND)


def negotiation_expected() -> QmpError:
    """A command before capabilities were negotiated."""
    return QmpError("Expecting capabilities negotiation with 'qmp_capabilities'", COMMAND_NOT_FOUND)


def negotiation_complete() -> QmpError:
    """A second negotiation."""
    return QmpError(
        "Capabilities negotiation is already complete, command ignored", COMMAND_NOT_FOUND
    )


def oob_unsupported(name: str) -> QmpError:
    """The command exists but may not be run out of band."""
    return QmpError(f"The command {name} does not support OOB")


# -- Arguments ------------------------------------------------------------------------------------


def missing_parameter(name: str) -> QmpError:
    """A member without a default is absent."""
    return QmpError(f"Parameter '{name}' is missing")


def invalid_parameter_type(name: str, expected: str) -> QmpError:
    """A member has another JSON type than the schema says.

    ``expected``: object, array, integer, boolean, string, number or null.
    """
    return QmpError(f"Invalid parameter type for '{name}', expected: {expected}")


def invalid_parameter_value(name: str, expected: str, hint: str | None = None) -> QmpError:
    """A member has the right JSON type, but ``expected`` says what it should have been."""
    return QmpError(f"Parameter '{name}' expects {expected}", hint=hint)


def unexpected_parameter(name: str) -> QmpError:
    """A member that the schema does not know."""
    return QmpError(f"Parameter '{name}' is unexpected")


def unaccepted_value(name: str, value: str) -> QmpError:
    """A string that is none of the enumeration's."""
    return QmpError(f"Parameter '{name}' does not accept value '{value}'")


def invalid_parameter(name: str) -> QmpError:
    """A parameter that cannot be what it is called (keyval)."""
    return QmpError(f"Invalid parameter '{name}'")


def value_out_of_range(name: str, low: int, high: int) -> QmpError:
    """A property refuses an integer."""
    return QmpError(f"{name} value must be in range [{low}, {high}]")


# -- Objects --------------------------------------------------------------------------------------

IDENTIFIER_HINT = "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter."


def not_an_identifier(name: str) -> QmpError:
    """An id that QEMU does not take."""
    return invalid_parameter_value(name, "an identifier", IDENTIFIER_HINT)


def device_not_found(path: str) -> QmpError:
    """No object has this path."""
    return QmpError(f"Device '{path}' not found", DEVICE_NOT_FOUND)


def class_not_found(name: str) -> QmpError:
    """No type has this name."""
    return QmpError(f"Class '{name}' not found", DEVICE_NOT_FOUND)


def path_ambiguous(path: str) -> QmpError:
    """A partial path that names more than one object."""
    return QmpError(f"Path '{path}' is ambiguous")


def property_not_found(type_name: str, name: str) -> QmpError:
    """The object has no such property."""
    return QmpError(f"Property '{type_name}.{name}' not found")


def property_not_readable(type_name: str, name: str) -> QmpError:
    """The property has no getter."""
    return QmpError(f"Property '{type_name}.{name}' is not readable")


def property_not_writable(type_name: str, name: str) -> QmpError:
    """The property has no setter."""
    return QmpError(f"Property '{type_name}.{name}' is not writable")


def duplicate_property(name: str, type_name: str) -> QmpError:
    """An object with this name is already a child."""
    return QmpError(f"attempt to add duplicate property '{name}' to object (type '{type_name}')")


def object_not_found(name: str) -> QmpError:
    """object-del of what is not there."""
    return QmpError(f"object '{name}' not found")


def object_in_use(name: str) -> QmpError:
    """object-del of what its type keeps."""
    return QmpError(f"object '{name}' is in use, can not be deleted")


def invalid_object_type(name: str) -> QmpError:
    """The schema names this type, but it is not built in."""
    return QmpError(f"invalid object type: {name}")


def current_monitor_in_use() -> QmpError:
    """object-del of the monitor it came through."""
    return QmpError("Cannot delete the current QMP monitor")


def hmp_monitor_deletion() -> QmpError:
    """object-del of a human monitor."""
    return QmpError("Deleting HMP monitors is not supported")


def main_loop_deletion(name: str) -> QmpError:
    """object-del of the main loop."""
    return QmpError(f"Deleting main loop '{name}' is not supported")


def main_loop_exists() -> QmpError:
    """A second main-loop object."""
    return QmpError("only one main-loop instance allowed")


def bad_thread_pool_values() -> QmpError:
    """thread-pool-min above thread-pool-max, or a maximum of 0."""
    return QmpError("bad thread-pool-min/thread-pool-max values")


def aio_context_failed(reason: str) -> QmpError:
    """The system refuses what an iothread needs."""
    return QmpError(f"Failed to initialize event notifier: {reason}")


def polling_unsupported() -> QmpError:
    """A poll-max-ns other than 0 where the platform cannot poll."""
    return QmpError("AioContext polling is not implemented on Windows")


# -- I/O threads under load: not QEMU's, but iothread_not_found -----------------------------------


def iothread_not_found(name: str) -> QmpError:
    """No iothread has this id."""
    return QmpError(f'IOThread "{name}" object does not exist')


def workload_not_found(name: str) -> QmpError:
    """No x-workload has this id."""
    return QmpError(f'x-workload "{name}" object does not exist')


def property_fixed(type_name: str, name: str) -> QmpError:
    """A property that can be given only when the object is created."""
    return QmpError(f"Property '{type_name}.{name}' cannot be changed once the object was created")


def nothing_limits_workload() -> QmpError:
    """Requests without time between them, and no limit to how many are in flight."""
    return QmpError("a workload without time between its requests needs a depth to limit them")


def not_an_interval(path: str, line: int, high: int) -> QmpError:
    """A line of a trace of intervals that is no number of ns."""
    return QmpError(f"{path}:{line}: expected a number of ns in range [0, {high}]")


def no_intervals(path: str) -> QmpError:
    """A trace of intervals without any."""
    return QmpError(f"'{path}' has no intervals")


def workload_failed(reason: str) -> QmpError:
    """The native side of a workload cannot be had."""
    return QmpError(f"cannot start the workload: {reason}")


def nice_failed(value: int, reason: str) -> QmpError:
    """The system refuses a thread's priority."""
    return QmpError(f"cannot set the thread's nice level to {value}: {reason}")


# -- Traces and metrics ---------------------------------------------------------------------------


def unknown_trace_event(name: str) -> QmpError:
    """No trace event has this name."""
    return QmpError(f'unknown event "{name}"')


def log_file_failed(path: str, reason: str) -> QmpError:
    """The log cannot be written."""
    return QmpError(f"Error opening logfile {path}: {reason}")


def bad_log_file_template(path: str) -> QmpError:
    """A log file's name with another conversion than one %d."""
    return QmpError(f"Bad logfile template: {path}")


def metrics_library_missing() -> QmpError:
    """--metrics without the library that writes the exposition format."""
    return QmpError(
        "--metrics needs the Python package prometheus-client",
        hint="Install it with: pip install 'qmp-iothreadd[metrics]'",
    )


def not_a_metrics_address(text: str) -> QmpError:
    """--metrics with something that is not [HOST:]PORT."""
    return QmpError(f"expected [HOST:]PORT, not '{text}'")


# -- Option languages -----------------------------------------------------------------------------


def keyval_lacks_value(name: str) -> QmpError:
    """keyval: a key without ``=``."""
    return QmpError(f"Expected '=' after parameter '{name}'")


def keyval_unexpected(prefix: str) -> QmpError:
    """keyval: members below a scalar."""
    return QmpError(f"Parameters '{prefix}.*' are unexpected")


def keyval_too_long(name: str, *, fragment: bool) -> QmpError:
    """keyval: a key, or a fragment of a dotted one, with more than 127 characters."""
    return QmpError(f"Parameter{' fragment' if fragment else ''} '{name}' is too long")


def keyval_inconsistent(prefix: str) -> QmpError:
    """keyval: what is below ``prefix`` (with its dot) cannot be a value, list and dictionary."""
    return QmpError(f"Parameters '{prefix}*' used inconsistently")


def keyval_gap(name: str) -> QmpError:
    """keyval: a list lacks this element."""
    return QmpError(f"Parameter '{name}' missing")


def json_value_missing() -> QmpError:
    """No JSON value in an option."""
    return QmpError("Expecting a JSON value")


def json_trailing_value() -> QmpError:
    """More than one JSON value in an option."""
    return QmpError("Expecting at most one JSON value")


def duplicate_id(name: str, what: str) -> QmpError:
    """Option lists: two of a kind with one id."""
    return QmpError(f"Duplicate ID '{name}' for {what}")


def number_too_large(name: str, value: str) -> QmpError:
    """Option lists: a number beyond 64 bits."""
    return QmpError(f"Value '{value}' is too large for parameter '{name}'")


SIZE_HINT = (
    "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n"
    "and exabytes, respectively."
)


def not_a_size(name: str) -> QmpError:
    """Option lists: not a size in bytes."""
    return invalid_parameter_value(name, "a non-negative number below 2^64", SIZE_HINT)


# -- Machine and character devices ----------------------------------------------------------------


def wakeup_unsupported() -> QmpError:
    """system_wakeup without a guest that could have been suspended."""
    return QmpError("wake-up from suspend is not supported by this guest")


def yank_instance_not_found() -> QmpError:
    """yank of what is not registered for it."""
    return QmpError("Instance not found", DEVICE_NOT_FOUND)


def unix_path_too_long(path: str, limit: int) -> QmpError:
    """A Unix socket's path that does not fit into an address."""
    return QmpError(
        f"UNIX socket path '{path}' is too long", hint=f"Path must be less than {limit} bytes"
    )


def bind_failed(address: str, reason: str) -> QmpError:
    """A listening socket cannot have its address."""
    return QmpError(f"Failed to bind socket to {address}: {reason}")


def connect_failed(address: str, reason: str) -> QmpError:
    """Nobody answers where a monitor should connect to."""
    return QmpError(f"Failed to connect to '{address}': {reason}")


def address_unknown(host: str, port: int | str, reason: str) -> QmpError:
    """A host name or port that does not resolve."""
    return QmpError(f"address resolution failed for {host}:{port}: {reason}")


def bad_file_descriptor(fd: int) -> QmpError:
    """A descriptor handed over that is no open socket."""
    return QmpError(f"File descriptor '{fd}' is not a socket")


def pid_file_failed(path: str, reason: str) -> QmpError:
    """The pidfile cannot be made, or another process holds it."""
    return QmpError(f"cannot create PID file: Could not create '{path}': {reason}")


def chardev_without_id() -> QmpError:
    """-chardev without an id."""
    return QmpError("chardev: no id specified")


def chardev_without_backend(name: str) -> QmpError:
    """-chardev with an id and no back end."""
    return QmpError(f'chardev: "{name}" missing backend')


def chardev_driver_unknown(name: str) -> QmpError:
    """-chardev with a back end that there is not."""
    return QmpError(f"'{name}' is not a valid char driver name")


def chardev_text_unknown(text: str) -> QmpError:
    """-qmp or -monitor with something that names no back end."""
    return QmpError(f"'{text}' is not a valid char driver")


def chardev_text_malformed(text: str) -> QmpError:
    """-qmp or -monitor with something that cannot be read; said after what is wrong with it."""
    return QmpError(f"parse error: {text}")


def socket_address_ambiguous() -> QmpError:
    """A socket with more than one kind of address."""
    return QmpError("None or one of 'path', 'fd' or 'host' option required.")


def socket_without_port() -> QmpError:
    """A TCP socket that lacks the port."""
    return QmpError("chardev: socket: no port given")


def not_a_file_descriptor(text: str) -> QmpError:
    """A socket without an address, or with a descriptor that is no number."""
    return QmpError(f"Unable to parse FD number {text}")


def socket_option_misplaced(option: str, mode: str) -> QmpError:
    """An option of servers given to a client, or the other way round."""
    return QmpError(f"'{option}' option is incompatible with socket in {mode} mode")


def options_exclusive(one: str, other: str) -> QmpError:
    """Two ways to say one thing."""
    return QmpError(f"'{one}' and '{other}' are mutually exclusive")


def stdio_in_use() -> QmpError:
    """A second character device on standard input."""
    return QmpError("cannot use stdio by multiple character devices")


def stdio_while_daemonizing() -> QmpError:
    """Standard input where the daemon is about to let go of it."""
    return QmpError("cannot use stdio with -daemonize")


def chardev_not_found(name: str) -> QmpError:
    """A monitor on a character device that there is not."""
    return QmpError(f'chardev "{name}" not found')


def chardev_in_use(name: str) -> QmpError:
    """A second monitor on one character device."""
    return QmpError(f"Device '{name}' is in use")


def pretty_is_for_qmp() -> QmpError:
    """A human monitor that should indent its JSON."""
    return QmpError("'pretty' is not compatible with HMP monitors")


def machine_unsupported(name: str) -> QmpError:
    """A machine type that there is not."""
    return QmpError(
        f'unsupported machine type: "{name}"', hint="Use -machine help to list supported machines"
    )


def too_many_cpus(count: int, machine: str, maximum: int) -> QmpError:
    """-smp asks for more than the machine can have."""
    return QmpError(
        f"Invalid SMP CPUs {count}. The max CPUs supported by machine '{machine}' is {maximum}"
    )


def no_cpus() -> QmpError:
    """-smp with a 0 somewhere."""
    return QmpError("Invalid CPU topology: CPU topology parameters must be greater than zero")


# -- The command line -----------------------------------------------------------------------------


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


def bad_device_model(name: str) -> QmpError:
    """-device: there are none."""
    return QmpError(f"'{name}' is not a valid device model name")


def kernel_unsupported() -> QmpError:
    """-kernel, where there is no memory to load into."""
    return QmpError(
        "The -kernel parameter is not supported (use the generic 'loader' device instead)."
    )


def kernel_missing(option: str) -> QmpError:
    """-initrd or -append without -kernel."""
    return QmpError(f"-{option} only allowed with -kernel option")


def socket_folder_failed(folder: str, reason: str) -> QmpError:
    """The folder of the default socket cannot be made, or is not safe to use."""
    return QmpError(f"cannot use the folder {folder}: {reason}; name a socket with -qmp")


def gdb_without_cpu() -> QmpError:
    """-gdb: there is nothing to debug."""
    return QmpError("gdbstub: meaningless to attach gdb to a machine without any CPU.")
