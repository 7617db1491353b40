"""What the JSON reader refuses."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def json_parse(line: int, column: int, what: str) -> QmpError:
    """A lexical or grammar error at ``line`` and ``column``, both counted from 1."""
    return QmpError(f"{line}:{column}: JSON parse error, {what}")


def json_nesting_depth() -> QmpError:
    """More open braces and brackets than the reader allows."""
    return QmpError("JSON nesting depth limit exceeded")


def json_token_size() -> QmpError:
    """More text in one message than the reader allows."""
    return QmpError("JSON token size limit exceeded")


def json_token_count() -> QmpError:
    """More tokens in one message than the reader allows."""
    return QmpError("JSON token count limit exceeded")
