# SPDX-License-Identifier: MIT
"""Tests of conformance.cli, conformance.__main__ and conformance.demo, and of our client.

The client plays every scenario, and some numbers of each template, over sockets. The results are
compared with what a correct client does according to the scenario. Commands run in this process
with given streams, or as processes if a test is about signals or file descriptors.
"""

import io
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple
from urllib.parse import urlsplit

import pytest

from conformance import cli, demo, files, scenarios
from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.scenarios import catalogue, examples, listing
from conformance.endpoint.scenarios.model import Expect, Scenario, Template
from conformance.endpoint.scenarios.streams import TOKENS
from conformance.endpoint.server import Call, Endpoint
from conformance.report.json_report import vectors_version
from refimpl.client import Client
from refimpl.errors import Error, NetworkError, ServiceError
from refimpl.shapes import InvokeEndpointWithResponseStreamOutput, PayloadPart
from refimpl.sigv4 import Credentials
from refimpl.version import VERSION
from tests.rawserver import RawServer
from tests.rows import first_fast, for_each
from tests.support import one_of_each, run_module

ROOT = Path(__file__).resolve().parents[2]
CREDENTIALS = Credentials(ACCESS_KEY, SECRET_KEY)
PATIENCE = 30.0  # seconds; only a watchdog: what is waited for comes at once, or the test fails
STALL_TIMEOUT = 2.0  # seconds; all that stall are played at once
TEXT = b"".join(TOKENS)
BODY = b'{"inputs": "Hi"}'


# ---- our client is right on every scenario -----------------------------------------------------

NUMBERS = (
    2,
    17,
    108,
    109,
    110,
    200,
    217,
    218,
    300,
    326,
    327,
    328,
)  # the frames of the cut streams end at 109, 218 and 328


def catalogue_examples() -> Dict[str, Scenario]:
    """Return every scenario and, of every template, its own examples and some more."""
    found = {scenario.name: scenario for scenario in examples()}
    for template in catalogue().values():
        if isinstance(template, Template):
            found.update((made.name, made) for made in map(template.make, NUMBERS))
    return found


EXAMPLES = catalogue_examples()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(pace=0, fallback="default") as running_endpoint:
        yield running_endpoint


def client_for(endpoint: Endpoint, **options: Any) -> Client:
    return Client(
        region="us-east-1",
        endpoint_url=endpoint.url,
        credentials=CREDENTIALS,
        environment={},
        max_attempts=1,
        **options,
    )


def outcome(client: Client, name: str) -> Expect:
    """Return the client's result of a scenario in the terms of the scenarios."""
    parts: List[bytes] = []
    response = None
    try:
        with client.invoke_endpoint_with_response_stream(endpoint_name=name, body=BODY) as response:
            for event in response.body:
                assert type(event) is PayloadPart
                parts.append(event.bytes)
    except Error as error:
        fields = {
            field.member: getattr(error, field.attribute)
            for field in getattr(error, "fields", ())
            if field.member != "Message"
        }
        return Expect(
            "reject",
            error.kind,
            code=error.code,
            message=error.message,
            http_status=error.status,
            parts=tuple(parts),
            fields={member: value for member, value in fields.items() if value is not None},
            output=output_of(response),
            skipped=response.unknown_events if response is not None else 0,
        )
    return Expect(
        "ok",
        http_status=response.status,
        parts=tuple(parts),
        output=output_of(response),
        skipped=response.unknown_events,
    )


def output_of(response: Any) -> Optional[Dict[str, str]]:
    if response is None:
        return None
    fields = [
        field
        for field in InvokeEndpointWithResponseStreamOutput.fields
        if field.location == "header"
    ]
    members = {field.member: getattr(response, field.attribute) for field in fields}
    return {member: value for member, value in members.items() if value is not None}


TIMED_OUT = [name for name in sorted(EXAMPLES) if EXAMPLES[name].expect.kind == "timeout"]


@pytest.fixture(scope="module")
def timed_out(endpoint: Endpoint) -> Dict[str, Expect]:
    """Return the client's results of the scenarios that end with a timeout."""
    client = client_for(endpoint, read_timeout=STALL_TIMEOUT)
    with ThreadPoolExecutor(len(TIMED_OUT)) as pool:
        return dict(zip(TIMED_OUT, pool.map(lambda name: outcome(client, name), TIMED_OUT)))


def outcome_kind(name: str) -> Tuple[Any, ...]:
    """Return what distinguishes the outcomes of scenarios. `conformance run` plays all of them."""
    expect = EXAMPLES[name].expect
    return (expect.status, expect.kind, expect.code, bool(expect.parts), bool(expect.skipped))


@pytest.mark.slow
def test_our_client_times_out_where_it_must(timed_out: Dict[str, Expect]) -> None:
    for name, seen in timed_out.items():
        judge(seen, EXAMPLES[name].expect)


@pytest.mark.slow
@pytest.mark.parametrize("name", one_of_each(set(EXAMPLES) - set(TIMED_OUT), outcome_kind))
def test_our_client_is_right_on_each_outcome(endpoint: Endpoint, name: str) -> None:
    judge(outcome(client_for(endpoint, read_timeout=PATIENCE), name), EXAMPLES[name].expect)
    call = endpoint.calls[-1]
    assert (call.scenario, call.verified, call.body) == (name, True, BODY)


def judge(seen: Expect, expect: Expect) -> None:
    """Compare what the client made of a scenario with what a correct client makes of it."""
    assert (seen.status, seen.parts, seen.skipped) == (expect.status, expect.parts, expect.skipped)
    assert seen.kind == expect.kind or seen.kind in expect.also
    for judged in ("code", "message", "fields", "http_status", "output"):
        if getattr(expect, judged) is not None:
            assert getattr(seen, judged) == getattr(expect, judged), judged


def test_the_examples_leave_no_entry_out() -> None:
    for name, entry in catalogue().items():
        if isinstance(entry, Template):
            family = name[:-1]
            assert {family + str(number) for number in NUMBERS + entry.examples} <= set(EXAMPLES)
        else:
            assert EXAMPLES[name] is entry
    assert {scenario.expect.status for scenario in EXAMPLES.values()} == {"ok", "reject"}


def test_what_is_not_judged_is_judged_nowhere_by_mistake() -> None:
    """A rejection without parts in a scenario means that there are none."""
    assert all(
        scenario.expect.parts == ()
        for scenario in EXAMPLES.values()
        if scenario.expect.output is None
    )


def test_no_redirect_is_followed(endpoint: Endpoint) -> None:
    """An endpoint would respond at the target of the redirects."""
    before = len(endpoint.calls)
    for name in catalogue():
        if name.startswith("redirect-"):
            assert outcome(client_for(endpoint), name).kind == "http"
    names = [call.scenario for call in endpoint.calls[before:]]
    assert "redirected" not in names and len(names) == len(
        [name for name in catalogue() if name.startswith("redirect-")]
    )
    assert outcome(client_for(endpoint), "redirected").status == "ok"


def test_a_failed_call_is_not_made_again() -> None:
    with Endpoint(pace=0, fallback="default") as endpoint:
        for name in ("error-503", "error-429", "close-before-head", "truncated-chunked-at-0"):
            assert outcome(client_for(endpoint), name).status == "reject"
        assert [call.scenario for call in endpoint.calls] == [
            "error-503",
            "error-429",
            "close-before-head",
            "truncated-chunked-at-0",
        ]


# ---- commands in this process ------------------------------------------------------------------


class Result(NamedTuple):
    code: int
    stdout: bytes
    stderr: str


def call(*arguments: str, stdout: Any = None) -> Result:
    sink, errors = io.BytesIO() if stdout is None else stdout, io.StringIO()
    code = cli.main(arguments, cli.Streams(sink, errors))
    return Result(code, sink.getvalue(), errors.getvalue())


def one_line(stderr: str) -> str:
    assert stderr.endswith("\n") and stderr.count("\n") == 1, stderr
    line = stderr[:-1]
    assert line.startswith("conformance: ") and line.isprintable() and "Traceback" not in line
    return line


@pytest.mark.slow
@for_each(
    "arguments, words",
    [
        (
            [],
            "no command (expected demo, run, list, show, dump, badge, frames, mutants, prove, "
            "trace, serve, check, record, replay, implementations; --help describes them)",
        ),
        (["run", "--jobs", "\u00b2"], "argument --jobs: expected 1 to 256, got '\u00b2'"),
        (
            ["prove", "--budget", "\u00b2"],
            "argument --budget: expected 1 to 86400 seconds, got '\u00b2'",
        ),
        (["frobnicate"], "invalid choice: 'frobnicate'"),
        (["demo", "extra"], "unrecognized arguments: extra"),
        (["demo", "--port", "1"], "unrecognized arguments: --port 1"),
        (["serve", "--port"], "--port: expected one argument"),
        (["serve", "--port", "x"], "--port: invalid int value: 'x'"),
        (["serve", "--port", "65536"], "invalid port (expected 0 to 65535, got 65536"),
        (["serve", "--port=-1"], "invalid port (expected 0 to 65535, got -1"),
        (["serve", "--port", "99999999999999999999"], "invalid port"),
        (["serve", "--cert", "a", "--key", "b"], "expected --tls, --cert FILE and --key FILE"),
        (["serve", "--tls", "--key", "b"], "expected --tls, --cert FILE and --key FILE"),
        (["serve", "--tls", "--cert", "a", "--key", "b"], "not a file"),
        (["serve", "--pace", "60.1"], "expected 0 to 60 seconds, got '60.1'"),
        (["serve", "--pace=-0.1"], "expected 0 to 60 seconds, got '-0.1'"),
        (["serve", "--fallback", "eror-424"], "no such scenario (expected error-424 or"),
        (["serve", "--container", "x"], "not the URL of a container"),
        (["serve", "--platform-limits"], "--platform-limits needs --container"),
        (["serve", "--scenarios", "missing.py"], "cannot read missing.py (expected a Python file)"),
        (["serve", "--latency", "61"], "expected 0 to 60 seconds, got '61'"),
        (["serve", "--host", "192.0.2.1"], "cannot listen on port 0"),
        (["demo", "--pace", "nan"], "expected 0 to 60 seconds, got 'nan'"),
        (["demo", "--pace", "inf"], "expected 0 to 60 seconds, got 'inf'"),
        (["demo", "--pace", "\x1b[2J"], "\\x1b[2J"),
        (
            ["mutants", "--only", "no-such-*"],
            "no mutant matches (expected one of python3 -m conformance mutants",
        ),
        (["prove", "--rule", "EVS-999"], "no mutant matches"),
        (
            ["prove", "--generated", "--module", "transport"],
            "no mutants are generated from that module (expected eventstream",
        ),
        (["prove", "--budget", "0"], "expected 1 to 86400 seconds, got '0'"),
        (["prove", "--budget", "1.5"], "expected 1 to 86400 seconds, got '1.5'"),
        (["prove", "--jobs", "0"], "expected 1 to 256, got '0'"),
        (["trace", "EVS-001"], "unrecognized arguments: EVS-001"),
    ],
)
def test_usage(arguments: List[str], words: str) -> None:
    result = call(*arguments)
    assert words in one_line(result.stderr)
    assert (result.code, result.stdout) == (2, b"")


def test_a_pace_that_is_no_number_is_told_in_the_user_s_words() -> None:
    result = call("demo", "--pace", "x")
    assert result.code == 2
    line = one_line(result.stderr)
    assert "'x'" in line and "_seconds" not in line


def test_mutants_are_listed_a_line_each() -> None:
    result = call("mutants", "--rule", "EVS-014", "--only", "duplicate-name")
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.decode("ascii").split(None, 2) == [
        "EVS-014",
        "duplicate-name",
        "uses the last of two headers with the same name\n",
    ]
    assert len(call("mutants").stdout.splitlines()) > 400


def test_prove_and_trace_hand_over_what_they_were_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from conformance import trace
    from conformance.mutation import prove

    seen: List[Any] = []
    monkeypatch.setattr(
        prove, "prove_suite", lambda options, say: seen.append(options) or say("a line")
    )
    monkeypatch.setattr(trace, "trace_suite", lambda options, say: seen.append(options) or 1)
    assert call("prove", "--generated", "--module", "http1", "--budget", "7", "--report", "f") == (
        0,
        b"a line\n",
        "",
    )
    assert call("trace", "--write").code == 1
    assert (seen[0].generated, seen[0].module, seen[0].budget, seen[0].report, seen[0].timeout) == (
        True,
        ["http1"],
        7.0,
        "f",
        10.0,
    )
    assert seen[1].write is True

    def fails(options: Any, say: Any) -> None:
        raise prove.ProofFailed("the vectors do not kill every mutant")

    monkeypatch.setattr(prove, "prove_suite", fails)
    result = call("prove")
    assert (result.code, one_line(result.stderr)) == (
        1,
        "conformance: the vectors do not kill every mutant",
    )


@pytest.mark.parametrize("command", ["mutants", "prove", "trace"])
def test_a_wheel_has_no_mutation_tests(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("conformance.mutation")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "conformance.trace", raising=False)
    monkeypatch.setitem(sys.modules, "conformance.mutation", None)
    result = call(command)
    assert (result.code, result.stdout) == (2, b"")
    assert f"{command} needs a checkout of the project" in one_line(result.stderr)


@pytest.mark.slow
def test_the_command_line_loads_no_mutation_tests() -> None:
    program = "import sys, conformance.cli; print([n for n in sys.modules if 'mutation' in n])"
    printed = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT)
    assert printed.strip() == b"[]"


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        (["--help"], "demo | run | list"),
        (["serve", "--help"], "--port PORT"),
        (["demo", "-h"], "--pace S"),
    ):
        with pytest.raises(SystemExit) as end:
            call(*arguments)
        assert end.value.code == 0
        assert words in capsys.readouterr().out


def test_versions_of_the_code_and_of_the_vectors(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call("--version")
    assert end.value.code == 0
    assert capsys.readouterr() == (f"{VERSION} (vectors {vectors_version()})\n", "")


def test_the_list_names_every_scenario() -> None:
    result = call("serve", "--list")
    assert (result.code, result.stderr) == (0, "")
    lines = result.stdout.decode("utf-8").split("\n")
    assert lines.pop() == ""
    rows = [
        (name, title[4:], must[4:])
        for name, title, must in zip(lines[::3], lines[1::3], lines[2::3])
    ]
    assert rows == listing() and len(lines) == 3 * len(rows)
    assert all(line.startswith("    ") == (number % 3 != 0) for number, line in enumerate(lines))


def test_a_port_in_use(endpoint: Endpoint) -> None:
    port = str(urlsplit(endpoint.url).port)
    result = call("serve", "--port", port)
    assert (result.code, result.stdout) == (2, b"")
    assert f"cannot listen on port {port}: Address already in use" in one_line(result.stderr)


class Interrupting:
    """Replaces the Event that `serve` waits for: runs the test's function, then interrupts."""

    def __init__(self, meanwhile: Any) -> None:
        self.meanwhile = meanwhile

    def __call__(self) -> "Interrupting":
        return self

    def wait(self, timeout: Optional[float] = None) -> None:
        self.meanwhile()
        raise KeyboardInterrupt


def test_serve_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = io.BytesIO()
    seen: List[Any] = []

    def meanwhile() -> None:
        line, end, rest = stdout.getvalue().partition(b"\n")
        assert end == b"\n" and rest == b"" and re.match(rb"http://127\.0\.0\.1:[0-9]+\Z", line)
        client = Client(
            region="eu-west-1",
            endpoint_url=line.decode("ascii"),
            credentials=CREDENTIALS,
            environment={},
        )
        seen.append(outcome(client, "frames-split"))
        seen.append(line)

    monkeypatch.setattr(cli, "threading", SimpleNamespace(Event=Interrupting(meanwhile)))
    result = call("serve", "--pace", "0", stdout=stdout)
    assert result.code == 130
    assert seen[0] == EXAMPLES["frames-split"].expect
    assert result.stdout == seen[1] + b"\n"
    assert re.match(
        r"POST /endpoints/frames-split/invocations-response-stream "
        r"scenario frames-split; 3 frames, [0-9]+ bytes\n\Z",
        result.stderr,
    )
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(seen[1].decode()).port)).close()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl program here")
def test_serve_with_tls() -> None:
    with serving("--tls", "--pace", "0") as (process, url):
        assert re.match(r"https://127\.0\.0\.1:[1-9][0-9]*\Z", url)
        name, _, path = process.stdout.readline().decode().rstrip("\n").partition("=")
        assert name == "AWS_CA_BUNDLE" and os.path.isfile(path)
        folder = os.path.dirname(path)
        client = Client(
            region="us-east-1",
            endpoint_url=url,
            credentials=CREDENTIALS,
            environment={name: path},
            read_timeout=PATIENCE,
            max_attempts=1,
        )
        for scenario in one_of_each(set(EXAMPLES) - set(TIMED_OUT), outcome_kind):
            judge(outcome(client, scenario), EXAMPLES[scenario].expect)
        chosen = ("--tls", "--cert", folder + "/server.pem", "--key", folder + "/server.key")
        with serving(*chosen) as (_, second):
            client = Client(
                region="us-east-1",
                endpoint_url=second,
                credentials=CREDENTIALS,
                environment={name: path},
            )
            assert outcome(client, "default").status == "ok"
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130 and process.stdout.read() == b""
        assert not os.path.exists(folder)


@pytest.mark.slow
def test_serve_with_credentials_services(tmp_path: Path) -> None:
    with serving("--credentials-services", "--pace", "0") as (process, url):
        found = [process.stdout.readline().decode().rstrip("\n").split("=", 1) for _ in range(5)]
        environment = dict(found, HOME=str(tmp_path))
        assert set(environment) == {
            "AWS_ENDPOINT_URL_STS",
            "AWS_ENDPOINT_URL_SSO",
            "AWS_ENDPOINT_URL_SSO_OIDC",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "HOME",
        }
        # The container's agent first, then instance metadata.
        for _ in range(2):
            client = Client(region="us-east-1", endpoint_url=url, environment=environment)
            assert outcome(client, "default").status == "ok"
            environment.pop("AWS_CONTAINER_CREDENTIALS_FULL_URI", None)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        logged = process.stderr.read().decode()
        assert "GET /container-credentials: 200 OK\n" in logged
        assert "PUT /latest/api/token: 200 OK\n" in logged


def test_serve_with_tls_but_without_openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    result = call("serve", "--tls")
    assert (result.code, result.stdout) == (2, b"")
    assert "(expected --cert FILE and --key FILE, or the" in one_line(result.stderr)


def test_serve_at_the_port_and_pace_that_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: List[Dict[str, Any]] = []

    class Noted(cli.Endpoint):
        def __init__(self, **options: Any) -> None:
            made.append(options)
            super().__init__(**dict(options, port=0))

    monkeypatch.setattr(cli, "Endpoint", Noted)
    monkeypatch.setattr(cli, "threading", SimpleNamespace(Event=Interrupting(lambda: None)))
    for arguments in ([], ["--port", "8080", "--pace", "0.5"], ["--port", "0", "--pace", "60"]):
        assert call("serve", *arguments).code == 130
    assert [(options["port"], options["pace"]) for options in made] == [
        (0, None),
        (8080, 0.5),
        (0, 60.0),
    ]


@pytest.mark.slow
@for_each("command", [["serve", "--list"], ["serve"], ["demo", "--pace", "0"]])
@for_each(
    "error, code, stderr",
    [
        (BrokenPipeError(32, "Broken pipe"), 141, ""),
        (KeyboardInterrupt(), 130, ""),
        (OSError(28, "No space left on device"), 2, "conformance: No space left on device\n"),
        (
            IsADirectoryError(21, "Is a directory", "a\nfolder"),
            2,
            "conformance: a\\nfolder: Is a directory\n",
        ),
        (OSError(5, "odd\n\x1b[2J"), 2, "conformance: odd\\n\\x1b[2J\n"),
        (OSError("odd"), 2, "conformance: odd\n"),
        (MemoryError(), 2, "conformance: the input does not fit into memory\n"),
    ],
)
def test_a_stdout_that_fails(
    command: List[str], error: BaseException, code: int, stderr: str
) -> None:
    class Broken(io.BytesIO):
        def write(self, data: Any) -> int:
            raise error

    before = set(threading.enumerate())
    assert call(*command, stdout=Broken()) == Result(code, b"", stderr)
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(
    "error, words",
    [
        (NetworkError("cannot connect"), "conformance: cannot connect"),
        (ServiceError("no", code="X\x1b[2J"), "conformance: X\\x1b[2J: no"),
    ],
)
def test_a_demo_that_goes_wrong(monkeypatch: pytest.MonkeyPatch, error: Error, words: str) -> None:
    def wrong(*arguments: Any) -> None:
        raise error

    monkeypatch.setattr(cli, "run_demo", wrong)
    result = call("demo")
    assert (result.code, one_line(result.stderr)) == (1, words)


# ---- the demo ----------------------------------------------------------------------------------

ACCOUNT = (
    "\n"
    "request     POST /endpoints/demo/invocations-response-stream, 38 bytes of body\n"
    "signature   verified by the endpoint "
    "(AWS Signature Version 4, service sagemaker, region us-east-1)\n"
    "response    HTTP 200, text/plain; charset=utf-8, variant AllTraffic, request id %s\n"
    "stream      %d frames, %d bytes on the wire, %d bytes of payload, "
    "each frame's two checksums verified\n"
    "time        first part after %d ms, last after %d ms\n"
)


class Sink(io.BytesIO):
    def __init__(self) -> None:
        super().__init__()
        self.flushed: List[bytes] = []

    def flush(self) -> None:
        self.flushed.append(self.getvalue())


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> List[Endpoint]:
    """Return the endpoints that the demo creates."""
    endpoints: List[Endpoint] = []

    class Kept(Endpoint):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.options = options
            endpoints.append(self)

    monkeypatch.setattr(demo, "Endpoint", Kept)
    return endpoints


def test_the_demo_tells_what_both_sides_saw(made: List[Endpoint]) -> None:
    stdout, account = Sink(), io.StringIO()
    clock = itertools.count(5)  # seconds: at the start, at the first part, at the end
    demo.run_demo(stdout, account, 0, lambda: float(next(clock)))
    assert stdout.getvalue() == TEXT + b"\n"
    assert stdout.flushed[:-1] == [
        TEXT[: sum(map(len, TOKENS[:count]))] for count in range(1, len(TOKENS) + 1)
    ]
    seen: Call = made[0].calls[0]
    assert (
        made[0].calls == [seen]
        and seen.verified
        and seen.scenario == "default"
        and len(seen.body) == 38
    )
    request_id = re.search("request id ([0-9a-f-]{36})\n", account.getvalue())
    assert request_id is not None
    assert account.getvalue() == ACCOUNT % (
        request_id.group(1),
        len(TOKENS),
        seen.bytes_sent,
        len(TEXT),
        1000,
        2000,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments, pace", [([], None), (["--pace", "0"], 0.0), (["--pace", "0.001"], 0.001)]
)
def test_the_demo_by_its_command(
    made: List[Endpoint], arguments: List[str], pace: Optional[float]
) -> None:
    result = call("demo", *arguments)
    assert (result.code, result.stdout) == (0, TEXT + b"\n")
    assert "\nsignature   verified by the endpoint" in result.stderr
    assert made[0].options["pace"] == pace


def test_what_is_no_part_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    invoke = Client.invoke_endpoint_with_response_stream

    def with_another_event(client: Client, **members: Any) -> Any:
        response = invoke(client, **members)
        response.body = itertools.chain([object()], response.body)  # type: ignore[assignment,list-item]
        return response

    monkeypatch.setattr(Client, "invoke_endpoint_with_response_stream", with_another_event)
    stdout, account = io.BytesIO(), io.StringIO()
    demo.run_demo(stdout, account, 0)
    assert stdout.getvalue() == TEXT + b"\n"
    assert f"{len(TEXT)} bytes of payload" in account.getvalue()


def test_the_demo_does_not_look_at_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE2")
    assert call("demo", "--pace", "0").code == 0


# ---- run(), in this process --------------------------------------------------------------------


def run_here(
    monkeypatch: pytest.MonkeyPatch,
    stdout: Any,
    stderr: Any,
    *arguments: str,
    module: Optional[str] = None,
) -> Any:
    monkeypatch.setattr(sys, "argv", ["conformance"] + list(arguments))
    with monkeypatch.context() as streams:
        streams.setattr(sys, "stdout", stdout)
        streams.setattr(sys, "stderr", stderr)
        with pytest.raises(SystemExit) as end:
            if module is None:
                cli.run()
            else:
                run_module(module, run_name="__main__")
    return end.value.code


@pytest.mark.parametrize("module", [None, "conformance"])
def test_run_hands_in_the_process_s_own_streams(
    monkeypatch: pytest.MonkeyPatch, module: Optional[str]
) -> None:
    stdout, stderr = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    assert run_here(monkeypatch, stdout, stderr, "demo", "--pace", "0", module=module) == 0
    assert stdout.buffer.getvalue() == TEXT + b"\n"  # type: ignore[attr-defined]
    assert "verified by the endpoint" in stderr.getvalue()
    assert run_here(monkeypatch, stdout, stderr, "frobnicate", module=module) == 2


def test_run_with_a_closed_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_here(monkeypatch, io.TextIOWrapper(io.BytesIO()), None, "demo") == 2
    assert run_here(monkeypatch, None, None, "demo") == 2
    stderr = io.StringIO()
    assert run_here(monkeypatch, None, stderr, "demo") == 2
    assert one_line(stderr.getvalue()) == "conformance: stdout is closed"


def test_run_with_a_pipe_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stdout = open(writer, "w")  # noqa: SIM115 - closed below, where that would fail if anything were left to write
    stderr = io.StringIO()
    assert run_here(monkeypatch, stdout, stderr, "serve", "--list") == 141
    assert stderr.getvalue() == ""
    stdout.close()


def test_an_interrupt_while_loading_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run", interrupted)
    stderr = io.StringIO()
    assert run_here(monkeypatch, io.StringIO(), stderr, module="conformance") == 130
    assert stderr.getvalue() == ""


def test_main_may_be_imported_without_running() -> None:
    assert "run" not in run_module("conformance.__main__", run_name="conformance.__main__")


# ---- processes ---------------------------------------------------------------------------------


def shell_environment() -> Dict[str, str]:
    """Return the environment of a process, without AWS variables and with buffered stdout."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and name != "PYTHONUNBUFFERED"
    }


def shell(script: str, *arguments: str) -> Any:
    """Run `script` in sh, where "$@" is the command."""
    command = ["sh", "-c", script, "sh", sys.executable, "-m", "conformance"] + list(arguments)
    return subprocess.run(
        command,
        cwd=str(ROOT),
        env=shell_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
    )


@contextmanager
def serving(*arguments: str, stderr: Any = subprocess.PIPE) -> Iterator[Tuple[Any, str]]:
    """Start `python3 -m conformance serve` and read its first line; kill it at the end."""
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's `&` lets its children ignore it
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance", "serve"] + list(arguments),
        cwd=str(ROOT),
        env=shell_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
    )
    signal.signal(signal.SIGINT, before)
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    try:
        yield process, process.stdout.readline().decode("ascii").rstrip("\n")  # type: ignore[union-attr]
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def invoke(url: str, name: str) -> Expect:
    return outcome(
        Client(region="us-east-1", endpoint_url=url, credentials=CREDENTIALS, environment={}), name
    )


@pytest.mark.slow
def test_the_demo_as_a_process() -> None:
    done = shell('exec "$@"', "demo", "--pace", "0")
    assert (done.returncode, done.stdout) == (0, TEXT + b"\n")
    account = done.stderr.decode()
    assert "\nsignature   verified by the endpoint (AWS Signature Version 4" in account
    assert f"\nstream      {len(TOKENS)} frames, " in account
    assert len(account.split("\n")) == 7


@pytest.mark.slow
def test_serve_answers_until_it_is_interrupted_and_leaves_nothing() -> None:
    with serving("--pace", "0") as (process, url):
        assert re.match(r"http://127\.0\.0\.1:[1-9][0-9]*\Z", url)
        assert invoke(url, "default") == EXAMPLES["default"].expect
        assert invoke(url, "error-424").code == "ModelError"
        port = urlsplit(url).port
        with socket.create_connection(
            ("127.0.0.1", port)
        ) as waiting:  # a client that has sent nothing yet
            process.send_signal(signal.SIGINT)
            assert process.wait() == 130
            with suppress(ConnectionResetError):  # where it was not even accepted yet
                assert waiting.recv(1) == b""
        assert process.stdout.read() == b""  # nothing but the URL
        logged = process.stderr.read().decode().splitlines()
        assert sorted(
            line.partition(";")[0] for line in logged[:2]
        ) == [  # each is logged by a separate thread after its response
            f"POST /endpoints/{name}/invocations-response-stream scenario {name}"
            for name in ("default", "error-424")
        ]
        assert not any("Traceback" in line for line in logged)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
    with serving("--port", str(port)) as (process, url):  # the port is free again
        assert url.endswith(f":{port}")
        assert invoke(url, "frames-split").status == "ok"


@pytest.mark.slow
def test_serve_with_another_clock() -> None:
    """Only a client that corrects its clock reaches the endpoint (RTY-008)."""
    with serving("--pace", "0", "--clock-skew", "-86400") as (_, url):
        for attempts, expected in ((1, False), (2, True)):
            client = Client(
                region="us-east-1",
                endpoint_url=url,
                credentials=CREDENTIALS,
                environment={},
                max_attempts=attempts,
            )
            assert (outcome(client, "default").status == "ok") == expected


@pytest.mark.slow
def test_serve_with_settings_of_a_user(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "def endpoints(sagemaker):\n    sagemaker.on('llm', lambda request: request.text.upper())\n"
    )
    arguments = ("--scenarios", str(path), "--bodies", "--variables", "--region", "eu-west-1")
    more = ("--any-keys", "--fallback", "frames-merged", "--latency", "0.01", "--http10")
    with serving(*arguments, *more) as (process, url):
        lines = dict(process.stdout.readline().decode().rstrip("\n").split("=") for _ in range(10))
        assert lines["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"] == url
        assert lines["AWS_REGION"] == "eu-west-1" and "" not in lines.values()
        environment = dict(lines)
        environment["AWS_ACCESS_KEY_ID"] = "AKIDOTHER"
        environment["PATH"] = os.environ.get("PATH", "")
        for name, text in (("llm", b"HI"), ("other", b"one two three")):
            command = [sys.executable, "-m", "refimpl", "invoke", name, "--body", "hi"]
            ran = subprocess.run(command, cwd=str(ROOT), env=environment, stdout=subprocess.PIPE)
            assert (ran.returncode, ran.stdout) == (0, text)
        process.send_signal(signal.SIGINT)
        process.wait()
        log = process.stderr.read().decode()
    assert "> body, 2 bytes: hi\n" in log and "scenario llm; 1 frames" in log


@pytest.mark.slow
def test_serve_in_front_of_a_container() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    with ExitStack() as stack:
        container = stack.enter_context(RawServer([answer], [answer]))
        served = serving("--container", container.url, "--platform-limits")
        process, url = stack.enter_context(served)
        found = invoke(url, "llm")
        assert (found.status, found.parts) == ("ok", (b"hi",))
        process.send_signal(signal.SIGINT)
        process.wait()
        log = process.stderr.read().decode()
    assert "the container answers GET /ping with 200\n" in log and "scenario container" in log


@pytest.mark.parametrize("value", ["a day", "1e12", "nan"])
def test_serve_rejects_a_clock_skew(value: str) -> None:
    result = call("serve", "--clock-skew", value)
    assert result.code == 2
    assert "expected seconds within ten years" in one_line(result.stderr)


@pytest.mark.slow
def test_serve_ends_at_once_also_while_an_answer_stalls() -> None:
    with serving("--pace", "0") as (process, url):
        client = Client(
            region="us-east-1",
            endpoint_url=url,
            credentials=CREDENTIALS,
            environment={},
            read_timeout=PATIENCE,
        )
        with client.invoke_endpoint_with_response_stream(
            endpoint_name="stall-between-parts", body=BODY
        ) as response:
            assert [next(response.body), next(response.body)] == [
                PayloadPart(bytes=b"one "),
                PayloadPart(bytes=b"two "),
            ]
            process.send_signal(signal.SIGINT)
            assert process.wait() == 130
            with pytest.raises(Error) as caught:
                next(response.body)
        assert caught.value.kind == "truncated"


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_serve_answers_although_its_log_cannot_be_written() -> None:
    with open("/dev/full", "w") as full, serving("--pace", "0", stderr=full) as (process, url):
        for _ in range(2):
            assert invoke(url, "default") == EXAMPLES["default"].expect
        assert process.poll() is None


@pytest.mark.slow
def test_head_of_the_list() -> None:
    done = shell('{ "$@"; echo $? >&2; } | head -n 1', "serve", "--list")
    assert done.stdout == b"default\n"
    assert done.stderr in (
        b"0\n",
        b"141\n",
    )  # the list fits into a pipe: it depends on who is first


@pytest.mark.slow
def test_a_reader_that_has_gone() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "demo", "--pace", "0"],
        cwd=str(ROOT),
        env=shell_environment(),
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize(
    "arguments", [["demo", "--pace", "0"], ["serve", "--list"]], ids=lambda arguments: arguments[0]
)
def test_a_full_device(arguments: List[str]) -> None:
    done = shell('exec "$@" >/dev/full', *arguments)
    assert "No space left on device" in one_line(done.stderr.decode())
    assert done.returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["demo"], ["serve"], ["serve", "--list"]])
def test_a_closed_stdout(arguments: List[str]) -> None:
    done = shell('exec "$@" >&-', *arguments)
    assert done.returncode == 2
    assert "stdout" in one_line(done.stderr.decode())


@pytest.mark.slow
def test_a_closed_stderr() -> None:
    done = shell('exec "$@" 2>&-', "demo", "--pace", "0")
    assert (done.returncode, done.stdout) == (2, b"")


def frames_command(
    monkeypatch: pytest.MonkeyPatch, arguments: List[str], given: bytes = b""
) -> Tuple[int, bytes, str]:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(given)))
    streams = cli.Streams(io.BytesIO(), io.StringIO())
    code = cli.main(["frames"] + arguments, streams)
    return code, streams.stdout.getvalue(), streams.stderr.getvalue()


def test_frames_there_and_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = (
        "frame :event-type='PayloadPart' payload('h\u00e9' 00) crc(wrong)\nbytes('rest')\n".encode(
            "utf-8"
        )
    )
    code, data, complaints = frames_command(monkeypatch, ["assemble"], text)
    assert (code, complaints) == (0, "") and data.endswith(b"rest")
    assert frames_command(monkeypatch, ["disassemble", "-"], data) == (0, text, "")
    (tmp_path / "body.bin").write_bytes(data)
    assert frames_command(monkeypatch, ["disassemble", str(tmp_path / "body.bin")]) == (0, text, "")


@pytest.mark.parametrize(
    "arguments, given, words",
    [
        (
            ["assemble"],
            b"frame\nframe h=",
            "conformance: line 2: unexpected text (expected a value, got the end of the text)\n",
        ),
        (["assemble"], b"frame h='\xff'", "conformance: the frame text is not UTF-8\n"),
        (["disassemble", "/nowhere/body.bin"], b"", "No such file or directory"),
        ([], b"", "action"),
        (["annotate"], b"", "annotate"),
    ],
)
def test_frames_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, arguments: List[str], given: bytes, words: str
) -> None:
    code, told, complaints = frames_command(monkeypatch, arguments, given)
    assert (code, told) == (2, b"") and words in complaints


def test_frames_without_a_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    streams = cli.Streams(io.BytesIO(), io.StringIO())
    assert cli.main(["frames", "assemble"], streams) == 2
    assert streams.stderr.getvalue() == "conformance: stdin is closed\n"


@pytest.mark.slow
def test_usage_as_a_process() -> None:
    done = shell('exec "$@"', "serve", "--port", "x")
    assert (done.returncode, done.stdout) == (2, b"")
    assert one_line(done.stderr.decode()) == "conformance: argument --port: invalid int value: 'x'"


def test_the_default_answer_is_the_demo_s() -> None:
    assert scenarios.find(demo.ENDPOINT_SCENARIO) is not None


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="no such signals here")
@pytest.mark.parametrize("name, code", first_fast([("SIGTERM", 143), ("SIGHUP", 129)]))
def test_a_signal_ends_a_hanging_adapter(name: str, code: int, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.py"
    adapter.write_text(
        "import json, os, sys, time\n"
        "sys.stdin.readline()\n"
        "print(json.dumps({'protocol': 1, 'implementation': {'name': 'n', 'version': '1', "
        "'language': 'l'}, 'operations': ['sigv4.sign']}), flush=True)\n"
        "sys.stdin.readline()\n"
        "with open(sys.argv[1] + '.new', 'w') as file:\n"
        "    file.write(str(os.getpid()))\n"
        "os.rename(sys.argv[1] + '.new', sys.argv[1])\n"
        "time.sleep(300)\n",
        encoding="utf-8",
    )
    pid_file = tmp_path / "pid"
    command = f"{sys.executable} {adapter} {pid_file}"
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance", "run", "--adapter", command, "--only", "sig-*"],
        cwd=files.ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(3000):
            if pid_file.exists():
                break
            time.sleep(0.01)
        process.send_signal(getattr(signal, name))
        assert process.wait(30) == code
    finally:
        process.kill()
        process.wait()
    pid = int(pid_file.read_text())
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except OSError:
            return
        time.sleep(0.01)
    pytest.fail("the adapter is still running")
