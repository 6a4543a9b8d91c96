# SPDX-License-Identifier: MIT
"""Tests of refimpl/convert.py: one value in all five formats, and errors in theirs."""

import json

import pytest

from refimpl.convert import FORMATS, convert
from refimpl.errors import DocumentError, UsageError
from refimpl.shapes import InvokeEndpointWithResponseStreamOutput, ModelStreamError, PayloadPart
from tests.rows import for_each

OUTPUT = InvokeEndpointWithResponseStreamOutput(
    body=(
        PayloadPart(bytes=b"hi"),
        PayloadPart(bytes=b""),
        ModelStreamError(message="\u20ac", error_code="StreamBroken"),
    ),
    content_type="text/plain",
    custom_attributes="",
)

DOCUMENTS = {
    "json": '{"Body":[{"PayloadPart":{"Bytes":"aGk="}},{"PayloadPart":{"Bytes":""}},'
    '{"ModelStreamError":{"Message":"\u20ac","ErrorCode":"StreamBroken"}}],'
    '"X-Amzn-SageMaker-Content-Type":"text/plain","X-Amzn-SageMaker-Custom-Attributes":""}',
    "xml": "<InvokeEndpointWithResponseStreamOutput><Body><PayloadPart><Bytes>aGk=</Bytes>"
    "</PayloadPart><PayloadPart><Bytes></Bytes>"
    "</PayloadPart><ModelStreamError><Message>\u20ac</Message><ErrorCode>StreamBroken</ErrorCode>"
    "</ModelStreamError></Body>"
    "<X-Amzn-SageMaker-Content-Type>text/plain</X-Amzn-SageMaker-Content-Type>"
    "<X-Amzn-SageMaker-Custom-Attributes></X-Amzn-SageMaker-Custom-Attributes>"
    "</InvokeEndpointWithResponseStreamOutput>",
    "query": "Body.1.PayloadPart.Bytes=hi&Body.2.PayloadPart.Bytes="
    "&Body.3.ModelStreamError.Message=%E2%82%AC&Body.3.ModelStreamError.ErrorCode=StreamBroken"
    "&X-Amzn-SageMaker-Content-Type=text/plain&X-Amzn-SageMaker-Custom-Attributes=",
    "value": '["Structure",[["Body",["List",[["Structure",[["PayloadPart",["Structure",[["Bytes",'
    '["Blob","aGk="]]]]]]],'
    '["Structure",[["PayloadPart",["Structure",[["Bytes",["Blob",""]]]]]]],["Structure",'
    '[["ModelStreamError",'
    '["Structure",[["Message",["String","\u20ac"]],["ErrorCode",["String","StreamBroken"]]]]]]]]]],'
    '["X-Amzn-SageMaker-Content-Type",["String","text/plain"]],'
    '["X-Amzn-SageMaker-Custom-Attributes",["String",""]]]]',
    "headers": '{"headers":[["X-Amzn-SageMaker-Content-Type","text/plain"],'
    '["X-Amzn-SageMaker-Custom-Attributes",""]],'
    '"body":[{"PayloadPart":{"Bytes":"aGk="}},{"PayloadPart":{"Bytes":""}},'
    '{"ModelStreamError":{"Message":"\u20ac","ErrorCode":"StreamBroken"}}]}',
}


@for_each("source", FORMATS)
@for_each("target", FORMATS)
def test_every_format_becomes_every_other(source, target):
    assert set(DOCUMENTS) == set(FORMATS)
    name = "InvokeEndpointWithResponseStreamOutput"
    assert convert(name, source, target, DOCUMENTS[source]) == DOCUMENTS[target]
    assert convert(name, source, target, DOCUMENTS[source].encode()) == DOCUMENTS[target]


def test_the_formats_are_those_of_the_methods():
    assert OUTPUT.to_json() == DOCUMENTS["json"]
    assert OUTPUT.to_xml() == DOCUMENTS["xml"]
    assert OUTPUT.to_query().encode() == DOCUMENTS["query"]
    headers = OUTPUT.to_headers()
    assert [list(pair) for pair in headers.headers] == json.loads(DOCUMENTS["headers"])["headers"]
    assert headers.body == OUTPUT.body
    assert InvokeEndpointWithResponseStreamOutput.of_header_and_body(*headers) == OUTPUT


SERVICE = '{"__type":"x#ModelError:http://y","message":"m","OriginalStatusCode":500}'
SEED = '{"error":"ModelError","details":{"Message":"m","OriginalStatusCode":500}}'


@pytest.mark.parametrize(
    "source, target, document, code, expected",
    [
        ("json", "json", SERVICE, "", SEED),
        ("json", "json", SEED, None, SEED),
        (
            "json",
            "json",
            '{"message":"m"}',
            "ns#ValidationError",
            '{"error":"ValidationError","details":{"Message":"m"}}',
        ),
        ("json", "json", '{ "a" : 1 }', "X", '{"error":"X","message":"{\\"a\\":1}"}'),
        (
            "xml",
            "json",
            "<Error><Code>ModelError</Code><Message>m</Message><OriginalStatusCode>"
            "500</OriginalStatusCode></Error>",
            "",
            SEED,
        ),
        (
            "json",
            "xml",
            SEED,
            None,
            "<Error><error>ModelError</error><details><Message>m</Message>"
            "<OriginalStatusCode>500</OriginalStatusCode></details></Error>",
        ),
        (
            "xml",
            "json",
            "<Error><error>X</error><message>&lt;a/&gt;</message></Error>",
            None,
            '{"error":"X","message":"<a/>"}',
        ),
        ("json", "value", '{"error":"X"}', None, '["Structure",[["error",["String","X"]]]]'),
        (
            "value",
            "json",
            '["Structure",[["error",["String","InternalFailure"]],["details",["Structure",[]]]]]',
            None,
            '{"error":"InternalFailure","details":{}}',
        ),
    ],
)
def test_errors(source, target, document, code, expected):
    assert convert("Error", source, target, document, code) == expected


@pytest.mark.parametrize(
    "shape, source, target, code",
    [
        ("Nothing", "json", "json", None),
        ("Header", "yaml", "json", None),
        ("Header", "json", "yaml", None),
        ("Header", "json", "headers", None),
        ("Header", "headers", "json", None),
        ("Error", "query", "json", None),
        ("Error", "json", "query", None),
        ("Error", "headers", "json", None),
        ("Error", "json", "headers", None),
        ("Error", "value", "json", "X"),
    ],
)
def test_a_name_that_is_not_known_or_does_not_fit(shape, source, target, code):
    with pytest.raises(UsageError) as caught:
        convert(shape, source, target, '"x"' if shape == "Header" else '{"error":"X"}', code)
    assert (caught.value.kind, caught.value.rule) == ("constraint", "SHP-028")


@pytest.mark.parametrize(
    "source, document, kind, rule, path",
    [
        (
            "json",
            '{"Body":[{},{},{"PayloadPart":{"Bytes":"?"}}]}',
            "type",
            "SHP-010",
            "Body[2].PayloadPart.Bytes",
        ),
        (
            "xml",
            "<r><Body><PayloadPart/><PayloadPart><Bytes>?</Bytes></PayloadPart></Body></r>",
            "type",
            "SHP-010",
            "Body[1].PayloadPart.Bytes",
        ),
        (
            "query",
            "Body.7.ModelStreamError.Message=%FF",
            "utf8",
            "SHP-014",
            "Body.7.ModelStreamError.Message",
        ),
        (
            "value",
            '["Structure",[["Body",["List",[["String","x"]]]]]]',
            "type",
            "SHP-009",
            "Body[0]",
        ),
        ("value", '["Structure",[["Body"]]]', "type", "SHP-023", "the document"),
        ("value", "[]", "type", "SHP-023", "the document"),
        ("value", '["Structure",{}]', "type", "SHP-023", "the document"),
        (
            "value",
            '["Structure",[["Body",["List",[["Structure",5]]]]]]',
            "type",
            "SHP-023",
            "Body[0]",
        ),
        ("value", '[5,""]', "type", "SHP-023", "the document"),
        ("value", '["Structure",[["Body",["Blob","?"]]]]', "type", "SHP-010", "Body"),
        (
            "headers",
            '{"headers":[],"body":{"PayloadPart":{"Bytes":"?"}}}',
            "type",
            "SHP-010",
            "body.PayloadPart.Bytes",
        ),
        ("headers", '{"body":{}}', "type", "SHP-024", "the document"),
        ("headers", '{"headers":{}}', "type", "SHP-024", "the document"),
        ("headers", '{"headers":["ab"]}', "type", "SHP-024", "the document"),
        ("headers", '{"headers":[["a"]]}', "type", "SHP-024", "the document"),
        ("headers", '{"headers":[["a","b","c"]]}', "type", "SHP-024", "the document"),
        ("headers", '{"headers":[["a","b"],[1,"b"]]}', "type", "SHP-024", "the document"),
        ("headers", '{"headers":[["a",null]]}', "type", "SHP-024", "the document"),
        ("headers", "[]", "type", "SHP-024", "the document"),
    ],
)
def test_an_error_has_the_path(source, document, kind, rule, path):
    with pytest.raises(DocumentError) as caught:
        convert("InvokeEndpointWithResponseStreamOutput", source, "json", document)
    error = caught.value
    assert (error.kind, error.rule, error.path) == (kind, rule, path)
    assert f"in {path}" in str(error)


@pytest.mark.parametrize(
    "body, actual",
    [
        ("5", "a number"),
        ('{"Message":"m"}', "an object"),
        ("[]", "an array"),
        ("true", "a boolean"),
    ],
)
def test_a_body_that_is_a_document_is_text(body, actual):
    with pytest.raises(DocumentError) as caught:
        convert("ModelError", "headers", "json", f'{{"headers":[],"body":{body}}}')
    error = caught.value
    assert (error.kind, error.rule, error.path, error.expected, error.actual) == (
        "type",
        "SHP-009",
        "body",
        "a string",
        actual,
    )


def test_absent_members_in_a_tree_and_in_headers():
    name = "InvokeEndpointWithResponseStreamOutput"
    assert convert(
        name, "value", "json", '["Structure",[["Body",null],["ContentType",["String","a"]]]]'
    ) == ('{"X-Amzn-SageMaker-Content-Type":"a"}')
    assert convert(name, "json", "headers", "{}") == '{"headers":[],"body":null}'
    assert convert(name, "headers", "json", '{"headers":[],"body":null}') == "{}"
    assert (
        convert("ModelError", "headers", "json", '{"headers":[],"body":"{\\"Message\\":\\"m\\"}"}')
        == '{"Message":"m"}'
    )
    assert (
        convert("ModelError", "json", "headers", '{"Message":"m"}')
        == '{"headers":[],"body":"{\\"Message\\":\\"m\\"}"}'
    )
    assert (
        convert(
            "InvokeEndpointWithResponseStreamInput",
            "headers",
            "json",
            '{"headers":[["accept","a"]],"body":"aGk="}',
        )
        == '{"Body":"aGk="}'
    )
