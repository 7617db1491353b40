"""Objects that say how a guest is protected and where its devices are: they hold what is said."""

from __future__ import annotations

from typing import ClassVar

from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.types import USER_CREATABLE


class ConfidentialGuestSupport(ConfigurableObject):
    """Protection of some kind."""

    __slots__ = ()

    qom_name = "confidential-guest-support"
    abstract = True


class X86ConfidentialGuest(ConfidentialGuestSupport):
    """Protection of a PC."""

    __slots__ = ()

    qom_name = "x86-confidential-guest"
    abstract = True


class SevCommon(X86ConfidentialGuest):
    """AMD's."""

    __slots__ = ()

    qom_name = "sev-common"
    struct = "SevCommonProperties"
    abstract = True
    interfaces = (USER_CREATABLE,)
    settings: ClassVar[dict[str, Setting]] = {
        "sev-device": Setting("/dev/sev", description="SEV device to use"),
        "kernel-hashes": Setting(
            False,
            description="add kernel hashes to guest firmware for measured Linux boot",
        ),
    }


class SevGuest(SevCommon):
    """AMD SEV."""

    __slots__ = ()

    qom_name = "sev-guest"
    settings: ClassVar[dict[str, Setting]] = SevCommon.settings | {
        "dh-cert-file": Setting(description="guest owners DH certificate (encoded with base64)"),
        "session-file": Setting(
            description="guest owners session parameters (encoded with base64)"
        ),
        "policy": Setting(1),
        "legacy-vm-type": Setting("off", description="use legacy VM type to maintain measurement"),
    }


class SevSnpGuest(SevCommon):
    """AMD SEV-SNP."""

    __slots__ = ()

    qom_name = "sev-snp-guest"
    settings: ClassVar[dict[str, Setting]] = SevCommon.settings | {"policy": Setting(0x30000)}


class TdxGuest(X86ConfidentialGuest):
    """Intel TDX."""

    __slots__ = ()

    qom_name = "tdx-guest"
    interfaces = (USER_CREATABLE,)
    settings: ClassVar[dict[str, Setting]] = {"sept-ve-disable": Setting(True)}


class AcpiGenericInitiator(ConfigurableObject):
    """The affinity of a device to a NUMA node."""

    __slots__ = ()

    qom_name = "acpi-generic-initiator"
    interfaces = (USER_CREATABLE,)


class AcpiGenericPort(ConfigurableObject):
    """A NUMA node of a CXL host bridge."""

    __slots__ = ()

    qom_name = "acpi-generic-port"
    interfaces = (USER_CREATABLE,)
