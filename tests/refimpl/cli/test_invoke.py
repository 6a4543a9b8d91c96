# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/invoke.py: `refimpl invoke` against an endpoint.

Each scenario of the endpoint describes the outcome for a correct client. Exit code, stdout and
stderr follow from it.
"""

import argparse
import json
import re
import socket
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from conformance import scenarios
from conformance.endpoint.checks import SECRET_KEY
from conformance.endpoint.scenarios.build import part, stream
from conformance.endpoint.scenarios.model import STREAM_HEADERS, Scenario
from conformance.endpoint.server import Endpoint
from refimpl import live_response
from refimpl.cli import invoke as invoke_command
from refimpl.cli.invoke import EXTRACTABLE_FORMATS
from refimpl.shapes import (
    InvokeEndpointWithResponseStreamInput,
    InvokeEndpointWithResponseStreamOutput,
    PayloadPart,
)
from refimpl.text.containers import PRESETS
from refimpl.text.extraction import CHANNELS
from tests.interpreters import run_program
from tests.refimpl.cli.support import (
    BODY,
    CHAT,
    ENVIRONMENT,
    EXAMPLES,
    FLAGS,
    HOSTILE_SCENARIOS,
    OTHER_SECRET_KEY,
    PATIENCE,
    PLAYED,
    TIMED_OUT,
    TOKEN,
    Sink,
    TerminalSink,
    call,
    expected_code,
    failed,
    held,
    invoke,
    lines_of,
    one_line,
    running,
    scenario,
    shell,
    text64,
    typed_exception,
    without,
)
from tests.rows import for_each

# ---- one scenario of each outcome ---------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAYED)
def test_invoke_raw(endpoint: Endpoint, name: str) -> None:
    example = EXAMPLES[name]
    result = invoke(endpoint, name, "--read-timeout", "0.3" if name in TIMED_OUT else str(PATIENCE))
    assert result.code == expected_code(example.expect)
    assert result.stdout == b"".join(example.expect.parts)
    if example.expect.skipped:
        warning, _, rest = result.stderr.partition("\n")
        assert " skipped: " in one_line(warning + "\n")
        result = result._replace(stderr=rest)
    if result.code == 0:
        assert result.stderr == ""
        return
    line = one_line(result.stderr)
    assert any(f": {kind}: " in line for kind in (example.expect.kind, *example.expect.also))
    if example.expect.code is not None:
        assert f"{example.expect.code}: " in line
    if example.expect.message is not None:
        assert example.expect.message.split("\n")[0] in line


@pytest.mark.parametrize("name", sorted(set(PLAYED) - TIMED_OUT))
def test_invoke_events(endpoint: Endpoint, name: str) -> None:
    expect = EXAMPLES[name].expect
    result = invoke(endpoint, name, "--format", "events")
    assert result.code == expected_code(expect)
    documents = lines_of(result.stdout)
    parts = [{"PayloadPart": {"Bytes": text64(data)}} for data in expect.parts]
    assert documents[: len(parts)] == parts
    if expect.kind == "exception":
        members = dict(
            expect.fields or {},
            **({"Message": expect.message} if expect.message is not None else {}),
        )
        assert documents[len(parts) :] == [{expect.code: members}]
    elif expect.kind == "unmodeled":
        assert [list(event) for event in documents[len(parts) :]] == [["UnknownOperationError"]]
        assert documents[-1]["UnknownOperationError"].get("Code") == expect.code
    else:
        assert documents[len(parts) :] == []
    assert result.code == 0 or one_line(result.stderr)


# CLI-002
@pytest.mark.parametrize("name", sorted(set(PLAYED) - TIMED_OUT))
def test_invoke_json(endpoint: Endpoint, name: str) -> None:
    """One document with the whole output: the events, and the error if the stream contains it."""
    expect = EXAMPLES[name].expect
    result = invoke(endpoint, name, "--format", "json")
    assert result.code == expected_code(expect)
    if not result.stdout:  # no stream began
        assert result.code != 0 and not expect.parts
        return
    assert result.stdout.endswith(b"\n") and result.stdout.count(b"\n") == 1
    output = InvokeEndpointWithResponseStreamOutput.of_json(result.stdout)
    assert output.body is not None
    parts = [event.bytes for event in output.body if isinstance(event, PayloadPart)]
    assert parts == list(expect.parts)
    ending = output.body[len(parts) :]
    assert [type(event).__name__ for event in ending] == (
        [expect.code] if expect.kind == "exception" else []
    )
    assert output.to_json().encode() + b"\n" == result.stdout


@pytest.mark.parametrize(
    "name, words",
    [
        ("default", ()),
        (
            "model-stream-error-after-3",
            ("exception: ModelStreamError: The model's stream broke.", "HTTP 200", "request id "),
        ),
        (
            "error-424",
            ("service_error: ModelError: Received server error (500) from primary", "HTTP 424"),
        ),
        (
            "truncated-chunked-at-57",
            ("truncated: the stream ends inside a frame that began at byte 0", "rule EVS-022"),
        ),
        (
            "last-chunk-missing",
            (
                "truncated: the connection ends inside the body, after 3 messages",
                "rule HTTP-023",
            ),
        ),
        ("message-crc", ("message_crc: message checksum differs", "rule EVS-005")),
        ("success-json", ("content_type: the response is not an event stream", "generated_text")),
        (
            "redirect-302",
            ("http: redirected; redirects are not followed", "302 to http://localhost:"),
        ),
        ("close-before-head", ("network: the peer closed the connection without a response",)),
        ("error-400-null", ("service_error: the message is null, which means throttling",)),
    ],
)
def test_error_line(endpoint: Endpoint, name: str, words: Tuple[str, ...]) -> None:
    result = invoke(endpoint, name)
    if words:
        failed(result, expected_code(scenarios.find(name).expect), *words)
    else:
        assert (result.code, result.stderr) == (0, "")


def test_a_redirect_is_not_followed(endpoint: Endpoint) -> None:
    before = len(endpoint.calls)
    assert invoke(endpoint, "redirect-307").code == 7
    assert [seen.scenario for seen in endpoint.calls[before:]] == ["redirect-307"]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HOSTILE_SCENARIOS))
def test_server_bytes_cannot_move_the_cursor(endpoint: Endpoint, name: str) -> None:
    result = invoke(endpoint, name)
    line = one_line(result.stderr)
    assert result.code in (4, 5, 6, 7)
    assert len(line) < 4100
    assert name == "hostile-long" or "\\x1b[" in line


def test_a_wrong_signature_shows_neither_token_nor_attributes(endpoint: Endpoint) -> None:
    """The service quotes its canonical request, with the token and the sensitive header."""
    environment = dict(ENVIRONMENT, AWS_SECRET_ACCESS_KEY=OTHER_SECRET_KEY)
    line = failed(
        invoke(endpoint, "default", environment=environment),
        4,
        "InvalidSignatureException: The request signature we calculated",
        "x-amz-security-token:<hidden>",
        "x-amzn-sagemaker-custom-attributes:<hidden>",
    )
    assert OTHER_SECRET_KEY not in line


@pytest.mark.parametrize(
    "changes, words",
    [
        (
            {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE2"},
            "UnrecognizedClientException: The security token included in the request is invalid.",
        ),
    ],
)
def test_an_unknown_access_key(endpoint: Endpoint, changes: Dict[str, str], words: str) -> None:
    failed(invoke(endpoint, "default", environment=dict(ENVIRONMENT, **changes)), 4, words)


def test_a_wrong_clock(endpoint: Endpoint) -> None:
    failed(
        invoke(endpoint, "default", clock=lambda: time.time() - 3600),
        4,
        "InvalidSignatureException: Signature expired: ",
    )


def test_flushes_every_part(endpoint: Endpoint) -> None:
    assert invoke(endpoint, "frames-merged").flushed == [b"one ", b"one two ", b"one two three"]
    events = invoke(endpoint, "frames-merged", "--format", "events").flushed
    assert [data.count(b"\n") for data in events] == [1, 2, 3]


def test_writes_no_line_for_an_unknown_event(endpoint: Endpoint) -> None:
    assert lines_of(invoke(endpoint, "unknown-event", "--format", "events").stdout) == [
        {"PayloadPart": {"Bytes": text64(data)}} for data in (b"one ", b"two ")
    ]


# ---- text --------------------------------------------------------------------------------------

CHAT_EVENTS = [
    {"event": "message", "data": data, "id": ""}
    for data in (
        '{"choices":[{"delta":{"content":"Hel"}}]}',
        '{"choices":[{"delta":{"content":"lo €"}}]}',
        "[DONE]",
    )
]
FAILING = (part(b'data: {"t":"a"}\n\ndata: {"t"'), typed_exception("ModelStreamError", "gone"))


def with_type(content_type: str) -> Any:
    return [
        (name, value) for name, value in STREAM_HEADERS if name != "X-Amzn-SageMaker-Content-Type"
    ] + [("X-Amzn-SageMaker-Content-Type", content_type)]


TEXT_SCENARIOS = {
    entry.name: entry
    for entry in (
        scenario("chat", stream(*map(part, CHAT))),
        scenario("chat-failing", stream(*FAILING)),
        scenario("chat-open", stream(part(b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'))),
        scenario("pings", stream(*[part(b": ping\n\n"), part(b"")] * 20)),
        scenario(
            "other-events",
            stream(
                part(b"a"),
                scenarios.message([(":message-type", "event"), (":event-type", "chunk")]),
            ),
        ),
        scenario(
            "chat-error",
            stream(
                part(b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'),
                part(b'data: {"error":{"message":"out of memory"}}\n\n'),
            ),
        ),
        scenario(
            "lines",
            stream(
                part(b'{"t":"a"}\r'),
                part(b'\n{"t":"b"}\n{"t":"c"}'),
                headers=with_type("application/jsonlines"),
            ),
        ),
        scenario(
            "no-utf8",
            stream(part(b"a\nb"), part(b"\xff\nc\n"), part(b"d"), headers=with_type("text/plain")),
        ),
        scenario("image", stream(part(b"\xff\0"), part(b"\n"), headers=with_type("image/png"))),
    )
}


@pytest.fixture(scope="module")
def texts() -> Iterator[Endpoint]:
    with Endpoint(pace=0, scenarios=TEXT_SCENARIOS) as running_endpoint:
        yield running_endpoint


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAYED)
def test_invoke_text(endpoint: Endpoint, name: str) -> None:
    """Everything that arrived is on stdout. The exit code is the same as for the format raw."""
    expect = EXAMPLES[name].expect
    result = invoke(
        endpoint,
        name,
        "--format",
        "text",
        "--read-timeout",
        "0.3" if name in TIMED_OUT else str(PATIENCE),
    )
    payload = b"".join(expect.parts)
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        assert result.code in (expected_code(expect), 7) and payload.startswith(result.stdout)
    else:
        assert (result.code, result.stdout) == (expected_code(expect), payload)


# CLI-010
def test_the_text_formats(texts: Endpoint) -> None:
    payload = b"".join(CHAT)
    assert invoke(texts, "chat", "--format", "text") == (
        0,
        payload,
        "",
        [b"".join(CHAT[:count]) for count in (1, 2, 4, 5)],
    )
    result = invoke(texts, "chat", "--format", "lines")
    assert (result.code, result.stdout) == (0, payload.replace(b"\r\n", b"\n") + b"\n") and len(
        result.flushed
    ) == 5
    for form in ("sse", "auto"):
        result = invoke(texts, "chat", "--format", form)
        assert (result.code, lines_of(result.stdout)) == (0, CHAT_EVENTS) and len(
            result.flushed
        ) == 3
    assert invoke(texts, "lines", "--format", "auto").stdout == b'{"t":"a"}\n{"t":"b"}\n{"t":"c"}\n'
    assert invoke(texts, "image", "--format", "auto").stdout == b"\xff\0\n"


def test_text_that_cannot_be_read(texts: Endpoint) -> None:
    for form, written in (
        ("text", b"a\nb\xff\nc\n"),
        ("lines", b"a\nb\xff\nc\n"),
        ("auto", b"a\nb\xff\nc\n"),
    ):
        result = invoke(texts, "no-utf8", "--format", form)
        assert result.stdout == written
        failed(result, 7, "utf8: ", "byte 0xff, at byte 3, rule TXT-002")


def test_a_stream_that_fails_inside_an_event(texts: Endpoint) -> None:
    result = invoke(texts, "chat-failing", "--format", "sse")
    assert lines_of(result.stdout) == [
        {"event": "message", "data": '{"t":"a"}', "id": ""},
        {"unread": text64(b'data: {"t"')},
    ]
    failed(result, 6, "ModelStreamError: gone")
    result = invoke(texts, "chat-failing", "--extract", "t")
    assert result.stdout == b"a"
    failed(result, 6, "ModelStreamError: gone")


# CLI-012
@pytest.mark.parametrize(
    "arguments",
    [
        ["--extract", "openai"],
        ["--extract", "vllm", "--format", "auto"],
        ["--extract", "choices[0].delta.content", "--format", "sse"],
    ],
)
def test_extraction(texts: Endpoint, arguments: List[str]) -> None:
    result = invoke(texts, "chat", *arguments)
    assert result == (0, "Hello €".encode(), "", [b"Hel", "Hello €".encode()])
    assert (
        invoke(texts, "lines", "--extract", "t").stdout
        == invoke(texts, "lines", "--extract", "t", "--format", "lines").stdout
        == b"abc"
    )


def test_a_failure_of_the_container_inside_the_response(texts: Endpoint) -> None:
    result = invoke(texts, "chat-error", "--extract", "openai")
    assert result.stdout == b"a"
    failed(result, 6, "container: the model's container reports an error: ", "out of memory")
    result = invoke(texts, "chat-error", "--extract", "openai", "--no-strict-model")
    assert (result.code, result.stdout) == (0, b"a")
    assert "warning: the model's container reports an error" in result.stderr


def test_strict_model(texts: Endpoint) -> None:
    for arguments in (["--extract", "openai"], ["--extract", "auto", "--channel", "all"]):
        assert invoke(texts, "chat-open", *arguments).code == 0
        result = invoke(texts, "chat-open", *arguments, "--strict-model")
        assert (result.code, result.stdout) == (6, b"a")
        assert "the model's stream is not complete: no end marker" in result.stderr
    assert invoke(texts, "other-events").code == 0
    assert invoke(texts, "other-events", "--strict-model").code == 6


@pytest.mark.parametrize("option", ["--first-token-timeout", "--token-timeout"])
def test_keep_alive_comments_do_not_extend_the_wait_for_text(texts: Endpoint, option: str) -> None:
    """CLI-016"""
    result = invoke(texts, "pings", "--extract", "openai", option, "0.001")
    if option == "--token-timeout":
        assert result.code == 0  # there is no first token
        return
    failed(result, 8, "timeout: ", "first_token_timeout of 0.001 s")


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["--extract", "a..b"], ("invalid path", "CLI-012")),
        (["--extract", ""], ("invalid path",)),
        (["--extract", "t", "--format", "raw"], ("auto, lines, sse",)),
        (["--extract", "t", "--format", "text"], ("auto, lines, sse",)),
        (["--extract", "t", "--format", "events"], ("auto, lines, sse",)),
        (["--format", "xml"], ("xml",)),
        (["--channel", "all"], ("--channel needs --extract",)),
        (["--token-timeout", "5"], ("--token-timeout needs --extract",)),
    ],
)
def test_rejects_what_cannot_be_extracted(
    texts: Endpoint, arguments: List[str], words: Tuple[str, ...]
) -> None:
    calls = len(texts.calls)
    failed(invoke(texts, "chat", *arguments), 2, *words)
    assert len(texts.calls) == calls  # nothing was sent


def test_the_options_of_the_specification() -> None:
    """CLI-018"""
    parser = argparse.ArgumentParser()
    invoke_command.add_invoke(parser)
    known = {name: action for action in parser._actions for name in action.option_strings}
    spec = (Path(__file__).resolve().parents[3] / "SPEC.md").read_text(encoding="utf-8")
    table = spec.partition("**CLI-018**")[2].partition("\n### ")[0]
    rows = [row.split("|")[1:4] for row in re.findall(r"^\| `--.*\|$", table, re.MULTILINE)]
    stated = {re.findall(r"--[a-z-]+", option)[0]: (option, needs) for option, _, needs in rows}
    assert {"--extract", "--channel", "--token-timeout", "--no-strict-model"} < set(stated)
    needy = tuple(
        name[2:].replace("-", "_") for name, (_, needs) in stated.items() if needs.strip()
    )
    assert needy == invoke_command._EXTRACTION_OPTIONS
    for name, (option, _) in stated.items():
        values = set(re.findall(r"`(?:--[a-z-]+ )?([a-z]+)`", option)) - {"auto"}
        choices = set(known[name].choices or ())
        assert values <= choices or name == "--extract", name
        if name == "--channel":
            assert values == choices
    assert set(EXTRACTABLE_FORMATS) == {"auto", "lines", "sse"}


# CLI-013
@pytest.mark.parametrize(
    "arguments,tokens",
    [
        ([], True),
        (["--format", "events"], True),
        (["--format", "json"], True),
        (["--format", "lines"], True),
        (["--extract", "openai"], True),
        (["--extract", "nothing"], False),
    ],
)
def test_timings(texts: Endpoint, arguments: List[str], tokens: bool) -> None:
    result = invoke(texts, "chat", "--timings", *arguments)
    plain = invoke(texts, "chat", *arguments)
    assert (result.code, result.stdout) == (plain.code, plain.stdout)
    assert result.stderr.endswith("}\n")
    *warnings, line = result.stderr.splitlines()
    assert all(warning.startswith("refimpl: warning: ") for warning in warnings)
    document = json.loads(line)
    assert list(document) == [
        "first_part",
        "first_token",
        "gap_min",
        "gap_median",
        "gap_max",
        "total",
        "parts",
        "bytes",
    ]
    assert (document["parts"], document["bytes"]) == (5, sum(map(len, CHAT)))
    assert (
        0 < document["first_part"] <= document["total"]
        and 0 <= document["gap_min"] <= document["gap_median"] <= document["gap_max"]
    )
    assert (document["first_token"] is not None) is tokens
    if tokens:
        assert document["first_part"] <= document["first_token"] <= document["total"]


def test_timings_of_a_call_that_fails(texts: Endpoint) -> None:
    result = invoke(texts, "chat-failing", "--timings")
    timings, line = result.stderr.splitlines()
    assert result.code == 6 and json.loads(timings)["parts"] == 1 and "gone" in line
    result = invoke(
        texts,
        "nobody",
        "--timings",
        "--region",
        "eu-west-1",
        environment=dict(ENVIRONMENT, AWS_SECRET_ACCESS_KEY="x" * 40),
    )
    timings, line = result.stderr.splitlines()
    assert (
        result.code == 4
        and json.loads(timings)["parts"] == 0
        and json.loads(timings)["first_token"] is None
    )


def test_writes_a_token_before_the_next_part_arrives() -> None:
    go = threading.Event()
    with held(part(CHAT[0]), go, part(b"\ndata: {}\n\n")) as endpoint, running(
        "invoke", "held", "--endpoint-url", endpoint.url, "--body", "{}", "--extract", "openai"
    ) as process:
        assert process.stdout.read(3) == b"Hel"
        go.set()
        assert (process.stdout.read(), process.wait()) == (b"", 0)


# ---- the request -------------------------------------------------------------------------------


def test_every_member_has_a_flag() -> None:
    attributes = [field.attribute for field in InvokeEndpointWithResponseStreamInput.fields]
    assert sorted(attributes) == sorted(
        ["endpoint_name", "body"] + [flag[2:].replace("-", "_") for flag in FLAGS]
    )


@pytest.mark.parametrize("flags", [sorted(FLAGS)] + [[flag] for flag in sorted(FLAGS)] + [[]])
def test_sends_the_value_of_every_member_flag(endpoint: Endpoint, flags: List[str]) -> None:
    given_flags = [text for flag in flags for text in (flag, FLAGS[flag][1])]
    assert (
        call("invoke", "llm", "--endpoint-url", endpoint.url, "--body", "x", *given_flags).code == 0
    )
    sent = endpoint.calls[-1]
    own = [
        pair
        for pair in sent.headers
        if pair[0] == "Content-Type" or pair[0].startswith("X-Amzn-SageMaker-")
    ]
    assert sorted(own) == sorted(FLAGS[flag] for flag in flags)
    assert (sent.method, sent.target, sent.body) == (
        "POST",
        "/endpoints/llm/invocations-response-stream",
        b"x",
    )
    assert sent.verified and ("x-amz-security-token", TOKEN) in sent.headers


def test_keeps_a_base_path(endpoint: Endpoint) -> None:
    assert (
        call("invoke", "llm", "--endpoint-url", endpoint.url + "/base/v1/", "--body", "x").code == 0
    )
    assert endpoint.calls[-1].target == "/base/v1/endpoints/llm/invocations-response-stream"


def test_endpoint_and_region_from_the_environment(endpoint: Endpoint) -> None:
    environment = dict(
        ENVIRONMENT,
        AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME=endpoint.url,
        AWS_REGION="",
        AWS_DEFAULT_REGION="eu-west-1",
    )
    assert call("invoke", "llm", "--body", "x", environment=environment).code == 0
    assert "/eu-west-1/sagemaker/" in dict(endpoint.calls[-1].headers)["authorization"]
    assert (
        call("invoke", "llm", "--body", "x", "--region", "us-west-2", environment=environment).code
        == 0
    )
    assert "/us-west-2/sagemaker/" in dict(endpoint.calls[-1].headers)["authorization"]


# ---- the body ----------------------------------------------------------------------------------


@pytest.mark.parametrize("length, warned", [(6291456, False), (6291457, True)])
def test_a_huge_body_is_sent_with_a_warning(endpoint: Endpoint, length: int, warned: bool) -> None:
    result = call("invoke", "llm", "--endpoint-url", endpoint.url, stdin=b"x" * length)
    assert result.code == 0 and result.stdout
    assert len(endpoint.calls[-1].body) == length
    if warned:
        assert one_line(result.stderr).startswith(
            "refimpl: warning: Body is 6291457 bytes; the service model allows 6291456"
        )
    else:
        assert result.stderr == ""


@pytest.mark.parametrize("filters", ["default", "ignore", "error"])
def test_warns_of_a_huge_body_under_every_warning_filter(endpoint: Endpoint, filters: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter(filters)
        for _ in range(2):  # by default, Python shows a warning only once
            result = call("invoke", "llm", "--endpoint-url", endpoint.url, stdin=b"x" * 6291457)
            assert one_line(result.stderr).startswith("refimpl: warning: ")
            assert result.code == 0


# ---- usage, configuration, network -------------------------------------------------------------


@pytest.mark.parametrize("flag", ["--connect-timeout", "--read-timeout", "--total-timeout"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "-inf", "1e9", "x", "", "1_0x"])
def test_rejects_invalid_timeouts(endpoint: Endpoint, flag: str, value: str) -> None:
    result = call(
        "invoke", "llm", "--body", BODY, "--endpoint-url", endpoint.url, f"{flag}={value}"
    )
    name = flag[2:].replace("-", "_")
    line = failed(result, 2)
    assert (
        f"invalid {name} (expected seconds above 0" in line
        or f"argument {flag}: invalid float value" in line
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "flag, words",
    [("--read-timeout", "read_timeout of 1 s"), ("--total-timeout", "total_timeout of 1 s")],
)
def test_timeouts(endpoint: Endpoint, flag: str, words: str) -> None:
    result = invoke(endpoint, "stall-between-parts", flag, "1")
    failed(result, 8, "timeout: timed out while reading the body", words)
    assert result.stdout == b"one two "


def test_connect_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def never(address: Any, timeout: Any) -> None:
        seen.append((address, timeout))
        raise socket.timeout("timed out")

    monkeypatch.setattr(socket, "create_connection", never)
    failed(
        call(
            "invoke",
            "llm",
            "--body",
            BODY,
            "--endpoint-url",
            "http://127.0.0.1:1",
            "--connect-timeout",
            "2.5",
        ),
        8,
        "timeout: timed out while connecting",
        "connect_timeout of 2.5 s",
    )
    assert seen == [((b"127.0.0.1", 1), pytest.approx(2.5, abs=1))]


@pytest.mark.parametrize(
    "command", [["invoke", "llm", "--body", BODY], ["sign", "http://example.com/"]]
)
@pytest.mark.parametrize(
    "environment, words",
    [
        ({}, ("no region", "AWS_REGION")),
        (without("AWS_REGION"), ("no region", "AWS_REGION or AWS_DEFAULT_REGION", "rule END-003")),
        (dict(ENVIRONMENT, AWS_REGION=""), ("no region",)),
        (without("AWS_SECRET_ACCESS_KEY"), ("no credentials", "got no AWS_SECRET_ACCESS_KEY")),
        (without("AWS_ACCESS_KEY_ID"), ("no credentials", "got no AWS_ACCESS_KEY_ID")),
        (
            dict(ENVIRONMENT, AWS_SECRET_ACCESS_KEY=SECRET_KEY + "\n"),
            ("secret_key contains a space or an invalid character",),
        ),
        (dict(ENVIRONMENT, AWS_SESSION_TOKEN=TOKEN + " "), ("session_token contains a space",)),
        (
            dict(ENVIRONMENT, AWS_ACCESS_KEY_ID=SECRET_KEY),
            ("access_key contains a slash", "are key and secret swapped?"),
        ),
    ],
)
def test_configuration(
    command: List[str], environment: Dict[str, str], words: Tuple[str, ...]
) -> None:
    result = call(*command, environment=environment)
    failed(result, 3, "refimpl: configuration: ", *words)
    assert result.stdout == b""


def test_no_source_has_credentials() -> None:
    environment = {"AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
    result = call("invoke", "llm", "--body", BODY, environment=environment)
    lines = result.stderr.splitlines()
    assert (result.code, result.stdout, len(lines)) == (3, b"", 10)
    assert lines[0] == "refimpl: configuration: no credentials (rule CRED-002)"
    assert lines[1].startswith("  environment: AWS_ACCESS_KEY_ID")


def test_profile(tmp_path: Path) -> None:
    config = "[profile p]\nregion = eu-west-3\naws_access_key_id = AKIDEXAMPLE\n"
    (tmp_path / "config").write_text(
        f"{config}aws_secret_access_key = {SECRET_KEY}\nendpoint_url = http://127.0.0.1:1\n",
        encoding="utf-8",
    )
    environment = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "HOME": str(tmp_path),
        "AWS_MAX_ATTEMPTS": "1",
    }
    command = ("invoke", "llm", "--body", BODY, "--profile")
    failed(call(*command, "p", environment=environment), 8, "127.0.0.1")
    failed(call(*command, "x", environment=environment), 3, "the profile x does not exist")


@pytest.mark.parametrize(
    "region", ["US-EAST-1", "us east", "us-east-1.evil.example", "", "x" * 64, "\x1b[2J"]
)
def test_rejects_invalid_regions(region: str) -> None:
    failed(call("invoke", "llm", "--body", BODY, "--region", region), 3, "invalid region")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "llm",
        "ftp://example.com",
        "http://",
        "http:///x",
        "http://host:0",
        "http://host:65536",
        "http://host:x",
        "http://ho st/",
        "http://host/ ",
        "http://[::1",
        "http://host/\r\nX: 1",
        "http://höst/",
        "http://host/\x1b[2J",
        "http://host/?x=1",
        "http://host/#x",
        "//host/",
        "http://host:80:80/",
    ],
)
def test_rejects_invalid_endpoint_urls(url: str) -> None:
    failed(
        call("invoke", "llm", "--body", BODY, "--endpoint-url", url),
        3,
        "invalid endpoint URL",
        "http(s)://host[:port][/path]",
    )


@for_each(
    "url",
    [
        "http://user:hidden-word@host/",
        "https://user:hidden-word@host:8443/x",
        "http://hidden-word@host",
        "HTTP://user:hidden-word@host",
        "http://user:p@hidden-word@host/",
        "http://user:hidden-word@",
        "http://host/?password=hidden-word",
        "http://host/#hidden-word",
        "http://u:x@host/?hidden-word\n#hidden-word",
        "user:hidden-word@host",
        "http:/user:hidden-word@host",
        "http://user:a/hidden-word@host/",
        "http://user:hidden-word#b@host/",
        "http://user:hidden-word?b@host/",
    ],
)
@for_each("command", ["invoke", "sign"])
def test_hides_a_password_in_a_url(command: str, url: str) -> None:
    arguments = (
        ["invoke", "llm", "--body", BODY, "--endpoint-url", url]
        if command == "invoke"
        else ["sign", url]
    )
    result = call(*arguments)
    if command == "sign" and "?" in url.partition("@")[0]:
        assert result.code in (0, 3)  # sign accepts a query
        return
    assert "hidden-word" not in failed(result, 3, "invalid endpoint URL")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: Any, **options: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    failed(
        call("invoke", "llm", "--body", BODY, "--endpoint-url", "https://nowhere.invalid"),
        8,
        "network: unknown host: Name or service not known",
        "got nowhere.invalid",
    )
    failed(
        call("invoke", "llm", "--body", BODY, "--region", "eu-west-1"),
        8,
        "got runtime.sagemaker.eu-west-1.amazonaws.com",
    )


def test_a_host_that_is_not_a_name() -> None:
    failed(
        call("invoke", "llm", "--body", BODY, "--endpoint-url", "http://a..b/"),
        3,
        "invalid endpoint URL",
    )


def test_a_refused_port() -> None:
    with socket.socket() as bound:  # bound, but not listening
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        result = call("invoke", "llm", "--body", BODY, "--endpoint-url", f"http://127.0.0.1:{port}")
    failed(result, 8, f"network: cannot connect to 127.0.0.1 port {port}: Connection refused")


def https_url(endpoint: Endpoint) -> str:
    return endpoint.url.replace("http", "https")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_https_to_a_plain_port(endpoint: Endpoint) -> None:
    failed(
        invoke(endpoint, "llm", "--endpoint-url", https_url(endpoint)),
        8,
        "network: TLS with 127.0.0.1 port ",
        "failed",
    )


@pytest.mark.parametrize("filters", ["error", "always"])
def test_https_under_every_warning_filter(endpoint: Endpoint, filters: str) -> None:
    done = shell(
        'exec "$@"',
        "invoke",
        "llm",
        "--body",
        "x",
        "--endpoint-url",
        https_url(endpoint),
        PYTHONWARNINGS=filters,
    )
    assert "network: TLS with 127.0.0.1 port " in one_line(done.stderr.decode())
    assert (done.returncode, done.stdout) == (8, b"")


# ---- processes ---------------------------------------------------------------------------------


def test_writes_a_part_before_the_next_arrives() -> None:
    go = threading.Event()
    with held(part(b"one "), go, part(b"two ")) as endpoint, running(
        "invoke", "held", "--body", "x", "--endpoint-url", endpoint.url
    ) as process:
        assert process.stdout.read(4) == b"one "
        assert not go.is_set() and process.poll() is None
        go.set()
        assert process.stdout.read() == b"two "
        assert (process.wait(), process.stderr.read()) == (0, b"")


@pytest.mark.slow
def test_writes_an_event_line_before_the_next_arrives() -> None:
    go = threading.Event()
    with held(part(b"one "), go, part(b"two ")) as endpoint, running(
        "invoke", "held", "--body", "x", "--format", "events", "--endpoint-url", endpoint.url
    ) as process:
        assert process.stdout.readline() == b'{"PayloadPart":{"Bytes":"b25lIA=="}}\n'
        go.set()
        assert process.stdout.read() == b'{"PayloadPart":{"Bytes":"dHdvIA=="}}\n'
        assert process.wait() == 0


def test_an_interrupt_loses_nothing_of_a_document(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: Any) -> Iterator[Any]:
        for number, event in enumerate(events_of_exchange(*arguments)):
            if number == 2:
                raise KeyboardInterrupt
            yield event

    events_of_exchange = live_response._events
    monkeypatch.setattr(live_response, "_events", interrupted)
    result = invoke(endpoint, "default", "--format", "json")
    assert (result.code, one_line(result.stderr)) == (130, "refimpl: interrupted")
    assert [list(event) for event in json.loads(result.stdout.decode())["Body"]] == [
        ["PayloadPart"],
        ["PayloadPart"],
    ]


# ---- on a terminal -----------------------------------------------------------------------------


def test_a_terminal_gets_no_control_characters_of_the_model() -> None:
    sent = "a\x1b[2J\u202eb\n".encode("utf-8")
    scenario = Scenario("llm", response=stream(part(sent[:8]), part(sent[8:])))
    with Endpoint({"llm": scenario}, pace=0) as own:
        for options in ((), ("--format", "raw"), ("--format", "text"), ("--format", "lines")):
            for more, sink, wanted in (
                ((), TerminalSink(), b"a[2Jb\n"),
                (("--sanitize",), TerminalSink(), b"a[2Jb\n"),
                (("--no-sanitize",), TerminalSink(), sent),
                ((), Sink(), sent),
                (("--sanitize",), Sink(), sent),
            ):
                result = invoke(own, "llm", *options, *more, stdout=sink)
                assert (result.code, result.stdout) == (0, wanted), (options, more)


# ---- modules -----------------------------------------------------------------------------------

# What a call needs that finds its keys in the environment.
MODULES_OF_A_CALL = [
    "checksums",
    "cli",
    "cli.credentials",
    "cli.exit_codes",
    "cli.invoke",
    "cli.network",
    "cli.parser",
    "cli.process",
    "cli.streams",
    "client",
    "config",
    "config.credentials",
    "config.environment",
    "config.files",
    "config.search",
    "dialing",
    "documents",
    "documents.datatype",
    "documents.header_format",
    "endpoint_url",
    "endpoints",
    "errors",
    "eventstream_frames",
    "eventstream_layout",
    "fields",
    "http1",
    "live_response",
    "operation_request",
    "operation_response",
    "results",
    "routes",
    "shapes",
    "sigv4_credentials",
    "sigv4_signer",
    "sigv4_steps",
    "sigv4_values",
    "threads",
    "timed_socket",
    "timeouts",
    "transport",
    "version",
]

LOADED_BY_A_CALL = """
import io, json, sys, time
from refimpl.cli import main
from refimpl.cli.streams import Streams

arguments, environment = json.loads(sys.argv[1])
stdout, stderr = io.BytesIO(), io.StringIO()
code = main(arguments, Streams(io.BytesIO(), stdout, stderr, environment, time.time))
print(json.dumps([code, stderr.getvalue(), sorted(sys.modules)]))
"""


@pytest.mark.slow
def test_a_call_loads_only_the_modules_that_it_needs(endpoint: Endpoint) -> None:
    arguments = ["invoke", "default", "--endpoint-url", endpoint.url, "--body", "{}"]
    program = json.dumps([arguments, ENVIRONMENT])
    code, messages, loaded = json.loads(run_program(sys.executable, LOADED_BY_A_CALL, program))
    assert (code, messages) == (0, "")
    own = {name for name in loaded if name.partition(".")[0] == "refimpl"}
    assert own == {"refimpl"}.union(f"refimpl.{name}" for name in MODULES_OF_A_CALL)
    assert not {"threading", "uuid", "xml", "shutil"}.intersection(loaded)


def test_the_names_that_are_written_again_are_complete() -> None:
    assert invoke_command._CHANNELS == CHANNELS
    assert tuple(PRESETS) == invoke_command._PRESETS
