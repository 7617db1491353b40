"""Structs and unions of the schema as pydantic models, for code that wants attributes.

Their fields are validated by the same core schemas as the daemon's requests. Importing this imports
pydantic, which takes a tenth of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from qmp_iothreadd.qapi.core_schemas import compile_schema, value_schema
from qmp_iothreadd.qapi.python_names import python_name
from qmp_iothreadd.qapi.schema import ObjectType

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, ModelWrapValidatorHandler
    from pydantic_core import CoreSchema

    from qmp_iothreadd.qapi.schema import Member, Schema, SchemaType, Variants

_PYTHON_TYPES: dict[str, Any] = {
    "int": int,
    "number": float,
    "string": str,
    "boolean": bool,
    "array": list,
    "null": type(None),
    "object": BaseModel,
    "value": Any,
}


class _Struct(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", protected_namespaces=())


class _Validated:
    """Says in an annotation how pydantic is to validate a field."""

    def __init__(self, core_schema: dict[str, Any]) -> None:
        self._core_schema = core_schema

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return self._core_schema


class ModelFactory:
    """Makes the models of one schema, each when it is first needed."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._models: dict[str, type[BaseModel]] = {}

    def model(self, name: str) -> type[BaseModel]:
        """See ``Models.model``."""
        type_ = self._schema.types[name]
        if not isinstance(type_, ObjectType):
            raise KeyError(name)
        return self._get(name, type_, _Struct)

    def _get(self, name: str, type_: ObjectType, base: type[BaseModel]) -> type[BaseModel]:
        model = self._models.get(name)
        if model is None:
            validators: dict[str, Any] = {}
            if type_.variants:
                validators["choose"] = self._chooser(name, type_.variants)
            fields: dict[str, Any] = dict(map(self._field, type_.members))
            model = create_model(name, __base__=base, __validators__=validators, **fields)
            self._models[name] = model
        return model

    def _chooser(self, name: str, variants: Variants) -> Any:
        """The validator by which a union's model becomes that of the branch."""

        def choose(
            cls: type[BaseModel], value: Any, handler: ModelWrapValidatorHandler[BaseModel]
        ) -> BaseModel:
            union = self._models[name]
            tag = value.get(variants.tag.name) if isinstance(value, dict) else None
            if cls is not union or not isinstance(tag, str) or tag not in variants.cases:
                return handler(value)
            branch = self._get(f"{name}[{tag}]", variants.cases[tag], union)
            return branch.model_validate(value)

        validator: Any = classmethod(choose)  # mypy does not see that its first argument is bound
        return model_validator(mode="wrap")(validator)

    def _field(self, member: Member) -> tuple[str, tuple[Any, Any]]:
        core_schema = value_schema(member.type, self._nested)
        python_type = _PYTHON_TYPES[member.type.json_type()]
        annotation: Any = Annotated[(python_type, _Validated(core_schema))]
        default = None if member.optional else ...
        return _attribute(member.name), (annotation, Field(default, alias=member.name))

    def _nested(self, type_: SchemaType, value: Any) -> Any:
        if isinstance(type_, ObjectType):
            return self._get(type_.name, type_, _Struct).model_validate(value)
        return compile_schema(value_schema(type_, self._nested))(value)


def _attribute(name: str) -> str:
    """A member's name in Python; pydantic takes no leading ``_`` and has some names of its own."""
    spelled = python_name(name).lstrip("_")
    return f"{spelled}_" if hasattr(BaseModel, spelled) else spelled
