# SPDX-License-Identifier: MIT
"""Tests of refimpl/explain/messages.py. The cases of explain-refusal have the messages."""

import re
from pathlib import Path

from refimpl.explain.messages import code_in, proof_in
from tests.rows import for_each

SPEC = (Path(__file__).resolve().parents[3] / "SPEC.md").read_text(encoding="utf-8")
TABLE = SPEC.partition("| message or code | differs in |")[2].partition("\n\n")[0]
ROWS = [
    (message, cells[1].strip(" `"))
    for cells in (line.strip("| ").split(" | ") for line in TABLE.splitlines()[2:])
    for message in re.findall(r"`([^`]+)`", cells[0])
]
EXAMPLES = {
    "A is": "20150830T123600Z is",
    "than B": "than 20150830T130100Z",
    "'A'": "'us-east-1'",
    "'B'": "'eu-west-1'",
    '"A"': '"s4"',
    '"B"': '"s3"',
    "…": "x",
    "'NAME'": "'X-Y'",
    "NAME": "x-y",
}


def filled(text: str) -> str:
    for name, value in EXAMPLES.items():
        text = text.replace(name, value)
    return text


@for_each("message, differs_in", [row for row in ROWS if not row[0].startswith(("x to", "…"))])
def test_the_table_of_the_specification(message: str, differs_in: str) -> None:
    if message in ("Signature", "SignedHeaders"):
        message = f"Authorization header requires '{message}' parameter."
    found = proof_in(filled(message))
    assert found is not None and found.differs_in == filled(differs_in)
    assert found.rule is not None and f"**{found.rule}**" in SPEC


@for_each(
    "text, server, client",
    [
        (
            "Signature expired: 20150830T123600Z is now earlier than 20150830T130100Z "
            "(20150830T130600Z - 5 min.)",
            "20150830T130600Z",
            "20150830T123600Z",
        ),
        ("Credential should be scoped to a valid region, not 'us-west-2'. ", None, "us-west-2"),
        ("Credential should be scoped to correct service: 'sts'. ", "sts", None),
        ('incorrect service "s4". This endpoint belongs to "s3".', "s3", "s4"),
    ],
)
def test_the_two_sides(text: str, server: str, client: str) -> None:
    found = proof_in(text)
    assert found is not None and (found.service, found.client) == (server, client)


@for_each(
    "text",
    [
        "User: arn:aws:iam::1:user/a is not authorized to perform: sagemaker:InvokeEndpoint",
        '{"message":"Forbidden"}',
        "<Code>AccessDenied</Code>",
    ],
)
def test_a_permission_is_not_a_signature(text: str) -> None:
    found = proof_in(text)
    assert found is not None and not found.is_refusal and found.differs_in is None
    assert "permission" in found.advice


@for_each("text", ["", "200 OK", '{"message": "Endpoint not found"}', "token", "signature"])
def test_other_texts(text: str) -> None:
    assert proof_in(text) is None


@for_each(
    "text, code",
    [
        ("<Error><Code>SignatureDoesNotMatch</Code>", "SignatureDoesNotMatch"),
        ('{"__type": "com.amazon.coral.service#InvalidSignatureException"}', None),
        ("An error occurred (ExpiredToken) when calling", "ExpiredToken"),
        (
            "(Service: S3; Status Code: 403; Error Code: AccessDenied; Request ID: 1)",
            "AccessDenied",
        ),
        ("x-amzn-errortype: UnrecognizedClientException:http://a/", "UnrecognizedClientException"),
        ("nothing", None),
    ],
)
def test_the_code(text: str, code: str) -> None:
    assert code_in(text) == (code or ("InvalidSignatureException" if "__type" in text else None))
