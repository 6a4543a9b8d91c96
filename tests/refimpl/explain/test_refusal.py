# SPDX-License-Identifier: MIT
"""Tests of refimpl/explain/refusal.py: every form of a refusal, and what must never be shown.

The cases of explain-refusal are in vectors/. Here are the forms of a request, all combinations of
layers around a response, truncation at every character, hostile texts and secrets.
"""

import hashlib
import html
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authoring.exp import BODY, DATE, HOST, as_json, as_xml, quotation, request
from refimpl.errors import DocumentError, UsageError
from refimpl.explain.readings import MAX_EXPLAINED_TEXT
from refimpl.explain.refusal import explain_refusal, sentence_about_refusal
from tests.properties import examples
from tests.rows import for_each

SERVICE = request("content-type:application/json; charset=utf-8", HOST, DATE)
CLIENT = request("content-type:application/json", HOST, DATE)
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE+TOKEN/OF/NOBODY=="


def test_the_sentence() -> None:
    assert sentence_about_refusal(as_json(SERVICE).encode(), CLIENT) == (
        "content-type differs: signed `application/json`, received "
        "`application/json; charset=utf-8`: something between the client and the service changed "
        "it, or a library did after signing (SIG-015)"
    )
    assert sentence_about_refusal(b"not a refusal", CLIENT) is None


def test_the_place() -> None:
    explained = explain_refusal(as_json(SERVICE), CLIENT)
    assert (explained.line, explained.column, explained.rule) == (4, 30, "SIG-015")
    assert CLIENT.split("\n")[3] == explained.client
    assert explained.client is not None and len(explained.client) == 29
    assert explained.notes == ()


LAYERS = {
    "JSON": lambda text: json.dumps({"message": text}),
    "page": lambda text: f"<pre>{html.escape(text)}</pre>",
    "page with breaks": lambda text: html.escape(text).replace("\n", "<br>\n"),
    "literal": repr,
    "log line": lambda text: f"12:00:00 ERROR {text}",
    "CR LF": lambda text: text.replace("\n", "\r\n"),
    "marks": lambda text: re.sub(r"(?m)^", "> ", text),
    "container log": lambda text: re.sub(r"(?m)^", "app_1  | ", text),
    "times": lambda text: re.sub(r"(?m)^", "2026-11-29T12:00:00.123Z ERROR ", text),
    "indent": lambda text: text.replace("\n", "\n    "),
    "spaces at line ends": lambda text: text.replace("\n", "  \n"),
    "typography": lambda text: text.replace("'", "\u2019").replace(" ", "\u00a0"),
    "one line": lambda text: re.sub(r"\n+", " ", text),
}


@pytest.mark.slow
@for_each("outer", LAYERS)
def test_two_layers(outer: str) -> None:
    for inner in ("JSON", "page", "literal", "log line"):
        text = LAYERS[outer](LAYERS[inner](quotation(SERVICE)))
        explained = explain_refusal(text, CLIENT)
        assert explained.differs_in == "header content-type", (inner, text)
        assert explained.client == "content-type:application/json"


@pytest.mark.slow
@for_each("text", [as_json(SERVICE), as_xml(SERVICE), quotation(SERVICE)])
def test_truncated_anywhere(text: str) -> None:
    found = set()
    for end in range(0, len(text), 7):
        try:
            found.add(explain_refusal(text[:end], CLIENT).differs_in)
        except DocumentError:
            found.add("not a refusal")
    assert found == {None, "header content-type", "not a refusal"}


@examples(40)
@given(st.text(max_size=300), st.text(max_size=100), st.text(max_size=100))
def test_any_text(answer: str, canonical_request: str, sent: str) -> None:
    for text in (answer, as_json(SERVICE)[:400] + answer):
        try:
            explain_refusal(text, canonical_request, sent)
        except DocumentError as error:
            assert error.rule == "EXP-006"


@pytest.mark.slow
@for_each(
    "text",
    [
        "GET " * 60000,
        "GET\n/\n\n" + "a:b\n" * 60000,
        "GET / a:" + "a;" * 120000,
        "\\" * 250000,
        "'\n" * 120000,
        "CanonicalRequestBytes " + "41 " * 80000,
        '{"message":"' * 20000,
        "password=" * 28000,
        "12:00:00 " * 28000,
        "x" * (4 * MAX_EXPLAINED_TEXT),
    ],
    ids=lambda text: text[:12],
)
def test_hostile_texts(text: str) -> None:
    explained = explain_refusal("SignatureDoesNotMatch " + text, CLIENT, text)
    assert explained.differs_in in (None, "method")


# ---- the request -------------------------------------------------------------------------------

NAMES = "content-type;host;x-amz-date"
CLAIM = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/sagemaker/aws4_request, "
    f"SignedHeaders={NAMES}, Signature={'0' * 64}"
)
PATH = "/endpoints/llm/invocations-response-stream"
RAW = (
    f"POST {PATH} HTTP/1.1\r\nHost: runtime.sagemaker.us-east-1.amazonaws.com\r\n"
    "Content-Type: application/json\r\nX-Amz-Date: 20150830T123600Z\r\n"
    f"Authorization: {CLAIM}\r\nContent-Length: 2\r\n\r\n{{}}"
)
CURL = (
    f"$ curl -sS -X POST 'https://runtime.sagemaker.us-east-1.amazonaws.com{PATH}' \\\n"
    "  -H 'content-type: application/json' -H \"X-Amz-Date: 20150830T123600Z\" \\\n"
    f"  --header 'Authorization: {CLAIM}' -u 'AKIDEXAMPLE:{SECRET}' --data-raw '{{}}'\n"
)
HAR = json.dumps(
    {
        "log": {
            "entries": [
                {"request": {"method": "GET", "url": "https://a.example/"}, "response": {}},
                {
                    "request": {
                        "method": "POST",
                        "url": f"https://runtime.sagemaker.us-east-1.amazonaws.com{PATH}",
                        "headers": [
                            {"name": "content-type", "value": "application/json"},
                            {"name": "x-amz-date", "value": "20150830T123600Z"},
                            {"name": "authorization", "value": CLAIM},
                        ],
                        "postData": {"mimeType": "application/json", "text": "{}"},
                    },
                    "response": {"status": 403},
                },
            ]
        }
    }
)
DEBUG_LOG = (
    "2026-11-29 12:00:00,123 botocore.auth [DEBUG] Calculating signature using v4 auth.\n"
    f"2026-11-29 12:00:00,123 botocore.auth [DEBUG] CanonicalRequest:\n{CLIENT}\n"
    "2026-11-29 12:00:00,124 botocore.auth [DEBUG] StringToSign:\nAWS4-HMAC-SHA256\n"
    "20150830T123600Z\n20150830/us-east-1/sagemaker/aws4_request\n"
    f"{hashlib.sha256(CLIENT.encode()).hexdigest()}\n"
)
WIRE_LOG = "".join(
    f'DEBUG http-outgoing-0 >> "{line}[\\r][\\n]"\n' for line in RAW.split("\r\n")[:-1]
)


@for_each(
    "sent",
    [RAW, RAW.replace("\r\n", "\n"), CURL, HAR, DEBUG_LOG, WIRE_LOG, f"> {RAW}"],
    ids=["raw", "LF", "curl", "HAR", "botocore", "wire log", "curl -v"],
)
def test_forms_of_a_request(sent: str) -> None:
    explained = explain_refusal(as_json(SERVICE), request=sent)
    assert explained.differs_in == "header content-type"
    assert explained.client == "content-type:application/json"
    assert SECRET not in repr(explained)


def test_a_log_with_both_requests() -> None:
    explained = explain_refusal(f"{DEBUG_LOG}\nResponse body:\n{as_json(SERVICE)}")
    assert explained.differs_in == "header content-type"


def test_the_canonical_request_comes_before_the_request() -> None:
    signed = CLIENT.replace("application/json", "text/plain")
    explained = explain_refusal(as_json(SERVICE), signed, RAW)
    assert explained.client == "content-type:text/plain"


def test_a_request_that_is_equal() -> None:
    """What the client signed is unknown, so its key is not the only thing that can differ."""
    explained = explain_refusal(as_json(CLIENT), request=RAW)
    assert explained.differs_in is None and "its secret key" in explained.advice
    assert explain_refusal(as_json(CLIENT), request=DEBUG_LOG).differs_in == "key"


def test_a_request_with_another_time_or_scope() -> None:
    log = DEBUG_LOG.replace("AWS4-HMAC-SHA256\n20150830T1236", "AWS4-HMAC-SHA256\n20150830T1237")
    explained = explain_refusal(as_json(CLIENT), request=log)
    assert (explained.differs_in, explained.server) == ("time", "20150830T123600Z")
    log = DEBUG_LOG.replace("us-east-1/sagemaker/aws4", "eu-west-1/sagemaker/aws4")
    explained = explain_refusal(as_json(CLIENT), request=log)
    assert explained.differs_in == "credential scope"
    assert explained.client == "20150830/eu-west-1/sagemaker/aws4_request"


def test_a_signed_request_that_was_not_sent() -> None:
    """Without a quotation, the two texts of the client are compared, but prove nothing."""
    answer = "<Code>SignatureDoesNotMatch</Code>"
    signed = CLIENT.replace("host:runtime", "host:other")
    explained = explain_refusal(answer, signed, RAW)
    assert explained.differs_in is None
    assert "what was signed is not what was sent: host differs" in explained.advice
    assert "not encoded" in explain_refusal(answer, request(query="a=b/c")).advice


def test_a_request_that_is_not_recognised() -> None:
    explained = explain_refusal(as_json(SERVICE), request="SELECT 1")
    assert explained.differs_in is None and "could not be read" in explained.notes[0]


@for_each("arguments", [(b"x",), ("x", b"x"), ("x", None, 1)], ids=["answer", "signed", "request"])
def test_wrong_types(arguments) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError) as caught:
        explain_refusal(*arguments)
    assert caught.value.kind == "type"


# ---- secrets -----------------------------------------------------------------------------------

WITH_TOKEN = request(HOST, DATE, "x-amz-security-token:" + TOKEN)
SECRETS = [
    (as_json(WITH_TOKEN.replace("NOBODY", "SOMEBODY")), WITH_TOKEN, None),
    (as_xml(request(query="X-Amz-Security-Token=" + TOKEN)), request(), None),
    (as_json(request(query="password=" + SECRET)), request(query="password=x"), None),
    (as_json(request(path="/" + SECRET)), request(path="/x"), f"aws_secret_access_key={SECRET}"),
    (as_json(SERVICE), None, CURL),
    (as_json(SERVICE), None, RAW.replace(CLAIM, f"Bearer {TOKEN}")),
    (as_json(WITH_TOKEN).replace("OKEN/OF", "OKEN/\n OF"), CLIENT, None),
    (f"'{TOKEN}' not a valid key=value pair in Authorization header: 'Bearer {TOKEN}'.", "", None),
    (
        f"SignatureDoesNotMatch {{'SessionToken': '{TOKEN}', 'SecretAccessKey': '{SECRET}'}}",
        "",
        RAW,
    ),
    (as_json(request("authorization:" + TOKEN, HOST)), request("authorization:x", HOST), None),
]


@for_each("answer, signed, sent", SECRETS)
def test_no_secret_is_shown(answer: str, signed: str, sent: str) -> None:
    shown = repr(explain_refusal(answer, signed, sent))
    for secret in (SECRET, TOKEN):
        for start in range(len(secret) - 12):
            assert secret[start : start + 12] not in shown, shown


def test_what_is_not_secret_is_shown() -> None:
    explained = explain_refusal(as_json(request(hashed="0" * 64)), request())
    assert (explained.server, explained.client) == ("0" * 64, BODY)
