"""Writes a schema of the size of QEMU's complete one, always the same, for tests and benchmarks.

``python tests/qapi/bigschema.py FOLDER`` writes it to a folder. The proportions are QEMU's: two
lines in three are documentation, most definitions are structs, most members are optional scalars.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from qmp_iothreadd.qapi.doc_format import MAX_LINE

_TEXT = """
    block node device image driver cache queue thread memory region backend frontend channel
    socket migration snapshot mirror backup stream export bitmap cluster offset length timeout
    limit throttle policy state status mode format version feature option parameter address
    server client host guest the a of is which that when whether for to from with and must may
"""
_WORDS = _TEXT.split()
_SCALARS = ["str", "bool", "int", "uint8", "uint16", "uint32", "uint64", "size", "number", "int64"]

_Names = list[str]


class _File:
    """One file of the schema: its lines, and what it defines for later definitions to refer to."""

    def __init__(self, index: int, seed: int) -> None:
        self.index = index
        self.lines: list[str] = [f"# Module {index} of a generated schema", ""]
        self.random = random.Random(seed * 1000 + index)
        self.enums: _Names = []
        self.structs: _Names = []

    def sentence(self, start: str, words: int) -> str:
        """A line of documentation, cut off where it would be too long."""
        line = start + " ".join(self.random.choices(_WORDS, k=words)).capitalize() + "."
        return line if len(line) <= MAX_LINE else line[: MAX_LINE + 1].rpartition(" ")[0]

    def doc(self, symbol: str, members: _Names, returns: bool = False) -> None:
        add = self.lines.append
        add("##")
        add(f"# @{symbol}:")
        add("#")
        for _ in range(self.random.randint(1, 3)):
            add(self.sentence("# ", 9))
        for member in members:
            add("#")
            add(self.sentence(f"# @{member.lstrip('*')}: ", 7))
            for _ in range(self.random.randint(0, 1)):
                add(self.sentence("#     ", 8))
        if returns:
            add("#")
            add(self.sentence("# Returns: ", 6))
            add("#")
            add("# Errors:")
            add("#     - If the device is not there, DeviceNotFound")
        add("#")
        add(f"# Since: {self.random.randint(0, 11)}.{self.random.randint(0, 2)}")
        if returns:
            self.example(symbol)
        add("##")

    def example(self, command: str) -> None:
        self.lines += [
            "#",
            "# .. qmp-example::",
            "#",
            f'#     -> {{ "execute": "{command}" }}',
            '#     <- { "return": {} }',
        ]

    def members(self, count: int) -> dict[str, str]:
        chosen: dict[str, str] = {}
        for number in range(count):
            word = self.random.choice(_WORDS)
            star = "*" if self.random.random() < 0.5 else ""
            chosen[f"{star}{word}-{number}"] = self.type()
        return chosen

    def type(self) -> str:
        draw = self.random.random()
        if draw < 0.1 and self.enums:
            return f"'{self.random.choice(self.enums)}'"
        if draw < 0.2 and self.structs:
            return f"'{self.random.choice(self.structs)}'"
        if draw < 0.25 and self.structs:
            return f"['{self.random.choice(self.structs)}']"
        if draw < 0.3:
            return f"[ '{self.random.choice(_SCALARS)}' ]"
        return f"'{self.random.choice(_SCALARS)}'"

    def data(self, members: dict[str, str]) -> None:
        rows = [f"'{name}': {type_}" for name, type_ in members.items()]
        self.lines.append("  'data': { " + ",\n            ".join(rows) + " }")

    def enum(self, number: int) -> None:
        name = f"Enum{self.index}Kind{number}"
        values = [f"value-{value}" for value in range(self.random.randint(2, 9))]
        self.doc(name, values)
        listed = ", ".join(f"'{value}'" for value in values)
        self.lines += [f"{{ 'enum': '{name}',", f"  'data': [ {listed} ] }}", ""]
        self.enums.append(name)

    def struct(self, number: int) -> None:
        name = f"Struct{self.index}Info{number}"
        members = self.members(self.random.randint(1, 7))
        self.doc(name, list(members))
        # Two letters in the base's names keep them apart from everything that members() makes.
        base = number >= 2 and self.random.random() < 0.1
        self.lines.append(f"{{ 'struct': '{name}',")
        if base:
            self.lines.append(f"  'base': 'Base{self.index}',")
        self.data(members)
        self.lines[-1] += " }"
        self.lines.append("")
        self.structs.append(name)

    def base(self) -> None:
        name = f"Base{self.index}"
        self.doc(name, ["id", "tag"])
        self.lines.append(f"{{ 'struct': '{name}', 'data': {{ 'id': 'str', '*tag': 'int' }} }}")
        self.lines.append("")

    def union(self, number: int) -> None:
        name = f"Union{self.index}Options{number}"
        enum = f"Union{self.index}Driver{number}"
        values = [f"driver-{value}" for value in range(self.random.randint(3, 12))]
        self.doc(enum, values)
        listed = ", ".join(f"'{value}'" for value in values)
        self.lines += [f"{{ 'enum': '{enum}', 'data': [ {listed} ] }}", ""]
        self.doc(name, ["driver", "node-name"])
        branches = {value: f"'{self.random.choice(self.structs)}'" for value in values[1:]}
        self.lines += [
            f"{{ 'union': '{name}',",
            f"  'base': {{ 'driver': '{enum}', '*node-name': 'str' }},",
            "  'discriminator': 'driver',",
        ]
        self.data(branches)
        self.lines[-1] += " }"
        self.lines.append("")

    def alternate(self) -> None:
        name = f"Alternate{self.index}Ref"
        self.doc(name, ["definition", "reference"])
        struct = self.random.choice(self.structs)
        branches = f"{{ 'definition': '{struct}', 'reference': 'str' }}"
        self.lines += [f"{{ 'alternate': '{name}', 'data': {branches} }}", ""]

    def command(self, number: int) -> None:
        name = f"module-{self.index}-command-{number}"
        members = self.members(self.random.randint(0, 6))
        self.doc(name, list(members), returns=True)
        self.lines.append(f"{{ 'command': '{name}',")
        self.data(members)
        self.lines[-1] += f",\n  'returns': '{self.random.choice(self.structs)}' }}"
        self.lines.append("")

    def event(self, number: int) -> None:
        members = self.members(self.random.randint(1, 4))
        name = f"MODULE_{self.index}_EVENT_{number}"
        self.doc(name, list(members))
        self.lines.append(f"{{ 'event': '{name}',")
        self.data(members)
        self.lines[-1] += " }"
        self.lines.append("")

    def text(self, lines: int) -> str:
        """The file, filled up with free-form documentation to this many lines."""
        filled = "\n".join(self.lines).split("\n")
        missing = lines - len(filled) - 3
        if missing > 0:
            prose = [self.sentence("# ", 9) for _ in range(missing)]
            filled += ["##", *prose, "##"]
        return "\n".join(filled) + "\n"


def _share(total: int, files: int, index: int) -> range:
    return range(total * index // files, total * (index + 1) // files)


def generate(
    folder: str | Path,
    *,
    files: int = 50,
    lines: int = 28_000,
    commands: int = 240,
    events: int = 60,
    structs: int = 460,
    enums: int = 180,
    unions: int = 50,
    seed: int = 1,
) -> Path:
    """Write a schema of ``files`` modules and a file that includes them; returns that file."""
    top = Path(folder) / "qapi-schema.json"
    top.parent.mkdir(parents=True, exist_ok=True)
    includes = ["{ 'pragma': { 'doc-required': true } }", ""]
    for index in range(files - 1):
        module = _File(index, seed)
        module.lines += ["##", f"# = Module {index}", "##", ""]
        module.base()
        for number in _share(enums, files - 1, index):
            module.enum(number)
        for number in _share(structs, files - 1, index):
            module.struct(number)
        for number in _share(unions, files - 1, index):
            module.union(number)
        module.alternate()
        for number in _share(commands, files - 1, index):
            module.command(number)
        for number in _share(events, files - 1, index):
            module.event(number)
        name = f"module-{index}.json"
        (top.parent / name).write_text(module.text(lines // (files - 1)))
        includes.append(f"{{ 'include': '{name}' }}")
    top.write_text("\n".join(includes) + "\n")
    return top


if __name__ == "__main__":
    print(generate(sys.argv[1]))
