# SPDX-License-Identifier: MIT
"""The cases of documents and shapes: converting the document of a shape from one format to another.

The vectors are in shape-convert.json. To add a case, copy a similar call and change it:

- `converts`: a valid document and the document that it must become
- `rejects`: an invalid document, and optionally the same document without the error

The expected documents are written by hand. The formats are JSON, XML, query (URL-encoded pairs),
value (the tree of SHP-023) and headers (SHP-024). The corrected document of `rejects` becomes a
separate case, which the other case needs: it exposes an implementation that rejects everything.
"""

import base64
import json
from typing import Any, Dict, Optional, Sequence, Union

from authoring import CaseMistake, Feature, ok, reject

CONVERT = Feature("shape-convert", "shape.convert", "shp-")
FEATURES = [CONVERT]

OUTPUT = "InvokeEndpointWithResponseStreamOutput"
INPUT = "InvokeEndpointWithResponseStreamInput"
TYPE, VARIANT, ATTRIBUTES = (
    "X-Amzn-SageMaker-Content-Type",
    "x-Amzn-Invoked-Production-Variant",
    "X-Amzn-SageMaker-Custom-Attributes",
)
FORMAT_NAMES = {
    "json": "JSON",
    "xml": "XML",
    "query": "a query",
    "value": "a tree",
    "headers": "headers",
}

Document = Union[str, Dict[str, Any], Sequence[Any]]


def given(
    shape: str, source: str, target: str, document: Document, code: Optional[str] = None
) -> Dict[str, Any]:
    """Return the input of a case.

    source, target: the formats
    document: a str, or a JSON value for the formats value and headers
    code: the error code that a service sends outside the document
    """
    case_input = {"shape": shape, "from": source, "to": target, "document": document}
    if code is not None:
        case_input["code"] = code
    return case_input


def converts(
    case_id: str,
    title: str,
    rules: str,
    shape: str,
    source: str,
    document: Document,
    target: str,
    expected: Document,
    why: str,
    code: Optional[str] = None,
    **more: Any,
) -> None:
    """Add a valid document.

    shape, source, document, target, code: see `given`
    expected: the document in the target format
    more: other arguments of Feature.case
    """
    CONVERT.case(
        case_id,
        title,
        rules,
        given(shape, source, target, document, code),
        ok(document=expected),
        why,
        **more,
    )


def rejects(
    case_id: str,
    title: str,
    rules: str,
    kind: Union[str, Sequence[str]],
    shape: str,
    source: str,
    document: Document,
    target: str,
    why: str,
    corrected: Optional[Document] = None,
    code: Optional[str] = None,
    **more: Any,
) -> None:
    """Add an invalid document.

    kind: the expected kind of the error
    shape, source, document, target, code: see `given`
    corrected: the document without the error
    more: other arguments of Feature.case
    """
    if corrected is not None:
        corrected_id = case_id + "-mended"
        CONVERT.case(
            corrected_id,
            f"the valid counterpart of {case_id}",
            rules,
            given(shape, source, target, corrected, code),
            ok(),
            "without it, rejecting the invalid document proves nothing",
            **more,
        )
        more = dict(more, needs=[corrected_id])
    CONVERT.case(
        case_id,
        title,
        rules,
        given(shape, source, target, document, code),
        reject(kind),
        why,
        **more,
    )


def b64(data: bytes) -> str:
    """Return the Base64 notation of bytes."""
    return base64.b64encode(data).decode("ascii")


def xml(*members: str) -> str:
    """Return an XML document with these elements below its root."""
    return f"<r>{''.join(members)}</r>"


def element(name: str, content: str = "") -> str:
    """Return an XML element whose content is XML."""
    return f"<{name}>{content}</{name}>"


def structure(*members: Any) -> Any:
    """Return the tree of a structure with the members (name, tree)."""
    return ["Structure", [list(member) for member in members]]


def part(data: str) -> str:
    """Return a PayloadPart event in JSON with Base64 data."""
    return f'{{"PayloadPart":{{"Bytes":"{data}"}}}}'


# ---- one value in every format -----------------------------------------------------------------

_STREAM = structure(("PayloadPart", structure(("Bytes", ["Blob", "aGk="]))))
_BROKEN = structure(
    (
        "ModelStreamError",
        structure(("Message", ["String", "caf\u00e9"]), ("ErrorCode", ["String", "StreamBroken"])),
    )
)
_EMPTY = structure(("PayloadPart", structure(("Bytes", ["Blob", ""]))))

# Outputs in every format that can express them, by part of the case id.
SAME_OUTPUTS: Dict[str, Dict[str, Document]] = {
    "no-stream": {
        "json": f'{{"{TYPE}":"text/plain"}}',
        "xml": element(OUTPUT, element(TYPE, "text/plain")),
        "query": "X-Amzn-SageMaker-Content-Type=text/plain",
        "value": structure((TYPE, ["String", "text/plain"])),
        "headers": {"headers": [[TYPE, "text/plain"]], "body": None},
    },
    "no-event": {
        "json": '{"Body":{}}',
        "xml": element(OUTPUT, element("Body")),
        "value": structure(("Body", ["Structure", []])),
        "headers": {"headers": [], "body": {}},
    },
    "one-event": {
        "json": f'{{"Body":{part("aGk=")},'
        f'"{TYPE}":"text/plain","{VARIANT}":"v 1&=","{ATTRIBUTES}":""}}',
        "xml": element(
            OUTPUT,
            element("Body", element("PayloadPart", element("Bytes", "aGk=")))
            + element(TYPE, "text/plain")
            + element(VARIANT, "v 1&amp;=")
            + element(ATTRIBUTES),
        ),
        "query": "Body.PayloadPart.Bytes=hi&X-Amzn-SageMaker-Content-Type=text/plain"
        "&X-Amzn-Invoked-Production-Variant=v%201%26=&X-Amzn-SageMaker-Custom-Attributes=",
        "value": structure(
            ("Body", _STREAM),
            (TYPE, ["String", "text/plain"]),
            (VARIANT, ["String", "v 1&="]),
            (ATTRIBUTES, ["String", ""]),
        ),
        "headers": {
            "headers": [[TYPE, "text/plain"], [VARIANT, "v 1&="], [ATTRIBUTES, ""]],
            "body": {"PayloadPart": {"Bytes": "aGk="}},
        },
    },
    "three-events": {
        "json": f'{{"Body":[{part("aGk=")},{part("")},'
        '{"ModelStreamError":{"Message":"caf\u00e9","ErrorCode":"StreamBroken"}}]}',
        "xml": element(
            OUTPUT,
            element(
                "Body",
                element("PayloadPart", element("Bytes", "aGk="))
                + element("PayloadPart", element("Bytes"))
                + element(
                    "ModelStreamError",
                    element("Message", "caf\u00e9") + element("ErrorCode", "StreamBroken"),
                ),
            ),
        ),
        "query": "Body.1.PayloadPart.Bytes=hi&Body.2.PayloadPart.Bytes="
        "&Body.3.ModelStreamError.Message=caf%C3%A9&Body.3.ModelStreamError.ErrorCode=StreamBroken",
        "value": structure(("Body", ["List", [_STREAM, _EMPTY, _BROKEN]])),
        "headers": {
            "headers": [],
            "body": [
                {"PayloadPart": {"Bytes": "aGk="}},
                {"PayloadPart": {"Bytes": ""}},
                {"ModelStreamError": {"Message": "caf\u00e9", "ErrorCode": "StreamBroken"}},
            ],
        },
    },
}

TITLES = {
    "no-stream": "an output without a stream",
    "no-event": "an output with an empty stream",
    "one-event": "an output with one event",
    "three-events": "an output with three events",
}
RULE_OF_FORMAT = {
    "json": "SHP-010",
    "xml": "SHP-017",
    "query": "SHP-019",
    "value": "SHP-023",
    "headers": "SHP-024",
}


def _formats() -> None:
    for name, documents in SAME_OUTPUTS.items():
        for source in documents:
            for target in documents:
                rules = ["SHP-012", "SHP-007"] + sorted(
                    {RULE_OF_FORMAT[source], RULE_OF_FORMAT[target]}
                )
                converts(
                    f"shp-{name}-{source}-to-{target}",
                    f"{TITLES[name]}, from {FORMAT_NAMES[source]} to {FORMAT_NAMES[target]}",
                    " ".join(rules),
                    OUTPUT,
                    source,
                    documents[source],
                    target,
                    documents[target],
                    "data that was stored in this format changes",
                )


# ---- members -----------------------------------------------------------------------------------


def _members() -> None:
    plain = f'{{"{TYPE}":"a"}}'
    converts(
        "shp-json-member-name",
        "JSON with the member name instead of the header name",
        "SHP-007",
        OUTPUT,
        "json",
        '{"ContentType":"a"}',
        "json",
        plain,
        "awso writes the header name, so a reader of only one name loses three members",
    )
    converts(
        "shp-xml-member-name",
        "XML with the member name instead of the header name",
        "SHP-007 SHP-017",
        OUTPUT,
        "xml",
        xml(element("InvokedProductionVariant", "v")),
        "json",
        f'{{"{VARIANT}":"v"}}',
        "documents with either name exist, so a reader of only one name loses members",
    )
    piece = "x" * 5000
    converts(
        "shp-xml-long-text-in-pieces",
        "a text of 20,000 characters with line ends and entities in XML",
        "SHP-016 SHP-018",
        OUTPUT,
        "xml",
        xml(element("InvokedProductionVariant", (piece + "&amp;\n") * 4)),
        "json",
        json.dumps({VARIANT: (piece + "&\n") * 4}, separators=(",", ":")),
        "XML parsers report a long text in pieces, and a reader of the first one cuts it",
    )
    converts(
        "shp-query-first-letter",
        "a query name with a lower-case first letter",
        "SHP-007 SHP-019",
        OUTPUT,
        "query",
        f"{VARIANT}=v&body.payloadPart.bytes=hi",
        "json",
        f'{{"Body":{part("aGk=")},"{VARIANT}":"v"}}',
        "some writers keep the lower-case letter of the header, so a strict reader loses the "
        "variant",
    )
    converts(
        "shp-value-member-name",
        "a tree with the member name instead of the header name",
        "SHP-007 SHP-023",
        OUTPUT,
        "value",
        structure(("CustomAttributes", ["String", "a"])),
        "json",
        f'{{"{ATTRIBUTES}":"a"}}',
        "documents with either name exist, so a reader of only one name loses members",
    )
    converts(
        "shp-json-unknown-member",
        "an unknown member in JSON",
        "SHP-008",
        OUTPUT,
        "json",
        f'{{"Trace":{{"a":[1,2]}},"{TYPE}":"a"}}',
        "json",
        plain,
        "a reader that rejects unknown members breaks when the service adds one",
    )
    converts(
        "shp-json-names-alike",
        "members in JSON whose names are almost known, or inherited elsewhere",
        "SHP-008 SHP-007",
        OUTPUT,
        "json",
        '{"__proto__":{"ContentType":"b"},"constructor":{"ContentType":"b"},"contentType":"b",'
        '"ContentType ":"b"," ContentType":"b","ContentType\\u0000":"b","\uff23ontentType":"b",'
        f'"X-Amzn-\u017fageMaker-Content-Type":"b","{TYPE}":"a"}}',
        "json",
        plain,
        "a reader that trims, folds or inherits names returns members that are not there",
    )
    converts(
        "shp-value-names-alike",
        "members in a tree whose names are almost known, or inherited elsewhere",
        "SHP-008 SHP-023",
        OUTPUT,
        "value",
        structure(
            ("__proto__", structure(("ContentType", ["String", "b"]))),
            ("toString", ["String", "b"]),
            ("contentType", ["String", "b"]),
            ("ContentType\u00a0", ["String", "b"]),
            (TYPE, ["String", "a"]),
        ),
        "json",
        plain,
        "a reader that trims, folds or inherits names returns members that are not there",
    )
    converts(
        "shp-xml-unknown-member",
        "an unknown element in XML",
        "SHP-008",
        OUTPUT,
        "xml",
        xml("<Trace><a/></Trace>", element(TYPE, "a")),
        "json",
        plain,
        "a reader that rejects unknown members breaks when the service adds one",
    )
    converts(
        "shp-query-unknown-member",
        "an unknown path in a query",
        "SHP-008",
        OUTPUT,
        "query",
        f"Trace.1.a=1&{TYPE}=a",
        "json",
        plain,
        "a reader that rejects unknown members breaks when the service adds one",
    )
    converts(
        "shp-value-unknown-member",
        "an unknown member in a tree",
        "SHP-008 SHP-023",
        OUTPUT,
        "value",
        structure(("Trace", ["Double", 1.5]), (TYPE, ["String", "a"])),
        "json",
        plain,
        "a reader that rejects unknown members breaks when the service adds one",
    )
    converts(
        "shp-json-unknown-event",
        "an unknown event in a stream",
        "SHP-008 SHP-012",
        OUTPUT,
        "json",
        f'{{"Body":[{{"Heartbeat":{{}}}},{part("aGk=")}]}}',
        "json",
        f'{{"Body":{part("aGk=")}}}',
        "a reader that keeps the event disagrees with a client, which skips it (EVS-032)",
    )
    converts(
        "shp-json-null-member",
        "null members",
        "SHP-008",
        OUTPUT,
        "json",
        f'{{"Body":null,"ContentType":null,"{VARIANT}":null,"CustomAttributes":"a"}}',
        "json",
        f'{{"{ATTRIBUTES}":"a"}}',
        "many writers write null for an absent member, so a reader that rejects it fails often",
    )
    converts(
        "shp-json-null-and-named",
        "a null member under one name and its value under the other",
        "SHP-008 SHP-013",
        OUTPUT,
        "json",
        f'{{"{TYPE}":null,"ContentType":"a"}}',
        "json",
        plain,
        "a reader that counts the null member reports a duplicate",
    )
    converts(
        "shp-json-empty-is-there",
        "an empty string",
        "SHP-008",
        OUTPUT,
        "json",
        '{"ContentType":""}',
        "xml",
        element(OUTPUT, element(TYPE)),
        "a reader that drops the empty string cannot distinguish it from an absent member",
    )
    converts(
        "shp-json-empty-blob",
        "an empty blob",
        "SHP-008 SHP-010",
        "ResponseStream",
        "json",
        '{"PayloadPart":{"Bytes":""}}',
        "query",
        "PayloadPart.Bytes=",
        "a reader that drops the empty blob cannot distinguish it from an absent member",
    )
    for source, first, second in (
        ("json", f'{{"{TYPE}":"a","ContentType":"b"}}', f'{{"{TYPE}":"a"}}'),
        ("xml", xml(element(TYPE, "a"), element("ContentType", "b")), xml(element(TYPE, "a"))),
        ("query", f"{TYPE}=a&ContentType=b", f"{TYPE}=a"),
    ):
        rejects(
            f"shp-{source}-both-names",
            f"a member under both of its names in {FORMAT_NAMES[source]}",
            "SHP-013",
            "syntax",
            OUTPUT,
            source,
            first,
            "json",
            "a reader that accepts this drops one of the two values silently",
            corrected=second,
        )
    rejects(
        "shp-xml-twice",
        "a duplicate element in XML",
        "SHP-013",
        "syntax",
        OUTPUT,
        "xml",
        xml(element(TYPE, "a"), element(TYPE, "a")),
        "json",
        "a reader that accepts this drops one of the two values silently",
    )
    rejects(
        "shp-query-twice",
        "a duplicate path in a query",
        "SHP-013",
        "syntax",
        OUTPUT,
        "query",
        f"{TYPE}=a&{TYPE}=b",
        "json",
        "a reader that accepts this drops one of the two values silently",
    )
    rejects(
        "shp-value-twice",
        "a duplicate member in a tree",
        "SHP-013 SHP-023",
        "syntax",
        OUTPUT,
        "value",
        structure((TYPE, ["String", "a"]), (TYPE, ["String", "b"])),
        "json",
        "a reader that accepts this drops one of the two values silently",
    )
    rejects(
        "shp-xml-two-streams",
        "two Body elements in XML",
        "SHP-013",
        "syntax",
        OUTPUT,
        "xml",
        xml(element("Body"), element("Body")),
        "json",
        "a reader that accepts this loses the events of one body",
        corrected=xml(element("Body")),
    )


def _types() -> None:
    for name, title, text in (
        ("number", "a number instead of a string in JSON", "5"),
        ("boolean", "a boolean instead of a string in JSON", "true"),
        ("list", "a list instead of a string in JSON", "[]"),
        ("object", "an object instead of a string in JSON", "{}"),
    ):
        rejects(
            f"shp-json-string-is-{name}",
            title,
            "SHP-009",
            "type",
            OUTPUT,
            "json",
            f'{{"ContentType":{text}}}',
            "json",
            "a reader that converts the value returns a string that was never written",
        )
    for name, title, text in (
        ("string", "a string instead of a stream in JSON", '"x"'),
        ("number", "a number instead of a stream in JSON", "1"),
        ("boolean", "a boolean instead of a stream in JSON", "false"),
    ):
        rejects(
            f"shp-json-stream-is-{name}",
            title,
            "SHP-009",
            "type",
            OUTPUT,
            "json",
            f'{{"Body":{text}}}',
            "json",
            "a reader that skips the value reports an empty response",
        )
    rejects(
        "shp-json-null-element",
        "a null element in a list of events",
        "SHP-009 SHP-012",
        "type",
        OUTPUT,
        "json",
        '{"Body":[null]}',
        "json",
        "a reader that skips the element shifts the position of the following events",
    )
    rejects(
        "shp-json-nested-list",
        "a list inside a list of events",
        "SHP-009 SHP-012",
        "type",
        OUTPUT,
        "json",
        f'{{"Body":[[{part("")}]]}}',
        "json",
        "a reader that flattens the lists accepts a document that no writer produces",
        corrected=f'{{"Body":[{part("")}]}}',
    )
    for name, title, text in (
        ("list", "a JSON document that is a list", "[]"),
        ("string", "a JSON document that is a string", '"s"'),
        ("null", "a JSON document that is null", "null"),
        ("number", "a JSON document that is a number", "1"),
    ):
        rejects(
            f"shp-json-document-is-{name}",
            title,
            "SHP-009",
            "type",
            OUTPUT,
            "json",
            text,
            "json",
            "a reader that accepts this reports an output without members",
        )
    rejects(
        "shp-json-event-is-string",
        "a string instead of an event",
        "SHP-009",
        "type",
        OUTPUT,
        "json",
        '{"Body":{"PayloadPart":"y"}}',
        "json",
        "a reader that skips the value loses an event",
    )
    rejects(
        "shp-query-value-for-structure",
        "a value instead of a structure in a query",
        "SHP-009",
        "type",
        OUTPUT,
        "query",
        "Body=x",
        "json",
        "a reader that skips the value reports an empty response",
        corrected="Body.PayloadPart.Bytes=x",
    )
    rejects(
        "shp-query-structure-for-value",
        "a structure instead of a value in a query",
        "SHP-009",
        "type",
        OUTPUT,
        "query",
        f"{TYPE}.a=x",
        "json",
        "a reader that skips the structure loses the member",
        corrected=f"{TYPE}=x",
    )
    rejects(
        "shp-query-value-and-structure",
        "a value and a structure under the same name in a query",
        "SHP-009",
        "type",
        OUTPUT,
        "query",
        "Body=x&Body.PayloadPart.Bytes=y",
        "json",
        "a reader that accepts this loses one of the two",
    )
    rejects(
        "shp-value-wrong-tag",
        "a blob instead of a string in a tree",
        "SHP-009 SHP-023",
        "type",
        OUTPUT,
        "value",
        structure((TYPE, ["Blob", "YQ=="])),
        "json",
        "a reader that decodes the bytes guesses their encoding",
    )
    rejects(
        "shp-value-unknown-tag",
        "an unknown tag in a tree",
        "SHP-023",
        "type",
        OUTPUT,
        "value",
        structure((TYPE, ["Text", "a"])),
        "json",
        "a reader that guesses the type of the value may return wrong data",
    )
    rejects(
        "shp-value-no-pair",
        "a tag without content in a tree",
        "SHP-023",
        "type",
        OUTPUT,
        "value",
        structure((TYPE, ["String"])),
        "json",
        "a reader that accepts this invents a value",
    )
    rejects(
        "shp-value-structure-of-text",
        "a text instead of the members of a structure in a tree",
        "SHP-023",
        "type",
        OUTPUT,
        "value",
        ["Structure", "a"],
        "json",
        "a reader that iterates over the letters as members reports an empty structure",
        corrected=["Structure", []],
    )
    rejects(
        "shp-value-member-alone",
        "a member name without a value in a tree",
        "SHP-023",
        "type",
        OUTPUT,
        "value",
        ["Structure", [["ContentType"]]],
        "json",
        "a reader that skips the incomplete pair loses a member",
    )
    rejects(
        "shp-value-no-structure",
        "a tree whose root is not a structure",
        "SHP-009 SHP-023",
        "type",
        OUTPUT,
        "value",
        ["String", "a"],
        "json",
        "a reader that accepts this reports an output without members",
    )


# ---- blobs, integers, text ---------------------------------------------------------------------

ALL_BYTES = bytes(range(256))


def _scalars() -> None:
    escaped = "".join(
        chr(byte)
        if chr(byte).isalnum() and byte < 128 or chr(byte) in "-._~!$'()*:@/?="
        else f"%{byte:02X}"
        for byte in ALL_BYTES
    )
    converts(
        "shp-blob-all-bytes-json",
        "a blob of all 256 bytes, from JSON to a query",
        "SHP-010 SHP-020",
        "PayloadPart",
        "json",
        f'{{"Bytes":"{b64(ALL_BYTES)}"}}',
        "query",
        "Bytes=" + escaped,
        "a converter that treats bytes as text damages only some of them, so it is noticed late",
    )
    converts(
        "shp-blob-all-bytes-query",
        "a blob of all 256 bytes, from a query to XML",
        "SHP-010 SHP-020",
        "PayloadPart",
        "query",
        "Bytes=" + escaped,
        "xml",
        f"<PayloadPart>{element('Bytes', b64(ALL_BYTES))}</PayloadPart>",
        "a converter that treats bytes as text damages only some of them, so it is noticed late",
    )
    for name, title, text in (
        ("alphabet", "Base64 in the URL-safe alphabet", "a-_k"),
        ("unpadded", "Base64 without padding", "aGk"),
        ("one-pad-too-few", "Base64 with one padding character too few", "YQ="),
        ("pad-inside", "Base64 with padding in the middle", "YQ==YQ=="),
        ("blank", "Base64 with a space", "aG k="),
        ("line-break", "Base64 with a line break", "aGk=\\n"),
        ("url", "Base64 for URLs", "_-8="),
        ("inside", "Base64 with padding inside", "aG==aGk="),
        ("text", "plain text instead of Base64", "hello"),
    ):
        rejects(
            "shp-blob-base64-" + name,
            title,
            "SHP-010",
            "type",
            "PayloadPart",
            "json",
            f'{{"Bytes":"{text}"}}',
            "json",
            "a lenient decoder accepts malformed Base64, and two such decoders return different "
            "bytes",
        )
    for name, title, text, exact in (
        ("2", "two unused bits", "aGl=", "aGk="),
        ("4", "four unused bits", "aP==", "aA=="),
    ):
        converts(
            "shp-blob-base64-bits-" + name,
            f"Base64 with {title} that are not zero",
            "SHP-010",
            "PayloadPart",
            "json",
            f'{{"Bytes":"{text}"}}',
            "xml",
            f"<PayloadPart>{element('Bytes', exact)}</PayloadPart>",
            "a reader that rejects what most decoders accept loses the bytes",
        )
    rejects(
        "shp-blob-is-list",
        "a list of numbers instead of a blob",
        "SHP-010 SHP-009",
        "type",
        "PayloadPart",
        "json",
        '{"Bytes":[104]}',
        "json",
        "some writers write bytes as numbers, and a reader that guesses may return other bytes",
    )
    rejects(
        "shp-blob-xml-raw",
        "raw text instead of Base64 in XML",
        "SHP-010",
        "type",
        "PayloadPart",
        "xml",
        "<r><Bytes>hi!</Bytes></r>",
        "json",
        "awso uses the text as the bytes, but a lenient Base64 decoder returns different ones",
        corrected="<r><Bytes>aGkh</Bytes></r>",
    )
    for number in (-2147483648, -1, 0, 500, 2147483647):
        converts(
            "shp-integer-" + str(number).replace("-", "minus-"),
            f"the integer {number}",
            "SHP-011",
            "ModelError",
            "json",
            f'{{"OriginalStatusCode":{number}}}',
            "xml",
            f"<ModelError>{element('OriginalStatusCode', str(number))}</ModelError>",
            "a converter that changes an integer reports another status",
        )
    for number in (-2147483649, 2147483648, 4611686018427387904):
        name = str(number).replace("-", "minus-")
        rejects(
            f"shp-integer-json-{name}",
            f"the integer {number} in JSON, which exceeds 32 bits",
            "SHP-011",
            "constraint",
            "ModelError",
            "json",
            f'{{"OriginalStatusCode":{number}}}',
            "json",
            "a reader that stores the value in 32 bits without a check wraps it around",
        )
        rejects(
            f"shp-integer-xml-{name}",
            f"the integer {number} in XML, which exceeds 32 bits",
            "SHP-011",
            "constraint",
            "ModelError",
            "xml",
            xml(element("OriginalStatusCode", str(number))),
            "json",
            "a reader that stores the value in 32 bits without a check wraps it around",
        )
    for name, title, text in (
        ("fraction", "a number with a fraction instead of an integer in JSON", "500.9"),
        ("exponent", "a number with an exponent instead of an integer in JSON", "1e3"),
        ("negative-zero", "the number -0.0 instead of an integer in JSON", "-0.0"),
        ("boolean", "a boolean instead of an integer in JSON", "true"),
        ("string", "a string instead of an integer in JSON", '"500"'),
    ):
        rejects(
            f"shp-integer-json-{name}",
            title,
            "SHP-011",
            "type",
            "ModelError",
            "json",
            f'{{"OriginalStatusCode":{text}}}',
            "json",
            "awso converts through a float and truncates, so 500.9 becomes 500 and 1e30 becomes 0",
        )
    for name, title, text in (
        ("hexadecimal", "a hexadecimal number instead of a decimal integer in XML", "0x1F4"),
        ("hexadecimal-capital", "a hexadecimal number with a capital X in XML", "0X1f4"),
        ("underscore", "an integer with an underscore in XML", "1_000"),
        ("octal", "an octal number instead of a decimal integer in XML", "0o17"),
        ("blank", "an integer after a space in XML", " 5"),
        ("empty", "an empty element instead of an integer in XML", ""),
        ("word", "a word instead of an integer in XML", "abc"),
        ("fraction", "a number with a fraction instead of an integer in XML", "5.0"),
        ("other-digits", "an Arabic-Indic digit instead of an integer in XML", "\u0665"),
        ("sign-alone", "a sign without digits in XML", "-"),
        ("21-digits", "an integer of 21 digits in XML", "0" * 21),
        ("line-after", "an integer before a line end in XML", "5\n"),
        ("next-line", "an integer before U+0085 in XML", "5\x85"),
        ("no-break-space", "an integer after U+00A0 in XML", "\u00a05"),
        ("full-width", "a full-width digit instead of an integer in XML", "\uff15"),
        ("exponent", "an integer with an exponent in XML", "5e0"),
        ("minus-sign", "an integer with U+2212 in XML", "\u22125"),
    ):
        rejects(
            f"shp-integer-xml-{name}",
            title,
            "SHP-011",
            "type",
            "ModelError",
            "xml",
            xml(element("OriginalStatusCode", text)),
            "json",
            "a reader that uses the integer parser of its language accepts what other readers "
            "reject",
        )
    for name, text in (("plus", "+5"), ("zeros", "0005")):
        converts(
            f"shp-integer-xml-{name}",
            f"the integer {text} in XML",
            "SHP-011",
            "ModelError",
            "xml",
            xml(element("OriginalStatusCode", text)),
            "json",
            '{"OriginalStatusCode":5}',
            "XML Schema allows this notation, so a strict reader rejects valid documents",
        )
    converts(
        "shp-integer-query",
        "an integer in a query",
        "SHP-011 SHP-019",
        "ModelError",
        "query",
        "OriginalStatusCode=-5",
        "value",
        structure(("OriginalStatusCode", ["Integer", -5])),
        "a reader that keeps the digits as text returns a value of the wrong type",
    )
    # Number, formats, end of the title, reason. In 32 or 64 bits, most of the first are 500.
    of_32_or_64 = "a reader that keeps 32 or 64 bits reports a status that nobody sent"
    of_one_bound = "each format has its own reader, and one of them may check only the other bound"
    for number, forms, end, why in (
        *(
            (number, "json xml query value", "", of_32_or_64)
            for number in (2**32 + 500, 500 - 2**32, 2**64 + 500, -(2**63) - 1)
        ),
        (-(2**31) - 1, "query value", ", one beyond 32 bits", of_one_bound),
        (2**31, "query value", ", one beyond 32 bits", of_one_bound),
    ):
        documents: Dict[str, Any] = {
            "json": f'{{"OriginalStatusCode":{number}}}',
            "xml": xml(element("OriginalStatusCode", str(number))),
            "query": f"OriginalStatusCode={number}",
            "value": structure(("OriginalStatusCode", ["Integer", number])),
        }
        for form in forms.split():
            rejects(
                f"shp-integer-{form}-{number}".replace("--", "-minus-"),
                f"the integer {number} in the format {form}{end}",
                "SHP-011",
                "constraint",
                "ModelError",
                form,
                documents[form],
                "json",
                why,
            )
    rejects(
        "shp-integer-query-word",
        "a word instead of an integer in a query",
        "SHP-011",
        "type",
        "ModelError",
        "query",
        "OriginalStatusCode=abc",
        "json",
        "a reader that returns 0 for a word invents a status",
    )

    every = (
        "\t\n\r "
        "!\"#$%&'()*+,-./0:;<=>?@[\\]^_`{|}~\x7f\u0080\u0085\u00e9\u2028\u20ac\ud7ff\ue000\ufffd\U0001f600\U0010ffff"
    )
    in_json = json.dumps(every, ensure_ascii=False).replace("\x7f", "\\u007f")
    in_xml = (
        every.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    )
    converts(
        "shp-text-json-to-xml",
        "text with special and non-ASCII characters, from JSON to XML",
        "SHP-018 SHP-015",
        "ValidationError",
        "json",
        f'{{"Message":{in_json}}}',
        "xml",
        f"<ValidationError>{element('Message', in_xml)}</ValidationError>",
        "a converter that changes a character changes the message",
    )
    converts(
        "shp-text-xml-to-json",
        "text with special and non-ASCII characters, from XML to JSON",
        "SHP-018 SHP-015",
        "ValidationError",
        "xml",
        xml(element("Message", in_xml)),
        "json",
        f'{{"Message":{in_json}}}',
        "a converter that changes a character changes the message",
    )
    converts(
        "shp-text-query",
        "text with special and non-ASCII characters, from a query to JSON",
        "SHP-014 SHP-020",
        "ValidationError",
        "query",
        "Message=" + "".join(f"%{byte:02X}" for byte in every.encode("utf-8")),
        "json",
        f'{{"Message":{in_json}}}',
        "a reader that decodes escaped bytes with another encoding changes the message",
    )
    converts(
        "shp-text-pair-of-surrogates",
        "a character written as two escapes in JSON",
        "SHP-014",
        "ValidationError",
        "json",
        '{"Message":"\\ud83d\\ude00"}',
        "xml",
        element("ValidationError", element("Message", "\U0001f600")),
        "a reader that keeps the two surrogates produces text that cannot be encoded",
    )
    for name, title, text in (
        ("first", "a high surrogate at the end of a JSON string", "\\ud83d"),
        ("second", "a low surrogate without a high surrogate in JSON", "\\ude00"),
        ("wrong-order", "a surrogate pair in the wrong order in JSON", "\\ude00\\ud83d"),
        ("cut", "a high surrogate before another character in JSON", "\\ud83dx"),
    ):
        rejects(
            f"shp-text-half-surrogate-{name}",
            title,
            "SHP-014",
            "utf8",
            "ValidationError",
            "json",
            f'{{"Message":"{text}"}}',
            "xml",
            "text with half a surrogate pair cannot be encoded, and fails far from its cause",
        )
    rejects(
        "shp-text-query-no-utf8",
        "a query value that is not valid UTF-8",
        "SHP-014",
        "utf8",
        "ValidationError",
        "query",
        "Message=%FF",
        "json",
        "a reader that replaces the invalid bytes returns a text that was never written",
        corrected="Message=%C3%BF",
    )
    rejects(
        "shp-name-query-no-utf8",
        "a query name that is not valid UTF-8",
        "SHP-014",
        "utf8",
        "ValidationError",
        "query",
        "Message=a&%FF=b",
        "json",
        "a reader that replaces the invalid bytes returns a name that was never written",
        corrected="Message=a&%C3%BF=b",
    )


# ---- one format --------------------------------------------------------------------------------


def _json() -> None:
    converts(
        "shp-json-escapes",
        "every escape that JSON defines",
        "SHP-015",
        "ValidationError",
        "json",
        '{"Message":"\\u0000\\u0001\\b\\f\\n\\r\\t\\"\\\\\\/\\u007f\\u00e9"}',
        "json",
        '{"Message":"\\u0000\\u0001\\b\\f\\n\\r\\t\\"\\\\/\\u007f\u00e9"}',
        "a converter that does not escape control characters writes invalid JSON",
        level="SHOULD",
    )
    for name, title, text in (
        ("empty", "an empty JSON document", ""),
        ("cut", "a truncated JSON document", '{"ContentType":"a"'),
        ("trailing", "a JSON document followed by text", '{"ContentType":"a"} x'),
        ("two", "two JSON documents", "{} {}"),
        ("comma", "a JSON object with a trailing comma", '{"ContentType":"a",}'),
        ("single-quotes", "JSON with single quotes", "{'ContentType':'a'}"),
        ("comment", "JSON with a comment", "{}//"),
        ("raw-line-break", "a JSON string with an unescaped line break", '{"ContentType":"a\nb"}'),
        ("xml", "XML instead of JSON", "<r/>"),
    ):
        rejects(
            f"shp-json-syntax-{name}",
            title,
            "SHP-002",
            "syntax",
            OUTPUT,
            "json",
            text,
            "json",
            "a lenient reader accepts documents that other readers reject, or returns wrong data",
        )
    rejects(
        "shp-json-name-twice",
        "a duplicate name in a JSON object",
        "SHP-002 SHP-013",
        "syntax",
        OUTPUT,
        "json",
        '{"ContentType":"a","ContentType":"b"}',
        "json",
        "some parsers keep the first value and others the last, so two readers disagree",
    )
    rejects(
        "shp-json-unknown-twice",
        "a duplicate unknown name in a JSON object",
        "SHP-002",
        "syntax",
        OUTPUT,
        "json",
        '{"x":1,"x":1}',
        "json",
        "a reader that ignores the member accepts a document that another reader rejects",
    )
    for name in ("NaN", "Infinity", "-Infinity"):
        rejects(
            f"shp-json-{name.lower().replace('-', 'minus-')}",
            f"the number {name} in JSON",
            "SHP-003",
            "syntax",
            "ModelError",
            "json",
            f'{{"OriginalStatusCode":{name}}}',
            "json",
            "JSON has no such number, and a lenient reader such as awso returns 0",
        )
    rejects(
        "shp-json-overflow",
        "a JSON number that overflows a double",
        "SHP-003",
        "syntax",
        OUTPUT,
        "json",
        '{"x":1e999}',
        "json",
        "a parser that returns infinity, as Python's does, passes on a value that JSON cannot "
        "express",
    )
    for name, number in (
        ("negative", "-1e999"),
        ("just", "1.7976931348623159e308"),
        ("just-negative", "-1.7976931348623159E+308"),
        ("digits", "1" + "0" * 309 + ".0"),
    ):
        rejects(
            "shp-json-overflow-" + name,
            f"a JSON number that overflows a double: {name}",
            "SHP-003",
            "syntax",
            OUTPUT,
            "json",
            f'{{"x":{number}}}',
            "json",
            "a parser that returns infinity, as Python's does, passes on a value that JSON cannot "
            "express",
        )
    rejects(
        "shp-json-long-integer",
        "an unknown JSON member that is an integer of 21 digits",
        "SHP-003",
        "syntax",
        OUTPUT,
        "json",
        '{"x":123456789012345678901}',
        "json",
        "a parser without a limit takes quadratic time for a long integer",
        corrected='{"x":12345678901234567890}',
    )
    rejects(
        "shp-json-long-negative-integer",
        "an unknown JSON member that is a minus sign and 20 digits",
        "SHP-003",
        "syntax",
        OUTPUT,
        "json",
        '{"x":-12345678901234567890}',
        "json",
        "a parser that does not count the sign accepts a character more than the rule says",
        corrected='{"x":-1234567890123456789}',
    )
    brackets = "a reader that counts brackets instead of levels rejects documents that models write"
    many = "[" * 50 + '\\"' + "{" * 50
    converts(
        "shp-json-brackets-in-text",
        "a JSON string that contains 100 opening brackets",
        "SHP-001",
        OUTPUT,
        "json",
        f'{{"ContentType":"{many}"}}',
        "json",
        f'{{"{TYPE}":"{many}"}}',
        brackets,
    )
    converts(
        "shp-json-brackets-in-a-row",
        "100 arrays next to each other in JSON",
        "SHP-001",
        OUTPUT,
        "json",
        f'{{"x":[{",".join(["[]"] * 100)}],"ContentType":"a"}}',
        "json",
        f'{{"{TYPE}":"a"}}',
        brackets,
    )
    deep, deeper = '{"x":' + "[" * 63 + "]" * 63 + "}", '{"x":' + "[" * 5000 + "]" * 5000 + "}"
    rejects(
        "shp-json-depth",
        "5,001 nested levels in JSON",
        "SHP-001",
        "limit",
        OUTPUT,
        "json",
        deeper,
        "json",
        "a recursive reader overflows its stack, and the process ends",
        corrected=deep,
    )
    rejects(
        "shp-json-depth-behind",
        "5,001 nested levels in JSON after a closed array",
        "SHP-001",
        "limit",
        OUTPUT,
        "json",
        '{"a":[],' + deeper[1:],
        "json",
        "a reader that miscounts the closed array never reaches its limit",
        corrected='{"a":[],' + deep[1:],
    )


def _xml() -> None:
    good = xml(element(TYPE, "a"))
    for name, title, text, expected in (
        (
            "root-name",
            "XML whose root has another name",
            f"<anything>{element(TYPE, 'a')}</anything>",
            "a",
        ),
        (
            "namespace",
            "XML with a default namespace",
            f'<r xmlns="urn:x">{element(TYPE, "a")}</r>',
            "a",
        ),
        (
            "prefix",
            "XML with namespace prefixes",
            '<q:r xmlns:q="u"><q:ContentType>a</q:ContentType></q:r>',
            "a",
        ),
        (
            "attributes",
            "XML with attributes",
            '<r b="1"><ContentType c="2">a</ContentType></r>',
            "a",
        ),
        (
            "comment",
            "XML with comments",
            "<r><!-- x --><ContentType>a<!-- x -->b</ContentType></r>",
            "ab",
        ),
        (
            "instruction",
            "XML with processing instructions",
            "<r><?x y?><ContentType>a<?x y?>b</ContentType></r>",
            "ab",
        ),
        (
            "cdata",
            "XML with a CDATA section",
            "<r><ContentType><![CDATA[<&>]]></ContentType></r>",
            "<&>",
        ),
        (
            "references",
            "XML with entity and character references",
            "<r><ContentType>&#65;&#x42;&lt;&gt;&quot;&apos;&amp;</ContentType></r>",
            "AB<>\"'&",
        ),
        (
            "white-space",
            "XML with white space around elements and inside a string",
            "<r>\n  <ContentType> a </ContentType>\n</r>\n",
            " a ",
        ),
        ("declaration", "XML with an XML declaration", '<?xml version="1.0"?>' + good, "a"),
        (
            "line-break",
            "XML with CR LF in a string",
            "<r><ContentType>a\r\nb</ContentType></r>",
            "a\nb",
        ),
        (
            "carriage-return",
            "XML with a reference to CR in a string",
            "<r><ContentType>a&#13;b</ContentType></r>",
            "a\rb",
        ),
        ("empty-element", "XML with an empty-element tag", "<r><ContentType/></r>", ""),
    ):
        converts(
            "shp-xml-" + name,
            title,
            "SHP-004 SHP-017",
            OUTPUT,
            "xml",
            text,
            "json",
            f'{{"{TYPE}":{json.dumps(expected)}}}',
            "a reader that does not accept this cannot read documents of other XML writers",
        )
    for name, title, text in (
        ("empty", "an empty XML document", ""),
        ("blank", "spaces instead of XML", "   "),
        ("text", "text instead of XML", "x"),
        ("json", "JSON instead of XML", "{}"),
        ("cut", "a truncated XML document", "<r>"),
        ("crossed", "XML whose end tag has another name", "<r></s>"),
        ("case", "XML whose end tag differs in letter case", "<r></R>"),
        ("two-roots", "XML with two roots", "<r/><s/>"),
        ("junk", "XML followed by text", "<r/>x"),
        ("attribute-twice", "XML with a duplicate attribute", '<r a="1" a="2"/>'),
        ("entity", "XML with an undefined entity", "<r>&x;</r>"),
        ("null", "XML with a reference to NUL", "<r>&#0;</r>"),
        ("ampersand", "XML with an unescaped ampersand", "<r><ContentType>a & b</ContentType></r>"),
        ("section-end", "XML with the end of a CDATA section in text", "<r>]]></r>"),
    ):
        rejects(
            f"shp-xml-syntax-{name}",
            title,
            "SHP-004",
            "syntax",
            OUTPUT,
            "xml",
            text,
            "json",
            "a lenient reader accepts documents that other readers reject, or returns wrong data",
        )
    for name, title, text in (
        ("element", "an element with a prefix", "<r><p:Body/></r>"),
        ("root", "a root with a prefix", "<p:r/>"),
        ("attribute", "an attribute with a prefix", '<r p:a="1"/>'),
        ("sibling", "a prefix of another element", '<r><a xmlns:p="u"/><p:Body/></r>'),
        ("empty", "a prefix with an empty declaration", '<r xmlns:p=""><p:Body/></r>'),
        ("two-colons", "a name with two colons", '<r xmlns:p="u"><p:Body:x/></r>'),
    ):
        rejects(
            f"shp-xml-prefix-undeclared-{name}",
            "XML that is not well-formed with namespaces: " + title,
            "SHP-004",
            "syntax",
            OUTPUT,
            "xml",
            text,
            "json",
            "readers with namespaces reject the document, so only some readers see the member",
        )
    for name, title, text in (
        ("outer", "a prefix of a surrounding element", '<r xmlns:p="u"><a><b/></a><p:Body/></r>'),
        ("inner", "a prefix of the element itself", '<r><p:Body xmlns:p="u"/></r>'),
        ("attribute", "an attribute with a declared prefix", '<r xmlns:p="u"><Body p:a="1"/></r>'),
        ("xml", "the prefix xml, which needs no declaration", '<r xml:lang="en"><Body/></r>'),
    ):
        converts(
            f"shp-xml-prefix-declared-{name}",
            "XML with " + title,
            "SHP-004",
            OUTPUT,
            "xml",
            text,
            "json",
            '{"Body":{}}',
            "a reader that does not accept this cannot read documents of other XML writers",
        )
    converts(
        "shp-xml-bom",
        "a byte order mark before XML",
        "SHP-004",
        OUTPUT,
        "xml",
        "\ufeff" + good,
        "json",
        '{"X-Amzn-SageMaker-Content-Type":"a"}',
        "a reader that does not accept this cannot read documents of other XML writers",
    )
    for name, title, text in (
        ("doctype", "XML with a document type declaration", "<!DOCTYPE r>" + good),
        (
            "internal",
            "XML with an internal entity",
            '<!DOCTYPE r [<!ENTITY x "a">]><r><ContentType>&x;</ContentType></r>',
        ),
        (
            "external",
            "XML with an external entity",
            "<!DOCTYPE r [<!ENTITY x SYSTEM "
            '"file:///etc/passwd">]><r><ContentType>&x;</ContentType></r>',
        ),
    ):
        rejects(
            f"shp-xml-dtd-{name}",
            title,
            "SHP-004",
            "syntax",
            OUTPUT,
            "xml",
            text,
            "json",
            "a reader that processes the declaration reads files or expands entities without limit",
        )
    rejects(
        "shp-xml-depth",
        "5,001 nested levels in XML",
        "SHP-005",
        "limit",
        OUTPUT,
        "xml",
        xml("<a>" * 5000 + "</a>" * 5000),
        "json",
        "a recursive reader overflows its stack, and the process ends",
        corrected=xml("<a>" * 63 + "</a>" * 63),
    )
    rejects(
        "shp-xml-text-in-structure",
        "text instead of a stream in XML",
        "SHP-016",
        "type",
        OUTPUT,
        "xml",
        xml(element("Body", "aGk=")),
        "json",
        "a reader that skips the text loses bytes silently",
        corrected=xml(element("Body", " \n")),
    )
    rejects(
        "shp-xml-element-in-string",
        "an element inside a string in XML",
        "SHP-016",
        "type",
        OUTPUT,
        "xml",
        xml(element(TYPE, "a<b/>c")),
        "json",
        "a reader that skips the element or the text after it returns another string",
        corrected=xml(element(TYPE, "ac")),
    )
    rejects(
        "shp-xml-element-in-blob",
        "an element inside a blob in XML",
        "SHP-016",
        "type",
        "PayloadPart",
        "xml",
        xml(element("Bytes", "aG<b/>k=")),
        "json",
        "a reader that skips the element or the text after it returns other bytes",
        corrected=xml(element("Bytes", "aGk=")),
    )
    converts(
        "shp-xml-writes-cr",
        "a string with CR, from JSON to XML",
        "SHP-018",
        OUTPUT,
        "json",
        '{"ContentType":"a\\rb\\r\\n"}',
        "xml",
        element(OUTPUT, element(TYPE, "a&#13;b&#13;\n")),
        "a writer that does not write a reference loses the CR, because XML readers convert it "
        "to LF",
    )
    for name, title, character in (
        ("nul", "a string with NUL, from JSON to XML", "\\u0000"),
        ("control", "a string with U+001B, from JSON to XML", "\\u001b"),
        ("vertical-tab", "a string with U+000B, from JSON to XML", "\\u000b"),
        ("fffe", "a string with U+FFFE, from JSON to XML", "\\ufffe"),
        ("ffff", "a string with U+FFFF, from JSON to XML", "\\uffff"),
    ):
        rejects(
            f"shp-xml-cannot-hold-{name}",
            title,
            "SHP-018",
            "constraint",
            OUTPUT,
            "json",
            f'{{"ContentType":"a{character}b"}}',
            "xml",
            "XML 1.0 does not allow the character, so a writer that writes it produces invalid XML",
        )


def _query() -> None:
    converts(
        "shp-query-empty",
        "an empty query",
        "SHP-019",
        OUTPUT,
        "query",
        "",
        "json",
        "{}",
        "a reader that rejects the empty query cannot read an output without members",
    )
    converts(
        "shp-query-empty-structures",
        "an empty structure, from JSON to a query",
        "SHP-019 SHP-012",
        OUTPUT,
        "json",
        f'{{"Body":[{{"PayloadPart":{{}}}},{part("aGk=")}],"ContentType":"a"}}',
        "query",
        f"Body.2.PayloadPart.Bytes=hi&{TYPE}=a",
        "a writer that renumbers the events changes their positions",
    )
    converts(
        "shp-query-gaps",
        "a list in a query whose numbers have gaps and are unsorted",
        "SHP-021",
        OUTPUT,
        "query",
        "Body.10.PayloadPart.Bytes=c&Body.2.PayloadPart.Bytes=a&Body.9.PayloadPart.Bytes=b",
        "json",
        f'{{"Body":[{part("YQ==")},{part("Yg==")},{part("Yw==")}]}}',
        "a reader that sorts the numbers as text puts 10 before 2 and reorders the parts",
    )
    for name, title, escaped_name in (
        ("superscript", "a superscript two", "%C2%B2"),
        ("arabic", "an Arabic digit", "%D9%A2"),
        ("sign", "a number with a sign", "-1"),
        ("underscore", "a number with an underscore", "1_0"),
    ):
        converts(
            "shp-query-no-number-" + name,
            f"the name of an unknown member in a query: {title}",
            "SHP-021 SHP-008",
            OUTPUT,
            "query",
            f"Body.{escaped_name}=x&Body.PayloadPart.Bytes=a",
            "json",
            f'{{"Body":{part("YQ==")}}}',
            "a reader that takes it for a number rejects a document or loses the event",
        )
    for name, title, query, document in (
        (
            "event",
            "an event",
            "Body.%C4%B1nternalStreamFailure.Message=x&Body.PayloadPart.Bytes=a",
            f'{{"Body":{part("YQ==")}}}',
        ),
        (
            "variant",
            "a member of the output",
            f"%C4%B1nvokedProductionVariant=x&{TYPE}=a",
            f'{{"{TYPE}":"a"}}',
        ),
    ):
        converts(
            "shp-query-dotless-i-" + name,
            f"a dotless i in place of the first letter of {title} in a query",
            "SHP-019 SHP-008",
            OUTPUT,
            "query",
            query,
            "json",
            document,
            "a reader that makes upper case as Unicode does takes it for the member",
        )
    for name, title, text in (
        ("zero", "a list in a query that is numbered from 0", "Body.0.PayloadPart.Bytes=a"),
        (
            "leading-zero",
            "a list number with a leading zero in a query",
            "Body.01.PayloadPart.Bytes=a",
        ),
        (
            "mixed",
            "numbered and unnumbered events in a query",
            "Body.1.PayloadPart.Bytes=a&Body.PayloadPart.Bytes=b",
        ),
        (
            "value",
            "a value and numbered events under the same name in a query",
            "Body=x&Body.1.PayloadPart.Bytes=a",
        ),
        (
            "huge",
            "a list number of 20 digits in a query",
            "Body.99999999999999999999.PayloadPart.Bytes=a",
        ),
        (
            "10-digits",
            "a list number of 10 digits in a query",
            "Body.1000000000.PayloadPart.Bytes=a",
        ),
    ):
        rejects(
            f"shp-query-number-{name}",
            title,
            "SHP-021",
            "type",
            OUTPUT,
            "query",
            text,
            "json",
            "a reader that accepts this cannot know the order of the events",
        )
    converts(
        "shp-query-number-9-digits",
        "a list number of 9 digits in a query",
        "SHP-021",
        OUTPUT,
        "query",
        "Body.999999999.PayloadPart.Bytes=a",
        "json",
        f'{{"Body":{part("YQ==")}}}',
        "a reader with a lower bound rejects a valid list",
    )
    for name, title, text, expected in (
        ("escaped-letters", "a query with escaped letters", "%43ontentType=%61", "a"),
        ("lower-case", "a query with escapes in lower case", "ContentType=%c3%a9", "\u00e9"),
        ("plus", "a query with + for a space", "ContentType=a+b", "a b"),
        ("escaped-plus", "a query with an escaped +", "ContentType=a%2Bb", "a+b"),
        ("equals", "a query value that contains =", "ContentType=a=b", "a=b"),
        ("semicolon", "a query value with an unescaped semicolon", "ContentType=a;b=c", "a;b=c"),
        ("semicolon-name", "a query name with a semicolon", "a;ContentType=b&ContentType=c", "c"),
        ("spaces", "a query value with spaces around it", "ContentType=+a%C2%A0%09", " a\u00a0\t"),
        ("percent-twice", "a query value that is escaped twice", "ContentType=%2541", "%41"),
        (
            "names-alike",
            "names in a query that are almost known or inherited elsewhere",
            "contenttype=b&ContentType+=b&+ContentType=b&%EF%BC%A3ontentType=b&Content%54ype=a"
            "&__proto__.ContentType=b&constructor.prototype.ContentType=b&ContentType%00=b",
            "a",
        ),
        ("no-equals", "a query name without =", "ContentType", ""),
        ("ampersands", "a query with empty pairs", "&&ContentType=a&", "a"),
        ("comma", "a query value with an unescaped comma", "ContentType=a,b", "a,b"),
        (
            "unescaped",
            "a query value with other unescaped characters",
            "ContentType=a/b?c:d@e",
            "a/b?c:d@e",
        ),
    ):
        converts(
            "shp-query-" + name,
            title,
            "SHP-020",
            OUTPUT,
            "query",
            text,
            "json",
            json.dumps({TYPE: expected}, ensure_ascii=False),
            "libraries escape queries differently, so a strict reader rejects valid documents",
        )
    converts(
        "shp-query-writes",
        "a string with reserved characters, from JSON to a query",
        "SHP-020 SHP-019",
        OUTPUT,
        "json",
        '{"ContentType":"a b&c=d/e+f;g%h,i\\"\\\\"}',
        "query",
        f"{TYPE}=a%20b%26c=d/e%2Bf%3Bg%25h%2Ci%22%5C",
        "a writer that does not escape a reserved character splits one member into two",
    )
    for name, title, text in (
        ("end", "a percent sign at the end of a query", "ContentType=a%"),
        ("one-digit", "a percent sign before one digit in a query", "ContentType=%4"),
        ("no-digit", "a percent sign before other letters in a query value", "ContentType=%zz"),
        ("name", "a percent sign before other letters in a query name", "%zz=a"),
    ):
        rejects(
            f"shp-query-percent-{name}",
            title,
            "SHP-020",
            "syntax",
            OUTPUT,
            "query",
            text,
            "json",
            "a reader that keeps an incomplete escape hides truncated or wrongly escaped text",
        )
    rejects(
        "shp-query-text-and-names",
        "a value that also has members in a query",
        "SHP-019 SHP-009",
        "type",
        OUTPUT,
        "query",
        "ContentType=a&ContentType.x=b",
        "json",
        "a reader that accepts this loses the value or the member",
        corrected="ContentType=a",
    )
    rejects(
        "shp-query-depth",
        "a query path of 5,000 names",
        "SHP-022",
        "limit",
        OUTPUT,
        "query",
        ".".join(["a"] * 5000) + "=1",
        "json",
        "a recursive reader overflows its stack, and the process ends",
        corrected=".".join(["a"] * 64) + "=1",
    )


def _headers() -> None:
    converts(
        "shp-headers-names",
        "the same header twice, once in lower case",
        "SHP-024",
        OUTPUT,
        "headers",
        {"headers": [["x-amzn-sagemaker-content-type", "a"], [TYPE, "b"], ["Content-Type", "c"]]},
        "json",
        f'{{"{TYPE}":"a"}}',
        "a reader that compares letter case, or uses the last of two headers, returns another "
        "value",
    )
    converts(
        "shp-headers-kelvin",
        "a header whose name has a Kelvin sign",
        "SHP-024 SHP-008",
        OUTPUT,
        "headers",
        {"headers": [[TYPE.replace("k", "\u212a").replace("K", "\u212a"), "a"], [TYPE, "b"]]},
        "json",
        f'{{"{TYPE}":"b"}}',
        "a reader that makes lower case as Unicode does takes the value of another header",
    )
    converts(
        "shp-headers-verbatim",
        "a header value with surrounding spaces and a comma",
        "SHP-024",
        OUTPUT,
        "headers",
        {"headers": [[TYPE, " a, b "]]},
        "json",
        f'{{"{TYPE}":" a, b "}}',
        "a reader that trims or splits the value changes what the container sent",
    )
    converts(
        "shp-headers-input",
        "an input without its endpoint, from JSON to headers",
        "SHP-024 SHP-007",
        INPUT,
        "json",
        '{"Body":"e30=","ContentType":"application/json","Accept":"text/plain"}',
        "headers",
        {
            "headers": [
                ["Content-Type", "application/json"],
                ["X-Amzn-SageMaker-Accept", "text/plain"],
            ],
            "body": "e30=",
        },
        "a writer that sends Accept under its own name asks for another format of the response",
    )
    converts(
        "shp-headers-input-back",
        "an input from headers to JSON",
        "SHP-024 SHP-007",
        INPUT,
        "headers",
        {"headers": [["content-type", "application/json"]], "body": "e30="},
        "json",
        '{"Body":"e30=","Content-Type":"application/json"}',
        "a reader that compares the letter case of names loses the content type",
    )
    converts(
        "shp-headers-document",
        "a shape without header members, from JSON to headers",
        "SHP-024",
        "ModelError",
        "json",
        '{"Message":"m","OriginalStatusCode":500}',
        "headers",
        {"headers": [], "body": '{"Message":"m","OriginalStatusCode":500}'},
        "a writer that puts these members into headers puts them where no reader looks",
    )
    converts(
        "shp-headers-document-back",
        "a shape without header members, from headers to JSON",
        "SHP-024",
        "ModelError",
        "headers",
        {"headers": [["Message", "no"]], "body": '{"Message":"m"}'},
        "json",
        '{"Message":"m"}',
        "a reader that looks for these members in the headers loses or invents them",
    )
    rejects(
        "shp-headers-path",
        "a member that belongs to the URL path, from JSON to headers",
        "SHP-024",
        "constraint",
        INPUT,
        "json",
        '{"EndpointName":"llm","Body":""}',
        "headers",
        "a writer that drops the endpoint name produces a call to no endpoint",
        corrected='{"Body":""}',
    )
    for name, title, text in (
        ("line-break", "a line break in a string, from JSON to headers", "a\\r\\nX: b"),
        ("nul", "NUL in a string, from JSON to headers", "a\\u0000"),
        ("beyond-latin-1", "a character outside Latin-1, from JSON to headers", "\\u20ac"),
    ):
        rejects(
            f"shp-headers-cannot-hold-{name}",
            title,
            "SHP-024",
            "constraint",
            OUTPUT,
            "json",
            f'{{"ContentType":"{text}"}}',
            "headers",
            "a writer that writes the character produces a broken header or lets the value "
            "inject another",
        )
    rejects(
        "shp-headers-no-pairs",
        "a header without a value",
        "SHP-024",
        "type",
        OUTPUT,
        "headers",
        {"headers": [["a"]]},
        "json",
        "a reader that accepts half a pair invents a value",
        corrected={"headers": [["a", "b"]]},
    )
    for name, title, document, why in (
        (
            "three",
            "a header with three parts",
            {"headers": [["a", "b", "c"]]},
            "a reader that accepts this ignores one of the values",
        ),
        (
            "number-name",
            "a header whose name is a number",
            {"headers": [[1, "b"]]},
            "a number has several notations, so two readers may see different names",
        ),
        (
            "number-value",
            "a header whose value is a number",
            {"headers": [["a", 1]]},
            "a number has several notations, so 1 and 1.0 may become different values",
        ),
        (
            "text-pair",
            "a string of two characters instead of a header",
            {"headers": ["ab"]},
            "a reader that unpacks the string invents a header",
        ),
        (
            "object",
            "headers as an object",
            {"headers": {"a": "b"}},
            "an object loses the order of headers and duplicate names",
        ),
        (
            "absent",
            "an empty document instead of headers and a body",
            {},
            "a reader that accepts this reports an output without members",
        ),
    ):
        rejects(
            "shp-headers-" + name,
            title,
            "SHP-024",
            "type",
            OUTPUT,
            "headers",
            document,
            "json",
            why,
            corrected={"headers": [["a", name]]},
        )
    rejects(
        "shp-headers-missing",
        "a document with a body and without headers",
        "SHP-024",
        "type",
        OUTPUT,
        "headers",
        {"body": None},
        "json",
        "a reader that accepts this reports an output without members",
        corrected={"headers": [], "body": None},
    )
    rejects(
        "shp-headers-body",
        "a body that is not a stream",
        "SHP-024 SHP-009",
        "type",
        OUTPUT,
        "headers",
        {"headers": [["a", "b"]], "body": 5},
        "json",
        "a reader that skips the value reports an empty response",
        corrected={"headers": [["a", "b"]], "body": {}},
    )


def _streams() -> None:
    several = '{"PayloadPart":{"Bytes":"aGk="},"ModelStreamError":{"Message":"m"}}'
    converts(
        "shp-stream-several-members",
        "a stream as one structure with several members in JSON, as awso writes it",
        "SHP-012",
        OUTPUT,
        "json",
        f'{{"Body":{several}}}',
        "json",
        f'{{"Body":[{part("aGk=")},{{"ModelStreamError":{{"Message":"m"}}}}]}}',
        "a reader that uses only one member loses the other events",
    )
    converts(
        "shp-stream-several-members-order",
        "a stream as one structure with its members in another order in JSON",
        "SHP-012",
        OUTPUT,
        "json",
        '{"Body":{"InternalStreamFailure":{},"PayloadPart":{"Bytes":"aGk="}}}',
        "json",
        f'{{"Body":[{part("aGk=")},{{"InternalStreamFailure":{{}}}}]}}',
        "a reader that keeps the order of an unordered object may return the events in another "
        "order",
    )
    converts(
        "shp-stream-query-members",
        "a stream as one structure with several members in a query",
        "SHP-012 SHP-019",
        OUTPUT,
        "query",
        "Body.ModelStreamError.Message=m&Body.PayloadPart.Bytes=hi",
        "json",
        f'{{"Body":[{part("aGk=")},{{"ModelStreamError":{{"Message":"m"}}}}]}}',
        "awso writes several events in this way, and a reader of only one loses the others",
    )
    converts(
        "shp-stream-list-of-one",
        "a stream as a list of one event",
        "SHP-012",
        OUTPUT,
        "json",
        f'{{"Body":[{part("aGk=")}]}}',
        "json",
        f'{{"Body":{part("aGk=")}}}',
        "a reader that expects a structure here loses the event",
    )
    converts(
        "shp-stream-empty-list",
        "a stream as an empty list",
        "SHP-012",
        OUTPUT,
        "json",
        '{"Body":[]}',
        "json",
        '{"Body":{}}',
        "a reader that drops the empty list cannot distinguish it from an absent stream",
    )
    converts(
        "shp-stream-xml-order",
        "a stream of two events in XML",
        "SHP-012 SHP-017",
        OUTPUT,
        "xml",
        xml(
            element(
                "Body", "<ModelStreamError/>" + element("PayloadPart", element("Bytes", "aGk="))
            )
        ),
        "json",
        f'{{"Body":[{{"ModelStreamError":{{}}}},{part("aGk=")}]}}',
        "a reader that sorts the elements by name changes the order of the events",
    )
    union = "ResponseStream"
    converts(
        "shp-union-several-members",
        "the stream's union with several members, from JSON to XML",
        "SHP-007 SHP-009",
        union,
        "json",
        several,
        "xml",
        element(
            union,
            "<PayloadPart><Bytes>aGk=</Bytes></PayloadPart><ModelStreamError><Message>m</Message></ModelStreamError>",
        ),
        "awso writes a stream as one structure of three members, and a strict reader rejects it",
    )
    rejects(
        "shp-union-twice",
        "a duplicate member of the stream's union in XML",
        "SHP-013",
        "syntax",
        union,
        "xml",
        "<r><PayloadPart/><PayloadPart/></r>",
        "json",
        "a reader that accepts this drops one of the two values silently",
        corrected="<r><PayloadPart/></r>",
    )
    converts(
        "shp-scalar-string",
        "a string shape as the whole document",
        "SHP-017 SHP-009",
        "Header",
        "json",
        '"a<b"',
        "xml",
        "<Header>a&lt;b</Header>",
        "a converter that only knows structures cannot convert the other shapes of the model",
    )
    converts(
        "shp-scalar-blob",
        "a blob shape as the whole document",
        "SHP-010 SHP-023",
        "PartBlob",
        "xml",
        "<r>aGk=</r>",
        "value",
        ["Blob", "aGk="],
        "a converter that only knows structures cannot convert the other shapes of the model",
    )
    rejects(
        "shp-scalar-wrong",
        "a number instead of a string shape",
        "SHP-009",
        "type",
        "Message",
        "json",
        "5",
        "json",
        "a reader that converts the value returns a string that was never written",
        corrected='"5"',
    )


# ---- errors ------------------------------------------------------------------------------------


def _errors() -> None:
    why = "a client that does not recognise the error reports an unknown one, which nobody handles"
    service = '{"Message":"m","OriginalStatusCode":400,"OriginalMessage":"o","LogStreamArn":"l"}'
    awso = f'{{"error":"ModelError","details":{service}}}'
    for name, code in (
        ("name", "ModelError"),
        ("url", "ModelError:http://internal.amazon.com/coral/#x/"),
        ("namespace", "com.amazonaws#ModelError"),
        ("both", "com.amazonaws#ModelError:http://x/"),
    ):
        converts(
            f"shp-error-code-{name}",
            f"the error code {code}",
            "SHP-025",
            "Error",
            "json",
            service,
            "json",
            awso,
            why,
            code=code,
        )
    converts(
        "shp-error-type-in-document",
        "the error code in __type of the document",
        "SHP-025",
        "Error",
        "json",
        '{"__type":"a#ValidationError","message":"m"}',
        "json",
        '{"error":"ValidationError","details":{"Message":"m"}}',
        why,
        code="",
    )
    for name, title, text in (
        ("number", "a number", "5"),
        ("list", "a list", '["ModelError"]'),
        ("null", "null", "null"),
        ("empty", "an empty text", '""'),
        ("url", "only a URL", '":http://x/"'),
        ("namespace", "only a namespace", '"a#"'),
    ):
        converts(
            f"shp-error-type-{name}",
            f"{title} in __type of the document, and a code in code",
            "SHP-025",
            "Error",
            "json",
            f'{{"__type":{text},"code":"ValidationError","Message":"m"}}',
            "json",
            '{"error":"ValidationError","details":{"Message":"m"}}',
            "a client that fails on __type, or stops at it, does not find the code",
            code="",
        )
    converts(
        "shp-error-unknown-xml-prefixes",
        "an XML document of an unknown error with prefixes",
        "SHP-026",
        "Error",
        "xml",
        '<E xmlns:q="u"><q:M q:a="1">m</q:M><!-- c --><?p i?></E>',
        "json",
        r'{"error":"X","message":"<E xmlns:q=\"u\"><q:M q:a=\"1\">m</q:M></E>"}',
        "a writer that drops the declaration or a prefix writes another document",
        code="X",
    )
    converts(
        "shp-error-code-in-document",
        "the error code in code of the document",
        "SHP-025",
        "Error",
        "json",
        '{"code":"InternalFailure"}',
        "json",
        '{"error":"InternalFailure","details":{}}',
        why,
        code="",
    )
    converts(
        "shp-error-code-beside-wins",
        "different error codes outside and inside the document",
        "SHP-025",
        "Error",
        "json",
        '{"__type":"ValidationError","Message":"m"}',
        "json",
        '{"error":"ServiceUnavailable","details":{"Message":"m"}}',
        why,
        code="ServiceUnavailable",
    )
    converts(
        "shp-error-small-letter",
        "an error document with message instead of Message",
        "SHP-025",
        "Error",
        "json",
        '{"message":"m"}',
        "json",
        '{"error":"ValidationError","details":{"Message":"m"}}',
        "services use both spellings, so a reader of only one loses the text of the error",
        code="ValidationError",
    )
    converts(
        "shp-error-both-letters",
        "an error document with message and Message",
        "SHP-025",
        "Error",
        "json",
        '{"message":"a","Message":"b"}',
        "json",
        '{"error":"ValidationError","details":{"Message":"b"}}',
        "a reader that prefers message returns another text than readers of the modelled name",
        code="ValidationError",
    )
    converts(
        "shp-error-number-as-text",
        "an error document with OriginalStatusCode as text",
        "SHP-025 SHP-011",
        "Error",
        "json",
        '{"OriginalStatusCode":"400"}',
        "json",
        '{"error":"ModelError","details":{"OriginalStatusCode":400}}',
        "services write it as text and botocore reads it, so a strict reader rejects a valid error",
        code="ModelError",
    )
    inner = "<Code>ValidationError</Code><Message>m</Message>"
    for name, title, text in (
        ("bare", "an XML error document: Error as the root", "<Error>%s</Error>"),
        (
            "error-response",
            "an XML error document: ErrorResponse that contains Error",
            "<ErrorResponse><Error>%s</Error><RequestId>r</RequestId></ErrorResponse>",
        ),
        (
            "errors",
            "an XML error document: Response that contains Errors and Error",
            "<Response><Errors><Error>%s</Error></Errors><RequestID>r</RequestID></Response>",
        ),
        (
            "namespace",
            "an XML error document in a namespace",
            '<ErrorResponse xmlns="http://x/"><Error><Type>Sender</Type>%s</Error></ErrorResponse>',
        ),
    ):
        converts(
            f"shp-error-xml-{name}",
            title,
            "SHP-025",
            "Error",
            "xml",
            text % inner,
            "json",
            '{"error":"ValidationError","details":{"Message":"m"}}',
            why,
            code="",
        )
    converts(
        "shp-error-xml-code-beside",
        "an XML error document whose code is given outside of it",
        "SHP-025",
        "Error",
        "xml",
        "<E><ErrorCode>StreamBroken</ErrorCode><Message>m</Message></E>",
        "json",
        '{"error":"ModelStreamError","details":{"Message":"m","ErrorCode":"StreamBroken"}}',
        why,
        code="ModelStreamError",
    )
    for name, title, text in (
        ("string-is-number", "a modelled error with a number instead of a string", '{"Message":1}'),
        (
            "number-is-fraction",
            "a modelled error with a fraction instead of an integer",
            '{"OriginalStatusCode":500.9}',
        ),
        ("list", "a modelled error whose document is a list", "[]"),
        ("null", "a modelled error whose document is null", "null"),
        ("string", "a modelled error whose document is a string", '"s"'),
    ):
        rejects(
            f"shp-error-{name}",
            title,
            f"SHP-025 {'SHP-011' if 'fraction' in name else 'SHP-009'}",
            "type",
            "Error",
            "json",
            text,
            "json",
            "a reader that skips the value loses it silently, which only a client that shows "
            "errors may do",
            code="ModelError",
        )
    unknown = "a client that drops the document of an unknown error hides the cause from its user"
    converts(
        "shp-error-unknown",
        "a JSON document of an unknown error",
        "SHP-026 SHP-027",
        "Error",
        "json",
        ' { "a" : 1 , "b" : [ true , null ] } ',
        "json",
        '{"error":"X","message":"{\\"a\\":1,\\"b\\":[true,null]}"}',
        unknown,
        code="X",
    )
    converts(
        "shp-error-unknown-bare",
        "an unknown error code with a namespace and a URL",
        "SHP-026 SHP-025",
        "Error",
        "json",
        "{}",
        "json",
        '{"error":"ThrottlingException","message":"{}"}',
        unknown,
        code="ns#ThrottlingException:http://x/",
    )
    converts(
        "shp-error-unknown-xml",
        "an XML document of an unknown error with escaped characters",
        "SHP-026",
        "Error",
        "xml",
        "<E><!-- c --><M>a &amp; b &lt; c</M><x/></E>",
        "json",
        '{"error":"X","message":"<E><M>a &amp; b &lt; c</M><x></x></E>"}',
        "a writer that unescapes the text, as awso does, produces invalid XML",
        code="X",
    )
    converts(
        "shp-error-unknown-xml-attributes",
        "an XML document of an unknown error with attributes",
        "SHP-026",
        "Error",
        "xml",
        """<E a="1" b='"&lt;&amp;&#10;'><M c="2">m</M></E>""",
        "json",
        '{"error":"X","message":'
        '"<E a=\\"1\\" b=\\"&quot;&lt;&amp;&#10;\\"><M c=\\"2\\">m</M></E>"}',
        "a writer that drops attributes hides details of an unknown error from the user",
        code="X",
    )
    converts(
        "shp-error-unknown-scalar",
        "a JSON document of an unknown error that is not an object",
        "SHP-026",
        "Error",
        "json",
        "[1.5]",
        "json",
        '{"error":"X","message":"[1.5]"}',
        unknown,
        code="X",
    )
    stored = "a converter that fails here cannot read back an error that was stored as a document"
    for name, title, text in (
        ("modelled", "an error document of awso: a modelled error", awso),
        (
            "empty",
            "an error document of awso: a modelled error without members",
            '{"error":"InternalStreamFailure","details":{}}',
        ),
        ("unknown", "an error document of awso: an unknown error", '{"error":"X","message":"p"}'),
        (
            "no-payload",
            "an error document of awso: an unknown error without a message",
            '{"error":"X"}',
        ),
        (
            "empty-payload",
            "an error document of awso: an unknown error with an empty message",
            '{"error":"X","message":""}',
        ),
        (
            "modelled-name",
            "an error document of awso: a modelled code without details",
            '{"error":"ModelError"}',
        ),
    ):
        converts(
            f"shp-error-document-{name}",
            title,
            "SHP-027",
            "Error",
            "json",
            text,
            "json",
            text,
            stored,
        )
    converts(
        "shp-error-document-xml",
        "an error document of awso, from JSON to XML",
        "SHP-027",
        "Error",
        "json",
        '{"error":"ModelStreamError","details":{"Message":"m"}}',
        "xml",
        "<Error><error>ModelStreamError</error><details><Message>m</Message></details></Error>",
        stored,
    )
    converts(
        "shp-error-document-xml-back",
        "an error document of awso, from XML to JSON",
        "SHP-027",
        "Error",
        "xml",
        "<Error><error>X</error><message>&lt;a/&gt;</message></Error>",
        "json",
        '{"error":"X","message":"<a/>"}',
        stored,
    )
    converts(
        "shp-error-document-value",
        "an error document of awso, from JSON to a tree",
        "SHP-027 SHP-023",
        "Error",
        "json",
        '{"error":"InternalFailure","details":{}}',
        "value",
        structure(("error", ["String", "InternalFailure"]), ("details", ["Structure", []])),
        stored,
    )
    converts(
        "shp-error-document-value-back",
        "an error document of awso, from a tree to JSON",
        "SHP-027 SHP-023",
        "Error",
        "value",
        structure(
            ("error", ["String", "ModelError"]),
            ("details", structure(("OriginalStatusCode", ["Integer", 500]))),
        ),
        "json",
        '{"error":"ModelError","details":{"OriginalStatusCode":500}}',
        stored,
    )
    for name, title, text in (
        (
            "unknown-details",
            "an error document with details of an unknown error",
            '{"error":"X","details":{}}',
        ),
        (
            "details-and-message",
            "an error document with details and a message",
            '{"error":"ModelError","details":{},"message":"m"}',
        ),
        ("nothing-known", "an error document with neither error nor message", '{"Message":"m"}'),
        ("details-alone", "an error document with only details", '{"details":{}}'),
    ):
        rejects(
            f"shp-error-document-{name}",
            title,
            "SHP-027",
            "type",
            "Error",
            "json",
            text,
            "json",
            "a reader that accepts this treats a document of the service as one of awso and "
            "loses the text",
        )
    for name, title, shape, source, target, text in (
        ("shape", "an unknown shape", "Nothing", "json", "json", "{}"),
        ("scalar-headers", "a string shape as headers", "Header", "json", "headers", '"a"'),
        ("error-query", "an error document as a query", "Error", "json", "query", '{"error":"X"}'),
        ("error-of-query", "a query as an error document", "Error", "query", "json", "error=X"),
    ):
        rejects(
            f"shp-unknown-{name}",
            title,
            "SHP-028",
            "constraint",
            shape,
            source,
            text,
            target,
            "a converter that guesses the shape or the format returns data of another meaning",
        )


for _section in (
    _formats,
    _members,
    _types,
    _scalars,
    _json,
    _xml,
    _query,
    _headers,
    _streams,
    _errors,
):
    _section()

if len({case["id"] for case in CONVERT.cases}) != len(CONVERT.cases):
    raise CaseMistake("shp: duplicate id")
