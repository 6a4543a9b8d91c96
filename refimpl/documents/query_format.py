# SPDX-License-Identifier: MIT
"""Queries, which the seed flattens like this: `Body.PayloadPart.Bytes=hi&ContentType=text/plain`.

A path consists of the names from the root, joined by dots, with each first letter in upper case.
List elements are numbered from 1. A value is percent-encoded bytes: a string's UTF-8, a blob or an
integer's digits. A query cannot represent an empty structure, which has no value (SHP-019 to
SHP-021). The reader rejects invalid percent-encoding, names that are not UTF-8, members that
occur twice, lists with other numbers, and paths that are too deep (SHP-022).
"""

import re
from typing import Any, Dict, FrozenSet, Iterator, List, NamedTuple, Tuple, Union

from ..errors import DocumentError, UsageError, excerpt
from .value_format import (
    Format,
    Labelled,
    Place,
    Value,
    check_nodes,
    check_text,
    document_bytes,
    integer_of_text,
    member_path,
)

# SHP-022
MAX_QUERY_DEPTH = 64  # names in a path

Pairs = Tuple[Tuple[str, Tuple[bytes, ...]], ...]


class Query(NamedTuple):
    """A query as a tree.

    ("Structure", ((name, tree), ...)), ("List", (tree, ...)) or ("Value", bytes)
    """

    tree: Value

    def render(self) -> Pairs:
        """Return the query flattened: (path, values) pairs, in order (SHP-019)."""
        return tuple((".".join(path), (value,)) for path, value in _leaves(self.tree, ()))

    def encode(self) -> str:
        """Return the query as URL-encoded text (SHP-020)."""
        return query_text(self.render())

    def __str__(self) -> str:
        return self.encode()

    def __repr__(self) -> str:
        return f"Query({', '.join(path for path, _ in self.render())})"


# ---- writing -----------------------------------------------------------------------------------


def query_of_value(value: Value) -> Query:
    """Return a value tree as a query. Raises UsageError for text that UTF-8 cannot represent."""
    return Query(_query_tree(value, ""))


def _query_tree(value: Value, path: str) -> Value:
    tag, content = value
    if tag == "Structure":
        return tag, tuple(
            (name, _query_tree(child, member_path(path, name))) for name, child in content
        )
    if tag == "List":
        return tag, tuple(
            _query_tree(child, f"{path}.{index}") for index, child in enumerate(content, 1)
        )
    return "Value", content if tag == "Blob" else check_text(str(content), path).encode("utf-8")


def _leaves(tree: Value, path: Tuple[str, ...]) -> List[Tuple[Tuple[str, ...], bytes]]:
    tag, content = tree
    # SHP-022
    if len(path) > MAX_QUERY_DEPTH:
        raise UsageError(
            "a query is nested too deeply",
            kind="limit",
            expected=f"at most {MAX_QUERY_DEPTH} names in a path",
            rule="SHP-022",
        )
    if tag == "Value":
        return [(path, content)]
    children = content
    if tag == "List":
        children = [(str(index), child) for index, child in enumerate(content, 1)]
    return [
        leaf for name, child in children for leaf in _leaves(child, path + (upper_first(name),))
    ]


def upper_first(name: str) -> str:
    """Return a name with its first letter in upper case, as in a path (SHP-019).

    Only a to z are letters: str.upper also makes the dotless i an `I`, and the long s an `S`.
    """
    return (name[:1].upper() if "a" <= name[:1] <= "z" else name[:1]) + name[1:]


_NEVER_ENCODED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_NAME_BYTES = frozenset((_NEVER_ENCODED + "!$'()*,:@/?").encode("ascii"))
_VALUE_BYTES = frozenset((_NEVER_ENCODED + "!$'()*=:@/?").encode("ascii"))


def query_text(pairs: Pairs) -> str:
    """Return (path, values) pairs as URL-encoded text, with commas between values (SHP-020)."""
    parts = []
    for path, values in pairs:
        name = _percent_encoded(path.encode("utf-8"), _NAME_BYTES)
        parts.append(f"{name}={','.join(_percent_encoded(v, _VALUE_BYTES) for v in values)}")
    return "&".join(parts)


def _percent_encoded(data: bytes, plain: FrozenSet[int]) -> str:
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in data)


# ---- reading -----------------------------------------------------------------------------------


class QueryNode:
    """A name of a query with its values and the names below it."""

    __slots__ = ("values", "children")

    def __init__(self) -> None:
        self.values: List[bytes] = []
        self.children: Dict[str, "QueryNode"] = {}


def parse_query(document: Union[str, bytes, Query]) -> QueryNode:
    """Return the root of a query, which may be URL-encoded text or a Query.

    Raises DocumentError `syntax`, `utf8` for a name that is not UTF-8, or `limit` beyond
    MAX_QUERY_DEPTH, MAX_DOCUMENT_LENGTH or MAX_DOCUMENT_NODES.
    """
    root = QueryNode()
    nodes = 0
    pairs = document.render() if isinstance(document, Query) else _decoded_pairs(document)
    for path, values in pairs:
        names = path.split(".") if path else []  # a scalar without a structure has no name
        # SHP-022
        if len(names) > MAX_QUERY_DEPTH:
            raise DocumentError(
                "a query is nested too deeply",
                kind="limit",
                expected=f"at most {MAX_QUERY_DEPTH} names in a path",
                actual=len(names),
                rule="SHP-022",
            )
        node = root
        for name in names:
            child = node.children.get(name)
            if child is None:
                # SHP-006
                nodes += 1
                check_nodes(nodes)
                child = node.children[name] = QueryNode()
            node = child
        node.values.extend(values)
    return root


def _decoded_pairs(document: Union[str, bytes]) -> Iterator[Tuple[str, Tuple[bytes, ...]]]:
    """Yield the (path, values) pairs of URL-encoded text.

    A plus sign is a space, and a name without `=` has an empty value (SHP-020).
    """
    data = document_bytes(document)
    check_nodes(data.count(b"&") + 1)
    for match in re.finditer(b"([^&=]*)=?([^&]*)&?", data):
        if match.group() not in (b"", b"&"):
            yield (
                _text_of_name(match.group(1), match.start()),
                (_percent_decoded(match.group(2), match.start(2)),),
            )


_PERCENT = b"%([0-9A-Fa-f]{2})?"


def _percent_decoded(data: bytes, offset: int) -> bytes:
    def decoded(escape: Any) -> bytes:
        if escape.group(1) is None:
            raise DocumentError(
                "incomplete percent-encoding",
                expected="% and two hexadecimal digits",
                offset=offset + escape.start(),
                rule="SHP-020",
            )
        return bytes((int(escape.group(1), 16),))

    return re.sub(_PERCENT, decoded, data.replace(b"+", b" "))


def _text_of_name(data: bytes, offset: int) -> str:
    try:
        return _percent_decoded(data, offset).decode("utf-8")
    except UnicodeDecodeError:
        raise DocumentError(
            "a name is not UTF-8", kind="utf8", expected="UTF-8", offset=offset, rule="SHP-014"
        ) from None


def _query_members(node: QueryNode, place: Place) -> Labelled:
    if node.values:
        place.reject(
            "a value in place of a structure",
            expected=f"{place.path}.NAME=VALUE",
            actual=f"{len(node.values[0])} bytes",
        )
    return list(node.children.items())


def _query_elements(node: QueryNode, place: Place) -> Labelled:
    # SHP-021: only ASCII digits make a number. Other names are unknown members (SHP-008).
    numbers = [name for name in node.children if re.match(r"[0-9]+\Z", name)]
    if not numbers:
        return [("", node)]
    # SHP-021
    if (
        node.values
        or len(numbers) < len(node.children)
        or not all(re.match(_INDEX, number) for number in numbers)
    ):
        place.reject(
            "a list is not numbered",
            expected="numbers from 1, and nothing else",
            actual=", ".join(sorted(node.children)[:5]),
            rule="SHP-021",
        )
    return [("." + number, node.children[number]) for number in sorted(numbers, key=int)]


_INDEX = "[1-9][0-9]{0,8}\\Z"


def _query_bytes(node: QueryNode, place: Place) -> bytes:
    if node.children or not node.values:
        place.reject(
            "a structure in place of a value",
            expected=f"{place.path}=VALUE",
            actual=", ".join(sorted(node.children)[:5]),
        )
    if len(node.values) > 1:
        place.reject(
            "a member is given twice",
            kind="syntax",
            expected="one value",
            actual=len(node.values),
            rule="SHP-013",
        )
    return node.values[0]


def _query_text(node: QueryNode, place: Place) -> str:
    data = _query_bytes(node, place)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return place.reject(
            "text is not UTF-8", kind="utf8", expected="UTF-8", actual=excerpt(data), rule="SHP-014"
        )


QUERY_FORMAT = Format(
    _query_members,
    _query_elements,
    {
        "string": _query_text,
        "blob": _query_bytes,
        "integer": lambda node, place: integer_of_text(_query_text(node, place), place),
    },
    upper_first,
)
