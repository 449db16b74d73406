"""JSON Schemas as Gemini's `parametersJsonSchema` takes them: a subset of the keywords."""

from pydantic import JsonValue

from callboard.domain.message import JsonObject
from callboard.providers.wire.reading import array, obj

_PLAIN = frozenset(
    {
        "$id", "$ref", "$anchor", "type", "format", "title", "description", "enum", "required",
        "minItems", "maxItems", "minimum", "maximum", "propertyOrdering",
    }
)  # fmt: skip
_SCHEMAS = frozenset({"items", "additionalProperties"})
_LISTS = frozenset({"anyOf", "oneOf", "prefixItems"})
_NAMED = frozenset({"properties", "$defs"})


def supported(schema: JsonValue) -> JsonValue:
    """Return the schema without the keywords that would be refused; `const` becomes an `enum`."""
    if not isinstance(schema, dict):
        return schema
    kept: JsonObject = {}
    for key, value in schema.items():
        if key in _PLAIN:
            kept[key] = value
        elif key in _SCHEMAS:
            kept[key] = supported(value)
        elif key in _LISTS:
            kept[key] = [supported(item) for item in array(value)]
        elif key in _NAMED:
            kept[key] = {name: supported(item) for name, item in obj(value).items()}
        elif key == "const":
            kept["enum"] = [value]
        elif key == "definitions":
            kept["$defs"] = {name: supported(item) for name, item in obj(value).items()}
    return _without_sibling(kept)


def _without_sibling(schema: JsonObject) -> JsonObject:
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    # Beside a $ref only keywords that begin with a $ may stand.
    kept: JsonObject = {key: value for key, value in schema.items() if key.startswith("$")}
    kept["$ref"] = reference.replace("#/definitions/", "#/$defs/")
    return kept
