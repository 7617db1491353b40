"""Who may connect: one name, or rules of which the first that fits decides."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from qmp_iothreadd import errors
from qmp_iothreadd.json.order import qdict_order
from qmp_iothreadd.machine.objects.files import read_file
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import ObjectType

_DENY = "deny"


class Authz(ConfigurableObject):
    """Decides by the name that a client has shown to be its own."""

    __slots__ = ()

    qom_name = "authz"
    abstract = True
    interfaces = (USER_CREATABLE,)

    def is_allowed(self, identity: str) -> bool:
        """Whether a client of this name may connect."""
        raise NotImplementedError


class AuthzSimple(Authz):
    """One name may."""

    __slots__ = ()

    qom_name = "authz-simple"

    def is_allowed(self, identity: str) -> bool:
        """Whether it is that name."""
        return bool(self.load("identity") == identity)


class AuthzList(Authz):
    """Rules decide."""

    __slots__ = ()

    qom_name = "authz-list"
    settings: ClassVar[dict[str, Setting]] = {
        "policy": Setting(_DENY),
        "rules": Setting((), type="QAuthZListRule"),
    }

    def load(self, name: str) -> Any:
        """The value in force of a property."""
        value = super().load(name)
        return list(value) if name == "rules" else value

    def is_allowed(self, identity: str) -> bool:
        """What the first rule says that fits, or else the policy."""
        return _decide(self.load("policy"), self.load("rules"), identity)


class AuthzListFile(Authz):
    """Rules in a file decide, which is read again when it changed."""

    __slots__ = ("_list", "_seen")

    qom_name = "authz-listfile"
    settings: ClassVar[dict[str, Setting]] = {
        "filename": Setting(),
        "refresh": Setting(True),
    }

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self._list: Authz | None = None
        self._seen: object = None

    def complete(self) -> None:
        """Read the rules.

        Raises:
            QmpError: there are none, or they are not what an authz-list takes.
        """
        path = self.load("filename")
        self._seen = self._state()
        self._list = self._read()
        if self.load("refresh") and "/" not in path:
            raise errors.path_not_absolute()

    def is_allowed(self, identity: str) -> bool:
        """What the rules say; where the file is not right any more, nobody may."""
        if self.load("refresh") and self._state() != self._seen:
            self._seen = self._state()
            try:
                self._list = self._read()
            except errors.QmpError:
                self._list = None
        return self._list is not None and self._list.is_allowed(identity)

    def _state(self) -> object:
        """Differs where the file does."""
        try:
            found = os.stat(self.load("filename"))
        except (OSError, ValueError):
            return None
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    def _read(self) -> Authz:
        from qmp_iothreadd.json.reader import parse_one  # few rules are in files

        path = self.load("filename")
        try:
            data = read_file(path)
        except errors.QmpError as error:
            raise errors.authz_file_unreadable(path, error.desc) from None
        found: object = parse_one(data.decode("utf-8", "surrogateescape"))
        if not isinstance(found, dict):
            raise errors.authz_file_not_an_object(path)
        made = self.type.find(AuthzList.qom_name).instantiate()
        for name in qdict_order(found):
            made.set_property(name, found[name])
        return cast("Authz", made)


def _decide(policy: str, rules: list[Mapping[str, str]], identity: str) -> bool:
    for rule in rules:
        if rule.get("format") == "glob":
            fits = fnmatch.fnmatchcase(identity, rule["match"])
        else:
            fits = rule["match"] == identity
        if fits:
            return rule["policy"] == "allow"
    return policy == "allow"
