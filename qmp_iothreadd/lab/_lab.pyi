from collections.abc import Sequence
from typing import Final, Protocol

from typing_extensions import Buffer

HANDLERS_MAX: Final[int]
POLICIES: Final[tuple[str, ...]]

class _Params(Protocol):
    @property
    def max_ns(self) -> int: ...
    @property
    def grow(self) -> int: ...
    @property
    def shrink(self) -> int: ...
    @property
    def weight(self) -> int: ...
    @property
    def policy(self) -> str: ...

_Replayed = tuple[int, tuple[int, ...], float, int, int, int, int]

def replay(
    block_ns: Buffer, events: Buffer, params: Sequence[_Params], handlers: int
) -> list[_Replayed]: ...
