# SPDX-License-Identifier: MIT
"""The cases of text: lines (text-lines.json) and server-sent events (text-sse.json).

To add a case, copy a similar call and change it. `reads_lines` and `reads_events` take a text and
the expected results. A text is one of:

- a str or bytes, which the runner sends as a whole, byte by byte and in halves
- a list of bytes: the parts, for a case about the place where the text is split

The expected results are written by hand. The helpers compare them with plain_text, an independent
transcription of the published texts. A text with an error has valid results before the error and
usually after it. A reader that loses the first ones, or overlooks the error, therefore fails.
"""

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from authoring import CaseMistake, Feature, b64, either, ok, reject
from authoring.plain_text import Event, read_events, read_lines

CHUNKINGS = ("whole", "bytewise", "halves")
LINES = Feature("text-lines", "text.lines", "txt-", CHUNKINGS)
SSE = Feature("text-sse", "text.sse", "txt-", CHUNKINGS)
FEATURES = [LINES, SSE]

Text = Union[str, bytes, List[bytes]]


def _given(text: Text) -> Tuple[bytes, Dict[str, Any], Optional[Sequence[str]]]:
    """Return the bytes, the input of the case, and its chunkings or None for the feature's own."""
    if isinstance(text, list):
        return b"".join(text), {"parts": [b64(part) for part in text]}, ()
    if isinstance(text, bytes):
        return text, {"base64": b64(text)}, None
    return text.encode("utf-8"), {"text": text}, None


def _shown(events: Sequence[Event]) -> List[Dict[str, str]]:
    return [{"event": event, "data": content, "id": last_id} for event, content, last_id in events]


def _add(
    feature: Feature,
    case_id: str,
    title: str,
    rules: str,
    text: Text,
    results: Sequence[Any],
    kind: Optional[str],
    why: str,
    **more: Any,
) -> None:
    data, given, chunking = _given(text)
    found = read_lines(data) if feature is LINES else read_events(data)
    if found != (list(results), kind):
        raise CaseMistake(f"{case_id}: the transcription reads {found!r}")
    if feature is LINES:
        output: Dict[str, Any] = {"lines": list(results)}
    else:
        output = {"events": _shown(results)}
    expect = ok(**output) if kind is None else reject(kind, **output)
    feature.case(case_id, title, rules, given, expect, why, chunking=chunking, **more)


def reads_lines(
    name: str,
    title: str,
    rules: str,
    text: Text,
    expected: Sequence[str],
    why: str,
    kind: Optional[str] = None,
    **more: Any,
) -> None:
    """Add a case of lines.

    name: the id without its prefix
    expected: the lines, or those before the error
    kind: the expected kind of the error, if the text has one
    more: other arguments of Feature.case
    """
    _add(LINES, "txt-line-" + name, title, rules, text, expected, kind, why, **more)


def event(text: str, kind: str = "message", last_id: str = "") -> Event:
    """Return an expected event with this data, type and last id."""
    return kind, text, last_id


def visible(line: str) -> str:
    """Return a line for a title."""
    return line if line.isprintable() and line == line.strip(" .") else ascii(line)


def reads_events(
    name: str,
    title: str,
    rules: str,
    text: Text,
    expected: Sequence[Event],
    why: str,
    kind: Optional[str] = None,
    **more: Any,
) -> None:
    """Add a case of server-sent events. The arguments are those of `reads_lines`."""
    _add(SSE, "txt-sse-" + name, title, rules, text, expected, kind, why, **more)


# ---- lines -------------------------------------------------------------------------------------


def _lines() -> None:
    reads_lines(
        "none",
        "an empty text",
        "TXT-012",
        "",
        [],
        "a reader that returns an empty line makes its caller parse an empty string",
    )
    reads_lines(
        "one",
        "one line",
        "TXT-010",
        "abc\n",
        ["abc"],
        "a reader that keeps the line end passes it on to its caller's parser",
    )
    reads_lines(
        "unterminated",
        "a last line without a line end",
        "TXT-012",
        "a\nb",
        ["a", "b"],
        "a reader that waits for LF loses the last line, and with it the last token",
    )
    reads_lines(
        "only-unterminated",
        "a single line without a line end",
        "TXT-012",
        "abc",
        ["abc"],
        "a reader that waits for LF returns nothing if a container writes a document without LF",
    )
    reads_lines(
        "no-line-behind-the-last",
        "a last line with a line end",
        "TXT-012",
        "a\nb\n",
        ["a", "b"],
        "a reader that adds an empty line makes its caller parse an empty JSON document",
    )
    reads_lines(
        "empty",
        "empty lines",
        "TXT-010 TXT-012",
        "\n\na\n\n",
        ["", "", "a", ""],
        "a reader that drops empty lines decides about their meaning instead of its caller",
    )
    reads_lines(
        "crlf",
        "lines that end with CR LF",
        "TXT-010",
        "a\r\nb\r\n",
        ["a", "b"],
        "a reader that keeps the CR appends a character that nobody wrote",
    )
    reads_lines(
        "crlf-empty",
        "empty lines that end with CR LF",
        "TXT-010",
        "\r\n\r\na\r\n",
        ["", "", "a"],
        "a reader that keeps the CR does not return an empty line",
    )
    reads_lines(
        "crlf-split",
        "CR LF split between two parts",
        "TXT-010 TXT-001",
        [b"a\r", b"\nb\r", b"\n"],
        ["a", "b"],
        "a reader that handles each part separately returns an extra line or an extra CR",
    )
    reads_lines(
        "crlf-split-around-an-empty-part",
        "CR LF split by an empty part",
        "TXT-010 TXT-001",
        [b"a\r", b"", b"\nb"],
        ["a", "b"],
        "a reader that treats the empty part as the end, or forgets the CR, returns wrong lines",
    )
    reads_lines(
        "mixed-ends",
        "lines that end with LF or CR LF",
        "TXT-010",
        "a\nb\r\nc\n",
        ["a", "b", "c"],
        "a reader that detects the line end once fails if a proxy or a library mixes both",
    )
    reads_lines(
        "lone-cr",
        "a CR inside a line",
        "TXT-011",
        "a\rb\n",
        ["a\rb"],
        "a reader that ends the line at CR splits the JSON document of a model with a progress bar",
    )
    reads_lines(
        "lone-cr-at-the-end",
        "a CR as the last byte of the text",
        "TXT-011 TXT-012",
        "a\nb\r",
        ["a", "b\r"],
        "a reader that treats CR as half of a CR LF drops a character at the end of the text",
    )
    reads_lines(
        "lone-cr-only",
        "a text that consists of one CR",
        "TXT-011 TXT-012",
        "\r",
        ["\r"],
        "a reader that treats CR as half of a CR LF drops the whole text",
    )
    reads_lines(
        "cr-cr-lf",
        "a line that ends with CR CR LF",
        "TXT-010 TXT-011",
        "a\r\r\nb",
        ["a\r", "b"],
        "a reader that removes every CR before the line end changes the line",
    )
    reads_lines(
        "lf-cr",
        "LF followed by CR",
        "TXT-010 TXT-011",
        "a\n\rb\n",
        ["a", "\rb"],
        "a reader that treats LF CR as one line end drops the CR of the next line",
    )
    for name, title, character in (
        ("vertical-tab", "a vertical tab", "\x0b"),
        ("form-feed", "a form feed", "\x0c"),
        ("file-separator", "U+001C", "\x1c"),
        ("group-separator", "U+001D", "\x1d"),
        ("record-separator", "U+001E", "\x1e"),
        ("next-line", "U+0085", "\x85"),
        ("line-separator", "U+2028", "\u2028"),
        ("paragraph-separator", "U+2029", "\u2029"),
    ):
        reads_lines(
            name,
            f"{title} inside a line",
            "TXT-011",
            f'{{"t":"a{character}b"}}\n{{}}\n',
            [f'{{"t":"a{character}b"}}', "{}"],
            "a reader that uses str.splitlines or a similar function splits the JSON document",
        )
    reads_lines(
        "nul",
        "NUL inside a line",
        "TXT-011",
        "a\0b\n\0",
        ["a\0b", "\0"],
        "a reader that stops at NUL, as C strings do, loses the rest of the line",
    )
    reads_lines(
        "bom",
        "a byte order mark at the start and in later lines",
        "TXT-013",
        "\ufeffa\nb\ufeff\n\ufeffc\n",
        ["\ufeffa", "b\ufeff", "\ufeffc"],
        "a reader that drops a byte order mark changes a line, and its caller cannot notice",
    )
    reads_lines(
        "blanks",
        "spaces and tabs around a line",
        "TXT-010",
        "  a \t\n \n",
        ["  a \t", " "],
        "a reader that trims lines loses a token that is a space, and words are joined",
    )
    reads_lines(
        "json-lines",
        "JSON lines split into four parts",
        "TXT-001",
        [b'{"token":{"te', b'xt":"Hel"}}\n{"token":', b'{"text":"lo"}}\n{"to', b'ken":null}'],
        ['{"token":{"text":"Hel"}}', '{"token":{"text":"lo"}}', '{"token":null}'],
        "a reader that parses each part separately fails, which is the bug reported most often",
    )
    reads_lines(
        "several-in-a-part",
        "several lines in one part",
        "TXT-001",
        [b"a\nb\nc\nd"],
        ["a", "b", "c", "d"],
        "a reader that returns one line per part falls behind and loses the rest",
    )
    reads_lines(
        "empty-parts",
        "empty parts",
        "TXT-001",
        [b"", b"a", b"", b"", b"b\n", b""],
        ["ab"],
        "a reader that treats an empty part as a line or as the end returns wrong lines",
    )
    reads_lines(
        "character-split",
        "characters split between parts",
        "TXT-001 TXT-002",
        [b"\xc3", b"\xa9\xe2\x82", b"\xac\xf0\x9f", b"\x98\x80\n"],
        ["é€😀"],
        "a reader that decodes each part separately fails or returns U+FFFD for non-ASCII text",
    )
    reads_lines(
        "four-byte-characters",
        "characters of one to four bytes",
        "TXT-002",
        "a\u00e9\u20ac\U0001f600\u0800\uffff\U0010ffff\n",
        ["a\u00e9\u20ac\U0001f600\u0800\uffff\U0010ffff"],
        "a reader whose UTF-8 check is too strict rejects valid text",
    )


def _long() -> None:
    _, given, _ = _given("x" * 70000 + "\ny")
    LINES.case(
        "txt-line-long",
        "a line of 70,000 bytes",
        "TXT-001",
        given,
        ok(lines=["x" * 70000, "y"]),
        "a reader with a buffer of 64 KiB splits a long line",
        chunking=("whole", "halves"),
    )


def varied(length: int) -> str:
    """Return a text of that length without a short period, in ASCII."""
    return "".join(f"{number * number:x} " for number in range(length))[:length]


# Lengths around powers of two, which are the usual sizes of buffers.
SHORT_LENGTHS = (1, 127, 128, 255, 256, 1023, 1024)
LONG_LENGTHS = (4095, 4096, 8191, 8192, 65535, 65536, 65537, 90000)
MIB = 1024 * 1024


def described(length: int) -> List[Dict[str, Any]]:
    """Return the description of a varied text. Its period is a prime, so that a shift shows."""
    times, rest = divmod(length, 997)
    return [{"repeat": {"text": varied(997)}, "times": times}, {"text": varied(997)[:rest]}]


def _described_events(*events: Tuple[Any, str]) -> List[Dict[str, Any]]:
    return [{"event": kind, "data": content, "id": ""} for content, kind in events]


def _sizes() -> None:
    why = "a reader with a buffer of fixed size splits or damages long results"
    for length in SHORT_LENGTHS + LONG_LENGTHS:
        long: Any = described(length) if length in LONG_LENGTHS else [{"text": varied(length)}]
        lf, blank = {"text": "\n"}, {"text": "\n\n"}
        LINES.case(
            f"txt-line-size-{length}",
            f"lines of {length:,} bytes",
            "TXT-001 TXT-005 TXT-010",
            {"bytes": [*long, {"text": "\r\n"}, *long, blank, *long]},
            ok(lines=[long, long, "", long]),
            why,
            chunking=("whole", "halves") if length in LONG_LENGTHS else None,
        )
        text = [{"text": "event: t\ndata: "}, *long, {"text": "\ndata:"}, *long, blank]
        text += [{"text": ": "}, *long, blank, {"text": "data: x\n\n"}]
        SSE.case(
            f"txt-sse-size-{length}",
            f"data and a comment of {length:,} bytes",
            "TXT-001 TXT-005 TXT-024",
            {"bytes": text},
            ok(events=_described_events(([*long, lf, *long], "t"), ("x", "message"))),
            why,
            chunking=("whole", "halves") if length in LONG_LENGTHS else None,
        )
    for length, piece in (
        (90000, 40000),
        (MIB + 1, 65536),
        (2 * MIB + 1, 65536),
        (8 * MIB + 1, 1000003),
    ):
        long = described(length)
        LINES.case(
            f"txt-line-size-{length}-in-pieces-of-{piece}",
            f"a line of {length:,} bytes in pieces of {piece:,}",
            "TXT-001 TXT-005",
            {"bytes": [*long, {"text": "\nx"}], "piece": piece},
            ok(lines=[long, "x"]),
            "a reader whose buffer grows damages the bytes where it grows, or rejects them",
            chunking=(),
        )
        SSE.case(
            f"txt-sse-size-{length}-in-pieces-of-{piece}",
            f"an event of {length:,} bytes in pieces of {piece:,}",
            "TXT-001 TXT-005",
            {"bytes": [{"text": "data: "}, *long, {"text": "\n\ndata: x"}], "piece": piece},
            ok(events=_described_events((long, "message"), ("x", "message"))),
            "a reader whose buffer grows damages the bytes where it grows, or rejects them",
            chunking=(),
        )
    many = [f"{number} {varied(number)}" for number in range(200)]
    _, given, _ = _given("\n".join(many) + "\n")
    LINES.case(
        "txt-line-lengths",
        "lines of every length below 200",
        "TXT-001 TXT-010",
        given,
        ok(lines=many),
        "a reader that fails at one place of its buffer fails at one of these lengths",
        chunking=("whole", "halves"),
    )
    _, given, _ = _given("".join(f"data: {line}\n\n" for line in many))
    SSE.case(
        "txt-sse-lengths",
        "events of every length below 200",
        "TXT-001 TXT-029",
        given,
        ok(events=_shown([event(line) for line in many])),
        "a reader that fails at one place of its buffer fails at one of these lengths",
        chunking=("whole", "halves"),
    )


def _more_events() -> None:
    for name, value in (
        ("d", "data"),
        ("a", "a data"),
        ("t", "tada"),
        ("colon", ":data:"),
        ("data", "data: x"),
        ("datum", "dat"),
        ("space-d", "  data"),
        ("event", "event: x"),
    ):
        reads_events(
            "value-begins-with-" + name,
            f"data that begins with {value!r}",
            "TXT-023",
            f"data:{value}\n\ndata: {value}\n\ndata: x{value}\n\n",
            [
                event(value[1:] if value.startswith(" ") else value),
                event(value),
                event("x" + value),
            ],
            "a reader that strips the letters d, a, t and the colon instead of the field name "
            "loses the beginning of the data",
        )
    reads_events(
        "types-without-data",
        "types and ids without data between events",
        "TXT-029 TXT-026",
        "event: ping\n\nid: 1\ndata: a\n\nevent: ping\nid: 2\n\ndata: b\n\nid: 3\n\ndata: c\n\n",
        [event("a", last_id="1"), event("b", last_id="2"), event("c", last_id="3")],
        "a reader that keeps the type, or loses the id, of an event without data gives them to "
        "the wrong event",
    )
    reads_events(
        "retry-not-ascii",
        "a reconnection time in digits that are not ASCII",
        "TXT-027",
        "retry: \u00b2\ndata: a\n\nretry: \u0661\u0662\ndata: b\n\n"
        "retry: 1e3\ndata: c\n\nretry:\n\n",
        [event("a"), event("b"), event("c")],
        "a reader that asks its language whether the value is numeric fails to convert it",
    )
    reads_events(
        "retry-long",
        "a reconnection time of 400 digits",
        "TXT-027",
        f"retry: {'9' * 400}\ndata: a\n\n",
        [event("a")],
        "a reader that converts any number overflows",
    )
    reads_events(
        "retry-spellings",
        "reconnection times in the spellings of numbers that are not decimal digits",
        "TXT-027 TXT-029",
        "retry:  1\nretry: 1 \nretry:\t1\nretry: +1\nretry: -1\nretry: 1_0\nretry: 0x1\n"
        "retry: 1.0\nretry: \uff11\nretry: 1\x0c\nretry: \u00a01\nretry: 007\n"
        "retry: true\nretry: \nretry\n\n"
        "data: a\nretry: 4294967296\nretry: 9223372036854775808\n\n",
        [event("a")],
        "a reader that converts the value as its language does fails, or waits for a wrong time",
    )
    reads_events(
        "names-alike",
        "names of fields that differ by little from data, event and id",
        "TXT-028 TXT-023",
        " data: a\ndata : b\n\tdata: c\n\u00a0data: d\nDATA: e\n\uff44ata: f\ndat\u0430: g\n"
        "data\0: h\ndata\x0b: i\nevents: j\n\u0131d: k\nID: l\n__proto__: m\n"
        "constructor: n\ndata: o\n\n",
        [event("o")],
        "a reader that trims or folds names returns data that the event does not have",
    )
    reads_events(
        "values-alike",
        "values with other white space around, and quotation marks",
        "TXT-023 TXT-025 TXT-026",
        "event:\te\x0c\nid: \u00a01\x85\ndata: \ta\u2003\ndata:\u00a0\n"
        'data:  \ndata: "b"; c\\\\\n\n',
        [event('\ta\u2003\n\u00a0\n \n"b"; c\\\\', "\te\x0c", "\u00a01\x85")],
        "a reader that strips a value changes the model's text",
    )
    for name, title, text in (
        ("lf", "LF", "data: a\nid: 1\n\n\n\nevent: t\ndata: b\n\n"),
        ("crlf", "CR LF", "data: a\r\nid: 1\r\n\r\n\r\n\r\nevent: t\r\ndata: b\r\n\r\n"),
        ("cr", "CR", "data: a\rid: 1\r\r\r\revent: t\rdata: b\r\r"),
        ("mixed", "all three", "data: a\rid: 1\r\n\n\r\n\revent: t\ndata: b\n\r\n"),
    ):
        reads_events(
            "blank-lines-" + name,
            f"several empty lines between events, ended by {title}",
            "TXT-020 TXT-029",
            text,
            [event("a", last_id="1"), event("b", "t", "1")],
            "a reader that returns an event for each empty line makes its caller parse an empty "
            "string",
        )
    reads_lines(
        "cr-before-an-empty-part",
        "a CR at the end of a part, then an empty part and no LF",
        "TXT-011 TXT-001",
        [b"a\r", b"", b"b\r", b"", b"", b"\nc\r", b""],
        ["a\rb", "c\r"],
        "a reader that drops the CR, or forgets it, changes the line",
    )


# The classes of invalid UTF-8: part of the id, the description, an example.
INVALID = (
    ("byte-ff", "the byte ff", b"\xff"),
    ("continuation", "a lone continuation byte", b"\x80"),
    ("overlong", "an overlong sequence of two bytes", b"\xc0\xaf"),
    ("overlong-three", "an overlong sequence of three bytes", b"\xe0\x80\xaf"),
    ("surrogate", "an encoded surrogate", b"\xed\xa0\x80"),
    ("surrogate-pair", "an encoded surrogate pair", b"\xed\xa0\xbd\xed\xb8\x80"),
    ("beyond-unicode", "a code point beyond U+10FFFF", b"\xf4\x90\x80\x80"),
    ("cut-two", "a truncated two-byte character", b"\xc3"),
    ("cut-three", "a truncated three-byte character", b"\xe2\x82"),
    ("cut-four", "a truncated four-byte character", b"\xf0\x9f\x98"),
    ("latin-1", "Latin-1 text", b"caf\xe9 "),
)


def _invalid() -> None:
    for name, title, broken in INVALID:
        reads_lines(
            "utf8-" + name,
            f"{title} in a line",
            "TXT-002 TXT-007",
            b"one\ntw" + broken + b"o\nthree\n",
            ["one"],
            "a reader that replaces the invalid bytes hides that the text was damaged",
            kind="utf8",
        )
        reads_events(
            "utf8-" + name,
            f"{title} in an event",
            "TXT-002 TXT-007",
            b"data: one\n\ndata: tw" + broken + b"o\n\ndata: three\n\n",
            [event("one")],
            "a reader that replaces the invalid bytes, as WHATWG does, hides that the text was "
            "damaged",
            kind="utf8",
        )
    for name, title, broken in INVALID[-4:-1]:
        reads_lines(
            "utf8-end-" + name,
            f"{title} at the end of the text",
            "TXT-003 TXT-007",
            b"one\n" + broken,
            ["one"],
            "a reader that drops the bytes hides that the end of the model's output is missing",
            kind="utf8",
        )
        reads_events(
            "utf8-end-" + name,
            f"{title} at the end of the text",
            "TXT-003 TXT-007",
            b"data: one\n\ndata: " + broken,
            [event("one")],
            "a reader that drops the bytes hides that the end of the model's output is missing",
            kind="utf8",
        )
    reads_lines(
        "utf8-first",
        "invalid UTF-8 in the first line",
        "TXT-002",
        b"\xff\none\n",
        [],
        "a reader that returns an empty or partial line invents output",
        kind="utf8",
    )
    reads_lines(
        "utf8-behind-cr-lf",
        "invalid UTF-8 after a line that ends with CR LF",
        "TXT-010 TXT-002 TXT-007",
        [b"one\r\nth\xffree\r\n"],
        ["one"],
        "a reader that decodes the valid lines separately must not leave a CR in them",
        kind="utf8",
    )
    reads_lines(
        "utf8-later-in-the-part",
        "invalid UTF-8 after valid lines in the same part",
        "TXT-002 TXT-007",
        [b"one\ntwo\nth\xffree\nfour\n"],
        ["one", "two"],
        "a reader that decodes the part as a whole loses the valid lines before the error",
        kind="utf8",
    )
    reads_events(
        "utf8-in-a-comment",
        "invalid UTF-8 in a comment",
        "TXT-002 TXT-022",
        b"data: one\n\n: \xff\n\ndata: two\n\n",
        [event("one")],
        "a reader that skips comments before it decodes them does not notice the damage",
        kind="utf8",
    )


# ---- server-sent events ------------------------------------------------------------------------


def _events() -> None:
    reads_events(
        "none",
        "an empty text",
        "TXT-029",
        "",
        [],
        "a reader that returns an empty event makes its caller parse an empty string",
    )
    reads_events(
        "one",
        "one event",
        "TXT-024 TXT-029",
        "data: x\n\n",
        [event("x")],
        "a reader that fails here cannot read any stream",
    )
    reads_events(
        "no-space",
        "a data field without a space after the colon",
        "TXT-023",
        "data:{}\n\n",
        [event("{}")],
        "Text Generation Inference writes no space, so a reader that expects one drops a character",
    )
    reads_events(
        "two-spaces",
        "data fields with two or three spaces after the colon",
        "TXT-023",
        "data:  x\n\ndata:  y\ndata:   z\n\n",
        [event(" x"), event(" y\n  z")],
        "a reader that removes more than one space loses the spaces of the model's output",
    )
    reads_events(
        "tab",
        "a data field with a tab after the colon",
        "TXT-023",
        "data:\tx\n\n",
        [event("\tx")],
        "a reader that removes the tab changes the model's output",
    )
    reads_events(
        "trailing-blanks",
        "a data field with trailing spaces and a tab",
        "TXT-023",
        "data: x \t\n\n",
        [event("x \t")],
        "a reader that trims the value loses a token's space, and words are joined",
    )
    reads_events(
        "colons",
        "a data field with colons in its value",
        "TXT-023",
        "data: a: b:c\n\n",
        [event("a: b:c")],
        "a reader that splits at every colon loses most of the value",
    )
    reads_events(
        "several",
        "several events in one part",
        "TXT-029 TXT-001",
        ["data: a\n\ndata: b\n\ndata: c\n\n".encode()],
        [event("a"), event("b"), event("c")],
        "a reader that returns one event per part falls behind and loses the rest",
    )
    reads_events(
        "several-data",
        "an event with several data fields",
        "TXT-024",
        "data: a\ndata: b\n\n",
        [event("a\nb")],
        "a reader that keeps only one field breaks a JSON document that has several lines",
    )
    reads_events(
        "data-empty",
        "empty data fields",
        "TXT-024 TXT-023 TXT-029",
        "data:\n\ndata: \n\ndata\n\n",
        [event(""), event(""), event("")],
        "a reader that drops an event with empty data loses a heartbeat or an empty token",
    )
    reads_events(
        "data-empty-twice",
        "two empty data fields in one event",
        "TXT-024 TXT-023",
        "data\ndata:\n\n",
        [event("\n")],
        "a reader that joins the fields wrongly does not return one LF, as WHATWG's example does",
    )
    reads_events(
        "data-with-empty-lines",
        "empty data fields between other data fields",
        "TXT-024",
        "data: a\ndata\ndata: b\ndata:\n\n",
        [event("a\n\nb\n")],
        "a reader that drops the empty lines joins two paragraphs",
    )
    reads_events(
        "comment",
        "a comment",
        "TXT-022",
        ": ping\n\ndata: x\n\n",
        [event("x")],
        "a reader that returns an event for a heartbeat makes its caller parse an empty string",
    )
    reads_events(
        "comment-inside",
        "comments inside an event",
        "TXT-022",
        ":\ndata: a\n: data: no\ndata: b\n:x\n\n",
        [event("a\nb")],
        "a reader that ends the event at a comment, or reads it as data, returns wrong events",
    )
    reads_events(
        "comment-only",
        "a text of only comments",
        "TXT-022 TXT-029",
        ": a\n\n:b\n: c\n\n",
        [],
        "a reader that returns an event for a heartbeat makes its caller parse an empty string",
    )
    reads_events(
        "event",
        "an event type",
        "TXT-025",
        "event: error\ndata: x\n\ndata: y\n\n",
        [event("x", "error"), event("y")],
        "a reader that ignores the type, or keeps it for the next event, hides or invents a "
        "failure",
    )
    reads_events(
        "event-last",
        "two types in one event",
        "TXT-025",
        "event: a\nevent: b\ndata: x\n\n",
        [event("x", "b")],
        "a reader that uses the first type disagrees with WHATWG and with browsers",
    )
    reads_events(
        "event-empty",
        "an empty type",
        "TXT-025",
        "event: a\nevent:\ndata: x\n\n",
        [event("x")],
        "a reader that returns an empty type does not match any handler of its caller",
    )
    reads_events(
        "event-zero",
        "a type and an id `0`",
        "TXT-025 TXT-026",
        "id: 0\nevent: 0\ndata: 0\n\n",
        [event("0", "0", "0")],
        "a language in which the text `0` is false treats type, id or data as absent",
    )
    reads_events(
        "event-behind-data",
        "an event type after the data",
        "TXT-025",
        "data: x\nevent: a\n\n",
        [event("x", "a")],
        "a reader that expects a fixed order of fields loses the type",
    )
    reads_events(
        "event-without-data",
        "an event type without data",
        "TXT-029 TXT-025",
        "event: a\n\ndata: x\n\n",
        [event("x")],
        "a reader that keeps the type returns an event without data or a wrong type for the next "
        "one",
    )
    reads_events(
        "id",
        "an id that applies to several events",
        "TXT-026",
        "id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n",
        [event("a", last_id="1"), event("b", last_id="1"), event("c", last_id="2")],
        "a reader that forgets the last id makes its client resume at the wrong event",
    )
    reads_events(
        "id-empty",
        "an empty id",
        "TXT-026",
        "id: 1\ndata: a\n\nid\ndata: b\n\nid: 2\n\nid:\ndata: c\n\n",
        [event("a", last_id="1"), event("b"), event("c")],
        "a reader that ignores the empty id makes its client resume at the wrong event",
    )
    reads_events(
        "id-without-data",
        "an id without data",
        "TXT-026 TXT-029",
        "id: 1\n\ndata: x\n\n",
        [event("x", last_id="1")],
        "a reader that drops the id together with the event makes its client resume too early",
    )
    reads_events(
        "id-nul",
        "an id that contains NUL",
        "TXT-026",
        "id: 1\nid: a\0b\ndata: x\n\n",
        [event("x", last_id="1")],
        "a reader that truncates the id at NUL makes its client resume at an unknown event",
    )
    reads_events(
        "id-behind-data",
        "an id after the data",
        "TXT-026",
        "data: x\nid: 1\n\n",
        [event("x", last_id="1")],
        "a reader that expects a fixed order of fields loses the id",
    )
    reads_events(
        "retry",
        "a reconnection time",
        "TXT-027",
        "retry: 3000\n\nretry: 5\ndata: x\n\n",
        [event("x")],
        "a reader that treats the field as data or as an event changes the output",
    )
    reads_events(
        "retry-no-number",
        "a reconnection time that is not a number",
        "TXT-027",
        "retry: soon\ndata: x\n\n",
        [event("x")],
        "a reader that fails here loses the whole stream because of a field that it can ignore",
    )
    reads_events(
        "other-field",
        "unknown fields",
        "TXT-028",
        "x-usage: 5\ndata: x\ntime\n\n",
        [event("x")],
        "a reader that fails on an unknown field, or reads it as data, breaks when one is added",
    )
    reads_events(
        "name-case",
        "field names in other letter case",
        "TXT-028",
        "DATA: a\nData: b\ndata: c\nEVENT: e\n\n",
        [event("c")],
        "a reader that ignores letter case returns data that other readers skip",
    )
    reads_events(
        "name-with-space",
        "field names with a leading or a trailing space",
        "TXT-028 TXT-023",
        " data: a\ndata : b\ndata: c\n\n",
        [event("c")],
        "a reader that trims names returns data that other readers skip",
    )
    reads_events(
        "no-field",
        "a line without a colon",
        "TXT-023 TXT-028",
        "hello\n\ndata: x\n\n",
        [event("x")],
        "a reader that treats the line as data returns text that is not part of an event",
    )
    reads_events(
        "done",
        "an event whose data is [DONE]",
        "TXT-032",
        'data: {"a":1}\n\ndata: [DONE]\n\n',
        [event('{"a":1}'), event("[DONE]")],
        "a reader that stops here misses an error that follows, because only the frames end a "
        "stream",
    )
    reads_events(
        "behind-done",
        "an event after [DONE]",
        "TXT-032",
        "event: done\ndata: [DONE]\n\nevent: error\ndata: x\n\n",
        [event("[DONE]", "done"), event("x", "error")],
        "a reader that stops at [DONE] misses a failure that the container reports at the end",
    )
    reads_events(
        "nul",
        "NUL in data",
        "TXT-024",
        "data: a\0b\n\n",
        [event("a\0b")],
        "a reader that rejects NUL everywhere loses data, because only an id must not contain it",
    )
    reads_events(
        "line-separators",
        "U+2028, U+0085 and other separators in data",
        "TXT-020",
        "data: a\u2028b\x85c\x0cd\x1ee\n\n",
        [event("a\u2028b\x85c\x0cd\x1ee")],
        "a reader that uses str.splitlines or a similar function splits the JSON document",
    )
    for name, title, end in (
        ("lf", "LF", "\n"),
        ("cr", "a lone CR", "\r"),
        ("crlf", "CR LF", "\r\n"),
    ):
        text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x1dh\x1ei"
        reads_events(
            "line-separators-several-lines-" + name,
            f"U+2028, U+0085 and other separators in several lines that end with {title}",
            "TXT-020 TXT-024",
            f"event: {text}{end}data: {text}{end}id: {text}{end}data: {text}{end}{end}",
            [event(f"{text}\n{text}", text, text)],
            "a reader that splits the lines of a long event in another way loses data",
        )


def _event_ends() -> None:
    for name, title, end in (
        ("lf", "LF", "\n"),
        ("crlf", "CR LF", "\r\n"),
        ("cr", "a lone CR", "\r"),
    ):
        reads_events(
            "ends-" + name,
            f"lines that end with {title}",
            "TXT-020 TXT-029",
            "id: 1\nevent: e\ndata: a\ndata: b\n\ndata: c\n\n: x\n\ndata: d\n\n".replace("\n", end),
            [event("a\nb", "e", "1"), event("c", last_id="1"), event("d", last_id="1")],
            "a reader that knows only two of the three line ends joins or loses events",
        )
    reads_events(
        "ends-mixed",
        "a mixture of all three line ends",
        "TXT-020 TXT-029",
        "data: a\r\n\rdata: b\n\r\ndata: c\rdata: d\n\n\rdata: e\r\r\n",
        [event("a"), event("b"), event("c\nd"), event("e")],
        "a reader that treats CR LF as two ends, or LF CR as one, splits or joins events",
    )
    reads_events(
        "crlf-split",
        "CR LF CR LF split at every position",
        "TXT-020 TXT-001",
        [b"data: a\r", b"\n\r", b"\ndata: b\r\n", b"\r", b"", b"\ndata: c\r\n\r\n"],
        [event("a"), event("b"), event("c")],
        "a reader that treats the two halves as two ends sees blank lines inside events",
    )
    reads_events(
        "crlf-between-data",
        "CR LF split between two data fields",
        "TXT-020 TXT-001",
        [b"data: a\r", b"\ndata: b\r", b"\n\r\n"],
        [event("a\nb")],
        "a reader that treats the two halves as two ends splits one event into two",
    )
    reads_events(
        "blank-lines",
        "several consecutive blank lines",
        "TXT-029",
        "\n\r\n\rdata: a\n\n\n\n\ndata: b\r\r\r\r\n\n\n",
        [event("a"), event("b")],
        "a reader that returns an event for each blank line invents empty events",
    )
    reads_events(
        "bom",
        "a byte order mark at the start",
        "TXT-021",
        "\ufeffdata: x\n\n",
        [event("x")],
        "a reader that keeps the byte order mark does not recognise the first field",
    )
    reads_events(
        "bom-split",
        "a byte order mark split into three parts",
        "TXT-021 TXT-001",
        [b"\xef", b"\xbb", b"\xbfdata: x\n\n"],
        [event("x")],
        "a reader that only checks the first part does not recognise the first field",
    )
    reads_events(
        "bom-twice",
        "two byte order marks at the start",
        "TXT-021 TXT-028",
        "\ufeff\ufeffdata: a\n\ndata: b\n\n",
        [event("b")],
        "a reader that drops both disagrees with WHATWG, where the second is part of the field "
        "name",
    )
    reads_events(
        "bom-later",
        "byte order marks after the start",
        "TXT-021 TXT-028",
        "data: a\n\n\ufeffdata: b\n\ndata: \ufeffc\n\n",
        [event("a"), event("\ufeffc")],
        "a reader that drops them changes field names and data",
    )
    reads_events(
        "bom-only",
        "a text that consists of a byte order mark",
        "TXT-021",
        "\ufeff",
        [],
        "a reader that treats the byte order mark as text returns an event or an error",
    )
    reads_events(
        "json-in-pieces",
        "an event split into many parts",
        "TXT-001",
        [
            b"da",
            b'ta: {"choices":[{"delta":{"con',
            b'tent":"\xe2\x82',
            b'\xac"}}]}\n',
            b"\nda",
            b"ta: [DONE]\n\n",
        ],
        [event('{"choices":[{"delta":{"content":"€"}}]}'), event("[DONE]")],
        "a reader that depends on part boundaries breaks field names, characters or JSON",
    )


def _event_at_the_end() -> None:
    for name, title, text, expected in (
        (
            "line",
            "a last event without its blank line",
            "data: a\n\nid: 1\ndata: b\n",
            event("b", last_id="1"),
        ),
        (
            "line-cr",
            "a last event without its blank line, whose last line ends with CR",
            "data: a\n\nid: 1\ndata: b\r",
            event("b", last_id="1"),
        ),
        ("value", "a text that ends inside a data value", "data: a\n\ndata: b", event("b")),
        (
            "value-of-another-field",
            "a text that ends inside an event type",
            "data: a\n\ndata: b\nevent: e",
            event("b", "e"),
        ),
        ("name", "a text that ends after the field name data", "data: a\n\ndata", event("")),
        ("colon", "a text that ends after a colon", "data: a\n\ndata: b\ndata:", event("b\n")),
    ):
        reads_events(
            "end-" + name,
            title,
            "TXT-030",
            text,
            [event("a"), expected],
            "containers omit the last blank line, so a strict reader loses the end of the output "
            "silently",
        )
    reads_events(
        "end-comment",
        "a text that ends inside a comment",
        "TXT-030 TXT-022",
        "data: a\n\ndata: b\n: pi",
        [event("a"), event("b")],
        "a reader that reports a truncated text fails although no output is missing",
    )
    reads_events(
        "end-no-data",
        "a text that ends after an event type",
        "TXT-030 TXT-029",
        "data: a\n\nevent: e\n",
        [event("a")],
        "a reader that returns an event without data makes its caller parse an empty string",
    )
    for word in ("attack", "data", "tad:a"):
        reads_events(
            f"data-without-space-{word.replace(':', '-')}",
            f"the value {word} directly after data and its colon",
            "TXT-023",
            f"data:{word}\n\ndata: {word}\n\n",
            [event(word), event(word)],
            "a reader that strips the letters of the field name, not the name, damages the value",
        )
    _, given, _ = _given("data: " + "x" * 70000 + "\n\ndata: a\n\n")
    SSE.case(
        "txt-sse-data-of-70000-bytes",
        "an event whose line has 70000 bytes of data",
        "TXT-001 TXT-024",
        given,
        ok(events=_shown([event("x" * 70000), event("a")])),
        "a reader with a line limit of 64 KiB loses the rest of the text silently",
        chunking=("whole", "halves"),
    )
    for name, text in (
        ("", "[DONE]"),
        ("-spaces", "\t [DONE] \t"),
        ("-after-data", "data: b\n[DONE]"),
    ):
        reads_events(
            "end-bare-done" + name,
            f"a text that ends with the line {ascii(text.rpartition(chr(10))[2])}",
            "TXT-031",
            "data: a\n\n" + text,
            [event("a"), event("b")] if "b" in text else [event("a")],
            "a reader that takes the end marker for half a field reports a complete text as broken",
            level="SHOULD",
        )
    for name, text in (
        ("d", "d"),
        ("dat", "dat"),
        ("even", "even"),
        ("i", "i"),
        ("after-data", "data: b\nda"),
        ("other", "usage"),
        ("case", "Data"),
        ("space", "data "),
        ("tab-before", "\tdata"),
        ("done-open", "[DONE"),
        ("done-more", "[DONE]."),
        ("done-inside", "[ DONE ]"),
        ("done-no-break-space", "\u00a0[DONE]"),
    ):
        complete, _, field_name = text.rpartition("\n")
        without_last_line = read_events(b"data: a\n\n" + complete.encode())[0]
        reads_events(
            "end-inside-name-" + name,
            f"a text that ends inside the field name {visible(field_name)}",
            "TXT-031 TXT-007",
            "data: a\n\n" + text,
            [event("a")],
            "a reader that ignores the incomplete line hides that the end of the output is missing",
            kind="truncated",
            level="SHOULD",
            acceptable=[
                either(
                    ok(events=_shown(without_last_line)),
                    "WHATWG ignores a line with an unknown field name",
                    "DIV-010",
                )
            ],
        )


for _chapter in (
    _lines,
    _long,
    _invalid,
    _events,
    _event_ends,
    _event_at_the_end,
    _sizes,
    _more_events,
):
    _chapter()


# ---- the time of a result ----------------------------------------------------------------------

reads_lines(
    "time",
    "a part for each line",
    "TXT-004 TXT-010",
    [b"one\n", b"two\r\n", b"three\n"],
    ["one", "two", "three"],
    "a reader that waits for the next part shows each line late",
)
reads_events(
    "time",
    "a part for each event",
    "TXT-004 TXT-029",
    [b"data: one\n\n", b"data: two\r\n\r\n", b"data: three\r\r"],
    [event("one"), event("two"), event("three")],
    "a reader that waits for the next part shows each event late",
)
