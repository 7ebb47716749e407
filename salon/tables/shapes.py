"""The shape of a JSON column, kept by a CHECK.

A shape is written as the JSON it describes:

    "string"  "number"  "integer"  "boolean"  "null"  "object"  "array"  "any"
    "integer|null"                 one of several
    ["string"]                     a list of such
    ["integer", "integer|null"]    exactly these two, in this order
    {"name": "string", "at?": "string"}   an object with these keys and no others; "?" may be absent
    {"*": "string"}                an object with any keys and such values; beside named ones, the rest
"""

import json
from dataclasses import dataclass

from django.db import models

from salon.tables.from_models import derived, short
from salon.tables.rules import SCHEMA, Check, literal

Shape = str | list | dict

# Immutable, so that a CHECK may use it: it reads nothing but its arguments.
FUNCTIONS = [
    f"""
    CREATE OR REPLACE FUNCTION {SCHEMA}.has_shape(value jsonb, shape jsonb) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
    DECLARE
        word text;
        kind text := jsonb_typeof(value);
        name text;
        inner_shape jsonb;
        place integer;
    BEGIN
        IF jsonb_typeof(shape) = 'string' THEN
            FOREACH word IN ARRAY string_to_array(shape #>> '{{}}', '|') LOOP
                IF word = 'any' OR word = kind
                    OR (word = 'integer' AND kind = 'number' AND value::numeric % 1 = 0)
                THEN
                    RETURN true;
                END IF;
            END LOOP;
            RETURN false;
        ELSIF jsonb_typeof(shape) = 'array' THEN
            IF kind <> 'array' THEN
                RETURN false;
            ELSIF jsonb_array_length(shape) = 1 THEN
                FOR place IN 0 .. jsonb_array_length(value) - 1 LOOP
                    IF NOT {SCHEMA}.has_shape(value -> place, shape -> 0) THEN
                        RETURN false;
                    END IF;
                END LOOP;
                RETURN true;
            ELSIF jsonb_array_length(value) <> jsonb_array_length(shape) THEN
                RETURN false;
            END IF;
            FOR place IN 0 .. jsonb_array_length(shape) - 1 LOOP
                IF NOT {SCHEMA}.has_shape(value -> place, shape -> place) THEN
                    RETURN false;
                END IF;
            END LOOP;
            RETURN true;
        END IF;
        IF kind <> 'object' THEN
            RETURN false;
        END IF;
        FOR name IN SELECT jsonb_object_keys(shape) LOOP
            IF name <> '*' AND name NOT LIKE '%?' AND NOT value ? name THEN
                RETURN false;
            END IF;
        END LOOP;
        FOR name IN SELECT jsonb_object_keys(value) LOOP
            inner_shape := coalesce(shape -> name, shape -> (name || '?'), shape -> '*');
            IF inner_shape IS NULL OR NOT {SCHEMA}.has_shape(value -> name, inner_shape) THEN
                RETURN false;
            END IF;
        END LOOP;
        RETURN true;
    END $$
    """
]


@dataclass(frozen=True)
class HasShape:
    """Declared in a model's `table_rules`: what a JSON column of it looks like inside."""

    column: str
    shape: Shape

    def __call__(self, model: type[models.Model]):
        field = model._meta.get_field(self.column)
        if isinstance(self.shape, str):
            alone = f'jsonb_typeof("{field.column}") = {literal(self.shape)}'
            condition = "true" if self.shape == "any" else alone
        else:
            shape = json.dumps(self.shape, ensure_ascii=False)
            condition = f'{SCHEMA}.has_shape("{field.column}", {literal(shape)})'
        yield Check(
            table=model._meta.db_table,
            name=f"{short(model)}_{field.column}_has_its_shape",
            condition=condition,
        )


@derived
def types(model):
    """A JSON column that says no more has at least the type of its default."""
    told = {rule.column for rule in getattr(model, "table_rules", ()) if isinstance(rule, HasShape)}
    for field in model._meta.local_concrete_fields:
        if not isinstance(field, models.JSONField) or field.name in told:
            continue
        kind = {dict: "object", list: "array"}.get(field.default)
        if kind:
            yield from HasShape(field.name, kind)(model)
