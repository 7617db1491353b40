"""What may be set of a migration, and together with what."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.migration.channels import main_address, parse_uri
from qmp_iothreadd.machine.migration.settings import (
    DEFAULTS,
    check_capabilities,
    check_parameters,
)

OFF = dict.fromkeys(
    ("zero-copy-send", "mapped-ram", "multifd", "xbzrle", "postcopy-ram", "postcopy-preempt"), False
)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (
            {"max-cpu-throttle": 19},
            "Option max-cpu-throttle expects an integer in the range of cpu",
        ),
        ({"max-cpu-throttle": 100}, "cpu-throttle-initial to 99"),
        ({"multifd-channels": 0}, "Option multifd-channels expects a value between 1 and 255"),
        ({"xbzrle-cache-size": 5000}, "a power of two no less than the target page size"),
        ({"xbzrle-cache-size": 2048}, "a power of two no less than the target page size"),
        ({"downtime-limit": 2000001}, r"in the range of 0 to \(2000 \* 1000\) ms"),
        ({"vcpu-dirty-limit": 0}, "must be greater than 1 MB/s"),
        ({"x-rdma-chunk-size": 3 << 20}, "a power of 2 in the range 1MiB to 1024MiB"),
        (
            {"block-bitmap-mapping": [{"node-name": "a", "alias": x, "bitmaps": []} for x in "bc"]},
            "The node name 'a' is mapped twice",
        ),
        (
            {"block-bitmap-mapping": [{"node-name": x, "alias": "b", "bitmaps": []} for x in "ac"]},
            "The node alias 'b' is used twice",
        ),
    ],
)
def test_a_parameter_out_of_its_bounds(wanted: dict[str, Any], message: str) -> None:
    with pytest.raises(QmpError, match=message):
        check_parameters({**DEFAULTS, **wanted}, OFF, DEFAULTS)


def test_the_defaults_and_the_bounds_themselves_are_fine() -> None:
    check_parameters(DEFAULTS, OFF, DEFAULTS)
    check_parameters({**DEFAULTS, "cpu-throttle-initial": 99}, OFF, DEFAULTS)
    check_parameters({**DEFAULTS, "x-rdma-chunk-size": 1 << 30}, OFF, DEFAULTS)


@pytest.mark.parametrize(
    ("on", "before", "wanted", "message"),
    [
        ("zero-copy-send", {}, {"tls-creds": "c"}, "Zero copy only available"),
        ("mapped-ram", {"multifd-compression": "zlib"}, {}, "Mapped-ram only available"),
    ],
)
def test_parameters_that_do_not_go_with_a_capability(
    on: str, before: dict[str, Any], wanted: dict[str, Any], message: str
) -> None:
    with pytest.raises(QmpError, match=message):
        check_parameters({**DEFAULTS, **wanted}, {**OFF, on: True}, {**DEFAULTS, **before})


@pytest.mark.parametrize(
    ("on", "message"),
    [
        (["multifd", "xbzrle"], "Multifd is not compatible with xbzrle"),
        (["postcopy-preempt"], "Postcopy preempt requires postcopy-ram"),
        (["zero-copy-send"], "Zero copy only available for non-compressed non-TLS multifd"),
        (["background-snapshot", "multifd"], "Background-snapshot is not compatible with multifd"),
        (["mapped-ram", "postcopy-ram"], "Mapped-ram migration is incompatible with postcopy"),
        (["dirty-limit"], "dirty-limit requires KVM"),
    ],
)
def test_capabilities_that_do_not_go_together(on: list[str], message: str) -> None:
    with pytest.raises(QmpError, match=message):
        check_capabilities({**OFF, **dict.fromkeys(on, True)}, DEFAULTS)


def test_zero_copy_goes_with_multifd_that_does_not_compress() -> None:
    on = {**OFF, "zero-copy-send": True, "multifd": True}
    check_capabilities(on, DEFAULTS)
    with pytest.raises(QmpError, match="Zero copy"):
        check_capabilities(on, {**DEFAULTS, "tls-creds": "c"})


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("tcp:h:1", {"transport": "socket", "type": "inet", "host": "h", "port": "1"}),
        ("tcp:[::1]:1,to=2", {"transport": "socket", "type": "inet", "host": "::1", "port": "1"}),
        ("unix:/a:b", {"transport": "socket", "type": "unix", "path": "/a:b"}),
        ("fd:x", {"transport": "socket", "type": "fd", "str": "x"}),
        ("exec:a b", {"transport": "exec", "args": ["/bin/sh", "-c", "a b"]}),
        ("file:/f,offset=4k", {"transport": "file", "filename": "/f", "offset": 4096}),
        ("file:/f", {"transport": "file", "filename": "/f", "offset": 0}),
    ],
)
def test_a_uri_is_an_address(uri: str, address: dict[str, Any]) -> None:
    assert parse_uri(uri) == address


MAIN = {"channel-type": "main", "addr": {"transport": "exec", "args": ["a"]}}


@pytest.mark.parametrize(
    ("uri", "channels", "message"),
    [
        (None, None, "need either 'uri' or 'channels' argument"),
        ("exec:a", [MAIN], "need either 'uri' or 'channels' argument"),
        ("exec", None, "unknown migration protocol: exec"),
        ("", None, "unknown migration protocol: "),
        ("tcp:h", None, "error parsing address 'h'"),
        ("file:f,offset=x", None, "file URI has bad offset x"),
        (None, [], "Channel list has no main entry"),
        (None, [MAIN, MAIN], "Channel list has more than one main entry"),
    ],
)
def test_no_address(uri: str | None, channels: Any, message: str) -> None:
    with pytest.raises(QmpError, match=message):
        main_address(uri, channels)


def test_the_main_channel_counts() -> None:
    assert main_address(None, [MAIN]) == MAIN["addr"]
