# SPDX-License-Identifier: MIT
"""Tests of refimpl/explain/quoted.py."""

from authoring.exp import DATE, HOST, as_json, as_xml, quotation, request
from refimpl.explain.quoted import hash_of_request, parts_of, quotes_in
from tests.rows import for_each

SERVICE = request(HOST, DATE)
CLIENT = request("accept:*/*", HOST, DATE)


def test_the_parts() -> None:
    parts = parts_of("GET\n/a\nb=c\nhost:x\nx-y:z\n\nhost;x-y\nabc")
    assert parts == ("GET", "/a", "b=c", (("host", "host:x"), ("x-y", "x-y:z")), "host;x-y", "abc")
    assert parts.is_complete


@for_each("lines", range(1, 8))
def test_parts_of_a_beginning(lines: int) -> None:
    whole = ["GET", "/a", "b=c", "host:x", "", "host", "abc"]
    parts = parts_of("\n".join(whole[:lines]))
    assert parts.is_complete == (lines == 7)
    assert (parts.path, parts.query) == ((*whole[1:lines], None, None)[:2])


def test_a_folded_line_belongs_to_the_header_before_it() -> None:
    parts = parts_of("GET\n/\n\nx-token:abc\n  def\n\nx-token\n0")
    assert parts.headers == (("x-token", "x-token:abc def"),)


@for_each("text", [as_json(SERVICE), as_xml(SERVICE), quotation(SERVICE)])
def test_the_service_s_request(text: str) -> None:
    quotes = quotes_in(text)
    assert quotes.service == SERVICE and quotes.client is None
    assert quotes.is_complete and quotes.is_exact
    assert quotes.to_sign is not None
    assert quotes.to_sign.request_hash == hash_of_request(SERVICE)
    assert quotes.to_sign.scope == "20150830/us-east-1/sagemaker/aws4_request"


@for_each(
    "log",
    [
        f"botocore.auth [DEBUG] CanonicalRequest:\n{CLIENT}\n",
        f"---[ CANONICAL STRING  ]-----\n{CLIENT}\n---[ STRING TO SIGN ]---\n",
        f'AWS4 Canonical Request: \'"{CLIENT}"\n',
        f"* aws_sigv4: Canonical request (enclosed in []) - [{CLIENT}]\n",
    ],
)
def test_the_client_s_request(log: str) -> None:
    quotes = quotes_in(log)
    assert (quotes.client, quotes.service) == (CLIENT, None)
    both = quotes_in(log + as_json(SERVICE))
    assert (both.client, both.service, both.is_exact) == (CLIENT, SERVICE, True)


def test_a_changed_quotation() -> None:
    assert quotes_in(quotation(SERVICE).replace("/llm/", "/lll/")).is_exact is False
    without_hash = quotation(SERVICE).partition("The String-to-Sign")[0]
    assert quotes_in(without_hash).is_exact is None


def test_a_truncated_quotation() -> None:
    quotes = quotes_in(quotation(SERVICE)[: quotation(SERVICE).index("amz-date")])
    assert not quotes.is_complete
    assert quotes.service == "\n".join(SERVICE.split("\n")[:4])


def test_characters_above_latin_1() -> None:
    assert len(hash_of_request("\u20ac\ud800")) == 64
