# SPDX-License-Identifier: MIT
"""Tests of refimpl/errordocument.py: error documents as services send them, and as the seed writes them."""
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.errordocument import error_of_document, error_of_json, error_of_xml, error_to_json, error_to_xml
from refimpl.errors import DocumentError
from refimpl.shapes import ERRORS, ModelError, UnknownOperationError, ValidationError
from tests.typed import ANY_TEXT, XML_TEXT, values

many = settings(max_examples=300, deadline=None)


def errors(text):
    shapes = st.sampled_from(sorted(ERRORS.values(), key=lambda shape: shape.__name__) + [UnknownOperationError])
    return shapes.flatmap(lambda shape: values(shape.data_type(), text))


@many
@given(errors(ANY_TEXT))
def test_json_there_and_back(error):
    assert error_of_document(error_to_json(error)) == error


@many
@given(errors(XML_TEXT))
def test_xml_there_and_back(error):
    assert error_of_document(error_to_xml(error)) == error


@pytest.mark.parametrize("code", ["ModelError", "ModelError:http://x#y", "ns#ModelError", "ns#ModelError:http://x"])
def test_a_code_in_each_of_its_forms(code):
    expected = ModelError(message="m", original_status_code=400)
    assert error_of_json(code, '{"message":"m","OriginalStatusCode":400}') == expected
    assert error_of_json(None, '{"__type":"%s","Message":"m","OriginalStatusCode":"400"}' % code) == expected
    assert error_of_json("", '{"code":"%s","Message":"m","OriginalStatusCode":400}' % code) == expected
    members = "<Message>m</Message><OriginalStatusCode>400</OriginalStatusCode>"
    for document in ("<E>%s</E>", "<ErrorResponse><Error>%s</Error></ErrorResponse>",
                     "<Response><Errors><Error>%s</Error></Errors></Response>"):
        assert error_of_xml(code, document % members) == expected
        assert error_of_xml(None, document % ("<Code>%s</Code>%s" % (code, members))) == expected


def test_the_modelled_spelling_wins():
    assert error_of_json("ValidationError", '{"message":"a","Message":"b"}') == ValidationError(message="b")
    assert error_of_json("ValidationError", '{"message":"a","Message":null}') == ValidationError(message="a")


@pytest.mark.parametrize("code, document, path, rule", [
    ("ModelError", '{"OriginalStatusCode":1.5}', "OriginalStatusCode", "SHP-011"), ("ValidationError", "[]", "the document", "SHP-009"),
    ("ModelError", '{"OriginalStatusCode":true}', "OriginalStatusCode", "SHP-011"),
    ("ValidationError", '{"Message":1}', "Message", "SHP-009"), ("ValidationError", "null", "the document", "SHP-009"),
])
def test_what_does_not_fit_a_modelled_error(code, document, path, rule):
    with pytest.raises(DocumentError) as caught:
        error_of_json(code, document)
    assert (caught.value.kind, caught.value.rule, caught.value.path) == ("type", rule, path)


@pytest.mark.parametrize("document", [
    '{"error":"X","details":{}}', '{"error":"ModelError","details":{},"message":"m"}', '{"Message":"m"}', '{"details":{}}',
])
def test_a_document_that_is_no_error_s(document):
    with pytest.raises(DocumentError) as caught:
        error_of_document(document)
    assert (caught.value.kind, caught.value.rule) == ("type", "SHP-027")


def test_the_payload_of_an_error_that_the_model_does_not_name():
    xml = "<E a='1' b=\"&quot;&#10;\"><!-- c --> <M>a &amp; b &lt; c</M><x/></E>"
    assert error_of_xml("Other", xml).payload == '<E a="1" b="&quot;&#10;"> <M>a &amp; b &lt; c</M><x></x></E>'
    assert error_of_json("Other", '{ "a" : [ 1e15, null ] }').payload == '{"a":[1000000000000000.0,null]}'


def test_half_a_surrogate_pair_spoils_no_text():
    assert error_of_json("Other", '["\\ud800", "\\ud83d\\ude00"]').payload == '["\ufffd","\U0001f600"]'
    assert error_of_json("ValidationError", '{"message":"a\\udfffb"}') == ValidationError(message="a\ufffdb")
