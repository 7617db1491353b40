"""A terminal's line editor, without IO: keys in, what the terminal is to show out.

The bytes that it sends are those of QEMU's util/readline, as a terminal shows them: any change
redraws the line from its beginning and moves the cursor column by column.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

LINE_MAX: Final = 4095
"""A line has no more bytes; further ones are ignored."""

HISTORY_MAX: Final = 64
COMPLETIONS_MAX: Final = 256
SCREEN_COLUMNS: Final = 80

Completer = Callable[[bytes], tuple[int, list[bytes]]]
"""Takes the line up to the cursor; returns how many bytes of the last word are there already, and
the words that it may become."""

_SPACE: Final = b" \t\n\v\f\r"
_LEFT, _RIGHT, _CLEAR_TO_END = b"\033[D", b"\033[C", b"\033[K"
_CLEAR_SCREEN: Final = b"\033[2J\033[1;1H"
_NO_ENTRY: Final = -1


class History:
    """The lines that were typed, each once, and which of them is being edited.

    It outlives the editor: the next one at the same monitor goes on where this one was.
    """

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self._entry = _NO_ENTRY

    def remember(self, line: bytes) -> None:
        """Make a line the latest; an empty one is forgotten at once."""
        # A quirk of util/readline: where a full history ends with this very line, nothing changes,
        # not even the place from which the next move starts.
        if not line or self.lines[HISTORY_MAX - 1 :] == [line]:
            return
        if line in self.lines:
            self.lines.remove(line)
        self.lines.append(line)
        del self.lines[:-HISTORY_MAX]
        self._entry = _NO_ENTRY

    def up(self) -> bytes | None:
        """The line before, or None where there is none."""
        if self._entry == 0:
            return None
        if self._entry == _NO_ENTRY:
            self._entry = len(self.lines)
        self._entry -= 1
        return self.lines[self._entry] if self._entry >= 0 else None

    def down(self) -> bytes | None:
        """The line after; after the latest comes an empty one, and then None."""
        if self._entry == _NO_ENTRY:
            return None
        self._entry += 1
        if self._entry < len(self.lines):
            return self.lines[self._entry]
        self._entry = _NO_ENTRY
        return b""


class LineEditor:
    """One line at a time, with history and completion.

    ``feed`` takes a byte and returns the line that it completed, if it did. What is to be shown
    collects in ``output``, to be taken and cleared by the caller.
    """

    def __init__(self, prompt: bytes, complete: Completer, history: History | None = None) -> None:
        self.output = bytearray()
        self.history = history or History()
        self._prompt = prompt
        self._complete = complete
        self._line = bytearray()
        self._cursor = 0
        # What the terminal shows, and where its cursor is.
        self._shown = b""
        self._shown_cursor = 0
        self._parameter = 0
        self._on_byte = self._key

    def prompt(self) -> None:
        """Show the prompt, and expect a line after it."""
        self.output += self._prompt
        self._shown = b""
        self._shown_cursor = 0
        self._on_byte = self._key

    def restart(self) -> None:
        """Forget the line so far, and prompt for another."""
        self._set_line(b"")
        self.prompt()

    def feed(self, byte: int) -> bytes | None:
        """Take one byte; returns the line, without its end, where this ended it."""
        if byte in b"\r\n" and self._on_byte == self._key:
            return self._enter()
        self._on_byte(byte)
        self._redraw()
        return None

    def _enter(self) -> bytes:
        line = bytes(self._line)
        self.history.remember(line)
        self.output += b"\r\n"
        self._set_line(b"")
        self._shown = b""
        self._shown_cursor = 0
        return line

    # -- Keys and escape sequences ----------------------------------------------------------------

    def _key(self, byte: int) -> None:
        action = _KEYS.get(byte)
        if action is not None:
            action(self)
        elif byte >= 32:
            self._insert(bytes((byte,)))

    def _start_escape(self) -> None:
        self._on_byte = self._escape

    def _start_control_sequence(self) -> None:
        self._on_byte = self._control_sequence

    def _escape(self, byte: int) -> None:
        self._parameter = 0
        if byte == ord("["):
            self._on_byte = self._control_sequence
        elif byte == ord("O"):
            self._on_byte = self._shifted_key
        else:
            self._on_byte = self._key

    def _control_sequence(self, byte: int) -> None:
        if byte in b"0123456789":
            # More digits than any key has make no key.
            self._parameter = min(self._parameter * 10 + byte - ord("0"), 1000)
            return
        table, code = (_NUMBERED, self._parameter) if byte == ord("~") else (_CURSOR_KEYS, byte)
        self._finish_escape(table.get(code))

    def _shifted_key(self, byte: int) -> None:
        self._finish_escape(_SHIFTED_KEYS.get(byte))

    def _finish_escape(self, action: Callable[[LineEditor], None] | None) -> None:
        self._on_byte = self._key
        if action is not None:
            action(self)

    # -- Editing ----------------------------------------------------------------------------------

    def _set_line(self, line: bytes) -> None:
        self._line[:] = line
        self._cursor = len(line)

    def _insert(self, data: bytes) -> None:
        data = data[: LINE_MAX - len(self._line)]
        self._line[self._cursor : self._cursor] = data
        self._cursor += len(data)

    def _left(self) -> None:
        self._cursor = max(self._cursor - 1, 0)

    def _right(self) -> None:
        self._cursor = min(self._cursor + 1, len(self._line))

    def _to_start(self) -> None:
        self._cursor = 0

    def _to_end(self) -> None:
        self._cursor = len(self._line)

    def _delete(self) -> None:
        del self._line[self._cursor : self._cursor + 1]

    def _backspace(self) -> None:
        self._delete_back_to(max(self._cursor - 1, 0))

    def _delete_word(self) -> None:
        start = self._cursor - 1
        while start > 0 and self._line[start] in _SPACE:
            start -= 1
        while start > 0 and self._line[start] not in _SPACE:
            start -= 1
        if start > 0:
            start += 1
        self._delete_back_to(max(start, 0))

    def _delete_to_start(self) -> None:
        self._delete_back_to(0)

    def _delete_back_to(self, start: int) -> None:
        del self._line[start : self._cursor]
        self._cursor = start

    def _up(self) -> None:
        self._recall(self.history.up())

    def _down(self) -> None:
        self._recall(self.history.down())

    def _recall(self, line: bytes | None) -> None:
        if line is not None:
            self._set_line(line)

    # -- Completion -------------------------------------------------------------------------------

    def _complete_word(self) -> None:
        present, found = self._complete(bytes(self._line[: self._cursor]))
        words = list(dict.fromkeys(found))[:COMPLETIONS_MAX]
        if len(words) == 1:
            self._insert(words[0][present:])
            if words[0] and not words[0].endswith(b"/"):
                self._insert(b" ")
        elif words:
            words.sort()
            self._insert(_common_prefix(words[0], words[-1])[present:])
            self.output += b"\r\n" + _columns(words)
            self.prompt()

    # -- Display ----------------------------------------------------------------------------------

    def _clear_screen(self) -> None:
        self.output += _CLEAR_SCREEN
        self.prompt()

    def _redraw(self) -> None:
        if self._line != self._shown:
            self.output += _LEFT * self._shown_cursor + self._line + _CLEAR_TO_END
            self._shown = bytes(self._line)
            self._shown_cursor = len(self._line)
        distance = self._cursor - self._shown_cursor
        if distance:
            self.output += _RIGHT * distance if distance > 0 else _LEFT * -distance
            self._shown_cursor = self._cursor


def _common_prefix(first: bytes, second: bytes) -> bytes:
    length = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        length += 1
    return first[:length]


def _columns(words: list[bytes]) -> bytes:
    """The words side by side, as many as fit on the screen."""
    width = min(max(max(map(len, words)) + 2, 10), SCREEN_COLUMNS)
    across = SCREEN_COLUMNS // width
    rows = [words[start : start + across] for start in range(0, len(words), across)]
    return b"".join([b"".join([word.ljust(width) for word in row]) + b"\r\n" for row in rows])


_Action = Callable[[LineEditor], None]

_KEYS: Final[dict[int, _Action]] = {
    0x01: LineEditor._to_start,
    0x04: LineEditor._delete,
    0x05: LineEditor._to_end,
    0x08: LineEditor._backspace,
    0x09: LineEditor._complete_word,
    0x0C: LineEditor._clear_screen,
    0x0E: LineEditor._down,
    0x10: LineEditor._up,
    0x15: LineEditor._delete_to_start,
    0x17: LineEditor._delete_word,
    0x1B: LineEditor._start_escape,
    0x7F: LineEditor._backspace,
    0x9B: LineEditor._start_control_sequence,
}
_CURSOR_KEYS: Final[dict[int, _Action]] = {
    ord("A"): LineEditor._up,
    ord("F"): LineEditor._up,
    ord("B"): LineEditor._down,
    ord("E"): LineEditor._down,
    ord("C"): LineEditor._right,
    ord("D"): LineEditor._left,
}
# The number before a tilde: Home, Delete, End.
_NUMBERED: Final[dict[int, _Action]] = {
    1: LineEditor._to_start,
    3: LineEditor._delete,
    4: LineEditor._to_end,
}
_SHIFTED_KEYS: Final[dict[int, _Action]] = {
    ord("F"): LineEditor._to_end,
    ord("H"): LineEditor._to_start,
}
