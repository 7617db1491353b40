"""What a machine without hardware answers: nothing of it is there, and nothing can be added.

Arguments are checked before, by the schema. What is always the same is a row of a table; what
depends on arguments is a function below it. Answers are those of QEMU 11.1.3 with ``-M none``, as
recorded, and where they are not recorded those of QEMU's sources.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn

from qmp_iothreadd import errors
from qmp_iothreadd.qmp.registry import Context, command

_NO_TEXT: Final = {"human-readable-text": ""}
_RAM_BLOCKS: Final = (
    f"{'Block Name':>24} {'PSize':>8}  {'Offset':>18} {'Used':>18} {'Total':>18}"
    f" {'HVA':>18} {'RO':>3}\n"
)
_TRANSLATOR: Final = """\
Accelerator settings:
one-insn-per-tb: off

Translation buffer state:
gen code size       0/1073736704
TB count            0
TB avg target size  0 max=0 bytes
TB avg host size    0 bytes (expansion ratio: 0.0)
cross page TB count 0 (0%)
direct jump count   0 (0%) (2 jumps=0 0%)
TB hash buckets     0/8192 (0.00% head buckets used)
TB hash occupancy   0.00% avg chain occ. Histogram: [0.0,0.0)%|\N{FULL BLOCK}|[0.0,0.0]%
TB hash avg chain   nan buckets. Histogram: (empty)

Statistics:
TB flush count      0
TB invalidate count 0
TLB full flushes    0
TLB partial flushes 0
TLB elided flushes  0
"""

ANSWERS: Final[dict[str, Any]] = {
    # -- Lists of what is not there
    "query-cryptodev": [],
    "query-memory-devices": [],
    "query-mice": [],
    "query-pr-managers": [],
    "query-stats": [],
    "query-tpm": [],
    "query-vcpu-dirty-limit": [],
    "query-vnc-servers": [],
    # -- Questions to what is not there
    "query-display-options": {"type": "none"},
    "query-dump-guest-memory-capability": {
        "formats": ["elf", "kdump-zlib", "kdump-raw-zlib", "win-dmp"]
    },
    "query-firmware-log": errors.no_firmware_log,
    "query-hv-balloon-status-report": errors.no_hyperv_balloon,
    "query-replay": {"mode": "none", "icount": 0},
    "query-spice": {"enabled": False, "migrated": False, "mouse-mode": "client"},
    "query-tpm-models": ["tpm-crb", "tpm-tis"],
    "query-tpm-types": ["passthrough", "emulator"],
    "query-vnc": {"enabled": False},
    "x-query-interrupt-controllers": _NO_TEXT,
    "x-query-irq": _NO_TEXT,
    "x-query-ramblock": {"human-readable-text": _RAM_BLOCKS},
    "x-query-roms": _NO_TEXT,
    # -- Accelerators: what is translated is never run
    "query-accelerators": {"enabled": "tcg", "present": ["kvm", "mshv", "qtest", "tcg"]},
    "x-accel-stats": {"human-readable-text": _TRANSLATOR},
    "x-query-jit": {"human-readable-text": _TRANSLATOR},
    # -- Replication
    "query-colo-status": {"mode": "none", "last-mode": "none", "reason": "none"},
    "query-xen-replication-status": {"error": False},
    "x-colo-lost-heartbeat": errors.not_replicated,
    "xen-colo-do-checkpoint": None,
    "xen-set-global-dirty-log": None,
    # -- Replay
    "replay-break": errors.cannot_break_replay,
    "replay-delete-break": errors.no_replay_break,
    "replay-seek": errors.cannot_seek_replay,
    # -- Other machines'
    "dump-skeys": errors.no_storage_keys,
    "query-gic-capabilities": errors.no_interrupt_controller_of_arm,
    "query-sev": {
        "enabled": False,
        "api-major": 0,
        "api-minor": 0,
        "build-id": 0,
        "state": "uninit",
        "sev-type": "sev",
        "policy": 0,
        "handle": 0,
    },
    "query-sev-attestation-report": errors.no_sev,
    "query-sev-capabilities": errors.kvm_not_enabled,
    "query-sev-launch-measure": errors.no_sev_measurement,
    "query-sgx-capabilities": errors.no_sgx_memory,
    "sev-inject-launch-secret": errors.no_sev_guest,
    "xen-event-inject": errors.no_xen_events,
    "xen-event-list": errors.no_xen_events,
    # -- Acts on what is not there
    "announce-self": None,
    "cancel-vcpu-dirty-limit": None,
    "dumpdtb": errors.no_device_tree,
    "inject-ghes-v2-error": errors.no_hardware_error_source,
    "rtc-reset-reinjection": None,
    "set-vcpu-dirty-limit": errors.no_dirty_limit,
}
"""The value of each command, or the function that makes the error it fails with."""


def _constant(value: Any) -> Callable[..., Any]:
    def answer(ctx: Context, **arguments: Any) -> Any:
        if callable(value):
            raise value()
        return value

    return answer


for _name, _value in ANSWERS.items():
    command(_name)(_constant(_value))


def _refuse_on_target(name: str, what: str) -> None:
    @command(name)
    def refuse(ctx: Context, **arguments: Any) -> NoReturn:
        raise errors.unsupported_on_target(what)


_refuse_on_target("query-cpu-model-comparison", "CPU model comparison")
_refuse_on_target("query-cpu-model-baseline", "CPU model baseline")
_refuse_on_target("set-cpu-topology", "CPU topology change")
_refuse_on_target("query-s390x-cpu-polarization", "CPU polarization")


@command("query-rx-filter")
def query_rx_filter(ctx: Context, name: str | None = None) -> list[Any]:
    """There are no network cards, nor one of any name."""
    if name is not None:
        raise errors.no_network_client(name)
    return []


@command("query-rocker")
@command("query-rocker-ports")
@command("query-rocker-of-dpa-flows")
@command("query-rocker-of-dpa-groups")
def query_rocker(ctx: Context, name: str, **arguments: Any) -> NoReturn:
    """Refuse: there is no switch of any name."""
    raise errors.no_rocker(name)


@command("x-query-virtio-status")
@command("x-query-virtio-queue-status")
@command("x-query-virtio-vhost-queue-status")
def query_virtio(ctx: Context, path: str, **arguments: Any) -> NoReturn:
    """Refuse: a virtio device has no state, as no driver talks to it; others are none."""
    raise _no_virtio_state(ctx, path) or errors.not_a_virtio_device(path, "VirtIODevice")


@command("x-query-virtio-queue-element")
def query_virtio_element(ctx: Context, path: str, **arguments: Any) -> NoReturn:
    """Refuse, in other words than the rest."""
    raise _no_virtio_state(ctx, path) or errors.not_a_virtio_device(path, "VirtIO device")


def _no_virtio_state(ctx: Context, path: str) -> errors.QmpError | None:
    """The refusal for what is a virtio device; None for what is not."""
    found, _ = ctx.machine.tree.resolve(path)
    if found is None or not found.type.implements("virtio-device"):
        return None
    return errors.virtio_without_state(path)


@command("request-ebpf")
def request_ebpf(ctx: Context, id: str) -> NoReturn:
    """Refuse: no program is built in; QEMU names those by their numbers, rss is 0."""
    raise errors.no_ebpf_object(0)


# -- CXL ----------------------------------------------------------------------------------------


@command("cxl-inject-general-media-event")
@command("cxl-inject-dram-event")
@command("cxl-inject-memory-module-event")
@command("cxl-inject-uncorrectable-errors")
@command("cxl-inject-correctable-error")
@command("cxl-add-dynamic-capacity")
@command("cxl-release-dynamic-capacity")
def act_on_cxl_device(ctx: Context, path: str, **arguments: Any) -> NoReturn:
    """Refuse: what has this path is no CXL device."""
    found, _ = ctx.machine.tree.resolve(path)
    raise errors.path_unresolved() if found is None else errors.not_a_cxl_device()


@command("cxl-inject-poison")
def inject_poison(ctx: Context, path: str, start: int, length: int) -> NoReturn:
    """Refuse; the range is looked at first."""
    if length % 64:
        raise errors.poison_length()
    if start % 64:
        raise errors.poison_start()
    act_on_cxl_device(ctx, path)
