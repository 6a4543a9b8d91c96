# SPDX-License-Identifier: MIT
"""The cases of documents and shapes: a shape's document in one form, put into another. File shape-convert.

What is expected stands here by hand, as text. A refused document is a good one with one change: the helper `refused` is given the
good one, too, and the good one is a case of its own, so that an implementation that refuses everything is seen.
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

Document = Union[str, Dict[str, Any], Sequence[Any]]


def given(
    shape: str, source: str, target: str, document: Document, code: Optional[str] = None
) -> Dict[str, Any]:
    """An input; documents of the forms value and headers are JSON that stands in it as itself."""
    asked: Dict[str, Any] = {"shape": shape, "from": source, "to": target, "document": document}
    return asked if code is None else dict(asked, code=code)


def becomes(
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
    """A document that is taken."""
    CONVERT.case(
        case_id,
        title,
        rules,
        given(shape, source, target, document, code),
        ok(document=expected),
        why,
        **more,
    )


def refused(
    case_id: str,
    title: str,
    rules: str,
    kind: Union[str, Sequence[str]],
    shape: str,
    source: str,
    document: Document,
    target: str,
    why: str,
    good: Optional[Document] = None,
    code: Optional[str] = None,
    **more: Any,
) -> None:
    """A document that is not; good: the document that it would be without its fault."""
    if good is not None:
        twin = case_id + "-mended"
        CONVERT.case(
            twin,
            title + ": without the fault",
            rules,
            given(shape, source, target, good, code),
            ok(),
            "who refuses this one says nothing by refusing its broken twin",
            **more,
        )
        more = dict(more, needs=[twin])
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
    return base64.b64encode(data).decode("ascii")


def xml(*members: str) -> str:
    return f"<r>{''.join(members)}</r>"


def element(name: str, content: str = "") -> str:
    return f"<{name}>{content}</{name}>"


def structure(*members: Any) -> Any:
    return ["Structure", [list(member) for member in members]]


def part(data: str) -> str:
    return f'{{"PayloadPart":{{"Bytes":"{data}"}}}}'


# ---- one value in every form ---------------------------------------------------------------------

_STREAM = structure(("PayloadPart", structure(("Bytes", ["Blob", "aGk="]))))
_BROKEN = structure(
    (
        "ModelStreamError",
        structure(("Message", ["String", "caf\u00e9"]), ("ErrorCode", ["String", "StreamBroken"])),
    )
)
_EMPTY = structure(("PayloadPart", structure(("Bytes", ["Blob", ""]))))

# The same output in each form, with no event, one, three.
SAMES: Dict[str, Dict[str, Document]] = {
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
        "json": f'{{"Body":{{"PayloadPart":{{"Bytes":"aGk="}}}},"{TYPE}":"text/plain","{VARIANT}":"v 1&=","{ATTRIBUTES}":""}}',
        "xml": element(
            OUTPUT,
            element("Body", element("PayloadPart", element("Bytes", "aGk=")))
            + element(TYPE, "text/plain")
            + element(VARIANT, "v 1&amp;=")
            + element(ATTRIBUTES),
        ),
        "query": "Body.PayloadPart.Bytes=hi&X-Amzn-SageMaker-Content-Type=text/plain&X-Amzn-Invoked-Production-Variant=v%201%26="
        "&X-Amzn-SageMaker-Custom-Attributes=",
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
        "json": f'{{"Body":[{part("aGk=")},{part("")},{{"ModelStreamError":{{"Message":"caf\u00e9","ErrorCode":"StreamBroken"}}}}]}}',
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
        "query": "Body.1.PayloadPart.Bytes=hi&Body.2.PayloadPart.Bytes=&Body.3.ModelStreamError.Message=caf%C3%A9"
        "&Body.3.ModelStreamError.ErrorCode=StreamBroken",
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

RULE_OF_FORM = {
    "json": "SHP-010",
    "xml": "SHP-017",
    "query": "SHP-019",
    "value": "SHP-023",
    "headers": "SHP-024",
}


def _forms() -> None:
    for name, forms in SAMES.items():
        for source in forms:
            for target in forms:
                rules = ["SHP-012", "SHP-007"] + sorted(
                    {RULE_OF_FORM[source], RULE_OF_FORM[target]}
                )
                becomes(
                    f"shp-{name}-{source}-to-{target}",
                    f"{name.replace('-', ' ')}, {source} to {target}",
                    " ".join(rules),
                    OUTPUT,
                    source,
                    forms[source],
                    target,
                    forms[target],
                    "a value that changes on its way through a form is lost to whoever stored it so",
                )


# ---- members -------------------------------------------------------------------------------------


def _members() -> None:
    plain = f'{{"{TYPE}":"a"}}'
    becomes(
        "shp-json-member-name",
        "the member's name instead of the header's",
        "SHP-007",
        OUTPUT,
        "json",
        '{"ContentType":"a"}',
        "json",
        plain,
        "the seed reads this name and writes the other: who reads one of them loses three members",
    )
    becomes(
        "shp-xml-member-name",
        "the member's name instead of the header's, in XML",
        "SHP-007 SHP-017",
        OUTPUT,
        "xml",
        xml(element("InvokedProductionVariant", "v")),
        "json",
        f'{{"{VARIANT}":"v"}}',
        "documents of both kinds are about, and the seed's own reader takes one of them",
    )
    becomes(
        "shp-query-first-letter",
        "a name of a query with a small first letter",
        "SHP-007 SHP-019",
        OUTPUT,
        "query",
        f"{VARIANT}=v&body.payloadPart.bytes=hi",
        "json",
        f'{{"Body":{part("aGk=")},"{VARIANT}":"v"}}',
        "a writer that leaves the first letter as the model has it writes the variant's header so",
    )
    becomes(
        "shp-value-member-name",
        "the member's name instead of the header's, in a tree",
        "SHP-007 SHP-023",
        OUTPUT,
        "value",
        structure(("CustomAttributes", ["String", "a"])),
        "json",
        f'{{"{ATTRIBUTES}":"a"}}',
        "the same two names are about in every form",
    )
    becomes(
        "shp-json-unknown-member",
        "a member that the shape has not",
        "SHP-008",
        OUTPUT,
        "json",
        f'{{"Trace":{{"a":[1,2]}},"{TYPE}":"a"}}',
        "json",
        plain,
        "a service that adds a member would break every client",
    )
    becomes(
        "shp-xml-unknown-member",
        "an element that the shape has not",
        "SHP-008",
        OUTPUT,
        "xml",
        xml("<Trace><a/></Trace>", element(TYPE, "a")),
        "json",
        plain,
        "a service that adds a member would break every client",
    )
    becomes(
        "shp-query-unknown-member",
        "a path that the shape has not",
        "SHP-008",
        OUTPUT,
        "query",
        f"Trace.1.a=1&{TYPE}=a",
        "json",
        plain,
        "a service that adds a member would break every client",
    )
    becomes(
        "shp-value-unknown-member",
        "a member of a tree that the shape has not",
        "SHP-008 SHP-023",
        OUTPUT,
        "value",
        structure(("Trace", ["Double", 1.5]), (TYPE, ["String", "a"])),
        "json",
        plain,
        "a service that adds a member would break every client",
    )
    becomes(
        "shp-json-unknown-event",
        "an event of a kind that the union has not",
        "SHP-008 SHP-012",
        OUTPUT,
        "json",
        f'{{"Body":[{{"Heartbeat":{{}}}},{part("aGk=")}]}}',
        "json",
        f'{{"Body":{part("aGk=")}}}',
        "what a stream skips (EVS-032) is skipped in its document, too",
    )
    becomes(
        "shp-json-null-member",
        "a null member is absent",
        "SHP-008",
        OUTPUT,
        "json",
        f'{{"Body":null,"ContentType":null,"{VARIANT}":null,"CustomAttributes":"a"}}',
        "json",
        f'{{"{ATTRIBUTES}":"a"}}',
        "many writers write null for what is not there",
    )
    becomes(
        "shp-json-null-and-named",
        "one name null, the other with a value",
        "SHP-008 SHP-013",
        OUTPUT,
        "json",
        f'{{"{TYPE}":null,"ContentType":"a"}}',
        "json",
        plain,
        "what is null is absent, so the member is there once",
    )
    becomes(
        "shp-json-empty-is-there",
        "an empty string is no absent one",
        "SHP-008",
        OUTPUT,
        "json",
        '{"ContentType":""}',
        "xml",
        element(OUTPUT, element(TYPE)),
        "an empty header and none are told apart by whoever reads them",
    )
    becomes(
        "shp-json-empty-blob",
        "an empty blob, and none",
        "SHP-008 SHP-010",
        "ResponseStream",
        "json",
        '{"PayloadPart":{"Bytes":""}}',
        "query",
        "PayloadPart.Bytes=",
        "a part of no bytes and a part without bytes are different",
    )
    for source, first, second in (
        ("json", f'{{"{TYPE}":"a","ContentType":"b"}}', f'{{"{TYPE}":"a"}}'),
        ("xml", xml(element(TYPE, "a"), element("ContentType", "b")), xml(element(TYPE, "a"))),
        ("query", f"{TYPE}=a&ContentType=b", f"{TYPE}=a"),
    ):
        refused(
            f"shp-{source}-both-names",
            f"a member under both its names, {source}",
            "SHP-013",
            "syntax",
            OUTPUT,
            source,
            first,
            "json",
            "one of two values would be dropped without a word",
            good=second,
        )
    refused(
        "shp-xml-twice",
        "an element twice",
        "SHP-013",
        "syntax",
        OUTPUT,
        "xml",
        xml(element(TYPE, "a"), element(TYPE, "a")),
        "json",
        "one of two values would be dropped without a word",
    )
    refused(
        "shp-query-twice",
        "a path twice",
        "SHP-013",
        "syntax",
        OUTPUT,
        "query",
        f"{TYPE}=a&{TYPE}=b",
        "json",
        "one of two values would be dropped without a word",
    )
    refused(
        "shp-value-twice",
        "a member of a tree twice",
        "SHP-013 SHP-023",
        "syntax",
        OUTPUT,
        "value",
        structure((TYPE, ["String", "a"]), (TYPE, ["String", "b"])),
        "json",
        "one of two values would be dropped without a word",
    )
    refused(
        "shp-xml-two-streams",
        "two bodies",
        "SHP-013",
        "syntax",
        OUTPUT,
        "xml",
        xml(element("Body"), element("Body")),
        "json",
        "the events of the second body would be lost",
        good=xml(element("Body")),
    )


def _types() -> None:
    for name, text in (("number", "5"), ("boolean", "true"), ("list", "[]"), ("object", "{}")):
        refused(
            f"shp-json-string-is-{name}",
            f"a {name} where a string is wanted",
            "SHP-009",
            "type",
            OUTPUT,
            "json",
            f'{{"ContentType":{text}}}',
            "json",
            "a value that is guessed at is another value",
        )
    for name, text in (("string", '"x"'), ("number", "1"), ("boolean", "false")):
        refused(
            f"shp-json-stream-is-{name}",
            f"a {name} where a stream is wanted",
            "SHP-009",
            "type",
            OUTPUT,
            "json",
            f'{{"Body":{text}}}',
            "json",
            "a stream that is passed over is an answer that is lost",
        )
    refused(
        "shp-json-null-element",
        "null in a list of events",
        "SHP-009 SHP-012",
        "type",
        OUTPUT,
        "json",
        '{"Body":[null]}',
        "json",
        "an element that is left out moves all behind it",
    )
    refused(
        "shp-json-nested-list",
        "a list in a list of events",
        "SHP-009 SHP-012",
        "type",
        OUTPUT,
        "json",
        f'{{"Body":[[{part("")}]]}}',
        "json",
        "an element that is no structure is no event",
        good=f'{{"Body":[{part("")}]}}',
    )
    for name, text in (("list", "[]"), ("string", '"s"'), ("null", "null"), ("number", "1")):
        refused(
            f"shp-json-document-is-{name}",
            f"a document that is a {name}",
            "SHP-009",
            "type",
            OUTPUT,
            "json",
            text,
            "json",
            "a document of another kind is no empty output",
        )
    refused(
        "shp-json-event-is-string",
        "a string where an event is wanted",
        "SHP-009",
        "type",
        OUTPUT,
        "json",
        '{"Body":{"PayloadPart":"y"}}',
        "json",
        "an event that is passed over is an answer that is lost",
    )
    refused(
        "shp-query-value-for-structure",
        "a value where a structure is wanted",
        "SHP-009",
        "type",
        OUTPUT,
        "query",
        "Body=x",
        "json",
        "a stream that is passed over is an answer that is lost",
        good="Body.PayloadPart.Bytes=x",
    )
    refused(
        "shp-query-structure-for-value",
        "a structure where a value is wanted",
        "SHP-009",
        "type",
        OUTPUT,
        "query",
        f"{TYPE}.a=x",
        "json",
        "a value that is passed over is lost",
        good=f"{TYPE}=x",
    )
    refused(
        "shp-query-value-and-structure",
        "a value and a structure under one name",
        "SHP-009",
        "type",
        OUTPUT,
        "query",
        "Body=x&Body.PayloadPart.Bytes=y",
        "json",
        "one of the two would be lost",
    )
    refused(
        "shp-value-wrong-tag",
        "a blob where a string is wanted",
        "SHP-009 SHP-023",
        "type",
        OUTPUT,
        "value",
        structure((TYPE, ["Blob", "YQ=="])),
        "json",
        "bytes are no text before they are decoded",
    )
    refused(
        "shp-value-unknown-tag",
        "a tag that there is not, in a member's place",
        "SHP-023",
        "type",
        OUTPUT,
        "value",
        structure((TYPE, ["Text", "a"])),
        "json",
        "a value of an unknown kind cannot be understood",
    )
    refused(
        "shp-value-no-pair",
        "a value without a content",
        "SHP-023",
        "type",
        OUTPUT,
        "value",
        structure((TYPE, ["String"])),
        "json",
        "half a value is none",
    )
    refused(
        "shp-value-structure-of-text",
        "a structure that holds a text",
        "SHP-023",
        "type",
        OUTPUT,
        "value",
        ["Structure", "a"],
        "json",
        "letters taken for members are no error, and no members either",
        good=["Structure", []],
    )
    refused(
        "shp-value-member-alone",
        "a member without a value",
        "SHP-023",
        "type",
        OUTPUT,
        "value",
        ["Structure", [["ContentType"]]],
        "json",
        "half a pair is a mistake of who made the tree: passed over, a member is lost",
    )
    refused(
        "shp-value-no-structure",
        "a tree that is no structure",
        "SHP-009 SHP-023",
        "type",
        OUTPUT,
        "value",
        ["String", "a"],
        "json",
        "a document of another kind is no empty output",
    )


# ---- blobs, integers, text -----------------------------------------------------------------------

ALL_BYTES = bytes(range(256))


def _scalars() -> None:
    escaped = "".join(
        chr(byte)
        if chr(byte).isalnum() and byte < 128 or chr(byte) in "-._~!$'()*:@/?="
        else f"%{byte:02X}"
        for byte in ALL_BYTES
    )
    becomes(
        "shp-blob-all-bytes-json",
        "every byte, from JSON",
        "SHP-010 SHP-020",
        "PayloadPart",
        "json",
        f'{{"Bytes":"{b64(ALL_BYTES)}"}}',
        "query",
        "Bytes=" + escaped,
        "a blob that passes through text loses bytes, and only some of them, so that it is seen late",
    )
    becomes(
        "shp-blob-all-bytes-query",
        "every byte, from a query",
        "SHP-010 SHP-020",
        "PayloadPart",
        "query",
        "Bytes=" + escaped,
        "xml",
        f"<PayloadPart>{element('Bytes', b64(ALL_BYTES))}</PayloadPart>",
        "a blob that passes through text loses bytes, and only some of them, so that it is seen late",
    )
    for name, text in (
        ("alphabet", "a-_k"),
        ("unpadded", "aGk"),
        ("one-pad-too-few", "YQ="),
        ("pad-inside", "YQ==YQ=="),
        ("blank", "aG k="),
        ("line-break", "aGk=\\n"),
        ("text", "hello"),
    ):
        refused(
            "shp-blob-base64-" + name,
            f"base64 that is none: {name.replace('-', ' ')}",
            "SHP-010",
            "type",
            "PayloadPart",
            "json",
            f'{{"Bytes":"{text}"}}',
            "json",
            "lenient decoders drop what they do not know, and hand out other bytes",
        )
    refused(
        "shp-blob-is-list",
        "a list of numbers where a blob is wanted",
        "SHP-010 SHP-009",
        "type",
        "PayloadPart",
        "json",
        '{"Bytes":[104]}',
        "json",
        "some writers write bytes so; they are no base64",
    )
    refused(
        "shp-blob-xml-raw",
        "raw text where base64 is wanted",
        "SHP-010",
        "type",
        "PayloadPart",
        "xml",
        "<r><Bytes>hi!</Bytes></r>",
        "json",
        "the seed takes the text itself for the bytes; a reader of base64 that is as lenient hands out others",
        good="<r><Bytes>aGkh</Bytes></r>",
    )
    for number in (-2147483648, -1, 0, 500, 2147483647):
        becomes(
            "shp-integer-%s" % ("minus-%d" % -number if number < 0 else number),
            f"the integer {int(number)}",
            "SHP-011",
            "ModelError",
            "json",
            '{"OriginalStatusCode":%d}' % number,
            "xml",
            f"<ModelError>{element('OriginalStatusCode', str(number))}</ModelError>",
            "an integer goes through each form unchanged",
        )
    for number in (-2147483649, 2147483648, 4611686018427387904):
        name = "minus-%d" % -number if number < 0 else str(number)
        refused(
            f"shp-integer-json-{name}",
            f"an integer beyond 32 bits, {int(number)}",
            "SHP-011",
            "constraint",
            "ModelError",
            "json",
            '{"OriginalStatusCode":%d}' % number,
            "json",
            "an implementation in another language would wrap it around",
        )
        refused(
            f"shp-integer-xml-{name}",
            f"an integer beyond 32 bits in XML, {int(number)}",
            "SHP-011",
            "constraint",
            "ModelError",
            "xml",
            xml(element("OriginalStatusCode", str(number))),
            "json",
            "an implementation in another language would wrap it around",
        )
    for name, text in (
        ("fraction", "500.9"),
        ("exponent", "1e3"),
        ("negative-zero", "-0.0"),
        ("boolean", "true"),
        ("string", '"500"'),
    ):
        refused(
            f"shp-integer-json-{name}",
            f"a {name.replace('-', ' ')} where an integer is wanted",
            "SHP-011",
            "type",
            "ModelError",
            "json",
            f'{{"OriginalStatusCode":{text}}}',
            "json",
            "the seed goes through a float and cuts: 500.9 becomes 500, 1e30 becomes 0",
        )
    for name, text in (
        ("hexadecimal", "0x1F4"),
        ("underscore", "1_000"),
        ("octal", "0o17"),
        ("blank", " 5"),
        ("empty", ""),
        ("word", "abc"),
        ("fraction", "5.0"),
        ("other-digits", "\u0665"),
        ("sign-alone", "-"),
        ("21-digits", "0" * 21),
    ):
        refused(
            f"shp-integer-xml-{name}",
            f"an integer in XML that is none: {name.replace('-', ' ')}",
            "SHP-011",
            "type",
            "ModelError",
            "xml",
            xml(element("OriginalStatusCode", text)),
            "json",
            "what a language's own parser takes beyond digits is another number elsewhere, or none",
        )
    for name, text in (("plus", "+5"), ("zeros", "0005")):
        becomes(
            f"shp-integer-xml-{name}",
            f"a decimal number, {text}",
            "SHP-011",
            "ModelError",
            "xml",
            xml(element("OriginalStatusCode", text)),
            "json",
            '{"OriginalStatusCode":5}',
            "XML Schema writes an integer so, too",
        )
    becomes(
        "shp-integer-query",
        "an integer in a query",
        "SHP-011 SHP-019",
        "ModelError",
        "query",
        "OriginalStatusCode=-5",
        "value",
        structure(("OriginalStatusCode", ["Integer", -5])),
        "an integer's digits are its value in a query",
    )
    refused(
        "shp-integer-query-word",
        "a word where an integer is wanted, in a query",
        "SHP-011",
        "type",
        "ModelError",
        "query",
        "OriginalStatusCode=abc",
        "json",
        "a number that is no number is not 0",
    )

    every = "\t\n\r !\"#$%&'()*+,-./0:;<=>?@[\\]^_`{|}~\x7f\u0080\u0085\u00e9\u2028\u20ac\ud7ff\ue000\ufffd\U0001f600\U0010ffff"
    in_json = json.dumps(every, ensure_ascii=False).replace("\x7f", "\\u007f")
    in_xml = (
        every.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    )
    becomes(
        "shp-text-json-to-xml",
        "text of many kinds to XML",
        "SHP-018 SHP-015",
        "ValidationError",
        "json",
        f'{{"Message":{in_json}}}',
        "xml",
        f"<ValidationError>{element('Message', in_xml)}</ValidationError>",
        "a character that a form changes makes another message of it",
    )
    becomes(
        "shp-text-xml-to-json",
        "text of many kinds from XML",
        "SHP-018 SHP-015",
        "ValidationError",
        "xml",
        xml(element("Message", in_xml)),
        "json",
        f'{{"Message":{in_json}}}',
        "a character that a form changes makes another message of it",
    )
    becomes(
        "shp-text-query",
        "text of many kinds through a query",
        "SHP-014 SHP-020",
        "ValidationError",
        "query",
        "Message=" + "".join(f"%{byte:02X}" for byte in every.encode("utf-8")),
        "json",
        f'{{"Message":{in_json}}}',
        "a query's text is UTF-8, whatever is escaped of it",
    )
    becomes(
        "shp-text-pair-of-surrogates",
        "a character spelled as two escapes",
        "SHP-014",
        "ValidationError",
        "json",
        '{"Message":"\\ud83d\\ude00"}',
        "xml",
        element("ValidationError", element("Message", "\U0001f600")),
        "JSON spells what lies beyond U+FFFF in two halves",
    )
    for name, text in (
        ("first", "\\ud83d"),
        ("second", "\\ude00"),
        ("wrong-order", "\\ude00\\ud83d"),
        ("cut", "\\ud83dx"),
    ):
        refused(
            f"shp-text-half-surrogate-{name}",
            f"half a surrogate pair: {name.replace('-', ' ')}",
            "SHP-014",
            "utf8",
            "ValidationError",
            "json",
            f'{{"Message":"{text}"}}',
            "xml",
            "text that has no UTF-8 form cannot be stored or sent, and fails far from its cause",
        )
    refused(
        "shp-text-query-no-utf8",
        "bytes of a query's text that are no UTF-8",
        "SHP-014",
        "utf8",
        "ValidationError",
        "query",
        "Message=%FF",
        "json",
        "text that is guessed at is another text",
        good="Message=%C3%BF",
    )
    refused(
        "shp-name-query-no-utf8",
        "a name of a query that is no UTF-8",
        "SHP-014",
        "utf8",
        "ValidationError",
        "query",
        "Message=a&%FF=b",
        "json",
        "a name that is guessed at is another name",
        good="Message=a&%C3%BF=b",
    )


# ---- each form's own -----------------------------------------------------------------------------


def _json() -> None:
    becomes(
        "shp-json-escapes",
        "each escape that JSON has",
        "SHP-015",
        "ValidationError",
        "json",
        '{"Message":"\\u0000\\u0001\\b\\f\\n\\r\\t\\"\\\\\\/\\u007f\\u00e9"}',
        "json",
        '{"Message":"\\u0000\\u0001\\b\\f\\n\\r\\t\\"\\\\/\\u007f\u00e9"}',
        "control characters are the ones that a form loses",
        level="SHOULD",
    )
    for name, text in (
        ("empty", ""),
        ("cut", '{"ContentType":"a"'),
        ("trailing", '{"ContentType":"a"} x'),
        ("two", "{} {}"),
        ("comma", '{"ContentType":"a",}'),
        ("single-quotes", "{'ContentType':'a'}"),
        ("comment", "{}//"),
        ("raw-line-break", '{"ContentType":"a\nb"}'),
        ("xml", "<r/>"),
    ):
        refused(
            f"shp-json-syntax-{name}",
            f"no JSON: {name.replace('-', ' ')}",
            "SHP-002",
            "syntax",
            OUTPUT,
            "json",
            text,
            "json",
            "what is no document must not be taken for one",
        )
    refused(
        "shp-json-name-twice",
        "a name twice in one object",
        "SHP-002 SHP-013",
        "syntax",
        OUTPUT,
        "json",
        '{"ContentType":"a","ContentType":"b"}',
        "json",
        "parsers keep the first or the last: two readers see two documents",
    )
    refused(
        "shp-json-unknown-twice",
        "a name twice, which the shape has not",
        "SHP-002",
        "syntax",
        OUTPUT,
        "json",
        '{"x":1,"x":1}',
        "json",
        "what one reader ignores another one reads",
    )
    for name in ("NaN", "Infinity", "-Infinity"):
        refused(
            f"shp-json-{name.lower().replace('-', 'minus-')}",
            f"the number {name}",
            "SHP-003",
            "syntax",
            "ModelError",
            "json",
            f'{{"OriginalStatusCode":{name}}}',
            "json",
            "JSON has no such number; the seed makes 0 of it",
        )
    refused(
        "shp-json-overflow",
        "a number that overflows",
        "SHP-003",
        "syntax",
        OUTPUT,
        "json",
        '{"x":1e999}',
        "json",
        "Python's own parser makes infinity of it",
    )
    refused(
        "shp-json-long-integer",
        "an integer of 21 digits, which the shape has not",
        "SHP-003",
        "syntax",
        OUTPUT,
        "json",
        '{"x":123456789012345678901}',
        "json",
        "a parser that takes any number of digits takes quadratic time for them",
        good='{"x":12345678901234567890}',
    )
    shallow = "a bound that counts brackets, not levels, refuses what a model writes every day"
    becomes(
        "shp-json-brackets-in-text",
        "a text with more brackets than levels are allowed",
        "SHP-001",
        OUTPUT,
        "json",
        '{{"ContentType":"{}\\"{}"}}'.format("[" * 50, "{" * 50),
        "json",
        '{{"{}":"{}\\"{}"}}'.format(TYPE, "[" * 50, "{" * 50),
        shallow,
    )
    becomes(
        "shp-json-brackets-in-a-row",
        "a hundred arrays, one beside the other",
        "SHP-001",
        OUTPUT,
        "json",
        f'{{"x":[{",".join(["[]"] * 100)}],"ContentType":"a"}}',
        "json",
        f'{{"{TYPE}":"a"}}',
        shallow,
    )
    deep, deeper = '{"x":' + "[" * 63 + "]" * 63 + "}", '{"x":' + "[" * 5000 + "]" * 5000 + "}"
    refused(
        "shp-json-depth",
        "5001 levels of JSON",
        "SHP-001",
        "limit",
        OUTPUT,
        "json",
        deeper,
        "json",
        "a recursive parser overflows its stack, which ends the process",
        good=deep,
    )
    refused(
        "shp-json-depth-behind",
        "5001 levels of JSON behind an array that is closed",
        "SHP-001",
        "limit",
        OUTPUT,
        "json",
        '{"a":[],' + deeper[1:],
        "json",
        "a count of levels that loses one with each array never comes to its bound",
        good='{"a":[],' + deep[1:],
    )


def _xml() -> None:
    good = xml(element(TYPE, "a"))
    for name, text, expected in (
        ("root-name", f"<anything>{element(TYPE, 'a')}</anything>", "a"),
        ("namespace", f'<r xmlns="urn:x">{element(TYPE, "a")}</r>', "a"),
        ("prefix", '<q:r xmlns:q="u"><q:ContentType>a</q:ContentType></q:r>', "a"),
        ("attributes", '<r b="1"><ContentType c="2">a</ContentType></r>', "a"),
        ("comment", "<r><!-- x --><ContentType>a<!-- x -->b</ContentType></r>", "ab"),
        ("instruction", "<r><?x y?><ContentType>a<?x y?>b</ContentType></r>", "ab"),
        ("cdata", "<r><ContentType><![CDATA[<&>]]></ContentType></r>", "<&>"),
        (
            "references",
            "<r><ContentType>&#65;&#x42;&lt;&gt;&quot;&apos;&amp;</ContentType></r>",
            "AB<>\"'&",
        ),
        ("white-space", "<r>\n  <ContentType> a </ContentType>\n</r>\n", " a "),
        ("declaration", '<?xml version="1.0"?>' + good, "a"),
        ("line-break", "<r><ContentType>a\r\nb</ContentType></r>", "a\nb"),
        ("carriage-return", "<r><ContentType>a&#13;b</ContentType></r>", "a\rb"),
        ("empty-element", "<r><ContentType/></r>", ""),
    ):
        becomes(
            "shp-xml-" + name,
            f"XML: {name.replace('-', ' ')}",
            "SHP-004 SHP-017",
            OUTPUT,
            "xml",
            text,
            "json",
            f'{{"{TYPE}":{json.dumps(expected)}}}',
            "it means the same in every XML, whoever wrote it",
        )
    for name, text in (
        ("empty", ""),
        ("blank", "   "),
        ("text", "x"),
        ("json", "{}"),
        ("cut", "<r>"),
        ("crossed", "<r></s>"),
        ("case", "<r></R>"),
        ("two-roots", "<r/><s/>"),
        ("junk", "<r/>x"),
        ("attribute-twice", '<r a="1" a="2"/>'),
        ("entity", "<r>&x;</r>"),
        ("null", "<r>&#0;</r>"),
        ("ampersand", "<r><ContentType>a & b</ContentType></r>"),
        ("section-end", "<r>]]></r>"),
    ):
        refused(
            f"shp-xml-syntax-{name}",
            f"no XML: {name.replace('-', ' ')}",
            "SHP-004",
            "syntax",
            OUTPUT,
            "xml",
            text,
            "json",
            "what is no document must not be taken for one",
        )
    for name, text in (
        ("doctype", "<!DOCTYPE r>" + good),
        ("internal", '<!DOCTYPE r [<!ENTITY x "a">]><r><ContentType>&x;</ContentType></r>'),
        (
            "external",
            '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><ContentType>&x;</ContentType></r>',
        ),
    ):
        refused(
            f"shp-xml-dtd-{name}",
            f"a document type declaration: {name}",
            "SHP-004",
            "syntax",
            OUTPUT,
            "xml",
            text,
            "json",
            "entities fetch files, and grow without bound",
            good=None,
        )
    refused(
        "shp-xml-depth",
        "5001 levels of XML",
        "SHP-005",
        "limit",
        OUTPUT,
        "xml",
        xml("<a>" * 5000 + "</a>" * 5000),
        "json",
        "a recursive reader overflows its stack, which ends the process",
        good=xml("<a>" * 63 + "</a>" * 63),
    )
    refused(
        "shp-xml-text-in-structure",
        "text where a stream stands",
        "SHP-016",
        "type",
        OUTPUT,
        "xml",
        xml(element("Body", "aGk=")),
        "json",
        "bytes that stand in the wrong place would be lost in silence",
        good=xml(element("Body", " \n")),
    )
    refused(
        "shp-xml-element-in-string",
        "an element in a string",
        "SHP-016",
        "type",
        OUTPUT,
        "xml",
        xml(element(TYPE, "a<b/>c")),
        "json",
        "half of the text, or text without its element, is another text",
        good=xml(element(TYPE, "ac")),
    )
    refused(
        "shp-xml-element-in-blob",
        "an element in a blob",
        "SHP-016",
        "type",
        "PayloadPart",
        "xml",
        xml(element("Bytes", "aG<b/>k=")),
        "json",
        "bytes with a hole are other bytes",
        good=xml(element("Bytes", "aGk=")),
    )
    becomes(
        "shp-xml-writes-cr",
        "CR is written as a reference",
        "SHP-018",
        OUTPUT,
        "json",
        '{"ContentType":"a\\rb\\r\\n"}',
        "xml",
        element(OUTPUT, element(TYPE, "a&#13;b&#13;\n")),
        "a reader makes a line feed of a plain one",
    )
    for name, character in (
        ("nul", "\\u0000"),
        ("control", "\\u001b"),
        ("vertical-tab", "\\u000b"),
        ("fffe", "\\ufffe"),
        ("ffff", "\\uffff"),
    ):
        refused(
            f"shp-xml-cannot-hold-{name}",
            f"a character that XML 1.0 has not: {name}",
            "SHP-018",
            "constraint",
            OUTPUT,
            "json",
            f'{{"ContentType":"a{character}b"}}',
            "xml",
            "what is written so is no XML, and no reader takes it back",
        )


def _query() -> None:
    becomes(
        "shp-query-empty",
        "an empty query",
        "SHP-019",
        OUTPUT,
        "query",
        "",
        "json",
        "{}",
        "an output without members is a query of none",
    )
    becomes(
        "shp-query-empty-structures",
        "empty structures vanish",
        "SHP-019 SHP-012",
        OUTPUT,
        "json",
        f'{{"Body":[{{"PayloadPart":{{}}}},{part("aGk=")}],"ContentType":"a"}}',
        "query",
        f"Body.2.PayloadPart.Bytes=hi&{TYPE}=a",
        "a query has no way to show them, and the number of the next one stays",
    )
    becomes(
        "shp-query-gaps",
        "numbers with gaps, in another order",
        "SHP-021",
        OUTPUT,
        "query",
        "Body.10.PayloadPart.Bytes=c&Body.2.PayloadPart.Bytes=a&Body.9.PayloadPart.Bytes=b",
        "json",
        f'{{"Body":[{part("YQ==")},{part("Yg==")},{part("Yw==")}]}}',
        "as texts 10 stands before 2, and parts in another order are garbage",
    )
    for name, text in (
        ("zero", "Body.0.PayloadPart.Bytes=a"),
        ("leading-zero", "Body.01.PayloadPart.Bytes=a"),
        ("mixed", "Body.1.PayloadPart.Bytes=a&Body.PayloadPart.Bytes=b"),
        ("value", "Body=x&Body.1.PayloadPart.Bytes=a"),
        ("huge", "Body.99999999999999999999.PayloadPart.Bytes=a"),
    ):
        refused(
            f"shp-query-number-{name}",
            f"a list whose numbers are none: {name.replace('-', ' ')}",
            "SHP-021",
            "type",
            OUTPUT,
            "query",
            text,
            "json",
            "which event came first cannot be known",
        )
    for name, text, expected in (
        ("escaped-letters", "%43ontentType=%61", "a"),
        ("lower-case", "ContentType=%c3%a9", "\u00e9"),
        ("plus", "ContentType=a+b", "a b"),
        ("escaped-plus", "ContentType=a%2Bb", "a+b"),
        ("equals", "ContentType=a=b", "a=b"),
        ("no-equals", "ContentType", ""),
        ("ampersands", "&&ContentType=a&", "a"),
        ("comma", "ContentType=a,b", "a,b"),
        ("unescaped", "ContentType=a/b?c:d@e", "a/b?c:d@e"),
    ):
        becomes(
            "shp-query-" + name,
            f"a query: {name.replace('-', ' ')}",
            "SHP-020",
            OUTPUT,
            "query",
            text,
            "json",
            json.dumps({TYPE: expected}, ensure_ascii=False),
            "every form's library escapes in its own way",
        )
    becomes(
        "shp-query-writes",
        "what is escaped in a query",
        "SHP-020 SHP-019",
        OUTPUT,
        "json",
        '{"ContentType":"a b&c=d/e+f;g%h,i\\"\\\\"}',
        "query",
        f"{TYPE}=a%20b%26c=d/e%2Bf%3Bg%25h%2Ci%22%5C",
        "a reserved character that stays makes two members of one",
    )
    for name, text in (
        ("end", "ContentType=a%"),
        ("one-digit", "ContentType=%4"),
        ("no-digit", "ContentType=%zz"),
        ("name", "%zz=a"),
    ):
        refused(
            f"shp-query-percent-{name}",
            f"a percent sign without two digits: {name.replace('-', ' ')}",
            "SHP-020",
            "syntax",
            OUTPUT,
            "query",
            text,
            "json",
            "a broken escape is a text that was cut or escaped twice",
        )
    refused(
        "shp-query-text-and-names",
        "a text that has names of its own, too",
        "SHP-019 SHP-009",
        "type",
        OUTPUT,
        "query",
        "ContentType=a&ContentType.x=b",
        "json",
        "what stands below a text would be lost",
        good="ContentType=a",
    )
    refused(
        "shp-query-depth",
        "5000 names in a path",
        "SHP-022",
        "limit",
        OUTPUT,
        "query",
        ".".join(["a"] * 5000) + "=1",
        "json",
        "a recursive reader overflows its stack, which ends the process",
        good=".".join(["a"] * 64) + "=1",
    )


def _headers() -> None:
    becomes(
        "shp-headers-names",
        "header names in any case, the first of two",
        "SHP-024",
        OUTPUT,
        "headers",
        {"headers": [["x-amzn-sagemaker-content-type", "a"], [TYPE, "b"], ["Content-Type", "c"]]},
        "json",
        f'{{"{TYPE}":"a"}}',
        "HTTP compares names without case, and a proxy may add a header again",
    )
    becomes(
        "shp-headers-verbatim",
        "a header's value as it stands",
        "SHP-024",
        OUTPUT,
        "headers",
        {"headers": [[TYPE, " a, b "]]},
        "json",
        f'{{"{TYPE}":" a, b "}}',
        "a value is the container's own text",
    )
    becomes(
        "shp-headers-input",
        "an input without its endpoint",
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
        "Accept travels in a header of the service's own, not in Accept",
    )
    becomes(
        "shp-headers-input-back",
        "an input of headers and a body",
        "SHP-024 SHP-007",
        INPUT,
        "headers",
        {"headers": [["content-type", "application/json"]], "body": "e30="},
        "json",
        '{"Body":"e30=","Content-Type":"application/json"}',
        "Accept travels in a header of the service's own, not in Accept",
    )
    becomes(
        "shp-headers-document",
        "a shape without headers",
        "SHP-024",
        "ModelError",
        "json",
        '{"Message":"m","OriginalStatusCode":500}',
        "headers",
        {"headers": [], "body": '{"Message":"m","OriginalStatusCode":500}'},
        "its members travel in the document",
    )
    becomes(
        "shp-headers-document-back",
        "a shape of its document",
        "SHP-024",
        "ModelError",
        "headers",
        {"headers": [["Message", "no"]], "body": '{"Message":"m"}'},
        "json",
        '{"Message":"m"}',
        "its members travel in the document",
    )
    refused(
        "shp-headers-path",
        "a member that travels in the path",
        "SHP-024",
        "constraint",
        INPUT,
        "json",
        '{"EndpointName":"llm","Body":""}',
        "headers",
        "headers and a body without it are another call",
        good='{"Body":""}',
    )
    for name, text in (
        ("line-break", "a\\r\\nX: b"),
        ("nul", "a\\u0000"),
        ("beyond-latin-1", "\\u20ac"),
    ):
        refused(
            f"shp-headers-cannot-hold-{name}",
            f"text that no header can hold: {name.replace('-', ' ')}",
            "SHP-024",
            "constraint",
            OUTPUT,
            "json",
            f'{{"ContentType":"{text}"}}',
            "headers",
            "a line break in a value is a header, or an answer, of its own",
        )
    refused(
        "shp-headers-no-pairs",
        "headers that are no pairs",
        "SHP-024",
        "type",
        OUTPUT,
        "headers",
        {"headers": [["a"]]},
        "json",
        "half a header is none",
        good={"headers": [["a", "b"]]},
    )
    for key, title, headers, why in (
        (
            "three",
            "a header of three texts",
            [["a", "b", "c"]],
            "which of two values counts is not said",
        ),
        (
            "number-name",
            "a header whose name is a number",
            [[1, "b"]],
            "a number has several spellings, a name has one",
        ),
        (
            "number-value",
            "a header whose value is a number",
            [["a", 1]],
            "a value is text: 1 and 1.0 would be two of them",
        ),
        (
            "text-pair",
            "a text of two characters in a header's place",
            ["ab"],
            "a text is no pair, though it has two parts",
        ),
        ("object", "headers as an object", {"a": "b"}, "an object has no order, and no name twice"),
        ("absent", "a document without headers", None, "what is left out may have been lost"),
    ):
        refused(
            "shp-headers-" + key,
            title,
            "SHP-024",
            "type",
            OUTPUT,
            "headers",
            {} if headers is None else {"headers": headers},
            "json",
            why,
            good={"headers": [["a", key]]},
        )
    refused(
        "shp-headers-missing",
        "a document without headers",
        "SHP-024",
        "type",
        OUTPUT,
        "headers",
        {"body": None},
        "json",
        "a document of another form is taken for an empty one",
        good={"headers": [], "body": None},
    )
    refused(
        "shp-headers-body",
        "a body that is no stream",
        "SHP-024 SHP-009",
        "type",
        OUTPUT,
        "headers",
        {"headers": [["a", "b"]], "body": 5},
        "json",
        "a stream that is passed over is an answer that is lost",
        good={"headers": [["a", "b"]], "body": {}},
    )


def _streams() -> None:
    several = '{"PayloadPart":{"Bytes":"aGk="},"ModelStreamError":{"Message":"m"}}'
    becomes(
        "shp-stream-several-members",
        "one structure with several members, as the seed writes it",
        "SHP-012",
        OUTPUT,
        "json",
        f'{{"Body":{several}}}',
        "json",
        f'{{"Body":[{part("aGk=")},{{"ModelStreamError":{{"Message":"m"}}}}]}}',
        "what stands behind the first member would be lost",
    )
    becomes(
        "shp-stream-several-members-order",
        "the members of one structure in another order",
        "SHP-012",
        OUTPUT,
        "json",
        '{"Body":{"InternalStreamFailure":{},"PayloadPart":{"Bytes":"aGk="}}}',
        "json",
        f'{{"Body":[{part("aGk=")},{{"InternalStreamFailure":{{}}}}]}}',
        "JSON objects have no order: the table's is the only one that there is",
    )
    becomes(
        "shp-stream-query-members",
        "one structure with several members, in a query",
        "SHP-012 SHP-019",
        OUTPUT,
        "query",
        "Body.ModelStreamError.Message=m&Body.PayloadPart.Bytes=hi",
        "json",
        f'{{"Body":[{part("aGk=")},{{"ModelStreamError":{{"Message":"m"}}}}]}}',
        "the seed writes a stream of several so",
    )
    becomes(
        "shp-stream-list-of-one",
        "a list of one event",
        "SHP-012",
        OUTPUT,
        "json",
        f'{{"Body":[{part("aGk=")}]}}',
        "json",
        f'{{"Body":{part("aGk=")}}}',
        "a reader that wants a structure loses the event",
    )
    becomes(
        "shp-stream-empty-list",
        "a list of no event",
        "SHP-012",
        OUTPUT,
        "json",
        '{"Body":[]}',
        "json",
        '{"Body":{}}',
        "a stream without events is no absent one",
    )
    becomes(
        "shp-stream-xml-order",
        "events in XML keep their order",
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
        "elements have an order, and the events had one",
    )
    union = "ResponseStream"
    becomes(
        "shp-union-several-members",
        "the union itself, several members set",
        "SHP-007 SHP-009",
        union,
        "json",
        several,
        "xml",
        element(
            union,
            "<PayloadPart><Bytes>aGk=</Bytes></PayloadPart><ModelStreamError><Message>m</Message></ModelStreamError>",
        ),
        "the seed's stream is one structure of three members",
    )
    refused(
        "shp-union-twice",
        "a member of the union twice",
        "SHP-013",
        "syntax",
        union,
        "xml",
        "<r><PayloadPart/><PayloadPart/></r>",
        "json",
        "one of the two would be dropped without a word",
        good="<r><PayloadPart/></r>",
    )
    becomes(
        "shp-scalar-string",
        "a string type alone",
        "SHP-017 SHP-009",
        "Header",
        "json",
        '"a<b"',
        "xml",
        "<Header>a&lt;b</Header>",
        "a type that is no structure has documents, too",
    )
    becomes(
        "shp-scalar-blob",
        "a blob type alone",
        "SHP-010 SHP-023",
        "PartBlob",
        "xml",
        "<r>aGk=</r>",
        "value",
        ["Blob", "aGk="],
        "a type that is no structure has documents, too",
    )
    refused(
        "shp-scalar-wrong",
        "a number for a string type alone",
        "SHP-009",
        "type",
        "Message",
        "json",
        "5",
        "json",
        "a value that is guessed at is another value",
        good='"5"',
    )


# ---- errors --------------------------------------------------------------------------------------


def _errors() -> None:
    why = "an error that is not recognised is shown as an unknown one, and nobody handles it"
    service = '{"Message":"m","OriginalStatusCode":400,"OriginalMessage":"o","LogStreamArn":"l"}'
    seed = '{"error":"ModelError","details":{"Message":"m","OriginalStatusCode":400,"OriginalMessage":"o","LogStreamArn":"l"}}'
    for name, code in (
        ("name", "ModelError"),
        ("url", "ModelError:http://internal.amazon.com/coral/#x/"),
        ("namespace", "com.amazonaws#ModelError"),
        ("both", "com.amazonaws#ModelError:http://x/"),
    ):
        becomes(
            f"shp-error-code-{name}",
            f"a code of the form {code}",
            "SHP-025",
            "Error",
            "json",
            service,
            "json",
            seed,
            why,
            code=code,
        )
    becomes(
        "shp-error-type-in-document",
        "the code as __type of the document",
        "SHP-025",
        "Error",
        "json",
        '{"__type":"a#ValidationError","message":"m"}',
        "json",
        '{"error":"ValidationError","details":{"Message":"m"}}',
        why,
        code="",
    )
    becomes(
        "shp-error-code-in-document",
        "the code as code of the document",
        "SHP-025",
        "Error",
        "json",
        '{"code":"InternalFailure"}',
        "json",
        '{"error":"InternalFailure","details":{}}',
        why,
        code="",
    )
    becomes(
        "shp-error-code-beside-wins",
        "a code beside the document, another one in it",
        "SHP-025",
        "Error",
        "json",
        '{"__type":"ValidationError","Message":"m"}',
        "json",
        '{"error":"ServiceUnavailable","details":{"Message":"m"}}',
        why,
        code="ServiceUnavailable",
    )
    becomes(
        "shp-error-small-letter",
        "message instead of Message",
        "SHP-025",
        "Error",
        "json",
        '{"message":"m"}',
        "json",
        '{"error":"ValidationError","details":{"Message":"m"}}',
        "both spellings occur, and the text is what people read",
        code="ValidationError",
    )
    becomes(
        "shp-error-both-letters",
        "message and Message",
        "SHP-025",
        "Error",
        "json",
        '{"message":"a","Message":"b"}',
        "json",
        '{"error":"ValidationError","details":{"Message":"b"}}',
        "both spellings occur; the modelled one counts",
        code="ValidationError",
    )
    becomes(
        "shp-error-number-as-text",
        "the container's status as text",
        "SHP-025 SHP-011",
        "Error",
        "json",
        '{"OriginalStatusCode":"400"}',
        "json",
        '{"error":"ModelError","details":{"OriginalStatusCode":400}}',
        "it is written so, and botocore reads it",
        code="ModelError",
    )
    inner = "<Code>ValidationError</Code><Message>m</Message>"
    for name, text in (
        ("bare", "<Error>%s</Error>"),
        (
            "error-response",
            "<ErrorResponse><Error>%s</Error><RequestId>r</RequestId></ErrorResponse>",
        ),
        (
            "errors",
            "<Response><Errors><Error>%s</Error></Errors><RequestID>r</RequestID></Response>",
        ),
        (
            "namespace",
            '<ErrorResponse xmlns="http://x/"><Error><Type>Sender</Type>%s</Error></ErrorResponse>',
        ),
    ):
        becomes(
            f"shp-error-xml-{name}",
            f"an error in XML: {name.replace('-', ' ')}",
            "SHP-025",
            "Error",
            "xml",
            text % inner,
            "json",
            '{"error":"ValidationError","details":{"Message":"m"}}',
            why,
            code="",
        )
    becomes(
        "shp-error-xml-code-beside",
        "an error in XML with its code beside it",
        "SHP-025",
        "Error",
        "xml",
        "<E><ErrorCode>StreamBroken</ErrorCode><Message>m</Message></E>",
        "json",
        '{"error":"ModelStreamError","details":{"Message":"m","ErrorCode":"StreamBroken"}}',
        why,
        code="ModelStreamError",
    )
    for name, text in (
        ("string-is-number", '{"Message":1}'),
        ("number-is-fraction", '{"OriginalStatusCode":500.9}'),
        ("list", "[]"),
        ("null", "null"),
        ("string", '"s"'),
    ):
        refused(
            f"shp-error-{name}",
            f"a modelled error whose document does not fit: {name.replace('-', ' ')}",
            f"SHP-025 {'SHP-011' if 'fraction' in name else 'SHP-009'}",
            "type",
            "Error",
            "json",
            text,
            "json",
            "a member that is passed over is lost; only a client that must show the error passes over it",
            code="ModelError",
        )
    unknown = "an error that the model does not name is still the one that has to be shown"
    becomes(
        "shp-error-unknown",
        "an error that the model does not name",
        "SHP-026 SHP-027",
        "Error",
        "json",
        ' { "a" : 1 , "b" : [ true , null ] } ',
        "json",
        '{"error":"X","message":"{\\"a\\":1,\\"b\\":[true,null]}"}',
        unknown,
        code="X",
    )
    becomes(
        "shp-error-unknown-bare",
        "its code is bare",
        "SHP-026 SHP-025",
        "Error",
        "json",
        "{}",
        "json",
        '{"error":"ThrottlingException","message":"{}"}',
        unknown,
        code="ns#ThrottlingException:http://x/",
    )
    becomes(
        "shp-error-unknown-xml",
        "in XML, what is escaped stays escaped",
        "SHP-026",
        "Error",
        "xml",
        "<E><!-- c --><M>a &amp; b &lt; c</M><x/></E>",
        "json",
        '{"error":"X","message":"<E><M>a &amp; b &lt; c</M><x></x></E>"}',
        "the seed unescapes it, so that it is no XML any more",
        code="X",
    )
    becomes(
        "shp-error-unknown-xml-attributes",
        "in XML, attributes stay, and stay escaped",
        "SHP-026",
        "Error",
        "xml",
        """<E a="1" b='"&lt;&amp;&#10;'><M c="2">m</M></E>""",
        "json",
        '{"error":"X","message":"<E a=\\"1\\" b=\\"&quot;&lt;&amp;&#10;\\"><M c=\\"2\\">m</M></E>"}',
        "the document is what a person looks into when nobody knows the error",
        code="X",
    )
    becomes(
        "shp-error-unknown-scalar",
        "a document that is no object",
        "SHP-026",
        "Error",
        "json",
        "[1.5]",
        "json",
        '{"error":"X","message":"[1.5]"}',
        unknown,
        code="X",
    )
    back = "who stores an error as a document wants the error back"
    for name, text in (
        ("modelled", seed),
        ("empty", '{"error":"InternalStreamFailure","details":{}}'),
        ("unknown", '{"error":"X","message":"p"}'),
        ("no-payload", '{"error":"X"}'),
        ("empty-payload", '{"error":"X","message":""}'),
        ("modelled-name", '{"error":"ModelError"}'),
    ):
        becomes(
            f"shp-error-document-{name}",
            f"the seed's document of an error, there and back: {name.replace('-', ' ')}",
            "SHP-027",
            "Error",
            "json",
            text,
            "json",
            text,
            back,
        )
    becomes(
        "shp-error-document-xml",
        "the same document in XML",
        "SHP-027",
        "Error",
        "json",
        '{"error":"ModelStreamError","details":{"Message":"m"}}',
        "xml",
        "<Error><error>ModelStreamError</error><details><Message>m</Message></details></Error>",
        back,
    )
    becomes(
        "shp-error-document-xml-back",
        "the same document of XML",
        "SHP-027",
        "Error",
        "xml",
        "<Error><error>X</error><message>&lt;a/&gt;</message></Error>",
        "json",
        '{"error":"X","message":"<a/>"}',
        back,
    )
    becomes(
        "shp-error-document-value",
        "the same document as a tree",
        "SHP-027 SHP-023",
        "Error",
        "json",
        '{"error":"InternalFailure","details":{}}',
        "value",
        structure(("error", ["String", "InternalFailure"]), ("details", ["Structure", []])),
        back,
    )
    becomes(
        "shp-error-document-value-back",
        "the same document of a tree",
        "SHP-027 SHP-023",
        "Error",
        "value",
        structure(
            ("error", ["String", "ModelError"]),
            ("details", structure(("OriginalStatusCode", ["Integer", 500]))),
        ),
        "json",
        '{"error":"ModelError","details":{"OriginalStatusCode":500}}',
        back,
    )
    for name, text in (
        ("unknown-details", '{"error":"X","details":{}}'),
        ("details-and-message", '{"error":"ModelError","details":{},"message":"m"}'),
        ("nothing-known", '{"Message":"m"}'),
        ("details-alone", '{"details":{}}'),
    ):
        refused(
            f"shp-error-document-{name}",
            f"no document of an error: {name.replace('-', ' ')}",
            "SHP-027",
            "type",
            "Error",
            "json",
            text,
            "json",
            "a service's own document taken for the seed's is an error without its text",
        )
    for name, shape, source, target, text in (
        ("shape", "Nothing", "json", "json", "{}"),
        ("form", "Header", "yaml", "json", '"a"'),
        ("scalar-headers", "Header", "json", "headers", '"a"'),
        ("error-query", "Error", "json", "query", '{"error":"X"}'),
        ("error-of-query", "Error", "query", "json", "error=X"),
    ):
        if name != "form":  # the schema of the cases knows no other form
            refused(
                f"shp-unknown-{name}",
                f"what there is not: {name.replace('-', ' ')}",
                "SHP-028",
                "constraint",
                shape,
                source,
                text,
                target,
                "a guess would be a document of something else",
            )


for _section in (
    _forms,
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
    raise CaseMistake("shp: an id twice")
