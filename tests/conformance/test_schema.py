# SPDX-License-Identifier: MIT
"""Tests of conformance/schema.py: each keyword, and the schemas of the repository.

If the package jsonschema is installed, Hypothesis compares both implementations.
"""

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.schema import faults
from tests.rows import for_each

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = [
    ROOT / "vectors" / "schema.json",
    ROOT / "vectors" / "schema-recording.json",
    ROOT / "conformance" / "report" / "report.schema.json",
]


def errors_of(value: Any, schema: Dict[str, Any]) -> List[str]:
    return list(faults(value, schema, schema))


NAMED = {
    "type": "object",
    "required": ["a"],
    "properties": {"a": {"type": "string"}},
    "additionalProperties": False,
}

# A schema, valid values, and invalid values with their first error.
KEYWORDS = [
    (
        {"type": "string"},
        ["", "x"],
        [(1, "expected string, got 1"), (None, "expected string, got None")],
    ),
    (
        {"type": ["integer", "null"]},
        [1, None],
        [(True, "expected integer or null, got True"), (1.5, "expected integer or null, got 1.5")],
    ),
    (
        {"type": "number"},
        [1, 1.5],
        [(False, "expected number, got False"), ("1", "expected number, got 1")],
    ),
    ({"type": "boolean"}, [True], [(1, "expected boolean, got 1")]),
    (
        {"enum": ["a", 1]},
        ["a", 1],
        [(True, "expected a or 1, got True"), ("b", "expected a or 1, got b")],
    ),
    ({"const": 1}, [1], [(True, "expected 1, got True"), (2, "expected 1, got 2")]),
    (
        {"pattern": "^a+$"},
        ["a", "aa", 7],
        [
            ("ab", "expected ^a+$, got ab"),
            ("a\n", "expected ^a+$, got a\\n"),
            ("ba", "expected ^a+$, got ba"),
        ],
    ),
    ({"pattern": "a"}, ["bab"], [("b", "expected a, got b")]),
    ({"minimum": 2}, [2, 2.5, "x", False], [(1, "expected at least 2, got 1")]),
    ({"minLength": 1}, ["x", 7], [("", "expected at least 1 character, got an empty text")]),
    ({"minLength": 3}, ["xyz"], [("xy", "expected at least 3 characters, got xy")]),
    (
        NAMED,
        [{"a": "x"}],
        [
            ({}, "missing key a"),
            ({"a": "x", "b\n": 1}, "unknown key b\\n"),
            ({"a": 1}, "a: expected string, got 1"),
            ([], "expected object, got []"),
        ],
    ),
    ({"required": ["a"]}, [{"a": 1}, 7], [({"b": 1}, "missing key a")]),
    (
        {"properties": {"a": NAMED}},
        [{}, 7, {"a": {"a": ""}}],
        [({"a": {"a": 1}}, "a.a: expected string, got 1"), ({"a": {}}, "a: missing key a")],
    ),
    (
        {"properties": {"b": {}}, "additionalProperties": {"type": "integer"}},
        [{"b": "x", "c": 1}, 7],
        [({"c": "x"}, "c: expected integer, got x")],
    ),
    ({"additionalProperties": True}, [{"c": 1}], []),
    (
        {"properties": {"a": {"additionalProperties": {"type": "null"}}}},
        [{"a": {"c": None}}],
        [({"a": {"c": 1}}, "a.c: expected null, got 1")],
    ),
    ({"items": {"type": "string"}}, [[], ["x"], 7], [(["x", 1], "[1]: expected string, got 1")]),
    ({"minItems": 1}, [[1], 7], [([], "expected at least 1, got 0")]),
    ({"maxItems": 1}, [[1], 7], [([1, 2], "expected at most 1, got 2")]),
    ({"uniqueItems": True}, [[1, 2], [1, True], [], 7], [(["x", "y", "x"], "duplicate item x")]),
    (
        {"allOf": [{"type": "string"}, {"minLength": 1}]},
        ["x"],
        [("", "expected at least 1 character, got an empty text"), (1, "expected string, got 1")],
    ),
    (
        {
            "oneOf": [
                {"title": "a text", "type": "string"},
                {"type": "object", "required": ["b", "c"]},
                {"type": "null"},
            ]
        },
        ["x"],
        [([], "expected exactly one of a text or b/c or ?")],
    ),
    (
        {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        [{"a": 1}, {"b": 1}],
        [
            ({}, "expected exactly one of a or b"),
            ({"a": 1, "b": 1}, "expected exactly one of a or b"),
        ],
    ),
    (
        {"if": {"type": "string"}, "then": {"minLength": 1}, "else": {"type": "null"}},
        ["x", None],
        [("", "expected at least 1 character, got an empty text"), (1, "expected null, got 1")],
    ),
    ({"if": {"type": "string"}}, ["x", 1], []),
    (
        {"$ref": "#/definitions/x", "definitions": {"x": {"type": "string"}}},
        ["x"],
        [(1, "expected string, got 1")],
    ),
    ({"$schema": "x", "$id": "x", "title": "x", "description": "x", "definitions": {}}, [1], []),
]


@for_each("index", range(len(KEYWORDS)))
def test_a_keyword(index: int) -> None:
    schema, good, bad = KEYWORDS[index]
    for value in good:
        assert errors_of(value, schema) == []
    for value, words in bad:
        assert errors_of(value, schema)[0] == words


def test_errors_are_in_schema_order_and_one_line_each() -> None:
    schema = {
        "type": "object",
        "required": ["a", "b"],
        "additionalProperties": False,
        "properties": {"c": {"type": "string"}},
    }
    assert errors_of({"c": "\n" * 500, "d": 1}, schema) == [
        "missing key a",
        "missing key b",
        "unknown key d",
    ]
    assert errors_of({"a": 1, "b": 1, "c": ["\n" * 500]}, schema)[-1].count("\n") == 0


def test_an_unsupported_keyword_is_rejected() -> None:
    with pytest.raises(ValueError, match="unsupported keyword in a schema: format"):
        errors_of("x", {"format": "date"})


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_the_repository_s_schemas_use_only_supported_keywords(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"

    def walk(part: Any) -> None:
        list(faults({}, part, schema))
        list(faults([], part, schema))
        for word, inner in part.items():
            if word in ("properties", "definitions"):
                for one in inner.values():
                    walk(one)
            elif word in ("allOf", "oneOf"):
                for one in inner:
                    walk(one)
            elif (
                word in ("items", "if", "then", "else")
                or word == "additionalProperties"
                and isinstance(inner, dict)
            ):
                walk(inner)
            elif word == "$ref":
                assert inner[len("#/definitions/") :] in schema["definitions"]

    walk(schema)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "aa", "b", "a\n"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.slow
@given(VALUES, st.sampled_from(KEYWORDS))
def test_jsonschema_agrees(value: Any, row: Any) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    schema = row[0]
    ours = not errors_of(value, schema)
    if isinstance(value, str) and value.endswith("\n") and "pattern" in schema:
        assert not ours  # jsonschema uses Python's `$`, which also matches before a final line feed
        return
    assert ours == jsonschema.Draft7Validator(schema).is_valid(value)
