# SPDX-License-Identifier: MIT
"""Tests of refimpl/operation.py: requests from inputs; outputs, events and errors from responses.

Requests: every member separately and all together, valid and invalid endpoint URLs, values that
cannot be sent, and any values that Hypothesis makes; botocore sends the same. Responses: streams
in every chunking, each with one error at its end; every kind of head; arbitrary heads and bodies.
The meaning of messages. Error documents in all formats, the secrets that they quote, recorded
responses, and botocore's parser on the same bytes, with a reason for each difference.

Corrupt frames are frames of encode() with flipped bytes; test_eventstream.py tests frames.
"""

import gzip
import json
import pickle
import re
import struct
import warnings
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from refimpl import operation
from refimpl.documents.header_format import header_value
from refimpl.errordocument import error_code_of
from refimpl.errors import (
    ConfigurationError,
    Error,
    FrameError,
    HttpError,
    ServiceError,
    UsageError,
)
from refimpl.eventstream import FrameHeader, FrameHeaders, Message, encode
from refimpl.operation import (
    MAX_ERROR_BODY,
    BodySizeWarning,
    HttpRequest,
    ResponseReader,
    authority,
    build_request,
    event_of,
    parse_endpoint_url,
    read_output,
    request_id_of,
    service_error,
)
from refimpl.shapes import (
    ERRORS,
    MODELLED_BODY_LIMIT,
    InternalFailure,
    InternalStreamFailure,
    InvokeEndpointWithResponseStreamInput,
    InvokeEndpointWithResponseStreamOutput,
    ModelError,
    ModelStreamError,
    OperationError,
    PayloadPart,
    ServiceUnavailable,
    UnknownOperationError,
    ValidationError,
)
from tests.properties import examples
from tests.rows import for_each
from tests.support import chunkings, corpora

some = examples(100)
many = examples(200)
any_text = st.text(alphabet=st.characters(exclude_categories=()), max_size=70)

URL = "https://runtime.sagemaker.eu-west-1.amazonaws.com"
EVENT_STREAM = ("Content-Type", "application/vnd.amazon.eventstream")
COMMON = ["Host", "User-Agent", "Connection", "Content-Length"]


def call_with(**members):
    return InvokeEndpointWithResponseStreamInput(
        **dict({"endpoint_name": "llm", "body": b"{}"}, **members)
    )


def built(endpoint_url=URL, **members):
    return build_request(call_with(**members), endpoint_url)


def told(error):
    """Return everything that an error shows, which is all except the raw body."""
    shown = {
        name: value
        for name, value in vars(error).items()
        if name not in ("body", "payload", "headers")
    }
    return " ".join([str(error), repr(error), repr(shown), repr(error.args)])


# ==== the request =================================================================================

HEADER_OF = {
    "content_type": "Content-Type",
    "accept": "X-Amzn-SageMaker-Accept",
    "custom_attributes": "X-Amzn-SageMaker-Custom-Attributes",
    "target_variant": "X-Amzn-SageMaker-Target-Variant",
    "target_container_hostname": "X-Amzn-SageMaker-Target-Container-Hostname",
    "inference_id": "X-Amzn-SageMaker-Inference-Id",
    "inference_component_name": "X-Amzn-SageMaker-Inference-Component",
    "session_id": "X-Amzn-SageMaker-Session-Id",
    "prefix_aware_id": "X-Amzn-SageMaker-Prefix-Aware-Id",
}
SAMPLE = {
    "content_type": "application/json",
    "accept": "text/event-stream",
    "custom_attributes": "accept_eula=true",
    "target_variant": "variant-1",
    "target_container_hostname": "container-1",
    "inference_id": "id 1/a",
    "inference_component_name": "component-1",
    "session_id": "session-1",
    "prefix_aware_id": "prefix 1",
}


# HTTP-007
def test_the_least_request():
    request = built()
    assert request == HttpRequest(
        "POST",
        "https",
        "runtime.sagemaker.eu-west-1.amazonaws.com",
        443,
        "/endpoints/llm/invocations-response-stream",
        (
            ("Host", "runtime.sagemaker.eu-west-1.amazonaws.com"),
            ("User-Agent", f"sagemaker-stream-reference/{operation.VERSION}"),
            ("Connection", "close"),
            ("Content-Length", "2"),
        ),
        b"{}",
    )
    assert request.url == URL + "/endpoints/llm/invocations-response-stream"


@pytest.mark.parametrize("member", sorted(HEADER_OF))
def test_a_member_alone(member):
    request = built(**{member: SAMPLE[member]})
    assert [name for name, _ in request.headers] == COMMON + [HEADER_OF[member]]
    assert request.headers[-1] == (HEADER_OF[member], SAMPLE[member])
    assert request.headers[:-1] == built().headers
    assert (request.target, request.body) == (built().target, built().body)


def test_all_members_together():
    request = built(endpoint_name="my-llm-9", body=b"\x00\xff", **SAMPLE)
    assert request.target == "/endpoints/my-llm-9/invocations-response-stream"
    assert request.body == b"\x00\xff"
    assert request.headers == built(body=b"\x00\xff").headers + tuple(
        (HEADER_OF[member], SAMPLE[member]) for member in HEADER_OF
    )


def test_an_empty_member_is_sent_and_an_absent_one_is_not():
    assert built(content_type="", accept="", custom_attributes="").headers[4:] == (
        ("Content-Type", ""),
        ("X-Amzn-SageMaker-Accept", ""),
        ("X-Amzn-SageMaker-Custom-Attributes", ""),
    )
    assert built(content_type=None).headers == built().headers


# HTTP-007
@pytest.mark.parametrize("body", [b"", b"a", b"\r\n\0", bytes(range(256)), b"x" * 100000])
def test_a_body_goes_as_it_is(body):
    request = built(body=body)
    assert request.body is body
    assert dict(request.headers)["Content-Length"] == str(len(body))


def test_the_repr_of_a_request():
    request = built(body=b"secret", custom_attributes="secret")
    assert (
        repr(request)
        == f"HttpRequest(POST {URL}/endpoints/llm/invocations-response-stream, <6 bytes>)"
    )
    assert "secret" not in str(request)
    moved = request._replace(headers=())
    assert type(moved) is HttpRequest and moved.headers == () and moved.url == request.url
    assert pickle.loads(pickle.dumps(request)) == request


def test_the_input_is_checked_before_it_is_sent():
    for members, name in (
        ({"endpoint_name": "no_name"}, "EndpointName"),
        ({"endpoint_name": None}, "EndpointName"),
        ({"body": None}, "Body"),
        ({"session_id": "a\n"}, "SessionId"),
        ({"inference_id": ""}, "InferenceId"),
    ):
        with pytest.raises(UsageError) as caught:
            built(**members)
        assert caught.value.member == name


@pytest.mark.parametrize(
    "wrong",
    [None, {}, "llm", PayloadPart(bytes=b""), InvokeEndpointWithResponseStreamOutput()],
    ids=repr,
)
def test_rejects_another_type_of_input(wrong):
    with pytest.raises(UsageError) as caught:
        build_request(wrong, URL)
    assert caught.value.kind == "type"


# ---- the size of the body ----------------------------------------------------------------------


# HTTP-006
def test_a_body_over_the_models_limit_warns_and_is_sent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(built(body=b"s" * MODELLED_BODY_LIMIT).body) == MODELLED_BODY_LIMIT == 6291456

    def client_method():
        return built_by_library(b"s" * (MODELLED_BODY_LIMIT + 1))

    def built_by_library(body):
        return build_request(call_with(body=body), URL)

    with pytest.warns(BodySizeWarning) as record:
        request = client_method()
    assert len(request.body) == MODELLED_BODY_LIMIT + 1
    assert len(record) == 1 and issubclass(BodySizeWarning, UserWarning)
    assert (
        "6291457 bytes" in str(record[0].message)
        and "6291456" in str(record[0].message)
        and "sss" not in str(record[0].message)
    )
    # The warning points at the user's line, which calls the client's method.
    assert (
        record[0].filename == __file__
        and record[0].lineno == client_method.__code__.co_firstlineno + 1
    )


# ---- endpoint URLs -----------------------------------------------------------------------------

TARGET = "/endpoints/llm/invocations-response-stream"


@for_each(
    "url, parts, host_header, target",
    [
        ("https://example.com", ("https", "example.com", 443, ""), "example.com", TARGET),
        ("http://example.com", ("http", "example.com", 80, ""), "example.com", TARGET),
        ("https://example.com/", ("https", "example.com", 443, "/"), "example.com", TARGET),
        ("https://example.com//", ("https", "example.com", 443, "//"), "example.com", TARGET),
        (
            "https://example.com/base",
            ("https", "example.com", 443, "/base"),
            "example.com",
            "/base" + TARGET,
        ),
        (
            "https://example.com/base/",
            ("https", "example.com", 443, "/base/"),
            "example.com",
            "/base" + TARGET,
        ),
        (
            "https://example.com/a//b/../c%2Fd;e=f",
            ("https", "example.com", 443, "/a//b/../c%2Fd;e=f"),
            "example.com",
            "/a//b/../c%2Fd;e=f" + TARGET,
        ),
        (
            "https://example.com/~!$&'()*+,;=:@-._",
            ("https", "example.com", 443, "/~!$&'()*+,;=:@-._"),
            "example.com",
            "/~!$&'()*+,;=:@-._" + TARGET,
        ),
        ("https://example.com:443", ("https", "example.com", 443, ""), "example.com", TARGET),
        ("http://example.com:80/", ("http", "example.com", 80, "/"), "example.com", TARGET),
        ("https://example.com:80", ("https", "example.com", 80, ""), "example.com:80", TARGET),
        ("http://example.com:443", ("http", "example.com", 443, ""), "example.com:443", TARGET),
        (
            "http://example.com:8080/x",
            ("http", "example.com", 8080, "/x"),
            "example.com:8080",
            "/x" + TARGET,
        ),
        ("http://example.com:1", ("http", "example.com", 1, ""), "example.com:1", TARGET),
        (
            "http://example.com:65535",
            ("http", "example.com", 65535, ""),
            "example.com:65535",
            TARGET,
        ),
        ("http://example.com:00080", ("http", "example.com", 80, ""), "example.com", TARGET),
        (
            "HTTPS://Example.COM/Base",
            ("https", "Example.COM", 443, "/Base"),
            "Example.COM",
            "/Base" + TARGET,
        ),
        (
            "https://example.com./x",
            ("https", "example.com", 443, "/x"),
            "example.com",
            "/x" + TARGET,
        ),
        ("http://127.0.0.1:8000", ("http", "127.0.0.1", 8000, ""), "127.0.0.1:8000", TARGET),
        ("http://localhost", ("http", "localhost", 80, ""), "localhost", TARGET),
        ("http://a_b-c.d", ("http", "a_b-c.d", 80, ""), "a_b-c.d", TARGET),
        ("http://x", ("http", "x", 80, ""), "x", TARGET),
        ("http://" + "a" * 63 + ".b", ("http", "a" * 63 + ".b", 80, ""), "a" * 63 + ".b", TARGET),
        ("http://[::1]", ("http", "::1", 80, ""), "[::1]", TARGET),
        (
            "http://[::1]:8080/base/",
            ("http", "::1", 8080, "/base/"),
            "[::1]:8080",
            "/base" + TARGET,
        ),
        (
            "https://[2001:DB8::ffff:1.2.3.4]",
            ("https", "2001:DB8::ffff:1.2.3.4", 443, ""),
            "[2001:DB8::ffff:1.2.3.4]",
            TARGET,
        ),
    ],
)
def test_endpoint_urls(url, parts, host_header, target):
    assert parse_endpoint_url(url) == parts
    request = built(url)
    assert request.headers[0] == ("Host", host_header)
    assert (request.scheme, request.host, request.port, request.target) == parts[:3] + (target,)
    assert request.url == f"{parts[0]}://{host_header}{target}"


BAD_URLS = [
    "",
    " ",
    "/",
    "//",
    "http",
    "http:",
    "http:/",
    "http://",
    "https://",
    "http:///",
    "http:///path",
    "http://:80",
    "http://:80/x",
    "example.com",
    "//example.com",
    "example.com:80",
    "http:example.com",
    "http:/example.com",
    "http//example.com",
    "ftp://example.com",
    "file:///etc/passwd",
    "ws://example.com",
    "httpss://example.com",
    "xhttp://example.com",
    "unix:///x",
    "http+unix://x",
    " http://example.com",
    "http://example.com ",
    "http:// example.com",
    "http://exa mple.com",
    "http://example.com/a b",
    "http://example.com/\t",
    "http://example.com\n",
    "http://example.com/\r\n",
    "http://example.com\r\nX: y",
    "http://example.com/x\r\nX: y",
    "\nhttp://example.com",
    "http://example.com\0",
    "http://example.com/\0",
    "http://example.com:0",
    "http://example.com:00000",
    "http://example.com:65536",
    "http://example.com:99999",
    "http://example.com:100000",
    "http://example.com:-1",
    "http://example.com:+80",
    "http://example.com: 80",
    "http://example.com:80a",
    "http://example.com:",
    "http://example.com:/",
    "http://example.com:8\u0660",
    "http://example.com:\uff18\uff10",
    "http://ex\u00e4mple.com",
    "http://example\u3002com",
    "http://example.com/\u00e4",
    "http://\u212aelvin.com",
    "http://example.com/\u017f",
    "http\u017f://example.com",
    "http\u017f://\u017f/\u017f",
    "http://e\u017fample.com:80",
    "http://a..example",
    "http://" + "a" * 64,
    "http://x." + "a" * 64 + ".example",
    "http://x." + "a" * 64 + ".",
    "http://-example.com",
    "http://.example.com",
    "http://example.com..",
    "http://.",
    "http://example-",
    "http://_a",
    "http://a%2e.com",
    'http://example.com/"',
    "http://example.com/<x>",
    "http://example.com/{x}",
    "http://example.com/|",
    "http://example.com/\\",
    "http://a\\b",
    "http://example.com/^",
    "http://example.com/`",
    "http://example.com/[x]",
    "http://::1",
    "http://[::1",
    "http://::1]",
    "http://[]",
    "http://[ ]",
    "http://[::1]x",
    "http://[fe80::1%25eth0]",
    "http://[::g]",
    "http://[::1]:0",
    "http://[::1]:65536",
    "http://[[::1]]",
    "http://[.]",
    "http://[1.2.3.4]",
    "http://a,b",
    "http://*",
    "http://example.com:80:80",
    "http://\ud800",
]
HIDING_URLS = [
    "http://user:secret@example.com",
    "https://secret@example.com",
    "http://:secret@example.com",
    "http://user:secret@example.com:80/x",
    "http://user:sec@secret@example.com",
    "http://user:secret@",
    "ftp://user:secret@example.com",
    "http://user:secret@exa mple.com",
    "user:secret@example.com",
    "//user:secret@example.com",
    "http:/user:secret@example.com",
    "http:user:secret@example.com",
    "http:\\\\user:secret@example.com",
    "http://user:pass/secret@example.com",
    "http://user:secret/word@example.com",
    "http://user:secret?word@example.com",
    "http://user:secret#word@example.com",
    "http://user:secret\nword@example.com",
    "http:///user:secret@example.com",
    " http://user:secret@example.com",
    "http://\u00fcser:secret@example.com",
    "http://example.com?secret",
    "http://example.com/?a=secret",
    "http://example.com/x?X-Amz-Security-Token=secret",
    "http://example.com#secret",
    "http://example.com/?\nsecret",
    "http://example.com/#\r\nsecret",
    "http://example.com?a@b=secret",
    "http://example.com:99999?secret",
    "http://user:secret@example.com?secret#secret",
    "?secret",
    "#secret",
]


@for_each("url", BAD_URLS + HIDING_URLS, ids=ascii)
def test_rejects_an_invalid_endpoint_url(url):
    with pytest.raises(ConfigurationError) as caught:
        parse_endpoint_url(url)
    error = caught.value
    assert (error.kind, error.rule, error.expected) == (
        "configuration",
        "HTTP-002",
        "http(s)://host[:port][/path]",
    )
    assert str(error).startswith("invalid endpoint URL (")
    assert str(error).isprintable()
    with pytest.raises(ConfigurationError):
        built(url)


def test_an_endpoint_url_never_shows_what_may_be_secret():
    showing = []
    for url in HIDING_URLS:
        with pytest.raises(ConfigurationError) as caught:
            parse_endpoint_url(url)
        if "secret" in told(caught.value):
            showing.append(url)
    assert showing == []


def test_a_bad_url_is_shown_as_far_as_it_is_harmless():
    with pytest.raises(ConfigurationError) as caught:
        parse_endpoint_url("http://exa mple.com/base")
    assert "http://exa mple.com/base" in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [None, b"http://example.com", 5, ["http://example.com"], ("http", "example.com", 80, "")],
    ids=repr,
)
def test_an_endpoint_url_of_the_wrong_type(wrong):
    with pytest.raises(ConfigurationError) as caught:
        parse_endpoint_url(wrong)
    assert (caught.value.rule, caught.value.actual) == ("HTTP-002", type(wrong).__name__)


@pytest.mark.slow
@many
@given(
    st.one_of(
        any_text,
        st.lists(
            st.sampled_from(
                [
                    "http",
                    "https",
                    "HTTP",
                    "http\u017f",
                    "://",
                    ":",
                    "/",
                    "//",
                    "[",
                    "]",
                    "::1",
                    "@",
                    "?",
                    "#",
                    "%",
                    "a",
                    "example.com",
                    "\u212a",
                    "\u017f",
                    "-",
                    ".",
                    "_",
                    "0",
                    "80",
                    "65536",
                    " ",
                    "\r\n",
                    "\\",
                ]
            ),
            max_size=8,
        ).map("".join),
    )
)
@example("http\u017f://a")
def test_any_text_is_an_endpoint_url_or_refused(text):
    try:
        parts = parse_endpoint_url(text)
    except ConfigurationError as error:
        assert str(error).isprintable()
        return
    assert parts.scheme in ("http", "https") and 0 < parts.port < 65536
    assert re.fullmatch(r"[A-Za-z0-9._:-]+", parts.host)
    assert parts.path == "" or re.fullmatch(r"/[!$%-;=@-Z_a-z~]*", parts.path)
    again = f"{parts.scheme}://{authority(parts.scheme, parts.host, parts.port)}{parts.path}"
    assert parse_endpoint_url(again) == parts


@pytest.mark.parametrize(
    "host",
    [
        "a" * 300000,
        "a" * 300000 + "!",
        "a." * 200000,
        "-" * 300000,
        "[" + ":" * 300000,
        "x/" * 200000 + " ",
        "x@" * 200000,
    ],
)
def test_a_long_url_ends(host):
    try:
        parse_endpoint_url("http://" + host)
    except ConfigurationError as error:
        assert len(str(error)) < 1000


@pytest.mark.parametrize(
    "scheme, host, port, value",
    [
        ("https", "h", 443, "h"),
        ("http", "h", 80, "h"),
        ("https", "h", 80, "h:80"),
        ("http", "h", 443, "h:443"),
        ("http", "::1", 80, "[::1]"),
        ("http", "::1", 81, "[::1]:81"),
    ],
)
def test_authority(scheme, host, port, value):
    assert authority(scheme, host, port) == value


# ---- values that cannot be sent ----------------------------------------------------------------


@for_each("member", sorted(HEADER_OF))
@for_each(
    "bad",
    [
        "\r",
        "\n",
        "\0",
        "\r\n",
        "\r\nX-Evil: 1",
        "\u0100",
        "\u20ac",
        "\U0001f600",
        "\ud800",
        "\uffff",
    ],
    ids=ascii,
)
def test_no_member_breaks_out_of_its_header(member, bad):
    for value in (bad, bad + "a", "a" + bad, "a" + bad + "a", SAMPLE[member] + bad):
        with pytest.raises(UsageError) as caught:
            built(**{member: value})
        error = caught.value
        assert error.rule in ("HTTP-005", "HTTP-008") and error.kind == "constraint"
        assert (
            error.member
            == call_with()
            .fields[[field.attribute for field in call_with().fields].index(member)]
            .member
        )
        assert error.member in str(error) and str(error).isprintable()
        if member == "custom_attributes":
            assert "X-Evil" not in told(error) and "accept_eula" not in told(error)


@pytest.mark.parametrize(
    "member, value, sent",
    [
        ("content_type", "a\rb", False),
        ("content_type", "a\nb", False),
        ("content_type", "a\0b", False),
        ("content_type", "a\tb", True),
        ("accept", "\n", False),
        ("custom_attributes", "x\r\ny", False),
        ("custom_attributes", " ", True),
        ("inference_id", "\0", False),
        ("inference_id", "\u0100", False),
        ("inference_id", "\u20acb", False),
        ("inference_id", "\ud800", False),
        ("inference_id", "\u00ff", True),
        ("inference_id", "\u00e9 b", True),
        ("prefix_aware_id", "\u0100", False),
        ("prefix_aware_id", "\u00ff", True),
    ],
)
def test_header_values_are_checked_despite_valid_constraints(member, value, sent):
    """The model's patterns allow these values; a header does not."""
    assert call_with(**{member: value}).validate() is None
    if sent:
        assert built(**{member: value}).headers[-1] == (HEADER_OF[member], value)
        return
    with pytest.raises(UsageError) as caught:
        built(**{member: value})
    error = caught.value
    assert (error.kind, error.rule) == ("constraint", "HTTP-008")
    assert "cannot be sent in a header" in str(error)
    assert ("<hidden>" in str(error)) == (member == "custom_attributes")


@for_each("member", ["content_type", "accept", "custom_attributes"])
@for_each("code", sorted(set(range(1, 0x20)) - {9, 10, 13}) + [0x7F])
def test_no_control_character_is_sent(member, code):
    for value in (chr(code), f"a{code:c}b", f"{code:c}a", f"a{code:c}"):
        assert call_with(**{member: value}).validate() is None
        with pytest.raises(UsageError) as caught:
            built(**{member: value})
        error = caught.value
        assert (error.kind, error.rule, error.expected) == (
            "constraint",
            "HTTP-011",
            "no control character except the tab",
        )
        assert ("<hidden>" in str(error)) == (member == "custom_attributes")


def test_the_first_character_of_an_inference_id_is_no_control_character_either():
    for value, rule in (
        ("\x01", "HTTP-011"),
        ("\x7f", "HTTP-011"),
        ("\x1fa", "HTTP-011"),
        ("\x0ba", "HTTP-005"),
        ("\ta", "HTTP-005"),
    ):
        with pytest.raises(UsageError) as caught:
            built(inference_id=value)
        assert caught.value.rule == rule
    assert built(inference_id="\x80").headers[-1][1] == "\x80"


names = st.lists(
    st.text(alphabet="abzABZ059", min_size=1, max_size=6), min_size=1, max_size=7
).flatmap(lambda runs: st.sampled_from(["-", "--", "---"]).map(lambda hyphens: hyphens.join(runs)))
printable = st.text(
    alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64
)
visible = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=100)
GOOD_MEMBERS = {
    "endpoint_name": names,
    "body": st.binary(max_size=100),
    "content_type": visible,
    "accept": visible,
    "custom_attributes": visible,
    "target_variant": names,
    "target_container_hostname": names,
    "inference_id": printable,
    "inference_component_name": names,
    "session_id": names,
    "prefix_aware_id": printable,
}
OPTIONAL = {
    name: st.one_of(st.none(), strategy)
    for name, strategy in GOOD_MEMBERS.items()
    if name not in ("endpoint_name", "body")
}
good_calls = st.fixed_dictionaries(
    dict(OPTIONAL, endpoint_name=names, body=st.binary(max_size=100))
)
junk = st.one_of(
    any_text,
    st.text(alphabet="a-\r\n\0 \u00e9\u0100", max_size=6),
    st.none(),
    st.binary(max_size=5),
    st.integers(),
    st.booleans(),
)


def check_request(request, members):
    """A request contains these members, and no value that ends its header or path early."""
    assert request.target == f"/endpoints/{members['endpoint_name']}/invocations-response-stream"
    assert re.fullmatch(r"[A-Za-z0-9/-]+", request.target)
    assert [name for name, _ in request.headers] == COMMON + [
        HEADER_OF[name] for name in HEADER_OF if members.get(name) is not None
    ]
    for name, value in request.headers:
        value.encode("latin-1")
        assert not set(value) & set("\r\n\0")
        name.encode("ascii")
    sent = dict(request.headers)
    assert {name: sent[HEADER_OF[name]] for name in HEADER_OF if members.get(name) is not None} == {
        name: members[name] for name in HEADER_OF if members.get(name) is not None
    }
    assert request.body == members["body"]


@pytest.mark.slow
@some
@given(good_calls)
def test_a_good_call_is_a_request(members):
    check_request(built(**members), members)


@pytest.mark.slow
@many
@given(
    good_calls, st.dictionaries(st.sampled_from(sorted(GOOD_MEMBERS)), junk, min_size=1, max_size=3)
)
def test_any_call_is_a_request_or_a_usage_error(members, changed):
    members = dict(members, **changed)
    try:
        request = build_request(InvokeEndpointWithResponseStreamInput(**members), URL)
    except UsageError as error:
        assert str(error).isprintable()
        return
    check_request(request, members)


# ---- botocore's requests -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def botocore_sends():
    """Return a function from a call to botocore's (URL, lower-case headers, body)."""
    session_module = pytest.importorskip("botocore.session", reason="botocore is not installed")
    from botocore.awsrequest import AWSResponse
    from botocore.config import Config

    sent = []

    class Raw:
        def stream(self):
            return iter((b"{}",))

        def read(self):
            return b"{}"

    def send(request, **unused):
        sent.append(request)
        return AWSResponse(request.url, 400, {}, Raw())

    session = session_module.Session()
    clients = {}

    def call(endpoint_url, members):
        client = clients.get(endpoint_url)
        if client is None:
            client = session.create_client(
                "sagemaker-runtime",
                region_name="eu-west-1",
                endpoint_url=endpoint_url,
                aws_access_key_id="AKIDEXAMPLE",
                aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                config=Config(retries={"total_max_attempts": 1}),
            )
            client.meta.events.register("before-send.sagemaker-runtime.*", send)
            clients[endpoint_url] = client
        fields = {
            field.attribute: field.member for field in InvokeEndpointWithResponseStreamInput.fields
        }
        with pytest.raises(client.exceptions.ClientError):
            client.invoke_endpoint_with_response_stream(
                **{fields[name]: value for name, value in members.items() if value is not None}
            )
        request = sent.pop()
        headers = {
            name.lower(): value.decode("latin-1") if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        return request.url, headers, request.body

    return call


def check_botocore(botocore_sends, endpoint_url, members):
    url, headers, body = botocore_sends(endpoint_url, members)
    request = built(endpoint_url, **members)
    assert request.url == url
    assert (request.body or None) == (body or None)
    ours = {
        name.lower(): value.strip(" \t") for name, value in request.headers[len(COMMON) :]
    }  # white space around a value is not part of it
    assert ours == {
        name: headers[name].strip(" \t")
        for name in headers
        if name in {header.lower() for header in HEADER_OF.values()}
    }
    assert dict(request.headers)["Content-Length"] == headers.get("content-length", "0")


@pytest.mark.slow
@pytest.mark.parametrize(
    "members",
    [{}, SAMPLE] + [{name: value} for name, value in SAMPLE.items()],
    ids=lambda members: "+".join(members),
)
def test_botocore_sends_the_same_request(botocore_sends, members):
    for url in (
        URL,
        "http://127.0.0.1:8080/base/path",
        "https://example.com:8443/",
        "http://[::1]:8080",
    ):
        check_botocore(
            botocore_sends,
            url,
            dict({"endpoint_name": "llm", "body": b"{}", "content_type": "x"}, **members),
        )


@pytest.mark.slow
@examples(60)
@given(members=good_calls)
def test_botocore_sends_any_call_as_this_does(botocore_sends, members):
    # botocore adds no Content-Type for a blob. It omits empty header values; refimpl sends them.
    members = {
        name: value for name, value in members.items() if value != "" or name == "endpoint_name"
    }
    check_botocore(botocore_sends, URL, members)


# ==== the response ================================================================================


def frame(message_type, payload=b"", **headers):
    """Return a frame with string headers; _ means - in names, None omits a header."""
    triples = [(":message-type", "string", message_type)] if message_type is not None else []
    return encode(
        triples
        + [
            (":" + name.replace("_", "-"), "string", value)
            for name, value in headers.items()
            if value is not None
        ],
        payload,
    )


def part(payload=b"part", **headers):
    return frame("event", payload, event_type="PayloadPart", **headers)


def exception(name, payload=b"{}", **headers):
    return frame("exception", payload, exception_type=name, **headers)


def flipped(data, place):
    place %= len(data)
    return data[:place] + bytes((data[place] ^ 0x40,)) + data[place + 1 :]


def read(chunks, status=200, headers=(EVENT_STREAM,), complete=True):
    """Feed chunks and close; return (events and the error's events, error or None, reader)."""
    reader = ResponseReader(status, headers)
    events = []
    try:
        for chunk in chunks:
            events += reader.feed(chunk)
        reader.close(complete)
    except Error as error:
        return events + list(getattr(error, "events", ())), error, reader
    return events, None, reader


def parts(*payloads):
    return [PayloadPart(bytes=payload) for payload in payloads]


GOOD_STREAMS = {
    "none": (b"", []),
    "one": (part(b"hi"), parts(b"hi")),
    "three": (part(b"a") + part(b"") + part(b"\x00\xff"), parts(b"a", b"", b"\x00\xff")),
    "content types": (
        b"".join(
            part(b"%d" % n, content_type=kind)
            for n, kind in enumerate(
                [None, "application/octet-stream", "application/json", "text/plain", "", "\u20ac"]
            )
        ),
        parts(b"0", b"1", b"2", b"3", b"4", b"5"),
    ),
    "header order": (
        encode(
            [
                (":event-type", "string", "PayloadPart"),
                (":content-type", "string", "x"),
                (":message-type", "string", "event"),
                ("extra", "int32", 5),
            ],
            b"a",
        ),
        parts(b"a"),
    ),
    "content type of another type": (
        encode(
            [
                (":message-type", "string", "event"),
                (":event-type", "string", "PayloadPart"),
                (":content-type", "boolean", True),
            ],
            b"a",
        ),
        parts(b"a"),
    ),
    "unknown among": (
        part(b"a")
        + frame("event", b"?", event_type="Metrics")
        + part(b"b")
        + frame("event", event_type=""),
        parts(b"a", b"b"),
    ),
    "like JSON": (part(b'{"Message":"no error"}'), parts(b'{"Message":"no error"}')),
    "long": (part(b"x" * 100000) + part(b"y"), parts(b"x" * 100000, b"y")),
}


# EVS-032
@pytest.mark.parametrize("name", sorted(GOOD_STREAMS))
def test_a_stream_gives_its_events(name):
    data, expected = GOOD_STREAMS[name]
    for _, chunks in (
        chunkings(data)
        if len(data) < 5000
        else [("cut", [data[:12], data[12:50000], data[50000:]])]
    ):
        events, error, reader = read(chunks)
        assert (events, error) == (expected, None)
        assert reader.unknown_events == (2 if name == "unknown among" else 0)
        assert reader.is_stream and reader.status == 200
        assert reader.close() is None  # closing again changes nothing


def test_a_part_is_returned_when_it_is_complete():
    reader = ResponseReader(200, [EVENT_STREAM])
    data = part(b"one") + part(b"two")
    cut = len(part(b"one"))
    assert reader.feed(data[: cut - 1]) == []
    assert reader.feed(data[cut - 1 : cut]) == parts(b"one")
    assert reader.feed(b"") == []
    assert reader.feed(data[cut:] + data) == parts(b"two", b"one", b"two")
    assert reader.feed(memoryview(data)) == reader.feed(bytearray(data)) == parts(b"one", b"two")


def test_the_head_is_read_at_once():
    headers = [
        ("X-Amzn-SageMaker-Content-Type", "application/json"),
        ("x-amzn-INVOKED-production-variant", "v1"),
        EVENT_STREAM,
        ("X-Amzn-SageMaker-Custom-Attributes", " a=b "),
        ("x-amzn-RequestId", "r-1"),
        ("x-amzn-sagemaker-content-type", "second"),
    ]
    reader = ResponseReader(200, headers)
    assert reader.headers == tuple(headers)
    assert reader.request_id == "r-1"
    assert reader.output == InvokeEndpointWithResponseStreamOutput(
        content_type="application/json", invoked_production_variant="v1", custom_attributes=" a=b "
    )  # verbatim; the first header counts
    assert reader.output.body is None
    assert ResponseReader(200, [EVENT_STREAM]).output == InvokeEndpointWithResponseStreamOutput()
    assert ResponseReader(200, [list(EVENT_STREAM)]).headers == (EVENT_STREAM,)


def test_output_of_headers_and_body():
    body = tuple(parts(b"a"))
    assert read_output(
        [("x-amzn-sagemaker-content-type", "a/b")], body
    ) == InvokeEndpointWithResponseStreamOutput(content_type="a/b", body=body)
    assert (
        read_output([("Content-Type", "a/b"), ("content_type", "c")])
        == InvokeEndpointWithResponseStreamOutput()
    )
    assert (
        read_output([("X-Amzn-SageMaker-Content-Type", "")]).content_type == ""
    )  # an empty value is present
    assert (
        read_output([("X-Amzn-SageMaker-Content-Type", "\u00e9" * 5000)]).content_type
        == "\u00e9" * 5000
    )  # values of a response are not validated


def test_header_look_ups():
    headers = [("A", "1"), ("a", "2"), ("B", "")]
    assert (header_value(headers, "a"), header_value(headers, "b"), header_value(headers, "c")) == (
        "1",
        "",
        None,
    )
    assert request_id_of([("x-amz-request-id", "two"), ("X-Amzn-RequestId", "one")]) == "one"
    assert request_id_of([("x-amz-request-id", "two"), ("X-Amzn-RequestId", "")]) == "two"
    assert request_id_of([("X-AMZ-REQUEST-ID", "two")]) == "two"
    assert request_id_of([("request-id", "no")]) is None and request_id_of([]) is None


# ---- errors in a stream ------------------------------------------------------------------------

LAST = part(b"last")
HEADERS_OF_LAST = struct.unpack(">I", LAST[4:8])[0]


def resealed(data):
    """Return data as a frame with a correct message checksum."""
    return data[:-4] + struct.pack(">I", zlib.crc32(data[:-4]))


def with_lengths(total_length, headers_length):
    lengths = struct.pack(">II", total_length, headers_length)
    return lengths + struct.pack(">I", zlib.crc32(lengths)) + LAST[12:]


TYPED = (":message-type", "string", "event")
# name -> (bytes at the end of a stream, the error's class, its kind, its code)
FAULTS = {
    "total length": (flipped(LAST, 3), FrameError, "prelude_crc", None),
    "headers length": (flipped(LAST, 7), FrameError, "prelude_crc", None),
    "prelude checksum": (flipped(LAST, 8), FrameError, "prelude_crc", None),
    "a header": (flipped(LAST, 20), FrameError, "message_crc", None),
    "payload": (flipped(LAST, -5), FrameError, "message_crc", None),
    "message checksum": (flipped(LAST, -1), FrameError, "message_crc", None),
    "length 15": (with_lengths(15, 0), FrameError, "length", None),
    "length 0": (with_lengths(0, 0), FrameError, "length", None),
    "headers beyond": (with_lengths(len(LAST), len(LAST) - 15), FrameError, "length", None),
    "huge": (with_lengths(0xFFFFFFFF, 0), FrameError, "limit", None),
    "header type": (
        resealed(LAST[:12] + b"\x01a\x0a" + LAST[15:]),
        FrameError,
        "header_type",
        None,
    ),
    "header name": (resealed(LAST[:12] + b"\x00" + LAST[13:]), FrameError, "header", None),
    "header utf-8": (resealed(LAST[:13] + b"\xff" + LAST[14:]), FrameError, "utf8", None),
    "no frame": (b'{"message":"no stream"}', FrameError, "prelude_crc", None),
    "no message type": (
        encode([(":event-type", "string", "PayloadPart")], b""),
        FrameError,
        "message_type",
        None,
    ),
    "no headers": (encode([], b"x"), FrameError, "message_type", None),
    "message type in bytes": (
        encode(
            [(":message-type", "bytes", b"event"), (":event-type", "string", "PayloadPart")], b""
        ),
        FrameError,
        "message_type",
        None,
    ),
    "message type true": (
        encode([(":message-type", "boolean", True), (":event-type", "string", "PayloadPart")], b""),
        FrameError,
        "message_type",
        None,
    ),
    "unknown message type": (
        frame("events", event_type="PayloadPart"),
        FrameError,
        "message_type",
        None,
    ),
    "empty message type": (frame("", event_type="PayloadPart"), FrameError, "message_type", None),
    "message type in capitals": (
        frame("Event", event_type="PayloadPart"),
        FrameError,
        "message_type",
        None,
    ),
    "message type with a blank": (
        frame("event ", event_type="PayloadPart"),
        FrameError,
        "message_type",
        None,
    ),
    "message type of another name": (
        encode(
            [(":Message-Type", "string", "event"), (":event-type", "string", "PayloadPart")], b""
        ),
        FrameError,
        "message_type",
        None,
    ),
    "no event type": (frame("event", b"x"), FrameError, "message_type", None),
    "event type in bytes": (
        encode([TYPED, (":event-type", "bytes", b"PayloadPart")], b""),
        FrameError,
        "message_type",
        None,
    ),
    "event type an int": (
        encode([TYPED, (":event-type", "int32", 1)], b""),
        FrameError,
        "message_type",
        None,
    ),
    "exception as event": (
        frame("event", b"{}", event_type="ModelStreamError"),
        FrameError,
        "message_type",
        None,
    ),
    "failure as event": (
        frame("event", b"{}", event_type="InternalStreamFailure"),
        FrameError,
        "message_type",
        None,
    ),
    "no exception type": (frame("exception", b"{}"), FrameError, "message_type", None),
    "exception type in bytes": (
        encode(
            [
                (":message-type", "string", "exception"),
                (":exception-type", "bytes", b"ModelStreamError"),
            ],
            b"",
        ),
        FrameError,
        "message_type",
        None,
    ),
    "event type in an exception": (
        frame("exception", b"{}", event_type="ModelStreamError"),
        FrameError,
        "message_type",
        None,
    ),
    "ModelStreamError": (
        exception("ModelStreamError", b'{"Message":"m"}'),
        ModelStreamError,
        "exception",
        "ModelStreamError",
    ),
    "InternalStreamFailure": (
        exception("InternalStreamFailure", b'{"Message":"m"}'),
        InternalStreamFailure,
        "exception",
        "InternalStreamFailure",
    ),
    "another exception": (
        exception("ThrottlingException", b'{"message":"m"}'),
        UnknownOperationError,
        "unmodeled",
        "ThrottlingException",
    ),
    "exception of another place": (
        exception("ModelError", b'{"Message":"m"}'),
        UnknownOperationError,
        "unmodeled",
        "ModelError",
    ),
    "error": (
        frame("error", error_code="InternalError", error_message="m"),
        UnknownOperationError,
        "unmodeled",
        "InternalError",
    ),
    "error without code": (
        frame("error", error_message="m"),
        UnknownOperationError,
        "unmodeled",
        None,
    ),
}
TRUNCATED = [
    LAST[:cut] for cut in (1, 4, 11, 12, 13, 12 + HEADERS_OF_LAST, len(LAST) - 4, len(LAST) - 1)
]
BEFORE = [
    (b"", []),
    (part(b"a"), parts(b"a")),
    (part(b"a") + frame("event", event_type="Unknown") + part(b"b"), parts(b"a", b"b")),
]


@pytest.mark.slow
@for_each("name", sorted(FAULTS))
def test_events_before_an_error_are_returned(name):
    data, cls, kind, code = FAULTS[name]
    for before, expected in BEFORE:
        for behind in (b"", part(b"never")):
            for _, chunks in chunkings(before + data + behind):
                events, error, reader = read(
                    chunks, headers=[EVENT_STREAM, ("x-amzn-RequestId", "r-1")]
                )
                assert (events, type(error), error.kind, error.code) == (expected, cls, kind, code)
                assert (error.status, error.request_id) == (200, "r-1")
                assert reader.unknown_events == (1 if len(expected) == 2 else 0)
                assert str(error).isprintable()


@for_each("name", sorted(FAULTS))
def test_a_reader_is_dead_after_an_error(name):
    reader = ResponseReader(200, [EVENT_STREAM])
    with pytest.raises(Error):
        reader.feed(part(b"a") + FAULTS[name][0] + part(b"b"))
    for data in (b"", part(b"c")):
        with pytest.raises(UsageError) as caught:
            reader.feed(data)
        assert caught.value.rule == "EVS-024"
    assert reader.close() is None  # the error has been raised
    assert reader.close(complete=False) is None


def test_the_first_of_two_errors_is_reported():
    for first, second in (
        ("ModelStreamError", "payload"),
        ("unknown message type", "prelude checksum"),
        ("payload", "ModelStreamError"),
        ("error", "InternalStreamFailure"),
        ("ModelStreamError", "no frame"),
    ):
        events, error, _ = read([part(b"a") + FAULTS[first][0] + FAULTS[second][0]])
        assert (events, type(error), error.kind) == (
            parts(b"a"),
            FAULTS[first][1],
            FAULTS[first][2],
        )


def test_an_error_in_a_message_has_its_number():
    for count in (0, 1, 7):
        for _, chunks in chunkings(part() * count + frame("nonsense")):
            _, error, _ = read(chunks)
            assert f"in message {count + 1}" in str(error)
    _, error, _ = read([part(), frame("event", event_type="Unknown"), frame("nonsense")])
    assert "in message 3" in str(error)  # skipped messages count


@pytest.mark.parametrize(
    "name, rule",
    [
        ("no message type", "EVS-030"),
        ("message type in bytes", "EVS-030"),
        ("unknown message type", "EVS-030"),
        ("no event type", "EVS-031"),
        ("event type in bytes", "EVS-031"),
        ("exception as event", "EVS-033"),
        ("no exception type", "EVS-034"),
        ("exception type in bytes", "EVS-034"),
    ],
)
def test_the_rule_of_a_message_fault(name, rule):
    _, error, _ = read([FAULTS[name][0]])
    assert error.rule == rule
    assert error.expected is not None and error.actual is not None


@pytest.mark.parametrize("cut", TRUNCATED, ids=len)
def test_a_stream_that_ends_inside_a_frame(cut):
    for before, expected in BEFORE:
        for complete in (True, False):
            for _, chunks in chunkings(before + cut):
                events, error, _ = read(
                    chunks, headers=[EVENT_STREAM, ("x-amzn-RequestId", "r-1")], complete=complete
                )
                assert (events, type(error), error.kind) == (expected, FrameError, "truncated")
                assert (error.status, error.request_id, error.offset) == (
                    200,
                    "r-1",
                    len(before) + len(cut),
                )
                assert error.buffered == cut


@pytest.mark.parametrize("before, expected", BEFORE)
def test_a_body_that_is_incomplete_between_frames(before, expected):
    for _, chunks in chunkings(before):
        events, error, _ = read(
            chunks, headers=[EVENT_STREAM, ("x-amzn-RequestId", "r-1")], complete=False
        )
        assert (events, type(error), error.kind, error.rule) == (
            expected,
            FrameError,
            "truncated",
            "HTTP-023",
        )
        assert (error.status, error.request_id, error.offset) == (200, "r-1", len(before))
        count = ["0 messages", "1 message", "3 messages"][len(expected)]
        assert f"after {count} (" in str(error)
        assert read(chunks, complete=True)[1] is None


def test_a_reader_ends_once():
    for complete in (True, False):
        reader = ResponseReader(200, [EVENT_STREAM])
        reader.feed(part(b"a"))
        if complete:
            reader.close()
        else:
            with pytest.raises(FrameError):
                reader.close(complete=False)
        assert reader.close() is None
        with pytest.raises(UsageError):
            reader.feed(part(b"b"))


def test_the_ceiling_of_a_frame():
    assert read([LAST])[0] == parts(b"last")
    for ceiling, kind in ((len(LAST), None), (len(LAST) - 1, "limit")):
        reader = ResponseReader(200, [EVENT_STREAM], max_frame_length=ceiling)
        if kind is None:
            assert reader.feed(LAST) == parts(b"last")
        else:
            with pytest.raises(FrameError) as caught:
                reader.feed(LAST)
            assert caught.value.kind == kind
    with pytest.raises(UsageError):
        ResponseReader(200, [EVENT_STREAM], max_frame_length=15)


@pytest.mark.parametrize("status, headers", [(200, [EVENT_STREAM]), (500, []), (200, [])])
def test_feed_rejects_other_types(status, headers):
    reader = ResponseReader(status, headers)
    for wrong in ("text", None, 5, [1], object()):
        with pytest.raises(UsageError) as caught:
            reader.feed(wrong)
        assert caught.value.kind == "type"
    if reader.is_stream:
        assert reader.feed(LAST) == parts(
            b"last"
        )  # a mistake of the caller does not end the stream


def test_the_first_of_several_headers_counts():
    """HTTP-025."""
    stream, page = EVENT_STREAM, ("content-type", "text/html")
    assert ResponseReader(200, [stream, page]).is_stream
    assert not ResponseReader(200, [page, stream]).is_stream
    for codings, is_stream in (
        (["identity"], True),
        (["", "Identity "], True),
        (["identity", "gzip"], False),
        (["gzip", "identity"], False),
    ):
        headers = [stream] + [("Content-Encoding", coding) for coding in codings]
        assert ResponseReader(200, headers).is_stream == is_stream
    headers = [("x-amzn-errortype", "A"), ("X-AMZN-ERRORTYPE", "B")]
    assert service_error(400, headers, b"").code == "A"


@pytest.mark.parametrize("status", [200, 201, 299])
def test_an_empty_error_type_makes_a_success_an_error(status):
    headers = [EVENT_STREAM, ("x-amzn-errortype", "")]
    with pytest.raises(ServiceError) as caught:
        ResponseReader(status, headers).close()
    assert (caught.value.kind, caught.value.code) == ("service_error", None)


def test_a_byte_order_mark_before_an_error_document():
    """HTTP-036: it may precede XML, but it is not JSON."""
    xml = service_error(400, [], b"\xef\xbb\xbf <E><Code>A</Code><Message>m</Message></E>")
    assert (xml.code, xml.message) == ("A", "m")
    unread = service_error(400, [("x-amzn-errortype", "A")], b'\xef\xbb\xbf{"message":"m"}')
    assert unread.code == "A" and unread.body.startswith(b"\xef\xbb\xbf")


def test_a_status_and_headers_of_the_wrong_type():
    for status in ("200", None, True, 200.0, b"200"):
        with pytest.raises(UsageError) as caught:
            ResponseReader(status, [EVENT_STREAM])
        assert caught.value.kind == "type"
    for headers in (
        None,
        5,
        [("Content-Type",)],
        [(1, "x")],
        [("Content-Type", 1)],
        [(b"Content-Type", b"x")],
        [None],
    ):
        with pytest.raises(UsageError) as caught:
            ResponseReader(200, headers)
        assert caught.value.kind == "type"


# ---- the meaning of messages -------------------------------------------------------------------


def message(*triples, payload=b""):
    return Message(FrameHeaders(FrameHeader(*triple) for triple in triples), payload)


def test_event_of():
    made = message(
        (":message-type", "string", "event"), (":event-type", "string", "PayloadPart"), payload=b"a"
    )
    assert event_of(made) == event_of(made) == PayloadPart(bytes=b"a")
    assert event_of(Message(made.headers, b"b")) == PayloadPart(
        bytes=b"b"
    )  # the same headers again
    assert (
        event_of(
            message(
                (":message-type", "string", "event"),
                (":event-type", "string", "Other"),
                payload=b"a",
            )
        )
        is None
    )
    for _ in range(2):
        with pytest.raises(FrameError) as caught:
            event_of(message(payload=b"a"))
        assert (caught.value.kind, caught.value.rule) == ("message_type", "EVS-030")
        with pytest.raises(ModelStreamError):
            event_of(
                message(
                    (":message-type", "string", "exception"),
                    (":exception-type", "string", "ModelStreamError"),
                    payload=b"{}",
                )
            )


def raised_by(data):
    events, error, _ = read([part(b"a") + data])
    assert events == parts(b"a")
    return error


DEEP = b'{"Message":"m","x":' + b"[" * 100 + b"]" * 100 + b"}"


@for_each(
    "payload, message_text, error_code",
    [
        (b'{"Message":"m"}', "m", None),
        (b'{"message":"m"}', "m", None),
        (b'{"Message":"modelled","message":"other"}', "modelled", None),
        (b'{"message":"other","Message":"modelled"}', "modelled", None),
        (b'{"Message":null,"message":"m"}', "m", None),
        (b'{"Message":"m","ErrorCode":"StreamBroken"}', "m", "StreamBroken"),
        (
            b'{"message":"m","errorCode":"ModelInvocationTimeExceeded"}',
            "m",
            "ModelInvocationTimeExceeded",
        ),
        (b'{"ErrorCode":"A","errorCode":"B"}', None, "A"),
        (b'{"Message":"","ErrorCode":""}', "", ""),
        (b'{"Message":5,"ErrorCode":["x"]}', None, None),
        (b'{"Message":null,"ErrorCode":null}', None, None),
        (b'{"MESSAGE":"m"}', None, None),
        (b"{}", None, None),
        (b"", None, None),
        (b"null", None, None),
        (b'"text"', None, None),
        (b"[]", None, None),
        (b"5", None, None),
        (b"{", None, None),
        (b"no JSON", None, None),
        (b"\xff\xfe", None, None),
        (b'{"Message":"m","Message":"n"}', None, None),
        (DEEP, None, None),
        ('{"Message":"\u20ac"}'.encode("utf-8"), "\u20ac", None),
        (b'{"Message":"two\\nlines"}', "two\nlines", None),
    ],
)
def test_an_exception_of_the_stream(payload, message_text, error_code):
    error = raised_by(exception("ModelStreamError", payload, content_type="application/json"))
    assert error == ModelStreamError(message=message_text, error_code=error_code)
    assert (error.kind, error.code, error.body, error.fault, error.retryable) == (
        "exception",
        "ModelStreamError",
        payload,
        False,
        False,
    )
    assert str(error).startswith("ModelStreamError: ") and str(error).isprintable()
    failure = raised_by(exception("InternalStreamFailure", payload))
    assert failure == InternalStreamFailure(message=message_text)
    assert (failure.kind, failure.code, failure.body, failure.fault) == (
        "exception",
        "InternalStreamFailure",
        payload,
        True,
    )


@pytest.mark.parametrize(
    "payload, message_text",
    [
        (b'{"message":"m"}', "m"),
        (b'{"Message":"m"}', "m"),
        (b'{"Message":"modelled","message":"other"}', "modelled"),
        (b"", None),
        (b"text", None),
        (b"[]", None),
        (b'{"message":5}', None),
        (b'{"message":null}', None),
        (b"\xff", None),
        (DEEP, None),
    ],
)
def test_an_exception_that_the_model_does_not_name(payload, message_text):
    for name in ("ThrottlingException", "modelStreamError", "", "PayloadPart", "\u20ac"):
        error = raised_by(exception(name, payload))
        assert error == UnknownOperationError(code=name, payload=payload.decode("utf-8", "replace"))
        assert (error.kind, error.message, error.body, error.fault) == (
            "unmodeled",
            message_text,
            payload,
            True,
        )
        assert str(error).isprintable()
    assert "ThrottlingException" in str(raised_by(exception("ThrottlingException", payload)))


@pytest.mark.parametrize(
    "headers, code, message_text",
    [
        (
            {"error_code": "InternalError", "error_message": "it failed"},
            "InternalError",
            "it failed",
        ),
        ({"error_code": "InternalError"}, "InternalError", None),
        ({"error_message": "it failed"}, None, "it failed"),
        ({}, None, None),
        ({"error_code": "", "error_message": ""}, "", ""),
        (
            {
                "error_code": "C",
                "error_message": "m",
                "event_type": "PayloadPart",
                "exception_type": "ModelStreamError",
            },
            "C",
            "m",
        ),
    ],
)
def test_an_error_message(headers, code, message_text):
    for payload in (b"", b"\xff", b'{"message":"not this"}'):
        error = raised_by(frame("error", payload, **headers))
        assert error == UnknownOperationError(code=code, payload=payload.decode("utf-8", "replace"))
        assert (error.kind, error.message, error.body, error.fault) == (
            "unmodeled",
            message_text,
            payload,
            True,
        )
        without_message = "\ufffd" if payload == b"\xff" else "no message"
        assert str(error).startswith(f"{code}: " if code else message_text or without_message)


@pytest.mark.parametrize("name", ["ModelStreamError", "InternalStreamFailure", "Other"])
def test_an_exception_keeps_the_text_of_its_payload(name):
    error = raised_by(exception(name, b"worker 3 died:\nCUDA out of memory"))
    assert error.text == "worker 3 died:\\nCUDA out of memory"
    assert error.text in str(error) and error.message is None
    long = raised_by(exception(name, b"x" * 1000 + b"\xff"))
    assert str(long).startswith(f"{name}: {'x' * 200}...")
    assert "SECRET" not in told(raised_by(exception(name, b"X-Amz-Security-Token:SECRET")))
    document = raised_by(exception(name, b"{}"))
    assert document.text is None and "no message" in str(document)


def test_an_error_message_whose_code_is_no_string():
    error = raised_by(
        encode(
            [
                (":message-type", "string", "error"),
                (":error-code", "int32", 5),
                (":error-message", "bytes", b"m"),
            ],
            b"",
        )
    )
    assert (error.code, error.message) == (None, None)


def test_an_exception_quotes_no_secret():
    text = "X-Amz-Security-Token:SECRET"
    for data in (
        exception("ModelStreamError", json.dumps({"Message": text}).encode()),
        exception("Other", json.dumps({"message": text}).encode()),
        frame("error", error_code="C", error_message=text),
    ):
        error = raised_by(data)
        assert "SECRET" not in told(error) and "<hidden>" in str(error)


# ---- heads -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        [("Content-Type", "application/vnd.amazon.eventstream")],
        [("content-type", "APPLICATION/VND.AMAZON.EVENTSTREAM")],
        [("CONTENT-TYPE", "application/vnd.amazon.EventStream; charset=utf-8")],
        [("Content-Type", "application/vnd.amazon.eventstream;")],
        [("Content-Type", ' \tapplication/vnd.amazon.eventstream\t ; x="a;b"')],
        [("Content-Type", "application/vnd.amazon.eventstream"), ("Content-Type", "text/html")],
        [("Content-Type", "application/vnd.amazon.eventstream"), ("Content-Encoding", "identity")],
        [
            ("Content-Type", "application/vnd.amazon.eventstream"),
            ("Content-Encoding", " Identity "),
        ],
        [("Content-Type", "application/vnd.amazon.eventstream"), ("Content-Encoding", "")],
        [
            ("Content-Type", "application/vnd.amazon.eventstream"),
            ("X-Amzn-SageMaker-Content-Type", "application/json"),
        ],
    ],
)
def test_heads_of_an_event_stream(headers):
    reader = ResponseReader(200, headers)
    assert reader.is_stream
    assert reader.feed(LAST) == parts(b"last")
    reader.close()


NO_STREAM = [
    [],
    [("Content-Type", "")],
    [("Content-Type", "application/json")],
    [("Content-Type", "text/html; charset=utf-8")],
    [("Content-Type", "application/vnd.amazon.eventstreams")],
    [("Content-Type", "x-application/vnd.amazon.eventstream")],
    [("Content-Type", "application/json; application/vnd.amazon.eventstream")],
    [("Content-Type", "application/vnd.amazon.eventstream, text/html")],
    [("Content-Type", "text/html"), ("Content-Type", "application/vnd.amazon.eventstream")],
    [("X-Content-Type", "application/vnd.amazon.eventstream")],
    [("X-Amzn-SageMaker-Content-Type", "application/vnd.amazon.eventstream")],
    [EVENT_STREAM, ("Content-Encoding", "gzip")],
    [EVENT_STREAM, ("content-encoding", "br, identity")],
    [EVENT_STREAM, ("Content-Encoding", "aws-chunked")],
]


@pytest.mark.parametrize("headers", NO_STREAM, ids=str)
def test_a_200_that_is_no_event_stream(headers):
    body = b'{"generated_text": "\xe2\x82\xac"}'
    for complete in (True, False):
        for _, chunks in chunkings(body):
            events, error, reader = read(
                chunks, headers=headers + [("x-amzn-RequestId", "r-1")], complete=complete
            )
            assert not reader.is_stream
            assert (events, type(error), error.kind, error.rule) == (
                [],
                HttpError,
                "content_type",
                "HTTP-021",
            )
            assert (error.status, error.request_id, error.body) == (200, "r-1", body)
    for shown in (
        "200",
        "generated_text",
        f"{len(body)} bytes",
        "application/vnd.amazon.eventstream",
        header_value(headers, "content-type") or "no Content-Type",
        header_value(headers, "content-encoding") or "",
    ):
        assert shown in str(error)
    with pytest.raises(UsageError):
        reader.feed(body)


@pytest.mark.parametrize("status", [201, 202, 204, 205, 206, 207, 226, 250, 299])
def test_another_success_is_an_error(status):
    for headers in ([EVENT_STREAM], [("Content-Type", "application/json")], []):
        events, error, reader = read([LAST] if status != 204 else [], status, headers)
        assert not reader.is_stream
        assert (events, type(error), error.kind, error.status) == (
            [],
            HttpError,
            "content_type",
            status,
        )
        assert f"{status}, " in str(error)


@pytest.mark.parametrize("status", list(range(300, 309)) + [310, 399])
def test_a_redirect_is_not_followed(status):
    for location in ("https://evil.example/", None, "a\r\nb", ""):
        headers = [EVENT_STREAM, ("x-amzn-RequestId", "r-1"), ("x-amzn-errortype", "ModelError")]
        with pytest.raises(HttpError) as caught:
            ResponseReader(
                status, headers + ([("Location", location)] if location is not None else [])
            )
        error = caught.value
        assert (error.kind, error.rule, error.status, error.request_id) == (
            "http",
            "HTTP-049",
            status,
            "r-1",
        )
        assert (
            f"{status} to " in str(error)
            and "not followed" in str(error)
            and str(error).isprintable()
        )
        assert (location if location == "https://evil.example/" else "") in str(error)


@pytest.mark.parametrize("status", [100, 101, 102, 103, 199, 600, 601, 999, 1000, 0, -1, 99, 10**9])
def test_a_status_code_out_of_range(status):
    with pytest.raises(HttpError) as caught:
        ResponseReader(
            status, [EVENT_STREAM, ("x-amzn-RequestId", "r-1"), ("x-amzn-errortype", "ModelError")]
        )
    error = caught.value
    assert (error.kind, error.rule, error.status, error.request_id) == (
        "http",
        "HTTP-054",
        status,
        "r-1",
    )


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 408, 413, 418, 424, 429, 499, 500, 502, 503, 504, 529, 530, 599]
)
def test_an_error_status_is_an_error_whatever_its_head(status):
    body = b'{"Message":"m"}'
    for headers in ([], [EVENT_STREAM], [("Content-Type", "application/json")]):
        for _, chunks in chunkings(body):
            for complete in (True, False):
                events, error, reader = read(
                    chunks,
                    status,
                    headers + [("x-amzn-errortype", "ModelError"), ("x-amzn-RequestId", "r-1")],
                    complete,
                )
                assert not reader.is_stream and events == []
                assert error == ModelError(message="m")
                assert (error.kind, error.status, error.request_id, error.body) == (
                    "service_error",
                    status,
                    "r-1",
                    body,
                )
                assert error.fault == (status >= 500)


@pytest.mark.parametrize("status", [200, 201, 299])
def test_an_error_type_on_a_success_is_an_error(status):
    body = b'{"Message":"m","OriginalStatusCode":500}'
    for content_type in (EVENT_STREAM, ("Content-Type", "application/json")):
        events, error, reader = read(
            [body],
            status,
            [
                content_type,
                ("X-AMZN-ErrorType", "ModelError:http://x/"),
                ("x-amzn-RequestId", "r-1"),
            ],
        )
        assert not reader.is_stream and events == []
        assert error == ModelError(message="m", original_status_code=500)
        assert (error.kind, error.status, error.request_id, error.code, error.fault) == (
            "service_error",
            status,
            "r-1",
            "ModelError",
            False,
        )


# HTTP-035
def test_the_body_of_an_error_is_bounded():
    for status, headers in ((500, []), (200, [])):
        reader = ResponseReader(status, headers)
        for _ in range(5):
            assert reader.feed(b"x" * (MAX_ERROR_BODY // 2 - 1)) == []
        reader.feed(b"y" * 100)
        with pytest.raises(Error) as caught:
            reader.close()
        assert caught.value.body == b"x" * MAX_ERROR_BODY
    assert MAX_ERROR_BODY == 1024 * 1024


# ---- any response ------------------------------------------------------------------------------

PIECES = (
    [part(b"a"), part(b""), part(b"b" * 50), frame("event", event_type="Unknown")]
    + [fault for fault, _, _, _ in FAULTS.values()]
    + TRUNCATED
)
some_headers = st.lists(
    st.one_of(
        st.just(EVENT_STREAM),
        st.tuples(
            st.sampled_from(
                [
                    "content-type",
                    "Content-Encoding",
                    "x-amzn-ErrorType",
                    "x-amzn-RequestId",
                    "Location",
                    "x",
                ]
            ),
            st.one_of(
                st.sampled_from(
                    [
                        "application/json",
                        "gzip",
                        "ModelError",
                        "ns#Name:http://x/#y",
                        ":",
                        "",
                        "identity",
                    ]
                ),
                st.text(alphabet=st.characters(max_codepoint=255), max_size=12),
            ),
        ),
        st.tuples(
            st.text(alphabet=st.characters(max_codepoint=255), max_size=8),
            st.text(alphabet=st.characters(max_codepoint=255), max_size=8),
        ),
    ),
    max_size=5,
)


@pytest.mark.slow
@many
@given(
    st.one_of(st.sampled_from([200, 200, 200, 400, 424, 500, 204, 302]), st.integers(-10, 1100)),
    some_headers,
    st.one_of(st.just(None), st.binary(max_size=60)),
    st.lists(st.sampled_from(PIECES), max_size=6),
    st.lists(st.integers(0, 400), max_size=4),
    st.booleans(),
)
def test_any_response_gives_events_and_at_most_one_error(
    status, headers, blob, pieces, cuts, complete
):
    data = b"".join(pieces) if blob is None else blob
    chunks = [data[start:end] for start, end in zip([0] + sorted(cuts), sorted(cuts) + [len(data)])]
    expected = []
    for piece in pieces if blob is None else []:
        if piece not in PIECES[:4]:
            break
        expected += {
            PIECES[0]: parts(b"a"),
            PIECES[1]: parts(b""),
            PIECES[2]: parts(b"b" * 50),
            PIECES[3]: [],
        }[piece]
    try:
        events, error, reader = read(chunks, status, headers, complete)
    except HttpError as refused:  # only the head decides
        assert not 200 <= status < 300 and status // 100 not in (4, 5)
        assert refused.kind == "http"
        return
    if error is not None:
        assert isinstance(error, (FrameError, HttpError, ServiceError))
        assert (
            error.status == status
            and str(error).isprintable()
            and error.request_id == reader.request_id
        )
    if reader.is_stream:
        assert status == 200
        if blob is None:
            assert events == expected
    else:
        assert events == [] and error is not None
    if error is None:
        assert (
            reader.is_stream and complete and b"".join(pieces if blob is None else [blob]) == data
        )


# ==== errors of the service =======================================================================

CORAL = ":http://internal.amazon.com/coral/com.amazon.coral.service/"


def error_of(status=400, body=b"{}", *headers):
    return service_error(status, headers, body)


@for_each(
    "text, code",
    [
        ("ModelError", "ModelError"),
        ("ModelError" + CORAL, "ModelError"),
        ("com.amazonaws.sagemaker#ModelError", "ModelError"),
        ("com.amazonaws.sagemaker#ModelError" + CORAL, "ModelError"),
        ("ModelError:http://x/#Other", "ModelError"),
        ("ns#Name:http://x/#Other", "Name"),
        ("ns#Name#more", "Name#more"),
        (" ModelError ", "ModelError"),
        ("\tName\t", "Name"),
        ("Name :x", "Name"),
        ("ns# Name", "Name"),
        ("Name:", "Name"),
        ("#Name", "Name"),
        (":", None),
        ("#", None),
        ("ns#", None),
        ("ns#:x", None),
        ("", None),
        (" ", None),
        (None, None),
        ("::", None),
        ("\u20ac", "\u20ac"),
    ],
)
def test_the_code_in_all_its_formats(text, code):
    assert error_code_of(text) == code
    if text is not None:
        assert error_of(400, b"{}", ("X-Amzn-ErrorType", text)).code == code
        for member in ("__type", "code", "Code"):
            assert error_of(400, json.dumps({member: text}).encode()).code == code


@pytest.mark.parametrize(
    "headers, document, code",
    [
        ([("x-amzn-errortype", "Header")], {"__type": "Type", "code": "Code"}, "Header"),
        ([("x-amzn-errortype", "")], {"__type": "Type"}, "Type"),
        ([("x-amzn-errortype", " ")], {"code": "Code"}, "Code"),
        ([("x-amzn-errortype", ":http://x/")], {"__type": "Type"}, "Type"),
        ([("x-amzn-errortype", "First"), ("x-amzn-errortype", "Second")], {}, "First"),
        ([], {"__type": "ns#Type"}, "Type"),
        ([], {"code": "Code:http://x/#y"}, "Code"),
        ([], {"Code": "Code"}, "Code"),
        ([], {"__type": "", "code": "Code"}, "Code"),
        ([], {"__type": 5, "code": "Code"}, "Code"),
        ([], {"__type": None, "code": None, "Code": "Code"}, "Code"),
        ([], {"code": 400}, None),
        ([], {"code": ["x"], "__type": {}}, None),
        ([], {"type": "Type", "error": "x", "errorType": "y"}, None),
        ([], {}, None),
    ],
)
def test_the_places_of_the_code(headers, document, code):
    error = error_of(400, json.dumps(document).encode(), *headers)
    assert type(error) is UnknownOperationError
    assert error.code == code


def test_either_order_of_type_and_code_is_acceptable():
    assert error_of(400, b'{"__type":"A","code":"B"}').code in (
        "A",
        "B",
    )  # no authority defines the order


MESSAGES = [
    (b'{"Message":"m"}', "m"),
    (b'{"message":"m"}', "m"),
    (b'{"Message":"modelled","message":"other"}', "modelled"),
    (b'{"message":"other","Message":"modelled"}', "modelled"),
    (b'{"Message":null,"message":"m"}', "m"),
    (b'{"Message":"\\u20ac\\n"}', "\u20ac\n"),
    (b'{"Message":""}', ""),
    (b'{"MESSAGE":"m"}', None),
    (b'{"Message":5}', None),
    (b'{"Message":["m"]}', None),
    (b'{"Message":null}', None),
    (b'{"message":null}', None),
    (b"{}", None),
    (b"", None),
    (b"[]", None),
    (b"null", None),
    (b'"m"', None),
    (b"{", None),
    (b'{"Message":"m"', None),
    (b"text", None),
    (b"\xff\xfe\x00", None),
    (gzip.compress(b'{"Message":"m"}'), None),
    (b"[" * 5000 + b"]" * 5000, None),
    (b'{"Message":"m","x":' + b"[" * 65 + b"]" * 65 + b"}", None),
    (b'{"Message":"m","Message":"m"}', None),
    (b'{"Message":"m","n":NaN}', None),
    (b"<html><body>Bad Gateway</body></html>", None),
    (b"   ", None),
]


@for_each("body, message_text", MESSAGES)
@for_each(
    "shape",
    [
        ValidationError,
        InternalFailure,
        ServiceUnavailable,
        ModelError,
        ModelStreamError,
        InternalStreamFailure,
    ],
)
def test_a_modelled_error(shape, body, message_text):
    for text in (
        shape.__name__,
        shape.__name__ + CORAL,
        "com.amazonaws.sagemakerruntime#" + shape.__name__,
    ):
        error = error_of(
            shape.modelled_status or 500,
            body,
            ("x-amzn-ErrorType", text),
            ("x-amzn-RequestId", "r-1"),
        )
        assert error == shape(message=message_text)
        assert (error.kind, error.code, error.request_id, error.body) == (
            "service_error",
            shape.__name__,
            "r-1",
            body,
        )
        assert error.status == (shape.modelled_status or 500) and error.fault == (
            error.status >= 500
        )
        assert (
            str(error).startswith(shape.__name__ + ": ")
            and f"HTTP {error.status}" in str(error)
            and "r-1" in str(error)
        )
        assert str(error).isprintable()


def test_who_is_at_fault():
    """The service is at fault if the status or the model says so."""
    for shape in (
        ValidationError,
        ModelError,
        ModelStreamError,
        InternalFailure,
        ServiceUnavailable,
        InternalStreamFailure,
    ):
        for status in (200, 400, 499, 500, 599):
            assert error_of(status, b"{}", ("x-amzn-errortype", shape.__name__)).fault == (
                status >= 500 or shape.fault
            )


def test_every_error_of_the_model_is_found_by_its_code():
    for name, shape in ERRORS.items():
        assert type(error_of(400, b"{}", ("x-amzn-errortype", name))) is shape
        assert type(error_of(400, json.dumps({"__type": name}).encode())) is shape
        for other in (name.lower(), name + "Exception", name[:-1], "x" + name):
            assert type(error_of(400, b"{}", ("x-amzn-errortype", other))) is UnknownOperationError


def test_all_members_of_a_model_error():
    document = {
        "Message": "m",
        "OriginalStatusCode": 500,
        "OriginalMessage": "o",
        "LogStreamArn": "arn",
        "ErrorCode": "CLIENT_ERROR_FROM_MODEL",
    }
    expected = ModelError(
        message="m", original_status_code=500, original_message="o", log_stream_arn="arn"
    )
    body = json.dumps(document).encode()
    assert error_of(424, body, ("x-amzn-errortype", "ModelError")) == expected
    small = {name[0].lower() + name[1:]: value for name, value in document.items()}
    assert error_of(424, json.dumps(small).encode(), ("x-amzn-errortype", "ModelError")) == expected
    both = dict(small, message="x", originalMessage="x", **document)
    assert (
        error_of(424, json.dumps(both).encode(), ("x-amzn-errortype", "ModelError")) == expected
    )  # the modelled spelling counts
    xml = (
        b"<ModelError><Message>m</Message><OriginalStatusCode>500</OriginalStatusCode>"
        b"<OriginalMessage>o</OriginalMessage>"
        b"<LogStreamArn>arn</LogStreamArn></ModelError>"
    )
    assert error_of(424, xml, ("x-amzn-errortype", "ModelError")) == expected
    assert error_of(424, b"{}", ("x-amzn-errortype", "ModelError")) == ModelError()


@pytest.mark.slow
@for_each(
    "text, value",
    [
        ("500", 500),
        ("0", 0),
        ("-1", -1),
        ("2147483647", 2147483647),
        ("-2147483648", -2147483648),
        ("2147483648", None),
        ("-2147483649", None),
        ("1" * 20, None),
        ('"500"', 500),
        ('"-1"', -1),
        ('"0500"', 500),
        ('"2147483647"', 2147483647),
        ('"2147483648"', None),
        ('"99999999999"', None),
        ('""', None),
        ('"+1"', 1),
        ('" 500"', None),
        ('"500 "', None),
        ('"500\\n"', None),
        ('"0x1F4"', None),
        ('"1_000"', None),
        ('"5e2"', None),
        ('"\\u0665"', None),
        ('"500.0"', None),
        ("500.0", None),
        ("500.9", None),
        ("5e2", None),
        ("true", None),
        ("false", None),
        ("null", None),
        ("[500]", None),
        ('{"a":1}', None),
    ],
)
def test_an_original_status_code_is_an_integer_or_absent(text, value):
    body = b'{"Message":"m","OriginalStatusCode":' + text.encode() + b"}"
    error = error_of(424, body, ("x-amzn-errortype", "ModelError"))
    assert error == ModelError(message="m", original_status_code=value)
    assert error.body == body


# ---- unknown errors ----------------------------------------------------------------------------


@for_each("body, message_text", MESSAGES)
def test_another_error(body, message_text):
    error = error_of(
        403, body, ("x-amzn-errortype", "AccessDeniedException"), ("Content-Type", "application/x")
    )
    assert error == UnknownOperationError(
        code="AccessDeniedException", payload=body.decode("utf-8", "replace")
    )
    assert (error.kind, error.status, error.body, error.fault) == (
        "service_error",
        403,
        body,
        False,
    )
    if message_text is not None:
        assert error.message == message_text
    assert (
        str(error).startswith("AccessDeniedException: ")
        and str(error).isprintable()
        and len(str(error)) < 1000
    )


@pytest.mark.parametrize(
    "status, content_type, body, shown",
    [
        (
            502,
            "text/html",
            b"<html><body><h1>502 Bad Gateway</h1></body></html>",
            "text/html: <html><body><h1>502 Bad Gateway</h1>",
        ),
        (413, "text/plain", b"Request Entity Too Large", "text/plain: Request Entity Too Large"),
        (413, None, b"too large\r\n", "no Content-Type: too large\\r\\n"),
        (500, None, b"", "no body"),
        (400, "application/json", b"", "no body"),
        (
            400,
            "application/json",
            b'{"message": null}',
            "the message is null, which means throttling",
        ),
        (
            400,
            "application/json",
            b'{"Message": null}',
            "the message is null, which means throttling",
        ),
        (500, "application/json", b'{"message": null}', "the message is null"),
        (403, "application/json", b"{}", "application/json: {}"),
        (500, "application/json", gzip.compress(b"{}", mtime=0), "application/json: \\x1f"),
        (500, "text/plain", b"\xff\xfe", "text/plain: \ufffd\ufffd"),
        (500, "x" * 5000, b"y" * 5000, "xxx"),
    ],
)
def test_the_description_of_an_error_without_a_message(status, content_type, body, shown):
    error = error_of(
        status, body, *([("content-type", content_type)] if content_type is not None else [])
    )
    assert (error.code, error.body, error.status) == (None, body, status)
    assert str(error).startswith(shown) and f"HTTP {status}" in str(error)
    assert str(error).isprintable() and len(str(error)) < 3000
    if status == 500 and "throttles" not in shown:
        assert "throttles" not in str(error)


# ---- XML ---------------------------------------------------------------------------------------

XML_BODIES = {
    "root": b"<Error><Code>AccessDenied</Code><Message>m</Message><RequestId>x-1</RequestId>"
    b"</Error>",
    "ErrorResponse": b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
    b"<Message>m</Message>"
    b"</Error>"
    b"<RequestId>x-1</RequestId></ErrorResponse>",
    "Response": b"<Response><Errors><Error><Code>AccessDenied</Code><Message>m</Message></Error>"
    b"</Errors>"
    b"<RequestID>x-1</RequestID></Response>",
    "namespace": b'<ErrorResponse xmlns="http://internal.amazon.com/coral/x/"><Error><Code>'
    b"AccessDenied</Code><Message>m</Message></Error>"
    b"<RequestId>x-1</RequestId></ErrorResponse>",
    "prefix": b'<a:ErrorResponse xmlns:a="urn:x"><a:Error><a:Code>AccessDenied</a:Code><a:Message>'
    b"m</a:Message></a:Error>"
    b"<a:RequestId>x-1</a:RequestId></a:ErrorResponse>",
    "declaration": b"<?xml version='1.0' encoding='UTF-8'?>\n<Error><Code>"
    b"ns#AccessDenied:http://x/</Code>"
    b"<message>m</message>"
    b"<RequestId>x-1</RequestId></Error>",
    "namespace in Response": b'<Response xmlns="urn:x"><Errors><Error><Code>AccessDenied</Code>'
    b"<Message>m</Message>"
    b"</Error></Errors>"
    b"<RequestID>x-1</RequestID></Response>",
    "blanks before": b"\r\n <Error><Code>AccessDenied</Code><Message>m</Message><RequestId>"
    b"x-1</RequestId>"
    b"</Error>",
    "both messages": b"<Error><Code>AccessDenied</Code><message>other</message><Message>"
    b"m</Message><RequestId>"
    b"x-1</RequestId></Error>",
}


@pytest.mark.parametrize("name", sorted(XML_BODIES))
def test_errors_in_xml(name):
    body = XML_BODIES[name]
    error = error_of(403, body)
    assert error == UnknownOperationError(code="AccessDenied", payload=body.decode())
    assert (error.message, error.request_id, error.body) == ("m", "x-1", body)
    assert error_of(403, body, ("x-amzn-RequestId", "header")).request_id == "header"
    assert error_of(403, body, ("x-amzn-errortype", "ValidationError")) == ValidationError(
        message="m"
    )


def test_members_in_xml():
    body = (
        b"<ErrorResponse><Error><Code>ModelError</Code><Message>m &amp; n</Message>"
        b"<OriginalStatusCode>500</OriginalStatusCode>"
        b"<OriginalMessage><b>no text</b></OriginalMessage></Error></ErrorResponse>"
    )
    error = error_of(424, body)
    assert error == ModelError(message="m & n", original_status_code=500)
    assert error.request_id is None
    assert (
        error_of(
            424, b"<E><Code>ModelError</Code><OriginalStatusCode>0x1F4</OriginalStatusCode></E>"
        )
        == ModelError()
    )
    assert error_of(400, b"<E><Message/></E>").message == ""


def test_an_empty_request_id_is_none():
    for body in (b"<E><RequestId/></E>", b"<Response><RequestID></RequestID></Response>"):
        assert error_of(400, body).request_id is None


@pytest.mark.parametrize(
    "body",
    [
        b"<Error><Code>A</Code>",
        b"<Error><Code>A</Code></Error>junk",
        b"<",
        b"<html><br><p>x",
        b"<!DOCTYPE html><html><Code>A</Code></html>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><Error><Code>A</Code><Message>&b;</Message></Error>",
        b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><Error><Code>A</Code><Message>&b;"
        b"</Message></Error>",
        b"<a>" * 65 + b"<Code>A</Code>" + b"</a>" * 65,
        b"<Error><Code>A</Code><Message>\xff</Message></Error>",
        b"<?xml version='1.0' encoding='none-such'?><Error><Code>A</Code></Error>",
        b"<Error><Code>A</Code>\0</Error>",
    ],
)
def test_broken_xml_is_kept_and_not_believed(body):
    error = error_of(403, body, ("content-type", "application/xml"))
    assert (type(error), error.code, error.body, error.request_id) == (
        UnknownOperationError,
        None,
        body,
        None,
    )
    assert error.payload == body.decode("utf-8", "replace")
    assert str(error).startswith("application/xml: <") and str(error).isprintable()
    assert "root:" not in str(error)


# ---- retries and fault -------------------------------------------------------------------------


# HTTP-038
@pytest.mark.parametrize(
    "status, retryable",
    [
        (200, False),
        (400, False),
        (401, False),
        (403, False),
        (404, False),
        (409, False),
        (413, False),
        (424, False),
        (429, True),
        (499, False),
        (500, True),
        (501, False),
        (502, True),
        (503, True),
        (504, True),
        (505, False),
        (529, False),
        (530, True),
        (599, False),
    ],
)
def test_statuses_that_are_retryable(status, retryable):
    for headers in ([], [("x-amzn-errortype", "ModelError")], [("x-amzn-errortype", "Unheard")]):
        error = error_of(status, b"{}", *headers)
        assert (error.retryable, error.fault) == (retryable, status >= 500)


# HTTP-038
@for_each(
    "code, retryable",
    [
        ("ThrottlingException", True),
        ("Throttling", True),
        ("ThrottledException", True),
        ("TooManyRequestsException", True),
        ("RequestLimitExceeded", True),
        ("ModelNotReadyException", True),
        ("InternalDependencyException", True),
        ("InternalServerException", True),
        ("ServiceUnavailableException", True),
        ("RequestTimeout", True),
        ("RequestTimeoutException", True),
        ("PriorRequestNotComplete", True),
        ("TransactionInProgressException", True),
        ("InternalFailure", True),
        ("ServiceUnavailable", True),
        ("AccessDeniedException", False),
        ("ExpiredTokenException", False),
        ("ValidationError", False),
        ("UnrecognizedClientException", False),
        ("InvalidSignatureException", False),
        ("ModelError", False),
        ("throttlingexception", False),
    ],
)
def test_codes_that_are_retryable(code, retryable):
    for status in (400, 403):
        assert (
            error_of(status, b'{"message":"m"}', ("x-amzn-errortype", code)).retryable is retryable
        )
        assert error_of(status, json.dumps({"__type": code}).encode()).retryable is retryable


@pytest.mark.parametrize(
    "status, headers, body, retryable",
    [
        (400, [], b'{"message":null}', True),
        (400, [], b'{"Message":null}', True),
        (400, [], b'{"message":null,"Message":null}', True),
        (400, [("x-amzn-errortype", "")], b'{"message":null}', True),
        (400, [("x-amzn-errortype", "ValidationError")], b'{"message":null}', False),
        (400, [], b'{"__type":"X","message":null}', False),
        (403, [], b'{"message":null}', False),
        (400, [], b'{"message":""}', False),
        (400, [], b"{}", False),
        (400, [], b"null", False),
        (400, [], b'{"other":null}', False),
        (400, [], b"", False),
    ],
)
def test_a_null_message_is_throttling(status, headers, body, retryable):
    assert error_of(status, body, *headers).retryable is retryable


# ---- secrets -----------------------------------------------------------------------------------

QUOTED = """The request signature we calculated does not match the signature you provided.
Check your AWS Secret Access Key and signing method.

The Canonical String for this request should have been
'POST
/endpoints/llm/invocations-response-stream
X-Amz-Expires=60&X-Amz-Security-Token=SECRET%2Bone&X-Amz-SignedHeaders=host
content-type:application/json
host:runtime.sagemaker.eu-west-1.amazonaws.com
x-amz-date:20150830T123600Z
x-amz-security-token:SECRET/two==
x-amzn-sagemaker-custom-attributes:SECRET three=3; four
x-amzn-sagemaker-inference-id:id-1

content-type;host;x-amz-date;x-amz-security-token;x-amzn-sagemaker-custom-attributes;x-amzn-sagemaker-inference-id
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
"""
KEPT = [
    "content-type:application/json",
    "host:runtime.sagemaker.eu-west-1.amazonaws.com",
    "x-amz-date:20150830T123600Z",
    "x-amzn-sagemaker-inference-id:id-1",
    "X-Amz-Expires=60&X-Amz-Security-Token=<hidden>&X-Amz-SignedHeaders=host",
    "x-amz-security-token:<hidden>\n",
    "x-amzn-sagemaker-custom-attributes:<hidden>\n",
    "content-type;host;x-amz-date;x-amz-security-token;x-amzn-sagemaker-custom-attributes;"
    "x-amzn-sagemaker-inference-id",
]


# HTTP-037
@pytest.mark.parametrize(
    "text",
    [QUOTED, QUOTED.replace("\n", "\r\n"), QUOTED.upper().replace("SECRET", "SECRET")],
    ids=["LF", "CRLF", "capitals"],
)
@pytest.mark.parametrize(
    "code", ["InvalidSignatureException", "ValidationError", "ModelError", None]
)
def test_the_secrets_that_a_service_quotes_are_hidden(text, code):
    headers = [("x-amzn-errortype", code)] if code else []
    bodies = [json.dumps({"message": text}).encode(), json.dumps({"Message": text}).encode()]
    if "\r" not in text:
        escaped = text.replace("&", "&amp;").encode()
        bodies.append(
            b"<ErrorResponse><Error><Message>" + escaped + b"</Message></Error></ErrorResponse>"
        )
    for body in bodies:
        error = error_of(403, body, *headers)
        assert "SECRET" not in told(error).replace("SECRET ACCESS KEY", "")
        assert "SECRET" not in error.message.replace("SECRET ACCESS KEY", "")
        if text is QUOTED:
            assert [kept for kept in KEPT if kept not in error.message] == []
        assert error.body == body  # unchanged, for programs that need it


def test_secrets_in_the_members_of_a_model_error():
    error = error_of(
        424,
        json.dumps({"Message": "m", "OriginalMessage": QUOTED, "LogStreamArn": QUOTED}).encode(),
        ("x-amzn-errortype", "ModelError"),
    )
    assert "SECRET" not in told(error) + error.original_message + error.log_stream_arn
    assert KEPT[0] in error.original_message


UNREAD = [
    b"x-amz-security-token:SECRET",
    b"X-Amz-Security-Token: SECRET\r\n",
    b"x-amzn-sagemaker-custom-attributes:SECRET",
    b"X-Amz-Security-Token=SECRET&x=1",
    b"<html><p>/?X-Amz-Security-Token=SECRET</p><br></html>",
    b'{"message":"x-amz-security-token:SECRET"',
    b'{"Message":"x-amz-security-token:SECRET"}}',
    b'{"a":1,"a":2,"message":"x-amz-security-token:SECRET"}',
    b'{"error":"x-amz-security-token:SECRET"}',
    b'["x-amz-security-token:SECRET"]',
    b"<E><Other>x-amz-security-token:SECRET</Other></E>",
]


def test_secrets_in_a_body_that_bears_no_message():
    errors = [error_of(403, body, ("content-type", "text/plain")) for body in UNREAD]
    assert [error.body for error in errors] == UNREAD
    assert [error.body for error in errors if "SECRET" in told(error)] == []


def test_secrets_in_a_200_that_is_no_event_stream():
    errors = [read([body], headers=[("content-type", "text/plain")])[1] for body in UNREAD]
    assert {error.kind for error in errors} == {"content_type"}
    assert [error.body for error in errors if "SECRET" in told(error)] == []


def test_secrets_in_a_redirects_location():
    with pytest.raises(HttpError) as caught:
        ResponseReader(
            307, [("Location", "https://other.example/?X-Amz-Security-Token=SECRET&x=1")]
        )
    assert "other.example" in str(caught.value)
    assert "SECRET" not in told(caught.value)


def test_text_that_resembles_a_secret_is_kept():
    text = (
        "x-amz-security-token is expired; x-amz-security-token;host; "
        "x-amz-date:20150830T123600Z Signature=abc"
    )
    assert error_of(403, json.dumps({"message": text}).encode()).message == text


# ---- evidence ----------------------------------------------------------------------------------


# HTTP-035
def test_the_error_has_the_response():
    headers = [
        ("x-amzn-errortype", "ModelError"),
        ("X-Amzn-RequestId", "r-1"),
        ("Retry-After", "5"),
        ("retry-after", "6"),
    ]
    body = b"\x00\xff{not read}"
    for error in (
        service_error(424, headers, body),
        service_error(424, tuple(headers), body),
        service_error(424, headers[1:], body),
    ):
        assert error.body == body and error.status == 424 and error.request_id == "r-1"
        assert error.headers[-2:] == (("Retry-After", "5"), ("retry-after", "6")) and isinstance(
            error.headers, tuple
        )
        again = pickle.loads(pickle.dumps(error))
        assert again == error and vars(again) == vars(error) and str(again) == str(error)


def test_a_response_of_the_wrong_type():
    for status, headers, body in (
        ("500", [], b""),
        (None, [], b""),
        (True, [], b""),
        (500, None, b""),
        (500, [("a",)], b""),
        (500, [(1, "x")], b""),
        (500, [("x-amzn-errortype", 5)], b"{}"),
        (500, [], "text"),
        (500, [], None),
        (500, [], 5),
    ):
        with pytest.raises(UsageError) as caught:
            service_error(status, headers, body)
        assert caught.value.kind == "type"


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**12), 10**12),
        st.floats(allow_nan=False),
        any_text,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(any_text, inner, max_size=3)
    ),
    max_leaves=4,
)
documents = st.dictionaries(
    st.one_of(
        st.sampled_from(
            [
                "Message",
                "message",
                "__type",
                "code",
                "Code",
                "OriginalStatusCode",
                "originalMessage",
                "ErrorCode",
                "LogStreamArn",
            ]
        ),
        any_text,
    ),
    json_values,
    max_size=5,
)
bodies = st.one_of(
    st.binary(max_size=60),
    documents.map(lambda document: json.dumps(document).encode()),
    st.sampled_from(sorted(XML_BODIES.values())),
    st.lists(
        st.sampled_from(
            [
                b"<Error>",
                b"</Error>",
                b"<Code>",
                b"</Code>",
                b"ModelError",
                b"&",
                b"<Message/>",
                b"<RequestId/>",
                b" ",
            ]
        ),
        max_size=6,
    ).map(b"".join),
)


@pytest.mark.slow
@many
@given(st.integers(200, 599), some_headers, bodies)
def test_any_response_is_a_typed_error(status, headers, body):
    error = service_error(status, headers, body)
    assert isinstance(error, OperationError)
    assert (error.kind, error.status, error.body, error.headers) == (
        "service_error",
        status,
        body,
        tuple(headers),
    )
    assert error.fault == (status >= 500 or type(error).fault)
    assert type(error) is ERRORS.get(error.code, UnknownOperationError)
    assert str(error).isprintable() and len(str(error)) < 6000
    assert repr(error)
    assert pickle.loads(pickle.dumps(error)) == error
    assert error.request_id is None or isinstance(error.request_id, str)


# ---- recorded responses ------------------------------------------------------------------------


def recorded():
    return json.loads(corpora("http-error-responses.json").read_text(encoding="utf-8"))


def test_the_recorded_responses():
    responses = recorded()
    assert len(responses) == 14
    for response in responses:
        body = response["body"].encode("utf-8")
        headers = [tuple(pair) for pair in response["headers"]]
        lower = {name.lower(): value for name, value in headers}
        for _, chunks in chunkings(body):
            events, error, reader = read(chunks, response["status"], headers)
        assert (events, reader.is_stream) == ([], False)
        assert re.fullmatch("[A-Za-z]+(Exception|Error)", error.code) and lower[
            "x-amzn-errortype"
        ].startswith(error.code + ":http://")
        assert error.message == json.loads(response["body"])["message"]
        assert (error.status, error.request_id, error.body) == (
            response["status"],
            lower.get("x-amzn-requestid"),
            body,
        )
        assert type(error) is UnknownOperationError and error.payload == response["body"]
        assert (error.retryable, error.fault, error.kind) == (False, False, "service_error")


# ---- botocore's parser on the same bytes -------------------------------------------------------


@pytest.fixture(scope="module")
def botocore_reads():
    """Return a function from an error response to botocore's (code, message)."""
    parsers = pytest.importorskip("botocore.parsers", reason="botocore is not installed")
    from botocore.awsrequest import HeadersDict

    parser = parsers.create_parser("rest-json")

    def call(status, headers, body):
        first = HeadersDict()
        for name, value in reversed(headers):
            first[name] = value
        error = parser.parse({"status_code": status, "headers": first, "body": body}, None)["Error"]
        return error["Code"], error["Message"]

    return call


def test_botocore_reads_the_recorded_responses_alike(botocore_reads):
    for response in recorded():
        body = response["body"].encode("utf-8")
        error = service_error(
            response["status"], [tuple(pair) for pair in response["headers"]], body
        )
        assert botocore_reads(response["status"], response["headers"], body) == (
            error.code,
            error.message,
        )


ALIKE = [
    (400, [("x-amzn-errortype", "ValidationError")], b'{"message":"m"}'),
    (400, [("X-Amzn-ErrorType", "ValidationError" + CORAL)], b'{"Message":"m"}'),
    (
        424,
        [("x-amzn-errortype", "ns#ModelError" + CORAL)],
        b'{"Message":"m","OriginalStatusCode":500}',
    ),
    (403, [("x-amzn-errortype", "AccessDeniedException:http://x/#y")], b'{"message":"m"}'),
    (403, [], b'{"__type":"ns#AccessDeniedException","message":"m"}'),
    (403, [], b'{"code":"AccessDeniedException","message":"m"}'),
    (403, [], b'{"Code":"AccessDeniedException","Message":"m"}'),
    (403, [], b'{"__type":"AccessDeniedException:http://x/","message":"m"}'),
    (403, [("x-amzn-errortype", "Header")], b'{"__type":"Type","code":"Code","message":"m"}'),
    (500, [("x-amzn-errortype", "InternalFailure")], b'{"Message":""}'),
    (500, [("x-amzn-errortype", "InternalFailure")], '{"message":"\u20ac"}'.encode("utf-8")),
]
NO_MESSAGE = "without a message botocore returns '', refimpl describes the body"
NO_CODE = "without a code botocore returns the status, refimpl None"
DIFFERENT = [
    (400, [], b'{"message":"m"}', NO_CODE),
    (403, [], b"{}", NO_CODE),
    (400, [], b'{"message":null}', NO_CODE),
    (502, [], b"<html>Bad Gateway</html>", NO_CODE),
    (503, [], b"", NO_CODE),
    (413, [], b"Request Entity Too Large", NO_CODE),
    (403, [("x-amzn-errortype", "AccessDeniedException")], b"{}", NO_MESSAGE),
    (403, [("x-amzn-errortype", "AccessDeniedException")], b"", NO_MESSAGE),
    (
        403,
        [("x-amzn-errortype", "A")],
        b'{"message":null}',
        "for a null message botocore returns None, refimpl a description",
    ),
    (
        403,
        [("x-amzn-errortype", "A")],
        b'{"message":"small","Message":"modelled"}',
        "the modelled spelling wins here, the small one in botocore",
    ),
    (
        403,
        [("x-amzn-errortype", "A")],
        b"plain text",
        "botocore uses any text that is not JSON as the message, unescaped and of any length",
    ),
    (
        403,
        [("x-amzn-errortype", "A")],
        b'{"message":"a","message":"b"}',
        "a name twice: botocore takes the last, this believes neither",
    ),
    (
        403,
        [("x-amzn-errortype", "")],
        b'{"__type":"Type","message":"m"}',
        "an empty header: botocore takes the empty code, this the body's",
    ),
    (
        403,
        [],
        b'{"__type":"Type","code":"Code","message":"m"}',
        "botocore reads code first, this __type; no authority says which",
    ),
    (403, [], XML_BODIES["ErrorResponse"], "botocore's parser of this protocol reads no XML"),
    (
        403,
        [("x-amzn-errortype", " Name ")],
        b'{"message":"m"}',
        "botocore keeps blanks around the code",
    ),
    (
        403,
        [("x-amzn-errortype", "ns#a#b")],
        b'{"message":"m"}',
        "botocore cuts at the last #, this at the first, as the facts say",
    ),
    (
        403,
        [("x-amzn-errortype", "A")],
        b'{"message":5}',
        "botocore returns a message that is not a string",
    ),
    (403, [], b'{"code":5,"message":"m"}', "botocore returns a code that is not a string"),
    (
        403,
        [("x-amzn-errortype", "A")],
        b'{"message":"x-amz-security-token:SECRET"}',
        "botocore shows the token that the service quotes",
    ),
]


@pytest.mark.parametrize("status, headers, body", ALIKE)
def test_botocore_reads_errors_alike(botocore_reads, status, headers, body):
    error = service_error(status, headers, body)
    assert botocore_reads(status, headers, body) == (error.code, error.message)


@pytest.mark.parametrize("status, headers, body, reason", DIFFERENT)
def test_botocore_reads_these_otherwise(botocore_reads, status, headers, body, reason):
    """Differences with their reasons. A difference that disappears must leave this list."""
    error = service_error(status, headers, body)
    theirs = botocore_reads(status, headers, body)
    assert theirs != (error.code, error.message), reason
    if reason is NO_CODE:
        assert error.code is None and theirs[0] == str(status)
    if reason is NO_MESSAGE:
        assert theirs == (error.code, "") and error.message


def test_botocore_reads_the_members_of_a_model_error_alike():
    parsers = pytest.importorskip("botocore.parsers", reason="botocore is not installed")
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    shape = ServiceModel(Loader().load_service_model("sagemaker-runtime", "service-2")).shape_for(
        "ModelError"
    )
    parser = parsers.create_parser("rest-json")
    for document in (
        {
            "Message": "m",
            "OriginalStatusCode": 500,
            "OriginalMessage": "o",
            "LogStreamArn": "arn",
            "ErrorCode": "X",
        },
        {},
        {"Message": None, "OriginalStatusCode": -1},
        {"OriginalStatusCode": "500"},
        {"OriginalMessage": ""},
    ):
        body = json.dumps(document).encode()
        theirs = parser.parse({"status_code": 424, "headers": {}, "body": body}, shape)
        ours = service_error(424, [("x-amzn-errortype", "ModelError")], body)
        found = {
            field.member: getattr(ours, field.attribute)
            for field in ours.fields
            if getattr(ours, field.attribute) is not None
        }
        assert found == {
            name: value for name, value in theirs.items() if name != "ResponseMetadata"
        }
