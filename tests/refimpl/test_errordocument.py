# SPDX-License-Identifier: MIT
"""Tests of refimpl/errordocument.py: error documents of services and of the seed.

Every error survives the seed's document in JSON and XML. Services' documents: each spelling of a
code, each envelope, and documents without an error. Then recorded responses, and botocore's parser
on the same bytes.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.errordocument import (
    error_code_of,
    error_of_document,
    error_of_json,
    error_of_xml,
    error_to_json,
    error_to_xml,
    parse_error,
)
from refimpl.errors import DocumentError, UsageError
from refimpl.shapes import ERRORS, ModelError, UnknownOperationError, ValidationError
from tests.properties import examples
from tests.support import corpora
from tests.typed import ANY_TEXT, XML_TEXT, values

many = examples(300)


def errors(text):
    shapes = st.sampled_from(
        sorted(ERRORS.values(), key=lambda shape: shape.__name__) + [UnknownOperationError]
    )
    return shapes.flatmap(lambda shape: values(shape.data_type(), text))


@pytest.mark.slow
@many
@given(errors(ANY_TEXT))
def test_json_there_and_back(error):
    assert error_of_document(error_to_json(error)) == error


@pytest.mark.slow
@many
@given(errors(XML_TEXT))
def test_xml_there_and_back(error):
    assert error_of_document(error_to_xml(error)) == error


@pytest.mark.parametrize(
    "code", ["ModelError", "ModelError:http://x#y", "ns#ModelError", "ns#ModelError:http://x"]
)
def test_a_code_in_each_of_its_formats(code):
    expected = ModelError(message="m", original_status_code=400)
    assert error_of_json(code, '{"message":"m","OriginalStatusCode":400}') == expected
    assert (
        error_of_json(None, f'{{"__type":"{code}","Message":"m","OriginalStatusCode":"400"}}')
        == expected
    )
    assert (
        error_of_json("", f'{{"code":"{code}","Message":"m","OriginalStatusCode":400}}') == expected
    )
    members = "<Message>m</Message><OriginalStatusCode>400</OriginalStatusCode>"
    for document in (
        "<E>%s</E>",
        "<ErrorResponse><Error>%s</Error></ErrorResponse>",
        "<Response><Errors><Error>%s</Error></Errors></Response>",
    ):
        assert error_of_xml(code, document % members) == expected
        assert error_of_xml(None, document % (f"<Code>{code}</Code>{members}")) == expected


def test_the_modelled_spelling_wins():
    assert error_of_json("ValidationError", '{"message":"a","Message":"b"}') == ValidationError(
        message="b"
    )
    assert error_of_json("ValidationError", '{"message":"a","Message":null}') == ValidationError(
        message="a"
    )


@pytest.mark.parametrize(
    "code, document, path, rule",
    [
        ("ModelError", '{"OriginalStatusCode":1.5}', "OriginalStatusCode", "SHP-011"),
        ("ValidationError", "[]", "the document", "SHP-009"),
        ("ModelError", '{"OriginalStatusCode":true}', "OriginalStatusCode", "SHP-011"),
        ("ValidationError", '{"Message":1}', "Message", "SHP-009"),
        ("ValidationError", "null", "the document", "SHP-009"),
    ],
)
def test_invalid_members_of_a_modelled_error(code, document, path, rule):
    with pytest.raises(DocumentError) as caught:
        error_of_json(code, document)
    assert (caught.value.kind, caught.value.rule, caught.value.path) == ("type", rule, path)


@pytest.mark.parametrize(
    "document",
    [
        '{"error":"X","details":{}}',
        '{"error":"ModelError","details":{},"message":"m"}',
        '{"Message":"m"}',
        '{"details":{}}',
    ],
)
def test_a_document_that_is_no_error_s(document):
    with pytest.raises(DocumentError) as caught:
        error_of_document(document)
    assert (caught.value.kind, caught.value.rule) == ("type", "SHP-027")


def test_the_payload_of_an_error_that_the_model_does_not_name():
    xml = "<E a='1' b=\"&quot;&#10;\"><!-- c --> <M>a &amp; b &lt; c</M><x/></E>"
    assert (
        error_of_xml("Other", xml).payload
        == '<E a="1" b="&quot;&#10;"> <M>a &amp; b &lt; c</M><x></x></E>'
    )
    assert (
        error_of_json("Other", '{ "a" : [ 1e15, null ] }').payload
        == '{"a":[1000000000000000.0,null]}'
    )


def test_half_a_surrogate_pair_spoils_no_text():
    assert (
        error_of_json("Other", '["\\ud800", "\\ud83d\\ude00"]').payload == '["\ufffd","\U0001f600"]'
    )
    assert error_of_json("ValidationError", '{"message":"a\\udfffb"}') == ValidationError(
        message="a\ufffdb"
    )


# ---- documents of services ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "document, codes, message, is_null, request_id",
    [
        ("{}", [], None, False, None),
        ("[]", [], None, False, None),
        ("null", [], None, False, None),
        ("5", [], None, False, None),
        (
            '{"code":"c","Code":"C","__type":"t","message":"m","RequestId":"r"}',
            ["t", "c", "C"],
            "m",
            False,
            None,
        ),
        ('{"__type":5,"code":null,"message":5}', [], None, False, None),
        ('{"message":null}', [], None, True, None),
        ('{"Message":null}', [], None, True, None),
        ('{"Message":"a","message":null}', [], "a", True, None),
        (
            "<Error><Code>c</Code><Message>m</Message><RequestId>r</RequestId></Error>",
            ["c"],
            "m",
            False,
            "r",
        ),
        (
            "<ErrorResponse><Error><Code>c</Code><message>m</message></Error><RequestId>"
            "r</RequestId></ErrorResponse>",
            ["c"],
            "m",
            False,
            "r",
        ),
        (
            "<Response><Errors><Error><Code>c</Code></Error></Errors><RequestID>r</RequestID>"
            "</Response>",
            ["c"],
            None,
            False,
            "r",
        ),
        ("<E><Error><RequestId>inner</RequestId></Error></E>", [], None, False, "inner"),
        (
            "<E><RequestId/><Error><RequestId>inner</RequestId></Error></E>",
            [],
            None,
            False,
            "inner",
        ),
        ("<E>text<Code><x/></Code></E>", [], None, False, None),
        ("  \n<E/>", [], None, False, None),
    ],
)
def test_codes_message_and_request_id_of_a_document(document, codes, message, is_null, request_id):
    for given_document in (document, document.encode()):
        read = parse_error(given_document)
        assert (read.codes, read.message, read.has_null_message, read.request_id) == (
            codes,
            message,
            is_null,
            request_id,
        )


@pytest.mark.parametrize("document", ["", " ", "x", "<", "<a>", "{", b"\xff", "<!DOCTYPE a><a/>"])
def test_rejects_an_invalid_document(document):
    with pytest.raises(DocumentError):
        parse_error(document)
    with pytest.raises(DocumentError):
        error_of_document(document)


@pytest.mark.parametrize(
    "text, code",
    [
        (None, None),
        ("", None),
        ("A", "A"),
        ("A:b", "A"),
        ("n#A", "A"),
        ("n#A:http://x#y", "A"),
        ("A:n#b", "A"),
        ("a#b#C", "b#C"),
        (":A", None),
        ("n#", None),
        (" A\t", "A"),
        ("n# ", None),
    ],
)
def test_bare_codes(text, code):
    assert error_code_of(text) == code


def test_an_error_without_a_code():
    assert error_of_json(None, "{}") == UnknownOperationError(payload="{}")
    assert error_of_json("", "{}") == UnknownOperationError(code="", payload="{}")
    assert error_of_json("n#", '{"__type":"ModelError"}') == ModelError()
    for wrong in (5, b"ModelError"):
        with pytest.raises(UsageError) as caught:
            error_of_json(wrong, "{}")
        assert caught.value.kind == "type"


@pytest.mark.parametrize("write", [error_to_json, error_to_xml])
def test_only_errors_are_written(write):
    for wrong in (None, "ModelError", ValueError("x"), DocumentError("x")):
        with pytest.raises(UsageError) as caught:
            write(wrong)
        assert caught.value.kind == "type"


# ---- recorded responses ------------------------------------------------------------------------


def recorded():
    """Return (code, body) of each recorded error response."""
    for entry in json.loads(corpora("http-error-responses.json").read_text(encoding="utf-8")):
        yield (
            {name.lower(): value for name, value in entry["headers"]}["x-amzn-errortype"],
            entry["body"],
        )


def test_recorded_documents():
    seen = 0
    for code, body in recorded():
        error, plain = error_of_json(code, body), json.loads(body)
        assert error.code == code.split(":")[0].split("#")[-1]
        if isinstance(error, UnknownOperationError):
            assert json.loads(error.payload) == plain
        else:
            assert error.message == plain.get("Message", plain.get("message"))
        assert error_of_document(error_to_json(error)) == error
        seen += 1
    assert seen >= 10


@pytest.mark.parametrize(
    "document",
    [
        "<ErrorResponse><Error><Code>ValidationError</Code><Message>m</Message></Error>"
        "<RequestId>r</RequestId></ErrorResponse>",
        "<Response><Errors><Error><Code>ValidationError</Code><Message>m</Message></Error>"
        "</Errors><RequestID>r</RequestID></Response>",
        "<Error><Code>ValidationError</Code><Message>m</Message><RequestId>r</RequestId></Error>",
    ],
)
def test_botocore_finds_the_same_in_each_envelope(document):
    parsers = pytest.importorskip("botocore.parsers", reason="botocore is not installed")
    parser = parsers.create_parser("ec2" if "<Response>" in document else "rest-xml")
    theirs = parser.parse({"status_code": 400, "headers": {}, "body": document.encode()}, None)
    assert theirs["Error"]["Code"] == "ValidationError"
    assert (
        parse_error(document).request_id == "r" == theirs["ResponseMetadata"].get("RequestId", "r")
    )  # botocore does not read a document without an envelope
    assert error_of_xml(None, document) == ValidationError(message=theirs["Error"]["Message"])
