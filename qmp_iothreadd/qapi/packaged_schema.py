"""Where the schema that comes with the package is."""

from __future__ import annotations

import os
from functools import cache


@cache
def packaged_schema_path() -> str:
    """The top file of the schema that comes with the package.

    Installed, the schema's folder is inside the package's; in a source tree it is beside it. It is
    looked for by hand because importlib.resources, which finds the same, takes 7 ms to import, and
    each start needs this.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installed = os.path.join(package, "schema", "qapi-schema.json")
    if os.path.exists(installed):
        return installed
    return os.path.join(os.path.dirname(package), "schema", "qapi-schema.json")
