# SPDX-License-Identifier: MIT
"""The seed and this project, call by call: data/awso-golden.jsonl and SPEC.md's appendix on awso.

Each line of the file is a call of awso that was executed: the function, its input, and its result
or exception; byte strings are written as Latin-1. Our counterpart gets the same input. If no row
of the appendix applies, both must return the same, or both must reject the input for a similar
reason. If rows apply, our result must be awso's with the changes of these rows.

A predicate over the case decides whether a row applies, without looking at our result. The lines
that a row of SPEC.md names must be exactly those where its predicate holds, and a row must have
the rule of each rejection. The changes use only the standard library, not refimpl.

data/awso-read.jsonl has more calls in the same form, which SPEC.md names r1, r2 and so on. They
were not executed for this project: their results follow from executed calls with similar input and
from awso's source.
"""

import base64
import json
import re
import struct
from binascii import Error as Base64Error
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape

import pytest

from refimpl.errordocument import error_of_json, error_of_xml, error_to_json
from refimpl.errors import DocumentError, Error, HttpError
from refimpl.operation import ResponseReader, read_output
from refimpl.shapes import (
    ERRORS,
    InvokeEndpointWithResponseStreamOutput,
    OperationError,
    PayloadPart,
    ResponseStream,
    UnknownOperationError,
)
from tests.rows import for_each

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "data" / "awso-golden.jsonl"
READ = ROOT / "tests" / "data" / "awso-read.jsonl"
HEADING = "Appendix: divergences from awso\n\n"


class Case(NamedTuple):
    """An executed call of awso. `out` is None if it raised, `raises` is None if it returned."""

    line: str  # 7, or r7 in awso-read.jsonl
    function: str
    given: Any
    out: Any
    raises: Any


class Refused(NamedTuple):
    """A rejection: the error's kind and rule."""

    kind: str
    rule: Any


def read_cases():
    return [
        Case(f"{prefix}{number}", call["fn"], call["in"], call.get("out"), call.get("raises"))
        for prefix, path in (("", GOLDEN), ("r", READ))
        for number, call in enumerate(
            map(json.loads, path.read_text(encoding="utf-8").splitlines()), 1
        )
    ]


CASES = read_cases()


# ---- the seed's way of writing values ----------------------------------------------------------


def octets(text):
    """Return the bytes that the file writes as Latin-1."""
    return text.encode("latin-1")


def text_of(latin):
    """Return the text of these bytes; an invalid byte becomes half a surrogate pair."""
    return octets(latin).decode("utf-8", "surrogateescape")


def latin(value):
    """Return bytes, or a text's UTF-8, as Latin-1; return an integer or None unchanged."""
    if value is None or isinstance(value, int):
        return value
    return (value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")).decode(
        "latin-1"
    )


def camel(name):
    """Return the seed's name: content_type -> contentType, PayloadPart -> payloadPart."""
    first, *rest = name.split("_")
    return first[:1].lower() + first[1:] + "".join(word.capitalize() for word in rest)


_READ = {"string": text_of, "blob": octets, "integer": int}


def shape_of(shape, record):
    """Return a shape of scalar members from the seed's record."""
    present = [
        (field, record[camel(field.attribute)])
        for field in shape.fields
        if record[camel(field.attribute)] is not None
    ]
    return shape(**{field.attribute: _READ[field.type.kind](value) for field, value in present})


def record_of(value):
    return {
        camel(field.attribute): latin(getattr(value, field.attribute)) for field in value.fields
    }


_KINDS = [(camel(row.member), row.type.shape) for row in ResponseStream.fields]
_HEADER_MEMBERS = [
    field.attribute
    for field in InvokeEndpointWithResponseStreamOutput.fields
    if field.location == "header"
]


def output_of(record):
    body = record["body"]
    events = (
        None
        if body is None
        else tuple(shape_of(shape, body[name]) for name, shape in _KINDS if body[name] is not None)
    )
    headers = {
        attribute: text_of(record[camel(attribute)])
        for attribute in _HEADER_MEMBERS
        if record[camel(attribute)] is not None
    }
    return InvokeEndpointWithResponseStreamOutput(body=events, **headers)


def record_of_output(output):
    body = None if output.body is None else record_of_events(output.body)
    return dict(
        {"body": body},
        **{camel(attribute): latin(getattr(output, attribute)) for attribute in _HEADER_MEMBERS},
    )


def record_of_events(events):
    """Return the seed's structure with a member per kind, or a list if that loses the order."""
    order = [[shape for _, shape in _KINDS].index(type(event)) for event in events]
    if order != sorted(set(order)):
        return [record_of_events((event,)) for event in events]
    return dict(
        {name: None for name, _ in _KINDS},
        **{camel(type(event).__name__): record_of(event) for event in events},
    )


def error_of(given):
    name, members = given
    if name == "Unknown_operation_error":
        code, payload = members
        return UnknownOperationError(
            code=text_of(code), payload=None if payload is None else text_of(payload)
        )
    return shape_of(ERRORS[name], members)


def record_of_error(error):
    if isinstance(error, UnknownOperationError):
        return ["Unknown_operation_error", [latin(error.code), latin(error.payload)]]
    return [type(error).__name__, record_of(error)]


def tree_of(value):
    tag, content = value
    if tag == "Structure":
        return [tag, [[name, tree_of(child)] for name, child in content]]
    return [tag, [tree_of(child) for child in content] if tag == "List" else latin(content)]


def query_tree_of(tree):
    tag, content = tree
    if tag == "Structure":
        return {name: query_tree_of(child) for name, child in content}
    return [query_tree_of(child) for child in content] if tag == "List" else latin(content)


# ---- our counterparts --------------------------------------------------------------------------


def answer_of_response(given):
    reader = ResponseReader(given["code"], [tuple(header) for header in given["headers"]])
    try:
        events = reader.feed(octets(given["body"]))
        reader.close()
    except OperationError as error:
        return ["Error", record_of_error(error)]
    return ["Ok", record_of_output(read_output(reader.headers, tuple(events)))]


COUNTERPARTS: Dict[str, Callable[[Any], Any]] = {
    "Endpoints.of_response": answer_of_response,
    "Query.render(to_query)": lambda record: [
        [path, [latin(value) for value in values]]
        for path, values in output_of(record).to_query().render()
    ],
    "Uri.encoded_of_query(render(to_query))": lambda record: output_of(record).to_query().encode(),
    "error_of_json": lambda given: record_of_error(
        error_of_json(text_of(given[0]), octets(given[1]))
    ),
    "error_of_xml": lambda given: record_of_error(
        error_of_xml(text_of(given[0]), octets(given[1]))
    ),
    "error_to_json": lambda given: latin(error_to_json(error_of(given))),
    "of_header_and_body": lambda headers: record_of_output(
        InvokeEndpointWithResponseStreamOutput.of_header_and_body(
            [tuple(header) for header in headers], ()
        )
    ),
    "of_json": lambda text: record_of_output(
        InvokeEndpointWithResponseStreamOutput.of_json(octets(text))
    ),
    "of_json(to_json)": lambda record: record_of_output(
        InvokeEndpointWithResponseStreamOutput.of_json(output_of(record).to_json())
    ),
    "of_string": lambda text: record_of_output(
        InvokeEndpointWithResponseStreamOutput.of_string(octets(text))
    ),
    "to_json": lambda record: latin(output_of(record).to_json()),
    "to_query": lambda record: query_tree_of(output_of(record).to_query().tree),
    "to_value": lambda record: tree_of(output_of(record).to_value()),
}


def ours(case):
    try:
        return COUNTERPARTS[case.function](case.given)
    except Error as error:
        return Refused(error.kind, error.rule)


# ---- rejections --------------------------------------------------------------------------------

# awso's exception -> the kinds that our error may have
REFUSALS = [
    ("Bad_response:", ("http",)),
    (
        "Failure:[line 1, col 1] unexpected end of input",
        ("syntax", "content_type"),
    ),  # content_type: a 200 without any body
    ("Failure:[line ", ("syntax",)),
    ("Failure:Xml.child: more than one child", ("syntax",)),
    (
        "Failure:Expected float representing an integer",
        ("type", "constraint"),
    ),  # constraint: an integer of 63 bits
    ("Failure:Expected ", ("type",)),
    ("Failure:int_of_string", ("type", "constraint")),  # constraint: more than 63 bits
]


def kinds_like(raises):
    return next(kinds for start, kinds in REFUSALS if raises.startswith(start))


# ---- the divergences: predicates and changes ---------------------------------------------------


class Divergence(NamedTuple):
    applies: Callable[[Case], bool]
    change: Callable[[Case, Any], Any]  # (case, awso's result or None) -> our result


def refusing(applies, kind, rule):
    """A divergence where awso returns a value and we reject the input."""
    return Divergence(
        lambda case: case.raises is None and applies(case), lambda case, answer: Refused(kind, rule)
    )


def compact(plain):
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).replace("\x7f", "\\u007f")


# -- AWSO-01: several events

_MEMBER_NAMES = {name: row.member for (name, _), row in zip(_KINDS, ResponseStream.fields)}


def members_set(case):
    body = case.given["body"] or {}
    return [_MEMBER_NAMES[name] for name, value in body.items() if value is not None]


def listed(members):
    return [{name: members[name]} for name in members]


def numbered(case, path):
    """Return a flattened path with the number of its event."""
    first, _, rest = path.partition(".")
    if first != "Body":
        return path
    return f"Body.{members_set(case).index(rest.partition('.')[0]) + 1}.{rest}"


def in_value(answer):
    tag, members = answer
    return [
        tag,
        [
            ["Body", ["List", [["Structure", [member]] for member in child[1]]]]
            if name == "Body"
            else [name, child]
            for name, child in members
        ],
    ]


_AS_LIST = {
    "to_json": lambda case, answer: compact(
        dict(json.loads(answer), Body=listed(json.loads(answer)["Body"]))
    ),
    "to_query": lambda case, answer: dict(answer, Body=listed(answer["Body"])),
    "to_value": lambda case, answer: in_value(answer),
    "Query.render(to_query)": lambda case, answer: [
        [numbered(case, path), values] for path, values in answer
    ],
    "Uri.encoded_of_query(render(to_query))": lambda case, answer: "&".join(
        numbered(case, pair) for pair in answer.split("&")
    ),
}


# -- AWSO-03: blobs


def payload_of_output(case):
    """Return the bytes of awso's payload part, or None."""
    record = {"to_json": case.given, "of_json": case.out, "of_string": case.out}.get(case.function)
    part = record and record["body"] and record["body"]["payloadPart"]
    return part["bytes"] if part else None


def with_base64(case, answer):
    raw = payload_of_output(case)
    if case.function == "to_json":
        text, count = re.subn(
            re.escape(f'"Bytes":{compact(raw)}'),
            lambda match: f'"Bytes":"{base64.b64encode(octets(raw)).decode()}"',
            answer,
        )
        assert count == 1
        return text
    try:
        data = base64.b64decode(raw, validate=True)
    except Base64Error:
        return Refused("type", "SHP-010")
    return dict(answer, body=dict(answer["body"], payloadPart={"bytes": latin(data)}))


# -- AWSO-04: names

_MEMBER_ELEMENT = re.compile("<(ContentType|InvokedProductionVariant|CustomAttributes)>([^<]*)</")


def read_under_other_names(case):
    if case.function == "of_json(to_json)":
        return {
            camel(name): case.given[camel(name)]
            for name in _HEADER_MEMBERS
            if case.given[camel(name)] is not None
        }
    if case.function == "of_string":
        return {camel(name): text for name, text in _MEMBER_ELEMENT.findall(case.given)}
    plain = json_facts(case)[2] if case.function == "of_json" else None
    names = plain if isinstance(plain, dict) else {}
    return {
        camel(field.attribute): names[field.wire_name]
        for field in InvokeEndpointWithResponseStreamOutput.fields
        if field.location == "header" and field.wire_name in names
    }


# -- error documents


def is_utf8(value):
    try:
        octets(value).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def json_facts(case):
    """A JSON document's value, duplicate names and invalid numbers."""
    twice, constants = [], []

    def pairs(members):
        twice.extend(name for name, _ in members if [other for other, _ in members].count(name) > 1)
        return dict(members)

    documents = {
        "of_json": lambda given: given,
        "error_of_json": lambda given: given[1],
    }
    document = documents.get(case.function, lambda given: None)(case.given)
    if not document:
        return [], [], None
    return (
        twice,
        constants,
        json.loads(
            document, object_pairs_hook=pairs, parse_constant=lambda text: constants.append(text)
        ),
    )


def json_status(case):
    plain = (
        json_facts(case)[2]
        if case.function == "error_of_json" and case.given[0] == "ModelError"
        else None
    )
    return plain.get("OriginalStatusCode") if isinstance(plain, dict) else None


def xml_status(case):
    match = (
        re.search("<OriginalStatusCode>([^<]*)<", case.given[1])
        if case.function == "error_of_xml"
        else None
    )
    return match.group(1) if match else ""


def status_read(case):
    return (
        case.out[1].get("originalStatusCode")
        if case.function.startswith("error_of_") and case.out[0] == "ModelError"
        else None
    )


def small_message(case):
    """Return the text of `message` in a document without `Message`, or None."""
    if case.function == "error_of_json" and case.given[0] in ERRORS:
        plain = json_facts(case)[2]
        return plain.get("message") if isinstance(plain, dict) and "Message" not in plain else None
    if case.function == "error_of_xml" and case.given[0] in ERRORS:
        root = ElementTree.fromstring(case.given[1])
        return root.findtext("message") if root.find("Message") is None else None
    return None


def is_payload_in_xml(case):
    return case.function == "error_of_xml" and case.given[0] not in ERRORS


def xml_again(case):
    """Return an XML document without comments, with prefixes and declarations."""
    pieces = []

    def start(name, attributes):
        shown = "".join(
            f' {key}="{escape(text)}"' for key, text in zip(attributes[::2], attributes[1::2])
        )
        pieces.append(f"<{name}{shown}>")

    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: pieces.append(f"</{name}>")
    parser.CharacterDataHandler = lambda text: pieces.append(escape(text))
    parser.Parse(case.given[1], True)
    return "".join(pieces)


def has_text_in_structure(case):
    """Return whether an element with a structure's name contains text."""
    document = (
        case.given
        if case.function == "of_string"
        else case.given[1]
        if case.function == "error_of_xml" and case.given[0] in ERRORS
        else "<r/>"
    )
    try:
        root = ElementTree.fromstring(octets(document))
    except ElementTree.ParseError:
        return False
    structures = [root, *root.findall("Body"), *root.findall("Body/*")]
    return any(
        ((element.text or "") + "".join(child.tail or "" for child in element)).strip()
        for element in structures
        if element is root or case.function == "of_string"
    )


def fault_of_xml(case):
    """Return expat's error code for a document, or 0."""
    try:
        expat.ParserCreate().Parse(octets(case.given), True)
    except expat.ExpatError as error:
        return error.code
    return 0


def has_fault(name):
    code = expat.errors.codes[getattr(expat.errors, name)]
    return lambda case: case.function == "of_string" and fault_of_xml(case) == code


# -- responses

EVENT_STREAM_TYPE = "application/vnd.amazon.eventstream"


def is_response(case):
    return case.function == "Endpoints.of_response"


def error_type(case):
    if not is_response(case):
        return None
    return {name.lower(): value for name, value in case.given["headers"]}.get("x-amzn-errortype")


def payload_of_frame(case):
    frame = octets(case.given["body"])
    total, headers_length = struct.unpack(">II", frame[:8])
    assert total == len(frame)
    return latin(frame[12 + headers_length : -4])


def empty_output(**members):
    return dict(
        {
            "body": None,
            "contentType": None,
            "invokedProductionVariant": None,
            "customAttributes": None,
        },
        **members,
    )


def one_part(data):
    return dict({name: None for name, _ in _KINDS}, payloadPart={"bytes": data})


def code_in(plain):
    """Return the bare code in a JSON document, or None."""
    members = plain if isinstance(plain, dict) else {}
    texts = [members.get(name) for name in ("__type", "code")]
    return next((bare_code(text) for text in texts if isinstance(text, str) and text), None)


def bare_code(text):
    return text.partition(":")[0].rpartition("#")[2]


def given_code(case):
    """Return the code of a call of error_of_json or error_of_xml, or None."""
    return case.given[0] if case.function in ("error_of_json", "error_of_xml") else None


def message_of(case):
    """Return the Message of an error in a case of ours that has no other member."""
    document = case.given["body"] if is_response(case) else case.given[1]
    if document.startswith("<"):
        return ElementTree.fromstring(document).findtext(".//Message")
    return json.loads(document)["Message"]


def error_from_body(case, answer):
    """A response without x-amzn-errortype: only its document can name the error."""
    body = case.given["body"]
    plain = json.loads(body) if body else None
    code = code_in(plain)
    if code is None:
        return ["Error", ["Unknown_operation_error", [None, body]]]
    text = plain.get("Message")
    return ["Error", [code, {"message": text if isinstance(text, str) else None}]]


DIVERGENCES: Dict[str, Divergence] = {
    "AWSO-01": Divergence(
        lambda case: case.function in _AS_LIST and len(members_set(case)) > 1,
        lambda case, answer: _AS_LIST[case.function](case, answer),
    ),
    "AWSO-02": Divergence(
        lambda case: "more than one child with tag PayloadPart" in (case.raises or ""),
        lambda case, answer: empty_output(body=[one_part(None)] * 2),
    ),
    "AWSO-03": Divergence(lambda case: bool(payload_of_output(case)), with_base64),
    "AWSO-04": Divergence(
        lambda case: bool(read_under_other_names(case)),
        lambda case, answer: dict(answer, **read_under_other_names(case)),
    ),
    "AWSO-05": refusing(
        lambda case: (
            case.function == "error_to_json"
            and isinstance(case.given[1], dict)
            and not all(
                is_utf8(value) for value in case.given[1].values() if isinstance(value, str)
            )
        ),
        "utf8",
        "SHP-014",
    ),
    "AWSO-06": refusing(lambda case: bool(json_facts(case)[0]), "syntax", "SHP-002"),
    "AWSO-07": refusing(lambda case: bool(json_facts(case)[1]), "syntax", "SHP-003"),
    "AWSO-08": refusing(lambda case: isinstance(json_status(case), float), "type", "SHP-011"),
    "AWSO-09": refusing(
        lambda case: not -(2**31) <= (status_read(case) or 0) < 2**31, "constraint", "SHP-011"
    ),
    "AWSO-10": refusing(
        lambda case: bool(re.search("[_xobu]", xml_status(case).lower())), "type", "SHP-011"
    ),
    "AWSO-11": Divergence(
        lambda case: isinstance(json_status(case), str) and json_status(case).isdigit(),
        lambda case, answer: [
            "ModelError",
            {
                "message": None,
                "originalStatusCode": int(json_status(case)),
                "originalMessage": None,
                "logStreamArn": None,
            },
        ],
    ),
    "AWSO-12": Divergence(
        lambda case: small_message(case) is not None,
        lambda case, answer: [answer[0], dict(answer[1], message=small_message(case))],
    ),
    "AWSO-13": Divergence(
        lambda case: (
            "#" in (error_type(case) or "")
            or given_code(case) is not None
            and given_code(case) not in ERRORS
            and bare_code(given_code(case)) in ERRORS
        ),
        lambda case, answer: (
            ["Error", [bare_code(error_type(case)), {"message": message_of(case)}]]
            if is_response(case)
            else [bare_code(given_code(case)), {"message": message_of(case)}]
        ),
    ),
    "AWSO-14": Divergence(
        lambda case: is_payload_in_xml(case) and xml_again(case) != case.out[1][1],
        lambda case, answer: [answer[0], [answer[1][0], xml_again(case)]],
    ),
    "AWSO-15": refusing(
        lambda case: case.function == "of_string" and "<!DOCTYPE" in case.given, "syntax", "SHP-004"
    ),
    "AWSO-16": refusing(has_fault("XML_ERROR_DUPLICATE_ATTRIBUTE"), "syntax", "SHP-004"),
    "AWSO-17": refusing(has_fault("XML_ERROR_JUNK_AFTER_DOC_ELEMENT"), "syntax", "SHP-004"),
    "AWSO-18": refusing(has_text_in_structure, "type", "SHP-016"),
    "AWSO-19": Divergence(
        lambda case: "unknown encoding" in (case.raises or ""), lambda case, answer: empty_output()
    ),
    "AWSO-20": Divergence(
        lambda case: (
            is_response(case) and ["Content-Type", EVENT_STREAM_TYPE] in case.given["headers"]
        ),
        lambda case, answer: ["Ok", empty_output(body=one_part(payload_of_frame(case)))],
    ),
    "AWSO-21": refusing(
        lambda case: is_response(case) and case.out[0] == "Ok", "content_type", "HTTP-021"
    ),
    "AWSO-22": Divergence(
        lambda case: error_type(case) == "",
        lambda case, answer: ["Error", ["Unknown_operation_error", [None, case.given["body"]]]],
    ),
    "AWSO-23": Divergence(
        lambda case: (
            is_response(case) and 400 <= case.given["code"] < 600 and error_type(case) is None
        ),
        error_from_body,
    ),
    "AWSO-24": Divergence(
        lambda case: (
            error_type(case) in ERRORS
            and 400 <= case.given["code"] < 600
            and case.raises is not None
        ),
        lambda case, answer: [
            "Error",
            [
                error_type(case),
                {"message": message_of(case) if case.given["body"].startswith("<") else None},
            ],
        ],
    ),
    "AWSO-25": Divergence(
        lambda case: (
            case.function == "of_json"
            and isinstance(json_facts(case)[2], dict)
            and isinstance(json_facts(case)[2].get("Body"), list)
        ),
        lambda case, answer: empty_output(
            body=record_of_events((PayloadPart(),) * len(json_facts(case)[2]["Body"]))
        ),
    ),
    "AWSO-26": Divergence(
        lambda case: case.function == "of_string" and "<Bytes/>" in case.given,
        lambda case, answer: empty_output(body=one_part("")),
    ),
    "AWSO-27": Divergence(
        lambda case: case.function == "error_of_xml" and "<Error>" in case.given[1],
        lambda case, answer: [case.given[0], {"message": message_of(case)}],
    ),
    "AWSO-28": Divergence(
        lambda case: (
            case.function == "error_of_json"
            and given_code(case) == ""
            and code_in(json_facts(case)[2]) is not None
        ),
        lambda case, answer: [code_in(json_facts(case)[2]), {"message": message_of(case)}],
    ),
    "AWSO-29": Divergence(
        lambda case: error_type(case) is not None and case.given["code"] < 300,
        lambda case, answer: ["Error", [error_type(case), {"message": message_of(case)}]],
    ),
}


def divergences_of(case):
    return [name for name, divergence in DIVERGENCES.items() if divergence.applies(case)]


# ---- the appendix ------------------------------------------------------------------------------


class Row(NamedTuple):
    name: str
    awso: str
    here: str
    lines: List[str]


def numbers_of(cell):
    """Return the lines in a cell such as `5, 7 to 9, r2`."""
    lines = []
    for piece in cell.split(", "):
        first, _, last = piece.partition(" to ")
        if last:
            lines += map(str, range(int(first), int(last) + 1))
        else:
            lines.append(first)
    return lines


def read_rows():
    text = (ROOT / "SPEC.md").read_text(encoding="utf-8")
    section = text[text.index(HEADING) :]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("| AWSO-")
    ]
    return [Row(name, awso, here, numbers_of(lines)) for name, awso, here, lines in cells]


ROWS = read_rows()


# ---- the tests ---------------------------------------------------------------------------------


def test_the_file_is_the_one_that_was_measured():
    assert len([case for case in CASES if not case.line.startswith("r")]) == 284
    assert {case.function for case in CASES} == set(COUNTERPARTS), (
        "a function of the seed without a counterpart, or the other way round"
    )
    assert all((case.out is None) != (case.raises is None) for case in CASES)


def test_rows_and_predicates_are_the_same_in_number_and_order():
    assert (
        [row.name for row in ROWS]
        == list(DIVERGENCES)
        == [f"AWSO-{number:02}" for number in range(1, len(ROWS) + 1)]
    )


@for_each("row", ROWS, ids=lambda row: row.name)
def test_a_row_names_all_its_cases_and_no_other(row):
    assert row.lines, "no row without a case"
    assert row.lines == [case.line for case in CASES if DIVERGENCES[row.name].applies(case)]
    assert row.awso and re.search(r"\b(?:SHP|HTTP)-\d{3}\b", row.here), (
        "a row says what awso does, and which rule says otherwise"
    )


@for_each("case", CASES, ids=lambda case: f"{case.line}-{case.function}")
def test_the_same_response_or_a_row_that_says_why_not(case):
    check_counterpart(case)


def check_counterpart(case):
    """Assert that our counterpart returns awso's result, or that a row lists the difference."""
    answer, names = ours(case), divergences_of(case)
    if not names and case.raises is not None:
        assert isinstance(answer, Refused), "awso refuses, we do not, and no row says so"
        assert answer.kind in kinds_like(case.raises)
        return
    expected = case.out
    for name in names:
        expected = DIVERGENCES[name].change(case, expected)
    assert answer == expected
    assert (answer == case.out) == (not names), "a row that changes nothing"
    if isinstance(answer, Refused):
        assert answer.rule in next(row.here for row in ROWS if row.name == names[-1])


def test_a_refusal_of_a_reader_is_the_document_s_or_the_response_s_fault():
    """A peer's bytes never cause a UsageError."""
    for case in CASES:
        if case.function.startswith(("of_", "error_of_", "Endpoints")) and isinstance(
            ours(case), Refused
        ):
            with pytest.raises((DocumentError, HttpError)):
                COUNTERPARTS[case.function](case.given)


@pytest.mark.parametrize("function", sorted(COUNTERPARTS))
def test_another_result_is_noticed(function, monkeypatch):
    monkeypatch.setitem(COUNTERPARTS, function, lambda given: "something else")
    with pytest.raises(AssertionError):
        check_counterpart(next(case for case in CASES if case.function == function))
