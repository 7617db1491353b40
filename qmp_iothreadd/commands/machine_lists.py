"""Machine types, processor models and options that QEMU 11.1.3 has, for those who ask."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.machine.cpus.models import cpu_definitions
from qmp_iothreadd.machine.recorded_lists import recorded_list
from qmp_iothreadd.qmp.registry import Context, command


@command("query-machines")
def query_machines(ctx: Context, compat_props: bool | None = None) -> list[dict[str, Any]]:
    """The machine types that QEMU has, also those not built in. What they change is not known."""
    if not compat_props:
        return recorded_list("machines")
    return [each | {"compat-props": []} for each in recorded_list("machines")]


@command("query-cpu-definitions")
def query_cpu_definitions(ctx: Context) -> list[dict[str, Any]]:
    """The processor models that QEMU has, and what its translator lacks for each."""
    return cpu_definitions()


@command("query-cpu-model-expansion")
def query_cpu_model_expansion(ctx: Context, type: str, model: dict[str, Any]) -> dict[str, Any]:
    """A model as a list of what it has.

    Raises:
        QmpError: there is no such model, or it has no such property.
    """
    from qmp_iothreadd.machine.cpus.expansion import expand  # a long table, which few ask for

    name, properties = expand(ctx.machine, type, model["name"], model.get("props") or {})
    return {"model": {"name": name, "props": properties}}


_COUNTED = ("bytes", "ops")
_CRYPTO_STATS = [
    f"{kind}-{what}-{counted}"
    for kind, acts in (
        ("asym", ("verify", "sign", "decrypt", "encrypt")),
        ("sym", ("decrypt", "encrypt")),
    )
    for counted in _COUNTED
    for what in acts
]


@command("query-stats-schemas")
def query_stats_schemas(ctx: Context, provider: str | None = None) -> list[dict[str, Any]]:
    """What crypto devices count; there is no KVM that would count more."""
    if provider not in (None, "cryptodev"):
        return []
    stats = [{"name": name, "type": "cumulative", "exponent": 0} for name in _CRYPTO_STATS]
    return [{"provider": "cryptodev", "target": "cryptodev", "stats": stats}]


@command("query-command-line-options")
def query_command_line_options(ctx: Context, option: str | None = None) -> list[dict[str, Any]]:
    """The options that take a list of parameters.

    Raises:
        QmpError: there is no such option.
    """
    machine = {"option": "machine", "parameters": recorded_list("machine_parameters")}
    known = {each["option"]: each for each in (machine, *ctx.machine.command_line_options())}
    if option is None:
        return list(known.values())
    if option not in known:
        raise errors.no_option_list(option)
    return [known[option]]
