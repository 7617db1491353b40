"""Every message of the front end, named once, and the exception that carries one.

The wording is QEMU's where QEMU has a message: people and tools compare the two. :class:`Rule` is
the complete list of what can be wrong with a schema; a test asserts that each has a golden case.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING

from qmp_iothreadd.errors import Error

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.source import Location


@unique
class Rule(Enum):
    """What a schema can do wrong. Values are templates for :meth:`str.format`."""

    # Files
    CANNOT_READ_SCHEMA = "can't read schema file '{file}': {reason}"
    CANNOT_READ_INCLUDE = "can't read include file '{file}': {reason}"
    NOT_UTF8 = "file is not valid UTF-8"

    # Tokens and expressions
    STRAY = "stray '{text}'"
    UNTERMINATED_STRING = 'missing terminating "\'"'
    UNKNOWN_ESCAPE = "unknown escape \\{char}"
    FUNNY_CHARACTER = "funny character in string"
    EXPECTED_KEY_OR_END = "expected string or '}}'"
    EXPECTED_KEY = "expected string"
    EXPECTED_COLON = "expected ':'"
    EXPECTED_COMMA_OR_BRACE = "expected ',' or '}}'"
    EXPECTED_COMMA_OR_BRACKET = "expected ',' or ']'"
    EXPECTED_ELEMENT_OR_END = "expected '{{', '[', ']', string, or boolean"
    EXPECTED_VALUE = "expected '{{', '[', string, or boolean"
    DUPLICATE_KEY = "duplicate key '{key}'"
    NESTED_TOO_DEEPLY = "expression is nested more than {limit} levels deep"

    # The top level
    NOT_AN_OBJECT = "top-level expression must be an object"
    INVALID_INCLUDE = "invalid 'include' directive"
    INCLUDE_NOT_STRING = "value of 'include' must be a string"
    INCLUSION_LOOP = "inclusion loop for {file}"
    INVALID_PRAGMA = "invalid 'pragma' directive"
    PRAGMA_NOT_OBJECT = "value of 'pragma' must be an object"
    PRAGMA_NOT_BOOLEAN = "pragma '{name}' must be boolean"
    PRAGMA_NOT_STRINGS = "pragma {name} must be a list of strings"
    UNKNOWN_PRAGMA = "unknown pragma '{name}'"

    # Documentation comments
    DOC_JUNK_AT_START = "junk after '##' at start of documentation comment"
    DOC_JUNK_AT_END = "junk after '##' at end of documentation comment"
    DOC_UNTERMINATED = "documentation comment must end with '##'"
    DOC_MISSING_SPACE = "missing space after #"
    DOC_SYMBOL_COLON = "line should end with ':'"
    DOC_SYMBOL_NAME = "name required after '@'"
    DOC_LINE_TOO_LONG = "documentation line longer than 70 characters"
    DOC_SENTENCES = (
        "Use two spaces between sentences\nIf this not the end of a sentence, please report a bug."
    )
    DOC_TAG_IN_FREE_FORM = "'{tag}' not allowed in free-form documentation"
    DOC_DE_INDENT = "unexpected de-indent (expected at least {indent} spaces)"
    DOC_PARAMETER_NAME = "invalid parameter name"
    DOC_DUPLICATE_PARAMETER = "'{name}' parameter name duplicated"
    DOC_DUPLICATE_SECTION = "duplicated '{name}' section"
    DOC_EMPTY_SECTION = "text required after '{kind}:'"
    DOC_MEMBER_AFTER_SECTION = "description of '{tag}' follows a section"
    DOC_DUPLICATE_FEATURES = "duplicated 'Features:' line"
    DOC_FEATURES_EXPECTED = "feature descriptions expected"
    DOC_NO_DEFINITION = "documentation for '{symbol}' is not followed by the definition"
    DOC_DEFINITION_REQUIRED = "definition documentation required"
    DOC_REQUIRED = "documentation comment required"
    DOC_FOR_OTHER_NAME = "documentation comment is for '{symbol}'"
    DOC_ONLY_FOR_COMMANDS = "'{tag}' section is only valid for commands"
    DOC_RETURNS_NOTHING = "'Returns' section, but command doesn't return anything"
    DOC_NO_SUCH_MEMBER = "documented {kind} '{name}' does not exist"
    DOC_NO_SUCH_MEMBERS = "documented {kind}s '{names}' do not exist"
    DOC_FEATURE_LACKING = "feature '{name}' lacks documentation"

    # The shape of a definition
    ONE_META_TYPE = (
        "expression must have exactly one key"
        " 'enum', 'struct', 'union', 'alternate', 'command', 'event'"
    )
    NAME_NOT_STRING = "{source} requires a string name"
    INVALID_NAME = "{source} has an invalid name"
    NAME_NOT_UPPER = "name of {source} must not use lowercase or '-'"
    NAME_NOT_LOWER = "name of {source} must not use uppercase or '_'"
    NAME_NOT_CAMEL = "name of {source} must use CamelCase"
    NAME_ENDS_IN_LIST = "{meta} name should not end in 'List'"
    RESERVED_NAME = "{source} uses reserved name"
    MISSES_KEY = "{source} misses key {keys}"
    MISSES_KEYS = "{source} misses keys {keys}"
    UNKNOWN_KEY = "{source} has unknown key {keys}\nValid keys are {valid}."
    UNKNOWN_KEYS = "{source} has unknown keys {keys}\nValid keys are {valid}."
    FLAG_ONLY_FALSE = "flag '{flag}' may only use false value"
    FLAG_ONLY_TRUE = "flag '{flag}' may only use true value"
    OOB_AND_COROUTINE = "flags 'allow-oob' and 'coroutine' are incompatible"
    IF_INVALID_IDENTIFIER = "'if' condition '{condition}' of {source} is not a valid identifier"
    IF_INVALID_TYPE = "'if' condition of {source} must be a string or an object"
    IF_CONFLICTING_KEYS = "'if' condition of {source} has conflicting keys"
    IF_NOT_ARRAY = "'{operator}' condition of {source} must be an array"
    IF_USELESS = "'if' condition [] of {source} is useless"
    NOT_AN_ARRAY = "{source} must be an array"
    NOT_A_STRING = "{source} must be a string"
    DATA_NOT_OBJECT = "'data' must be an object"
    DATA_EMPTY = "'data' must not be empty"
    CANNOT_BE_ARRAY = "{source} cannot be an array"
    ARRAY_OF_ONE_NAME = "{source}: array type must contain single type name"
    NOT_A_TYPE_NAME = "{source} should be a type name"
    NOT_OBJECT_OR_TYPE_NAME = "{source} should be an object or type name"
    BOXED_REQUIRES_DATA = "'boxed': true requires 'data'"

    # The meaning of definitions
    ALREADY_DEFINED = "'{name}' is already defined\n{previous}: previous definition"
    BUILTIN_ALREADY_DEFINED = "{what} is already defined"
    UNKNOWN_TYPE = "{what} uses unknown type '{name}'"
    ARRAY_OF_ARRAY = "array element type '{name}' is an array type"
    COLLISION = "{what} collides with {other}"
    CONTAINS_ITSELF = "object {name} contains itself"
    DERIVED_TOO_DEEPLY = "object {name} is derived more than {limit} levels deep"
    BASE_NOT_STRUCT = "'base' requires a struct type, {what} isn't"
    DISCRIMINATOR_NOT_MEMBER = "discriminator '{name}' is not a member of {base}"
    DISCRIMINATOR_NOT_ENUM = "discriminator member '{name}' of {base} must be of enum type"
    DISCRIMINATOR_OPTIONAL = "discriminator member '{name}' of {base} must not be optional"
    DISCRIMINATOR_CONDITIONAL = "discriminator member '{name}' of {base} must not be conditional"
    UNION_WITHOUT_BRANCHES = "union has no branches"
    NOT_A_TAG_VALUE = "branch '{name}' is not a value of {what}"
    CANNOT_USE = "{what} cannot use {type}"
    INDISTINGUISHABLE = "{what} can't be distinguished from '{other}'"
    CANNOT_TAKE = "{what} cannot take {type}"
    TAKES_ONLY_BOXED = "{what} can take {type} only with 'boxed': true"
    CONDITIONAL_ARGUMENTS = "conditional {meta} arguments require 'boxed': true"
    TOO_MANY_FEATURES = "Maximum of {limit} schema features is permitted"
    SPECIAL_FEATURE_ON_TYPE = "feature '{name}' is not supported for types"


class QAPIError(Error):
    """A schema is wrong: ``str(error)`` is what QEMU prints, include chain and «In struct 'X':»
    line included.

    ``rule`` says which rule it broke, ``file`` and ``line`` where (``line`` is None where a file
    cannot be read at all), ``column`` (from 1, counted as QEMU counts, tabs oddly) only where the
    text itself is malformed.
    """

    def __init__(
        self, rule: Rule, where: Location | None, column: int | None = None, **values: object
    ) -> None:
        message = rule.value.format(**values)
        if where is not None:
            position = f"{where}:{column}" if column is not None else str(where)
            message = f"{position}: {message}"
        super().__init__(message)
        self.rule = rule
        self.file = where.file if where is not None else str(values.get("file", ""))
        self.line = where.line if where is not None else None
        self.column = column
