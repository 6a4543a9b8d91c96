# SPDX-License-Identifier: MIT
"""conformance/mutation/generated.py: the mutants that are made by machine of a module's syntax
tree.
"""

import ast
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from conformance.mutation import generated
from conformance.mutation.generated import Place, broken_code, places
from conformance.mutation.mutants import MutantError

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 8), reason="older Pythons have other syntax trees"
)


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a function that makes a module of refimpl out of a text, and returns its name."""
    monkeypatch.setattr("conformance.mutation.mutants.SOURCES", str(tmp_path))

    def write(text: str) -> str:
        (tmp_path / "mine.py").write_text(text, encoding="utf-8")
        return "mine"

    return write


def changes(text: str, module: Any) -> List[Tuple[int, str]]:
    return [(place.line, place.what) for place in places(module(text))]


def results(text: str, expression: str, module: Any) -> List[Tuple[str, object]]:
    """Return for each mutant of a text what it does, and what an expression then gives: a value, or
    an exception's name.
    """
    found: List[Tuple[str, object]] = []
    for place in places(module(text)):
        names: Dict[str, Any] = {}
        try:
            exec(broken_code("mine", str(place.number)), names)
            value: object = eval(expression, names)
        except Exception as error:
            value = type(error).__name__
        found.append((place.what, value))
    return found


def test_comparisons_numbers_and_operators(module: Any) -> None:
    assert results("def f(a):\n    return a < 3\n", "[f(2), f(3)]", module) == [
        ("returns None", [None, None]),
        ("Lt -> LtE", [True, True]),
        ("3 -> 4", [True, True]),
        ("3 -> 2", [False, False]),
    ]
    assert results("x = 5 + 2 * 3", "x", module) == [
        ("Add -> Sub", -1),
        ("5 -> 6", 12),
        ("5 -> 4", 10),
        ("Mult -> FloorDiv", 5),
        ("2 -> 3", 14),
        ("2 -> 1", 8),
        ("3 -> 4", 13),
        ("3 -> 2", 9),
    ]
    assert results("def f(a, b):\n    x = a and b\n    return x", "f(0, 1)", module) == [
        ("And -> Or", 1),
        ("returns None", None),
    ]
    assert results("x = [n for n in (0, 7) if n]", "x", module)[0] == ("condition negated", [0])
    assert results("x = -1", "x", module) == [("1 -> 2", -2), ("1 -> 0", 0)]


@pytest.mark.parametrize(
    "sign, other",
    [
        ("==", "NotEq"),
        ("!=", "Eq"),
        ("<", "LtE"),
        ("<=", "Lt"),
        (">", "GtE"),
        (">=", "Gt"),
        ("is", "IsNot"),
        ("is not", "Is"),
        ("in", "NotIn"),
        ("not in", "In"),
    ],
)
def test_every_comparison_has_its_opposite_or_its_neighbour(
    sign: str, other: str, module: Any
) -> None:
    assert [what.partition(" -> ")[2] for _, what in changes(f"x = a {sign} b", module)] == [other]


@pytest.mark.parametrize(
    "sign, other",
    [
        ("+", "Sub"),
        ("-", "Add"),
        ("*", "FloorDiv"),
        ("//", "Mult"),
        ("/", "Mult"),
        ("%", "Mult"),
        ("<<", "RShift"),
        (">>", "LShift"),
        ("|", "BitAnd"),
        ("&", "BitOr"),
        ("and", "Or"),
        ("or", "And"),
    ],
)
def test_every_operator_has_another(sign: str, other: str, module: Any) -> None:
    assert [what.partition(" -> ")[2] for _, what in changes(f"x = a {sign} b", module)] == [other]


def test_conditions(module: Any) -> None:
    text = "def f(a):\n    if a:\n        return 1\n    else:\n        return 2\n"
    assert results(text, "[f(0), f(1)]", module)[0] == ("condition negated", [1, 2])
    assert changes("while a:\n    b()\n", module) == [
        (1, "condition negated"),
        (2, "statement dropped"),
    ]
    assert changes("x = b if a else c", module) == [(1, "condition negated")]
    assert [what for _, what in changes("if a == b: c()", module)] == [
        "Eq -> NotEq",
        "statement dropped",
    ]  # not negated: the same
    assert (1, "condition negated") in changes("if a < 1: b()", module)
    assert (1, "condition negated") in changes("if 0 < a < 1: b()", module)


def test_statements(module: Any) -> None:
    text = (
        '"""A docstring."""\nf()\nx.y = g()\nx[k] = g()\nz = g()\na, b = g()\n'
        "n: int = g()\nx.m: int = g()\nz += g()\ndel z\n"
        "for k in g():\n    break\nelse:\n    f()\nfor k in g():\n    continue\n"
    )
    dropped = [line for line, what in changes(text, module) if what == "statement dropped"]
    assert dropped == [2, 3, 4, 8, 9, 10, 12, 14, 16]
    text = (
        "log = []\ntry:\n    log.append('a')\n    {}['x']\n"
        "except KeyError:\n    log.append('b')\nfinally:\n    log.append('c')\n"
    )
    assert [
        "".join(value) for _, value in results(text, "log", module) if isinstance(value, list)
    ] == ["bc", "ac", "ac", "ab"]


def test_what_is_left_alone(module: Any) -> None:
    text = (
        "from typing import Tuple\n@decorated(size=3)\n"
        'def f(a: "Tuple[3]", b: int = 4) -> "Tuple[5]":\n    """Text."""\n'
        '    raise E("text %d" % 6, offset=7 + 8)\nx: "int" = "a" % b\n'
    )
    assert changes(text, module) == [(3, "4 -> 5"), (3, "4 -> 3"), (5, "statement dropped")]
    assert changes("def f():\n    return\ndef g():\n    return None\n", module) == []


def test_default_values_with_and_without_keywords(module: Any) -> None:
    assert changes("def f(a=1, *, b, c=True): pass", module) == [
        (1, "1 -> 2"),
        (1, "1 -> 0"),
        (1, "True -> False"),
    ]


def test_places_know_their_function_and_the_lines_of_their_statement(module: Any) -> None:
    text = (
        "x = 1\nclass A:\n    def f(self):\n"
        "        if (a and\n                b):\n            return g(\n                2)\n"
    )
    found = places(module(text))
    assert found[0] == Place(0, "mine", "", 1, 1, 1, "1 -> 2")
    assert Place(2, "mine", "A.f", 4, 5, 4, "condition negated") in found
    assert [
        (place.function, place.first, place.last, place.line)
        for place in found
        if place.what == "2 -> 3"
    ] == [("A.f", 6, 7, 7)]
    assert [place.number for place in found] == list(range(len(found)))


def test_a_place_that_there_is_not(module: Any) -> None:
    name = module("x = 1")
    for number in ("2", "-1", "", "x"):
        with pytest.raises(
            MutantError, match=f"no such mutant of mine .expected 0 to 1, got {number}"
        ):
            broken_code(name, number)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "eventstream_frames",
        "sigv4_steps",
        "sigv4_verification",
        "operation_response",
        "http1",
        "fields",
        "endpoints",
    ],
)
def test_every_mutant_of_the_sources_is_another_program(name: str) -> None:
    tree = ast.parse(generated.source_of(name))
    original, seen = ast.dump(tree), set()
    count = len(places(name))
    assert count > 15
    for number in range(0, count, 7):
        tree = ast.parse(generated.source_of(name))
        list(generated._offers_in(tree))[number].change()
        seen.add(ast.dump(tree))
        assert broken_code(name, str(number)).co_filename.endswith(f"{name}.py")
    assert original not in seen and len(seen) == len(range(0, count, 7))
