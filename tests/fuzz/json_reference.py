"""A second reading of QEMU's JSON dialect, to compare the reader with.

One byte at a time, no regular expression, nothing shared with the package:
slow, and simple enough to be checked by eye against the description of the dialect.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

Outcome = tuple[str, object]  # ("value", the value) or ("error", its text)

STRUCTURAL = b"{}[]:,"
MAX_SIZE = 64 << 20
MAX_COUNT = 2 << 20
MAX_DEPTH = 1024


class GrammarError(Exception):
    pass


class ReferenceReader:
    def __init__(self) -> None:
        self.state = "start"
        self.token = b""
        self.line = self.column = 1  # of the byte that comes next
        self.begin = (1, 1)  # of the token
        self.swallowing = False
        self.braces = self.brackets = self.count = self.size = 0
        self.tokens: list[tuple[str, bytes]] = []

    def feed(self, data: bytes) -> Iterator[Outcome]:
        for byte in data:
            self.column += 1
            if byte == 0x0A:
                self.line, self.column = self.line + 1, 1
            while not (yield from self.consume(bytes([byte]))):
                pass

    def consume(self, byte: bytes) -> Generator[Outcome, None, bool]:
        """Returns whether the byte is used up."""
        state = self.state
        if state == "recovery":
            if byte in STRUCTURAL_BYTES or (byte < b" " and byte != b"\t") or byte >= b"\xfe":
                self.restart()
                return False
            return True
        if state == "start" and byte in (b" ", b"\t", b"\r", b"\n"):
            self.restart()
            return True
        following = transition(state, byte)
        if following.startswith("before "):
            yield from self.emit(following[7:])
            self.restart()
            return False
        self.token += byte
        if following in ("structural", "string", "error"):
            yield from self.emit(following)
            self.restart()
            self.state = "recovery" if following == "error" else "start"
        else:
            self.state = following
        return True

    def restart(self) -> None:
        self.state, self.token, self.begin = "start", b"", (self.line, self.column)

    def emit(self, kind: str) -> Iterator[Outcome]:
        self.count += 1
        self.size += len(self.token)
        self.balance(kind)
        if not self.swallowing:
            outcome = self.judge(kind)
            if outcome is not None:
                self.swallowing = outcome[0] == "error"
                yield outcome
        if self.braces == 0 and self.brackets == 0:
            self.swallowing = False
            self.count = self.size = 0
            self.tokens = []

    def balance(self, kind: str) -> None:
        unbalanced = kind == "error"
        if kind == "structural":
            if self.token == b"{":
                self.braces += 1
            elif self.token == b"[":
                self.brackets += 1
            elif self.token == b"}":
                self.braces -= 1
            elif self.token == b"]":
                self.brackets -= 1
            unbalanced = self.braces < 0 or self.brackets < 0
        if unbalanced:
            self.braces = self.brackets = 0

    def judge(self, kind: str) -> Outcome | None:
        if self.size >= MAX_SIZE:
            return "error", "JSON token size limit exceeded"
        if self.count > MAX_COUNT:
            return "error", "JSON token count limit exceeded"
        if self.braces + self.brackets > MAX_DEPTH:
            return "error", "JSON nesting depth limit exceeded"
        if kind == "error":
            return self.error("stray '" + c_string(self.token) + "'")
        self.tokens.append((kind, self.token))
        try:
            value, rest = parse_value(self.tokens)
        except GrammarError as error:
            return self.error(str(error))
        except IndexError:  # a proper beginning
            return None
        assert not rest
        return "value", value

    def error(self, what: str) -> Outcome:
        return "error", "{}:{}: JSON parse error, {}".format(*self.begin, what)


STRUCTURAL_BYTES = [bytes([byte]) for byte in STRUCTURAL]


def transition(state: str, byte: bytes) -> str:
    """The next state, the kind of the token that this byte ends, or that of the one before it."""
    digit = b"0" <= byte <= b"9"
    in_string = b" " <= byte <= b"\xfd"
    if state == "start":
        return transition_from_start(byte)
    if state in ('"', "'"):
        if byte == state.encode():
            return "string"
        if byte == b"\\":
            return "escape " + state
        return state if in_string else "error"
    if state.startswith("escape "):
        return state[7:] if in_string else "error"
    if state == "word":
        return "word" if b"a" <= byte <= b"z" else "before keyword"
    if state in ("-", "."):
        nonzero = "digits" if state == "-" else "fraction"
        if byte == b"0" and state == "-":
            return "zero"
        return nonzero if digit else "error"
    if state == "e" and byte in (b"+", b"-"):
        return "e+"
    if state in ("e", "e+"):
        return "exponent" if digit else "error"
    if digit:
        return "error" if state == "zero" else state
    if byte == b"." and state in ("zero", "digits"):
        return "."
    if byte in (b"e", b"E") and state in ("digits", "fraction"):
        return "e"
    return "before integer" if state in ("zero", "digits") else "before float"


def transition_from_start(byte: bytes) -> str:
    if byte in STRUCTURAL_BYTES:
        return "structural"
    if byte in (b'"', b"'", b"-"):
        return byte.decode()
    if byte == b"0":
        return "zero"
    if b"1" <= byte <= b"9":
        return "digits"
    return "word" if b"a" <= byte <= b"z" else "error"


Tokens = list[tuple[str, bytes]]


def parse_value(tokens: Tokens) -> tuple[object, Tokens]:
    """The first value, and the tokens after it. IndexError where there are too few."""
    stack: list[list[object]] = []
    while True:
        (kind, text), tokens = tokens[0], tokens[1:]
        if text == b"{" and tokens[0][1] != b"}":
            key, tokens = parse_key(tokens)
            stack.append([{}, key])
            continue
        if text == b"[" and tokens[0][1] != b"]":
            stack.append([[], None])
            continue
        value: object
        if text in (b"{", b"["):
            value, tokens = {} if text == b"{" else [], tokens[1:]
        else:
            value = scalar(kind, text)
        while stack:
            tokens, closed = add(stack[-1], value, tokens)
            if not closed:
                break
            value = stack.pop()[0]
        else:
            return value, tokens


def parse_key(tokens: Tokens) -> tuple[str, Tokens]:
    if tokens[0][0] != "string":
        raise GrammarError("expecting key")
    key = string(tokens[0][1])
    if tokens[1][1] != b":":
        raise GrammarError("expecting ':'")
    return key, tokens[2:]


def add(frame: list[object], value: object, tokens: Tokens) -> tuple[Tokens, bool]:
    """Put a value into the innermost container; whether this is closed then."""
    container = frame[0]
    if isinstance(container, dict):
        if frame[1] in container:
            raise GrammarError("duplicate key")
        container[frame[1]] = value
        end = b"}"
    else:
        assert isinstance(container, list)
        container.append(value)
        end = b"]"
    text = tokens[0][1]
    if text == end:
        return tokens[1:], True
    if text != b",":
        raise GrammarError(f"expected ',' or '{end.decode()}'")
    tokens = tokens[1:]
    if isinstance(container, dict):
        frame[1], tokens = parse_key(tokens)
    return tokens, False


def scalar(kind: str, text: bytes) -> object:
    if kind == "string":
        return string(text)
    if kind == "float":
        return float(text)
    if kind == "integer":
        exact = int(text) if len(text) < 100 else 1 << 99
        return exact if -(2**63) <= exact < 2**64 else float(text)
    if kind == "keyword":
        if text in (b"true", b"false"):
            return text == b"true"
        if text == b"null":
            return None
        raise GrammarError(f"invalid keyword '{text.decode()}'")
    raise GrammarError("expecting value")


def string(token: bytes) -> str:
    quote, at, result = token[:1], 1, ""
    while token[at : at + 1] != quote:
        if token[at : at + 1] != b"\\":
            code, at = code_point(token, at)
            if code < 0:
                raise GrammarError("invalid UTF-8 sequence in string")
            result += chr(code)
            continue
        begin, letter, at = at, token[at + 1 : at + 2].decode("latin-1"), at + 2
        if letter == "u":
            code, at = hexadecimal(token, at), at + 4
            if 0xD800 <= code <= 0xDBFF and token[at : at + 2] == b"\\u":
                low = hexadecimal(token, at + 2)
                if 0xDC00 <= low <= 0xDFFF:
                    code, at = 0x10000 + (code - 0xD800) * 0x400 + low - 0xDC00, at + 6
            if not character(code):
                raise GrammarError(c_string(token[begin:at]) + " is not a valid Unicode character")
            result += chr(code)
        elif letter in "bfnrt":
            result += {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}[letter]
        elif letter in "\"'\\/":
            result += letter
        else:
            raise GrammarError("invalid escape sequence in string")
    return result


def hexadecimal(token: bytes, at: int) -> int:
    digits = token[at : at + 4]
    if len(digits) < 4 or any(byte not in b"0123456789abcdefABCDEF" for byte in digits):
        return -1
    return int(digits, 16)


def code_point(data: bytes, at: int) -> tuple[int, int]:
    """The code point at a place, -1 if malformed, and the place after it."""
    first, at = data[at], at + 1
    if first < 0x80:
        return first, at
    if first < 0xC0 or first >= 0xFE:
        return -1, at
    length = 8 - (first ^ 0xFF).bit_length()
    code = first & (0x7F >> length)
    for _ in range(length - 1):
        if at == len(data) or data[at] & 0xC0 != 0x80:
            return -1, at
        code, at = code << 6 | data[at] & 0x3F, at + 1
    least = [0x80, 0x800, 0x10000, 0x200000, 0x4000000][length - 2]
    proper = code >= least or (code == 0 and length == 2)
    return (code if proper and character(code) else -1), at


def character(code: int) -> bool:
    if code < 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF or 0xFDD0 <= code <= 0xFDEF:
        return False
    return code & 0xFFFF not in (0xFFFE, 0xFFFF)


def c_string(data: bytes) -> str:
    """What the other side sees of raw bytes in an error."""
    data = data.split(b"\0")[0]
    at, result = 0, ""
    while at < len(data):
        code, at = code_point(data, at)
        result += chr(code) if code >= 0 else "\ufffd"
    return result
