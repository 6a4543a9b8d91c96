# SPDX-License-Identifier: MIT
"""The program that makes vectors/recordings: 47 HTTP exchanges of real clients and encoders.

    python3 -m conformance implementations install boto3 javascript curl ruby
    python3 -m authoring.recordings                     record every row with these programs
    python3 -m authoring.recordings NAME ...            record only these rows
    python3 -m authoring.recordings --cases [NAME ...]  rewrite only the cases; calls no program

Each row of ROWS is one recording, and no row depends on another. A row names the client, the
request's members and the scenario that the endpoint plays. If a row has an encoder, Smithy's
JavaScript encoder or Ruby's aws-eventstream encodes the row's messages instead. The client calls
the recorder, which forwards to the endpoint. A row exists because its exchange has something
special: all members, a session token, a base path, binary data, an unusual end, frames of another
encoder.

A case expects what the scenario says, or the messages in this file. It never expects what the
reference makes of the bytes.

Keys and token are AWS's published examples. Every clock is fixed at 2015-08-30T12:36:00Z, except
curl's: curl 7.88 sends its own date next to a given one. So a new recording differs only in ports,
ids and times. The operating system's release in the User-Agent is replaced by `0`. The program
exits if an implementation is missing, if the endpoint does not receive exactly one call with a
valid signature, or if the reference fails a case.
"""

import base64
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple
from urllib.parse import quote

from authoring import MANIFEST, VECTORS, b64, manifest_of
from conformance.adapters.refimpl import OPERATIONS
from conformance.cases.case import case_of
from conformance.cases.questions import questions_of
from conformance.cases.scenarios import scenario_case
from conformance.endpoint.checks import ACCESS_KEY, EXAMPLE_TOKEN, SECRET_KEY
from conformance.endpoint.scenarios import find
from conformance.endpoint.scenarios.build import ok, stream
from conformance.endpoint.scenarios.model import Response, Scenario
from conformance.endpoint.server import Endpoint
from conformance.implementations.installers import Installed
from conformance.implementations.registry import find_implementation, start_adapter
from conformance.protocol.messages import answer_question
from conformance.protocol.process import Adapter
from conformance.recording.exchange import case_entries
from conformance.recording.files import read_recording, text_of_recording
from conformance.recording.making import made_case, signature_cases
from conformance.recording.proxy import Recorder
from conformance.run.verdicts import PASS, judge
from refimpl.client import Client
from refimpl.errors import Error
from refimpl.sigv4 import Credentials
from refimpl.version import VERSION

FOLDER = VECTORS / "recordings"
NOW = 1440938160.0  # 20150830T123600Z
REGION = "eu-west-1"
BODY = b'{"inputs": "Hi"}'
BYTES = bytes(range(256))
PLAIN = {"ContentType": "application/json"}
BINARY = {"ContentType": "application/octet-stream"}
ALL = {
    "ContentType": "application/json; charset=utf-8",
    "Accept": "text/plain, */*;q=0.5",
    "CustomAttributes": "accept_eula=true;trace=1",
    "TargetVariant": "blue-1",
    "TargetContainerHostname": "second",
    "InferenceId": "id of a call/7",
    "InferenceComponentName": "part-2",
    "SessionId": "session-1",
}
BASE_PATH = "/a%20base/%C3%A9~"
RESPONSE_TIMEOUT = 10.0  # seconds until an exchange must have ended after its client has left

Header = Tuple[str, str, Any]  # name, type, value
Message = Tuple[Sequence[Header], bytes]  # headers, payload


def _one_chunk_per_frame(frames: List[bytes]) -> Response:
    return stream(*frames)


class Row(NamedTuple):
    """One recording.

    name:     of the recording; it begins with the client's name
    client:   refimpl, boto3, javascript or curl
    scenario: the endpoint name that the client calls: a scenario of the catalogue, unless there is
        an encoder
    members:  the input members except EndpointName and Body
    token:    the session token, or None
    base:     the path before the operation's own path
    encoder:  javascript or ruby, which encodes `messages`; None: the catalogue's scenario is the
        response
    framing:  makes the response from the encoded frames
    """

    name: str
    client: str
    scenario: str
    members: Mapping[str, str] = PLAIN
    body: bytes = BODY
    token: Optional[str] = None
    base: str = ""
    encoder: Optional[str] = None
    messages: Sequence[Message] = ()
    framing: Callable[[List[bytes]], Response] = _one_chunk_per_frame


# ---- messages for the other encoders -----------------------------------------------------------


def event(payload: bytes, *more: Header) -> Message:
    """Return a PayloadPart with its headers in the order of S3 Select's documentation."""
    return [
        (":message-type", "string", "event"),
        (":event-type", "string", "PayloadPart"),
        (":content-type", "string", "application/octet-stream"),
        *more,
    ], payload


def exception(name: str, payload: bytes) -> Message:
    """Return an exception with this JSON payload."""
    return [
        (":exception-type", "string", name),
        (":content-type", "string", "application/json"),
        (":message-type", "string", "exception"),
    ], payload


TYPES = [
    ("true", "boolean", True),
    ("false", "boolean", False),
    ("byte", "int8", -128),
    ("short", "int16", 32767),
    ("integer", "int32", -2147483648),
    ("long", "int64", 9223372036854775807),
    ("blob", "bytes", "AP8="),
    ("text", "string", "naïve 東京"),
    ("time", "timestamp", 1440938160000),
    ("id", "uuid", "01020304-0506-0708-090a-0b0c0d0e0f10"),
]
PARTS = [event(b"one "), event(b"two "), event(b"three")]
MODEL_FAILED = [
    event(b"one "),
    exception("ModelStreamError", b'{"Message": "it broke", "ErrorCode": "StreamBroken"}'),
]
EMPTY = [event(b"one "), event(b""), event(b"three")]
TYPED = [event(b"typed", *TYPES)]
UTF8 = [
    event("naïve ".encode("utf-8")[:3]),
    event("naïve ".encode("utf-8")[3:] + "東京".encode("utf-8")[:1]),
    event("東京🙂".encode("utf-8")[1:-2]),
    event("🙂".encode("utf-8")[-2:]),
]


def protocol_message(headers: Sequence[Header], payload: bytes) -> Dict[str, Any]:
    """Return a message in the adapter protocol's format, where an int64 is a decimal string."""
    return {
        "headers": [
            {"name": name, "type": kind, "value": str(value) if kind == "int64" else value}
            for name, kind, value in headers
        ],
        "payload": b64(payload),
    }


def merged(frames: List[bytes]) -> Response:
    """Return a response with all frames in one HTTP chunk."""
    return stream(b"".join(frames))


def in_chunks_of(size: int) -> Callable[[List[bytes]], Response]:
    """Return a framing that splits the stream into HTTP chunks of this many bytes."""

    def framing(frames: List[bytes]) -> Response:
        data = b"".join(frames)
        return stream(*[data[index : index + size] for index in range(0, len(data), size)])

    return framing


def with_length(frames: List[bytes]) -> Response:
    """Return a response with Content-Length."""
    return stream(*frames, framing="length")


def until_close(frames: List[bytes]) -> Response:
    """Return a response that ends with the connection."""
    return stream(*frames, framing="close")


# ---- the recordings ----------------------------------------------------------------------------

ROWS = [
    # The same response to each client.
    Row("refimpl-default", "refimpl", "default"),
    Row("boto3-default", "boto3", "default"),
    Row("javascript-default", "javascript", "default"),
    Row("curl-default", "curl", "default"),
    # Requests with every member and a session token, with a base path, with binary and empty
    # bodies.
    Row("refimpl-all-members", "refimpl", "frames-split", ALL, token=EXAMPLE_TOKEN),
    Row("boto3-all-members", "boto3", "frames-split", ALL, token=EXAMPLE_TOKEN),
    Row("javascript-all-members", "javascript", "frames-split", ALL, token=EXAMPLE_TOKEN),
    Row("refimpl-base-path", "refimpl", "frames-merged", base=BASE_PATH),
    Row("boto3-base-path", "boto3", "frames-merged", base=BASE_PATH),
    Row("javascript-base-path", "javascript", "frames-merged", base=BASE_PATH),
    Row("refimpl-bytes", "refimpl", "not-text", BINARY, BYTES),
    Row("boto3-bytes", "boto3", "not-text", BINARY, BYTES),
    Row("javascript-empty-body", "javascript", "empty-stream", body=b""),
    Row("boto3-empty-body", "boto3", "empty-stream-length", body=b""),
    # Responses with each framing, with trailers, interim responses and HTTP/1.0.
    Row("boto3-default-length", "boto3", "default-length"),
    Row("javascript-default-close", "javascript", "default-close"),
    Row("curl-output-members", "curl", "output-members"),
    Row("refimpl-chunk-trailers", "refimpl", "chunk-trailers"),
    Row("refimpl-interim-several", "refimpl", "interim-several"),
    Row("curl-http-1-0", "curl", "http-1-0"),
    # Errors inside the stream, and streams that end too early.
    Row("boto3-unknown-event", "boto3", "unknown-event"),
    Row("javascript-exception-unmodelled", "javascript", "exception-unmodelled"),
    Row("boto3-internal-stream-failure", "boto3", "internal-stream-failure-middle"),
    Row("curl-error-message", "curl", "error-message"),
    Row("refimpl-message-crc", "refimpl", "message-crc"),
    Row("javascript-prelude-crc", "javascript", "prelude-crc"),
    Row("refimpl-reset", "refimpl", "truncated-reset-at-57"),
    Row("curl-length-cut", "curl", "truncated-length-at-110"),
    Row("boto3-frame-unfinished", "boto3", "frame-unfinished-chunked"),
    Row("javascript-last-chunk-missing", "javascript", "last-chunk-missing"),
    Row("refimpl-stall", "refimpl", "stall-between-parts"),
    # Error responses.
    Row("boto3-error-424", "boto3", "error-424"),
    Row("javascript-error-400-null", "javascript", "error-400-null"),
    Row("curl-error-403-skew", "curl", "error-403-skew"),
    Row("refimpl-error-502-html", "refimpl", "error-502-html"),
    Row("boto3-success-json", "boto3", "success-json"),
    Row("refimpl-redirect", "refimpl", "redirect-307"),
    # Frames of Smithy's encoder and of Ruby's.
    Row("refimpl-smithy-parts", "refimpl", "smithy-parts", encoder="javascript", messages=PARTS),
    Row("boto3-ruby-parts", "boto3", "ruby-parts", encoder="ruby", messages=PARTS),
    Row(
        "boto3-smithy-model-failed",
        "boto3",
        "smithy-model-failed",
        encoder="javascript",
        messages=MODEL_FAILED,
        framing=merged,
    ),
    Row(
        "javascript-ruby-model-failed",
        "javascript",
        "ruby-model-failed",
        encoder="ruby",
        messages=MODEL_FAILED,
        framing=until_close,
    ),
    Row(
        "refimpl-smithy-types",
        "refimpl",
        "smithy-types",
        encoder="javascript",
        messages=TYPED,
        framing=with_length,
    ),
    Row(
        "curl-ruby-types",
        "curl",
        "ruby-types",
        encoder="ruby",
        messages=TYPED,
        framing=in_chunks_of(50),
    ),
    Row(
        "curl-smithy-empty-part",
        "curl",
        "smithy-empty-part",
        encoder="javascript",
        messages=EMPTY,
        framing=in_chunks_of(50),
    ),
    Row(
        "javascript-ruby-empty-part",
        "javascript",
        "ruby-empty-part",
        encoder="ruby",
        messages=EMPTY,
        framing=with_length,
    ),
    Row(
        "javascript-smithy-utf-8",
        "javascript",
        "smithy-utf-8",
        encoder="javascript",
        messages=UTF8,
        framing=in_chunks_of(1),
    ),
    Row(
        "refimpl-ruby-utf-8",
        "refimpl",
        "ruby-utf-8",
        encoder="ruby",
        messages=UTF8,
        framing=in_chunks_of(1),
    ),
]
ROW_BY_NAME = {row.name: row for row in ROWS}


# ---- clients with a fixed clock ----------------------------------------------------------------

# BOTO_DISABLE_CRT: the adapter sets it also, but only after this program.
_PYTHON = """import datetime, os, platform
platform.release = lambda: '0'
os.environ['BOTO_DISABLE_CRT'] = 'true'
import botocore.auth
botocore.auth.get_current_datetime = lambda remove_tzinfo=True: datetime.datetime(
    2015, 8, 30, 12, 36, tzinfo=None if remove_tzinfo else datetime.timezone.utc)
"""
_JAVASCRIPT = """import os from "node:os";
import { syncBuiltinESMExports } from "node:module";
os.release = () => "0";
syncBuiltinESMExports();
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...given) { super(...(given.length ? given : [%d])); }
  static now() { return %d; }
};
""" % (NOW * 1000, NOW * 1000)


def with_fixed_clock(found: Installed) -> Installed:
    """Return an implementation whose clock is fixed at NOW and that hides the system's release.

    curl is returned unchanged.
    """
    command = list(found.command)
    if found.name == "boto3":
        command[command.index("-c") + 1] = _PYTHON + command[command.index("-c") + 1]
    elif found.name == "javascript":
        command[1:1] = ["--import", "data:text/javascript," + quote(_JAVASCRIPT)]
    return found._replace(command=tuple(command))


class Implementations:
    """The clients and encoders. Each adapter starts when it is first needed."""

    def __init__(self) -> None:
        self._adapters: Dict[str, Adapter] = {}

    def adapter(self, name: str) -> Adapter:
        """Return the adapter of an implementation. Exits if it is not installed."""
        if name not in self._adapters:
            found = find_implementation(name)
            if found is None:
                sys.exit(
                    f"recordings: {name} is not installed: "
                    f"python3 -m conformance implementations install {name}"
                )
            self._adapters[name] = start_adapter(with_fixed_clock(found))
        return self._adapters[name]

    def label(self, name: str) -> str:
        """Return the name and version that an implementation reports."""
        if name == "refimpl":
            return f"refimpl {VERSION}"
        version = self.adapter(name).hello["implementation"]["version"]
        return version if version.startswith(name) else f"{name} {version}"

    def call(self, row: Row, url: str) -> None:
        """Make the row's client send its request."""
        if row.client == "refimpl":
            _call_with_refimpl(row, url)
            return
        given = {
            "endpoint_url": url + row.base,
            "region": REGION,
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "input": dict(row.members, EndpointName=row.scenario, Body=b64(row.body)),
        }
        if row.token is not None:
            given["session_token"] = row.token
        operation = "http.call" if row.client == "curl" else "invoke"
        self.adapter(row.client).ask(operation, given, 30.0)

    def encoded(self, row: Row) -> List[bytes]:
        """Return the frames that the row's encoder makes of its messages."""
        frames = []
        for headers, payload in row.messages:
            given = protocol_message(headers, payload)
            answer = self.adapter(str(row.encoder)).ask("eventstream.encode", given, 30.0)
            frames.append(base64.b64decode(answer["output"]["frame"]))
        return frames

    def close(self) -> None:
        """End all adapters."""
        for adapter in self._adapters.values():
            adapter.close()


_REFIMPL_NAMES = {
    "ContentType": "content_type",
    "Accept": "accept",
    "CustomAttributes": "custom_attributes",
    "TargetVariant": "target_variant",
    "TargetContainerHostname": "target_container_hostname",
    "InferenceId": "inference_id",
    "InferenceComponentName": "inference_component_name",
    "SessionId": "session_id",
}


def _call_with_refimpl(row: Row, url: str) -> None:
    client = Client(
        region=REGION,
        endpoint_url=url + row.base,
        credentials=Credentials(ACCESS_KEY, SECRET_KEY, row.token),
        environment={},
        clock=lambda: NOW,
        read_timeout=1.5,
    )
    given = {_REFIMPL_NAMES[name]: value for name, value in row.members.items()}
    try:
        with client.invoke_endpoint_with_response_stream(
            endpoint_name=row.scenario, body=row.body, **given
        ) as response:
            for _ in response.body:
                pass
    except Error:
        pass  # many rows end with an error; cases_of() judges the response later


# ---- recording ---------------------------------------------------------------------------------


def expectation_of(messages: Sequence[Message]) -> Any:
    """Return the outcome of a stream of these messages."""
    is_event = (":message-type", "string", "event")
    expect = ok(*[payload for headers, payload in messages if is_event in headers])
    if messages is not MODEL_FAILED:
        return expect
    return expect._replace(
        status="reject",
        kind="exception",
        code="ModelStreamError",
        message="it broke",
        fields={"ErrorCode": "StreamBroken"},
    )


def scenario_of(row: Row, encoder: str = "", frames: Sequence[bytes] = ()) -> Scenario:
    """Return the scenario that the endpoint plays for a row.

    encoder: the name and version of the row's encoder;  frames: what it encoded. Neither matters
        for a row without one.
    """
    if row.encoder is None:
        found = find(row.scenario)
        assert found is not None, row.scenario
        return found
    expect = expectation_of(row.messages)
    return Scenario(
        row.scenario,
        f"frames of {encoder}",
        "read these frames",
        expect,
        row.framing(list(frames)),
        ("EVS-037", "EVS-001") if expect.status == "ok" else ("EVS-034", "EVS-001"),
    )


def encoder_in(recording: Mapping[str, Any]) -> str:
    """Return the name and version of a recording's encoder, or "" if it is the endpoint's."""
    return str(recording["server"].partition("frames by ")[2])


def cases_of(row: Row, recording: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """Return the cases of a row's recording: signature, response, and an encoder's messages."""
    scenario = scenario_of(row, encoder_in(recording))
    source = f"recorded: {recording['client']}; {recording['server']}"
    cases = signature_cases(recording, row.name, source)
    wanted = scenario_case(scenario)
    # http.response cannot express a response that stalls or does not begin.
    if scenario.expect.kind not in ("timeout", "network"):
        cases.append(
            made_case(
                row.name,
                "http.response",
                scenario.title,
                wanted.rules,
                wanted.expect,
                wanted.why,
                source,
                wanted.acceptable,
            )
        )
    if row.encoder is not None:
        messages = [protocol_message(headers, payload) for headers, payload in row.messages]
        cases.append(
            made_case(
                row.name,
                "eventstream.decode",
                scenario.title,
                ["EVS-001", "EVS-021"],
                {"status": "ok", "output": {"messages": messages}},
                "a decoder must read the frames of another encoder",
                source,
            )
        )
    return cases


def check_cases(recording: Mapping[str, Any]) -> None:
    """Exit unless the reference passes every case of a recording."""
    for entry in case_entries(recording):
        for question in questions_of(case_of(entry, "recordings")):
            answer = answer_question({"op": entry["op"], "input": question.input}, OPERATIONS)
            verdict = judge(question, answer)
            if verdict.word != PASS:
                sys.exit(f"recordings: {entry['id']}: {verdict}")


def wait_for(path: Path) -> None:
    """Wait until the recorder has written a file. Exits after RESPONSE_TIMEOUT.

    A client may leave before its exchange has ended.
    """
    deadline = time.monotonic() + RESPONSE_TIMEOUT
    while not path.exists():
        if time.monotonic() > deadline:
            sys.exit(f"recordings: {path.stem}: the exchange does not end")
        time.sleep(0.001)


def write(recording: Mapping[str, Any], path: Path) -> None:
    """Write a recording."""
    path.write_text(text_of_recording(recording), encoding="utf-8", newline="\n")


def record_row(row: Row, implementations: Implementations, folder: Path) -> None:
    """Record one row. Exits if the exchange or a case fails."""
    server, encoder, frames = "conformance.endpoint", "", []
    if row.encoder is not None:
        encoder, frames = implementations.label(row.encoder), implementations.encoded(row)
        server += f", frames by {encoder}"
    scenario = scenario_of(row, encoder, frames)
    clock = time.time if row.client == "curl" else lambda: NOW
    path = folder / (row.name + ".json")
    with Endpoint({row.scenario: scenario}, clock=clock) as endpoint, Recorder(
        endpoint.url,
        str(folder),
        keep_sensitive=True,
        client=implementations.label(row.client),
        server=server,
        name_of=lambda line: row.name,
        clock=clock,
    ) as recorder:
        implementations.call(row, recorder.url)
        wait_for(path)
        calls = endpoint.calls
    if [call.verified for call in calls] != [True]:
        sys.exit(
            f"recordings: {row.name}: {[call.reason for call in calls] or 'no call was received'}"
        )
    recording = read_recording(str(folder), path.name)
    recording["date"] = time.strftime("%Y-%m-%d", time.gmtime())
    recording["cases"] = cases_of(row, recording)
    check_cases(recording)
    write(recording, path)


def record(rows: Sequence[Row]) -> None:
    """Record these rows, replace their files and write the manifest."""
    with tempfile.TemporaryDirectory() as scratch:
        implementations = Implementations()
        made = Path(scratch) / "made"
        try:
            for row in rows:
                record_row(row, implementations, made)
                print(row.name)
        finally:
            implementations.close()
        FOLDER.mkdir(exist_ok=True)
        for path in made.glob("*.json"):
            (FOLDER / path.name).write_bytes(path.read_bytes())
    (VECTORS / MANIFEST).write_bytes(manifest_of(VECTORS))


def rewrite_cases(rows: Sequence[Row]) -> None:
    """Rewrite the cases in the files of these rows, and the manifest.

    A changed title or reason of a scenario is a reason to do this.
    """
    for row in rows:
        path = FOLDER / (row.name + ".json")
        recording = read_recording(str(FOLDER), path.name)
        recording["cases"] = cases_of(row, recording)
        check_cases(recording)
        write(recording, path)
    (VECTORS / MANIFEST).write_bytes(manifest_of(VECTORS))


def main(arguments: Sequence[str]) -> None:
    """Run the program."""
    names = [argument for argument in arguments if argument != "--cases"]
    unknown = [name for name in names if name not in ROW_BY_NAME]
    if unknown:
        sys.exit(f"recordings: no row named {unknown[0]}")
    rows = [ROW_BY_NAME[name] for name in names] or ROWS
    if "--cases" in arguments:
        rewrite_cases(rows)
    else:
        record(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
