# SPDX-License-Identifier: MIT
"""The recordings of vectors/recordings: `python3 -m authoring.wire` makes all of them anew, with the peers that it needs.

    python3 -m conformance peers install boto3 javascript curl ruby

A row says who calls, with what, and who writes the answer: a scenario of the catalogue, or the same messages as the encoder of
Smithy's JavaScript or of Ruby's aws-eventstream writes them. The call goes through the recorder to the endpoint. What a case
expects is the scenario's own data, or the messages as they stand here by hand: never what the reference makes of the bytes.

Keys and token are AWS's published examples, and every clock but curl's stands at 2015-08-30T12:36:00Z (curl 7.88 sends a date that
it is given beside its own), so that a recording made anew differs in its ports, ids and times alone. The release of the system that
a client tells in its User-Agent is made `0`. Refused: a peer that is missing, a call that does not reach the endpoint once with a
good signature, a case that the reference does not pass.
"""

import base64
import sys
import tempfile
import time
from pathlib import Path
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)
from urllib.parse import quote

from authoring import MANIFEST, VECTORS, b64, manifest_of
from conformance.adapters.refimpl import OPERATIONS
from conformance.cases.load import case_of, questions_of, read_recording, scenario_case
from conformance.endpoint.scenarios import Answer, Scenario, examples, ok, stream
from conformance.endpoint.server import ACCESS_KEY, SECRET_KEY, Endpoint
from conformance.implementations.install import Found, find_peer, start_adapter
from conformance.protocol.messages import answer_question
from conformance.protocol.process import Adapter
from conformance.recording.exchange import EXAMPLE_TOKEN, case_entries
from conformance.recording.recorder import Recorder, made_case, signature_cases, text_of_recording
from conformance.run.verdicts import PASS, judge
from refimpl.client import Client
from refimpl.errors import Error
from refimpl.operation import VERSION
from refimpl.sigv4 import Credentials

FOLDER = VECTORS / "recordings"
NOW = 1440938160.0  # 20150830T123600Z
REGION = "eu-west-1"
SCENARIOS = {scenario.name: scenario for scenario in examples()}
BODY = b'{"inputs": "Hi"}'
PLAIN = {"ContentType": "application/json"}
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

Messages = Sequence[Tuple[Sequence[Tuple[str, str, Any]], bytes]]


class Row(NamedTuple):
    """One recording: its name, who calls, the scenario that answers; members beside Body; who encodes which messages instead."""

    name: str
    client: str
    scenario: str
    members: Mapping[str, str] = PLAIN
    body: bytes = BODY
    token: Optional[str] = None
    base: str = ""  # the path before the operation's own
    encoder: Optional[str] = None
    messages: Messages = ()
    framing: Callable[[List[bytes]], Answer] = lambda frames: stream(*frames)
    answered: bool = True  # its cases ask about the answer, too; those of the catalogue do it by themselves (invoke-*)


def event(
    payload: bytes, *more: Tuple[str, str, Any]
) -> Tuple[Sequence[Tuple[str, str, Any]], bytes]:
    """A PayloadPart, its headers in the order in which S3 Select writes them."""
    return [
        (":message-type", "string", "event"),
        (":event-type", "string", "PayloadPart"),
        (":content-type", "string", "application/octet-stream"),
        *more,
    ], payload


def exception(name: str, payload: bytes) -> Tuple[Sequence[Tuple[str, str, Any]], bytes]:
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
PARTS: Messages = [event(b"one "), event(b"two "), event(b"three")]
MODEL_FAILED: Messages = [
    event(b"one "),
    exception("ModelStreamError", b'{"Message": "it broke", "ErrorCode": "StreamBroken"}'),
]
EMPTY: Messages = [event(b"one "), event(b""), event(b"three")]
TYPED: Messages = [event(b"typed", *TYPES)]
UTF8: Messages = [
    event("naïve ".encode("utf-8")[:3]),
    event("naïve ".encode("utf-8")[3:] + "東京".encode("utf-8")[:1]),
    event("東京🙂".encode("utf-8")[1:-2]),
    event("🙂".encode("utf-8")[-2:]),
]


def told(headers: Sequence[Tuple[str, str, Any]], payload: bytes) -> Dict[str, Any]:
    """Return a message as the adapter protocol writes it: an integer beyond 2^53 is a decimal string."""
    return {
        "headers": [
            {"name": name, "type": kind, "value": str(value) if kind == "int64" else value}
            for name, kind, value in headers
        ],
        "payload": b64(payload),
    }


def merged(frames: List[bytes]) -> Answer:
    return stream(b"".join(frames))


def astride(frames: List[bytes]) -> Answer:
    data = b"".join(frames)
    return stream(*[data[index : index + 50] for index in range(0, len(data), 50)])


def bytewise(frames: List[bytes]) -> Answer:
    data = b"".join(frames)
    return stream(*[data[index : index + 1] for index in range(len(data))])


def with_length(frames: List[bytes]) -> Answer:
    return stream(*frames, framing="length")


def until_close(frames: List[bytes]) -> Answer:
    return stream(*frames, framing="close")


ROWS = [
    Row("refimpl-default", "refimpl", "default"),
    Row("boto3-default", "boto3", "default"),
    Row("javascript-default", "javascript", "default"),
    Row("curl-default", "curl", "default"),
    Row("refimpl-all-members", "refimpl", "frames-split", ALL, token=EXAMPLE_TOKEN),
    Row("boto3-all-members", "boto3", "frames-split", ALL, token=EXAMPLE_TOKEN),
    Row("javascript-all-members", "javascript", "frames-split", ALL, token=EXAMPLE_TOKEN),
    Row("refimpl-base-path", "refimpl", "frames-merged", base="/a%20base/%C3%A9~"),
    Row("boto3-base-path", "boto3", "frames-merged", base="/a%20base/%C3%A9~"),
    Row("javascript-base-path", "javascript", "frames-merged", base="/a%20base/%C3%A9~"),
    Row(
        "refimpl-bytes",
        "refimpl",
        "not-text",
        {"ContentType": "application/octet-stream"},
        bytes(range(256)),
    ),
    Row(
        "boto3-bytes",
        "boto3",
        "not-text",
        {"ContentType": "application/octet-stream"},
        bytes(range(256)),
    ),
    Row("javascript-empty-body", "javascript", "empty-stream", PLAIN, b""),
    Row("boto3-empty-body", "boto3", "empty-stream-length", PLAIN, b""),
    Row("boto3-default-length", "boto3", "default-length"),
    Row("javascript-default-close", "javascript", "default-close"),
    Row("curl-output-members", "curl", "output-members"),
    Row("refimpl-chunk-trailers", "refimpl", "chunk-trailers"),
    Row("refimpl-interim-several", "refimpl", "interim-several"),
    Row("curl-http-1-0", "curl", "http-1-0"),
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
    Row("boto3-error-424", "boto3", "error-424"),
    Row("javascript-error-400-null", "javascript", "error-400-null"),
    Row("curl-error-403-skew", "curl", "error-403-skew"),
    Row("refimpl-error-502-html", "refimpl", "error-502-html"),
    Row("boto3-success-json", "boto3", "success-json"),
    Row("refimpl-redirect", "refimpl", "redirect-307"),
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
    Row("curl-ruby-types", "curl", "ruby-types", encoder="ruby", messages=TYPED, framing=astride),
    Row(
        "curl-smithy-empty-part",
        "curl",
        "smithy-empty-part",
        encoder="javascript",
        messages=EMPTY,
        framing=astride,
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
        framing=bytewise,
    ),
    Row(
        "refimpl-ruby-utf-8",
        "refimpl",
        "ruby-utf-8",
        encoder="ruby",
        messages=UTF8,
        framing=bytewise,
    ),
]

# The other scenarios of the catalogue, each with the next client: their answers are asked about by the cases invoke-*, so theirs
# ask about the signature alone. Left out is what a formula of the catalogue makes in one line and a recording in 250 KB or more.
TOO_LONG = ("long-answer", "long-answer-1000", "big-part")
_IN_TURN = ("boto3", "javascript", "curl", "refimpl")


def catalogue_rows(scenarios: Iterable[str]) -> List[Row]:
    """Return a row for each scenario: one that stalls is the reference's, which waits least, one that dawdles at the end curl's."""
    rows = []
    for index, name in enumerate(scenarios):
        client = (
            "refimpl"
            if "stall" in name
            else "curl"
            if name == "chunks-slow"
            else _IN_TURN[index % len(_IN_TURN)]
        )
        rows.append(Row(f"{client}-{name}", client, name, answered=False))
    return rows


ROWS += catalogue_rows(
    [
        name
        for name in SCENARIOS
        if name not in TOO_LONG and name not in {row.scenario for row in ROWS}
    ]
)


# ---- clients whose clock stands ----------------------------------------------------------------------------------

_PYTHON = """import datetime, os, platform
platform.release = lambda: '0'
os.environ['BOTO_DISABLE_CRT'] = 'true'  # as the adapter does, which comes later
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


def standing(found: Found) -> Found:
    """Return a peer whose clock stands at NOW and who does not tell the system's release; curl is as it is."""
    command = list(found.command)
    if found.name == "boto3":
        command[command.index("-c") + 1] = _PYTHON + command[command.index("-c") + 1]
    elif found.name == "javascript":
        command[1:1] = ["--import", "data:text/javascript," + quote(_JAVASCRIPT)]
    return found._replace(command=tuple(command))


class Peers:
    """The adapters that are needed, each started once."""

    def __init__(self) -> None:
        self._adapters: Dict[str, Adapter] = {}

    def adapter(self, name: str) -> Adapter:
        if name not in self._adapters:
            found = find_peer(name)
            if found is None:
                sys.exit(
                    f"wire: {name} is not installed: python3 -m conformance peers install {name}"
                )
            self._adapters[name] = start_adapter(standing(found))
        return self._adapters[name]

    def said(self, name: str) -> str:
        """Return the name and version that a peer gives itself."""
        if name == "refimpl":
            return f"refimpl {VERSION}"
        version = self.adapter(name).hello["implementation"]["version"]
        return version if version.startswith(name) else f"{name} {version}"

    def call(self, row: Row, url: str) -> None:
        """Have a client call."""
        if row.client == "refimpl":
            _call_by_refimpl(row, url)
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
        self.adapter(row.client).ask("http.call" if row.client == "curl" else "invoke", given, 30.0)

    def encoded(self, row: Row) -> List[bytes]:
        """Return the frames of a row's messages as its encoder writes them."""
        frames = []
        for headers, payload in row.messages:
            given = told(headers, payload)
            answer = self.adapter(str(row.encoder)).ask("eventstream.encode", given, 30.0)
            frames.append(base64.b64decode(answer["output"]["frame"]))
        return frames

    def close(self) -> None:
        for adapter in self._adapters.values():
            adapter.close()


def _call_by_refimpl(row: Row, url: str) -> None:
    names = {
        "ContentType": "content_type",
        "Accept": "accept",
        "CustomAttributes": "custom_attributes",
        "TargetVariant": "target_variant",
        "TargetContainerHostname": "target_container_hostname",
        "InferenceId": "inference_id",
        "InferenceComponentName": "inference_component_name",
        "SessionId": "session_id",
    }
    client = Client(
        region=REGION,
        endpoint_url=url + row.base,
        credentials=Credentials(ACCESS_KEY, SECRET_KEY, row.token),
        environment={},
        clock=lambda: NOW,
        read_timeout=1.5,
    )
    try:
        given = {names[name]: value for name, value in row.members.items()}
        with client.invoke_endpoint_with_response_stream(
            endpoint_name=row.scenario, body=row.body, **given
        ) as response:
            for _ in response.body:
                pass
    except Error:
        pass  # what it makes of the answer is asked later


# ---- what is recorded --------------------------------------------------------------------------------------------


def scenario_of(row: Row, peers: Peers) -> Scenario:
    """Return the scenario that a row plays."""
    if row.encoder is None:
        return SCENARIOS[row.scenario]
    expect = ok(
        *[
            payload
            for headers, payload in row.messages
            if (":message-type", "string", "event") in headers
        ]
    )
    if row.messages is MODEL_FAILED:
        expect = expect._replace(
            status="reject",
            kind="exception",
            code="ModelStreamError",
            message="it broke",
            fields={"ErrorCode": "StreamBroken"},
        )
    return Scenario(
        row.scenario,
        f"frames of {peers.said(row.encoder)}",
        "read what it wrote",
        expect,
        row.framing(peers.encoded(row)),
        ("EVS-037", "EVS-001") if expect.status == "ok" else ("EVS-034", "EVS-001"),
    )


def cases_of(
    row: Row, scenario: Scenario, recording: Mapping[str, Any], source: str
) -> List[Dict[str, Any]]:
    """Return the cases of a row: the signature, the answer, and of foreign frames what they hold."""
    cases = signature_cases(recording, row.name, source)
    if not row.answered:
        return cases[:1]
    wanted = scenario_case(scenario)
    asks = scenario.expect.kind not in ("timeout", "network")
    if asks:
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
        messages = [told(headers, payload) for headers, payload in row.messages]
        cases.append(
            made_case(
                row.name,
                "eventstream.decode",
                scenario.title,
                ["EVS-001", "EVS-021"],
                {"status": "ok", "output": {"messages": messages}},
                "a decoder must read what an encoder that others wrote writes",
                source,
            )
        )
    return cases


def wait_for(path: Path) -> None:
    """Wait until an exchange has ended, which a client may leave before. Exits when it does not end."""
    deadline = time.monotonic() + 10.0
    while not path.exists():
        if time.monotonic() > deadline:
            sys.exit(f"wire: {path.stem}: the exchange does not end")
        time.sleep(0.001)


def record_row(row: Row, peers: Peers, folder: Path) -> None:
    """Record one row. Exits when it does not come out as it must."""
    scenario = scenario_of(row, peers)
    server = "conformance.endpoint" + (
        "" if row.encoder is None else f", frames by {peers.said(row.encoder)}"
    )
    clock = time.time if row.client == "curl" else lambda: NOW
    with Endpoint({row.scenario: scenario}, clock=clock) as endpoint, Recorder(
        endpoint.url,
        str(folder),
        keep_sensitive=True,
        client=peers.said(row.client),
        server=server,
        name_of=lambda line: row.name,
        clock=clock,
    ) as recorder:
        peers.call(row, recorder.url)
        wait_for(folder / (row.name + ".json"))
        calls = endpoint.calls
    if [call.verified for call in calls] != [True]:
        sys.exit(f"wire: {row.name}: {[call.reason for call in calls] or 'no call came'}")
    recording = read_recording(str(folder), row.name + ".json")
    recording["date"] = time.strftime("%Y-%m-%d", time.gmtime())
    recording["cases"] = cases_of(
        row, scenario, recording, f"recorded: {recording['client']}; {server}"
    )
    for entry in case_entries(recording):
        for question in questions_of(case_of(entry, "recordings")):
            verdict = judge(
                question, answer_question({"op": entry["op"], "input": question.input}, OPERATIONS)
            )
            if verdict.word != PASS:
                sys.exit(f"wire: {entry['id']}: {verdict}")
    (folder / (row.name + ".json")).write_text(
        text_of_recording(recording), encoding="utf-8", newline="\n"
    )


def record_all(rows: Sequence[Row] = ROWS) -> None:
    """Make the rows anew, and the manifest; with all of them, what has no row goes away."""
    with tempfile.TemporaryDirectory() as scratch:
        peers = Peers()
        made = Path(scratch) / "made"
        try:
            for row in rows:
                record_row(row, peers, made)
                print(row.name)
        finally:
            peers.close()
        FOLDER.mkdir(exist_ok=True)
        for path in FOLDER.glob("*.json") if rows is ROWS else ():
            path.unlink()
        for path in made.glob("*.json"):
            (FOLDER / path.name).write_bytes(path.read_bytes())
    (VECTORS / MANIFEST).write_bytes(manifest_of(VECTORS))


if __name__ == "__main__":
    record_all([row for row in ROWS if row.name in sys.argv[1:]] if sys.argv[1:] else ROWS)
