"""The iothread of a running process, by its QMP monitor: what is in force, and setting it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.lab.params import NUMBERS, Params
from qmp_iothreadd.lab.policies import policy_name

if TYPE_CHECKING:
    from qmp_iothreadd.lab.monitor import Monitor

TIMEOUT_S = 10.0
_PORT_MAX = 0xFFFF

_PROPERTIES = {name: f"poll-{name.replace('_', '-')}" for name in NUMBERS}
_POLICY = "x-poll-policy"


@dataclasses.dataclass(frozen=True, slots=True)
class InForce:
    """An iothread's parameters.

    Attributes:
        iothread: its id.
        params: the parameters in force; of those that the server does not have, the defaults.
        policy_is_fixed: whether the server has this policy and no other.
    """

    iothread: str
    params: Params
    policy_is_fixed: bool


@contextlib.contextmanager
def connected(address: str) -> Iterator[Monitor]:
    """A monitor that was greeted.

    Args:
        address: a Unix socket's path, or HOST:PORT.

    Raises:
        OSError: nobody listens there. ValueError: what answers is no monitor, or goes.
    """
    from qmp_iothreadd.lab.monitor import Monitor  # the lab seldom needs it

    with Monitor(_socket(address), address, TIMEOUT_S) as monitor:
        monitor.take_greeting()
        monitor.returned("qmp_capabilities")
        yield monitor


def _socket(address: str) -> socket.socket:
    host, colon, port = address.rpartition(":")
    try:
        if colon and port.isdecimal() and not os.path.exists(address):
            if int(port) > _PORT_MAX:  # the resolver takes it modulo 2**16
                raise OSError(f"no port {port}")
            return socket.create_connection((host.strip("[]"), int(port)), TIMEOUT_S)
        made = socket.socket(socket.AF_UNIX)
        try:
            made.settimeout(TIMEOUT_S)
            made.connect(address)
        except BaseException:
            made.close()
            raise
        return made
    except OSError as error:
        raise OSError(f"{address}: {error.strerror or error}: a QMP monitor's?") from None


def in_force(address: str, iothread: str | None = None) -> InForce:
    """What an iothread decides by.

    Args:
        address: the monitor's: a Unix socket's path, or HOST:PORT.
        iothread: its id; by default that of the only one.

    Raises:
        ValueError: there is none of this id, or several to choose from. OSError: no monitor.
    """
    with connected(address) as monitor:
        return _in_force(monitor, iothread)


def apply(address: str, params: Params, iothread: str | None = None) -> InForce:
    """Set an iothread's parameters, those that the server has, and see that they are in force.

    Args:
        address: the monitor's.
        iothread: the id; by default that of the only one.

    Returns what was in force before.

    Raises:
        ValueError: the server refuses one, or decides by another policy; what was set is set back.
        OSError: no monitor.
    """
    with connected(address) as monitor:
        before = _in_force(monitor, iothread)
        check_policy(before, policy_name(params.policy))
        try:
            _set(monitor, before, params)
            _check(_in_force(monitor, before.iothread), params)
        except ValueError:
            _set(monitor, before, before.params)
            raise
        return before


def check_policy(found: InForce, policy: str) -> None:
    """Raises ValueError: parameters for a policy are none for this iothread."""
    if found.policy_is_fixed and found.params.policy != policy:
        raise ValueError(
            f"{found.iothread} decides by the policy {found.params.policy}, for which parameters"
            f" of {policy} are not meant: ask for --policy {found.params.policy}"
        )


def _in_force(monitor: Monitor, iothread: str | None) -> InForce:
    info = _info(monitor, iothread)
    values = {name: info[key] for name, key in _PROPERTIES.items() if key in info}
    asked = {"path": f"/objects/{info['id']}", "property": _POLICY}
    policy: str | None = monitor.request("qom-get", asked).get("return")
    own = "weighted" if _PROPERTIES["weight"] in info else "legacy"
    return InForce(info["id"], Params(**values, policy=policy or own), policy is None)


def _info(monitor: Monitor, iothread: str | None) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {
        each["id"]: each for each in monitor.returned("query-iothreads")
    }
    if iothread is None and len(found) == 1:
        return next(iter(found.values()))
    if iothread in found:
        return found[iothread]
    if not found:
        raise ValueError("the server has no iothread: start it with -object iothread,id=io0")
    wrong = "there are several iothreads" if iothread is None else f"no iothread {iothread!r}"
    raise ValueError(f"{wrong}: choose with --iothread of {', '.join(found)}")


def _names(params: Params) -> list[str]:
    """Which numbers the policy looks at."""
    return [name for name in NUMBERS if name != "weight" or params.policy != "legacy"]


def _set(monitor: Monitor, found: InForce, params: Params) -> None:
    # The policy first: where the server does not know it, nothing was set.
    changes = {} if found.policy_is_fixed else {_POLICY: policy_name(params.policy)}
    numbers = {_PROPERTIES[name]: getattr(params, name) for name in _names(params)}
    for name, value in {**changes, **numbers}.items():
        asked = {"path": f"/objects/{found.iothread}", "property": name, "value": value}
        monitor.returned("qom-set", asked)


def _check(found: InForce, params: Params) -> None:
    for name in _names(params):
        wanted, given = getattr(params, name), getattr(found.params, name)
        if wanted != given:
            raise ValueError(
                f"{found.iothread} has {_PROPERTIES[name]}={given} in force when it is set to"
                f" {wanted}, so that was set back: ask for other values"
            )
