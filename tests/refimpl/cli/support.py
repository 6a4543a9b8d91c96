# SPDX-License-Identifier: MIT
"""Shared by the tests of the command line: running a command, and checking its output.

`call` runs main() in this process with given streams. `running` and `shell` start a process, for
signals, pipes and closed descriptors. Tests wait for events, not for seconds: the endpoint holds a
part back until the test has read the part before it.

one_line checks every line on stderr: there is exactly one, it begins with the program's name, it
cannot move a cursor, and it contains no key, token, body or sensitive member.
"""

import base64
import io
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import pytest

from conformance import scenarios
from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.scenarios.build import FRAMES, document, failure, part, raw_frame, stream
from conformance.endpoint.scenarios.model import STREAM_HEADERS, Expect, Response, Scenario
from conformance.endpoint.server import Endpoint
from refimpl import cli
from refimpl.sigv4 import Credentials
from tests.support import one_of_each, run_module

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "EXAMPLE/SESSION+TOKEN=="
BODY = '{"inputs": "a body that nobody may see"}'
ATTRIBUTES = "accept_eula=sensitive"
SECRETS = (SECRET_KEY, TOKEN, BODY, "nobody may see", ATTRIBUTES)
OTHER_SECRET_KEY = SECRET_KEY.replace("+", "/")  # AWS publishes both spellings
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_SESSION_TOKEN": TOKEN,
    "AWS_REGION": "us-east-1",
    "AWS_MAX_ATTEMPTS": "1",
}
CREDENTIALS = Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)
DATE, SECONDS = "20150830T123600Z", 1440938160
PATIENCE = 30  # seconds before a watchdog ends a test that hangs


# ---- one run in this process -------------------------------------------------------------------


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


class Sink(io.BytesIO):
    """A stdout that records its content at each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed: List[bytes] = []

    def flush(self) -> None:
        self.flushed.append(self.getvalue())


class TerminalSink(Sink):
    def isatty(self) -> bool:
        return True


class Result(NamedTuple):
    """The result of a command. flushed: the content of stdout at each flush"""

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
    """Check that stderr is one safe line. Return it without its end."""
    assert stderr.endswith("\n") and stderr.count("\n") == 1, stderr
    line = stderr[:-1]
    assert line.startswith("refimpl: ") and line.isprintable(), stderr
    assert "Traceback" not in line
    for secret in SECRETS:
        assert secret in allowed or secret not in line, line
    return line


def failed(result: Result, code: int, *words: str) -> str:
    """Check the exit code and that stderr is one line with the words. Return the line."""
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


# ---- runs in processes of their own ------------------------------------------------------------


def shell_environment(**more: str) -> Dict[str, str]:
    """Return the environment of a process: this one's without AWS variables, stdout buffered."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and name != "PYTHONUNBUFFERED"
    }
    return dict(kept, **dict(ENVIRONMENT, **more))


@contextmanager
def running(*arguments: str, **options: Any) -> Iterator[Any]:
    """Start `python3 -m refimpl`. Kill it after PATIENCE seconds and at the end."""
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


class Held:
    """The steps of a response, some of which wait for a threading.Event."""

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
    """Yield an endpoint whose scenario `held` plays these steps. At the end, release all steps."""
    scenario = Scenario(
        "held", "", "", Expect("ok"), Response(Held(*steps), headers=STREAM_HEADERS)
    )
    with Endpoint(scenarios={"held": scenario}) as endpoint:
        try:
            yield endpoint
        finally:
            for step in steps:
                if not isinstance(step, bytes):
                    step.set()


# ---- invoke: what the endpoint's scenarios ask for ---------------------------------------------

HOSTILE = "\x1b[31mred\x1b]0;title\x07 \rback\nsecond line\x00\x9b2J\u202e\u2028\ud800"


def scenario(name: str, answer: Response) -> Scenario:
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
            Response(
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
    """Return the exit code for an outcome, as CLI-001 defines it."""
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
TIMED_OUT = {name for name in EXAMPLES if EXAMPLES[name].expect.kind == "timeout"}


def outcome_of(name: str) -> Tuple[int, Optional[str], bool]:
    expect = EXAMPLES[name].expect
    return expected_code(expect), expect.kind, bool(expect.parts)


# `conformance run` plays all scenarios. The tests of the command line need each outcome once.
PLAYED = one_of_each(EXAMPLES, outcome_of)


# ---- convert -----------------------------------------------------------------------------------


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


# ---- invoke: text ------------------------------------------------------------------------------

CHAT = (
    b'data: {"choices":[{"delta":{"content":"Hel"}}]}\r\n\r',
    b'\ndata: {"choices":[{"delta":{"content":"lo ',
    "€".encode()[:1],
    "€".encode()[1:] + b'"}}]}\n\n',
    b"data: [DONE]",
)


# ---- invoke: what is sent ----------------------------------------------------------------------

FLAGS = {  # flag, header and value of each input member except name and body
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


# ---- invoke: the body --------------------------------------------------------------------------


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


# ---- invoke: usage, configuration, network -----------------------------------------------------


def without(*names: str) -> Dict[str, str]:
    return {name: value for name, value in ENVIRONMENT.items() if name not in names}


# ---- help, version, arguments of any kind ------------------------------------------------------


def printable(stderr: str) -> bool:
    return all(line.isprintable() for line in stderr.split("\n"))


# ---- decode ------------------------------------------------------------------------------------

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


# ---- sign --------------------------------------------------------------------------------------

URL = "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/llm/invocations-response-stream"
HOST = "runtime.sagemaker.us-east-1.amazonaws.com"
PATH = "/endpoints/llm/invocations-response-stream"


def sign(*arguments: str, **options: Any) -> str:
    result = call("sign", *arguments, **options)
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.endswith(b"\n") and result.flushed == [result.stdout]
    return result.stdout.decode("latin-1")[:-1]


# ---- run(), in this process --------------------------------------------------------------------


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
                run_module(module, run_name="__main__")
    return end.value.code


def text_stream(data: bytes = b"") -> Any:
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")
