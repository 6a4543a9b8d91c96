# SPDX-License-Identifier: MIT
"""HTTP itself: malformed heads and chunks, unusual but valid HTTP, connections.

SPEC.md, sections 5.1 and 5.4.

Most malformed responses would be complete streams for a lenient reader. It delivers parts where a
strict one rejects the response.
"""

from typing import List, Tuple

from conformance.endpoint.scenarios.build import (
    CHUNKED,
    FRAMES,
    LAST_CHUNK,
    ONE,
    OUTPUT,
    PARTS,
    RAW_HEADERS,
    TWO,
    broken,
    chunk,
    head,
    ok,
    part,
    raw,
    rejected,
    stream,
)
from conformance.endpoint.scenarios.model import (
    STREAM_HEADERS,
    Acceptable,
    Entry,
    Response,
    Scenario,
)
from conformance.endpoint.scenarios.responses import gzipped
from conformance.endpoint.scenarios.streams import pieces, with_pauses
from conformance.endpoint.scenarios.truncation import raw_chunks

_THREE_FRAMES = b"".join(FRAMES)
_LENGTH = len(_THREE_FRAMES)
_GOOD_HEAD = head(RAW_HEADERS + (CHUNKED,))
_GOOD_BODY = b"".join(map(chunk, FRAMES)) + LAST_CHUNK
_UPGRADE = (("Connection", "Upgrade"), ("Upgrade", "h2c"))
_SWITCHING_REJECTED = Acceptable(
    rejected("service_error"), "the client rejects it as an error response", "DIV-005"
)


def _with_lines(*lines: bytes) -> bytes:
    """Return a good head with more header lines after its own."""
    return _GOOD_HEAD[:-2] + b"".join(lines) + b"\r\n"


def _with_line(line: bytes) -> Response:
    """Return a good response with one more header line."""
    return raw(_with_lines(line), _GOOD_BODY)


def _with_lengths(*values: str) -> Response:
    """Return a good response with these values of Content-Length."""
    lengths = tuple(("Content-Length", value) for value in values)
    return raw(head(RAW_HEADERS + lengths), _THREE_FRAMES)


def _with_status(status: str) -> Response:
    """Return a good response with this status and reason."""
    return raw(head(RAW_HEADERS + (CHUNKED,), status), _GOOD_BODY)


def _bad_head(
    name: str,
    title: str,
    response: Response,
    rules: Tuple[str, ...],
    acceptable: Tuple[Acceptable, ...] = (),
) -> Scenario:
    """Return a scenario whose head a client must reject."""
    must = "reject it and deliver nothing"
    return Scenario(name, title, must, rejected("http"), response, rules, acceptable)


# Headers of an interim response that would change the final one.
_MISLEADING = (
    ("Content-Type", "text/html"),
    ("Content-Encoding", "gzip"),
    ("x-amzn-errortype", "ModelError"),
    ("x-Amzn-Invoked-Production-Variant", "Interim"),
    ("X-Amzn-SageMaker-Content-Type", "text/interim"),
)


def _bad_chunk(
    name: str,
    title: str,
    *chunks: bytes,
    rules: Tuple[str, ...],
    parts: Tuple[bytes, ...] = (ONE,),
    also: Tuple[str, ...] = (),
) -> Scenario:
    """Return a scenario with a good chunk and these chunks after it."""
    return Scenario(
        name,
        title,
        must="deliver the parts before it, then raise an error",
        expect=broken("http", *parts, also=also),
        response=raw_chunks(chunk(part(ONE)), *chunks),
        rules=rules,
    )


def _good(name: str, title: str, must: str, response: Response, rules: Tuple[str, ...]) -> Scenario:
    """Return a scenario whose three parts a client must deliver."""
    return Scenario(name, title, must, ok(*PARTS), response, rules)


def scenarios() -> List[Entry]:
    """Return this chapter's scenarios."""
    return _bad_heads() + _bad_chunks() + _valid() + _connections() + _spellings()


def _bad_heads() -> List[Entry]:
    return [
        _bad_head(
            "http-head-cut-short",
            "a head that ends inside a header line",
            raw(_GOOD_HEAD[:60]),
            ("HTTP-041",),
        ),
        _bad_head(
            "http-head-cut-in-status-line",
            "a head that ends inside the status line",
            raw(b"HTTP/1.1 2"),
            ("HTTP-041",),
        ),
        _bad_head(
            "http-head-cut-before-empty-line",
            "a head without its empty line",
            raw(_GOOD_HEAD[:-2]),
            ("HTTP-041",),
        ),
        _bad_head(
            "http-continue-final",
            "100 as the final response",
            raw(head((), "100 Continue")),
            ("HTTP-054",),
        ),
        _bad_head(
            "http-early-hints-final",
            "103 as the final response",
            raw(head((("Link", "</x>"),), "103 Early Hints")),
            ("HTTP-054",),
        ),
        _bad_head(
            "http-early-hints-with-stream",
            "103 followed by an event stream",
            raw(
                head(RAW_HEADERS + (("Content-Length", str(_LENGTH)),), "103 Early Hints"),
                _THREE_FRAMES,
            ),
            ("HTTP-054",),
        ),
        _bad_head(
            "http-switching-protocols",
            "101 followed by an event stream",
            raw(head(_UPGRADE + STREAM_HEADERS, "101 Switching Protocols"), _THREE_FRAMES),
            ("HTTP-054",),
            (_SWITCHING_REJECTED,),
        ),
        _bad_head(
            "http-switching-protocols-before",
            "101 before a good response",
            raw(head(_UPGRADE, "101 Switching Protocols") + _GOOD_HEAD, _GOOD_BODY),
            ("HTTP-054",),
            (_SWITCHING_REJECTED,),
        ),
        _bad_head(
            "http-content-length-text",
            "a Content-Length that is not a number",
            _with_lengths("many"),
            ("HTTP-042",),
        ),
        _bad_head(
            "http-content-length-hex",
            "a Content-Length in hexadecimal",
            _with_lengths(f"0x{_LENGTH:x}"),
            ("HTTP-042",),
        ),
        _bad_head(
            "http-content-length-plus",
            "a Content-Length with a plus sign",
            _with_lengths(f"+{_LENGTH}"),
            ("HTTP-042",),
        ),
        _bad_head(
            "http-content-length-underscore",
            "a Content-Length with an underscore",
            _with_lengths("%d_%d" % divmod(_LENGTH, 10)),
            ("HTTP-042",),
        ),
        _bad_head(
            "http-content-length-empty", "an empty Content-Length", _with_lengths(""), ("HTTP-042",)
        ),
        _bad_head(
            "http-content-length-negative",
            "a negative Content-Length",
            _with_lengths("-1"),
            ("HTTP-042",),
        ),
        _bad_head(
            "http-content-length-twice",
            "two different values of Content-Length",
            _with_lengths(str(_LENGTH), str(len(FRAMES[0]))),
            ("HTTP-042",),
        ),
        _bad_head(
            "http-content-length-and-chunked",
            "both Content-Length and Transfer-Encoding",
            raw(head(RAW_HEADERS + (("Content-Length", str(_LENGTH)), CHUNKED)), _GOOD_BODY),
            ("HTTP-043",),
        ),
        _bad_head(
            "http-transfer-encoding-gzip",
            "Transfer-Encoding: gzip, chunked",
            raw(
                head(RAW_HEADERS + (("Transfer-Encoding", "gzip, chunked"),)),
                chunk(gzipped(_THREE_FRAMES)),
                LAST_CHUNK,
            ),
            ("HTTP-044",),
        ),
        _bad_head(
            "http-transfer-encoding-twice",
            "Transfer-Encoding: chunked twice",
            raw(head(RAW_HEADERS + (CHUNKED, CHUNKED)), _GOOD_BODY),
            ("HTTP-044",),
        ),
        _bad_head(
            "http-transfer-encoding-http-1-0",
            "Transfer-Encoding in HTTP/1.0",
            raw(head(RAW_HEADERS + (CHUNKED,), version="HTTP/1.0"), _GOOD_BODY),
            ("HTTP-044",),
        ),
        _bad_head(
            "http-transfer-encoding-unknown",
            "an unknown Transfer-Encoding",
            raw(head(RAW_HEADERS + (("Transfer-Encoding", "xchunked"),)), _GOOD_BODY),
            ("HTTP-044",),
        ),
        _bad_head(
            "http-bare-lf-in-head",
            "a head whose lines end in a bare LF",
            raw(_GOOD_HEAD.replace(b"\r\n", b"\n"), _GOOD_BODY),
            ("HTTP-047",),
        ),
        _bad_head(
            "http-bare-lf-in-header",
            "a header line that ends in a bare LF",
            _with_line(b"X-Test: a\n"),
            ("HTTP-047",),
        ),
        _bad_head(
            "http-bare-lf-empty-line",
            "an empty line that is a bare LF",
            raw(_GOOD_HEAD[:-2] + b"\n", _GOOD_BODY),
            ("HTTP-047",),
        ),
        _bad_head(
            "http-header-line-too-long",
            "a header line over 64 KiB",
            _with_line(b"X-Test: %s\r\n" % (b"a" * 65536)),
            ("HTTP-048",),
        ),
        _bad_head(
            "http-headers-too-many",
            "more than 100 headers",
            raw(_with_lines(*[b"X-Test-%d: a\r\n" % number for number in range(101)]), _GOOD_BODY),
            ("HTTP-048",),
        ),
        _bad_head(
            "http-interim-too-many",
            "1,000 interim responses",
            raw(*[head((), "103 Early Hints")] * 1000, _GOOD_HEAD, _GOOD_BODY),
            ("HTTP-048",),
        ),
        _bad_head(
            "http-header-folded-first",
            "a head whose first header line is a folded line",
            raw(_GOOD_HEAD.replace(b"\r\n", b"\r\n folded\r\n", 1), _GOOD_BODY),
            ("HTTP-047",),
        ),
        _bad_head(
            "http-header-space-before-colon",
            "a space before the colon",
            _with_line(b"X-Test : a\r\n"),
            ("HTTP-047",),
        ),
        _bad_head(
            "http-content-length-space-before-colon",
            "Content-Length with a space before the colon",
            raw(head(RAW_HEADERS)[:-2] + b"Content-Length : %d\r\n\r\n" % _LENGTH, _THREE_FRAMES),
            ("HTTP-047",),
        ),
        _bad_head(
            "http-header-without-colon",
            "a header line without a colon",
            _with_line(b"X-Test\r\n"),
            ("HTTP-047",),
        ),
        _bad_head(
            "http-header-with-nul",
            "NUL in a header value",
            _with_line(b"X-Test: a\0b\r\n"),
            ("HTTP-047",),
        ),
        _bad_head(
            "http-status-line-garbage",
            "garbage instead of a status line",
            raw(b"garbage in place of a status line\r\n\r\n"),
            ("HTTP-041",),
        ),
        _bad_head(
            "http-status-line-no-number",
            "a status that is not a number",
            _with_status("OK fine"),
            ("HTTP-041",),
        ),
        _bad_head(
            "http-status-line-two-digits",
            "a status of two digits",
            _with_status("20 OK"),
            ("HTTP-041",),
        ),
        _bad_head(
            "http-status-line-four-digits",
            "a status of four digits",
            _with_status("2000 OK"),
            ("HTTP-041",),
        ),
        _bad_head(
            "http-status-line-http-2",
            "HTTP/2.0 in the status line",
            raw(
                head(RAW_HEADERS + (("Content-Length", str(_LENGTH)),), version="HTTP/2.0"),
                _THREE_FRAMES,
            ),
            ("HTTP-041",),
        ),
        _bad_head(
            "http-no-status-line",
            "a body without a head, as in HTTP/0.9",
            raw(_THREE_FRAMES),
            ("HTTP-041",),
        ),
    ]


def _bad_chunks() -> List[Entry]:
    two = part(TWO)
    size = b"%x" % len(two)
    # Half a frame: it does not matter whether a client hands it over before it sees the error.
    half, rest = two[:16], two[16:]
    tail = chunk(rest) + LAST_CHUNK
    return [
        _bad_chunk(
            "http-chunk-size-0x",
            "a chunk size with 0x",
            chunk(two, b"0x" + size),
            LAST_CHUNK,
            rules=("HTTP-045",),
        ),
        _bad_chunk(
            "http-chunk-size-plus",
            "a chunk size with a plus sign",
            chunk(two, b"+" + size),
            LAST_CHUNK,
            rules=("HTTP-045",),
        ),
        _bad_chunk(
            "http-chunk-size-blanks",
            "a chunk size between spaces",
            chunk(two, b" " + size + b" "),
            LAST_CHUNK,
            rules=("HTTP-045",),
        ),
        _bad_chunk(
            "http-chunk-size-underscore",
            "a chunk size with an underscore",
            chunk(half, b"1_0"),
            tail,
            rules=("HTTP-045",),
        ),
        _bad_chunk(
            "http-chunk-size-negative",
            "a negative chunk size",
            chunk(two, b"-5"),
            LAST_CHUNK,
            rules=("HTTP-045",),
        ),
        _bad_chunk(
            "http-chunk-size-no-hex",
            "a chunk size that is not a number",
            chunk(two, b"size"),
            LAST_CHUNK,
            rules=("HTTP-045",),
        ),
        _bad_chunk(
            "http-chunk-size-empty",
            "a chunk without a size",
            chunk(two, b""),
            LAST_CHUNK,
            rules=("HTTP-045",),
        ),
        _bad_chunk(
            "http-chunk-size-huge",
            "a chunk size of 20 digits, then the close of the connection",
            b"f" * 20 + b"\r\n" + half,
            rules=("HTTP-045",),
            also=("truncated",),
        ),
        _bad_chunk(
            "http-chunk-size-33-bits",
            "a chunk size of 4 GiB more than its chunk, then the close of the connection",
            b"1%08x\r\n" % len(two) + two + b"\r\n" + LAST_CHUNK,
            rules=("HTTP-045", "HTTP-023"),
            also=("truncated",),
            parts=(ONE, TWO),
        )._replace(since="0.2.0"),
        _bad_chunk(
            "http-chunk-end-wrong",
            "two wrong bytes after a chunk",
            chunk(half, end=b"xx"),
            tail,
            rules=("HTTP-046",),
        ),
        _bad_chunk(
            "http-chunk-end-missing",
            "no CRLF between a chunk and the next",
            chunk(half, end=b""),
            tail,
            rules=("HTTP-046",),
        ),
        _bad_chunk(
            "http-chunk-too-long",
            "a chunk that is longer than its size",
            chunk(half + rest[:3], b"10"),
            tail,
            rules=("HTTP-046",),
        ),
        _bad_chunk(
            "http-chunk-bare-lf-size",
            "a size line that ends in a bare LF",
            size + b"\n" + two + b"\r\n",
            LAST_CHUNK,
            rules=("HTTP-045",),
        ),
        _bad_chunk(
            "http-chunk-bare-lf-end",
            "a bare LF after a chunk",
            chunk(half, end=b"\n"),
            tail,
            rules=("HTTP-046",),
        ),
        _bad_chunk(
            "http-chunk-bare-lf-last",
            "a last chunk with bare LFs",
            chunk(two),
            b"0\n\n",
            rules=("EVS-023", "HTTP-046"),
            parts=(ONE, TWO),
        ),
    ]


def _folded() -> List[Entry]:
    """Return heads whose header lines are continued in each way."""
    attributes = b"X-Amzn-SageMaker-Custom-Attributes: "
    found = [
        Scenario(
            "header-folded-" + name,
            title,
            must="join them with one space",
            expect=ok(*PARTS)._replace(output=dict(OUTPUT, CustomAttributes=value)),
            response=raw(_with_lines(attributes + lines), _GOOD_BODY),
            rules=("HTTP-047",),
        )
        for name, title, lines, value in (
            ("tab", "a header value continued by a tab", b"a=b;\r\n\tc=d\r\n", "a=b; c=d"),
            ("space", "a header value continued by a space", b"a=b;\r\n c=d\r\n", "a=b; c=d"),
            (
                "tab-first",
                "a header value continued by a tab and a space",
                b"a=b;\r\n\t c=d\r\n",
                "a=b; c=d",
            ),
            ("tabs", "a header value continued by tabs", b"a=b;\r\n\t\t\tc=d\r\n", "a=b; c=d"),
            (
                "spaces",
                "a header value continued by nine spaces",
                b"a=b; \r\n" + b" " * 9 + b"c=d\r\n",
                "a=b; c=d",
            ),
            (
                "twice",
                "a header value on three lines",
                b"a=b;\r\n\tc=d;\r\n e=f\r\n",
                "a=b; c=d; e=f",
            ),
            (
                "colon",
                "a header value whose second line looks like a header",
                b"a=b;\r\n\tContent-Length: 1\r\n",
                "a=b; Content-Length: 1",
            ),
            ("first-empty", "a header value after an empty line", b"\r\n\ta=b\r\n", "a=b"),
        )
    ]
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>;\r\n\trel=preload\r\n \tas=x\r\n\r\n"
    found += [
        _good(
            "interim-folded",
            "103 with folded header lines",
            "skip it",
            stream(*FRAMES, interim=(hints,)),
            ("HTTP-047", "HTTP-040"),
        ),
        _good(
            "chunk-trailers-folded",
            "a folded trailer",
            "ignore it",
            raw_chunks(*map(chunk, FRAMES), b"0\r\nX-Checksum: 7;\r\n\ta\r\n b\r\n\r\n"),
            ("HTTP-047", "HTTP-023"),
        ),
        _good(
            "header-folded-transfer-encoding",
            "Transfer-Encoding continued by a tab",
            "join its lines",
            raw(head(RAW_HEADERS)[:-2] + b"Transfer-Encoding:\r\n\tchunked\r\n\r\n", _GOOD_BODY),
            ("HTTP-047", "HTTP-044"),
        ),
    ]
    return [scenario._replace(since="0.2.0") for scenario in found]


def _valid() -> List[Entry]:
    """Return HTTP that is unusual but valid, which a strict reader must accept."""
    hints = head((("Link", "</x>; rel=preload"),), "103 Early Hints")
    going_on = head((), "100 Continue")
    misleading = head(_MISLEADING, "103 Early Hints")
    length = str(_LENGTH)
    return [
        _good(
            "continue-before",
            "100 before the response",
            "skip it",
            stream(*FRAMES, interim=(going_on,)),
            ("HTTP-040",),
        ),
        _good(
            "early-hints-before",
            "103 before the response",
            "skip it",
            stream(*FRAMES, interim=(hints,)),
            ("HTTP-040",),
        ),
        _good(
            "interim-several",
            "100, 103 and 103 before the response",
            "skip them",
            stream(*FRAMES, interim=(going_on, hints, hints)),
            ("HTTP-040", "HTTP-048"),
        ),
        _good(
            "interim-misleading",
            "103 with headers that would change the response",
            "skip it with its headers",
            stream(*FRAMES, interim=(misleading,)),
            ("HTTP-040",),
        )._replace(since="0.2.0"),
        _good(
            "content-length-equal",
            "the same Content-Length twice",
            "accept it",
            _with_lengths(length, length),
            ("HTTP-042",),
        ),
        _good(
            "content-length-zeros",
            "a Content-Length with 24 leading zeros",
            "accept it",
            _with_lengths("0" * 24 + length),
            ("HTTP-042",),
        )._replace(since="0.2.0"),
        _good(
            "chunk-extensions",
            "chunks with extensions",
            "ignore them",
            raw_chunks(
                *[chunk(frame, b'%x;a=1;b="2"' % len(frame)) for frame in FRAMES],
                b"0;last\r\n\r\n",
            ),
            ("HTTP-045",),
        ),
        _good(
            "chunk-trailers",
            "trailers after the last chunk",
            "ignore them",
            raw_chunks(*map(chunk, FRAMES), b"0\r\nX-Checksum: 7\r\nX-Other: 8\r\n\r\n"),
            ("HTTP-023",),
        ),
        _good(
            "chunk-size-zeros",
            "chunk sizes in upper case with leading zeros",
            "accept them",
            raw_chunks(*[chunk(frame, b"00%X" % len(frame)) for frame in FRAMES], b"000\r\n\r\n"),
            ("HTTP-045",),
        ),
        _good(
            "reason-empty",
            "a status line without a reason",
            "accept it",
            _with_status("200 "),
            ("HTTP-041",),
        ),
        _good(
            "http-1-0",
            "an HTTP/1.0 response that ends with the connection",
            "accept it",
            raw(head(RAW_HEADERS, version="HTTP/1.0"), *FRAMES),
            ("HTTP-041",),
        ),
        _good(
            "header-small-letters",
            "header names in lower case",
            "accept them",
            raw(
                head([(name.lower(), value) for name, value in RAW_HEADERS + (CHUNKED,)]),
                _GOOD_BODY,
            ),
            ("HTTP-047",),
        ),
        Scenario(
            "header-folded",
            "a header value on two lines",
            must="join them with one space",
            expect=ok(*PARTS)._replace(output=dict(OUTPUT, CustomAttributes="trace=7; a=b")),
            response=raw(
                _with_lines(b"X-Amzn-SageMaker-Custom-Attributes: trace=7;\r\n", b" \t a=b \r\n"),
                _GOOD_BODY,
            ),
            rules=("HTTP-047",),
        ),
        *_folded(),
        _good(
            "chunks-slow",
            "HTTP chunks byte by byte, including their sizes and ends",
            "accept it",
            raw(_GOOD_HEAD, *with_pauses(pieces(_GOOD_BODY, 1), 0.001)),
            ("EVS-026", "HTTP-045", "HTTP-046"),
        ),
        _good(
            "head-slow",
            "a head byte by byte",
            "accept it",
            raw(*pieces(_GOOD_HEAD, 1), _GOOD_BODY),
            ("HTTP-050",),
        ),
    ]


def _connections() -> List[Entry]:
    kept = STREAM_HEADERS + (("Connection", "keep-alive"),)
    return [
        Scenario(
            "close-before-head",
            "closed before the head",
            must="raise a network error, because there is no response",
            expect=rejected("network"),
            response=raw(),
            rules=("HTTP-041", "HTTP-055"),
        ),
        Scenario(
            "reset-before-head",
            "reset before the head",
            must="raise a network error, because there is no response",
            expect=rejected("network"),
            response=raw(ending="reset"),
            rules=("HTTP-055",),
        ),
        _good(
            "keep-alive",
            "a connection that stays open",
            "end with the body, not with the connection, which may be used again",
            stream(*FRAMES, framing="length", headers=kept),
            ("HTTP-023",),
        ),
        _good(
            "keep-alive-then-close",
            "closed after a complete response that promised keep-alive",
            "accept it and connect again for the next call",
            stream(*FRAMES, framing="length", ending="close", headers=kept),
            ("HTTP-010", "HTTP-023"),
        ),
        _good(
            "connection-close",
            "Connection: close on a chunked response",
            "accept it and connect again for the next call",
            stream(*FRAMES, headers=STREAM_HEADERS + (("Connection", "close"),)),
            ("HTTP-010",),
        ),
    ]


def _spellings() -> List[Entry]:
    """Return spellings of numbers and names that only a lenient parser accepts, and valid ones."""
    found: List[Scenario] = [
        _bad_head(
            f"http-content-length-{slug}",
            f"a Content-Length {title}",
            _with_lengths(value % _LENGTH),
            ("HTTP-042",),
        )
        for slug, title, value in (
            ("fraction", "with a fraction", "%d.0"),
            ("exponent", "with an exponent", "%de0"),
            ("form-feed", "and a form feed", "%d\f"),
            ("no-break-space", "and a no-break space", "\u00a0%d"),
            ("superscript", "with a superscript digit", "%d\u00b2"),
            ("comma-last", "and a comma", "%d,"),
            ("semicolon", "and a parameter", "%d;a=1"),
        )
    ]
    found += [
        _bad_head(
            "http-content-length-zeros-differ",
            "a Content-Length twice, once with a leading zero",
            _with_lengths(f"{_LENGTH}, 0{_LENGTH}"),
            ("HTTP-042",),
        )
    ]
    found += [
        _bad_head(
            f"http-status-line-{slug}",
            f"a status line with {title}",
            raw(_GOOD_HEAD.replace(b"HTTP/1.1 200 OK", line, 1), _GOOD_BODY),
            ("HTTP-041",),
        )
        for slug, title, line in (
            ("two-spaces", "two spaces", b"HTTP/1.1  200 OK"),
            ("tab", "a tab", b"HTTP/1.1\t200 OK"),
            ("tab-after", "a tab after the status", b"HTTP/1.1 200\tOK"),
            ("space-first", "a space before it", b" HTTP/1.1 200 OK"),
            ("version-1-2", "HTTP/1.2", b"HTTP/1.2 200 OK"),
            ("version-zeros", "HTTP/01.1", b"HTTP/01.1 200 OK"),
            ("lower-case", "http in lower case", b"http/1.1 200 OK"),
            ("plus", "a plus sign", b"HTTP/1.1 +20 OK"),
        )
    ]
    found += [
        _bad_head(
            f"http-transfer-encoding-{slug}",
            f"Transfer-Encoding: {title}",
            raw(head(RAW_HEADERS + (("Transfer-Encoding", coding),)), _GOOD_BODY),
            ("HTTP-044",),
        )
        for slug, title, coding in (
            ("identity-chunked", "identity, chunked", "identity, chunked"),
            ("parameter", "chunked with a parameter", "chunked;q=1"),
            ("comma-last", "chunked and a comma", "chunked,"),
            ("vertical-tab", "chunked and a vertical tab", "chunked\v"),
            ("empty", "an empty value", ""),
        )
    ]
    identity = (("Transfer-Encoding", "identity"),)
    found += [
        _bad_head(
            "http-transfer-encoding-identity",
            "Transfer-Encoding: identity",
            raw(head(RAW_HEADERS + identity), _THREE_FRAMES),
            ("HTTP-044",),
        ),
        _bad_head(
            "http-transfer-encoding-identity-and-length",
            "Transfer-Encoding: identity and a Content-Length",
            raw(head(RAW_HEADERS + identity + (("Content-Length", str(_LENGTH)),)), _THREE_FRAMES),
            ("HTTP-043", "HTTP-044"),
        ),
    ]
    two = part(TWO)
    size = b"%x" % len(two)
    found += [
        _bad_chunk(
            f"http-chunk-size-{slug}",
            f"a chunk size {title}",
            chunk(two, spelled),
            LAST_CHUNK,
            rules=("HTTP-045",),
        )
        for slug, title, spelled in (
            ("word-after", "and a word", size + b" x"),
            ("tab-before", "after a tab", b"\t" + size),
            ("form-feed", "and a form feed", size + b"\f"),
            ("comma", "and a comma", size + b","),
            ("fraction", "with a fraction", size + b".0"),
            ("cr", "and a CR", size + b"\r"),
        )
    ]
    found += [
        Scenario(
            f"http-content-length-{bits}-bits",
            f"a Content-Length that is right in its lowest {bits - 1} bits, then the close",
            must="deliver the parts, then raise an error",
            expect=broken("truncated", *PARTS),
            response=_with_lengths(str(2 ** (bits - 1) + _LENGTH)),
            rules=("HTTP-023", "HTTP-042"),
        )
        for bits in (33, 54)
    ]
    found += [
        _good(
            "content-length-list",
            "the same Content-Length twice in one header",
            "accept it",
            _with_lengths(f"{_LENGTH} ,\t{_LENGTH}"),
            ("HTTP-042",),
        ),
        _good(
            "transfer-encoding-case",
            "Transfer-Encoding: CHUNKED between spaces and tabs",
            "accept it",
            raw(head(RAW_HEADERS + (("TRANSFER-ENCODING", " \tCHUNKED\t "),)), _GOOD_BODY),
            ("HTTP-044",),
        ),
        _good(
            "reason-spaces",
            "a reason of spaces and tabs, and one in Latin-1",
            "accept it",
            _with_status("200  \t\u00e9 "),
            ("HTTP-041",),
        ),
        _good(
            "chunk-size-spaces",
            "spaces and tabs after a chunk size, and before an extension",
            "ignore them",
            raw_chunks(
                *[chunk(frame, b"%x \t" % len(frame)) for frame in FRAMES[:2]],
                chunk(FRAMES[2], b"%x\t ; a" % len(FRAMES[2])),
                b"0 \t\r\n\r\n",
            ),
            ("HTTP-045",),
        ),
        _good(
            "chunk-last-alone",
            "the close directly after the line of the last chunk",
            "accept it, because the body is complete",
            raw_chunks(*map(chunk, FRAMES), b"0\r\n"),
            ("HTTP-023",),
        ),
        _good(
            "chunk-last-trailer-cut",
            "the close inside a trailer",
            "accept it, because the body is complete",
            raw_chunks(*map(chunk, FRAMES), b"0\r\nX-Checks"),
            ("HTTP-023",),
        ),
    ]
    return [scenario._replace(since="0.2.0") for scenario in found]
