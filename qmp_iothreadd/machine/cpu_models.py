"""The names of x86 CPU models that QEMU 11.1 knows: what ``-cpu help`` lists.

No CPU is there without a guest. Names are all that is known of them.
"""

from __future__ import annotations

from collections.abc import Iterator

# A model's name, and how many versions of it there are. A version's name ends in -v1, -v2, …
_VERSIONS = """
    486:1 Broadwell:4 Cascadelake-Server:5 ClearwaterForest:3 Conroe:1 Cooperlake:2 Denverton:3
    DiamondRapids:1 Dhyana:2 EPYC:5 EPYC-Genoa:2 EPYC-Milan:3 EPYC-Rome:5 EPYC-Turin:1
    GraniteRapids:5 Haswell:4 Icelake-Server:7 IvyBridge:2 KnightsMill:1 Nehalem:2 Opteron_G1:1
    Opteron_G2:1 Opteron_G3:1 Opteron_G4:1 Opteron_G5:1 Penryn:1 SandyBridge:2 SapphireRapids:6
    SierraForest:5 Skylake-Client:4 Skylake-Server:5 Snowridge:4 Westmere:2 YongFeng:3 athlon:1
    core2duo:1 coreduo:1 kvm32:1 kvm64:1 n270:1 pentium:1 pentium2:1 pentium3:1 phenom:1 qemu32:1
    qemu64:1
"""

# Other names of a version.
_ALIASES = {
    "Broadwell-IBRS": "Broadwell-v3",
    "Broadwell-noTSX": "Broadwell-v2",
    "Broadwell-noTSX-IBRS": "Broadwell-v4",
    "Cascadelake-Server-noTSX": "Cascadelake-Server-v3",
    "EPYC-IBPB": "EPYC-v2",
    "Haswell-IBRS": "Haswell-v3",
    "Haswell-noTSX": "Haswell-v2",
    "Haswell-noTSX-IBRS": "Haswell-v4",
    "Icelake-Server-noTSX": "Icelake-Server-v2",
    "IvyBridge-IBRS": "IvyBridge-v2",
    "Nehalem-IBRS": "Nehalem-v2",
    "SandyBridge-IBRS": "SandyBridge-v2",
    "Skylake-Client-IBRS": "Skylake-Client-v2",
    "Skylake-Client-noTSX-IBRS": "Skylake-Client-v3",
    "Skylake-Server-IBRS": "Skylake-Server-v2",
    "Skylake-Server-noTSX-IBRS": "Skylake-Server-v3",
    "Westmere-IBRS": "Westmere-v2",
}

# Models that depend on the host or the accelerator, which are listed last.
_UNVERSIONED = {
    "base": "base CPU model type with no features enabled",
    "host": "processor with all supported host features",
    "max": "Enables all features supported by the accelerator in the current host",
}


def cpu_models() -> Iterator[tuple[str, str]]:
    """Each name with what ``-cpu help`` says of it, in QEMU's order."""
    found = {name: f"(alias of {version})" for name, version in _ALIASES.items()}
    for row in _VERSIONS.split():
        name, _, count = row.partition(":")
        found[name] = "(alias configured by machine type)"
        found.update({f"{name}-v{number}": "" for number in range(1, int(count) + 1)})
    yield from sorted(found.items())
    yield from _UNVERSIONED.items()


def is_cpu_model(name: str) -> bool:
    """Whether there is a model of this name."""
    return any(name == found for found, _ in cpu_models())
