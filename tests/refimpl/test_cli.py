# SPDX-License-Identifier: MIT
"""Tests of refimpl.cli and refimpl.__main__: `python3 -m refimpl invoke | decode | sign`.

The plan: main() runs in this process with streams that are given (call), against an Endpoint whose scenarios say of
themselves what a correct client makes of them; exit code, stdout and stderr follow from that. What needs a process of
its own (signals, pipes that close, a full device, descriptors that are closed, a stdin that stays open) gets one
(running), and waits for events alone: the endpoint holds a part back until the test has read the one before.

Every line on stderr is looked at by one_line: it is one, it begins with the program's name, nothing in it can move a
cursor, and neither a key, a token, a body nor a sensitive member stands in it.
"""

import base64
import gzip
import io
import json
import os
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.endpoint import scenarios
from conformance.endpoint.scenarios import (
    FRAMES,
    STREAM_HEADERS,
    Answer,
    Expect,
    Scenario,
    document,
    failure,
    part,
    raw_frame,
    stream,
)
from conformance.endpoint.server import ACCESS_KEY, SECRET_KEY, Endpoint
from refimpl import cli, client
from refimpl.errors import Error, FrameError, SignatureError
from refimpl.eventstream import encode
from refimpl.operation import VERSION
from refimpl.shapes import (
    InvokeEndpointWithResponseStreamInput,
    InvokeEndpointWithResponseStreamOutput,
    PayloadPart,
)
from refimpl.sigv4 import Credentials, Signer, amz_date_of, verify
from tests.support import corpora

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "EXAMPLE/SESSION+TOKEN=="
BODY = '{"inputs": "a body that nobody may see"}'
ATTRIBUTES = "accept_eula=sensitive"
SECRETS = (SECRET_KEY, TOKEN, BODY, "nobody may see", ATTRIBUTES)
OTHER_SECRET_KEY = SECRET_KEY.replace("+", "/")  # the other spelling that AWS publishes
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_SESSION_TOKEN": TOKEN,
    "AWS_REGION": "us-east-1",
}
CREDENTIALS = Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)
DATE, SECONDS = "20150830T123600Z", 1440938160
PATIENCE = 30  # seconds; only a watchdog: what is waited for comes at once, or the test fails


# ---- one run in this process -------------------------------------------------------------------------------------


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


class Sink(io.BytesIO):
    """A stdout that notes what had been written at each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed: List[bytes] = []

    def flush(self) -> None:
        self.flushed.append(self.getvalue())


class Result(NamedTuple):
    code: int
    stdout: bytes
    stderr: str
    flushed: List[bytes]


def call(
    *arguments: str,
    stdin: bytes = b"",
    terminal: bool = False,
    environment: Optional[Dict[str, str]] = None,
    clock: Any = time.time,
    stdout: Any = None,
) -> Result:
    """Run one command."""
    sink, errors = Sink() if stdout is None else stdout, io.StringIO()
    source = Terminal(stdin) if terminal else io.BytesIO(stdin)
    code = cli.main(
        arguments,
        cli.Streams(
            source, sink, errors, ENVIRONMENT if environment is None else environment, clock
        ),
    )
    return Result(code, sink.getvalue(), errors.getvalue(), sink.flushed)


def one_line(stderr: str, *allowed: str) -> str:
    """Return the one line that stderr is, without its end."""
    assert stderr.endswith("\n") and stderr.count("\n") == 1, stderr
    line = stderr[:-1]
    assert line.startswith("refimpl: ") and line.isprintable(), stderr
    assert "Traceback" not in line
    for secret in SECRETS:
        assert secret in allowed or secret not in line, line
    return line


def failed(result: Result, code: int, *words: str) -> str:
    """Check that a run ended with that code and with one line that holds the words; return the line."""
    line = one_line(result.stderr)
    assert result.code == code, line
    for word in words:
        assert word in line, line
    return line


def lines_of(stdout: bytes) -> List[Any]:
    assert stdout == b"" or stdout.endswith(b"\n")
    return [json.loads(line.decode("ascii")) for line in stdout.splitlines()]


def text64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


# ---- runs in processes of their own ------------------------------------------------------------------------------


def shell_environment(**more: str) -> Dict[str, str]:
    """Return the environment of a process: ours without AWS's variables; its stdout is buffered, as it is for a user."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and name != "PYTHONUNBUFFERED"
    }
    return dict(kept, **dict(ENVIRONMENT, **more))


@contextmanager
def running(*arguments: str, **options: Any) -> Iterator[Any]:
    """Start `python3 -m refimpl`; it is killed when it takes far too long, and at the end."""
    command = [sys.executable, "-m", "refimpl"] + list(arguments)
    pipes = dict(
        {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE},
        **options,
    )
    process = subprocess.Popen(command, cwd=str(ROOT), env=shell_environment(), **pipes)
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def shell(script: str, *arguments: str, program: str = sys.executable, **more: str) -> Any:
    """Run `script` in sh, where "$@" is the command."""
    command = ["sh", "-c", script, "sh", program, "-m", "refimpl"] + list(arguments)
    return subprocess.run(
        command,
        cwd=str(ROOT),
        env=shell_environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
    )


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let the processes that a test starts be interrupted, also where this one ignores it (a shell's `&` does that)."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Held:
    """Steps of an answer, some of which come only after events."""

    def __init__(self, *steps: Any) -> None:
        self.steps = steps

    def __iter__(self) -> Iterator[bytes]:
        for step in self.steps:
            if isinstance(step, bytes):
                yield step
            else:
                step.wait(PATIENCE)


@contextmanager
def held(*steps: Any) -> Iterator[Endpoint]:
    """Return an endpoint whose `held` plays these steps; at the end nothing is held back any longer."""
    scenario = Scenario("held", "", "", Expect("ok"), Answer(Held(*steps), headers=STREAM_HEADERS))
    with Endpoint(scenarios={"held": scenario}) as endpoint:
        try:
            yield endpoint
        finally:
            for step in steps:
                if not isinstance(step, bytes):
                    step.set()


# ---- invoke: what the endpoint's scenarios ask for ---------------------------------------------------------------

HOSTILE = "\x1b[31mred\x1b]0;title\x07 \rback\nsecond line\x00\x9b2J\u202e\u2028\ud800"


def scenario(name: str, answer: Answer) -> Scenario:
    return Scenario(name, "", "", Expect("ok"), answer)


def typed_exception(code: str, text: str) -> bytes:
    return scenarios.exception(code, Message=text)


HOSTILE_SCENARIOS = {
    entry.name: entry
    for entry in (
        scenario("hostile-message", failure("400 Bad Request", "ValidationError", Message=HOSTILE)),
        scenario("hostile-code", document("400 Bad Request", b"{}", "\x1b[2JEvil\x9b")),
        scenario(
            "hostile-body",
            document("503 Busy", HOSTILE.encode("utf-8", "surrogatepass"), None, "text/\x1b[2J"),
        ),
        scenario(
            "hostile-original",
            failure(
                "424 Failed Dependency", "ModelError", Message=HOSTILE, OriginalMessage=HOSTILE
            ),
        ),
        scenario(
            "hostile-exception", stream(part(b"one "), typed_exception("ModelStreamError", HOSTILE))
        ),
        scenario(
            "hostile-unmodelled", stream(part(b"one "), typed_exception("Evil\x1b[2J\n", HOSTILE))
        ),
        scenario(
            "hostile-error",
            stream(part(b"one "), scenarios.error_message("\x1b[2J\n", "\x1b[31m\nred")),
        ),
        scenario(
            "hostile-type",
            document("200 OK", HOSTILE.encode("utf-8", "surrogatepass"), None, "text/\x1b[2J"),
        ),
        scenario(
            "hostile-location",
            Answer(
                status="302 Found",
                headers=(("Location", "http://x/\x1b[2J\x9b"),),
                framing="length",
            ),
        ),
        scenario(
            "hostile-request-id",
            document("400 Bad Request", b"{}", "X", headers=(("x-amzn-RequestId", "\x1b[2J\x07"),)),
        ),
        scenario(
            "hostile-message-type", stream(scenarios.message([(":message-type", "\x1b[2J\n")]))
        ),
        scenario("hostile-header-name", stream(raw_frame(scenarios.header(b"\x1b[2J\n", b"") * 2))),
        scenario(
            "hostile-long", failure("400 Bad Request", "ValidationError", Message="word " * 100000)
        ),
    )
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(pace=0, scenarios=HOSTILE_SCENARIOS) as running_endpoint:
        yield running_endpoint


def invoke(endpoint: Endpoint, name: str, *arguments: str, **options: Any) -> Result:
    return call(
        "invoke",
        name,
        "--endpoint-url",
        endpoint.url,
        "--body",
        BODY,
        "--custom-attributes",
        ATTRIBUTES,
        *arguments,
        **options,
    )


def expected_code(expect: Expect) -> int:
    """Return the exit code that the command line promises for an outcome."""
    if expect.status == "ok":
        return 0
    if expect.kind in ("network", "timeout"):
        return 8
    if expect.kind == "exception":
        return 6 if expect.code == "ModelStreamError" else 5
    if expect.kind == "unmodeled":
        return 5
    if expect.kind == "service_error":
        if expect.code == "ModelError":
            return 6
        return 5 if (expect.http_status or 0) >= 500 or expect.code == "InternalFailure" else 4
    return 7


EXAMPLES = {example.name: example for example in scenarios.examples()}


TIMED_OUT = {
    name for name in EXAMPLES if EXAMPLES[name].expect.kind == "timeout"
}  # that takes its time: some of them are enough here
PLAYED = sorted(
    set(EXAMPLES) - TIMED_OUT
    | {"stall-before-head", "stall-between-parts", "stall-before-last-chunk"}
)


@pytest.mark.parametrize("name", PLAYED)
def test_invoke_raw_of_every_scenario(endpoint: Endpoint, name: str) -> None:
    example = EXAMPLES[name]
    result = invoke(endpoint, name, "--read-timeout", "1" if name in TIMED_OUT else str(PATIENCE))
    assert result.code == expected_code(example.expect)
    assert result.stdout == b"".join(example.expect.parts)
    if result.code == 0:
        assert result.stderr == ""
        return
    line = one_line(result.stderr)
    assert line.split(": ")[1] in (example.expect.kind,) + example.expect.also
    if example.expect.code is not None:
        assert f"{example.expect.code}: " in line
    if example.expect.message is not None:
        assert example.expect.message.split("\n")[0] in line


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - TIMED_OUT))
def test_invoke_events_of_every_scenario(endpoint: Endpoint, name: str) -> None:
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
@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - TIMED_OUT))
def test_invoke_json_of_every_scenario(endpoint: Endpoint, name: str) -> None:
    """One document of the whole output, whatever ended it: the events, and the error if it is one of the stream's."""
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


# ---- convert -----------------------------------------------------------------------------------------------------

OUTPUT_JSON = '{"Body":[{"PayloadPart":{"Bytes":"aGk="}},{"PayloadPart":{"Bytes":""}}],"X-Amzn-SageMaker-Content-Type":"caf\u00e9"}'
OUTPUT_QUERY = (
    "Body.1.PayloadPart.Bytes=hi&Body.2.PayloadPart.Bytes=&X-Amzn-SageMaker-Content-Type=caf%C3%A9"
)


def convert(
    source: str,
    target: str,
    document: bytes,
    *arguments: str,
    shape: str = "InvokeEndpointWithResponseStreamOutput",
) -> Result:
    return call(
        "convert", "--shape", shape, "--from", source, "--to", target, *arguments, stdin=document
    )


def test_convert_there_and_back(tmp_path: Path) -> None:
    query = convert("json", "query", OUTPUT_JSON.encode())
    assert query == Result(0, OUTPUT_QUERY.encode() + b"\n", "", query.flushed)
    assert (
        convert("query", "json", query.stdout).stdout == OUTPUT_JSON.encode() + b"\n"
    )  # the end of the line is no part of the query
    assert (
        convert("query", "json", OUTPUT_QUERY.encode() + b"\r\n").stdout
        == OUTPUT_JSON.encode() + b"\n"
    )
    for form in ("xml", "value", "headers"):
        written = convert("json", form, OUTPUT_JSON.encode())
        assert (written.code, written.stderr) == (0, "")
        assert convert(form, "json", written.stdout).stdout == OUTPUT_JSON.encode() + b"\n"
    (tmp_path / "output.json").write_text(OUTPUT_JSON, encoding="utf-8")
    assert convert("json", "query", b"", str(tmp_path / "output.json")).stdout == query.stdout


def test_convert_an_error() -> None:
    done = convert("json", "json", b'{"message":"m"}', "--code", "ns#ModelError", shape="Error")
    assert done.stdout == b'{"error":"ModelError","details":{"Message":"m"}}\n'
    assert convert("json", "xml", done.stdout, shape="Error").stdout == (
        b"<Error><error>ModelError</error><details><Message>m</Message></details></Error>\n"
    )


@pytest.mark.parametrize(
    "source, target, document, code, words",
    [
        ("json", "xml", b"{", 7, ("syntax", "SHP-002")),
        (
            "json",
            "xml",
            b'{"Body":[{},{"PayloadPart":{"Bytes":"?"}}]}',
            7,
            ("type", "in Body[1].PayloadPart.Bytes", "<hidden>", "SHP-010"),
        ),
        (
            "json",
            "xml",
            b'{"ContentType":"\\u0000"}',
            2,
            ("constraint", "SHP-018", "in X-Amzn-SageMaker-Content-Type"),
        ),
        ("yaml", "json", b"", 2, ("invalid choice",)),
        ("json", "yaml", b"", 2, ("invalid choice",)),
    ],
)
def test_convert_what_cannot_be(
    source: str, target: str, document: bytes, code: int, words: Tuple[str, ...]
) -> None:
    result = convert(source, target, document)
    failed(result, code, *words)
    assert result.stdout == b""


def test_convert_usage(tmp_path: Path) -> None:
    failed(convert("json", "json", b"{}", shape="Nothing"), 2, "no such shape", "got Nothing")
    failed(call("convert", "--shape", "Header", "--from", "json"), 2, "--to")
    failed(convert("json", "json", b"", str(tmp_path / "none")), 2, "cannot read")
    failed(
        convert("json", "json", b"", ""),
        2,
        "cannot read a file without a name: No such file or directory",
    )


def test_convert_reads_no_more_than_a_document_may_be_long(tmp_path: Path) -> None:
    class Endless(io.BytesIO):
        def read(self, size: Optional[int] = -1) -> bytes:
            assert size is not None and 0 < size < 100 * 1024 * 1024
            return b" " * size

    errors, limit = io.StringIO(), 64 * 1024 * 1024
    arguments = ["convert", "--shape", "Header", "--from", "json", "--to", "xml"]
    assert cli.main(arguments, cli.Streams(Endless(), io.BytesIO(), errors, {}, time.time)) == 7
    assert (
        f"the document is too long (expected at most {int(limit)} bytes, got {int(limit + 1)}, rule SHP-006)"
        in one_line(errors.getvalue())
    )
    with open(str(tmp_path / "long"), "wb") as file:
        file.truncate(limit + 1000)
    failed(
        convert("json", "json", b"", str(tmp_path / "long")),
        7,
        "limit: the document is too long",
        f"got {int(limit + 1)}",
    )


# CLI-001
def test_the_exit_codes_are_all_met() -> None:
    """The scenarios reach every code but those of usage and configuration, each several times."""
    codes = [expected_code(EXAMPLES[name].expect) for name in PLAYED]
    assert {code: codes.count(code) >= 5 for code in codes} == dict.fromkeys(
        (0, 4, 5, 6, 7, 8), True
    )


@pytest.mark.parametrize(
    "error, code", [(SignatureError("x"), 7), (Error("x"), 7), (FrameError("x"), 7)]
)
def test_any_other_error_says_that_the_exchange_broke(error: Error, code: int) -> None:
    assert cli.exit_code_of(error) == code


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
                "truncated: the body ends before it is complete, after 3 whole messages",
                "rule HTTP-023",
            ),
        ),
        ("message-crc", ("message_crc: message checksum differs", "rule EVS-005")),
        ("success-json", ("content_type: the answer is no event stream", "generated_text")),
        (
            "redirect-302",
            ("http: redirected; redirects are not followed", "302 to http://localhost:"),
        ),
        ("close-before-head", ("network: the peer closed the connection without an answer",)),
        ("error-400-null", ("service_error: the message is null; the service throttles so",)),
    ],
)
def test_the_line_says_what_happened(endpoint: Endpoint, name: str, words: Tuple[str, ...]) -> None:
    result = invoke(endpoint, name)
    if words:
        failed(result, expected_code(scenarios.find(name).expect), *words)
    else:
        assert (result.code, result.stderr) == (0, "")


def test_a_redirect_is_not_followed(endpoint: Endpoint) -> None:
    before = len(endpoint.calls)
    assert invoke(endpoint, "redirect-307").code == 7
    assert [seen.scenario for seen in endpoint.calls[before:]] == ["redirect-307"]


@pytest.mark.parametrize("name", sorted(HOSTILE_SCENARIOS))
def test_what_a_server_sends_cannot_move_the_cursor(endpoint: Endpoint, name: str) -> None:
    result = invoke(endpoint, name)
    line = one_line(result.stderr)
    assert result.code in (4, 5, 6, 7)
    assert len(line) < 4100
    assert name == "hostile-long" or "\\x1b[" in line


def test_a_refused_signature_shows_neither_token_nor_attributes(endpoint: Endpoint) -> None:
    """The service quotes its canonical request, and with it the request's token and its sensitive header."""
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
def test_another_key_is_refused(endpoint: Endpoint, changes: Dict[str, str], words: str) -> None:
    failed(invoke(endpoint, "default", environment=dict(ENVIRONMENT, **changes)), 4, words)


def test_a_wrong_clock_is_told_by_the_service(endpoint: Endpoint) -> None:
    failed(
        invoke(endpoint, "default", clock=lambda: time.time() - 3600),
        4,
        "InvalidSignatureException: Signature expired: ",
    )


def test_every_part_is_flushed_by_itself(endpoint: Endpoint) -> None:
    assert invoke(endpoint, "frames-merged").flushed == [b"one ", b"one two ", b"one two three"]
    events = invoke(endpoint, "frames-merged", "--format", "events").flushed
    assert [data.count(b"\n") for data in events] == [1, 2, 3]


def test_an_unknown_event_is_no_event_line(endpoint: Endpoint) -> None:
    assert lines_of(invoke(endpoint, "unknown-event", "--format", "events").stdout) == [
        {"PayloadPart": {"Bytes": text64(data)}} for data in (b"one ", b"two ")
    ]


# ---- invoke: text ------------------------------------------------------------------------------------------------

CHAT = (
    b'data: {"choices":[{"delta":{"content":"Hel"}}]}\r\n\r',
    b'\ndata: {"choices":[{"delta":{"content":"lo ',
    "€".encode()[:1],
    "€".encode()[1:] + b'"}}]}\n\n',
    b"data: [DONE]",
)
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


@pytest.mark.parametrize("name", PLAYED)
def test_invoke_text_of_every_scenario(endpoint: Endpoint, name: str) -> None:
    """What had arrived is on stdout, whatever came behind it, half characters too; the exit code is that of the raw bytes."""
    expect = EXAMPLES[name].expect
    result = invoke(
        endpoint,
        name,
        "--format",
        "text",
        "--read-timeout",
        "1" if name in TIMED_OUT else str(PATIENCE),
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


def test_an_error_inside_the_answer_is_a_warning(texts: Endpoint) -> None:
    result = invoke(texts, "chat-error", "--extract", "openai")
    assert (result.code, result.stdout) == (0, b"a")
    assert (
        one_line(result.stderr)
        == 'refimpl: warning: the model\'s response contains an error: {"message": "out of memory"}'
    )


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["--extract", "a..b"], ("invalid path", "CLI-012")),
        (["--extract", ""], ("invalid path",)),
        (["--extract", "t", "--format", "raw"], ("auto, lines, sse",)),
        (["--extract", "t", "--format", "text"], ("auto, lines, sse",)),
        (["--extract", "t", "--format", "events"], ("auto, lines, sse",)),
        (["--format", "xml"], ("xml",)),
    ],
)
def test_what_cannot_be_extracted_is_usage(
    texts: Endpoint, arguments: List[str], words: Tuple[str, ...]
) -> None:
    calls = len(texts.calls)
    failed(invoke(texts, "chat", *arguments), 2, *words)
    assert len(texts.calls) == calls  # nothing was sent


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
    assert result.stderr.endswith("}\n") and result.stderr.count("\n") == 1
    document = json.loads(result.stderr)
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


def test_a_token_is_written_before_the_next_part_comes() -> None:
    go = threading.Event()
    with held(part(CHAT[0]), go, part(b"\ndata: {}\n\n")) as endpoint, running(
        "invoke", "held", "--endpoint-url", endpoint.url, "--body", "{}", "--extract", "openai"
    ) as process:
        assert process.stdout.read(3) == b"Hel"
        go.set()
        assert (process.stdout.read(), process.wait()) == (b"", 0)


# ---- invoke: what is sent ----------------------------------------------------------------------------------------

FLAGS = {  # each input member but name and body: its flag, its header, a value
    "--content-type": ("Content-Type", "application/json"),
    "--accept": ("X-Amzn-SageMaker-Accept", "text/plain;q=0.5"),
    "--custom-attributes": ("X-Amzn-SageMaker-Custom-Attributes", "accept_eula=true"),
    "--target-variant": ("X-Amzn-SageMaker-Target-Variant", "Variant-1"),
    "--target-container-hostname": ("X-Amzn-SageMaker-Target-Container-Hostname", "container-2"),
    "--inference-id": ("X-Amzn-SageMaker-Inference-Id", "id 3 ~"),
    "--inference-component-name": ("X-Amzn-SageMaker-Inference-Component", "component-4"),
    "--session-id": ("X-Amzn-SageMaker-Session-Id", "session-5"),
    "--prefix-aware-id": ("X-Amzn-SageMaker-Prefix-Aware-Id", "prefix 6"),
}


def test_every_member_has_a_flag() -> None:
    attributes = [field.attribute for field in InvokeEndpointWithResponseStreamInput.fields]
    assert sorted(attributes) == sorted(
        ["endpoint_name", "body"] + [flag[2:].replace("-", "_") for flag in FLAGS]
    )


@pytest.mark.parametrize("flags", [sorted(FLAGS)] + [[flag] for flag in sorted(FLAGS)] + [[]])
def test_every_member_flag_reaches_the_wire(endpoint: Endpoint, flags: List[str]) -> None:
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


def test_a_base_path_stays(endpoint: Endpoint) -> None:
    assert (
        call("invoke", "llm", "--endpoint-url", endpoint.url + "/base/v1/", "--body", "x").code == 0
    )
    assert endpoint.calls[-1].target == "/base/v1/endpoints/llm/invocations-response-stream"


def test_the_endpoint_and_the_region_may_come_from_the_environment(endpoint: Endpoint) -> None:
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


# ---- invoke: the body --------------------------------------------------------------------------------------------


def body_sent(
    endpoint: Endpoint, *arguments: str, stdin: bytes = b"from stdin", terminal: bool = False
) -> bytes:
    result = call(
        "invoke", "llm", "--endpoint-url", endpoint.url, *arguments, stdin=stdin, terminal=terminal
    )
    assert (result.code, result.stderr) == (0, "")
    return endpoint.calls[-1].body


@pytest.mark.parametrize(
    "text, data",
    [
        ("text", b"text"),
        ("", b""),
        ("naïve 🙂", "naïve 🙂".encode("utf-8")),
        (" @x", b" @x"),
        ("---", b"---"),
        ("not \udcff text", b"not \xff text"),
    ],
)
def test_the_body_as_text(endpoint: Endpoint, text: str, data: bytes) -> None:
    assert body_sent(endpoint, "--body=" + text) == data


@pytest.mark.parametrize(
    "flag", ["--body", "--content-type", "--region", "--endpoint-url", "--read-timeout", "--format"]
)
def test_two_dashes_are_a_value_or_refused(endpoint: Endpoint, flag: str) -> None:
    arguments = ["--endpoint-url", endpoint.url] + (["--body", "x"] if flag != "--body" else [])
    result = call("invoke", "llm", *arguments, f"{flag}=--")
    if flag in ("--body", "--content-type") and result.code == 0:
        assert endpoint.calls[-1].body == (b"--" if flag == "--body" else b"x")
        assert flag == "--body" or ("Content-Type", "--") in endpoint.calls[-1].headers
    else:  # argparse before Python 3.13 takes them away; then that is said
        assert result.code in (2, 3)
        failed(result, result.code)


def test_two_dashes_are_no_header() -> None:
    failed(call("sign", "http://h/", "--header=--"), 2)


def test_the_body_from_a_file(endpoint: Endpoint, tmp_path: Path) -> None:
    file = tmp_path / "body with a blank"
    file.write_bytes(bytes(range(256)))
    assert body_sent(endpoint, "--body", f"@{file}") == bytes(range(256))


def test_the_body_from_stdin(endpoint: Endpoint) -> None:
    assert body_sent(endpoint, "--body", "-", stdin=b"\0\xff") == b"\0\xff"
    assert body_sent(endpoint, stdin=b"by default") == b"by default"
    assert body_sent(endpoint, stdin=b"") == b""
    assert body_sent(endpoint, "--body", "-", stdin=b"typed", terminal=True) == b"typed"


def test_a_terminal_is_not_waited_for(endpoint: Endpoint) -> None:
    before = len(endpoint.calls)
    failed(
        call("invoke", "llm", "--endpoint-url", endpoint.url, stdin=b"never read", terminal=True),
        2,
        "no body",
        "--body TEXT",
    )
    assert len(endpoint.calls) == before


def unreadable(tmp_path: Path) -> List[Tuple[str, str]]:
    (tmp_path / "file").write_bytes(b"")
    return [
        (str(tmp_path / "missing"), "No such file"),
        (str(tmp_path), "Is a directory"),
        (str(tmp_path / "file" / "x"), "Not a directory"),
        ("a\0b", "null"),
        ("", "No such file"),
        ("x" * 300, "name too long"),
        ("\x1b[2J\n", "No such file"),
    ]


@pytest.mark.parametrize("number", range(7))
def test_a_body_file_that_cannot_be_read(endpoint: Endpoint, tmp_path: Path, number: int) -> None:
    name, reason = unreadable(tmp_path)[number]
    failed(
        call("invoke", "llm", "--endpoint-url", endpoint.url, "--body", "@" + name),
        2,
        "cannot read ",
        reason,
    )
    failed(call("sign", "http://h/", "--body", "@" + name), 2, "cannot read ", reason)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind root"
)
def test_a_body_file_without_permission(endpoint: Endpoint, tmp_path: Path) -> None:
    file = tmp_path / "closed"
    file.write_bytes(b"x")
    file.chmod(0)
    failed(
        call("invoke", "llm", "--endpoint-url", endpoint.url, "--body", f"@{file}"),
        2,
        "Permission denied",
    )


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
def test_a_huge_body_is_warned_of_under_every_filter_of_warnings(
    endpoint: Endpoint, filters: Any
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter(filters)
        for _ in range(2):  # by default Python would show a warning once
            result = call("invoke", "llm", "--endpoint-url", endpoint.url, stdin=b"x" * 6291457)
            assert one_line(result.stderr).startswith("refimpl: warning: ")
            assert result.code == 0


# ---- invoke: usage, configuration, network -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "no command (expected invoke, decode, bridge, sign, convert"),
        (["frobnicate"], "invalid choice: 'frobnicate'"),
        (["invoke"], "required: name"),
        (["invoke", "llm", "--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["invoke", "llm", "extra"], "unrecognized arguments: extra"),
        (["invoke", "llm", "--format", "xml"], "invalid choice: 'xml'"),
        (["invoke", "llm", "--region"], "expected one argument"),
        (["decode", "--format", "raw"], "invalid choice: 'raw'"),
        (["sign"], "required: url"),
        (["invoke", "l_m", "--body", BODY], "Input.EndpointName does not match its pattern"),
        (["invoke", "", "--body", BODY], "Input.EndpointName does not match its pattern"),
        (["invoke", "../x", "--body", BODY], "Input.EndpointName does not match its pattern"),
        (
            ["invoke", "x" * 64, "--body", BODY],
            "Input.EndpointName has the wrong length (expected 0 to 63 characters, got 64: xxx",
        ),
        (["invoke", "\udcff\x1b", "--body", BODY], "got \\udcff\\x1b"),
        (
            ["invoke", "llm", "--body", BODY, "--content-type", "a\r\nX-Evil: 1"],
            "ContentType cannot be sent in a header",
        ),
        (
            ["invoke", "llm", "--body", BODY, "--content-type", "é"],
            "Input.ContentType does not match its pattern",
        ),
        (
            ["invoke", "llm", "--body", BODY, "--custom-attributes", ATTRIBUTES + "\n"],
            "CustomAttributes cannot be sent in a header",
        ),
        (
            ["invoke", "llm", "--body", BODY, "--custom-attributes", ATTRIBUTES + "é"],
            "Input.CustomAttributes does not match its pattern",
        ),
        (
            ["invoke", "llm", "--body", BODY, "--custom-attributes", ATTRIBUTES * 99],
            "Input.CustomAttributes has the wrong length",
        ),
        (["invoke", "llm", "--body", BODY, "--session-id", "-x"], "expected one argument"),
        (
            ["invoke", "llm", "--body", BODY, "--session-id=-x"],
            "Input.SessionId does not match its pattern",
        ),
        (
            ["invoke", "llm", "--body", BODY, "--inference-id="],
            "Input.InferenceId has the wrong length",
        ),
    ],
)
def test_usage(arguments: List[str], words: str) -> None:
    result = call(*arguments, environment=dict(ENVIRONMENT, AWS_ENDPOINT_URL="http://127.0.0.1:1"))
    failed(result, 2, words)
    assert result.stdout == b""


@pytest.mark.parametrize("flag", ["--connect-timeout", "--read-timeout", "--total-timeout"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "-inf", "1e9", "x", "", "1_0x"])
def test_a_timeout_that_is_none(endpoint: Endpoint, flag: str, value: str) -> None:
    result = call(
        "invoke", "llm", "--body", BODY, "--endpoint-url", endpoint.url, f"{flag}={value}"
    )
    name = flag[2:].replace("-", "_")
    line = failed(result, 2)
    assert (
        f"{name} is no time (expected seconds above 0" in line
        or f"argument {flag}: invalid float value" in line
    )


@pytest.mark.parametrize(
    "flag, words",
    [("--read-timeout", "read_timeout of 1 s"), ("--total-timeout", "total_timeout of 1 s")],
)
def test_a_timeout_that_is_reached(endpoint: Endpoint, flag: str, words: str) -> None:
    result = invoke(endpoint, "stall-between-parts", flag, "1")
    failed(result, 8, "timeout: timed out while reading the body", words)
    assert result.stdout == b"one two "


def test_a_connection_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert seen == [((b"127.0.0.1", 1), 2.5)]


def without(*names: str) -> Dict[str, str]:
    return {name: value for name, value in ENVIRONMENT.items() if name not in names}


@pytest.mark.parametrize(
    "command", [["invoke", "llm", "--body", BODY], ["sign", "http://example.com/"]]
)
@pytest.mark.parametrize(
    "environment, words",
    [
        ({}, ("no region", "AWS_REGION")),
        (without("AWS_REGION"), ("no region", "AWS_REGION or AWS_DEFAULT_REGION", "rule END-003")),
        (dict(ENVIRONMENT, AWS_REGION=""), ("no region",)),
        (
            {"AWS_REGION": "us-east-1"},
            (
                "no credentials",
                "no AWS_ACCESS_KEY_ID and no AWS_SECRET_ACCESS_KEY",
                "rule CRED-001",
            ),
        ),
        (without("AWS_SECRET_ACCESS_KEY"), ("no credentials", "got no AWS_SECRET_ACCESS_KEY")),
        (without("AWS_ACCESS_KEY_ID"), ("no credentials", "got no AWS_ACCESS_KEY_ID")),
        (
            dict(ENVIRONMENT, AWS_SECRET_ACCESS_KEY=SECRET_KEY + "\n"),
            ("secret_key has a blank or a character that no key has",),
        ),
        (dict(ENVIRONMENT, AWS_SESSION_TOKEN=TOKEN + " "), ("session_token has a blank",)),
        (
            dict(ENVIRONMENT, AWS_ACCESS_KEY_ID=SECRET_KEY),
            ("access_key has a slash", "are key and secret swapped?"),
        ),
    ],
)
def test_configuration(
    command: List[str], environment: Dict[str, str], words: Tuple[str, ...]
) -> None:
    result = call(*command, environment=environment)
    failed(result, 3, "refimpl: configuration: ", *words)
    assert result.stdout == b""


@pytest.mark.parametrize(
    "region", ["US-EAST-1", "us east", "us-east-1.evil.example", "", "x" * 64, "\x1b[2J"]
)
def test_a_region_that_is_none(region: str) -> None:
    failed(call("invoke", "llm", "--body", BODY, "--region", region), 3, "not a region")


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
def test_an_endpoint_url_that_cannot_be_used(url: str) -> None:
    failed(
        call("invoke", "llm", "--body", BODY, "--endpoint-url", url),
        3,
        "endpoint URL cannot be used",
        "http(s)://host[:port][/path]",
    )


@pytest.mark.parametrize(
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
@pytest.mark.parametrize("command", ["invoke", "sign"])
def test_a_password_in_a_url_is_not_shown(command: str, url: str) -> None:
    arguments = (
        ["invoke", "llm", "--body", BODY, "--endpoint-url", url]
        if command == "invoke"
        else ["sign", url]
    )
    result = call(*arguments)
    if command == "sign" and "?" in url.partition("@")[0]:
        assert result.code in (0, 3)  # a query is what one signs
        return
    assert "hidden-word" not in failed(result, 3, "endpoint URL cannot be used")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: Any, **options: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    failed(
        call("invoke", "llm", "--body", BODY, "--endpoint-url", "http://nowhere.invalid"),
        8,
        "network: unknown host: Name or service not known",
        "got nowhere.invalid",
    )
    failed(
        call("invoke", "llm", "--body", BODY, "--region", "eu-west-1"),
        8,
        "got runtime.sagemaker.eu-west-1.amazonaws.com",
    )


def test_a_host_that_is_no_name() -> None:
    failed(
        call("invoke", "llm", "--body", BODY, "--endpoint-url", "http://a..b/"),
        3,
        "endpoint URL cannot be used",
    )


def test_a_refused_port() -> None:
    with socket.socket() as bound:  # bound, but not listening
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        result = call(
            "invoke", "llm", "--body", BODY, "--endpoint-url", f"http://127.0.0.1:{int(port)}"
        )
    failed(result, 8, f"network: cannot connect to 127.0.0.1 port {int(port)}: Connection refused")


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
def test_https_under_every_filter_of_warnings(endpoint: Endpoint, filters: str) -> None:
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


# ---- help, version, arguments of any kind ------------------------------------------------------------------------


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call("--version")
    assert end.value.code == 0
    assert capsys.readouterr() == (VERSION + "\n", "")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (
            ["--help"],
            ["invoke | decode | bridge | sign | convert", "call an endpoint", "--version"],
        ),
        (
            ["invoke", "--help"],
            sorted(FLAGS)
            + [
                "--body TEXT|@FILE|-",
                "--format {raw,events,json,text,lines,sse,auto}",
                "--read-timeout S",
                "default: 500",
                "sent as X-Amzn-SageMaker-Accept",
                "--endpoint-url",
                "--region",
                "--total-timeout",
            ],
        ),
        (
            ["convert", "-h"],
            [
                "--shape NAME",
                "ModelStreamError",
                "PartBlob",
                "or Error",
                "--code CODE",
                "json, xml, query, value, headers",
            ],
        ),
        (["decode", "-h"], ["--format {events,hex,table}", "[file]"]),
        (
            ["sign", "-h"],
            [
                "--presign SECONDS",
                "keep the %XX of the path unchanged",
                "--time YYYYMMDDThhmmssZ",
                "default: sagemaker",
            ],
        ),
    ],
)
def test_help(capsys: pytest.CaptureFixture[str], arguments: List[str], words: List[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call(*arguments)
    assert end.value.code == 0
    shown, errors = capsys.readouterr()
    assert errors == ""
    for word in words:
        assert word in shown


def test_help_is_as_wide_as_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines_at(columns: Optional[int]) -> int:
        def terminal_size() -> os.terminal_size:
            if columns is None:
                raise OSError(25, "Inappropriate ioctl for device")
            return os.terminal_size((columns, 24))

        monkeypatch.setattr(os, "get_terminal_size", terminal_size)
        with pytest.raises(SystemExit):
            call("invoke", "--help")
        return capsys.readouterr().out.count("\n")

    assert lines_at(40) > lines_at(60) > lines_at(200)
    assert lines_at(3) == lines_at(40)
    assert lines_at(None) == lines_at(100)


# What the library can load for one small call, and what each costs at the start of a process: milliseconds, and none is needed.
SLOW_TO_LOAD = {
    "shutil",
    "bz2",
    "lzma",
    "encodings.idna",
    "stringprep",
    "platform",
    "uuid",
    "decimal",
    "ctypes",
    "asyncio",
}


def test_a_small_call_loads_nothing_slow(endpoint: Endpoint) -> None:
    done = shell(
        'exec "$1" -X importtime "$2" "$3" "$4" "$5" --endpoint-url "$6" --body x',
        "invoke",
        "llm",
        endpoint.url,
    )
    assert done.returncode == 0
    loaded = {
        line.rpartition("|")[2].strip()
        for line in done.stderr.decode().splitlines()
        if line.startswith("import time:")
    }
    assert {"refimpl.cli", "http.client", "argparse"} <= loaded
    assert loaded & SLOW_TO_LOAD == set()


def printable(stderr: str) -> bool:
    return all(line.isprintable() for line in stderr.split("\n"))


WORDS = st.sampled_from(
    (
        "invoke",
        "decode",
        "sign",
        "--body",
        "--format",
        "events",
        "--region",
        "--time",
        "--presign",
        "-",
        "http://h/x",
        "llm",
    )
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(WORDS | st.text(max_size=8).filter(lambda text: not text.startswith("-")), max_size=6),
    st.binary(max_size=40),
)
def test_any_arguments_give_an_exit_code_and_one_line(arguments: List[str], stdin: bytes) -> None:
    result = call(
        *arguments, stdin=stdin, environment={}
    )  # without credentials nothing is ever sent
    assert result.code in (0, 2, 3, 7)
    assert (result.code == 0) == (result.stderr == "")
    if result.stderr:
        assert (
            result.stderr.count("\n") == 1
            and result.stderr.startswith("refimpl: ")
            and printable(result.stderr)
        )


# ---- decode ------------------------------------------------------------------------------------------------------

EVERY_TYPE = (
    ("yes", "boolean", True, True),
    ("no", "boolean", False, False),
    ("int8", "int8", -128, -128),
    ("int16", "int16", 32767, 32767),
    ("int32", "int32", -2147483648, -2147483648),
    ("exact", "int64", (1 << 53) - 1, 9007199254740991),
    ("beyond", "int64", 1 << 53, "9007199254740992"),
    ("least", "int64", -(1 << 63), "-9223372036854775808"),
    ("bytes", "bytes", b"\0\xff", "AP8="),
    ("string", "string", "naïve\n", "naïve\n"),
    ("when", "timestamp", 1440938160000, 1440938160000),
    (
        "who",
        "uuid",
        uuid.UUID("01234567-89ab-cdef-0123-456789abcdef"),
        "01234567-89ab-cdef-0123-456789abcdef",
    ),
)
PART_HEADERS = [
    {"name": ":event-type", "type": "string", "value": "PayloadPart"},
    {"name": ":content-type", "type": "string", "value": "application/octet-stream"},
    {"name": ":message-type", "type": "string", "value": "event"},
]


def part_line(offset: int, data: bytes) -> Dict[str, Any]:
    return {
        "offset": offset,
        "total_length": 105 + len(data),
        "status": "ok",
        "headers": PART_HEADERS,
        "payload": text64(data),
    }


STREAM_LINES = [part_line(0, b"one "), part_line(109, b"two "), part_line(218, b"three")]
WHOLE = b"".join(FRAMES)


def decode(data: bytes, *arguments: str, **options: Any) -> Result:
    return call("decode", *arguments, stdin=data, environment={}, **options)


def test_decode_events() -> None:
    result = decode(WHOLE)
    assert (result.code, result.stderr) == (0, "")
    assert lines_of(result.stdout) == STREAM_LINES
    assert [data.count(b"\n") for data in result.flushed] == [1, 2, 3]
    assert list(lines_of(result.stdout)[0]) == [
        "offset",
        "total_length",
        "status",
        "headers",
        "payload",
    ]
    assert decode(WHOLE, "-", "--format", "events") == result


def test_decode_a_file(tmp_path: Path) -> None:
    file = tmp_path / "stream"
    file.write_bytes(WHOLE)
    assert call("decode", str(file), stdin=b"never read") == decode(WHOLE)


def test_decode_every_header_type() -> None:
    frame = encode([(name, kind, value) for name, kind, value, _ in EVERY_TYPE], b"\0payload")
    assert lines_of(decode(frame).stdout) == [
        {
            "offset": 0,
            "total_length": len(frame),
            "status": "ok",
            "payload": "AHBheWxvYWQ=",
            "headers": [
                {"name": name, "type": kind, "value": shown} for name, kind, _, shown in EVERY_TYPE
            ],
        }
    ]


def test_decode_an_empty_message() -> None:
    assert lines_of(decode(encode([], b"") * 2).stdout) == [
        {"offset": offset, "total_length": 16, "status": "ok", "headers": [], "payload": ""}
        for offset in (0, 16)
    ]


def test_decode_table() -> None:
    headers = [
        (":event-type", "string", "A\nB"),
        ("n", "int8", -1),
        ("b", "bytes", b"\0"),
        ("yes", "boolean", True),
    ]
    frame = encode(headers, b"line\n" + b"x" * 70)
    result = decode(frame + FRAMES[0], "--format", "table")
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.decode("utf-8").split("\n") == [
        f"       0     124 bytes  :event-type=A\\nB n=-1 b=b'\\x00' yes=True  | 75: line\\n{'x' * 59}...",
        "     124     109 bytes  :event-type=PayloadPart :content-type=application/octet-stream :message-type=event  | 4: one ",
        "",
    ]


def test_decode_hex() -> None:
    frame = encode([("a\x1b", "string", "v")], b"0123456789abcdefXYZ")
    assert decode(frame, "--format", "hex").stdout.decode("utf-8").split("\n") == [
        "       0  00 00 00 2a                                      ...*              total_length 42",
        "       4  00 00 00 07                                      ....              headers_length 7",
        f"       8  {spaced(frame[8:12]):47}  {dotted(frame[8:12]):16}  prelude_crc, ok",
        "      12  02 61 1b 07 00 01 76                             .a....v           headers: a\\x1b",
        "      19  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef  payload",
        "      35  58 59 5a                                         XYZ",
        f"      38  {spaced(frame[38:]):47}  {dotted(frame[38:]):16}  message_crc, ok",
        "",
        "",
    ]


def spaced(data: bytes) -> str:
    return " ".join(f"{byte:02x}" for byte in data)


def dotted(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)


def bytes_of_dump(stdout: bytes) -> bytes:
    """Return the bytes that a hex dump shows, checking that every line says where they lie."""
    data = b""
    for line in stdout.decode("utf-8").split("\n"):
        if line:
            assert int(line[:8]) == len(data), line
            data += bytes.fromhex(line[10:57])
    return data


def test_a_hex_dump_shows_every_byte() -> None:
    assert bytes_of_dump(
        decode(WHOLE + encode([], b""), "--format", "hex").stdout
    ) == WHOLE + encode([], b"")


@pytest.mark.parametrize("form", ["events", "table", "hex"])
def test_decode_nothing(form: str, tmp_path: Path) -> None:
    assert decode(b"", "--format", form) == Result(0, b"", "", [])
    (tmp_path / "empty").write_bytes(b"")
    assert call("decode", str(tmp_path / "empty"), "--format", form) == Result(0, b"", "", [])


class Fault(NamedTuple):
    kind: str
    data: bytes
    offset: int
    rule: str


_HEADERS = scenarios.header(b":event-type", b"PayloadPart")
FAULTS = [
    Fault("prelude_crc", raw_frame(flip_prelude_crc=1), 8, "EVS-004"),
    Fault(
        "message_crc",
        raw_frame(_HEADERS, b"xy", flip_message_crc=1),
        12 + len(_HEADERS) + 2,
        "EVS-005",
    ),
    Fault("length", raw_frame(b"", b"", total_length=15), 0, "EVS-006"),
    Fault("length", raw_frame(b"", b"", headers_length=1), 4, "EVS-007"),
    Fault("limit", raw_frame(total_length=32 * 1024 * 1024 + 1), 0, "EVS-008"),
    Fault("limit", raw_frame(total_length=0xFFFFFFFF), 0, "EVS-008"),
    Fault("header", raw_frame(scenarios.header(b"", b"x")), 12, "EVS-011"),
    Fault("header", raw_frame(b"\x01x\x07\x00\x05abc"), 20, "EVS-010"),
    Fault("duplicate_header", raw_frame(_HEADERS * 2), 12 + len(_HEADERS), "EVS-014"),
    Fault("header_type", raw_frame(b"\x01x\x0a"), 14, "EVS-013"),
    Fault("utf8", raw_frame(scenarios.header(b"x", b"a\xff")), 18, "EVS-015"),
    Fault("utf8", raw_frame(scenarios.header(b"\xff", b"a")), 13, "EVS-012"),
    Fault("truncated", raw_frame()[:-1], len(raw_frame()) - 1, "EVS-022"),
    Fault("truncated", raw_frame()[:13], 13, "EVS-022"),
    Fault("truncated", raw_frame()[:1], 1, "EVS-022"),
]


@pytest.mark.parametrize(
    "fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.rule}-{len(fault.data)}"
)
@pytest.mark.parametrize("before", [0, 2])
def test_decode_stops_at_the_first_bad_frame(fault: Fault, before: int) -> None:
    """Its status is the last line; whole frames behind it are not shown."""
    start = 109 * before
    data = WHOLE[:start] + fault.data + (b"" if fault.kind == "truncated" else WHOLE)
    result = decode(data)
    line = failed(
        result,
        7,
        f"refimpl: {fault.kind}: ",
        f"at byte {int(start + fault.offset)}",
        "rule " + fault.rule,
    )
    documents = lines_of(result.stdout)
    assert documents[:-1] == STREAM_LINES[:before]
    assert documents[-1] == {
        "offset": start + fault.offset,
        "status": fault.kind,
        "rule": fault.rule,
        "message": line[len(f"refimpl: {fault.kind}: ") :],
    }


@pytest.mark.parametrize("form", ["table", "hex"])
@pytest.mark.parametrize(
    "fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.rule}-{len(fault.data)}"
)
def test_the_other_formats_end_with_the_bad_frame_too(fault: Fault, form: str) -> None:
    result = decode(FRAMES[0] + fault.data, "--format", form)
    good = decode(FRAMES[0], "--format", form).stdout
    line = failed(result, 7)
    assert result.stdout.startswith(good)
    assert (
        result.stdout[len(good) :].decode("utf-8")
        == f"{int(109 + fault.offset):8}  {line.partition(fault.kind + ': ')[2]}\n"
    )


def test_every_fault_of_a_frame_is_here() -> None:
    kinds = {
        "prelude_crc",
        "message_crc",
        "length",
        "limit",
        "header",
        "duplicate_header",
        "header_type",
        "utf8",
        "truncated",
    }
    assert {fault.kind for fault in FAULTS} == kinds


NO_STREAMS = [
    (b'{"message": "Internal server error"}', "JSON"),
    (b'  [{"a": 1}]', "JSON"),
    (b'{"a":1}', "JSON"),
    (b"<html><body>502</body></html>", "HTML or XML"),
    (b'<?xml version="1.0"?><Error/>', "HTML or XML"),
    (b'data: {"token": "x"}\n\n', "server-sent events"),
    (b": ping\n\ndata: x\n\n", "server-sent events"),
    (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", "an HTTP message"),
    (gzip.compress(WHOLE), "gzip"),
    (base64.b64encode(WHOLE), "a base64-encoded frame"),
    (b"a text file, and nothing else\n", "text (a text file,)"),
    (b"short\n", "text (short\\n)"),
]


@pytest.mark.parametrize("data, what", NO_STREAMS)
def test_what_is_no_stream_is_told_by_name(tmp_path: Path, data: bytes, what: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    result = call("decode", str(file))
    failed(result, 7, f"these bytes are {what}, not an event stream")
    assert len(lines_of(result.stdout)) == 1


@pytest.mark.parametrize("number", range(7))
def test_decode_a_file_that_cannot_be_read(tmp_path: Path, number: int) -> None:
    name, reason = unreadable(tmp_path)[number]
    result = call("decode", name)
    failed(result, 2, "cannot read ", reason)
    assert result.stdout == b""


@pytest.mark.skipif(
    not os.path.exists("/proc/self/mem"), reason="no file here that opens and cannot be read"
)
def test_decode_names_the_file_whose_reading_fails() -> None:
    failed(call("decode", "/proc/self/mem"), 2, "cannot read /proc/self/mem: Input/output error")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(FRAMES + (encode([], b""),)) | st.binary(max_size=40), max_size=5),
    st.sampled_from(["events", "table", "hex"]),
)
def test_decode_any_bytes(pieces: List[bytes], form: str) -> None:
    data = b"".join(pieces)
    result = decode(data, "--format", form)
    assert result.code in (0, 7)
    assert (result.code == 0) == (result.stderr == "")
    assert printable(result.stdout.decode("utf-8"))
    if form == "events":
        statuses = [line["status"] for line in lines_of(result.stdout)]
        assert all(status == "ok" for status in statuses[:-1])
        assert result.code == (7 if statuses and statuses[-1] != "ok" else 0)
    elif form == "hex" and result.code == 0:
        assert bytes_of_dump(result.stdout) == data
    if result.code:
        one_line(result.stderr)


@pytest.fixture(scope="module")
def recorded() -> List[Tuple[Dict[str, Any], bytes]]:
    folder = corpora("recorded-streams")
    return [
        (entry, (folder / entry["file"]).read_bytes())
        for entry in json.loads((folder / "index.json").read_text("utf-8"))
    ]


def test_recorded_streams_as_events(recorded: List[Tuple[Dict[str, Any], bytes]]) -> None:
    assert len(recorded) == 68
    for entry, _ in recorded:
        result = call("decode", str(corpora("recorded-streams", entry["file"])))
        assert (result.code, result.stderr) == (0, ""), entry["file"]
        seen = [
            {
                "offset": line["offset"],
                "total_length": line["total_length"],
                "payload_length": len(base64.b64decode(line["payload"])),
                "headers": [
                    [header["name"], header["type"], header["value"]] for header in line["headers"]
                ],
            }
            for line in lines_of(result.stdout)
        ]
        assert seen == entry["events"], entry["file"]


def test_recorded_streams_as_table_and_hex(recorded: List[Tuple[Dict[str, Any], bytes]]) -> None:
    for entry, data in recorded:
        rows = decode(data, "--format", "table").stdout.decode("utf-8").splitlines()
        assert [int(row[:8]) for row in rows] == [event["offset"] for event in entry["events"]], (
            entry["file"]
        )
        assert bytes_of_dump(decode(data, "--format", "hex").stdout) == data, entry["file"]


@pytest.mark.parametrize(
    "name, status",
    [
        ("corrupted_header_len", "prelude_crc"),
        ("corrupted_headers", "message_crc"),
        ("corrupted_length", "prelude_crc"),
        ("corrupted_payload", "message_crc"),
    ],
)
def test_published_broken_frames(name: str, status: str) -> None:
    result = call("decode", str(corpora("eventstream-aws-sdk-go", "encoded", "negative", name)))
    assert result.code == 7
    assert [line["status"] for line in lines_of(result.stdout)] == [status]


# ---- bridge ------------------------------------------------------------------------------------------------------


def bridge_lines(*parts: bytes, ending: bytes = b"") -> Result:
    return call("bridge", stdin=b"".join(map(part, parts)) + ending)


# CLI-014
def test_bridge() -> None:
    result = bridge_lines(b"Hel", "lo €".encode())
    assert (
        result.stdout
        == 'data: Hel\n\ndata: lo €\n\nevent: end\ndata: {"parts": 2, "bytes": 9}\n\n'.encode()
    )
    assert (result.code, result.stderr) == (0, "") and len(result.flushed) == 3
    assert bridge_lines().stdout == b'event: end\ndata: {"parts": 0, "bytes": 0}\n\n'
    assert call("bridge", "--format", "base64", stdin=part(b"\xff")).stdout.startswith(
        b"data: /w==\n\n"
    )
    assert (
        bridge_lines(*CHAT).stdout.count(b"\n\n") == 4
    )  # passed on: two events, [DONE], and the end


def test_bridge_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "stream.bin").write_bytes(part(b"x") + scenarios.unknown_event())
    assert call("bridge", str(tmp_path / "stream.bin"), "--format", "json").stdout.startswith(
        b'data: "x"\n\nevent: end\n'
    )
    failed(call("bridge", str(tmp_path / "none.bin")), 2, "cannot read")
    failed(call("bridge", "--format", "xml"), 2, "xml")


@pytest.mark.parametrize(
    "ending,code,members",
    [
        (
            typed_exception("ModelStreamError", "gone"),
            6,
            {"kind": "exception", "code": "ModelStreamError", "fields": {"Message": "gone"}},
        ),
        (typed_exception("InternalStreamFailure", "oh"), 5, {"code": "InternalStreamFailure"}),
        (scenarios.error_message("Boom", "bang"), 5, {"kind": "unmodeled", "code": "Boom"}),
        (part(b"y")[:-1], 7, {"kind": "truncated", "rule": "EVS-022"}),
        (raw_frame(flip_message_crc=1), 7, {"kind": "message_crc"}),
        (
            scenarios.message([(":message-type", "nonsense")]),
            7,
            {"kind": "message_type", "offset": len(part(b"x"))},
        ),
        (b"no stream", 7, {}),
    ],
)
def test_bridge_of_what_breaks(ending: bytes, code: int, members: Dict[str, Any]) -> None:
    result = bridge_lines(b"x", ending=ending)
    first, last, rest = result.stdout.split(b"\n\n")
    assert (first, rest) == (b"data: x", b"")
    head, data = last.split(b"\n")
    document = json.loads(data[len(b"data: ") :])
    assert head == b"event: error" and {name: document[name] for name in members} == members
    assert failed(result, code).endswith(document["message"]) and len(result.flushed) == 2


def test_bridge_writes_each_part_before_the_next_comes() -> None:
    with running("bridge", stdin=subprocess.PIPE) as process:
        for data in (b"one", b"two"):
            process.stdin.write(part(data))
            process.stdin.flush()
            assert process.stdout.readline() + process.stdout.readline() == b"data: %s\n\n" % data
        process.stdin.close()
        assert process.stdout.read().startswith(b"event: end\n") and process.wait() == 0


# ---- sign --------------------------------------------------------------------------------------------------------

URL = "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/llm/invocations-response-stream"
HOST = "runtime.sagemaker.us-east-1.amazonaws.com"
PATH = "/endpoints/llm/invocations-response-stream"


def sign(*arguments: str, **options: Any) -> str:
    result = call("sign", *arguments, **options)
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.endswith(b"\n") and result.flushed == [result.stdout]
    return result.stdout.decode("latin-1")[:-1]


def pairs_of(text: str) -> List[Tuple[str, str]]:
    return [(name, value) for name, _, value in (line.partition(": ") for line in text.split("\n"))]


def test_sign_headers_verify() -> None:
    arguments = [
        "--body",
        BODY,
        "--header",
        "Content-Type: application/json",
        "--header",
        "X-Test:  a  b ",
        "--time",
        DATE,
    ]
    headers = pairs_of(sign(URL, *arguments))
    assert [name for name, _ in headers] == [
        "Host",
        "Content-Type",
        "X-Test",
        "x-amz-date",
        "x-amz-security-token",
        "authorization",
    ]
    assert headers[:5] == [
        ("Host", HOST),
        ("Content-Type", "application/json"),
        ("X-Test", "a  b"),
        ("x-amz-date", DATE),
        ("x-amz-security-token", TOKEN),
    ]
    verify("POST", PATH, headers, BODY.encode(), CREDENTIALS, "us-east-1", "sagemaker", DATE)
    with pytest.raises(SignatureError):
        verify(
            "POST", PATH, headers, BODY.encode() + b" ", CREDENTIALS, "us-east-1", "sagemaker", DATE
        )
    assert (
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-test,"
        in dict(headers)["authorization"]
    )


def test_the_default_time_is_the_clock_s() -> None:
    headers = dict(pairs_of(sign(URL, clock=lambda: SECONDS + 0.9)))
    assert headers["x-amz-date"] == DATE
    assert (
        "Credential=AKIDEXAMPLE/20150830/us-east-1/sagemaker/aws4_request"
        in headers["authorization"]
    )


def test_the_default_body_is_empty_and_stdin_is_read_only_when_asked_for() -> None:
    for arguments, stdin, body in (
        ((), b"never read", b""),
        (("--body", "-"), b"read", b"read"),
        (("--body", "text"), b"", b"text"),
    ):
        headers = pairs_of(sign(URL, *arguments, "--time", DATE, stdin=stdin, terminal=True))
        verify("POST", PATH, headers, body, CREDENTIALS, "us-east-1", "sagemaker", DATE)


def test_without_a_token() -> None:
    headers = pairs_of(sign(URL, "--time", DATE, environment=without("AWS_SESSION_TOKEN")))
    assert "x-amz-security-token" not in dict(headers)
    verify(
        "POST",
        PATH,
        headers,
        b"",
        Credentials(ACCESS_KEY, SECRET_KEY),
        "us-east-1",
        "sagemaker",
        DATE,
    )


@pytest.mark.parametrize(
    "url, host, target",
    [
        ("http://example.com", "example.com", "/"),
        ("http://example.com:8080/x", "example.com:8080", "/x"),
        ("https://example.com:443/", "example.com", "/"),
        ("http://[::1]:81?a=b", "[::1]:81", "/?a=b"),
        ("http://example.com/?", "example.com", "/?"),
        ("http://example.com/a?b=c?d", "example.com", "/a?b=c?d"),
    ],
)
def test_host_and_target_are_those_of_the_url(url: str, host: str, target: str) -> None:
    headers = pairs_of(sign(url, "--method", "GET", "--time", DATE))
    assert headers[0] == ("Host", host)
    verify("GET", target, headers, b"", CREDENTIALS, "us-east-1", "sagemaker", DATE)
    presigned = sign(url, "--method", "GET", "--time", DATE, "--presign", "9")
    start = f"{url.split(':')[0]}://{host}"
    assert presigned.startswith(start + target.partition("?")[0] + "?X-Amz-")
    verify(
        "GET",
        presigned[len(start) :],
        [("Host", host)],
        b"",
        CREDENTIALS,
        "us-east-1",
        "sagemaker",
        DATE,
    )


def test_a_host_that_is_given_stands() -> None:
    headers = pairs_of(
        sign("http://127.0.0.1:8080/", "--header", "hOST: example.com", "--time", DATE)
    )
    assert [value for name, value in headers if name.lower() == "host"] == ["example.com"]
    verify("POST", "/", headers, b"", CREDENTIALS, "us-east-1", "sagemaker", DATE)


OPTIONS = ["--method", "PUT", "--region", "eu-west-1", "--service", "other", "--time", DATE]
SIGNED = {
    "method": "PUT",
    "headers": [("Host", "example.com")],
    "body": b"",
    "credentials": CREDENTIALS,
    "region": "eu-west-1",
    "service": "other",
    "amz_date": DATE,
}


@pytest.mark.parametrize(
    "flags, options",
    [
        ([], {}),
        (["--no-normalize"], {"normalize": False}),
        (["--single-encode"], {"double_encode": False}),
        (["--sign-body"], {"sign_body": True}),
        (["--omit-session-token"], {"omit_session_token": True}),
        (
            ["--no-normalize", "--single-encode", "--sign-body", "--omit-session-token"],
            {
                "normalize": False,
                "double_encode": False,
                "sign_body": True,
                "omit_session_token": True,
            },
        ),
    ],
)
def test_each_option_reaches_the_signer(flags: List[str], options: Dict[str, bool]) -> None:
    target = "/a/../b//%20c?y=2&x=1"
    signed = Signer().sign(target=target, **dict(SIGNED, **options))
    arguments = ["http://example.com" + target] + OPTIONS + flags
    assert pairs_of(sign(*arguments)) == list(signed.headers)
    document = json.loads(sign(*arguments, "--format", "json"))
    assert document == dict(signed._asdict(), headers=[list(pair) for pair in signed.headers])
    presign_options = {name: value for name, value in options.items() if name != "sign_body"}
    presigned = Signer().presign(target=target, expires=604800, **dict(SIGNED, **presign_options))
    assert sign(*arguments, "--presign", "604800") == "http://example.com" + presigned.target
    assert (
        json.loads(sign(*arguments, "--presign", "604800", "--format", "json"))
        == presigned._asdict()
    )


def test_what_the_options_mean() -> None:
    def canonical(*flags: str) -> List[str]:
        text = json.loads(
            sign("http://example.com/a/../b//%20c", *OPTIONS, *flags, "--format", "json")
        )["canonical_request"]
        return text.split("\n")

    assert canonical()[:3] == ["PUT", "/b/%2520c", ""]
    assert canonical("--no-normalize")[1] == "/a/../b//%2520c"
    assert canonical("--single-encode")[1] == "/b/%20c"
    assert canonical()[-2] == "host;x-amz-date;x-amz-security-token"
    assert canonical("--omit-session-token")[-2] == "host;x-amz-date"
    assert (
        canonical("--sign-body")[-2] == "host;x-amz-content-sha256;x-amz-date;x-amz-security-token"
    )


def test_stages_as_text() -> None:
    signed = Signer().sign(target="/x", **SIGNED)
    sent = "\n".join("{}: {}".format(*pair) for pair in signed.headers)
    assert sign("http://example.com/x", *OPTIONS, "--format", "stages") == (
        "canonical_request\n%s\n\nstring_to_sign\n%s\n\nsignature\n%s\n\nsend\n%s"
        % (signed[:3] + (sent,))
    )
    presigned = Signer().presign(target="/x", expires=60, **SIGNED)
    assert sign("http://example.com/x", *OPTIONS, "--format", "stages", "--presign", "60") == (
        "canonical_request\n{}\n\nstring_to_sign\n{}\n\nsignature\n{}\n\nsend\nhttp://example.com{}".format(
            *presigned
        )
    )


def test_a_presigned_url_verifies() -> None:
    url = sign(URL + "?a=b", "--method", "GET", "--presign", "300", "--time", DATE)
    target = url[len("https://" + HOST) :]
    assert target.startswith(PATH + "?") and "X-Amz-Expires=300" in target
    verify("GET", target, [("Host", HOST)], b"", CREDENTIALS, "us-east-1", "sagemaker", DATE)
    with pytest.raises(SignatureError):
        verify(
            "GET",
            target.replace("a=b", "a=c"),
            [("Host", HOST)],
            b"",
            CREDENTIALS,
            "us-east-1",
            "sagemaker",
            DATE,
        )


def test_octets_of_a_header_stay_octets() -> None:
    text = call("sign", "http://h/", "--header", "X-Test: caf\xe9", "--time", DATE).stdout
    assert b"\nX-Test: caf\xe9\n" in text


@pytest.mark.parametrize(
    "case",
    [
        "get-vanilla",
        "get-vanilla-query",
        "get-vanilla-query-order-key-case",
        "get-header-value-trim",
        "get-header-key-duplicate",
        "post-header-key-sort",
        "post-x-www-form-urlencoded",
        "post-sts-header-after",
        "post-sts-header-before",
    ],
)
def test_published_cases(case: str) -> None:
    folder = corpora("sigv4-aws-c-auth", "v4", case)
    context = json.loads((folder / "context.json").read_text("utf-8"))
    head, _, body = (folder / "request.txt").read_text("utf-8").partition("\n\n")
    first, *lines = head.split("\n")
    method, target, _ = first.split(" ")
    host = next(line[5:] for line in lines if line.startswith("Host:"))
    arguments = [
        f"http://{host}{target}",
        "--method",
        method,
        "--service",
        context["service"],
        "--region",
        context["region"],
        "--time",
        re.sub("[-:]", "", context["timestamp"]),
        "--body",
        body,
        "--format",
        "json",
    ]
    arguments += ["--header=" + line for line in lines if line]
    arguments += ["--sign-body"] if context["sign_body"] else []
    arguments += ["--omit-session-token"] if context.get("omit_session_token") else []
    given_credentials = context["credentials"]
    environment = {
        "AWS_ACCESS_KEY_ID": given_credentials["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": given_credentials["secret_access_key"],
        "AWS_SESSION_TOKEN": given_credentials.get("token", ""),
    }
    for kind, more in (
        ("header", []),
        ("query", ["--presign", str(context["expiration_in_seconds"])]),
    ):
        if kind == "query" and context["sign_body"]:
            continue
        stages = json.loads(sign(*arguments, *more, environment=environment))
        for stage in ("canonical-request", "string-to-sign", "signature"):
            assert stages[stage.replace("-", "_")] == (folder / (f"{kind}-{stage}.txt")).read_text(
                "utf-8"
            ), (kind, stage)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([URL, "--header", "Content-Type"], "not a header (expected NAME:VALUE, got Content-Type)"),
        ([URL, "--header", ""], "not a header"),
        ([URL, "--header", ": x"], "header name is no token"),
        ([URL, "--header", "a b: x"], "header name is no token"),
        ([URL, "--header", "X-Test: a\nb"], "header value holds CR, LF or NUL"),
        ([URL, "--header", "X-Test: \u20ac"], "header value holds a character that is no octet"),
        ([URL, "--header", "Host:"], "there is no Host header"),
        ([URL, "--time", "2015-08-30"], "not an X-Amz-Date"),
        ([URL, "--time", "20150230T000000Z"], "not an X-Amz-Date"),
        ([URL, "--method", "GE T"], "method is no token"),
        ([URL, "--method", ""], "method is no token"),
        ([URL, "--service", "a/b"], "service cannot stand in a credential scope"),
        ([URL, "--region", "a b"], "region cannot stand in a credential scope"),
        ([URL, "--presign", "0"], "expires out of range"),
        ([URL, "--presign", "604801"], "expires out of range"),
        ([URL, "--presign", "x"], "argument --presign: invalid int value: 'x'"),
        ([URL, "--format", "raw"], "invalid choice: 'raw'"),
    ],
)
def test_sign_usage(arguments: List[str], words: str) -> None:
    result = call("sign", *arguments)
    failed(result, 2, words)
    assert result.stdout == b""


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "/path",
        "ftp://h/",
        "http://h:99999/",
        "http://h/ x",
        "http://h/#f",
        "?x=y",
    ],
)
def test_sign_a_url_that_cannot_be_used(url: str) -> None:
    failed(call("sign", url), 3, "endpoint URL cannot be used")


def test_a_clock_that_tells_no_date() -> None:
    failed(call("sign", URL, clock=lambda: 1e20), 2, "not a time")


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
@pytest.mark.parametrize("presign", [False, True])
def test_curl_sends_what_was_signed(endpoint: Endpoint, tmp_path: Path, presign: bool) -> None:
    url = endpoint.url + "/endpoints/frames-split/invocations-response-stream"
    (tmp_path / "body").write_text(BODY)
    options = ["--body", f"@{tmp_path / 'body'}"]
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", str(PATIENCE)]
    command += ["--data-binary", f"@{tmp_path / 'body'}"]
    if presign:
        command.append(sign(url, *options, "--presign", "60"))
    else:
        (tmp_path / "headers").write_text(
            sign(url, *options, "--header", "Content-Type: application/json")
        )
        command += ["-H", f"@{tmp_path / 'headers'}", url]
    answer = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE
    )
    assert (answer.returncode, answer.stderr) == (0, b"")
    assert answer.stdout == WHOLE
    seen = endpoint.calls[-1]
    assert seen.verified and seen.scenario == "frames-split" and seen.body == BODY.encode()
    assert urlsplit(seen.target).path == "/endpoints/frames-split/invocations-response-stream"
    assert lines_of(decode(answer.stdout).stdout) == STREAM_LINES


# ---- stdout and stdin that fail, in this process -----------------------------------------------------------------


class Broken(Sink):
    """A stdout that fails at its n-th write."""

    def __init__(self, error: BaseException, good: int = 0) -> None:
        super().__init__()
        self.error, self.good = error, good

    def write(self, data: Any) -> int:
        if self.good == 0:
            raise self.error
        self.good -= 1
        return super().write(data)


@pytest.mark.parametrize(
    "error, code, words",
    [
        (BrokenPipeError(32, "Broken pipe"), 141, "stdout was closed by its reader"),
        (
            OSError(28, "No space left on device"),
            2,
            "cannot read stdin or write stdout: No space left on device",
        ),
        (OSError("odd"), 2, "cannot read stdin or write stdout: odd"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 2, "the input does not fit into memory"),
    ],
)
def test_a_stdout_that_fails(
    endpoint: Endpoint, error: BaseException, code: int, words: str
) -> None:
    for stdout, run in (
        (Broken(error, 1), lambda out: invoke(endpoint, "frames-split", stdout=out)),
        (Broken(error, 1), lambda out: decode(WHOLE, stdout=out)),
        (Broken(error), lambda out: call("sign", URL, stdout=out)),
    ):
        result = run(stdout)
        assert failed(result, code) == "refimpl: " + words
        assert len(result.flushed) <= 1


def test_a_stdin_that_fails(endpoint: Endpoint) -> None:
    class Unreadable(io.BytesIO):
        def read(self, size: Optional[int] = -1) -> bytes:
            raise OSError(5, "Input/output error")

    errors = io.StringIO()
    for arguments in (["decode"], ["invoke", "llm", "--endpoint-url", endpoint.url]):
        assert (
            cli.main(arguments, cli.Streams(Unreadable(), Sink(), errors, ENVIRONMENT, time.time))
            == 2
        )
    assert (
        errors.getvalue() == 2 * "refimpl: cannot read stdin or write stdout: Input/output error\n"
    )


# ---- run(), in this process --------------------------------------------------------------------------------------


def run_here(
    monkeypatch: pytest.MonkeyPatch,
    stdin: Any,
    stdout: Any,
    stderr: Any,
    *arguments: str,
    module: Optional[str] = None,
) -> Any:
    monkeypatch.setattr(sys, "argv", ["refimpl"] + list(arguments))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with monkeypatch.context() as streams:
        for name, stream_given in (("stdin", stdin), ("stdout", stdout), ("stderr", stderr)):
            streams.setattr(sys, name, stream_given)
        with pytest.raises(SystemExit) as end:
            if module is None:
                cli.run()
            else:
                runpy.run_module(module, run_name="__main__")
    return end.value.code


def text_stream(data: bytes = b"") -> Any:
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")


@pytest.mark.parametrize("module", [None, "refimpl"])
def test_run_hands_in_the_process_s_own_streams(
    monkeypatch: pytest.MonkeyPatch, module: Optional[str]
) -> None:
    stdout, stderr = text_stream(), io.StringIO()
    assert (
        run_here(
            monkeypatch, text_stream(FRAMES[0] + b"x"), stdout, stderr, "decode", module=module
        )
        == 7
    )
    assert [line["status"] for line in lines_of(stdout.buffer.getvalue())] == ["ok", "truncated"]
    one_line(stderr.getvalue())


def test_run_hands_in_the_process_s_own_environment_and_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stdout = text_stream()
    before = int(time.time())
    assert (
        run_here(monkeypatch, text_stream(), stdout, io.StringIO(), "sign", URL, "--format", "json")
        == 0
    )
    stages = json.loads(stdout.buffer.getvalue())
    date = dict(stages["headers"])["x-amz-date"]
    assert amz_date_of(before) <= date <= amz_date_of(time.time())
    assert dict(stages["headers"])["x-amz-security-token"] == TOKEN


@pytest.mark.parametrize(
    "stdin,stdout,told",
    [
        (None, text_stream(), "cannot read stdin or write stdout: stdin is closed"),
        (text_stream(), None, "stdout is closed"),
    ],
)
def test_run_with_a_closed_stream(
    monkeypatch: pytest.MonkeyPatch, stdin: Any, stdout: Any, told: str
) -> None:
    stderr = io.StringIO()
    assert run_here(monkeypatch, stdin, stdout, stderr, "decode") == 2
    assert one_line(stderr.getvalue()) == "refimpl: " + told
    assert run_here(monkeypatch, stdin, stdout, None, "decode") == 2


def test_run_without_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_here(monkeypatch, text_stream(b"x"), text_stream(), None, "decode") == 7


def test_run_with_a_pipe_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stderr = io.StringIO()
    stdout = open(writer, "w")  # noqa: SIM115 - closed below, where that would fail if anything were left to write
    assert run_here(monkeypatch, text_stream(FRAMES[0]), stdout, stderr, "decode") == 141
    assert one_line(stderr.getvalue()) == "refimpl: stdout was closed by its reader"
    stdout.close()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_run_keeps_the_code_of_the_help(
    monkeypatch: pytest.MonkeyPatch, arguments: List[str]
) -> None:
    stdout, stderr = text_stream(), io.StringIO()
    assert run_here(monkeypatch, text_stream(), stdout, stderr, *arguments) == 0
    assert stderr.getvalue() == "" and stdout.buffer.getvalue() != b""


@pytest.mark.parametrize(
    "error, code, words",
    [
        (BrokenPipeError(32, "Broken pipe"), 141, "cannot write stdout: Broken pipe"),
        (OSError(28, "No space left on device"), 2, "cannot write stdout: No space left on device"),
    ],
)
def test_run_with_a_stdout_that_fails_at_the_end(
    monkeypatch: pytest.MonkeyPatch, error: OSError, code: int, words: str
) -> None:
    """As the help's does, which nothing flushes before; an earlier fault keeps its code, and its one line."""

    class Unflushable(io.StringIO):
        buffer = io.BytesIO()

        def flush(self) -> None:
            raise error

        def fileno(self) -> int:
            return descriptor

    for arguments, expected in (
        (["--version"], code),
        (["frobnicate"], 2),
        (["sign", URL, "--region", "a b"], 2),
    ):
        descriptor = os.open(os.devnull, os.O_WRONLY)
        stderr = io.StringIO()
        try:
            assert (
                run_here(monkeypatch, text_stream(), Unflushable(), stderr, *arguments) == expected
            )
        finally:
            os.close(descriptor)
        line = one_line(stderr.getvalue())
        assert (line == "refimpl: " + words) == (arguments == ["--version"])


def test_an_interrupt_while_loading_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run", interrupted)
    stderr = io.StringIO()
    assert run_here(monkeypatch, text_stream(), text_stream(), stderr, module="refimpl") == 130
    assert stderr.getvalue() == ""


def test_main_may_be_imported_without_running() -> None:
    assert "run" not in runpy.run_module("refimpl.__main__", run_name="refimpl.__main__")


# ---- processes ---------------------------------------------------------------------------------------------------


def test_the_first_part_is_read_while_the_second_is_held_back() -> None:
    go = threading.Event()
    with held(part(b"one "), go, part(b"two ")) as endpoint, running(
        "invoke", "held", "--body", "x", "--endpoint-url", endpoint.url
    ) as process:
        assert process.stdout.read(4) == b"one "
        assert not go.is_set() and process.poll() is None
        go.set()
        assert process.stdout.read() == b"two "
        assert (process.wait(), process.stderr.read()) == (0, b"")


def test_the_first_event_line_is_read_while_the_second_is_held_back() -> None:
    go = threading.Event()
    with held(part(b"one "), go, part(b"two ")) as endpoint, running(
        "invoke", "held", "--body", "x", "--format", "events", "--endpoint-url", endpoint.url
    ) as process:
        assert process.stdout.readline() == b'{"PayloadPart":{"Bytes":"b25lIA=="}}\n'
        go.set()
        assert process.stdout.read() == b'{"PayloadPart":{"Bytes":"dHdvIA=="}}\n'
        assert process.wait() == 0


def test_decode_shows_a_frame_although_stdin_stays_open() -> None:
    with running("decode", stdin=subprocess.PIPE) as process:
        for frame, line in zip(FRAMES, STREAM_LINES):
            process.stdin.write(frame)
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == line
        process.stdin.close()
        assert process.stdout.read() == b""
        assert (process.wait(), process.stderr.read()) == (0, b"")


def test_decode_refuses_a_prelude_although_stdin_stays_open() -> None:
    with running("decode", stdin=subprocess.PIPE) as process:
        process.stdin.write(FRAMES[0] + b"not a frame,")
        process.stdin.flush()
        assert [json.loads(line)["status"] for line in process.stdout.readlines()] == [
            "ok",
            "prelude_crc",
        ]
        assert process.wait() == 7
        one_line(process.stderr.read().decode())


def test_a_reader_that_goes_away() -> None:
    """As `| head -c 4` does, but for sure before the second part comes."""
    go = threading.Event()
    with held(part(b"one "), go, part(b"two "), part(b"three")) as endpoint, running(
        "invoke", "held", "--body", "x", "--endpoint-url", endpoint.url
    ) as process:
        assert process.stdout.read(4) == b"one "
        process.stdout.close()
        go.set()
        assert process.wait() == 141
        assert (
            one_line(process.stderr.read().decode()) == "refimpl: stdout was closed by its reader"
        )


def test_head(endpoint: Endpoint) -> None:
    done = shell(
        '"$@" | head -c 5',
        "invoke",
        "long-answer-10000",
        "--body",
        "x",
        "--endpoint-url",
        endpoint.url,
    )
    assert done.stdout == b"token"
    assert one_line(done.stderr.decode()) == "refimpl: stdout was closed by its reader"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_head_of_the_help(tmp_path: Path, arguments: List[str]) -> None:
    code = tmp_path / "code"
    done = shell(f'{{ sleep 0.1; "$@"; echo $? >{code}; }} | true', *arguments)
    assert code.read_text() in ("0\n", "141\n")
    assert b"Exception" not in done.stderr and done.stderr.count(b"\n") <= 1


def test_an_interrupt(interruptible: None) -> None:
    go = threading.Event()
    with held(part(b"one "), go, part(b"two ")) as endpoint, running(
        "invoke", "held", "--body", "x", "--endpoint-url", endpoint.url
    ) as process:
        assert process.stdout.read(4) == b"one "
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert process.stdout.read() == b""
        assert one_line(process.stderr.read().decode()) == "refimpl: interrupted"


def test_an_interrupt_loses_nothing_of_a_document(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(exchange: Any, reader: Any) -> Iterator[Any]:
        for number, event in enumerate(events_of_exchange(exchange, reader)):
            if number == 2:
                raise KeyboardInterrupt
            yield event

    events_of_exchange = client._events
    monkeypatch.setattr(client, "_events", interrupted)
    result = invoke(endpoint, "default", "--format", "json")
    assert (result.code, one_line(result.stderr)) == (130, "refimpl: interrupted")
    assert [list(event) for event in json.loads(result.stdout.decode())["Body"]] == [
        ["PayloadPart"],
        ["PayloadPart"],
    ]


def test_an_interrupt_while_stdin_is_read(interruptible: None) -> None:
    with running("decode", stdin=subprocess.PIPE) as process:
        process.stdin.write(FRAMES[0])
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert one_line(process.stderr.read().decode()) == "refimpl: interrupted"


COMMANDS = [["invoke", "default", "--body", "x"], ["decode", "STREAM"], ["sign", URL]]


def full_command(arguments: List[str], endpoint: Endpoint, tmp_path: Path) -> List[str]:
    (tmp_path / "stream").write_bytes(WHOLE)
    command = [str(tmp_path / "stream") if text == "STREAM" else text for text in arguments]
    return command + (["--endpoint-url", endpoint.url] if command[0] == "invoke" else [])


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_closed_stdout(endpoint: Endpoint, tmp_path: Path, arguments: List[str]) -> None:
    done = shell('exec "$@" >&-', *full_command(arguments, endpoint, tmp_path))
    assert done.returncode == 2
    assert one_line(done.stderr.decode()) == "refimpl: stdout is closed"


@pytest.mark.parametrize(
    "arguments",
    [
        ["decode"],
        ["convert", "--shape", "ModelError", "--from", "json", "--to", "xml"],
        ["bridge"],
        ["sign", URL, "--body", "-"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_closed_stdin_that_is_read(arguments: List[str]) -> None:
    done = shell('exec "$@" <&-', *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert (
        one_line(done.stderr.decode())
        == "refimpl: cannot read stdin or write stdout: stdin is closed"
    )


def test_the_collector_leaves_alone_what_was_loaded() -> None:
    code = (
        "import gc, runpy, refimpl.cli\n"
        "refimpl.cli.run = lambda: print(gc.isenabled(), gc.get_freeze_count() > 1000)\n"
        "runpy.run_module('refimpl', run_name='__main__')"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=str(ROOT), stdout=subprocess.PIPE, check=True
    )
    assert told.stdout == b"True True\n"


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_closed_stdin_that_is_not_read(
    endpoint: Endpoint, tmp_path: Path, arguments: List[str]
) -> None:
    done = shell('exec "$@" <&-', *full_command(arguments, endpoint, tmp_path))
    assert (done.returncode, done.stderr) == (0, b"") and done.stdout


def test_a_closed_stderr(endpoint: Endpoint) -> None:
    done = shell(
        'exec "$@" 2>&-',
        "invoke",
        "model-stream-error-after-3",
        "--body",
        "x",
        "--endpoint-url",
        endpoint.url,
    )
    assert (done.returncode, done.stdout) == (6, b"token 0 token 1 token 2 ")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["--help"], ["invoke", "--help"], ["--version"]])
def test_the_help_on_a_full_device(arguments: List[str]) -> None:
    done = shell('exec "$@" >/dev/full', *arguments)
    assert "No space left on device" in one_line(done.stderr.decode())
    assert done.returncode == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_full_device(endpoint: Endpoint, tmp_path: Path, arguments: List[str]) -> None:
    done = shell('exec "$@" >/dev/full', *full_command(arguments, endpoint, tmp_path))
    assert (
        one_line(done.stderr.decode())
        == "refimpl: cannot read stdin or write stdout: No space left on device"
    )
    assert done.returncode == 2


@pytest.mark.parametrize("python", ["", "oldest"])
def test_python_m_refimpl(endpoint: Endpoint, python: str) -> None:
    program = sys.executable if not python else oldest_python()
    arguments = ["invoke", "stream-broken-middle", "--body", "x", "--endpoint-url", endpoint.url]
    done = shell('exec "$@"', *arguments, program=program, PYTHONWARNINGS="error")
    assert (done.returncode, done.stdout) == (6, b"one two ")
    assert "exception: ModelStreamError: The model's stream broke." in one_line(
        done.stderr.decode()
    )


def oldest_python() -> str:
    """Return a Python 3.6, or skip the test that asks for it."""
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    found = sorted(str(path) for path in versions.glob("3.6.*/bin/python3")) + [
        shutil.which("python3.6") or ""
    ]
    if not found[0]:
        pytest.skip("no Python 3.6 here")
    return found[0]
