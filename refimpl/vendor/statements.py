# SPDX-License-Identifier: MIT
"""A module's source as a list of statements, each with the names that it defines and uses.

A statement keeps the comments above it. The positions come from the syntax tree and, for
docstrings, from the tokens, so that every Python from 3.6 reads the same text.
"""

import ast
import re
import tokenize
from symtable import symtable
from typing import Callable, Iterator, List, NamedTuple, Optional, Set, Tuple

from .parts import part_of

Imported = Tuple[str, str, str]  # module, name ("" for the module itself), and `as` name or ""


class Statement(NamedTuple):
    """A statement at module level.

    text: source lines with the comments above it;  names: what it defines
    uses: every name that it reads, at any depth
    """

    text: str
    names: Set[str]
    uses: Set[str]


class ModuleSource(NamedTuple):
    """A module of the package.

    docstring: complete;  statements: without imports and `__all__`
    imports: absolute imports at module level;  typing_imports: those that only type checkers see
    needs: modules of the package that are imported at module level
    """

    docstring: str
    statements: List[Statement]
    imports: List[Imported]
    typing_imports: List[Imported]
    needs: List[str]


def read_module(name: str, text: str, is_package: bool) -> ModuleSource:
    """Read a module. name: dotted, within the package."""
    tree = ast.parse(text)
    module = ModuleSource(ast.get_docstring(tree) or "", [], [], [], [])
    lines = text.splitlines(keepends=True)
    body = tree.body[1:] if module.docstring else tree.body
    starts = [_first_line_of(node, lines) for node in body] + [len(lines)]
    for node, start, end in zip(body, starts, starts[1:]):
        if isinstance(node, ast.ImportFrom) and node.level:
            module.needs.append(module_imported(name, is_package, node.level, node.module or ""))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            module.imports.extend(_imported(node))
        elif isinstance(node, ast.If) and _name_of(node.test) == "TYPE_CHECKING":
            for child in node.body:
                if not getattr(child, "level", 0):
                    module.typing_imports.extend(_imported(child))
        elif "__all__" not in _defined(node):
            own = "".join(lines[start:end]).strip("\n")
            joined = without_relative_imports(name, is_package, own, None)
            module.statements.append(Statement(own, _defined(node), _used(joined)))
    return module


def module_imported(importer: str, is_package: bool, level: int, target: str) -> str:
    """Return the dotted name, within the package, of the module that a relative import names."""
    parents = importer.split(".") if importer else []
    if not is_package:
        del parents[-1]
    parents = parents[: len(parents) - level + 1]
    return ".".join(parents + (target.split(".") if target else []))


def _first_line_of(node: ast.stmt, lines: List[str]) -> int:
    """Return the index of the first line of a statement, its comments included."""
    decorators = getattr(node, "decorator_list", [])
    first: int = min([node.lineno] + [decorator.lineno for decorator in decorators]) - 1
    while first and (lines[first - 1].isspace() or lines[first - 1].startswith("#")):
        first -= 1
    return first


def _imported(node: ast.stmt) -> Iterator[Imported]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name, "", alias.asname or ""
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield node.module or "", alias.name, alias.asname or ""


def _name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _defined(node: ast.stmt) -> Set[str]:
    """Return the names that a statement at module level binds, or whose object it changes."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Expr):  # such as TABLE.update(...)
        return _owner(node.value)
    names: Set[str] = set()
    targets = getattr(node, "targets", None) or [getattr(node, "target", node)]
    for part in (part for target in targets for part in ast.walk(target)):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            names.add(part.id)
        elif isinstance(part, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in part.names}
        elif isinstance(part, (ast.FunctionDef, ast.ClassDef)):
            names.add(part.name)
    return names


def _owner(node: ast.expr) -> Set[str]:
    """Return the name of the object whose method an expression calls."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return {_name_of(node.func.value)}
    return set()


def _used(text: str) -> Set[str]:
    """Return the names at module level that a statement reads, at any depth."""
    table = symtable(text, "<statement>", "exec")
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    waiting = list(table.get_children())
    while waiting:
        table = waiting.pop()
        names |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        waiting += table.get_children()
    return names


# ---- text --------------------------------------------------------------------------------------

_SENTENCE_END = re.compile(r"(?<=\.)\s|\n\n")
_RULER = re.compile("^(# ---- .*?) -+$", re.MULTILINE)

_IMPORT = re.compile(r"( +)from (\.+)([\w.]*) import (?:\([^)]*\)|[^\n#(]*)(?: *#[^\n]*)?\n")


def with_short_docstrings(text: str, is_internal: bool = False) -> str:
    """Return a statement whose docstrings have only their first sentence.

    A definition loses its docstring if it is internal, or if its name, or that of its class, starts
    with an underscore, unless it has no other statement. Comments for checkers are removed as well.
    """
    text = re.sub(r"  # (?:type: ignore|noqa)\b[^\n]*", "", text)
    lines = text.split("\n")
    tokens = [
        token
        for token in tokenize.generate_tokens(_reader(text))
        if token[0] not in (tokenize.NL, tokenize.COMMENT)
    ]
    owner, of_class = "", ""
    edits: List[Tuple[int, int, List[str]]] = []
    for position, (kind, string, start, end, _) in enumerate(tokens):
        if kind == tokenize.NAME and string in ("def", "class"):
            owner = string + " " + tokens[position + 1][1]
            of_class = owner if start[1] == 0 else of_class
        if kind != tokenize.STRING or tokens[position - 1][0] != tokenize.INDENT:
            continue
        sentence = _SENTENCE_END.split(string[: -len('"""')], 1)[0] + '"""'
        is_private = is_internal or "_" in (owner.split(" ")[-1][:1], of_class[6:7])
        if is_private and tokens[position + 2][0] != tokenize.DEDENT:
            edits.append((start[0] - 1, end[0], []))
        elif sentence != string and string.endswith('"""'):
            edits.append((start[0] - 1, end[0], [" " * start[1] + sentence]))
    for first, last, replacement in reversed(edits):
        while not replacement and not lines[last].strip():
            last += 1  # the blank lines after a docstring
        lines[first:last] = replacement
    return "\n".join(lines)


def with_short_rulers(text: str) -> str:
    """Return a statement in which the line after a heading's words is short."""
    return _RULER.sub(r"\1 ----", text)


def with_tabs(text: str) -> str:
    """Return a statement with a tab for each level of indentation."""
    lines = text.split("\n")
    kept: Set[int] = set()  # lines inside a string that is not a docstring
    before = tokenize.NEWLINE
    for kind, string, start, end, _ in tokenize.generate_tokens(_reader(text)):
        is_docstring = kind == tokenize.STRING and before == tokenize.INDENT
        if kind == tokenize.STRING and not is_docstring and "\n" in string:
            kept.update(range(start[0], end[0]))
        if kind not in (tokenize.NL, tokenize.COMMENT):
            before = kind
    for number, line in enumerate(lines):
        width = len(line) - len(line.lstrip(" "))
        if number not in kept:
            lines[number] = "\t" * (width // 4) + line[width - width % 4 :]
    return "\n".join(lines)


def _reader(text: str) -> Callable[[], str]:
    return iter((text + "\n").splitlines(keepends=True)).__next__


def without_relative_imports(
    name: str, is_package: bool, text: str, present: Optional[Set[str]]
) -> str:
    """Return a statement in which each import of a module of the package is removed.

    present: the modules of the file, or None for all. An import of any other module raises
        MissingPartError.
    """
    pieces, end = [], 0
    for match in _IMPORT.finditer(text):
        target = module_imported(name, is_package, len(match.group(2)), match.group(3))
        before, rest = text[end : match.start()], text[match.end() :].lstrip("\n")
        end = len(text) - len(rest)
        indent = match.group(1)
        if present is not None and target not in present:
            replacement = f'{indent}raise missing_part("{part_of(target)}")\n'
        elif before.rstrip().endswith(":") and not rest.startswith(indent):
            replacement = f"{indent}pass\n"
        else:
            replacement = ""
        pieces += [before, replacement]
    return "".join(pieces) + text[end:]
