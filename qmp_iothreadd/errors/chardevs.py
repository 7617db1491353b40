"""Character devices and sockets."""

from __future__ import annotations

from collections.abc import Iterable

from qmp_iothreadd.errors.tree import DEVICE_NOT_FOUND, QmpError


def yank_instance_not_found() -> QmpError:
    """yank of what is not registered for it."""
    return QmpError("Instance not found", DEVICE_NOT_FOUND)


def unix_path_too_long(path: str, limit: int) -> QmpError:
    """A Unix socket's path that does not fit into an address."""
    return QmpError(
        f"UNIX socket path '{path}' is too long", hint=f"Path must be less than {limit} bytes"
    )


def bind_failed(address: str, reason: str) -> QmpError:
    """A listening socket cannot have its path."""
    return QmpError(f"Failed to bind socket to {address}: {reason}")


def socket_unlink_failed(path: str, reason: str) -> QmpError:
    """What lies where a listening Unix socket is to be cannot be removed."""
    return QmpError(f"Failed to unlink socket {path}: {reason}")


def inet_bind_failed(reason: str) -> QmpError:
    """A listening socket of the internet cannot have its address."""
    return QmpError(f"Failed to bind socket: {reason}")


def no_port_available(reason: str) -> QmpError:
    """A listening socket's ports are all taken."""
    return QmpError(f"Failed to find an available port: {reason}")


def socket_not_created(reason: str) -> QmpError:
    """There is no socket to be had."""
    return QmpError(f"Failed to create a socket: {reason}")


def listen_failed(reason: str) -> QmpError:
    """A socket that is bound cannot listen."""
    return QmpError(f"Failed to listen on socket: {reason}")


def fd_listen_failed(reason: str) -> QmpError:
    """A socket that was handed over cannot listen."""
    return QmpError(f"Failed to listen on fd socket: {reason}")


def socket_option_refused(what: str, reason: str) -> QmpError:
    """The system does not take an option of a socket."""
    return QmpError(f"Unable to set {what} option on socket: {reason}")


def no_address_family() -> QmpError:
    """An address that is to be neither of IPv4 nor of IPv6."""
    return QmpError("Cannot disable IPv4 and IPv6 at same time")


def vsock_number_malformed(what: str, text: str) -> QmpError:
    """A number of an address between virtual machines that is none."""
    return QmpError(f"Failed to parse {what} '{text}'")


def connect_failed(address: str, reason: str) -> QmpError:
    """Nobody answers where a monitor should connect to."""
    return QmpError(f"Failed to connect to '{address}': {reason}")


def reconnect_failed(label: str, error: QmpError) -> QmpError:
    """A client that is to try again is refused; said on standard error."""
    return QmpError(f"Unable to connect character device {label}: {error.desc}")


def address_unknown(host: str, port: int | str, reason: str) -> QmpError:
    """A host name or port that does not resolve."""
    return QmpError(f"address resolution failed for {host}:{port}: {reason}")


def not_a_socket(text: str) -> QmpError:
    """A descriptor handed over that is no open socket."""
    return QmpError(f"File descriptor '{text}' is not a socket")


def chardev_without_id() -> QmpError:
    """-chardev without an id."""
    return QmpError("chardev: no id specified")


def chardev_without_backend(name: str | None) -> QmpError:
    """-chardev without a back end."""
    return QmpError(f'chardev: "{_named(name)}" missing backend')


def chardev_without_size(name: str | None) -> QmpError:
    """The size of a console, given to something else."""
    return QmpError(f"chardev '{_named(name)}' does not support size options")


def chardev_without_encoding(name: str | None) -> QmpError:
    """The encoding of a console, given to something else."""
    return QmpError(f"chardev '{_named(name)}' does not support encoding option")


def _named(name: str | None) -> str:
    return "(null)" if name is None else name  # as glibc prints what is not there


def chardev_without_path(what: str) -> QmpError:
    """A device of the host's without its path; ``what`` it is."""
    return QmpError(f"chardev: {what}: no device path given")


def file_without_name() -> QmpError:
    """A file without its name."""
    return QmpError("chardev: file: no filename given")


def mux_without_chardev() -> QmpError:
    """A mux without the device to share."""
    return QmpError("chardev: mux: no chardev given")


def spice_channel_without_name() -> QmpError:
    """A channel of SPICE that is for nothing."""
    return QmpError("chardev: spice channel: no name given")


def spice_channel_unknown(name: str, names: Iterable[str]) -> QmpError:
    """A channel of SPICE that is for something that there is not; ``names``: what there is."""
    return QmpError(
        f"unsupported type name: {name}",
        hint=f"allowed spice char type names: {', '.join(names)}",
    )


def udp_without_port() -> QmpError:
    """A datagram socket that has nowhere to send to."""
    return QmpError("chardev: udp: remote port not specified")


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


def not_a_file_descriptor(text: str, reason: str = "") -> QmpError:
    """A socket without an address, or with a descriptor that is no number."""
    return QmpError(f"Unable to parse FD number {text}{': ' if reason else ''}{reason}")


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
    """A second front end on one character device."""
    return QmpError(f"chardev '{name}' is already in use")


def no_such_chardev(name: str) -> QmpError:
    """A command on a character device that there is not."""
    return QmpError(f"Chardev '{name}' not found")


def chardev_exists(name: str) -> QmpError:
    """chardev-add under a name that is taken."""
    return QmpError(f"Chardev with id '{name}' already exists")


def chardev_busy(name: str) -> QmpError:
    """chardev-remove of what is in use."""
    return QmpError(f"Chardev '{name}' is busy")


def file_not_created(path: str, reason: str) -> QmpError:
    """A log file that cannot be had."""
    return QmpError(f"Could not create '{path}': {reason}")


def file_not_opened(path: str, reason: str) -> QmpError:
    """A file, pipe or terminal that cannot be had."""
    return QmpError(f"Could not open '{path}': {reason}")


def ring_buffer_size() -> QmpError:
    """A ring buffer whose size is no power of two."""
    return QmpError("size of ringbuf chardev must be power of two")


def not_a_parallel_port(reason: str) -> QmpError:
    """A parallel port that is none."""
    return QmpError(f"not a parallel port: {reason}")


def pty_not_created(reason: str) -> QmpError:
    """There is no pseudo-terminal left."""
    return QmpError(f"Failed to create PTY: {reason}")


def mux_base_not_found(name: str) -> QmpError:
    """A multiplexer of a device that there is not."""
    return QmpError(f"mux: base chardev {name} not found")


def mux_full(name: str, limit: int) -> QmpError:
    """One front end too many of a multiplexer."""
    return QmpError(f"too many uses of multiplexed chardev '{name}' (maximum is {limit})")


def datagrams_unsupported() -> QmpError:
    """A UDP device with an address of another kind."""
    return QmpError("socket type unsupported for datagram")


def datagrams_without_port() -> QmpError:
    """A UDP device that lacks the port to send to."""
    return QmpError("remote port not specified")


def socket_option_and_address(option: str, kind: str, role: str = "") -> QmpError:
    """An option of a socket that its kind of address does not have."""
    return QmpError(f"'{option}' option is incompatible with '{kind}' address type{role}")


def tls_authz_without_creds() -> QmpError:
    """Who may come is said, but there is no TLS to know them by."""
    return QmpError("'tls_authz' option requires 'tls_creds' option")


def websocket_client() -> QmpError:
    """A socket that is to connect to a WebSocket."""
    return QmpError("Websocket client is not implemented")


def pty_link_not_created(reason: str) -> QmpError:
    """The path for a pseudo-terminal cannot be had."""
    return QmpError(f"Failed to create PTY symlink: {reason}")


def tls_creds_not_found(name: str) -> QmpError:
    """TLS with an object that there is not."""
    return QmpError(f"No TLS credentials with id '{name}'")


def not_tls_creds(name: str) -> QmpError:
    """TLS with an object of another kind."""
    return QmpError(f"Object with id '{name}' is not TLS credentials")


def tls_creds_endpoint(endpoint: str) -> QmpError:
    """Credentials for the other side of a connection."""
    return QmpError(f"Expected TLS credentials for a {endpoint} endpoint")


def hub_without_devices() -> QmpError:
    """A hub of nothing."""
    return QmpError("hub: 'chardevs' list is not defined")


def hub_device_not_found(name: str) -> QmpError:
    """A hub of a device that there is not."""
    return QmpError(f"hub: chardev can't be found by id '{name}'")


def hub_of_hubs(name: str) -> QmpError:
    """A hub of what has several devices or front ends itself."""
    return QmpError(
        "hub: multiplexers and hub devices can't be stacked, "
        f"check chardev '{name}', chardev should not be a hub device or have 'mux=on' enabled"
    )


def hub_full(name: str, limit: int) -> QmpError:
    """One device too many of a hub."""
    return QmpError(f"hub: too many uses of chardevs '{name}' (maximum is {limit})")
