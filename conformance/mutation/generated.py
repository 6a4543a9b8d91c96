# SPDX-License-Identifier: MIT
"""Generated mutants: every place of a module's syntax tree where an operator, a number, a condition
or a statement can change.

The generator walks the tree in order and offers, at each node, the changes that its type allows. A
change is numbered by its place in that walk, so MODULE:NUMBER names the same mutant until the
source changes. To build a mutant, the generator parses the source again, makes that one change in
the tree and compiles it. It writes no source text.

Left out: annotations, decorators, docstrings, strings, and the message and evidence of an error,
because the cases judge no wording. Requires Python 3.8 or newer, because older versions have
different trees.
"""

import ast
import re
from types import CodeType
from typing import Any, Callable, Iterator, List, NamedTuple, Type

from conformance.mutation.mutants import MutantError, path_of, source_of


class Place(NamedTuple):
    """Where a mutant differs from the source, and how."""

    number: int  # its place in the walk
    module: str  # dotted name below refimpl
    function: str  # dotted, with its class; empty at module level
    first: int  # first line of the smallest statement around the change
    last: int  # last line of that statement
    line: int
    what: str


class _Scope(NamedTuple):
    """The function and the statement that contain an expression."""

    function: str
    statement: ast.stmt


class _Offer(NamedTuple):
    """A possible change. Calling `change` makes it in the tree."""

    scope: _Scope
    line: int
    what: str
    change: Callable[[], None]


_COMPARISONS = (
    (ast.Eq, ast.NotEq),
    (ast.NotEq, ast.Eq),
    (ast.Lt, ast.LtE),
    (ast.LtE, ast.Lt),
    (ast.Gt, ast.GtE),
    (ast.GtE, ast.Gt),
    (ast.Is, ast.IsNot),
    (ast.IsNot, ast.Is),
    (ast.In, ast.NotIn),
    (ast.NotIn, ast.In),
)
_OPERATORS = (
    (ast.Add, ast.Sub),
    (ast.Sub, ast.Add),
    (ast.Mult, ast.FloorDiv),
    (ast.FloorDiv, ast.Mult),
    (ast.Div, ast.Mult),
    (ast.Mod, ast.Mult),
    (ast.LShift, ast.RShift),
    (ast.RShift, ast.LShift),
    (ast.BitOr, ast.BitAnd),
    (ast.BitAnd, ast.BitOr),
    (ast.And, ast.Or),
    (ast.Or, ast.And),
)
_OTHER = dict(_COMPARISONS + _OPERATORS)
_REFUSALS = re.compile(
    r"_?refuse\w*|_short|_not_utf8|_wrong_value|_check_limit|\w*Error"
)  # calls whose arguments only build a message
_DROPPED = (ast.Expr, ast.Raise, ast.AugAssign, ast.Delete, ast.Break, ast.Continue)


def places(module: str) -> List[Place]:
    """Return every mutant that can be generated from a module of refimpl."""
    offers = _offers_in(ast.parse(source_of(module)))
    return [
        Place(
            number,
            module,
            scope.function,
            scope.statement.lineno,
            _last_line(scope.statement),
            line,
            what,
        )
        for number, (scope, line, what, _) in enumerate(offers)
    ]


def broken_code(module: str, number: str) -> CodeType:
    """Return the code of a module with the change of that number.

    Raises MutantError if there is no such change.
    """
    tree = ast.parse(source_of(module))
    offers = list(_offers_in(tree))
    if not number.isdigit() or int(number) >= len(offers):
        raise MutantError(
            f"no such mutant of {module} (expected 0 to {len(offers) - 1}, got {number})"
        )
    offers[int(number)].change()
    return compile(ast.fix_missing_locations(tree), path_of(module), "exec")


# ---- walking the tree --------------------------------------------------------------------------


def _offers_in(tree: ast.Module) -> Iterator[_Offer]:
    return _offers_of_body(tree.body, "")


def _offers_of_body(body: List[ast.stmt], function: str) -> Iterator[_Offer]:
    for index, statement in enumerate(body):
        yield from _offers_of_statement(body, index, _Scope(function, statement))


def _offers_of_statement(body: List[ast.stmt], index: int, scope: _Scope) -> Iterator[_Offer]:
    statement = scope.statement
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        inner = f"{scope.function}.{statement.name}" if scope.function else statement.name
        if isinstance(statement, ast.FunctionDef):
            for default in statement.args.defaults + [
                node for node in statement.args.kw_defaults if node is not None
            ]:
                yield from _offers_of_expression(default, scope)
        yield from _offers_of_body(statement.body, inner)
        return
    if _is_dropped(statement):
        yield _Offer(
            scope,
            statement.lineno,
            "statement dropped",
            lambda: body.__setitem__(index, ast.Pass()),
        )
    if (
        isinstance(statement, ast.Return)
        and statement.value is not None
        and not _is_none(statement.value)
    ):
        yield _Offer(
            scope, statement.lineno, "returns None", lambda: setattr(statement, "value", None)
        )
    if isinstance(statement, (ast.If, ast.While)):
        yield from _offers_of_condition(statement, scope)
    for name, value in ast.iter_fields(statement):
        if name in ("body", "orelse", "finalbody"):
            yield from _offers_of_body(value, scope.function)
        elif name == "handlers":
            for handler in value:
                yield from _offers_of_body(handler.body, scope.function)
        elif name != "annotation" and not isinstance(statement, ast.Raise):
            for node in value if isinstance(value, list) else [value]:
                if isinstance(node, ast.AST):
                    yield from _offers_of_expression(node, scope)


def _is_dropped(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return not isinstance(statement.value, ast.Constant)  # a docstring
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return statement.value is not None and not any(
            isinstance(target, (ast.Name, ast.Tuple)) for target in targets
        )
    return isinstance(statement, _DROPPED)


def _offers_of_condition(node: ast.AST, scope: _Scope) -> Iterator[_Offer]:
    test = node.test  # type: ignore[attr-defined]
    if (
        not isinstance(test, ast.Compare)
        or len(test.ops) > 1
        or isinstance(test.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE))
    ):
        yield _Offer(
            scope,
            test.lineno,
            "condition negated",
            lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), test)),
        )


def _offers_of_expression(node: ast.AST, scope: _Scope) -> Iterator[_Offer]:
    line = getattr(node, "lineno", scope.statement.lineno)
    if isinstance(node, ast.IfExp):
        yield from _offers_of_condition(node, scope)
    elif isinstance(node, ast.comprehension):
        for index, test in enumerate(node.ifs):
            yield _Offer(
                scope,
                test.lineno,
                "condition negated",
                _setter(node.ifs, index, ast.UnaryOp(ast.Not(), test)),
            )
    elif isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            yield _Offer(
                scope,
                line,
                _shown_change(type(operator)),
                _setter(node.ops, index, _OTHER[type(operator)]()),
            )
    elif isinstance(node, (ast.BinOp, ast.BoolOp)):
        if type(node.op) in _OTHER and not _is_format(node):
            yield _Offer(
                scope,
                line,
                _shown_change(type(node.op)),
                lambda: setattr(node, "op", _OTHER[type(node.op)]()),
            )
    elif isinstance(node, ast.Constant):
        yield from _offers_of_constant(node, scope)
    elif isinstance(node, ast.Call) and _REFUSALS.fullmatch(
        getattr(node.func, "attr", "") or getattr(node.func, "id", "")
    ):
        return
    for child in ast.iter_child_nodes(node):
        if not isinstance(
            child,
            (ast.expr_context, ast.operator, ast.boolop, ast.cmpop, ast.unaryop, ast.arguments),
        ):
            yield from _offers_of_expression(child, scope)


def _offers_of_constant(node: ast.Constant, scope: _Scope) -> Iterator[_Offer]:
    value = node.value
    if not isinstance(value, int):
        return
    others: List[object] = [not value] if isinstance(value, bool) else [value + 1, value - 1]
    for other in others:
        yield _Offer(scope, node.lineno, f"{value!r} -> {other!r}", _constant(node, other))


def _constant(node: ast.Constant, value: object) -> Callable[[], None]:
    return lambda: setattr(node, "value", value)


def _setter(values: List[Any], index: int, value: ast.AST) -> Callable[[], None]:
    return lambda: values.__setitem__(index, value)


def _is_format(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mod)
        and isinstance(node.left, ast.Constant)
    )


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _shown_change(operator: Type[ast.AST]) -> str:
    return f"{operator.__name__} -> {_OTHER[operator].__name__}"


def _last_line(statement: ast.stmt) -> int:
    """Return the last line of a statement; for a compound statement, of its head."""
    body = getattr(statement, "body", None)
    if isinstance(body, list):
        return max(statement.lineno, int(body[0].lineno) - 1)
    return int(getattr(statement, "end_lineno", statement.lineno))
