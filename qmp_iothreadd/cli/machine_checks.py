"""Options of the machine that are not its properties: clocks, accelerators, CPUs, NUMA nodes."""

from __future__ import annotations

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine
from qmp_iothreadd.cli.described import check_list
from qmp_iothreadd.errors import LocatedError, located
from qmp_iothreadd.qom import c_numbers
from qmp_iothreadd.qom.option_lists import Options

_CLOCKS = ("host", "rt", "vm")
_DRIFT_FIXES = ("none", "slew")

_MAX_ICOUNT_SHIFT = 10

ACCELERATORS = ("tcg", "mshv", "kvm")
"""What ``-accel help`` lists. None of them has anything to run."""

_OTHER_ACCELERATORS = ("qtest", "xen", "nitro", "hvf", "nvmm", "whpx")

_TCG_PROPERTIES = {
    "split-wx": (c_numbers.boolean, "'on' or 'off'"),
    "one-insn-per-tb": (c_numbers.boolean, "'on' or 'off'"),
    "tb-size": (c_numbers.uint64, "uint64"),
}


def check_rtc(line: CommandLine, options: Options) -> None:
    """``-rtc``. What is wrong is said without the option."""
    base, clock, fix = (options.get(name) for name in ("base", "clock", "driftfix"))
    with located(""):
        if base is not None:
            from qmp_iothreadd.machine.boards.clock import clock_offset  # where one is named

            offset = clock_offset(base)
            if offset is None:
                raise errors.bad_date()
            line.config.clock_offset = offset
        if clock not in (None, *_CLOCKS):
            raise errors.bad_clock_option(str(clock))
        if fix not in (None, *_DRIFT_FIXES):
            raise errors.bad_clock_option(str(fix))


def check_replay(_line: CommandLine, options: Options) -> None:
    """``-icount rr=``."""
    mode = options.get("rr")
    if mode is not None:
        if mode not in ("record", "replay"):
            raise errors.bad_replay_mode(mode)
        if options.get("rrfile") is None:
            raise errors.replay_file_missing()


def check_icount(_line: CommandLine, options: Options) -> None:
    """``-icount``."""
    shift, align = options.get("shift"), options.get_bool("align", False)
    if shift is None:
        if align:
            raise errors.icount_align_without_shift()
        return
    if align and not options.get_bool("sleep", True):
        raise errors.icount_options_incompatible("align=on", "sleep=off")
    if shift != "auto":
        number = c_numbers.int64(shift)
        if number is None or not 0 <= number <= _MAX_ICOUNT_SHIFT:
            raise errors.bad_icount_shift()


def take_memory(line: CommandLine, options: Options) -> None:
    """``-m``: its names are older than the property's; a number alone counts MiB."""
    values: dict[str, str] = {}
    size, maximum, slots = (options.get(name) for name in ("size", "maxmem", "slots"))
    if size is not None and size.strip("0"):
        values["size"] = f"{size}M" if size[-1].isdecimal() else size
    if maximum is not None:
        values["max-size"] = maximum
    if slots is not None:
        values["slots"] = slots
    line.machine_options.merge({"memory": dict(values)})


def check_accelerators(line: CommandLine) -> None:
    """``-accel`` and ``-machine accel=``: the first that there is; those before it are said."""
    listed = line.machine_options.get("accel")
    if "accel" in line.lists:
        if listed is not None:
            raise errors.accelerator_given_twice()
        wanted = [
            (options.get("accel") or "", options.location, options)
            for options in line.lists["accel"].given
        ]
    else:
        names = listed.split(":") if listed else []
        wanted = [(name, "", Options(None, "")) for name in names]
    unknown = [
        LocatedError(errors.unknown_accelerator(name), location)
        for name, location, _ in wanted
        if name not in ACCELERATORS + _OTHER_ACCELERATORS
    ]
    known = [(name, each) for name, _, each in wanted if name in ACCELERATORS + _OTHER_ACCELERATORS]
    if not known:
        *others, last = unknown or [LocatedError(errors.no_accelerator())]
        line.say(*others)
        raise last
    name, options = known[0]
    with located(options.location):
        _check_accelerator_properties(name, options)
    if unknown:
        line.say(*unknown)
        line.say(LocatedError(errors.falling_back(name if name == "tcg" else name.upper())))


def _check_accelerator_properties(name: str, options: Options) -> None:
    if name != "tcg":
        return
    for key, value in options.pairs:
        if key == "thread":
            if value not in ("single", "multi"):
                raise errors.bad_tcg_thread(value)
        elif key in _TCG_PROPERTIES:
            read, expected = _TCG_PROPERTIES[key]
            if read(value) is None:
                raise errors.invalid_parameter_value(key, expected)
        elif key != "accel":
            raise errors.property_not_found("tcg-accel", key)


def check_cpu(line: CommandLine) -> None:
    """``-cpu``: a model that there is; the empty machine has no place for it."""
    from qmp_iothreadd.machine.cpus.options import parse_cpu  # only where one is named

    line.config.cpu = parse_cpu(line.cpu or "")
    if line.machine_options.is_empty:
        raise errors.cpu_without_machine()


def check_memory_backend(line: CommandLine) -> None:
    """``-machine memory-backend=``: an object that is memory."""
    if line.config.memory_path is not None:
        raise errors.mem_path_and_backend()
    name = line.machine_options.get("memory-backend") or ""
    for each in line.config.objects:
        values = each.values
        if values["id"] == name and values["qom-type"].startswith("memory-backend-"):
            return
    raise errors.memory_backend_not_found(name)


def check_numa(line: CommandLine, options: Options) -> None:
    """``-numa``: nodes, and how far they are from each other, and nothing else of them."""
    given = check_list(line, "NumaOptions", options)
    if line.machine_options.is_empty or given["type"] not in ("node", "dist"):
        raise errors.numa_unsupported()
    line.config.numa_nodes.append((options.location, given))
