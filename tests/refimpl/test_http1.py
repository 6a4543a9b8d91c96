# SPDX-License-Identifier: MIT
"""Tests of refimpl/http1.py: each line of a response's head and framing.

For each function, tables list the values that it accepts and the lines that it rejects, with their
rules. Properties check that it reads what is written, and that any line gives a value or an
HttpError of kind `http`. body_framing must agree with a second implementation of RFC 9112. A
hostile line of MAX_LINE bytes must take linear time, so it is parsed in a separate process, which
the test ends if it hangs.
"""

import os
import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from refimpl.errors import HttpError
from refimpl.http1 import (
    MAX_HEADERS,
    MAX_INTERIM,
    MAX_LINE,
    ChunkedBody,
    Framing,
    ResponseHead,
    body_framing,
    parse_chunk_line,
    parse_header_lines,
    parse_status_line,
)
from tests.properties import examples
from tests.rows import for_each
from tests.support import chunkings

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
NO_TEXT = dict.fromkeys(map(ord, "\r\n\0"))
some = examples(200)

LINE_PARTS = [
    b"HTTP/1.1",
    b"HTTP/1.0",
    b" ",
    b"  ",
    b"\t",
    b"200",
    b"20",
    b"OK",
    b"a",
    b"Content-Length",
    b":",
    b"5",
    b"0x",
    b"+",
    b"-",
    b"_",
    b";",
    b"=",
    b"\0",
    b"\r",
    b"\n",
    b"\r\n",
    b"\x15\x03",
    b"\xff",
    b"\x80",
    b",",
    b"chunked",
    b"fF",
]
# Any text that a line may contain.
octets = st.binary(max_size=30).map(lambda data: data.decode("latin-1").translate(NO_TEXT))
lines = st.one_of(
    st.binary(max_size=40),
    st.lists(st.sampled_from(LINE_PARTS), max_size=8).map(b"".join),
    st.lists(st.sampled_from(LINE_PARTS), max_size=8).map(lambda parts: b"".join(parts) + b"\r\n"),
)


def rejected(rule, function, *arguments):
    """Call function, which must reject its arguments, and return the error."""
    with pytest.raises(HttpError) as caught:
        function(*arguments)
    assert (caught.value.kind, caught.value.rule) == ("http", rule)
    assert caught.value.expected and caught.value.actual is not None
    return caught.value


# ---- the status line ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line,expected",
    [
        (b"HTTP/1.1 200 OK\r\n", (1, 200, "OK")),
        (b"HTTP/1.0 404 Not Found\r\n", (0, 404, "Not Found")),
        (b"HTTP/1.1 200 \r\n", (1, 200, "")),
        (b"HTTP/1.1 200\r\n", (1, 200, "")),
        (b"HTTP/1.1 999 \xe9\t!\r\n", (1, 999, "\xe9\t!")),
        (b"HTTP/1.1 000  x \r\n", (1, 0, " x ")),
        (b"HTTP/1.1 103 Early Hints\r\n", (1, 103, "Early Hints")),
    ],
)
def test_status_line(line, expected):
    assert parse_status_line(line) == expected


@for_each(
    "line",
    [
        b"",
        b"\r\n",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\n",
        b"HTTP/1.1 200 OK\r",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx",
        b" HTTP/1.1 200 OK\r\n",
        b"http/1.1 200 OK\r\n",
        b"HTTP/1.2 200 OK\r\n",
        b"HTTP/2 200\r\n",
        b"HTTP/1.10 200 OK\r\n",
        b"HTTP/1 200 OK\r\n",
        b"HTTP/1.1  200 OK\r\n",
        b"HTTP/1.1\t200 OK\r\n",
        b"HTTP/1.1 20 OK\r\n",
        b"HTTP/1.1 2000 OK\r\n",
        b"HTTP/1.1 +20 OK\r\n",
        b"HTTP/1.1 2_0 OK\r\n",
        b"HTTP/1.1 -20 OK\r\n",
        b"HTTP/1.1 \xb2\xb2\xb2 OK\r\n",
        b"HTTP/1.1 200OK\r\n",
        b"HTTP/1.1 200\tOK\r\n",
        b"HTTP/1.1 200 O\0K\r\n",
        b"HTTP/1.1 200 O\rK\r\n",
        b"HTTP/1.1 200 O\nK\r\n",
        b"ICY 200 OK\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"<html>\r\n",
        b"HTTP/1.1\r\n",
        b"HTTP/1.1 \r\n",
    ],
)
def test_invalid_status_line(line):
    assert "status line" in str(rejected("HTTP-041", parse_status_line, line))


@pytest.mark.parametrize(
    "line",
    [b"\x15\x03\x01\x00\x02\x02F", b"\x15\x03\x03\x00\x02\x02\n", b"\x16\x03\x01\x00\xa5\x01\r\n"],
)
def test_recognises_tls(line):
    assert "https port" in str(rejected("HTTP-041", parse_status_line, line))


@pytest.mark.parametrize(
    "line", [b"\x15\x02\x01\r\n", b"\x14\x03\x01\r\n", b"\x15\r\n", b"x\x15\x03\r\n"]
)
def test_does_not_mistake_other_bytes_for_tls(line):
    assert "https port" not in str(rejected("HTTP-041", parse_status_line, line))


def test_an_invalid_status_line_is_shown_short_and_escaped():
    error = rejected("HTTP-041", parse_status_line, b"\x1b[31m" + b"x" * 60000 + b"\r\n")
    assert "\x1b" not in str(error)
    assert len(str(error)) < 400
    assert "\\x1b[31mxxx" in str(error)


@some
@given(st.integers(0, 1), st.integers(0, 999), octets)
def test_reads_any_written_status_line(minor, status, reason):
    line = f"HTTP/1.{minor} {status:03} {reason}\r\n".encode("latin-1")
    assert parse_status_line(line) == (minor, status, reason)


@some
@given(lines)
def test_any_status_line_is_a_value_or_rejected(line):
    try:
        minor, status, reason = parse_status_line(line)
    except HttpError as error:
        assert (error.kind, error.rule) == ("http", "HTTP-041")
    else:
        assert line in {
            b"HTTP/1.%d %03d%s\r\n" % (minor, status, tail)
            for tail in (b" " + reason.encode("latin-1"), b"")
        }


# ---- header lines ------------------------------------------------------------------------------


@for_each(
    "given_lines,expected",
    [
        ([], ()),
        ([b"A: b\r\n"], (("A", "b"),)),
        ([b"A:b\r\n"], (("A", "b"),)),
        ([b"A: \t b \t \r\n"], (("A", "b"),)),
        ([b"A: b c\td\r\n"], (("A", "b c\td"),)),
        ([b"A:\r\n"], (("A", ""),)),
        ([b"A: \t \r\n"], (("A", ""),)),
        ([b"A: b: c:\r\n"], (("A", "b: c:"),)),
        ([b"A: :\r\n"], (("A", ":"),)),
        ([TOKEN.encode() + b": x\r\n"], ((TOKEN, "x"),)),
        ([b"A: caf\xe9 \xa0\r\n"], (("A", "caf\xe9 \xa0"),)),
        ([b"A: \x01\x0b\x0c\x1c\x7f\x85\r\n"], (("A", "\x01\x0b\x0c\x1c\x7f\x85"),)),
        ([b"A: 1\r\n", b"a: 2\r\n", b"A: 1\r\n"], (("A", "1"), ("a", "2"), ("A", "1"))),
        ([b"A: b\r\n", b" c\r\n"], (("A", "b c"),)),
        (
            [b"A: b \r\n", b"\t \tc d \t\r\n", b" e\r\n", b"B: f\r\n"],
            (("A", "b c d e"), ("B", "f")),
        ),
        ([b"A:\r\n", b" c\r\n"], (("A", "c"),)),
        ([b"A: b\r\n", b" \r\n"], (("A", "b"),)),
        ([b"A: b\r\n", b" \t \r\n", b" c\r\n"], (("A", "b c"),)),
        ([b"A: b\r\n", b" B: c\r\n"], (("A", "b B: c"),)),
        ([b"A: b\r\n", b" \xe9:\r\n"], (("A", "b \xe9:"),)),
        ([b"A: 1\r\n"] * MAX_HEADERS, (("A", "1"),) * MAX_HEADERS),
    ],
)
def test_header_lines(given_lines, expected):
    assert parse_header_lines(given_lines) == expected


NO_HEADER_LINES = [
    b"",
    b"\r\n",
    b"A: b",
    b"A: b\n",
    b"A: b\r",
    b"A: b\r\n\r\n",
    b"A: b\r\nB: c\r\n",
    b"A\r\n",
    b"A b\r\n",
    b": b\r\n",
    b":\r\n",
    b"A : b\r\n",
    b"A\t: b\r\n",
    b"A B: c\r\n",
    b"\xc3\xa9: b\r\n",
    b"A\xe9: b\r\n",
    b"A: b\0c\r\n",
    b"A\0: b\r\n",
    b"A: \0\r\n",
    b"A: b\rc\r\n",
    b"A: b\nc\r\n",
    b"A: b\r\r\n",
    b"(A): b\r\n",
    b"A;B: c\r\n",
    b'"A": b\r\n',
    b"A,: b\r\n",
    b"A/B: c\r\n",
    b"A@: b\r\n",
    b"\x7fA: b\r\n",
]


@for_each("line", NO_HEADER_LINES + [b" c\0\r\n", b" c\n", b"\tc\rd\r\n"])
def test_invalid_header_line(line):
    error = rejected("HTTP-047", parse_header_lines, [b"A: b\r\n", line])
    assert "not a header line" in str(error)
    assert error.expected == "name: value, ended by CRLF"


@for_each("line", NO_HEADER_LINES + [b" c\r\n", b"\tA: b\r\n", b" \r\n"])
def test_invalid_or_folded_first_header_line(line):
    rejected("HTTP-047", parse_header_lines, [line, b"A: b\r\n"])


@pytest.mark.parametrize("extra", [b"A: 1\r\n", b" folded\r\n", b"garbage"])
def test_too_many_header_lines(extra):
    error = rejected("HTTP-048", parse_header_lines, [b"A: 1\r\n"] * MAX_HEADERS + [extra])
    assert (error.expected, error.actual) == ("at most 100", MAX_HEADERS + 1)


def test_the_limits():
    assert (MAX_LINE, MAX_HEADERS, MAX_INTERIM) == (65536, 100, 16)


blanks = st.text(alphabet=" \t", max_size=3)
values = octets.map(lambda text: text.strip(" \t"))


@pytest.mark.slow
@some
@given(
    st.lists(
        st.tuples(st.text(alphabet=TOKEN, min_size=1, max_size=20), blanks, values, blanks),
        max_size=6,
    )
)
def test_reads_any_written_headers(headers):
    written = [("{}:{}{}{}\r\n".format(*header)).encode("latin-1") for header in headers]
    assert parse_header_lines(written) == tuple((name, value) for name, _, value, _ in headers)


@pytest.mark.slow
@some
@given(
    values,
    st.lists(
        st.tuples(st.text(alphabet=" \t", min_size=1, max_size=3), values, blanks), max_size=4
    ),
)
def test_joins_folded_lines_with_one_space(first, folds):
    written = [(f"A: {first}\r\n").encode("latin-1")] + [
        ("{}{}{}\r\n".format(*fold)).encode("latin-1") for fold in folds
    ]
    joined = " ".join(value for value in [first] + [value for _, value, _ in folds] if value)
    assert parse_header_lines(written) == (("A", joined),)


@pytest.mark.slow
@some
@given(st.lists(st.one_of(lines, st.sampled_from([b"A: b\r\n", b" c\r\n"])), max_size=5))
def test_any_header_lines_are_values_or_rejected(given_lines):
    try:
        headers = parse_header_lines(given_lines)
    except HttpError as error:
        assert (error.kind, error.rule) == ("http", "HTTP-047")
        return
    assert len(headers) <= len(given_lines)
    assert not set("".join(name + value for name, value in headers)) & set("\r\n\0")
    for name, value in headers:
        assert name and set(name) <= set(TOKEN)
        assert value == value.strip(" \t")


HOSTILE_HEADS = {
    "blanks inside a value": b"A: x" + b" " * (MAX_LINE - 7) + b"y\r\n",
    "blanks before a NUL": b"A:" + b" " * (MAX_LINE - 5) + b"\0\r\n",
    "blanks inside a value before a bare CR": b"A: x" + b"\t" * (MAX_LINE - 8) + b"\rx\r\n",
    "a folded line of blanks before a NUL": b" " * (MAX_LINE - 4) + b"\0\r\n",
    "nothing but letters": b"A" * (MAX_LINE - 2) + b"\r\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HOSTILE_HEADS))
def test_a_long_line_takes_linear_time(name, tmp_path):
    """A linear reader needs milliseconds for ten such lines, a quadratic one minutes or days."""
    path = tmp_path / "line"
    path.write_bytes(HOSTILE_HEADS[name])
    program = (
        "import sys\nfrom refimpl.errors import HttpError\n"
        "from refimpl.http1 import parse_header_lines\n"
        "line = open(sys.argv[1], 'rb').read()\n"
        "for _ in range(10):\n    try:\n        parse_header_lines([b'A: b\\r\\n', line])\n"
        "    except HttpError:\n        pass\n"
    )
    try:
        subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, check=True, timeout=6)
    except subprocess.TimeoutExpired:
        pytest.fail(
            f"a header line of {len(HOSTILE_HEADS[name])} bytes ({name}) keeps the reader busy"
        )


# ---- framing -----------------------------------------------------------------------------------


def head_of(*headers, **options):
    return ResponseHead(options.get("status", 200), "OK", options.get("minor", 1), headers)


def length(value):
    return ("Content-Length", value)


def coding(value):
    return ("Transfer-Encoding", value)


@for_each(
    "headers,expected",
    [
        ([], Framing(False, None)),
        ([("X-Content-Length", "5"), ("Content-Length-X", "6")], Framing(False, None)),
        ([length("0")], Framing(False, 0)),
        ([length("5")], Framing(False, 5)),
        ([("CONTENT-LENGTH", "5")], Framing(False, 5)),
        ([("content-length", "5")], Framing(False, 5)),
        ([length(" \t5 ")], Framing(False, 5)),
        ([length("005")], Framing(False, 5)),
        ([length("5, 5")], Framing(False, 5)),
        ([length("5,5,\t5")], Framing(False, 5)),
        ([length("5"), length("5")], Framing(False, 5)),
        ([length("5"), ("content-length", "5, 5")], Framing(False, 5)),
        ([length("999999999999999999")], Framing(False, 10**18 - 1)),
        ([length("0" * 5000 + "5")], Framing(False, 5)),
        ([length("0" * 5000)], Framing(False, 0)),
        ([coding("chunked")], Framing(True, None)),
        ([coding("Chunked")], Framing(True, None)),
        ([coding(" CHUNKED\t")], Framing(True, None)),
        ([("transfer-encoding", "chunked")], Framing(True, None)),
        ([("X-Transfer-Encoding", "gzip")], Framing(False, None)),
    ],
)
@for_each("status", [200, 101, 400, 500])
def test_framing(headers, expected, status):
    assert body_framing(head_of(*headers, status=status)) == expected
    assert body_framing(head_of(("Server", "x"), *headers, status=status)) == expected
    if not expected.chunked:
        assert body_framing(head_of(*headers, status=status, minor=0)) == expected


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("headers", [[], [length("0")], [length("5")], [coding("chunked")]])
def test_responses_without_a_body(status, headers):
    assert body_framing(head_of(*headers, status=status)) == Framing(False, 0)


BAD_LENGTHS = [
    ["5, 6"],
    ["5", "6"],
    ["5", "5, 6"],
    ["5", "05"],
    ["5, 05"],
    ["-5"],
    ["+5"],
    ["5.0"],
    ["5e0"],
    ["0x5"],
    ["a"],
    ["1_0"],
    ["5 5"],
    ["5;"],
    [""],
    [" "],
    [","],
    ["5,"],
    [",5"],
    ["5, ,5"],
    ["1" * 19],
    ["5", "05"],
    ["0" * 18 + "1" * 19],
    ["\xb2"],
    ["\u0665"],
    ["5\x0b"],
    ["5\xa0"],
    ["5", ""],
    ["inf"],
    ['"5"'],
    ["5\n"],
]


@for_each("bad", BAD_LENGTHS)
@for_each("status", [200, 204, 304, 404])
@for_each("minor", [0, 1])
def test_unusable_length(bad, status, minor):
    rejected(
        "HTTP-042",
        body_framing,
        head_of(*[length(value) for value in bad], status=status, minor=minor),
    )


@for_each(
    "bad",
    [
        ["gzip, chunked"],
        ["chunked, chunked"],
        ["chunked", "chunked"],
        ["gzip", "chunked"],
        ["chunked", "gzip"],
        ["gzip"],
        ["identity"],
        [""],
        ["chunked;q=1"],
        ["chunked,"],
        [",chunked"],
        ["xchunked"],
        ["chunked\x0b"],
        ["chunked\xa0"],
        ['"chunked"'],
        ["chun ked"],
    ],
)
@for_each("status", [200, 204, 404])
def test_unusable_coding(bad, status):
    rejected("HTTP-044", body_framing, head_of(*[coding(value) for value in bad], status=status))


@pytest.mark.parametrize("status", [200, 204, 500])
def test_rejects_chunked_in_http_1_0(status):
    rejected("HTTP-044", body_framing, head_of(coding("chunked"), minor=0, status=status))


@for_each("value", ["5", "0", "", "x"])
@for_each("codings", ["chunked", "gzip", "identity", ""])
@for_each("minor", [0, 1])
def test_length_beside_coding(value, codings, minor):
    for headers in ([length(value), coding(codings)], [coding(codings), length(value)]):
        rejected("HTTP-043", body_framing, head_of(*headers, minor=minor))


def framing_by_rfc(status, minor, lengths, codings):
    """Return the framing according to RFC 9112, section 6, or None if it must be rejected."""
    if codings:
        chunked = [text.strip(" \t").lower() for text in codings] == ["chunked"]
        return (
            Framing(status not in (204, 304), 0 if status in (204, 304) else None)
            if chunked and not lengths and minor
            else None
        )
    items = [item.strip(" \t") for item in ",".join(lengths).split(",")] if lengths else []
    if any(
        not item or set(item) - set("0123456789") or len(item.lstrip("0")) > 18 or item != items[0]
        for item in items
    ):
        return None
    return Framing(
        False, 0 if status in (204, 304) else int(items[0].lstrip("0") or "0") if items else None
    )


@pytest.mark.slow
@some
@given(
    st.sampled_from([200, 204, 304, 404]),
    st.integers(0, 1),
    st.lists(
        st.sampled_from(
            ["5", "6", "5,5", " 5 , 5", "5,6", "", "+5", "05", "0" * 5000 + "5", "1" * 18, "1" * 19]
        ),
        max_size=3,
    ),
    st.lists(st.sampled_from(["chunked", "Chunked ", "gzip", "gzip, chunked", ""]), max_size=2),
    st.booleans(),
)
def test_framing_agrees_with_a_second_implementation(status, minor, lengths, codings, other_way):
    headers = [length(value) for value in lengths] + [coding(value) for value in codings]
    try:
        found = body_framing(
            head_of(*(reversed(headers) if other_way else headers), status=status, minor=minor)
        )
    except HttpError as error:
        assert error.kind == "http"
        found = None
    assert found == framing_by_rfc(
        status, minor, list(reversed(lengths)) if other_way else lengths, codings
    )


@pytest.mark.slow
@some
@given(
    st.lists(
        st.tuples(st.sampled_from(["Content-Length", "Transfer-Encoding", "X"]), values), max_size=3
    ),
    st.integers(0, 999),
    st.integers(0, 1),
)
def test_any_headers_are_a_framing_or_rejected(headers, status, minor):
    try:
        framing = body_framing(ResponseHead(status, "", minor, tuple(headers)))
    except HttpError as error:
        assert error.rule in ("HTTP-042", "HTTP-043", "HTTP-044")
    else:
        assert framing.length is None or not framing.chunked and 0 <= framing.length < 10**18


# ---- chunk lines -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line,size",
    [
        (b"0\r\n", 0),
        (b"5\r\n", 5),
        (b"a\r\n", 10),
        (b"A\r\n", 10),
        (b"fF\r\n", 255),
        (b"00005\r\n", 5),
        (b"5 \r\n", 5),
        (b"5 \t \r\n", 5),
        (b"5;\r\n", 5),
        (b"5;a=b\r\n", 5),
        (b'5 ; a="b;c"\r\n', 5),
        (b"5;\xe9\x01\r\n", 5),
        (b"0;last\r\n", 0),
        (b"f" * 15 + b"\r\n", 16**15 - 1),
        (b"0" * 14 + b"5\r\n", 5),
    ],
)
def test_chunk_line(line, size):
    assert parse_chunk_line(line) == size


@for_each(
    "line",
    [
        b"",
        b"\r\n",
        b"5",
        b"5\n",
        b"5\r",
        b"5\r\n\r\n",
        b"5\r\nx",
        b"0x5\r\n",
        b"0X5\r\n",
        b"+5\r\n",
        b"-5\r\n",
        b" 5\r\n",
        b"\t5\r\n",
        b"1_0\r\n",
        b"5 5\r\n",
        b"5,\r\n",
        b"5h\r\n",
        b"g\r\n",
        b";\r\n",
        b";a=b\r\n",
        b"5;a\0b\r\n",
        b"5;a\rb\r\n",
        b"5;a\nb\r\n",
        b"5;a\n",
        b"5\0\r\n",
        b"1" * 16 + b"\r\n",
        b"0" * 15 + b"5\r\n",
        b"f" * 64 + b"\r\n",
        b"5.\r\n",
        b"\xb2\r\n",
        b"5\x0b\r\n",
        b"5\xa0\r\n",
        b"\n5\r\n",
        b"5\r\r\n",
        b"<html>\r\n",
    ],
)
def test_invalid_chunk_line(line):
    assert "not a chunk size" in str(rejected("HTTP-045", parse_chunk_line, line))


@some
@given(
    st.integers(0, 16**15 - 1),
    st.booleans(),
    blanks,
    st.one_of(st.just(""), octets.map(";{}".format)),
)
def test_reads_any_written_chunk_line(size, upper, blank, extension):
    digits = f"{size:X}" if upper else f"{size:x}"
    assert parse_chunk_line((digits + blank + extension + "\r\n").encode("latin-1")) == size


@pytest.mark.slow
@some
@given(lines)
def test_any_chunk_line_is_a_size_or_rejected(line):
    try:
        size = parse_chunk_line(line)
    except HttpError as error:
        assert (error.kind, error.rule) == ("http", "HTTP-045")
    else:
        assert 0 <= size < 16**15
        assert line.endswith(b"\r\n")
        digits = line.partition(b";")[0].rstrip(b"\r\n \t")
        assume(digits)
        assert int(digits, 16) == size and not set(digits) - set(b"0123456789abcdefABCDEF")


# ---- chunked bodies ----------------------------------------------------------------------------


def chunks_of(*bodies, last=b"0\r\n", line=b"%x\r\n"):
    return b"".join(line % len(body) + body + b"\r\n" for body in bodies) + last


def read_chunks(pieces_of_data, body=None):
    """Return the bytes of the body, including those of a failing call, and the error."""
    body = ChunkedBody() if body is None else body
    data = b""
    for piece in pieces_of_data:
        try:
            data += body.feed(piece)
        except HttpError as error:
            return data + error.body, error
    return data, None


@pytest.mark.parametrize(
    "data,expected",
    [
        (chunks_of(), b""),
        (chunks_of(b"a"), b"a"),
        (chunks_of(b"0\r\n", b"\r\n\r\n", b"x" * 300), b"0\r\n\r\n\r\n" + b"x" * 300),
        (chunks_of(b"ab", b"cd", line=b"%x ;name=value\r\n"), b"abcd"),
        (
            chunks_of(b"a" * 26, b"b" * 11, line=b"0000%X\r\n", last=b"000 ;x\r\n"),
            b"a" * 26 + b"b" * 11,
        ),
        (chunks_of(b"a") + b"\r\n", b"a"),
        (chunks_of(b"a") + b"Trailer: t\r\n\r\n", b"a"),
        # Bytes after the zero chunk are not part of the body.
        (chunks_of(b"a") + chunks_of(b"b"), b"a"),
        (chunks_of(b"a") + b"\xff" * 100, b"a"),
    ],
)
def test_a_chunked_body(data, expected):
    for _, delivered in chunkings(data):
        body = ChunkedBody()
        assert read_chunks(delivered, body) == (expected, None)
        assert body.complete
        assert body.feed(b"1\r\nx\r\n") == b""


@pytest.mark.parametrize(
    "data,rule,expected",
    [
        (b"g\r\n", "HTTP-045", b""),
        (b"-1\r\n", "HTTP-045", b""),
        (b"\r\n0\r\n", "HTTP-045", b""),
        (b"0x5\r\nhello\r\n0\r\n", "HTTP-045", b""),
        (b"2\nab\r\n0\r\n", "HTTP-045", b""),
        (b"1\r\na\r\n1_0\r\nb", "HTTP-045", b"a"),
        (b"1\r\na\r\n\r\n", "HTTP-045", b"a"),
        (b"2\r\nabXX0\r\n", "HTTP-046", b"ab"),
        (b"2\r\nab\n\r0\r\n", "HTTP-046", b"ab"),
        (b"2\r\nabc\r\n0\r\n", "HTTP-046", b"ab"),
        (b"1\r\na\r\n2\r\nbc\r\r\n", "HTTP-046", b"abc"),
        (b"1\r\na\r\n1;" + b"x" * MAX_LINE + b"\r\nb\r\n", "HTTP-048", b"a"),
        (b"1\r\na\r\n" + b"1" * (MAX_LINE + 1), "HTTP-048", b"a"),
    ],
)
def test_an_invalid_chunked_body_gives_the_bytes_before_the_error(data, rule, expected):
    for name, delivered in chunkings(data):
        if name == "bytewise" and len(data) > MAX_LINE:
            # This is slow and shows nothing new.
            continue
        body = ChunkedBody()
        found, error = read_chunks(delivered, body)
        assert found == expected
        assert (error.kind, error.rule) == ("http", rule)
        assert not body.complete


def test_reads_a_line_of_the_maximum_length():
    line = b"1;" + b"x" * (MAX_LINE - 4) + b"\r\n"
    assert len(line) == MAX_LINE
    assert read_chunks([line, b"a\r\n0\r\n"]) == (b"a", None)
    assert read_chunks([line[:-1], line[-1:] + b"a\r\n0\r\n"]) == (b"a", None)
    with pytest.raises(HttpError) as caught:
        ChunkedBody().feed(b"x" + line[:-1] + b"\n")
    assert caught.value.rule == "HTTP-048"


def test_missing():
    body = ChunkedBody()
    assert body.missing() == "a chunk"
    for data, missing in (
        (b"", "a chunk"),
        (b"5", "a chunk"),
        (b"\r", "a chunk"),
        (b"\n", "5 more bytes of a chunk"),
        (b"he", "3 more bytes of a chunk"),
        (b"llo", "CRLF after a chunk"),
        (b"\r", "CRLF after a chunk"),
        (b"\n", "a chunk"),
        (b"1\r\nx\r\n0\r", "a chunk"),
    ):
        body.feed(data)
        assert body.missing() == missing
        assert not body.complete
    assert body.feed(b"\n") == b""
    assert body.complete


def test_returns_a_chunk_before_its_end_arrives():
    body = ChunkedBody()
    assert body.feed(b"5\r\nhel") == b"hel"
    assert body.feed(b"lo") == b"lo"
    assert body.feed(b"\r\n3\r\nabc\r\n2\r\n!") == b"abc!"


@pytest.mark.slow
@some
@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=6),
    st.binary(max_size=4),
    st.lists(st.integers(0, 300), max_size=8),
)
def test_chunking_does_not_change_the_body(bodies, trailing, cuts):
    data = chunks_of(*bodies) + trailing
    cuts = sorted(min(cut, len(data)) for cut in cuts)
    delivered = [data[start:end] for start, end in zip([0] + cuts, cuts + [len(data)])]
    assert read_chunks(delivered) == (b"".join(bodies), None)


@pytest.mark.slow
@some
@given(
    st.lists(st.binary(min_size=1, max_size=20), max_size=4),
    st.integers(0, 200),
    st.integers(0, 255),
    st.lists(st.integers(0, 200), max_size=6),
)
def test_chunking_does_not_change_the_error(bodies, where, value, cuts):
    data = bytearray(chunks_of(*bodies))
    data[where % len(data)] = value
    cuts = sorted(min(cut, len(data)) for cut in cuts)
    outcomes = []
    for delivered in (
        [bytes(data)],
        [bytes(data[start:end]) for start, end in zip([0] + cuts, cuts + [len(data)])],
    ):
        body = ChunkedBody()
        found, error = read_chunks(delivered, body)
        outcomes.append((found, error and (error.rule, error.actual), body.complete))
    assert outcomes[0] == outcomes[1]
