"""The code of what each start imports, in one file: hundreds of looks at folders are one read.

The build writes it (``prepare_start``) for the modules that ``start_modules.txt`` names, and a
start finds them there first. Only that is quicker: a module is what it would be, with its own file,
its source and its place in tracebacks. Python imports as it always does where a source is not the
one that was built, or the code is of another Python's kind.
"""

from __future__ import annotations

import marshal
import os
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import CodeType, ModuleType

#: The file, in the package's folder.
FILE = "start.ready"

#: So many bytes say where the codes begin; the table is between.
HEAD_BYTES = 4

#: A module by name: its file below the package's folder, whether it is a package, the size of its
#: source in bytes, and where its code begins and ends.
Row = tuple[str, bool, int, int, int]

# An installation takes a while; who edits a source does so later.
_INSTALLATION_NS = 10_000_000_000


class StartCode:
    """Finds modules in a file that ``prepare_start`` wrote for the package in ``folder``."""

    def __init__(
        self, folder: str, table: Mapping[str, Row], codes: memoryview, made_ns: int
    ) -> None:
        self._folder = folder
        self._table = table
        self._codes = codes
        self._until_ns = made_ns + _INSTALLATION_NS

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What Python's import asks; None where the module is not here, or its source is another.

        A source that was written in place is of another size, or newer than the installation.
        """
        row = self._table.get(name)
        if row is None:
            return None
        file, is_package, size, start, end = row
        location = os.path.join(self._folder, file)
        try:
            state = os.stat(location)
        except OSError:
            return None
        if state.st_size != size or state.st_mtime_ns > self._until_ns:
            return None
        loader = _Loader(name, location, self._codes[start:end])
        spec = ModuleSpec(name, loader, origin=location, is_package=is_package)
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [os.path.dirname(location)]
        return spec


class _Loader(SourceFileLoader):
    """Loads a module whose code is at hand."""

    def __init__(self, name: str, location: str, code: memoryview) -> None:
        super().__init__(name, location)
        self._code: memoryview | None = code

    def get_code(self, fullname: str) -> CodeType | None:
        """The module's code, which tells its file where it is installed; later its source's."""
        data, self._code = self._code, None
        if data is None:
            return super().get_code(fullname)
        import _imp  # what Python's own loader does with code that was moved

        code: CodeType = marshal.loads(data)
        vars(_imp)["_fix_co_filename"](code, self.path)
        return code


def find_start_code() -> None:
    """Have the modules of a start found in the file that the build made, if there is one."""
    folder = os.path.dirname(os.path.abspath(__file__))
    try:
        with open(os.path.join(folder, FILE), "rb", buffering=0) as file:
            made_ns = os.fstat(file.fileno()).st_mtime_ns
            content = memoryview(file.readall())
        head = int.from_bytes(content[:HEAD_BYTES], "little")
        kind, table = marshal.loads(content[HEAD_BYTES:head])
    except (OSError, ValueError, EOFError, TypeError):  # there is none, or another Python's
        return
    if kind == kind_of_code():
        sys.meta_path.insert(0, StartCode(folder, table, content[head:], made_ns))


def forget_start_code() -> None:
    """Give back the memory, once all that the file has is imported."""
    sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, StartCode)]


def kind_of_code() -> tuple[str, int]:
    """What code has in common that this Python runs: ``cpython-311`` and how it is optimized."""
    return str(sys.implementation.cache_tag), sys.flags.optimize
