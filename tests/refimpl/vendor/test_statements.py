# SPDX-License-Identifier: MIT
"""Tests of refimpl/vendor/statements.py."""

import ast

import pytest

from refimpl.cli.vendor import package_sources
from refimpl.vendor.statements import (
    module_imported,
    read_module,
    with_short_docstrings,
    with_short_rulers,
    with_tabs,
    without_relative_imports,
)
from tests.rows import for_each

MODULE = '''\
# SPDX-License-Identifier: MIT
"""A module.

More about it.
"""

import re
from typing import TYPE_CHECKING, Dict

from ..errors import Error
from . import sibling

if TYPE_CHECKING:
    from ipaddress import IPv4Address
    from .other import Other

__all__ = ["CONSTANT"]

# About the constant.
CONSTANT = re.compile("x")  # a comment behind it
TABLE: Dict[str, int] = {}
TABLE.update((name, 1) for name in ["a"])


# ---- functions -----------------------------------------------------------------------------


@wraps
def function(given, *rest):
    local = given + CONSTANT
    from .other import helper

    return helper(local, Error)
'''


def read():
    return read_module("text.lines", MODULE, is_package=False)


def test_a_module_is_its_statements_with_comments():
    statements = read().statements
    assert [statement.names for statement in statements] == [
        {"CONSTANT"},
        {"TABLE"},
        {"TABLE"},
        {"function"},
    ]
    assert statements[0].text == (
        '# About the constant.\nCONSTANT = re.compile("x")  # a comment behind it'
    )
    assert statements[3].text.startswith("# ---- functions ---")
    assert statements[3].text.endswith("return helper(local, Error)")


def test_a_statement_uses_names_of_the_module_and_no_local_names():
    statements = read().statements
    assert statements[0].uses == {"re"}
    assert "TABLE" in statements[2].uses
    # `helper` is imported where it is used, and a name of the module in a joined file.
    used = {"wraps", "CONSTANT", "helper", "Error"}
    assert used <= statements[3].uses
    assert not {"given", "rest", "local"} & statements[3].uses


def test_imports_are_separated():
    module = read()
    assert module.docstring == "A module.\n\nMore about it."
    assert module.imports == [
        ("re", "", ""),
        ("typing", "TYPE_CHECKING", ""),
        ("typing", "Dict", ""),
    ]
    assert module.typing_imports == [("ipaddress", "IPv4Address", "")]
    assert module.needs == ["errors", "text"]


@for_each(
    "importer, is_package, level, target, module",
    [
        ("client", False, 1, "errors", "errors"),
        ("text.lines", False, 1, "decoder", "text.decoder"),
        ("text.lines", False, 2, "errors", "errors"),
        ("text", True, 1, "lines", "text.lines"),
        ("cli", True, 2, "text.utf8", "text.utf8"),
        ("", True, 1, "errors", "errors"),
    ],
)
def test_relative_names_are_resolved(importer, is_package, level, target, module):
    assert module_imported(importer, is_package, level, target) == module


FUNCTION = """\
def f():
    try:
        from .a import b  # optional
    except ImportError:
        return None
    if b:
        from .a.c import (
            d,
            e,
        )

        return d(e)
    from ..errors import Error

    raise Error
"""


def test_imports_of_modules_in_the_file_disappear():
    joined = without_relative_imports("text.x", False, FUNCTION, None)
    assert joined == (
        "def f():\n    try:\n        pass\n    except ImportError:\n        return None\n"
        "    if b:\n        return d(e)\n    raise Error\n"
    )
    ast.parse(joined)


def test_an_import_of_a_module_that_is_left_out_raises():
    joined = without_relative_imports("text.x", False, FUNCTION, {"errors"})
    assert joined.count('raise missing_part("text")') == 2
    assert "raise Error" in joined and "import" not in joined.replace("ImportError", "")
    ast.parse(joined)


LONG = '''\
class A:
    """First.

    Second.
    """

    text = """not a docstring

      kept
    """

    def f(self):
        # a comment
        """One
        paragraph.

        Another.
        """
        return (
            1
        )
'''


def test_docstrings_keep_their_first_paragraph():
    short = with_short_docstrings(LONG)
    assert '    """First."""\n\n    text' in short
    assert '        """One\n        paragraph."""\n        return' in short
    assert '"""not a docstring\n\n      kept\n    """' in short


@for_each(
    "docstring, short",
    [
        ("One.", "One."),
        ("One. Two.", "One."),
        ("One\n    line. Two.\n    ", "One\n    line."),
        ("One\n\n    Two.\n    ", "One"),
        ("See 1.5 or a.b. Two", "See 1.5 or a.b."),
    ],
)
def test_a_docstring_keeps_its_first_sentence(docstring, short):
    def function_with(text):
        return f'def f(x):\n    """{text}"""\n    return x\n'

    assert with_short_docstrings(function_with(docstring)) == function_with(short)


def test_a_string_with_single_quotes_is_kept():
    text = "def f(x):\n    'One. Two.'\n    return x\n"
    assert with_short_docstrings(text) == text


def test_private_functions_lose_their_docstrings():
    text = 'def _f(x):\n    """One."""\n\n    # why\n    return x\n'
    assert with_short_docstrings(text) == "def _f(x):\n    # why\n    return x\n"
    in_class = 'class _C:\n    """One."""\n\n    x = 1\n'
    assert with_short_docstrings(in_class) == "class _C:\n    x = 1\n"
    for kept in ('def _f(x):\n    """One."""\n', 'class _C:\n    """One."""\n'):
        assert with_short_docstrings(kept) == kept
    public = 'def f(x):\n    """One."""\n    return x\n'
    assert with_short_docstrings(public, is_internal=True) == "def f(x):\n    return x\n"


def test_indentation_is_halved_outside_of_strings():
    narrow = with_tabs(LONG)
    assert '\t"""First.\n\n\tSecond.\n\t"""\n' in narrow
    assert '\ttext = """not a docstring\n\n      kept\n    """\n' in narrow
    assert "\t\treturn (\n\t\t\t1\n\t\t)\n" in narrow


def test_rulers_are_short():
    assert with_short_rulers("x\n# ---- checksum --------\ny") == "x\n# ---- checksum ----\ny"


@pytest.mark.slow
def test_the_program_of_every_module_stays_the_same():
    """Both changes of the text leave the syntax tree alone, except for docstrings."""
    sources, packages = package_sources()
    for name, text in sources.items():
        for statement in read_module(name, text, name in packages).statements:
            changed = with_tabs(with_short_docstrings(statement.text))
            assert _tree(changed) == _tree(statement.text), (name, statement.names)


def _tree(text):
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            del node.body[0]
    return ast.dump(tree)
