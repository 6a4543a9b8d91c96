# SPDX-License-Identifier: MIT
"""SPEC.md: its structure, its links to the code, and every number in it.

Structure: rule ids are unique and ascend. Each rule is one paragraph with MUST, SHOULD or MAY, an
authority and known kinds. These words appear only in rules and in the notes that quote other texts.
A rule links to its note, and a note belongs to the rules that it names.

Links: every id that refimpl or conformance cites is a rule. Each `[test: FILE]` mirrors a source
file.

Numbers: a block fenced with `worked NAME` is recomputed twice, by refimpl and by a few lines in
this file that use only hashlib, hmac, struct, zlib and urllib. If botocore is installed, it must
agree as well. A worked block without a check fails, and so does a hexadecimal number outside a
worked block.
"""

import base64
import hashlib
import hmac
import http.client
import io
import json
import posixpath
import re
import struct
import uuid
import zlib
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple
from urllib.parse import quote, unquote_to_bytes

import pytest

from conformance.cases.frames import assemble, disassemble
from refimpl import (
    cli,
    client,
    endpoints,
    errordocument,
    errors,
    eventstream,
    http1,
    operation,
    operation_errors,
    shapes,
    sigv4,
    timeouts,
    transport,
)
from refimpl.config.process import DEFAULT_PROCESS_TIMEOUT
from refimpl.config.profiles import MAX_CONFIG_LENGTH
from refimpl.documents import json_format, query_format, value_format, xml_format
from refimpl.errors import DEFAULT_MAX_ITEM_LENGTH
from refimpl.text import containers
from refimpl.text.paths import parse_path
from refimpl.text.server_sent_events import _MAX_RETRY_DIGITS
from tests.rows import for_each

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "SPEC.md").read_text(encoding="utf-8")
CHAPTERS = ("SIG", "EVS", "HTTP", "END", "SHP", "TXT", "CRED", "RTY", "NET", "CLI", "EXP", "SRV")
AUTHORITIES = ("model", "spec", "ran", "recorded", "reported", "derived")
RULE_ID = re.compile(rf"\b({'|'.join(CHAPTERS)})-(\d{{3}})\b")
KEYWORD = re.compile(r"\b(?:MUST|SHOULD|MAY)\b")


class Rule(NamedTuple):
    """A rule of SPEC.md. `tags` are the texts in brackets at its end, without the brackets."""

    id: str
    text: str
    tags: List[str]


class Note(NamedTuple):
    """A note at the end of a chapter. `name` is its heading after "Note": `SIG-008 to SIG-010`."""

    name: str
    rules: List[str]
    text: str


# ---- reading SPEC.md ---------------------------------------------------------------------------

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROSE = FENCE.sub("", TEXT)
NOTE_LINK = re.compile(r" See \[note ([^\]]*)\]\(#([^)]*)\)\.$")


def read_rules() -> List[Rule]:
    found = []
    for name, text in re.findall(r"^\*\*([A-Z]+-\d{3})\*\* (.*)$", PROSE, re.MULTILINE):
        tail = re.search(r"((?: ?\[[^\]]*\])+)$", text)
        tags = re.findall(r"\[([^\]]*)\]", tail.group(1)) if tail else []
        found.append(Rule(name, text[: tail.start()] if tail else text, tags))
    return found


RULES = read_rules()
RULE_IDS = [rule.id for rule in RULES]


def rules_of_note(name: str) -> List[str]:
    """Return the rules of a note. `SIG-008 to SIG-010` includes the rules between them."""
    first, _, last = name.partition(" to ")
    if last:
        return [rule for rule in RULE_IDS if rule[:-4] == first[:-4] and first <= rule <= last]
    return name.split(", ")


def read_notes() -> List[Note]:
    pieces = re.split(r"^(#+ .*)$", PROSE, flags=re.MULTILINE)
    return [
        Note(heading[10:], rules_of_note(heading[10:]), text)
        for heading, text in zip(pieces[1::2], pieces[2::2])
        if heading.startswith("#### Note ")
    ]


NOTES = read_notes()
BLOCKS = {
    info[len("worked ") :]: body.rstrip("\n")
    for info, body in FENCE.findall(TEXT)
    if info.startswith("worked ")
}


def rule_text(name: str) -> str:
    return next(rule.text for rule in RULES if rule.id == name)


def table_after(marker: str) -> List[List[str]]:
    """Return the cells of the first Markdown table after a marker, without its head."""
    lines = TEXT[TEXT.index(marker) :].split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def quoted(cell: str) -> List[str]:
    """Return the texts in backticks in a cell."""
    return re.findall(r"`([^`]*)`", cell)


def columns(name: str) -> List[List[str]]:
    """Return the rows of a worked block, split at two or more spaces outside of JSON text."""
    return [
        re.findall(r'(?:"(?:[^"\\]|\\.)*"|\[.*\]|[^\s"\[]+(?: [^\s"\[]+)*)(?:\*\d+)?', line)
        for line in BLOCKS[name].split("\n")
    ]


# ---- structure ---------------------------------------------------------------------------------


def test_rule_ids_are_unique() -> None:
    assert len(RULE_IDS) > 100
    assert sorted(set(RULE_IDS)) == sorted(RULE_IDS)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_rules_ascend_in_their_chapter(chapter: str) -> None:
    numbers = [name for name in RULE_IDS if name.startswith(chapter + "-")]
    assert numbers == sorted(numbers)
    heading = re.search(rf"^##(#?) (?:\d+\. )?{chapter}: ", TEXT, re.MULTILINE)
    assert heading is not None
    end = re.search(rf"^##{heading.group(1)} ", TEXT[heading.end() :], re.MULTILINE)
    section = TEXT[heading.end() : heading.end() + end.start() if end else len(TEXT)]
    assert re.findall(r"^\*\*([A-Z]+-\d{3})\*\*", section, re.MULTILINE) == numbers
    if not numbers:
        assert "No rules yet." in section


@for_each("rule", RULES, ids=RULE_IDS)
def test_rule_has_a_keyword_and_an_authority(rule: Rule) -> None:
    assert KEYWORD.search(rule.text), "no MUST, SHOULD or MAY"
    authorities = [tag for tag in rule.tags if not tag.startswith("test: ")]
    assert authorities, "no authority"
    assert set(authorities) <= set(AUTHORITIES)
    assert not re.search(rf"\[(?:{'|'.join(AUTHORITIES)}|test:)", rule.text), (
        "a tag before the end of the rule"
    )


def test_a_rule_is_one_paragraph() -> None:
    for match in re.finditer(r"^\*\*[A-Z]+-\d{3}\*\*.*\n(.*)", TEXT, re.MULTILINE):
        assert match.group(1) == "", match.group()
    assert len(re.findall(r"\*\*[A-Z]+-\d{3}\*\*", PROSE)) == len(RULES), (
        "a bold id inside a paragraph"
    )


def test_keywords_appear_only_in_rules_and_quotations() -> None:
    quotations = [note.text for note in NOTES if "AWS's text" in note.text]
    for paragraph in PROSE.split("\n\n"):
        if KEYWORD.search(paragraph):
            assert re.match(
                r"\s*(?:\*\*[A-Z]+-\d{3}\*\* |A rule is a paragraph)", paragraph
            ) or any(paragraph in text for text in quotations), paragraph


def test_authorities_are_explained() -> None:
    assert re.findall(r"^- \[([a-z]+)\]: ", TEXT, re.MULTILINE) == list(AUTHORITIES)


def test_notes_follow_the_rules_of_their_chapter() -> None:
    assert len(NOTES) > 40
    for chapter in re.split(r"^## ", PROSE, flags=re.MULTILINE):
        rules = re.findall(r"^\*\*([A-Z]+-\d{3})\*\*", chapter, re.MULTILINE)
        names = re.findall(r"^#### Note (.*)$", chapter, re.MULTILINE)
        assert [name for name in names if not set(rules_of_note(name)) <= set(rules)] == []
        assert names == sorted(names)
        if names:
            before, section, after = re.split(
                r"^### \d+\.\d+ Notes$", chapter, flags=re.MULTILINE
            ) + ["!"]
            assert after == "!" and "#### " not in before and "\n**" not in section


def test_each_note_has_its_own_name_and_text() -> None:
    assert len({note.name for note in NOTES}) == len(NOTES)
    for note in NOTES:
        assert re.match(r"[A-Z]+-\d{3}(?:(?: to|,) [A-Z]+-\d{3})*\Z", note.name), note.name
        assert len(note.rules) == len(set(note.rules)) > 0
        assert len(note.text.strip()) > 40, note.name


def test_rules_link_to_their_notes() -> None:
    expected = {rule: note.name for note in NOTES for rule in note.rules}
    found = {}
    for rule in RULES:
        match = NOTE_LINK.search(rule.text)
        if match:
            assert match.group(2) == anchor_of("Note " + match.group(1))
            found[rule.id] = match.group(1)
        assert ("(#note-" in rule.text) == (match is not None), "a note's link ends the text"
    assert found == expected


def test_notes_name_the_acceptable_outcomes_of_their_rules() -> None:
    ledger = (ROOT / "DIVERGENCES.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (DIV-\d{3}) \| ([^|]*) \|", ledger, re.MULTILINE)
    assert len(rows) > 10
    for row, rules in rows:
        naming = {rule for note in NOTES if row in note.text for rule in note.rules}
        assert naming & set(rules.split(", ")), f"no note of {rules} names {row}"
    assert set(re.findall(r"DIV-\d{3}", TEXT)) <= {row for row, _ in rows}


def test_retired_ids_are_not_in_use() -> None:
    retired = [
        match.group()
        for match in RULE_ID.finditer(
            TEXT[TEXT.index("## 16. Retired ids") : TEXT.index("## 17. Appendix")]
        )
    ]
    assert not set(retired) & set(RULE_IDS)


def test_every_id_in_the_text_is_a_rule() -> None:
    assert {match.group() for match in RULE_ID.finditer(TEXT)} == set(RULE_IDS)


def test_no_absolute_path() -> None:
    assert not re.search(
        r"(?:^|[\s`(\"'])(?:/(?:home|root|tmp|work|usr|etc|opt|var|Users)\b|[A-Z]:\\|file:)", TEXT
    )


def anchor_of(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_links_inside_the_text_have_targets() -> None:
    anchors = {anchor_of(heading) for heading in re.findall(r"^#+ (.*)$", PROSE, re.MULTILINE)}
    links = re.findall(r"\]\(#([^)]*)\)", TEXT)
    assert links
    assert [link for link in links if link not in anchors] == []
    for section in re.findall(r"(?:section|chapter) (\d+(?:\.\d+)?)", TEXT):
        assert re.search(rf"^##+ {re.escape(section)}\.? ", TEXT, re.MULTILINE), section


def test_hexadecimal_numbers_are_only_in_worked_blocks() -> None:
    for info, body in FENCE.findall(TEXT):
        assert info.startswith("worked "), f"a block without a check: {body[:60]}"
    assert not re.findall(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{8,}\b", PROSE)


# ---- kinds -------------------------------------------------------------------------------------

KINDS = [quoted(row[0])[0] for row in table_after("### 2.1 Error kinds")]


def test_the_table_has_the_kinds_of_the_rules() -> None:
    rejected = {kind for rule in RULES for kind in re.findall(r"\(`([a-z0-9_]+)`", rule.text)}
    rejected |= set(re.findall(r"All rejections are `([a-z]+)`", PROSE))
    named = {kind for rule in RULES for kind in quoted(rule.text)}
    assert len(set(KINDS)) == len(KINDS)
    assert rejected <= set(KINDS), rejected - set(KINDS)
    assert set(KINDS) <= rejected | named, (
        f"kinds that no rule names: {set(KINDS) - rejected - named}"
    )


def test_the_table_has_the_kinds_that_the_code_raises() -> None:
    raised = set()
    for path in sorted((ROOT / "refimpl").rglob("*.py")):
        raised |= set(re.findall(r"\bkind ?= ?\"(\w+)\"", path.read_text(encoding="utf-8")))
    # Base classes are never raised. `closed` means that the user has closed the response.
    assert raised - {"error", "protocol", "closed"} <= set(KINDS)
    assert {"prelude_crc", "duplicate_header", "content_type", "truncated"} <= raised


# ---- links to code and tests -------------------------------------------------------------------


def cited_ids(source: str) -> Tuple[List[str], List[Tuple[str, int, int]]]:
    """Return the ids that a source cites, and its ranges, whose ends need not be rules."""
    ranges = [
        (chapter, int(first), int(last))
        for chapter, first, last in re.findall(r"\b([A-Z]+)-(\d{3}) to (?:\1-)?(\d{3})\b", source)
    ]
    source = re.sub(r"\b([A-Z]+)-(\d{3}) to (?:\1-)?(\d{3})\b", "", source)
    return [match.group() for match in RULE_ID.finditer(source)], [
        entry for entry in ranges if entry[0] in CHAPTERS
    ]


def test_a_range_does_not_cite_its_ends() -> None:
    assert cited_ids("(EVS-001 to EVS-029) # SIG-014, SIG-015") == (
        ["SIG-014", "SIG-015"],
        [("EVS", 1, 29)],
    )


@pytest.mark.parametrize("folder", ["refimpl", "conformance"])
def test_the_code_cites_only_rules(folder: str) -> None:
    unknown = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        names, ranges = cited_ids(path.read_text(encoding="utf-8"))
        unknown += [f"{path.name}: {name}" for name in names if name not in RULE_IDS]
        for chapter, first, last in ranges:
            if not any(f"{chapter}-{number:03}" in RULE_IDS for number in range(first, last + 1)):
                unknown.append(f"{path.name}: {chapter}-{first:03} to {last:03}")
    assert unknown == []


NAMED_TESTS = sorted(
    {tag[len("test: ") :] for rule in RULES for tag in rule.tags if tag.startswith("test: ")}
)


@for_each("name", NAMED_TESTS)
def test_the_named_test_file_mirrors_a_source_file(name: str) -> None:
    match = re.match(r"tests/((?:\w+/)+)test_([a-z0-9_]+)\.py\Z", name)
    assert match is not None, name
    folder, module = match.groups()
    sources = [f"{folder}{module}.py", f"{folder}{module}/__init__.py"]
    if folder.endswith(f"/{module}/"):
        sources.append(f"{folder}__init__.py")
    assert any((ROOT / source).exists() for source in sources), f"{name} mirrors no source file"
    assert re.search(
        r"^(?:    )?def test_", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
    )


# ---- the independent computations --------------------------------------------------------------

ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
DATE, REGION, SERVICE = "20150830T123600Z", "us-east-1", "sagemaker"
TOKEN = "EXAMPLE/TOKEN+=="
HOST = "runtime.sagemaker.us-east-1.amazonaws.com"
TARGET = "/endpoints/llm/invocations-response-stream"
BODY = b'{"inputs":"Hi"}'
SCOPE = "20150830/us-east-1/sagemaker/aws4_request"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def hmac_sha256(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("ascii"), "sha256").digest()


def crc32_bitwise(data: bytes, polynomial: int, start: int) -> int:
    crc = start
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
    return crc ^ start


def plain_path(raw: str, once: bool) -> str:
    path = posixpath.normpath(re.sub("//+", "/", raw or "/"))
    if raw.endswith("/") and path != "/":
        path += "/"
    encoded = quote(path.encode("utf-8"), safe="/~")
    return re.sub("%25([0-9A-Fa-f]{2})", r"%\1", encoded) if once else encoded


def plain_query(raw: str) -> str:
    pairs = [piece.partition("=")[::2] for piece in raw.split("&") if piece]
    return "&".join(
        "{}={}".format(*pair)
        for pair in sorted(
            (quote(unquote_to_bytes(name), safe="~"), quote(unquote_to_bytes(value), safe="~"))
            for name, value in pairs
        )
    )


def plain_headers(pairs: Sequence[Sequence[str]]) -> str:
    lines: Dict[str, List[str]] = {}
    for name, value in pairs:
        lines.setdefault(name.lower(), []).append(
            re.sub("(?:(?:\r?\n)?[ \t])+", " ", value).strip(" ")
        )
    return "".join(f"{name}:{','.join(values)}\n" for name, values in sorted(lines.items()))


def plain_canonical(headers: Dict[str, str], query: str = "") -> str:
    return "\n".join(
        (
            "POST",
            TARGET,
            query,
            plain_headers(list(headers.items())),
            ";".join(sorted(headers)),
            sha256(BODY),
        )
    )


def plain_string_to_sign(canonical: str) -> str:
    return f"AWS4-HMAC-SHA256\n{DATE}\n{SCOPE}\n{sha256(canonical.encode('latin-1'))}"


def plain_keys() -> List[bytes]:
    keys = [("AWS4" + SECRET_KEY).encode("ascii")]
    for text in SCOPE.split("/"):
        keys.append(hmac_sha256(keys[-1], text))
    return keys[1:]


def plain_signature(canonical: str) -> str:
    return hmac_sha256(plain_keys()[-1], plain_string_to_sign(canonical)).hex()


def plain_verdict(data: bytes) -> str:
    """Return the error kind of a stream of one frame. The checks follow the order of the rules."""
    total, headers_length, prelude_crc = struct.unpack(">III", data[:12])
    checks = [
        ("prelude_crc", zlib.crc32(data[:8]) != prelude_crc),
        ("length", total < 16 or headers_length > total - 16),
        ("limit", total > 32 * 1024 * 1024),
        ("truncated", total > len(data)),
    ]
    for kind, broken in checks:
        if broken:
            return kind
    if zlib.crc32(data[: total - 4]) != struct.unpack(">I", data[total - 4 : total])[0]:
        return "message_crc"
    return plain_header_verdict(data[12 : 12 + headers_length])


def plain_header_verdict(block: bytes) -> str:
    sizes = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
    names = []
    while block:
        size, rest = block[0], block[1:]
        if size == 0 or len(rest) <= size:
            return "header"
        name, code, rest = rest[:size], rest[size], rest[size + 1 :]
        if code > 9:
            return "header_type"
        if code in (6, 7):
            length, rest = int.from_bytes(rest[:2], "big"), rest[2:]
        else:
            length = sizes[code]
        if len(rest) < length:
            return "header"
        if name in names:
            return "duplicate_header"
        names.append(name)
        try:
            name.decode("utf-8")
            if code == 7:
                rest[:length].decode("utf-8")
        except UnicodeDecodeError:
            return "utf8"
        block = rest[length:]
    return "ok"


# ---- what refimpl computes ---------------------------------------------------------------------

CREDENTIALS = sigv4.Credentials(ACCESS_KEY, SECRET_KEY)
TEMPORARY = sigv4.Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)


def worked_request() -> Tuple[str, List[Tuple[str, str]], bytes]:
    """Return request line, headers and body of the worked request."""
    head, _, body = BLOCKS["request"].partition("\n\n")
    line, _, fields = head.partition("\n")
    return (
        line,
        [(name, value) for name, value in (field.split(": ", 1) for field in fields.split("\n"))],
        body.encode("ascii"),
    )


def unsigned_headers() -> List[Tuple[str, str]]:
    return [
        (name, value)
        for name, value in worked_request()[1]
        if name not in ("authorization", "x-amz-date")
    ]


def sign(credentials: sigv4.Credentials = CREDENTIALS, **options: Any) -> sigv4.SignedRequest:
    return sigv4.Signer().sign(
        "POST",
        TARGET,
        unsigned_headers(),
        BODY,
        credentials,
        REGION,
        SERVICE,
        DATE,
        unsigned=operation.UNSIGNED_HEADERS,
        **options,
    )


def presign(**options: Any) -> sigv4.PresignedRequest:
    return sigv4.Signer().presign(
        "POST", TARGET, [("Host", HOST)], BODY, TEMPORARY, REGION, SERVICE, DATE, 300, **options
    )


CHECKS: Dict[str, Callable[[], None]] = {}


def checks(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(function: Callable[[], None]) -> Callable[[], None]:
        assert name not in CHECKS
        CHECKS[name] = function
        return function

    return register


@for_each("name", sorted(set(BLOCKS) | set(CHECKS)))
def test_worked_block(name: str) -> None:
    assert name in CHECKS, f"nothing checks the worked block {name}"
    assert name in BLOCKS, f"SPEC.md has no worked block {name}"
    CHECKS[name]()


def test_no_worked_block_has_the_name_of_another() -> None:
    assert len([info for info, _ in FENCE.findall(TEXT)]) == len(BLOCKS)


# ---- worked: signatures ------------------------------------------------------------------------


@checks("request")
def check_request() -> None:
    line, headers, body = worked_request()
    assert (line, body) == (f"POST {TARGET} HTTP/1.1", BODY)
    assert tuple(headers) == sign().headers
    call = shapes.InvokeEndpointWithResponseStreamInput(
        endpoint_name="llm", body=BODY, content_type="application/json"
    )
    built = operation.build_request(call, "https://" + HOST)
    assert (built.method, built.target, built.body) == ("POST", TARGET, BODY)
    assert [pair for pair in built.headers if pair[0] != "User-Agent"] == [
        pair for pair in unsigned_headers() if pair[0] != "User-Agent"
    ]
    assert dict(headers)["Content-Length"] == f"{len(BODY)}"
    assert dict(headers)["authorization"] == BLOCKS["authorization"]


@checks("canonical-request")
def check_canonical_request() -> None:
    assert BLOCKS["canonical-request"] == sign().canonical_request
    headers = {name.lower(): value for name, value in worked_request()[1]}
    signed = {name: headers[name] for name in ("content-type", "host", "x-amz-date")}
    assert BLOCKS["canonical-request"] == plain_canonical(signed)


@checks("string-to-sign")
def check_string_to_sign() -> None:
    assert (
        BLOCKS["string-to-sign"]
        == sign().string_to_sign
        == plain_string_to_sign(BLOCKS["canonical-request"])
    )


@checks("keys")
def check_keys() -> None:
    keys = sigv4.derive_signing_keys(SECRET_KEY, DATE[:8], REGION, SERVICE)
    assert columns("keys") == [
        [name, getattr(keys, name).hex()]
        for name in ("k_date", "k_region", "k_service", "k_signing")
    ]
    assert [row[1] for row in columns("keys")] == [key.hex() for key in plain_keys()]


@checks("signature")
def check_signature() -> None:
    assert BLOCKS["signature"] == sign().signature == plain_signature(BLOCKS["canonical-request"])
    k_signing = bytes.fromhex(columns("keys")[3][1])
    assert BLOCKS["signature"] == hmac_sha256(k_signing, BLOCKS["string-to-sign"]).hex()


@checks("authorization")
def check_authorization() -> None:
    expected = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{SCOPE}, "
        f"SignedHeaders=content-type;host;x-amz-date, Signature={BLOCKS['signature']}"
    )
    assert BLOCKS["authorization"] == sign().authorization == expected


@checks("session-token")
def check_session_token() -> None:
    rows = BLOCKS["session-token"].split("\n")
    found = {
        first.split()[0]: (first.split()[1], second.strip())
        for first, second in zip(rows[::2], rows[1::2])
    }
    signed = {"content-type": "application/json", "host": HOST, "x-amz-date": DATE}
    cases = {
        "signed": (sign(TEMPORARY), dict(signed, **{"x-amz-security-token": TOKEN})),
        "unsigned": (sign(TEMPORARY, omit_session_token=True), signed),
        "sign_body": (sign(sign_body=True), dict(signed, **{"x-amz-content-sha256": sha256(BODY)})),
    }
    assert sorted(found) == sorted(cases)
    for name, (computed, headers) in cases.items():
        assert found[name] == (";".join(sorted(headers)), computed.signature)
        assert found[name][1] == plain_signature(plain_canonical(headers))
        assert ("x-amz-security-token", TOKEN) in computed.headers or name == "sign_body"


def presigned_pairs(token: bool) -> Dict[str, str]:
    pairs = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{ACCESS_KEY}/{SCOPE}",
        "X-Amz-Date": DATE,
        "X-Amz-Expires": "300",
        "X-Amz-SignedHeaders": "host",
    }
    return dict(pairs, **{"X-Amz-Security-Token": TOKEN}) if token else pairs


def presigned_query(token: bool) -> str:
    return "&".join(
        f"{name}={quote(value, safe='~')}" for name, value in sorted(presigned_pairs(token).items())
    )


@checks("presign-canonical-request")
def check_presign_canonical_request() -> None:
    assert (
        BLOCKS["presign-canonical-request"]
        == presign().canonical_request
        == plain_canonical({"host": HOST}, presigned_query(True))
    )


@checks("presign-string-to-sign")
def check_presign_string_to_sign() -> None:
    assert (
        BLOCKS["presign-string-to-sign"]
        == presign().string_to_sign
        == plain_string_to_sign(BLOCKS["presign-canonical-request"])
    )


@checks("presign-target")
def check_presign_target() -> None:
    target = BLOCKS["presign-target"].replace("\n", "")
    assert target == presign().target
    signature = plain_signature(BLOCKS["presign-canonical-request"])
    assert target == f"{TARGET}?{presigned_query(True)}&X-Amz-Signature={signature}"


@checks("presign-unsigned-token")
def check_presign_unsigned_token() -> None:
    tail = BLOCKS["presign-unsigned-token"].replace("\n", "")
    computed = presign(omit_session_token=True)
    assert computed.target == f"{TARGET}?{presigned_query(False)}&{tail}"
    signature = plain_signature(plain_canonical({"host": HOST}, presigned_query(False)))
    assert tail == f"X-Amz-Security-Token={quote(TOKEN, safe='')}&X-Amz-Signature={signature}"


@checks("paths")
def check_paths() -> None:
    rows = columns("paths")
    assert len(rows) > 10
    for raw, double, once in rows:
        path = sigv4.split_target(json.loads(raw))[0]
        assert (double, once) == (
            sigv4.canonical_uri(path),
            sigv4.canonical_uri(path, double_encode=False),
        ), raw
        assert (double, once) == (
            plain_path(json.loads(raw), False),
            plain_path(json.loads(raw), True),
        ), raw


@checks("queries")
def check_queries() -> None:
    rows = [[json.loads(cell) for cell in row] for row in columns("queries")]
    assert len(rows) > 10
    for raw, canonical in rows:
        assert canonical == sigv4.canonical_query_string(raw) == plain_query(raw), raw


@checks("headers")
def check_headers() -> None:
    rows = [[json.loads(cell) for cell in row] for row in columns("headers")]
    assert len(rows) > 5
    for pairs, line in rows:
        assert (
            line
            == sigv4.canonical_headers(sigv4.collect_headers([tuple(pair) for pair in pairs]))
            == plain_headers(pairs)
        ), pairs


@checks("windows")
def check_windows() -> None:
    for row in columns("windows"):
        signed_at, expires, now, verdict = row[:4]
        assert plain_window(signed_at, expires, now) == verdict, row
        assert verify_at(signed_at, expires, now) == (
            verdict,
            row[4] if verdict != "ok" else None,
        ), row
    assert {row[3] for row in columns("windows")} == {"ok", "expired"}


def plain_window(signed_at: str, expires: str, now: str) -> str:
    age = (
        datetime.strptime(now, "%Y%m%dT%H%M%SZ") - datetime.strptime(signed_at, "%Y%m%dT%H%M%SZ")
    ).total_seconds()
    return "ok" if -300 <= age <= (300 if expires == "-" else int(expires)) else "expired"


def verify_at(signed_at: str, expires: str, now: str) -> Tuple[str, Optional[str]]:
    headers, target = [("Host", HOST)], "/"
    if expires == "-":
        headers = list(
            sigv4.Signer()
            .sign("GET", target, headers, b"", CREDENTIALS, REGION, SERVICE, signed_at)
            .headers
        )
    else:
        target = (
            sigv4.Signer()
            .presign(
                "GET", target, headers, b"", CREDENTIALS, REGION, SERVICE, signed_at, int(expires)
            )
            .target
        )
    try:
        sigv4.verify("GET", target, headers, b"", CREDENTIALS, REGION, SERVICE, now)
    except errors.SignatureError as error:
        return error.kind, error.rule
    return "ok", None


def test_botocore_agrees_with_the_worked_request() -> None:
    pytest.importorskip("botocore")
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest(
        "POST",
        "https://" + HOST + TARGET,
        headers={"Content-Type": "application/json", "X-Amz-Date": DATE},
        data=BODY,
    )
    request.context["timestamp"] = DATE
    signer = SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), SERVICE, REGION)
    assert signer.canonical_request(request) == BLOCKS["canonical-request"]
    assert signer.string_to_sign(request, BLOCKS["canonical-request"]) == BLOCKS["string-to-sign"]
    assert signer.signature(BLOCKS["string-to-sign"], request) == BLOCKS["signature"]


def test_botocore_agrees_with_the_worked_paths() -> None:
    pytest.importorskip("botocore")
    from botocore.auth import SigV4Auth
    from botocore.credentials import Credentials

    signer = SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), SERVICE, REGION)
    for raw, double, _ in columns("paths"):
        assert signer._normalize_url_path(json.loads(raw)) == double, raw


def awscrt_signature(target: str, headers: Sequence[Tuple[str, str]] = ()) -> str:
    """Sign a GET of target with AWS's C library, normalised and encoded twice."""
    auth, crt_http = pytest.importorskip("awscrt.auth"), pytest.importorskip("awscrt.http")
    request = crt_http.HttpRequest(
        "GET", target, crt_http.HttpHeaders([("Host", HOST)] + list(headers))
    )
    config = auth.AwsSigningConfig(
        algorithm=auth.AwsSigningAlgorithm.V4,
        signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
        region=REGION,
        service=SERVICE,
        credentials_provider=auth.AwsCredentialsProvider.new_static(ACCESS_KEY, SECRET_KEY),
        use_double_uri_encode=True,
        should_normalize_uri_path=True,
        date=datetime(2015, 8, 30, 12, 36, tzinfo=timezone.utc),
    )
    auth.aws_sign_request(request, config).result(10)
    return str(dict(request.headers)["Authorization"].partition("Signature=")[2])


def plain_get_signature(path: str, query: str = "", headers: str = "") -> str:
    names = ";".join(sorted(["host", "x-amz-date"] + (["x-t"] if headers else [])))
    canonical = (
        f"GET\n{path}\n{query}\nhost:{HOST}\nx-amz-date:{DATE}\n{headers}\n{names}\n{sha256(b'')}"
    )
    return hmac_sha256(plain_keys()[-1], plain_string_to_sign(canonical)).hex()


def test_awscrt_agrees_with_the_worked_paths_queries_and_headers() -> None:
    for raw, double, _ in columns("paths"):
        assert awscrt_signature(json.loads(raw) or "/") == plain_get_signature(double), raw
    for raw, canonical in ([json.loads(cell) for cell in row] for row in columns("queries")):
        if raw != "a=%zz":  # its note says that awscrt rejects it
            assert awscrt_signature("/?" + raw) == plain_get_signature("/", canonical), raw
    for pairs, line in ([json.loads(cell) for cell in row] for row in columns("headers")):
        assert awscrt_signature("/", [tuple(pair) for pair in pairs]) == plain_get_signature(
            "/", "", line
        ), pairs


def test_the_code_has_the_never_signed_names() -> None:
    names = quoted(rule_text("SIG-015"))[0].split()
    assert sorted(names) == sorted(sigv4.NEVER_SIGNED)
    assert not sigv4.is_signed(quoted(rule_text("SIG-015"))[1] + "for")
    assert all(
        sigv4.is_signed(name) for name in ("host", "content-length", "x-amzn-sagemaker-accept")
    )


def test_botocore_has_the_never_signed_names_of_the_note() -> None:
    auth = pytest.importorskip("botocore.auth")
    assert set(auth.SIGNED_HEADERS_BLACKLIST) == sigv4.NEVER_SIGNED - {
        "accept-encoding",
        "authorization",
    }


# ---- worked: frames ----------------------------------------------------------------------------


class Field(NamedTuple):
    """A field of an annotated frame."""

    offset: int
    data: bytes
    note: str


def annotated(name: str) -> Tuple[bytes, List[Field]]:
    """Return the bytes and the fields of an annotated frame. A field may span several lines."""
    fields: List[Field] = []
    position = 0
    for line in BLOCKS[name].split("\n"):
        match = re.match(r" *(\d+)  ((?:[0-9a-f]{2} ?)+)(?: +(\S.*))?\Z", line)
        assert match is not None, line
        data = bytes.fromhex(match.group(2))
        assert int(match.group(1)) == position, line
        position += len(data)
        if match.group(3):
            fields.append(Field(int(match.group(1)), data, match.group(3)))
        else:
            fields[-1] = fields[-1]._replace(data=fields[-1].data + data)
    return b"".join(field.data for field in fields), fields


def check_annotated(name: str) -> Tuple[bytes, List[Tuple[str, str, str]], bytes]:
    """Check every remark in an annotated frame. Return its bytes, headers and payload."""
    frame, fields = annotated(name)
    names: List[str] = []
    values: List[str] = []
    payload = b""
    for field in fields:
        number = re.match(r"[a-z_ ]+ = (\d+)(?:, string)?\Z", field.note)
        text = re.match(r"(name|value|payload) (\".*\")\Z", field.note)
        checksum = re.match(r"[a-z_]+: CRC-32 of bytes (\d+) to (\d+)\Z", field.note)
        if number:
            assert int.from_bytes(field.data, "big") == int(number.group(1)), field
        elif text:
            stated = json.loads(text.group(2))
            assert field.data == stated.encode("utf-8"), field
            if text.group(1) == "name":
                names.append(stated)
            elif text.group(1) == "value":
                values.append(stated)
            else:
                payload = field.data
        else:
            assert checksum is not None, field
            covered = frame[int(checksum.group(1)) : int(checksum.group(2)) + 1]
            assert (int(checksum.group(1)), int(checksum.group(2))) == (0, field.offset - 1), field
            assert (
                int.from_bytes(field.data, "big")
                == zlib.crc32(covered)
                == crc32_bitwise(covered, *crc_constants())
            ), field
    assert plain_verdict(frame) == "ok"
    return frame, [(name, "string", value) for name, value in zip(names, values)], payload


def crc_constants() -> Tuple[int, int]:
    match = re.search(
        r"reflected polynomial ([0-9A-F]{8}), initial value and final XOR ([0-9A-F]{8})", PROSE
    )
    assert match is not None
    return int(match.group(1), 16), int(match.group(2), 16)


def check_frame_both_ways(name: str) -> eventstream.Message:
    frame, headers, payload = check_annotated(name)
    assert eventstream.encode(headers, payload) == frame
    (message,) = eventstream.Decoder().feed(frame)
    assert [tuple(header) for header in message.headers] == headers
    assert message.payload == payload
    return message


@checks("frame")
def check_frame() -> None:
    message = check_frame_both_ways("frame")
    assert operation.event_of(message) == shapes.PayloadPart(bytes=b"Hello, ")


@checks("exception-frame")
def check_exception_frame() -> None:
    message = check_frame_both_ways("exception-frame")
    with pytest.raises(shapes.ModelStreamError) as caught:
        operation.event_of(message)
    assert json.loads(message.payload.decode("ascii")) == {
        "Message": caught.value.message,
        "ErrorCode": caught.value.error_code,
    }
    assert caught.value.error_code == "ModelInvocationTimeExceeded"


@checks("shortest-frame")
def check_shortest_frame() -> None:
    message = check_frame_both_ways("shortest-frame")
    assert len(annotated("shortest-frame")[0]) == 16
    assert message == ((), b"")


@pytest.mark.parametrize("name", ["frame", "exception-frame", "shortest-frame"])
def test_botocore_reads_the_worked_frames(name: str) -> None:
    module = pytest.importorskip("botocore.eventstream")
    frame, headers, payload = check_annotated(name)
    buffer = module.EventStreamBuffer()
    buffer.add_data(frame)
    (message,) = list(buffer)
    assert (message.headers, message.payload) == (
        {name: value for name, _, value in headers},
        payload,
    )


LAYOUTS = {
    "int8": (2, ">b"),
    "int16": (3, ">h"),
    "int32": (4, ">i"),
    "int64": (5, ">q"),
    "timestamp": (8, ">q"),
}


def plain_header(type_name: str, value: Any) -> bytes:
    if type_name == "boolean":
        return b"\x01h" + (b"\x00" if value else b"\x01")
    if type_name in LAYOUTS:
        code, layout = LAYOUTS[type_name]
        return b"\x01h" + bytes([code]) + struct.pack(layout, value)
    if type_name == "uuid":
        return b"\x01h\x09" + bytes.fromhex(value.replace("-", ""))
    data = base64.b64decode(value) if type_name == "bytes" else value.encode("utf-8")
    return (
        b"\x01h"
        + (b"\x06" if type_name == "bytes" else b"\x07")
        + struct.pack(">H", len(data))
        + data
    )


def python_value(type_name: str, value: Any) -> Any:
    if type_name == "bytes":
        return base64.b64decode(value)
    if type_name == "uuid":
        return uuid.UUID(value)
    return value


@checks("header-types")
def check_header_types() -> None:
    rows = [(row[0], json.loads(row[1]), bytes.fromhex(row[2])) for row in columns("header-types")]
    assert {row[0] for row in rows} == set(eventstream.HEADER_TYPES)
    for type_name, value, data in rows:
        assert data == plain_header(type_name, value), type_name
        assert data == eventstream.encode_headers(
            [("h", type_name, python_value(type_name, value))]
        ), type_name
        assert eventstream.decode_headers(data) == (
            ("h", type_name, python_value(type_name, value)),
        )


def test_botocore_reads_the_worked_header_types() -> None:
    module = pytest.importorskip("botocore.eventstream")
    for row in columns("header-types"):
        (value,) = module.EventStreamHeaderParser().parse(bytes.fromhex(row[2])).values()
        expected = python_value(row[0], json.loads(row[1]))
        assert value == (expected.bytes if row[0] == "uuid" else expected)


def test_the_code_has_the_header_types_of_the_table() -> None:
    rows = table_after("A header is: length of its name")
    assert [int(row[0]) for row in rows] == list(range(10))
    for code, name, size in rows:
        length = re.search(r"\d+", size)
        # For bytes and string, the number is the size of the length field. Use the length 0.
        value = b"" if length is None else bytes(int(length.group()))
        (header,) = eventstream.decode_headers(b"\x01h" + bytes([int(code)]) + value)
        assert header.type == name.split(",")[0]


@checks("frame-texts")
def check_frame_texts() -> None:
    rows = [line.rsplit("  ", 1) for line in BLOCKS["frame-texts"].split("\n")]
    for text, digits in rows:
        data = bytes.fromhex(digits)
        assert assemble(text) == data, text
        assert assemble(disassemble(data)) == data
    in_other_words = [
        text.strip() for text, _ in rows if disassemble(assemble(text)) != text.strip() + "\n"
    ]
    assert in_other_words == [
        "frame h=bytes('a' length=4)",
        "frame payload('hi') cut(-1)",
        "bytes('it''s' 0d0a 3*00)",
    ]


@checks("rejections")
def check_rejections() -> None:
    kinds = []
    for kind, rule, text in columns("rejections"):
        data = bytes.fromhex(text)
        decoder = eventstream.Decoder()
        with pytest.raises(errors.FrameError) as caught:
            decoder.feed(data)
            decoder.close()
        assert (caught.value.kind, caught.value.rule) == (kind, rule), text
        assert plain_verdict(data) == kind, text
        assert f"`{kind}`" in rule_text(
            {"EVS-004": "EVS-002", "EVS-005": "EVS-003"}.get(rule, rule)
        ), rule
        kinds.append(kind)
    assert set(kinds) == set(KINDS[: KINDS.index("message_type")])


# ---- worked: a response ------------------------------------------------------------------------


def worked_response() -> bytes:
    text = BLOCKS["response"].replace("\n", "")
    assert not re.sub(r"\\(?:r|n|\\|x[0-9a-f]{2})", "", text).count("\\")
    return re.sub(
        r"\\(r|n|\\|x[0-9a-f]{2})",
        lambda match: (
            {"r": "\r", "n": "\n", "\\": "\\"}.get(match.group(1))
            or chr(int(match.group(1)[1:], 16))
        ),
        text,
    ).encode("latin-1")


def plain_chunks(body: bytes) -> List[bytes]:
    """Return the chunks of a body, without the empty last one."""
    chunks = []
    while body:
        line, _, rest = body.partition(b"\r\n")
        size = int(line, 16)
        assert http1.parse_chunk_line(line + b"\r\n") == size
        assert rest[size : size + 2] == b"\r\n"
        chunks.append(rest[:size])
        body = rest[size + 2 :]
    assert chunks.pop() == b""
    return chunks


def plain_frames(stream: bytes) -> List[bytes]:
    frames = []
    while stream:
        (total,) = struct.unpack(">I", stream[:4])
        frames.append(stream[:total])
        stream = stream[total:]
    return frames


@checks("response")
def check_response() -> None:
    head, _, body = worked_response().partition(b"\r\n\r\n")
    chunks = plain_chunks(body)
    frames = plain_frames(b"".join(chunks))
    assert [plain_verdict(frame) for frame in frames] == ["ok", "ok"]
    assert frames[0] == annotated("frame")[0]
    assert len(frames[0]) < len(chunks[0]) < len(frames[0]) + len(frames[1]), (
        "the first chunk ends inside the second frame"
    )
    lines = [line + b"\r\n" for line in head.split(b"\r\n")]
    minor, status, reason = http1.parse_status_line(lines[0])
    headers = http1.parse_header_lines(lines[1:])
    assert http1.body_framing(http1.ResponseHead(status, reason, minor, headers)) == (True, None)
    reader = operation.ResponseReader(status, headers)
    assert [[event.bytes for event in reader.feed(chunk)] for chunk in chunks] == [
        [b"Hello, "],
        [b"world."],
    ]
    reader.close(complete=True)
    output = reader.output
    assert (output.content_type, output.invoked_production_variant, output.custom_attributes) == (
        "text/plain",
        "AllTraffic",
        None,
    )
    assert reader.request_id == dict(headers)["x-amzn-RequestId"]


def test_the_standard_library_reads_the_worked_response() -> None:
    class Connection:
        def makefile(self, mode: str) -> io.BytesIO:
            return io.BytesIO(worked_response())

    response = http.client.HTTPResponse(Connection())  # type: ignore[arg-type]
    response.begin()
    assert response.status == 200
    assert response.getheader("Content-Type") == "application/vnd.amazon.eventstream"
    assert [
        frame[12 + int.from_bytes(frame[4:8], "big") : -4]
        for frame in plain_frames(response.read())
    ] == [b"Hello, ", b"world."]


# ---- worked: HTTP ------------------------------------------------------------------------------


def constraint_rows() -> Dict[str, Tuple[int, int, str]]:
    """Return minimum length, maximum length and pattern of each member of HTTP-005."""
    rows = {}
    for members, lengths, pattern in table_after("**HTTP-005**"):
        low, high = re.match(r"(?:(\d+) to |at most )(\d+)\Z", lengths).groups()  # type: ignore[union-attr]
        for member in members.split(", "):
            rows[member] = (int(low or 0), int(high), quoted(pattern)[0])
    return rows


def worked_value(text: str) -> str:
    match = re.match(r"(\".*\")(?:\*(\d+))?\Z", text)
    assert match is not None
    return str(json.loads(match.group(1))) * int(match.group(2) or 1)


@checks("constraints")
def check_constraints() -> None:
    fields = {field.member: field for field in shapes.InvokeEndpointWithResponseStreamInput.fields}
    for member, text, verdict in columns("constraints"):
        value = worked_value(text)
        low, high, pattern = constraint_rows()[member]
        fits = low <= len(value) <= high and re.fullmatch(pattern, value, re.ASCII) is not None
        assert ("ok" if fits else "constraint") == verdict, (member, text)
        members: Dict[str, Any] = dict(
            {"endpoint_name": "llm", "body": b""}, **{fields[member].attribute: value}
        )
        call = shapes.InvokeEndpointWithResponseStreamInput(**members)
        try:
            operation.build_request(call, "https://" + HOST)
            found = "ok"
        except errors.UsageError as error:
            found = error.kind
        assert found == verdict, (member, text)
    assert {row[2] for row in columns("constraints")} == {"ok", "constraint"}


def test_the_code_has_the_constraints_of_the_table() -> None:
    strings = [
        field
        for field in shapes.InvokeEndpointWithResponseStreamInput.fields
        if field.type.kind == "string"
    ]
    assert constraint_rows() == {
        field.member: (field.type.min_length, field.type.max_length, field.type.pattern)
        for field in strings
    }


def test_the_code_has_the_members_of_the_tables() -> None:
    places = {"uri": "the path", "payload": "the request body, unchanged"}
    expected = []
    for field in shapes.InvokeEndpointWithResponseStreamInput.fields:
        form = (
            "bytes"
            if field.type.kind == "blob"
            else field.type.kind + (", sensitive" if field.type.sensitive else "")
        )
        expected.append([field.member, form, places.get(field.location, f"`{field.wire_name}`")])
    assert table_after("**HTTP-003**") == expected
    output = [
        [
            field.member,
            f"`{field.wire_name}`" if field.location == "header" else "the event stream",
        ]
        for field in shapes.InvokeEndpointWithResponseStreamOutput.fields
    ]
    assert table_after("**HTTP-022**") == output


def test_the_tables_of_chapter_8_are_those_of_the_code() -> None:
    places = {"uri": "path", "payload": "HTTP body", "body": "document"}
    structures = [
        [
            name,
            field.member,
            field.type.name,
            places.get(field.location) or f"header `{field.wire_name}`",
        ]
        for name, data_type in shapes.DATA_TYPES.items()
        if data_type.shape is not None
        for field in data_type.shape.fields
    ]
    assert table_after("The structures and their members") == structures
    scalars = [
        [
            name,
            data_type.kind + (", sensitive" if data_type.sensitive else ""),
            ""
            if data_type.max_length is None
            else f"{data_type.min_length} to {data_type.max_length} characters",
            "" if data_type.pattern is None else f"`{data_type.pattern}`",
        ]
        for name, data_type in shapes.DATA_TYPES.items()
        if data_type.shape is None
    ]
    assert table_after("The scalar types.") == scalars


@checks("streams")
def check_streams() -> None:
    lines = BLOCKS["streams"].split("\n")
    outputs = [shapes.InvokeEndpointWithResponseStreamOutput.of_json(line) for line in lines]
    assert [output.to_json() for output in outputs] == lines
    assert [len(output.body or ()) for output in outputs] == [0, 1, 2]
    assert base64.b64decode(json.loads(lines[1])["Body"]["PayloadPart"]["Bytes"]) == b"Hello"


def service_model() -> Dict[str, Any]:
    session = pytest.importorskip("botocore.session").get_session()
    model: Dict[str, Any] = session.get_component("data_loader").load_service_model(
        "sagemaker-runtime", "service-2"
    )
    return model


def test_the_service_model_has_the_members_of_the_tables() -> None:
    found = service_model()["shapes"]
    shape = found["InvokeEndpointWithResponseStreamInput"]
    assert [row[0] for row in table_after("**HTTP-003**")] == list(shape["members"])
    assert shape["required"] == ["EndpointName", "Body"]
    rows = constraint_rows()
    for member, _, place in table_after("**HTTP-003**"):
        reference = shape["members"][member]
        if reference.get("location") == "header":
            assert quoted(place) == [reference["locationName"]]
        constraint = found[reference["shape"]]
        if member in rows:
            assert rows[member][:2] == (constraint.get("min", 0), constraint["max"]), member
            if "\\p" not in constraint["pattern"]:
                assert rows[member][2] == constraint["pattern"].strip("^$"), member
    output = found["InvokeEndpointWithResponseStreamOutput"]["members"]
    assert {row[0]: quoted(row[1]) for row in table_after("**HTTP-022**")[1:]} == {
        member: [reference["locationName"]]
        for member, reference in output.items()
        if member != "Body"
    }
    assert found["BodyBlob"]["max"] == 6291456


def test_the_code_and_the_service_model_have_the_errors_of_the_table() -> None:
    rows = table_after("### 5.3 Error responses")
    for names, status, members in rows[:-1]:
        shape = shapes.ERRORS[names]
        assert str(shape.modelled_status) == status
        assert [field.member for field in shape.fields] == [
            member.split(" ")[0] for member in members.split(", ")
        ]
    assert {name for row in rows for name in row[0].split(", ")} == set(shapes.ERRORS)
    model = service_model()
    operations = model["operations"]["InvokeEndpointWithResponseStream"]
    assert {reference["shape"] for reference in operations["errors"]} == set(shapes.ERRORS)
    for names, status, members in rows[:-1]:
        assert str(model["shapes"][names]["error"]["httpStatusCode"]) == status
        assert list(model["shapes"][names]["members"]) == [
            member.split(" ")[0] for member in members.split(", ")
        ]


def test_the_service_model_has_the_signing_name() -> None:
    assert f"`{operation.SIGNING_NAME}`" in rule_text("SIG-027")
    assert service_model()["metadata"]["signingName"] == operation.SIGNING_NAME


def test_the_code_has_the_retryable_statuses_and_codes() -> None:
    statuses = [
        int(text)
        for text in re.findall(r"\b\d{3}\b", rule_text("HTTP-038").replace("HTTP-034", ""))
    ]
    assert sorted(statuses) == sorted(operation_errors._RETRYABLE_STATUSES)
    match = re.search(r"^The codes: ([\w,\s]+?)\. [A-Z]", PROSE, re.MULTILINE)
    assert match is not None
    assert sorted(match.group(1).replace("\n", " ").split(", ")) == sorted(
        operation_errors._RETRYABLE_CODES
    )


@checks("error-codes")
def check_error_codes() -> None:
    for line in BLOCKS["error-codes"].split("\n"):
        code, text = line.split()
        assert code == errordocument.error_code_of(text) == text.split(":")[0].split("#", 1)[-1], (
            text
        )


@checks("chunk-sizes")
def check_chunk_sizes() -> None:
    for text, verdict in columns("chunk-sizes"):
        line = json.loads(text)
        match = re.fullmatch(r"([0-9a-fA-F]+)[ \t]*(?:;[^\r\n]*)?\r\n", line)
        assert (str(int(match.group(1), 16)) if match else "http") == verdict, text
        try:
            found = str(http1.parse_chunk_line(line.encode("ascii")))
        except errors.HttpError as error:
            found = error.kind
        assert found == verdict, text
    assert "http" in [row[1] for row in columns("chunk-sizes")]


def plain_framing(headers: Sequence[Sequence[str]]) -> Tuple[str, str]:
    lengths = [
        part.strip()
        for name, value in headers
        if name == "Content-Length"
        for part in value.split(",")
    ]
    codings = [value.lower() for name, value in headers if name == "Transfer-Encoding"]
    if codings and lengths:
        return "http", "HTTP-043"
    if codings:
        return ("chunked", "") if codings == ["chunked"] else ("http", "HTTP-044")
    if not lengths:
        return "until close", ""
    return (
        (f"{int(lengths[0])} bytes", "")
        if len(set(lengths)) == 1 and lengths[0].isdigit()
        else ("http", "HTTP-042")
    )


def framing_text(chunked: bool, length: Optional[int]) -> str:
    if chunked:
        return "chunked"
    return "until close" if length is None else f"{length} bytes"


@checks("framing")
def check_framing() -> None:
    for line in BLOCKS["framing"].split("\n"):
        match = re.match(r"(\S+(?: \S+)?)  +(?:([A-Z]+-\d{3})  )? *(\[.*\])\Z", line)
        assert match is not None, line
        verdict, headers = (match.group(1), match.group(2) or ""), json.loads(match.group(3))
        assert plain_framing(headers) == verdict, line
        head = http1.ResponseHead(200, "OK", 1, tuple((name, value) for name, value in headers))
        try:
            framing = http1.body_framing(head)
            found = (framing_text(framing.chunked, framing.length), "")
        except errors.HttpError as error:
            found = (error.kind, error.rule or "")
        assert found == verdict, line


# ---- worked: endpoints, exit codes, limits -----------------------------------------------------


def plain_url(region: str, fips: bool, dual: bool) -> str:
    """Return the URL according to the tables of END-001 and END-002."""
    rows = [
        (quoted(form), name, quoted(dns)[0], quoted(dual_dns)[0])
        for name, form, dns, dual_dns in table_after("**END-002**")
    ]
    patterns = {
        name: form[0].replace("W", r"\w+").replace("N", r"\d+") for form, name, _, _ in rows if form
    }
    partition = next(
        (name for name, pattern in patterns.items() if re.fullmatch(pattern, region)), "aws"
    )
    name, dns, dual_dns = next(row[1:] for row in rows if row[1] == partition)
    hosts = {row[0]: quoted(row[1])[0] for row in table_after("**END-001**")}
    wanted = "FIPS and dual-stack" if fips and dual else "dual-stack" if dual else "neither"
    if fips and not dual:
        wanted = (
            "FIPS, partition " + name
            if "FIPS, partition " + name in hosts
            else "FIPS, other partitions"
        )
    return "https://" + hosts[wanted].replace("{region}", region).replace("{dns}", dns).replace(
        "{dual}", dual_dns
    )


def worked_hosts() -> List[Tuple[str, bool, bool, str]]:
    return [
        (region, fips == "fips", dual == "dual", url)
        for region, fips, dual, url in columns("hosts")
    ]


@checks("hosts")
def check_hosts() -> None:
    for region, fips, dual, url in worked_hosts():
        resolved = endpoints.resolve_endpoint(region, None, fips, dual)
        assert url == resolved.url == plain_url(region, fips, dual)
        assert (resolved.signing_region, resolved.signing_name) == (region, SERVICE)


def test_every_partition_has_a_worked_host() -> None:
    suffixes = {quoted(row[2])[0] for row in table_after("**END-002**")}
    for suffix in suffixes:
        assert any(url.endswith("." + suffix) for _, _, _, url in worked_hosts()), suffix


def test_botocore_resolves_the_worked_hosts() -> None:
    session = pytest.importorskip("botocore.session").get_session()
    from botocore.endpoint_provider import EndpointProvider

    loader = session.get_component("data_loader")
    provider = EndpointProvider(
        loader.load_service_model("sagemaker-runtime", "endpoint-rule-set-1"),
        loader.load_data("partitions"),
    )
    for region, fips, dual, url in worked_hosts():
        assert provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual).url == url


def test_botocore_has_the_partitions_of_the_table() -> None:
    session = pytest.importorskip("botocore.session").get_session()
    stated = {row[0]: (quoted(row[2])[0], quoted(row[3])[0]) for row in table_after("**END-002**")}
    partitions = session.get_component("data_loader").load_data("partitions")["partitions"]
    outputs = {partition["id"]: partition["outputs"] for partition in partitions}
    assert stated == {
        name: (output["dnsSuffix"], output["dualStackDnsSuffix"])
        for name, output in outputs.items()
    }


@checks("exit-codes")
def check_exit_codes() -> None:
    stated = [int(line.split()[0]) for line in BLOCKS["exit-codes"].split("\n")]
    samples = [
        errors.UsageError(),
        errors.ConfigurationError(),
        shapes.ModelStreamError(),
        shapes.InternalStreamFailure(),
        errors.FrameError(),
        errors.NetworkError(),
        operation.service_error(500, [], b""),
        operation.service_error(403, [], b""),
    ]
    assert stated == [cli.exit_code_of(error) for error in samples] + [
        0,
        cli.EXIT_INTERRUPTED,
        cli.EXIT_BROKEN_PIPE,
    ]
    model_error = operation.service_error(500, [("x-amzn-errortype", "ModelError")], b"")
    assert cli.exit_code_of(model_error) == cli.exit_code_of(shapes.ModelStreamError())


@checks("presets")
def check_presets() -> None:
    rows = [re.split(" {2,}", line) for line in BLOCKS["presets"].split("\n")]
    stated = {(preset, role): path for names, role, path in rows for preset in names.split(" ")}
    assert sorted({preset for preset, _ in stated}) == sorted(containers.PRESETS)
    for name, preset in containers.PRESETS.items():
        paths = {role: value for role, value in preset._asdict().items() if role != "has_end"}
        assert paths == {
            role: parse_path(stated[name, role]) if (name, role) in stated else () for role in paths
        }, name
        assert preset.has_end == (name != "generated-text")


@checks("recognition")
def check_recognition() -> None:
    types = {"object": dict, "string": str}
    rows = [re.split(" {2,}", line) for line in BLOCKS["recognition"].split("\n")]
    assert tuple((path, name, types[kind]) for path, kind, name in rows) == containers._SIGNS


LIMITS = [
    ("SIG-031", sigv4.MAX_EXPIRES),
    ("SIG-042", sigv4.MAX_SKEW),
    ("SIG-048", sigv4.Signer()._max_keys),
    ("EVS-008", eventstream.DEFAULT_MAX_FRAME_LENGTH),
    ("EVS-040", eventstream.MAX_DECODED_HEADERS_LENGTH),
    ("EVS-040", eventstream.MAX_HEADER_COUNT),
    ("EVS-011", eventstream.MAX_NAME_LENGTH),
    ("EVS-017", eventstream.MAX_VALUE_LENGTH),
    ("EVS-025", eventstream.MAX_HEADERS_LENGTH),
    ("EVS-025", eventstream.MAX_PAYLOAD_LENGTH),
    ("HTTP-006", shapes.MODELLED_BODY_LIMIT),
    ("HTTP-035", operation.MAX_ERROR_BODY),
    ("HTTP-048", http1.MAX_LINE),
    ("HTTP-048", http1.MAX_HEADERS),
    ("HTTP-048", http1.MAX_INTERIM),
    ("HTTP-051", client.DEFAULT_CONNECT_TIMEOUT),
    ("HTTP-051", client.DEFAULT_READ_TIMEOUT),
    ("HTTP-051", timeouts.MAX_TIMEOUT),
    ("HTTP-052", transport.KEEPALIVE_IDLE),
    ("TXT-005", DEFAULT_MAX_ITEM_LENGTH),
    ("TXT-027", _MAX_RETRY_DIGITS),
    ("SHP-001", json_format.MAX_JSON_DEPTH),
    ("SHP-003", json_format._MAX_INTEGER_DIGITS),
    ("SHP-005", xml_format.MAX_XML_DEPTH),
    ("SHP-006", value_format.MAX_DOCUMENT_LENGTH),
    ("SHP-006", value_format.MAX_DOCUMENT_NODES),
    ("SHP-022", query_format.MAX_QUERY_DEPTH),
    ("CRED-013", DEFAULT_PROCESS_TIMEOUT),
    ("CRED-029", MAX_CONFIG_LENGTH),
]


@checks("query")
def check_query() -> None:
    output = shapes.InvokeEndpointWithResponseStreamOutput(
        body=(shapes.PayloadPart(bytes=b'a\0"\\/\n\x7f\xc3\xa9\xff'),),
        content_type="text/plain",
        invoked_production_variant="v 1&=",
    )
    assert BLOCKS["query"] == output.to_query().encode()
    assert output == shapes.InvokeEndpointWithResponseStreamOutput.of_query(BLOCKS["query"])


@checks("limits")
def check_limits() -> None:
    stated = [
        (name, float(value))
        for name, value in (line.split()[:2] for line in BLOCKS["limits"].split("\n"))
    ]
    assert stated == [(name, float(value)) for name, value in LIMITS]
    inherent = (
        "SIG-031",
        "SIG-042",
        "EVS-011",
        "EVS-017",
        "EVS-025",
        "HTTP-006",
        "TXT-027",
        "SHP-001",
        "SHP-003",
        "SHP-005",
        "SHP-022",
    )
    for name, value in stated:
        numbers = [
            int(text.replace(",", "")) for text in re.findall(r"\b\d[\d,]*\b", rule_text(name))
        ]
        assert name not in inherent or int(value) in numbers, f"{name} does not state {int(value)}"
    for name in ("EVS-008", "TXT-005"):
        assert dict(stated)[name] == 32 * 1024 * 1024 and "32 MiB" in rule_text(name)
    assert (
        value_format.MAX_DOCUMENT_LENGTH == 64 * 1024 * 1024
        and "64 MiB" in rule_text("SHP-006")
        and "1,048,576" in rule_text("SHP-006")
    )
    low, high = re.search(r"after (\d+) to (\d+) seconds", rule_text("HTTP-052")).groups()  # type: ignore[union-attr]
    assert int(low) <= dict(stated)["HTTP-052"] <= int(high)
