"""pydantic-core without its Python half, which takes five times as long to import.

That half is for who writes schemas with type hints; the first client to ask waits for none of it,
and so does everybody beside it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from types import ModuleType
from typing import Any

from qmp_iothreadd.errors import reserved_descriptor_free

_PACKAGE = "pydantic_core"
_NAME = f"{_PACKAGE}._pydantic_core"


def compiled_pydantic() -> Any:
    """The extension module of pydantic-core: ``from_json``, ``SchemaValidator`` and the like.

    Raises:
        ImportError: pydantic-core is not installed, or there is no descriptor left.
    """
    found = sys.modules.get(_NAME)
    if found is None:
        with reserved_descriptor_free():
            found = _load()
    return found


def _load() -> ModuleType:
    # Another thread may import pydantic at the same time, and the module may be made only once.
    spec = _find() if len(sys._current_frames()) == 1 else None
    if spec is None or spec.loader is None:
        return import_module(_NAME)
    module = module_from_spec(spec)
    sys.modules[_NAME] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[_NAME]
        raise
    return module


def _find() -> ModuleSpec | None:
    package = PathFinder.find_spec(_PACKAGE)
    places = package and package.submodule_search_locations
    return PathFinder.find_spec(_NAME, places) if places else None
