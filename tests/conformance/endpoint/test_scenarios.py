# SPDX-License-Identifier: MIT
"""Tests of the catalogue with a second, independent reader.

A strict reader in this file turns the bytes of each example into an outcome, which must be the
scenario's. A careless reader shows that a scenario is a trap: it overlooks the error and delivers
parts that the strict reader rejects.
"""

import gzip
import json
import re
import zlib
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import pytest

from authoring.recordings import ROWS
from conformance import scenarios
from conformance.cases.rules import load_rules
from conformance.cases.scenarios import scenario_cases
from conformance.endpoint import scenarios as catalogue_module
from conformance.endpoint.scenarios import (
    CHAPTERS,
    catalogue,
    examples,
    find,
    listing,
    scenario_named,
    similar_names,
)
from conformance.endpoint.scenarios.build import FRAMES, PARTS
from conformance.endpoint.scenarios.model import Expect, Response, Scenario, Template, Turn
from refimpl.errors import FrameError, UsageError
from refimpl.eventstream import Decoder, Message
from tests.conformance.endpoint.client import wire_of
from tests.rows import for_each

LEDGER = (Path(__file__).resolve().parents[3] / "DIVERGENCES.md").read_text(encoding="utf-8")
EXAMPLES = {scenario.name: scenario for scenario in examples()}
KINDS = {
    "prelude_crc",
    "message_crc",
    "length",
    "limit",
    "header",
    "duplicate_header",
    "header_type",
    "utf8",
    "truncated",
    "message_type",
    "exception",
    "unmodeled",
    "service_error",
    "content_type",
    "http",
    "network",
    "timeout",
}
FRAMINGS = ("chunked", "length", "close", "raw")
ENDINGS = ("clean", "close", "reset", "stall")
STREAM = "application/vnd.amazon.eventstream"


# ---- a strict reader ---------------------------------------------------------------------------


class Fault(Exception):
    def __init__(self, kind: str, **found: Any) -> None:
        super().__init__(kind)
        self.kind, self.found = kind, found


def outcome(answer: Response) -> Expect:
    """Return what a strict reader makes of an answer."""
    silent = answer.ending == "stall"
    parts: List[bytes] = []
    found: Dict[str, Any] = {}
    try:
        read(wire_of(answer), silent, answer.ending == "reset", parts, found)
    except Fault as fault:
        found.update(fault.found)
        return Expect("reject", fault.kind, parts=tuple(parts), **found)
    return Expect("ok", parts=tuple(parts), **found)


def read(wire: bytes, silent: bool, reset: bool, parts: List[bytes], found: Dict[str, Any]) -> None:
    if not wire:
        raise Fault("timeout" if silent else "network")
    status, headers, rest = read_head(wire, silent)
    interim = 0
    while status in (100, 103):
        status, headers, rest = read_head(rest, silent)
        interim += 1
        if interim > 100:
            raise Fault("http", http_status=None)
    found["http_status"] = status
    if status < 200:
        raise Fault("http", http_status=None)
    body, fault = read_body(headers, rest, silent, reset)
    if fault == "head":
        raise Fault("http", http_status=None)
    if 300 <= status < 400:
        raise Fault("http")
    if status >= 400 or "x-amzn-errortype" in headers:
        raise service_fault(headers, body)
    if (
        status != 200
        or headers.get("content-type", "").lower().split(";")[0] != STREAM
        or headers.get("content-encoding", "identity") != "identity"
    ):
        raise Fault("content_type")
    names = {
        "ContentType": "x-amzn-sagemaker-content-type",
        "InvokedProductionVariant": "x-amzn-invoked-production-variant",
        "CustomAttributes": "x-amzn-sagemaker-custom-attributes",
    }
    found["output"] = {member: headers[name] for member, name in names.items() if name in headers}
    read_frames(body, fault, parts, found)


def read_head(wire: bytes, silent: bool) -> Tuple[int, Dict[str, str], bytes]:
    text, end, rest = wire.partition(b"\r\n\r\n")
    if not b"HTTP/1.1 ".startswith(wire[:9]) and not b"HTTP/1.0 ".startswith(wire[:9]):
        raise Fault("http")
    if not end:
        raise Fault("timeout" if silent else "http")
    lines = text.decode("latin-1").split("\r\n")
    match = re.match(r"HTTP/1\.[01] ([0-9]{3}) [\t -~\x80-\xff]*\Z", lines[0])
    if (
        match is None
        or len(lines) > 101
        or any(len(line) > 65536 for line in lines)
        or re.search("[\r\n\0]", "".join(lines))
    ):
        raise Fault("http")
    headers: Dict[str, str] = {}
    for line in (
        re.sub(r"[ \t]*\n[ \t]+", " ", "\n".join(lines[1:])).split("\n") if lines[1:] else ()
    ):
        field = re.match(r"([A-Za-z0-9-]+):[ \t]*(.*?)[ \t]*\Z", line)
        if field is None:
            raise Fault("http")
        name, value = field.group(1).lower(), field.group(2)
        if (
            headers.get(name, value) != value
            or name == "transfer-encoding"
            and (name in headers or lines[0].startswith("HTTP/1.0"))
        ):
            raise Fault("http")
        headers[name] = value
    return int(match.group(1)), headers, rest


def read_body(
    headers: Dict[str, str], rest: bytes, silent: bool, reset: bool
) -> Tuple[bytes, Optional[str]]:
    """Return what came of the body, and how it ended: None when it is complete."""
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if coding is not None:
        return (
            read_chunks(rest, silent)
            if coding.lower() == "chunked" and length is None
            else (b"", "head")
        )
    if length is not None:
        lengths = {one.strip(" \t") for one in length.split(",")}
        length = lengths.pop()
        if lengths or not re.match(r"[0-9]+\Z", length):
            return b"", "head"
        body = rest[: int(length)]
        return body, None if len(body) == int(length) else "timeout" if silent else "truncated"
    return rest, "timeout" if silent else "truncated" if reset else None


def read_chunks(rest: bytes, silent: bool) -> Tuple[bytes, Optional[str]]:
    body = b""
    while rest:
        line, end, data = rest.partition(b"\r\n")
        if not end:
            return body, "timeout" if silent else "http" if b"\n" in line else "truncated"
        size = re.match(rb"([0-9A-Fa-f]{1,16})[ \t]*(;[\t -~]*)?\Z", line)
        if size is None:
            return body, "http"
        length = int(size.group(1), 16)
        if not length:
            return body, None  # nothing waits for a trailer
        body += data[:length]
        if len(data) < length:
            break
        if not b"\r\n".startswith(data[length : length + 2]):
            return body, "http"
        rest = data[length + 2 :]
    return body, "timeout" if silent else "truncated"


def service_fault(headers: Dict[str, str], body: bytes) -> Fault:
    members: Dict[str, Any] = {}
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    if body.startswith(b"{") and body.endswith(b"}"):  # a part of a document has no members
        members = json.loads(body.decode("utf-8"))
    elif b"<Code>" in body:
        members = dict(re.findall(r"<(Code|Message)>([^<]*)<", body.decode("ascii")))
    raw = (
        headers.get("x-amzn-errortype")
        or members.get("__type")
        or members.get("code")
        or members.get("Code")
    )
    code = raw.split(":")[0].split("#")[-1] if raw else None
    fields = {
        name: members[name]
        for name in ("OriginalStatusCode", "OriginalMessage", "LogStreamArn")
        if name in members
    }
    return Fault(
        "service_error",
        code=code,
        message=members.get("Message", members.get("message")),
        fields=fields,
    )


def read_frames(
    body: bytes, fault: Optional[str], parts: List[bytes], found: Dict[str, Any]
) -> None:
    decoder = Decoder()
    try:
        messages = decoder.feed(body)
    except FrameError as error:
        for message in error.messages:
            read_message(message, parts, found)
        raise Fault(error.kind) from None
    for message in messages:
        read_message(message, parts, found)
    if fault is not None:
        raise Fault(fault)
    if decoder.buffered:
        raise Fault("truncated")


def read_message(message: Message, parts: List[bytes], found: Dict[str, Any]) -> None:
    values = {header.name: header.value for header in message.headers if header.type == "string"}
    kind = values.get(":message-type")
    if kind == "error":
        raise Fault(
            "unmodeled", code=values.get(":error-code"), message=values.get(":error-message")
        )
    name = values.get({"event": ":event-type", "exception": ":exception-type"}.get(str(kind), ""))
    modelled = name in ("ModelStreamError", "InternalStreamFailure")
    if name is None or kind == "event" and modelled:
        raise Fault("message_type")
    if kind == "exception":
        members = (
            json.loads(message.payload.decode("ascii")) if message.payload.startswith(b"{") else {}
        )
        fields = {"ErrorCode": members["ErrorCode"]} if "ErrorCode" in members else {}
        raise Fault(
            "exception" if modelled else "unmodeled",
            code=name,
            fields=fields,
            message=members.get("Message", members.get("message")),
        )
    if name == "PayloadPart":
        parts.append(message.payload)
    else:
        found["skipped"] = found.get("skipped", 0) + 1


@for_each("name", sorted(EXAMPLES))
def test_a_strict_reader_comes_to_the_expected_outcome(name: str) -> None:
    expect, seen = EXAMPLES[name].expect, outcome(EXAMPLES[name].response)
    assert (seen.status, seen.parts, seen.skipped) == (expect.status, expect.parts, expect.skipped)
    assert seen.kind == expect.kind or seen.kind in expect.also
    assert seen.http_status == expect.http_status
    assert seen.output == expect.output
    for field in ("code", "message", "fields"):
        if getattr(expect, field) is not None:
            assert getattr(seen, field) == getattr(expect, field)


def test_the_strict_reader_sees_a_fault_wherever_there_is_one() -> None:
    good = EXAMPLES["frames-merged"].response
    assert outcome(good).status == "ok"
    body = scenarios.body_of(good)
    for position in range(len(body)):
        flipped = body[:position] + bytes((body[position] ^ 4,)) + body[position + 1 :]
        assert outcome(good._replace(steps=(flipped,))).status == "reject", position


# ---- a careless reader -------------------------------------------------------------------------


def lax_parts(wire: bytes) -> Tuple[bytes, ...]:
    """Return the parts that a careless client delivers.

    It accepts lenient lines and numbers and compares no checksums.
    """
    match = re.match(rb"(.*?\n)\r?\n(.*)\Z", wire, re.DOTALL)
    assert match is not None
    head, rest = match.groups()
    body = rest
    if b"chunked" in head.lower():
        body = b""
        while True:
            line, _, rest = rest.partition(b"\n")
            size = int(line.decode("ascii").partition(";")[0], 16)
            if size <= 0:
                break
            body, rest = body + rest[:size], rest[size:]
            rest = rest[1:] if rest[:1] == b"\n" else rest[2:]
    parts = []
    while len(body) >= 16:
        total, headers = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
        if total < 16:
            break
        parts.append(body[12 + headers : total - 4])
        body = body[total:]
    return tuple(parts)


TRAPS = [
    "http-content-length-text",
    "http-content-length-hex",
    "http-content-length-plus",
    "http-content-length-underscore",
    "http-content-length-empty",
    "http-content-length-negative",
    "http-content-length-twice",
    "http-content-length-and-chunked",
    "http-early-hints-with-stream",
    "http-transfer-encoding-unknown",
    "http-bare-lf-in-head",
    "http-bare-lf-in-header",
    "http-bare-lf-empty-line",
    "http-header-line-too-long",
    "http-headers-too-many",
    "http-header-space-before-colon",
    "http-content-length-space-before-colon",
    "http-header-without-colon",
    "http-header-with-nul",
    "http-status-line-no-number",
    "http-status-line-two-digits",
    "http-status-line-four-digits",
    "http-status-line-http-2",
    "http-switching-protocols",
]
CHUNK_TRAPS = [
    "http-chunk-" + name
    for name in (
        "size-0x",
        "size-plus",
        "size-blanks",
        "size-underscore",
        "end-wrong",
        "bare-lf-size",
        "bare-lf-end",
        "bare-lf-last",
    )
]


@for_each("name", TRAPS + CHUNK_TRAPS)
def test_a_careless_client_falls_into_the_trap(name: str) -> None:
    parts = lax_parts(wire_of(EXAMPLES[name].response))
    assert parts == (PARTS[:2] if name in CHUNK_TRAPS else PARTS)
    assert EXAMPLES[name].expect.status == "reject"


@pytest.mark.parametrize(
    "name",
    [
        "message-crc-payload",
        "header-twice",
        "prelude-crc",
        "last-chunk-missing",
        "cut-between-frames-length",
    ],
)
def test_a_client_without_checks_delivers_an_invalid_stream(name: str) -> None:
    answer = EXAMPLES[name].response
    assert len(lax_parts(scenarios.head() + scenarios.body_of(answer))) == 3


# ---- the catalogue -----------------------------------------------------------------------------


def test_every_entry_has_a_name_a_title_and_a_task() -> None:
    for name, entry in catalogue().items():
        assert entry.name == name
        assert re.match(r"[a-z0-9](-*[a-z0-9])*(-N)?\Z", name) and len(name) <= 55, (
            name
        )  # the pattern of an EndpointName
        assert entry.title and entry.must and not entry.must.endswith(".")


def test_names_are_unique_over_the_chapters() -> None:
    names = [entry.name for chapter in CHAPTERS for entry in chapter.scenarios()]
    assert len(names) == len(set(names)) == len(catalogue())


@for_each("name", sorted(EXAMPLES))
def test_every_example_is_well_formed_and_found(name: str) -> None:
    scenario = EXAMPLES[name]
    assert find(name) == scenario
    expect, answer = scenario.expect, scenario.response
    assert expect.status in ("ok", "reject")
    assert (expect.kind is None) == (expect.status == "ok")
    assert {expect.kind, *expect.also} <= KINDS | {None}
    assert answer.framing in FRAMINGS and answer.ending in ENDINGS
    assert all(isinstance(step, (bytes, float, Turn)) for step in answer.steps)
    turns = [step for step in answer.steps if isinstance(step, Turn)]
    assert turns == sorted(set(turns)) and (not turns or turns[-1] == len(expect.parts))
    assert all(catalogue()[need].response for need in scenario.needs)
    # The connection ends with the response, and the body is larger than all buffers.
    assert not answer.early or (answer.framing == "length" and scenario.request_size > 1 << 22)
    if answer.framing == "raw":
        assert (answer.cut, answer.interim) == (None, ())
    if answer.cut is not None:
        assert answer.ending != "clean"


def test_every_kind_that_a_response_can_cause_occurs() -> None:
    assert {scenario.expect.kind for scenario in EXAMPLES.values()} == KINDS | {None}


def test_find_by_number() -> None:
    assert find("model-stream-error-after-3").expect.parts == (
        b"token 0 ",
        b"token 1 ",
        b"token 2 ",
    )
    assert find("truncated-chunked-at-57").response.cut == 57
    assert find("long-answer-7").expect.parts[-1] == b"token 6 "


@pytest.mark.parametrize(
    "name",
    [
        "",
        "llm",
        "default-7",
        "long-answer-N",
        "long-answer-100001",
        "long-answer-9999999999",
        "error-499",
        "truncated-chunked-at",
        "truncated-chunked-at-",
        "truncated-chunked-at--1",
        "-3",
    ],
)
def test_an_unknown_name_plays_nothing(name: str) -> None:
    assert find(name) is None
    with pytest.raises(UsageError, match="no such scenario"):
        scenario_named(name)


def test_similar_names_are_found_among_the_catalogue_s_and_others() -> None:
    assert similar_names("eror-424")[0] == "error-424"
    assert similar_names("lmm", ["llm"])[0] == "llm"
    assert similar_names("x" * 100000) == []
    with pytest.raises(UsageError, match="expected error-424 or .*, got eror-424"):
        scenario_named("eror-424")


def test_the_listing_names_all_in_order() -> None:
    rows = listing()
    assert [row[0] for row in rows] == list(catalogue())
    assert rows[0] == (
        "default",
        "an English sentence, token by token",
        "deliver each part as it arrives",
    )
    assert ("truncated-chunked-at-N", "chunked, closed after N bytes of the body") in [
        row[:2] for row in rows
    ]


def test_the_catalogue_cannot_be_changed_from_outside() -> None:
    catalogue().clear()
    assert "default" in catalogue()


def test_templates_name_their_examples() -> None:
    templates = [entry for entry in catalogue().values() if isinstance(entry, Template)]
    assert len(templates) == 9
    for template in templates:
        for number in template.examples:
            made = template.make(number)
            assert isinstance(made, Scenario) and made.name == f"{template.name[:-2]}-{number}"


def test_an_acceptable_outcome_differs_and_has_a_row_in_the_ledger() -> None:
    rules = {
        row: set(names.split(", "))
        for row, names in re.findall(r"^\| (DIV-[0-9]{3}) \| ([^|]*) \|", LEDGER, re.MULTILINE)
    }
    for scenario in EXAMPLES.values():
        for other in scenario.acceptable:
            assert other.expect != scenario.expect and len(other.why) > 20
            assert rules[other.divergence] & set(scenario.rules), scenario.name
    assert {name for name, scenario in EXAMPLES.items() if scenario.acceptable} == {
        "redirect-301",
        "redirect-302",
        "redirect-303",
        "redirect-307",
        "redirect-308",
        "redirect-nowhere",
        "http-switching-protocols",
        "http-switching-protocols-before",
        "success-untyped",
        "success-gzip",
        "error-400-xml",
    }
    assert (
        find("redirect-301").acceptable
        and find("redirected").acceptable == find("long-answer-7").acceptable == ()
    )


# ---- rules -------------------------------------------------------------------------------------

RULES_OF_A_KIND = {
    "prelude_crc": {"EVS-002", "EVS-004"},
    "message_crc": {"EVS-003"},
    "length": {"EVS-006", "EVS-007"},
    "limit": {"EVS-008"},
    "header": {"EVS-010", "EVS-011"},
    "duplicate_header": {"EVS-014"},
    "header_type": {"EVS-013"},
    "utf8": {"EVS-012", "EVS-015"},
    "truncated": {"EVS-022", "HTTP-023"},
    "message_type": {"EVS-030", "EVS-031", "EVS-033", "EVS-034"},
    "exception": {"EVS-034", "EVS-038"},
    "unmodeled": {"EVS-035", "EVS-036"},
    "content_type": {"HTTP-021"},
    "network": {"HTTP-041", "HTTP-055"},
    "timeout": {"HTTP-051"},
    "service_error": {
        "HTTP-024",
        "HTTP-030",
        "HTTP-031",
        "HTTP-032",
        "HTTP-033",
        "HTTP-034",
        "HTTP-035",
        "HTTP-036",
    },
    "http": {
        "HTTP-041",
        "HTTP-042",
        "HTTP-043",
        "HTTP-044",
        "HTTP-045",
        "HTTP-046",
        "HTTP-047",
        "HTTP-048",
        "HTTP-049",
        "HTTP-054",
    },
}


RULES = set(load_rules())


@for_each("name", list(EXAMPLES))
def test_the_rules_of_a_scenario_fit_its_outcome(name: str) -> None:
    tested, expect = EXAMPLES[name].rules, EXAMPLES[name].expect
    assert tested and len(set(tested)) == len(tested) and set(tested) <= RULES
    assert set(RULES_OF_A_KIND) == KINDS
    if expect.kind is not None:
        assert RULES_OF_A_KIND[expect.kind] & set(tested)
    assert find(name).rules == tested


def test_a_number_has_the_rules_of_its_template() -> None:
    assert find("truncated-chunked-at-57").rules == ("EVS-022", "HTTP-023")
    assert find("long-answer-7").rules == ("EVS-037",)


@pytest.mark.parametrize(
    "family", ["chunked", "length", "close", "reset", "length-reset", "close-reset"]
)
def test_the_outcome_of_every_cut_follows_from_completeness(family: str) -> None:
    make = catalogue()[f"truncated-{family}-at-N"].make  # type: ignore[union-attr]
    for count in range(len(b"".join(FRAMES)) + 3):
        scenario = make(count)
        seen = outcome(scenario.response)
        assert (seen.status, seen.kind, seen.parts) == (
            scenario.expect.status,
            scenario.expect.kind,
            scenario.expect.parts,
        ), count


# ---- frames ------------------------------------------------------------------------------------


def frame(headers: bytes, payload: bytes) -> bytes:
    prelude = (16 + len(headers) + len(payload)).to_bytes(4, "big") + len(headers).to_bytes(
        4, "big"
    )
    prelude += zlib.crc32(prelude).to_bytes(4, "big")
    return prelude + headers + payload + zlib.crc32(prelude + headers + payload).to_bytes(4, "big")


def text(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + b"\x07" + len(value).to_bytes(2, "big") + value


def test_a_part_byte_by_byte() -> None:
    headers = (
        text(b":event-type", b"PayloadPart")
        + text(b":content-type", b"application/octet-stream")
        + text(b":message-type", b"event")
    )
    assert scenarios.part(b"hi") == frame(headers, b"hi")


def test_the_other_messages_byte_by_byte() -> None:
    headers = text(b":exception-type", b"ModelStreamError") + text(
        b":content-type", b"application/json"
    )
    assert scenarios.exception("ModelStreamError", Message="m", ErrorCode="c") == frame(
        headers + text(b":message-type", b"exception"), b'{"Message": "m", "ErrorCode": "c"}'
    )
    assert scenarios.error_message("c", "t") == frame(
        text(b":error-code", b"c")
        + text(b":error-message", b"t")
        + text(b":message-type", b"error"),
        b"",
    )
    assert scenarios.error_message(None, None) == frame(text(b":message-type", b"error"), b"")
    assert scenarios.message([("n", 7), ("t", True)]) == frame(
        b"\x01n\x04\0\0\0\x07" + b"\x01t\0", b""
    )


def test_a_raw_frame_is_valid_by_default() -> None:
    good = scenarios.raw_frame(text(b"x", b"y"), b"p")
    assert good == frame(text(b"x", b"y"), b"p")
    assert scenarios.raw_frame(text(b"x", b"y"), b"p", flip_message_crc=1)[:-1] == good[:-1]
    assert scenarios.raw_frame(text(b"x", b"y"), b"p", flip_prelude_crc=1)[:11] == good[:11]
    huge = scenarios.raw_frame(total_length=0xFFFFFFFF)
    assert huge[:4] == b"\xff\xff\xff\xff" and huge[8:12] == zlib.crc32(huge[:8]).to_bytes(4, "big")


# ---- adding a scenario -------------------------------------------------------------------------


MINE = Scenario("mine", response=scenarios.stream(scenarios.part(b"x")))


def test_a_name_and_a_response_are_enough() -> None:
    assert MINE.expect.status == "ok" and MINE.rules == MINE.acceptable == ()
    assert Scenario("empty").response == scenarios.stream()._replace(steps=())


@pytest.mark.slow
@pytest.mark.parametrize("position", [0, 5, 25])
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.__name__.split(".")[-1])
def test_an_inserted_scenario_changes_no_other(
    chapter: Any, position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, cases_before = catalogue(), scenario_cases()
    entries = chapter.scenarios()
    entries.insert(position, MINE)
    monkeypatch.setattr(chapter, "scenarios", lambda: entries)
    monkeypatch.setattr(catalogue_module, "_entries", catalogue_module._entries.__wrapped__)
    monkeypatch.setattr(catalogue_module, "_examples", catalogue_module._examples.__wrapped__)
    after, cases_after = catalogue(), scenario_cases()
    assert after.pop("mine") is MINE
    assert list(after) == list(before)
    assert [case for case in cases_after if case.id != "invoke-mine"] == cases_before
    assert len(cases_after) == len(cases_before) + 1


def test_the_recordings_do_not_depend_on_the_catalogue() -> None:
    """Their rows name scenarios one by one, so a new scenario does not become a recording."""
    names = {row.scenario for row in ROWS if row.encoder is None}
    assert names < set(EXAMPLES) | {"truncated-length-at-110"}
    assert len(names) < len(EXAMPLES) / 4
