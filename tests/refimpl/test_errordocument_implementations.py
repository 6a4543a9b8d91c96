# SPDX-License-Identifier: MIT
"""Error documents, read by refimpl and by botocore's parsers from the same bytes.

The documents are those of services (public corpora) and generated ones: JSON with every mix of the
names for a code and a message, and XML in AWS's envelopes. Both readers return the same unless a
row of a table applies. A row says exactly what each reader returns, and names the rule of SPEC.md
that describes the difference. The rows hold for botocore 1.44.5 (checked 2026-11-25).
"""

import json
import re
from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple, Optional
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.errordocument import parse_error
from refimpl.operation import service_error
from refimpl.shapes import ModelError, UnknownOperationError
from tests.properties import examples
from tests.support import corpora
from tests.typed import ANY_TEXT, XML_TEXT

pytestmark = pytest.mark.slow

botocore_loaders = pytest.importorskip("botocore.loaders")
from botocore.awsrequest import HeadersDict  # noqa: E402
from botocore.model import ServiceModel  # noqa: E402
from botocore.parsers import PROTOCOL_PARSERS  # noqa: E402

many = examples(400)
SPEC = (Path(__file__).resolve().parents[2] / "SPEC.md").read_text(encoding="utf-8")


class Reading(NamedTuple):
    """A reader's result for an error response."""

    code: Optional[str]
    message: Optional[str]
    request_id: Optional[str]


def theirs(protocol: str, status: int, headers: Any, body: bytes) -> Reading:
    parsed = PROTOCOL_PARSERS[protocol]().parse(
        {"status_code": status, "headers": HeadersDict(headers), "body": body}, None
    )
    error, metadata = parsed.get("Error", {}), parsed.get("ResponseMetadata", {})
    return Reading(error.get("Code"), error.get("Message"), metadata.get("RequestId") or None)


def ours(status: int, headers: Any, body: bytes) -> Reading:
    error = service_error(status, headers, body)
    # The message of an unknown error has more facts, so compare the document's own.
    message = (
        parse_error(body).message if isinstance(error, UnknownOperationError) else error.message
    )
    return Reading(error.code, message, error.request_id)


class Difference(NamedTuple):
    """A difference: its rule, the cases with it, and each reader's value of one field."""

    rule: str
    field: str
    applies: Callable[[Any], bool]
    ours: Callable[[Any], Optional[str]]
    theirs: Callable[[Any], Optional[str]]


def compare(differences, case, our_reading, their_reading):
    for field in Reading._fields:
        row = next((row for row in differences if row.field == field and row.applies(case)), None)
        mine, other = getattr(our_reading, field), getattr(their_reading, field)
        if row is None:
            assert mine == other, field
        else:
            assert (mine, other) == (row.ours(case), row.theirs(case)), f"{field}, {row.rule}"


# ---- documents of services ---------------------------------------------------------------------


def test_the_recorded_responses():
    recorded = json.loads(corpora("http-error-responses.json").read_text(encoding="utf-8"))
    assert len(recorded) == 14
    for response in recorded:
        call = (
            response["status"],
            [tuple(pair) for pair in response["headers"]],
            response["body"].encode("utf-8"),
        )
        reading = ours(*call)
        assert reading == theirs("rest-json", *call)
        assert re.match(r"[A-Za-z]+Exception\Z", reading.code) and reading.message


# ---- JSON --------------------------------------------------------------------------------------

CODES = st.sampled_from(
    (
        "ModelError",
        "ns#ModelError",
        "Other",
        "Other:http://x/",
        "ns#Other:http://x/#y",
        "a#b#Other",
        "a#b#Other:c#d",
    )
)
TEXTS = st.one_of(st.none(), ANY_TEXT)
JSON_CASES = st.tuples(
    st.one_of(st.none(), st.just(""), CODES),
    st.fixed_dictionaries(
        {},
        optional={
            "__type": CODES,
            "code": CODES,
            "Code": CODES,
            "message": TEXTS,
            "Message": TEXTS,
            "other": TEXTS,
        },
    ),
)


def cut(text: str, which: int = 0) -> str:
    """Return the code before the first `:` and after the first (0) or last (-1) `#`."""
    pieces = text.split(":")[0].split("#")
    return pieces[0] if len(pieces) == 1 else pieces[-1] if which else "#".join(pieces[1:])


def our_source(case):
    header, document = case
    return header or next(
        (document[name] for name in ("__type", "code", "Code") if name in document), None
    )


def their_source(case):
    header, document = case
    return (
        header
        if header is not None
        else next((document[name] for name in ("code", "Code", "__type") if name in document), None)
    )


def our_code(case):
    return cut(our_source(case)) if our_source(case) else None


def their_code(case):
    return "400" if their_source(case) is None else cut(their_source(case), -1)


def our_text(case):
    return next(
        (case[1][name] for name in ("Message", "message") if case[1].get(name) is not None), None
    )


def their_text(case):
    return next((case[1][name] for name in ("message", "Message") if name in case[1]), "")


JSON_DIFFERENCES = [
    Difference(
        "HTTP-033",
        "code",
        lambda case: their_source(case) is None,
        lambda case: None,
        lambda case: "400",
    ),
    Difference("HTTP-030", "code", lambda case: case[0] == "", our_code, lambda case: ""),
    Difference(
        "HTTP-030",
        "code",
        lambda case: our_source(case) != their_source(case),
        our_code,
        their_code,
    ),
    Difference(
        "HTTP-031",
        "code",
        lambda case: our_source(case).split(":")[0].count("#") > 1,
        our_code,
        their_code,
    ),
    Difference(
        "HTTP-032",
        "message",
        lambda case: {"message", "Message"} <= set(case[1]),
        our_text,
        their_text,
    ),
    Difference(
        "HTTP-033",
        "message",
        lambda case: not {"message", "Message"} & set(case[1]),
        lambda case: None,
        lambda case: "",
    ),
]


@many
@given(JSON_CASES)
def test_json(case):
    header, document = case
    headers = [("x-amzn-RequestId", "r")] + (
        [] if header is None else [("x-amzn-ErrorType", header)]
    )
    body = json.dumps(document).encode("utf-8")
    compare(
        JSON_DIFFERENCES, case, ours(400, headers, body), theirs("rest-json", 400, headers, body)
    )


@pytest.mark.parametrize(
    "body, their",
    [
        (b"[]", AttributeError),
        (b'"text"', AttributeError),
        (b"5", AttributeError),
        (b'{"code":5}', 5),
        (b'{"__type":5}', TypeError),
        (b'{"__type":["a"]}', ["a"]),
    ],
)
def test_json_that_is_no_error_is_an_error_all_the_same(body, their):
    """botocore raises an exception, or returns a code that is not text (HTTP-035)."""
    assert ours(400, [], body) == Reading(None, None, None)
    if isinstance(their, type):
        with pytest.raises(their):
            theirs("rest-json", 400, [], body)
    else:
        assert theirs("rest-json", 400, [], body).code == their


# ---- the members of a modelled error -----------------------------------------------------------


def model_error_of_botocore(document: Dict[str, Any]) -> Dict[str, Any]:
    model = ServiceModel(
        botocore_loaders.Loader().load_service_model("sagemaker-runtime", "service-2")
    )
    response = {
        "status_code": 424,
        "headers": HeadersDict(),
        "body": json.dumps(document).encode("utf-8"),
    }
    members: Dict[str, Any] = PROTOCOL_PARSERS["rest-json"]().parse(
        response, model.shape_for("ModelError")
    )
    return {name: value for name, value in members.items() if name != "ResponseMetadata"}


STATUSES = st.one_of(st.integers(-(2**31), 2**31 - 1), st.integers(-999, 999).map(str), st.none())


@examples(60)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "Message": TEXTS,
            "OriginalMessage": TEXTS,
            "LogStreamArn": TEXTS,
            "OriginalStatusCode": STATUSES,
            "Other": TEXTS,
        },
    )
)
def test_the_members_of_a_modelled_error(document):
    error = service_error(
        424, [("x-amzn-errortype", "ModelError")], json.dumps(document).encode("utf-8")
    )
    assert isinstance(error, ModelError)
    assert {
        field.member: getattr(error, field.attribute)
        for field in ModelError.fields
        if getattr(error, field.attribute) is not None
    } == model_error_of_botocore(document)


@pytest.mark.parametrize(
    "status, what", [(500.9, 500), (True, 1), (2**31, 2**31), ("1_0", 10), (" 5", 5), ("\u0661", 1)]
)
def test_integers_that_only_botocore_takes(status, what):
    """refimpl ignores a value that is not an int32 (SHP-011, HTTP-035)."""
    assert model_error_of_botocore({"OriginalStatusCode": status}) == {"OriginalStatusCode": what}
    error = service_error(
        424,
        [("x-amzn-errortype", "ModelError")],
        json.dumps({"OriginalStatusCode": status}).encode("utf-8"),
    )
    assert isinstance(error, ModelError) and error.original_status_code is None


def test_members_with_a_small_first_letter():
    """refimpl reads it (HTTP-032); botocore does not."""
    document = {"originalMessage": "o", "originalStatusCode": 5}
    error = service_error(
        424, [("x-amzn-errortype", "ModelError")], json.dumps(document).encode("utf-8")
    )
    assert (error.original_message, error.original_status_code) == ("o", 5)
    assert model_error_of_botocore(document) == {}


# ---- XML ---------------------------------------------------------------------------------------

ENVELOPES = {
    "query": "<ErrorResponse xmlns='urn:x'><Error><Type>Sender</Type>%s</Error><RequestId>"
    "r</RequestId></ErrorResponse>",
    "rest-xml": "<ErrorResponse><Error>%s</Error><RequestId>r</RequestId></ErrorResponse>",
    "ec2": "<Response><Errors><Error>%s</Error></Errors><RequestID>r</RequestID></Response>",
    "bare": "<Error>%s<RequestId>r</RequestId></Error>",  # S3's
}
XML_CASES = st.tuples(
    st.sampled_from(sorted(ENVELOPES)),
    CODES,
    XML_TEXT.filter(lambda text: "\r" not in text),
    st.booleans(),
)

XML_DIFFERENCES = [
    Difference(
        "HTTP-031",
        "code",
        lambda case: cut(case[1]) != case[1],
        lambda case: cut(case[1]),
        lambda case: case[1],
    ),
    Difference(
        "HTTP-036", "message", lambda case: case[2] == "", lambda case: "", lambda case: None
    ),
    Difference(
        "HTTP-036",
        "request_id",
        lambda case: case[0] == "bare",
        lambda case: "r",
        lambda case: None,
    ),
]


@many
@given(XML_CASES)
def test_xml(case):
    envelope, code, text, declared = case
    members = f"<Code>{escape(code)}</Code><Message>{escape(text)}</Message>"
    body = (
        ("<?xml version='1.0' encoding='UTF-8'?>\n" if declared else "")
        + ENVELOPES[envelope] % members
    ).encode("utf-8")
    protocol = "rest-xml" if envelope == "bare" else envelope
    compare(XML_DIFFERENCES, case, ours(400, [], body), theirs(protocol, 400, [], body))


# ---- the tables --------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", sorted({row.rule for row in JSON_DIFFERENCES + XML_DIFFERENCES}))
def test_each_difference_is_in_the_note_of_its_rule(rule):
    note = re.search(rf"^#### Note {rule}\n\n((?:(?!#).*\n)*)", SPEC, re.MULTILINE)
    assert note is not None and "botocore" in note.group(1)
    assert "| botocore 1.44.5 |" in SPEC, "the version of the notes"
