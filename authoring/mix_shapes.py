# SPDX-License-Identifier: MIT
"""Combinations of values in documents: shape-convert-mix (mix.py).

The members and their contents come first. The document to convert is made from them in one format,
and the expected document in the other. Both are made with Python's json and urllib, and with plain
text for XML.
"""

import base64
import json
from itertools import product
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple
from urllib.parse import quote

from authoring import Feature, ok
from authoring.mix import USUAL, Row, Table, Value, mix_id, rows_of, title_of
from authoring.shp import CONVERT as HAND_WRITTEN
from authoring.shp import FORMAT_NAMES, INPUT, OUTPUT, RULE_OF_FORMAT

CONVERT = Feature("shape-convert-mix", "shape.convert", "shape-mix-")
FEATURES = [CONVERT]

Json = Dict[str, Any]


class Member(NamedTuple):
    """A member of a shape, with its name in HTTP, its kind and the members of a structure."""

    name: str
    kind: str  # text, integer, blob, structure or stream
    wire: str = ""
    members: Tuple["Member", ...] = ()

    @property
    def written(self) -> str:
        """The name that a writer gives to the member."""
        return self.wire or self.name


def _headers(prefix: str, names: str) -> Tuple[Member, ...]:
    """Return text members whose header is a prefix and the words of their name."""
    found = []
    for name in names.split():
        words = "".join("-" + letter if letter.isupper() else letter for letter in name)
        found.append(Member(name, "text", prefix + words[1:]))
    return tuple(found)


_MESSAGE = (Member("Message", "text"),)
_PART = (Member("Bytes", "blob"),)
_STREAM_ERROR = (*_MESSAGE, Member("ErrorCode", "text"))
_STREAM = (
    Member("PayloadPart", "structure", members=_PART),
    Member("ModelStreamError", "structure", members=_STREAM_ERROR),
    Member("InternalStreamFailure", "structure", members=_MESSAGE),
)
SHAPES: Dict[str, Tuple[Member, ...]] = {
    OUTPUT: (
        Member("Body", "stream", members=_STREAM),
        *_headers("X-Amzn-SageMaker-", "ContentType"),
        *_headers("x-Amzn-", "InvokedProductionVariant"),
        *_headers("X-Amzn-SageMaker-", "CustomAttributes"),
    ),
    INPUT: (
        Member("Body", "blob"),
        Member("ContentType", "text", "Content-Type"),
        *_headers(
            "X-Amzn-SageMaker-",
            "Accept CustomAttributes TargetVariant TargetContainerHostname InferenceId",
        ),
        Member("InferenceComponentName", "text", "X-Amzn-SageMaker-Inference-Component"),
        *_headers("X-Amzn-SageMaker-", "SessionId PrefixAwareId"),
    ),
    "ResponseStream": _STREAM,
    "PayloadPart": _PART,
    "UnknownOperationError": (Member("Code", "text"), Member("Payload", "text")),
    "ModelError": (
        *_MESSAGE,
        Member("OriginalStatusCode", "integer"),
        Member("OriginalMessage", "text"),
        Member("LogStreamArn", "text"),
    ),
    "ModelStreamError": _STREAM_ERROR,
    "InternalStreamFailure": _MESSAGE,
    "InternalFailure": _MESSAGE,
    "ServiceUnavailable": _MESSAGE,
    "ValidationError": _MESSAGE,
}
_IN_HEADERS = (OUTPUT, INPUT)  # shapes with members that travel in headers

# ---- the dimensions ----------------------------------------------------------------------------

FROM = {f"from {name}": Value(name, RULE_OF_FORMAT[name]) for name in FORMAT_NAMES}
TO = {f"to {name}": Value(name, RULE_OF_FORMAT[name]) for name in FORMAT_NAMES}
PRESENT: Dict[str, Value] = {
    USUAL: Value(lambda members: members),
    "only the first member": Value(lambda members: members[:1], "SHP-008"),
    "only the last member": Value(lambda members: members[-1:], "SHP-008"),
    "no member": Value(lambda members: (), "SHP-008"),
}
NULLS = {USUAL: Value(False), "null for the absent members": Value(True, "SHP-008")}
TEXTS = {
    USUAL: Value("plain"),
    "an empty text": Value("", "SHP-008"),
    "quotes and backslashes": Value('"a\\\\b\\"c\'\\u0041\\n/', "SHP-015"),
    "markup": Value("<a b='&amp;'>&#65;</a> ]]> <!-- -->", "SHP-017"),
    "percent, plus and equals signs": Value("%41+b=c&d=%zz;e,f", "SHP-020"),
    "white space at both ends": Value(" \t a \n\n b\n ", "SHP-016"),
    "a CR": Value("a\rb\r\nc", "SHP-018"),
    "control characters": Value("\x01\b\f\x1f\x7f", "SHP-015"),
    "two to four bytes of UTF-8": Value("\u00e9\u20ac\u6771\ufffd\U0001f642\u2028", "SHP-014"),
    "Latin-1": Value("caf\u00e9 \u00ff", "SHP-014"),
    "600 characters": Value("0123456789" * 60),
}
NUMBERS = {
    USUAL: Value(500),
    "zero": Value(0, "SHP-011"),
    "the least integer": Value(-2147483648, "SHP-011"),
    "the greatest integer": Value(2147483647, "SHP-011"),
}
BLOBS = {
    USUAL: Value(b"hi"),
    "an empty blob": Value(b"", "SHP-010"),
    "every byte": Value(bytes(range(256)), "SHP-010"),
    "a blob of base64 letters": Value(b"aGk= +/", "SHP-010"),
}
# The form of the stream, and the members of the union that its events are.
EVENTS = {
    USUAL: Value(("list", (0, 1))),
    "no event": Value(("list", ()), "SHP-012"),
    "one event": Value(("single", (0,)), "SHP-012"),
    "one event in a list": Value(("list", (1,)), "SHP-012"),
    "twelve events": Value(("list", (0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2)), "SHP-012 SHP-021"),
    "three events in one structure": Value(("structure", (0, 1, 2)), "SHP-012"),
}
ORDERS = {USUAL: Value(False), "members in reverse order": Value(True, "SHP-007")}
NAMES = {
    USUAL: Value(""),
    "names of the model": Value("model", "SHP-007"),
    "names with a lower-case first letter": Value("first", "SHP-007"),
    "header names in lower case": Value("lower", "SHP-024"),
}
UNKNOWN = {
    USUAL: Value(0),
    "an unknown member": Value(1, "SHP-008"),
    "an unknown member of 20 levels": Value(20, "SHP-008"),
}
LAYOUTS = {
    USUAL: Value(""),
    "white space": Value("space"),
    "every character escaped": Value("escaped"),
}

_NOT_IN_XML = ("control characters",)
_NOT_IN_HEADERS = (
    "white space at both ends",
    "a CR",
    "control characters",
    "two to four bytes of UTF-8",
)


def is_possible(row: Row) -> bool:
    """Return whether a row, or a part of one, has a valid document that differs from other rows."""
    if row.get("nulls", USUAL) != USUAL and row.get("present", "") == USUAL:
        return False
    shapes = [row["shape"]] if "shape" in row else list(SHAPES)
    sources = [FROM[row["from"]].content] if "from" in row else list(FORMAT_NAMES)
    targets = [TO[row["to"]].content] if "to" in row else list(FORMAT_NAMES)
    return any(
        _fits_formats(row, formats) and any(_fits_shape(row, shape, formats) for shape in shapes)
        for formats in product(sources, targets)
    )


def _fits_shape(row: Row, shape: str, formats: Tuple[str, str]) -> bool:
    kinds = _KINDS[shape]
    if row.get("number", USUAL) != USUAL and "integer" not in kinds:
        return False
    if row.get("blob", USUAL) != USUAL and "blob" not in kinds:
        return False
    if row.get("events", USUAL) != USUAL and "stream" not in kinds:
        return False
    if row.get("text", USUAL) != USUAL and "text" not in kinds:
        return False
    names = row.get("names", USUAL)
    if names in ("names of the model", "header names in lower case") and shape not in _IN_HEADERS:
        return False
    if shape in _IN_HEADERS and "headers" in formats:
        if row.get("text", USUAL) in _NOT_IN_HEADERS:
            return False
        if formats[0] == "headers" and row.get("layout", USUAL) != USUAL:
            return False  # the document has no text of JSON
        if formats[0] == "headers" and row.get("unknown", USUAL) not in (
            USUAL,
            "an unknown member",
        ):
            return False  # a header has no levels
        if formats[0] == "headers" and row.get("nulls", USUAL) != USUAL:
            return False
    # A structure without a pair does not exist in a query.
    return not (shape == OUTPUT and "query" in formats and row.get("events") == "no event")


def _fits_formats(row: Row, formats: Tuple[str, str]) -> bool:
    source = formats[0]
    if "xml" in formats and row.get("text", USUAL) in _NOT_IN_XML:
        return False
    names, layout = row.get("names", USUAL), row.get("layout", USUAL)
    if names == "names of the model" and source == "headers":
        return False
    if names == "header names in lower case" and source != "headers":
        return False
    if names == "names with a lower-case first letter" and source != "query":
        return False
    if row.get("nulls", USUAL) != USUAL and source not in ("json", "value"):
        return False
    return layout == USUAL or source != "value"


def _kinds(members: Tuple[Member, ...]) -> List[str]:
    found = []
    for member in members:
        found += [member.kind, *_kinds(member.members)]
    return found


_KINDS = {name: frozenset(_kinds(members)) for name, members in SHAPES.items()}

TABLE = Table(
    "shape-convert",
    {
        "shape": {name: Value(name) for name in SHAPES},
        "from": FROM,
        "to": TO,
        "present": PRESENT,
        "nulls": NULLS,
        "text": TEXTS,
        "number": NUMBERS,
        "blob": BLOBS,
        "events": EVENTS,
        "order": ORDERS,
        "names": NAMES,
        "unknown": UNKNOWN,
        "layout": LAYOUTS,
    },
    closely=[("shape", "from", "to")],
    allows=is_possible,
)

# ---- the contents ------------------------------------------------------------------------------

# The content of a structure: pairs of a member and its content, which is None for a null. A
# stream's content is its form and its events.
Content = List[Tuple[Member, Any]]


class Contents:
    """Makes the contents of a row's members. No two texts of a document are equal."""

    def __init__(self, values: Json) -> None:
        self._values = values
        self._texts = 0

    def structure(self, members: Tuple[Member, ...]) -> Content:
        """Return the content of a structure that has these members."""
        return [(member, self._content(member)) for member in members]

    def _content(self, member: Member) -> Any:
        if member.kind == "structure":
            return self.structure(member.members)
        if member.kind == "stream":
            form, kinds = self._values["events"]
            return form, [self.structure((member.members[kind],)) for kind in kinds]
        if member.kind == "integer":
            return self._values["number"]
        if member.kind == "blob":
            return self._values["blob"]
        self._texts += 1
        text = self._values["text"]
        return text if self._texts == 1 else f"{text[:40]}{self._texts}"


# ---- writers -----------------------------------------------------------------------------------


class Notation(NamedTuple):
    """How the document to convert is written. The expected document has no notation."""

    names: str = ""
    is_reversed: bool = False
    unknown: int = 0  # levels of an unknown member, or 0 for none
    layout: str = ""

    def name_of(self, member: Member) -> str:
        """Return the name of a member."""
        if self.names == "model":
            return member.name
        if self.names == "first":
            return member.written[0].lower() + member.written[1:]
        if self.names == "lower":
            return member.written.lower()
        return member.written

    def ordered(self, pairs: List[Any]) -> List[Any]:
        """Return pairs in the order of the document."""
        return pairs[::-1] if self.is_reversed else pairs


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _events(content: Any, is_source: bool) -> Tuple[str, List[Content]]:
    """Return whether a stream is written as a list or as a structure, and its structures."""
    form, events = content
    if is_source and form == "structure":
        return "single", [[pair for event in events for pair in event]]
    if is_source and form == "list":
        return "list", events
    return ("single", events or [[]]) if len(events) < 2 else ("list", events)


def _nested(levels: int) -> Any:
    found: Any = "deep"
    for level in range(levels - 1):
        found = [found] if level % 2 else {"Level": found}
    return found


def json_value(content: Content, notation: Optional[Notation] = None) -> Json:
    """Return a structure as a JSON object."""
    how = notation or Notation()
    pairs: List[Any] = []
    for member, inner in content:
        pairs.append((how.name_of(member), _json_content(member, inner, notation)))
    if how.unknown:
        pairs.insert(len(pairs) // 2, ("Unknown", _nested(how.unknown)))
    return dict(how.ordered(pairs))


def _json_content(member: Member, content: Any, notation: Optional[Notation]) -> Any:
    if content is None or member.kind in ("text", "integer"):
        return content
    if member.kind == "blob":
        return _base64(content)
    inner = notation and notation._replace(unknown=0)
    if member.kind == "structure":
        return json_value(content, inner)
    form, events = _events(content, notation is not None)
    objects = [json_value(event, inner) for event in events]
    return objects if form == "list" else objects[0]


def json_text(value: Any, layout: str) -> str:
    """Return the text of a JSON value."""
    if layout == "space":
        return "\t " + json.dumps(value, ensure_ascii=False, indent=3).replace("\n", "\r\n") + "\n"
    if layout == "escaped":
        return _escaped_json(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _escaped_json(value: Any) -> str:
    if isinstance(value, str):
        units = value.encode("utf-16-be")
        return '"%s"' % "".join(
            "\\u%02X%02x" % (units[at], units[at + 1]) for at in range(0, len(units), 2)
        )
    if isinstance(value, dict):
        members = (f"{_escaped_json(name)}:{_escaped_json(one)}" for name, one in value.items())
        return "{%s}" % ",".join(members)
    if isinstance(value, list):
        return "[%s]" % ",".join(map(_escaped_json, value))
    return json.dumps(value)


def xml_text(shape: str, content: Content, notation: Optional[Notation] = None) -> str:
    """Return a structure as an XML document."""
    how = notation or Notation()
    document = _element(shape, _xml_members(content, how, notation is not None))
    if how.layout == "space":
        return f"<?xml version='1.0' encoding=\"utf-8\"?>\n<!-- a -->{document}\n<?b c?>"
    return document


def _element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"


def _xml_members(content: Content, how: Notation, is_source: bool) -> str:
    elements = []
    for member, inner in content:
        elements.append(_element(how.name_of(member), _xml_content(member, inner, how, is_source)))
    if how.unknown:
        deep = "<Level a='b'>" * (how.unknown - 1) + "deep" + "</Level>" * (how.unknown - 1)
        elements.insert(len(elements) // 2, _element("Unknown", deep))
    between = "\n  <!-- c -->\t" if how.layout == "space" else ""
    return between + between.join(how.ordered(elements)) + (between if elements else "")


def _xml_content(member: Member, content: Any, how: Notation, is_source: bool) -> str:
    inner = how._replace(unknown=0)
    if member.kind == "structure":
        return _xml_members(content, inner, is_source)
    if member.kind == "stream":
        events = [pair for event in _events(content, is_source)[1] for pair in event]
        # The order of events is that of their elements.
        return "".join(_xml_members([event], inner, is_source) for event in events)
    if member.kind == "blob":
        return _base64(content)
    text = str(content)
    if how.layout == "escaped":
        return "".join(f"&#x{ord(character):X};" for character in text)
    for character, reference in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;")):
        text = text.replace(character, reference)
    return text


def query_text(content: Content, notation: Optional[Notation] = None) -> str:
    """Return a structure as URL-encoded pairs."""
    how = notation or Notation()
    pairs: List[Tuple[str, Any]] = []
    _add_pairs(pairs, "", content, how, notation is not None)
    if how.unknown:
        pairs.append((".".join(["Unknown", *["Level"] * (how.unknown - 1)]), "deep"))
    if how.layout == "escaped":
        return "&".join(
            f"{_percents(name)}={_percents(value)}" for name, value in how.ordered(pairs)
        )
    plus = how.layout == "space"
    return "&".join(
        f"{quote(name, safe='')}={_quoted(value, plus)}" for name, value in how.ordered(pairs)
    )


def _quoted(value: Any, plus: bool) -> str:
    text = quote(value, safe="")
    return text.replace("%20", "+") if plus else text


def _percents(value: Any) -> str:
    data = value.encode("utf-8") if isinstance(value, str) else value
    return "".join("%%%02x" % octet for octet in data)


def _add_pairs(
    pairs: List[Tuple[str, Any]], path: str, content: Content, how: Notation, is_source: bool
) -> None:
    for member, inner in content:
        name = how.name_of(member)
        if not (is_source and how.names == "first"):
            name = name[0].upper() + name[1:]
        place = path + name
        if member.kind == "structure":
            _add_pairs(pairs, place + ".", inner, how, is_source)
        elif member.kind == "stream":
            form, events = _events(inner, is_source)
            for number, event in enumerate(events, 1):
                numbered = f"{place}.{number}." if form == "list" else place + "."
                _add_pairs(pairs, numbered, event, how, is_source)
        else:
            pairs.append((place, inner if member.kind in ("text", "blob") else str(inner)))


def tree(content: Content, notation: Optional[Notation] = None) -> Any:
    """Return a structure as a tree."""
    how = notation or Notation()
    pairs: List[Any] = []
    for member, inner in content:
        pairs.append([how.name_of(member), _tree_content(member, inner, notation)])
    if how.unknown:
        pairs.insert(len(pairs) // 2, ["Unknown", _nested_tree(how.unknown)])
    return ["Structure", how.ordered(pairs)]


def _nested_tree(levels: int) -> Any:
    found: Any = ["String", "deep"]
    for level in range(levels - 1):
        found = ["List", [found]] if level % 2 else ["Structure", [["Level", found]]]
    return found


def _tree_content(member: Member, content: Any, notation: Optional[Notation]) -> Any:
    inner = notation and notation._replace(unknown=0)
    if content is None:
        return None
    if member.kind == "structure":
        return tree(content, inner)
    if member.kind == "stream":
        form, events = _events(content, notation is not None)
        trees = [tree(event, inner) for event in events]
        return ["List", trees] if form == "list" else trees[0]
    if member.kind == "blob":
        return ["Blob", _base64(content)]
    return ["String" if member.kind == "text" else "Integer", content]


def headers_and_body(shape: str, content: Content, notation: Optional[Notation] = None) -> Json:
    """Return a structure as headers and a body."""
    how = notation or Notation()
    headers = [[how.name_of(member), inner] for member, inner in content if member.wire]
    others = [(member, inner) for member, inner in content if not member.wire]
    body: Any = None
    if shape not in _IN_HEADERS:
        body = json_text(json_value(others, notation), how.layout)
    elif others:
        body = _json_content(*others[0], notation and notation._replace(names=""))
    if how.unknown and shape in _IN_HEADERS:
        headers.append(["X-Amzn-SageMaker-Unknown", "deep"])
    return {"headers": how.ordered(headers), "body": body}


# ---- the cases ---------------------------------------------------------------------------------

WRITERS: Dict[str, Callable[[str, Content, Optional[Notation]], Any]] = {
    "json": lambda shape, content, how: json_text(
        json_value(content, how), how.layout if how else ""
    ),
    "xml": xml_text,
    "query": lambda shape, content, how: query_text(content, how),
    "value": lambda shape, content, how: tree(content, how),
    "headers": headers_and_body,
}

WHY = "some documents lose data"


def document_of(row: Row) -> Tuple[Json, Any]:
    """Return the input of a row, and the expected document."""
    values = TABLE.contents(row)
    shape, source, target = values["shape"], values["from"], values["to"]
    members = SHAPES[shape]
    content = Contents(values).structure(values["present"](members))
    written = content
    if values["nulls"]:
        by_name = {member.name: inner for member, inner in content}
        written = [(member, by_name.get(member.name)) for member in members]
    notation = Notation(values["names"], values["order"], values["unknown"], values["layout"])
    given = {
        "shape": shape,
        "from": source,
        "to": target,
        "document": WRITERS[source](shape, written, notation),
    }
    return given, WRITERS[target](shape, content, None)


_written = [case["input"] for case in HAND_WRITTEN.cases]
for _row in rows_of(TABLE):
    _given, _document = document_of(_row)
    # If few members are present, two rows can have the same document.
    if _given in _written:
        continue
    _written.append(_given)
    CONVERT.case(
        mix_id(CONVERT.prefix, CONVERT.op, _given),
        title_of(_row),
        " ".join(dict.fromkeys([*TABLE.rules(_row), "SHP-007", "SHP-008"])),
        _given,
        ok(document=_document),
        WHY,
    )
