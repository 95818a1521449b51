"""Step 4 of the SCIM read path: a SCIM filter or sort attribute as SQL over the stored JSON.

Every value of a request is a parameter; names come from the models alone. Strings compare as the library compares
them: by NFC, and without case unless the attribute is case-exact.
"""

from datetime import UTC, datetime
from inspect import isclass
from typing import Any
from uuid import UUID

from scim2_models import BaseModel, Extension, InvalidFilterException, Resource, SearchRequest
from scim2_models.path import (
    ORDERING_OPERATORS,
    STRING_OPERATORS,
    AttributeBinding,
    CompareOperator,
    Comparison,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ScimFilter,
    ValuePath,
    coerce_value,
)

NONE = "false"
PRESENT = """'$.** ? (@.type() == "boolean" || @.type() == "number" || @.type() == "string" && @ != "")'"""
ELEMENTS = "jsonb_array_elements(CASE jsonb_typeof({0}) WHEN 'array' THEN {0} ELSE '[null]' END)"
SORT_ONE = "(SELECT {text} FROM (SELECT {value}) AS s(v))"
SORT_MANY = """
(SELECT {text} FROM (SELECT {value}, head, n FROM {elements} WITH ORDINALITY AS h(head, n)) AS s(v, head, n)
ORDER BY (head ->> 'primary') = 'true' DESC NULLS LAST, n LIMIT 1)
"""
FOLDED = "normalize(lower(normalize(v #>> '{}', NFC) COLLATE pg_c_utf8), NFC)"
SYMBOLS = {
    CompareOperator.eq: "=",
    CompareOperator.ne: "IS DISTINCT FROM",
    CompareOperator.gt: ">",
    CompareOperator.ge: ">=",
    CompareOperator.lt: "<",
    CompareOperator.le: "<=",
}
PARTS = {
    CompareOperator.co: "strpos({0}, {1}) > 0",
    CompareOperator.sw: "starts_with({0}, {1})",
    CompareOperator.ew: "right({0}, length({1})) = {1}",
}
COLUMNS = {"user_name": "user_name", "external_id": "external_id"}


class SqlFilter(FilterVisitor[str]):
    """Conditions over one model; `values` collects the parameters."""

    def __init__(self, model: type[BaseModel], values: list[Any], base: str = "resource") -> None:
        self._model = model
        self._values = values
        self._base = base

    def of(self, text: str) -> str:
        """The condition for a filter. Raises InvalidFilterException."""
        return self.visit(self._bound(text).ast)

    def visit_not(self, node: Not) -> str:
        """Visit a negation."""
        return f"(NOT {self.visit(node.expr)})"

    def visit_logical_expr(self, node: LogicalExpr) -> str:
        """Visit a conjunction or a disjunction."""
        joiner = " AND " if node.op == LogicalOperator.and_ else " OR "
        return f"({joiner.join(self.visit(term) for term in node.terms)})"

    def visit_present(self, node: Present) -> str:
        """Visit a presence test."""
        binding = self._bound(str(node)).resolve(node.attr_path, strict=False)
        return self._some(binding, f"jsonb_path_exists(v, {PRESENT})") if binding else NONE

    def visit_value_path(self, node: ValuePath) -> str:
        """Visit a value selection on a multi-valued attribute."""
        binding = self._bound(str(node)).resolve(node.attr_path, strict=False)
        if binding is None:
            return NONE
        item = binding.field_type
        if not isclass(item) or not issubclass(item, BaseModel):
            raise InvalidFilterException(detail=f"{node.attr_path}: it has no sub-attributes to select by")
        inner = SqlFilter(item, self._values, "item").visit(node.val_filter)
        elements = ELEMENTS.format(_head(binding, self._base))
        return f"(EXISTS (SELECT FROM {elements} AS e(item) WHERE item <> 'null' AND {inner}))"

    def visit_comparison(self, node: Comparison) -> str:
        """Visit an attribute comparison."""
        binding = self._bound(str(node)).resolve_comparison(node.attr_path, strict=False)
        if binding is None:
            return NONE
        expected = coerce_value(binding, node.value, node.op)
        indexed = self._indexed(binding, node.op, expected)
        if indexed:
            return indexed
        condition = self._condition(binding, node.op, expected)
        if node.op == CompareOperator.ne and binding.is_multivalued:
            return f"(NOT {self._some(binding, f'NOT {condition}')})"
        return self._some(binding, condition)

    def _bound(self, text: str) -> ScimFilter[Any]:
        bound: type[ScimFilter[Any]] = ScimFilter[self._model]  # type: ignore[name-defined] # known at run time
        return bound(text)

    def _indexed(self, binding: AttributeBinding, op: CompareOperator, expected: Any) -> str | None:
        """What clients ask before every write, over an index; false, not NULL, without a value, also below a `not`."""
        top = self._base == "resource" and op == CompareOperator.eq and isinstance(expected, str)
        if not top or binding.sub_field_name or not issubclass(binding.model, Resource):
            return None
        if binding.field_name == "id":
            return self._id(expected)
        column = COLUMNS.get(binding.field_name)
        if column is None:
            return None
        return f"({column} IS NOT NULL AND {column} = {self._value(_comparable(binding, expected))})"

    def _id(self, expected: str) -> str:
        try:
            return f"(id = {self._value(UUID(expected))}::uuid)"
        except ValueError:
            return NONE

    def _some(self, binding: AttributeBinding, condition: str) -> str:
        """Whether a value `v` of the attribute is so; one without a value is NULL."""
        head = _head(binding, self._base)
        sub = f" -> '{_alias(binding.field_type, binding.sub_field_name)}'" if binding.sub_field_name else ""
        source = ELEMENTS.format(head) if binding.is_multivalued else f"(SELECT {head})"
        return f"(EXISTS (SELECT FROM {source} AS h(head), LATERAL (SELECT head{sub}) AS s(v) WHERE {condition}))"

    def _condition(self, binding: AttributeBinding, op: CompareOperator, expected: Any) -> str:
        if expected is None:
            presence = {CompareOperator.eq: "IS NULL", CompareOperator.ne: "IS NOT NULL"}
            return f"((v #>> '{{}}') {presence[op]})" if op in presence else NONE
        if op in STRING_OPERATORS and not isinstance(expected, str):
            return NONE
        left, kind = _typed(binding)
        if op in STRING_OPERATORS and kind != "text":
            return NONE
        if op in ORDERING_OPERATORS and kind == "boolean":
            return NONE
        right = f"{self._value(_parameter(binding, expected))}::{kind}"
        if op in PARTS:
            return f"COALESCE({PARTS[op].format(left, right)}, false)"
        return f"COALESCE({left} {SYMBOLS[op]} {right}, false)"

    def _value(self, value: Any) -> str:
        self._values.append(value)
        return f"${len(self._values)}"


def sort_key(model: type[Resource[Any]], request: SearchRequest[Any]) -> str:
    """The text by which resources of a model are ordered; NULL for those without a value."""
    binding = request.sort_binding(model)
    if binding is None:
        return "NULL::text"
    head = _head(binding, "resource")
    sub = f" -> '{_alias(binding.field_type, binding.sub_field_name)}'" if binding.sub_field_name else ""
    text = _text(binding)
    if not binding.is_multivalued:
        return SORT_ONE.format(text=text, value=head + sub)
    return SORT_MANY.format(text=text, value=f"head{sub}", elements=ELEMENTS.format(head))


def _text(binding: AttributeBinding) -> str:
    """Text that sorts as the value does."""
    left, kind = _typed(binding)
    if kind == "timestamptz":
        return f"to_char({left} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
    return f"({left})::text"


def _typed(binding: AttributeBinding) -> tuple[str, str]:
    """The value `v` of the attribute in its type, and the type's name."""
    target = binding.target_type
    if isclass(target) and issubclass(target, bytes):
        raise InvalidFilterException(detail=f"{binding.urn}: binary values are not compared")
    if target is bool:
        return "(v #>> '{}')::boolean", "boolean"
    if target is datetime:
        return "(v #>> '{}')::timestamptz", "timestamptz"
    if target in (int, float):
        return "(v #>> '{}')::numeric", "numeric"
    folded = "normalize(v #>> '{}', NFC)" if binding.case_exact else FOLDED
    return f'({folded} COLLATE "C")', "text"


def _parameter(binding: AttributeBinding, expected: Any) -> Any:
    if isinstance(expected, datetime):
        return _in_utc(binding, expected)
    return _comparable(binding, expected) if isinstance(expected, str) else expected


def _in_utc(binding: AttributeBinding, time: datetime) -> datetime:
    """Raises InvalidFilterException for a time that is beyond the calendar there."""
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise InvalidFilterException(detail=f"{binding.urn}: this time is beyond the calendar") from None


def _comparable(binding: AttributeBinding, text: str) -> str:
    """Raises InvalidFilterException for a text that no row can hold."""
    if "\0" in text:
        raise InvalidFilterException(detail=f"{binding.urn}: no value holds the character U+0000")
    return str(binding.comparable(text))


def _head(binding: AttributeBinding, base: str) -> str:
    model = binding.model
    place = f"{base} -> '{model.__schema__}'" if issubclass(model, Extension) else base
    return f"({place} -> '{_alias(binding.model, binding.field_name)}')"


def _alias(model: Any, field_name: str) -> str:
    return str(model.model_fields[field_name].serialization_alias or field_name)
