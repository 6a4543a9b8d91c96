# SPDX-License-Identifier: MIT
"""The cases of text: text-lines and text-sse.

What is expected stands here by hand, and is held against plain_text as each case is made. Every case is delivered whole, byte by
byte and in halves; where a cut at one place matters, the parts are given. A text that is refused has good results before its
fault, so that a reader that loses them, or that overlooks the fault, shows it.
"""

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from authoring import CaseMistake, Feature, b64, either, ok, reject
from authoring.plain_text import Event, read_events, read_lines

CUT = ("whole", "bytewise", "halves")
LINES = Feature("text-lines", "text.lines", "txt-", CUT)
SSE = Feature("text-sse", "text.sse", "txt-", CUT)
FEATURES = [LINES, SSE]

Text = Union[
    str, bytes, List[bytes]
]  # text or bytes to be cut in every way, or parts that are cut already


def _given(text: Text) -> Tuple[bytes, Dict[str, Any], Optional[Sequence[str]]]:
    """Return the bytes, the case's input, and its chunking or None for the feature's own."""
    if isinstance(text, list):
        return b"".join(text), {"parts": [b64(part) for part in text]}, ()
    if isinstance(text, bytes):
        return text, {"base64": b64(text)}, None
    return text.encode("utf-8"), {"text": text}, None


def _shown(events: Sequence[Event]) -> List[Dict[str, str]]:
    return [{"event": event, "data": content, "id": last_id} for event, content, last_id in events]


def _case(
    feature: Feature,
    name: str,
    title: str,
    rules: str,
    text: Text,
    results: Sequence[Any],
    kind: Optional[str],
    why: str,
    **more: Any,
) -> None:
    whole, given, chunking = _given(text)
    found = read_lines(whole) if feature is LINES else read_events(whole)
    if found != (list(results), kind):
        raise CaseMistake(f"{name}: the transcription reads {found!r}")
    if feature is LINES:
        output: Dict[str, Any] = {"lines": list(results)}
    else:
        output = {"events": _shown(results)}
    expect = ok(**output) if kind is None else reject(kind, **output)
    feature.case(name, title, rules, given, expect, why, chunking=chunking, **more)


def lines(
    name: str,
    title: str,
    rules: str,
    text: Text,
    expected: Sequence[str],
    why: str,
    kind: Optional[str] = None,
    **more: Any,
) -> None:
    _case(LINES, "txt-line-" + name, title, rules, text, expected, kind, why, **more)


def data(text: str, event: str = "message", last_id: str = "") -> Event:
    return event, text, last_id


def sse(
    name: str,
    title: str,
    rules: str,
    text: Text,
    expected: Sequence[Event],
    why: str,
    kind: Optional[str] = None,
    **more: Any,
) -> None:
    _case(SSE, "txt-sse-" + name, title, rules, text, expected, kind, why, **more)


# ---- lines ---------------------------------------------------------------------------------------

lines(
    "none",
    "a text of no bytes",
    "TXT-012",
    "",
    [],
    "an empty answer is no line: a reader that gives one breaks its caller's parser",
)
lines("one", "one line", "TXT-010", "abc\n", ["abc"], "the end of a line does not belong to it")
lines(
    "unterminated",
    "a last line without an end",
    "TXT-012",
    "a\nb",
    ["a", "b"],
    "a reader that waits for LF loses the last token",
)
lines(
    "only-unterminated",
    "one line without an end",
    "TXT-012",
    "abc",
    ["abc"],
    "a container may write one document and no LF",
)
lines(
    "no-line-behind-the-last",
    "a last line with an end",
    "TXT-012",
    "a\nb\n",
    ["a", "b"],
    "an empty line that nobody wrote is taken for a JSON document and fails",
)
lines(
    "empty",
    "empty lines",
    "TXT-010 TXT-012",
    "\n\na\n\n",
    ["", "", "a", ""],
    "empty lines are lines: what they mean is the caller's matter",
)
lines(
    "crlf",
    "CR LF",
    "TXT-010",
    "a\r\nb\r\n",
    ["a", "b"],
    "a CR that stays makes names and words that nobody wrote",
)
lines(
    "crlf-empty",
    "empty lines of CR LF",
    "TXT-010",
    "\r\n\r\na\r\n",
    ["", "", "a"],
    "an empty line of CR LF has no CR in it",
)
lines(
    "crlf-split",
    "CR LF split between two parts",
    "TXT-010 TXT-001",
    [b"a\r", b"\nb\r", b"\n"],
    ["a", "b"],
    "a reader that looks at parts one by one gives a line too many, or a CR too many",
)
lines(
    "crlf-split-around-an-empty-part",
    "CR LF split around an empty part",
    "TXT-010 TXT-001",
    [b"a\r", b"", b"\nb"],
    ["a", "b"],
    "an empty part must not be taken for the end, nor forget the CR",
)
lines(
    "mixed-ends",
    "LF and CR LF mixed",
    "TXT-010",
    "a\nb\r\nc\n",
    ["a", "b", "c"],
    "a proxy or a library in the container may mix them",
)
lines(
    "lone-cr",
    "a CR inside a line",
    "TXT-011",
    "a\rb\n",
    ["a\rb"],
    "a progress bar's CR tears a JSON document apart",
)
lines(
    "lone-cr-at-the-end",
    "a CR as the text's last byte",
    "TXT-011 TXT-012",
    "a\nb\r",
    ["a", "b\r"],
    "a CR is half of an end only when LF follows it",
)
lines(
    "lone-cr-only",
    "a text of one CR",
    "TXT-011 TXT-012",
    "\r",
    ["\r"],
    "the same with nothing before it",
)
lines(
    "cr-cr-lf",
    "CR CR LF",
    "TXT-010 TXT-011",
    "a\r\r\nb",
    ["a\r", "b"],
    "one CR belongs to the end, not every one before it",
)
lines(
    "lf-cr",
    "LF CR",
    "TXT-010 TXT-011",
    "a\n\rb\n",
    ["a", "\rb"],
    "the two bytes in the other order are an end and a character",
)
for _name, _title, _character in (
    ("vertical-tab", "a vertical tab", "\x0b"),
    ("form-feed", "a form feed", "\x0c"),
    ("file-separator", "U+001C", "\x1c"),
    ("group-separator", "U+001D", "\x1d"),
    ("record-separator", "U+001E", "\x1e"),
    ("next-line", "U+0085", "\x85"),
    ("line-separator", "U+2028", "\u2028"),
    ("paragraph-separator", "U+2029", "\u2029"),
):
    lines(
        _name,
        f"{_title} inside a line",
        "TXT-011",
        f'{{"t":"a{_character}b"}}\n{{}}\n',
        [f'{{"t":"a{_character}b"}}', "{}"],
        "str.splitlines and what is built on it breaks here: the JSON document falls apart",
    )
lines(
    "nul",
    "NUL inside a line",
    "TXT-011",
    "a\0b\n\0",
    ["a\0b", "\0"],
    "NUL ends a string in C, but no line",
)
lines(
    "bom",
    "a byte order mark at the start and inside",
    "TXT-013",
    "\ufeffa\nb\ufeff\n\ufeffc\n",
    ["\ufeffa", "b\ufeff", "\ufeffc"],
    "lines are handed over as they came: what is dropped here is dropped unseen",
)
lines(
    "blanks",
    "blanks around a line",
    "TXT-010",
    "  a \t\n \n",
    ["  a \t", " "],
    "a token may be a blank: a reader that trims joins words",
)
lines(
    "json-lines",
    "JSON lines in four parts",
    "TXT-001",
    [b'{"token":{"te', b'xt":"Hel"}}\n{"token":', b'{"text":"lo"}}\n{"to', b'ken":null}'],
    ['{"token":{"text":"Hel"}}', '{"token":{"text":"lo"}}', '{"token":null}'],
    "where a part ends says nothing: parsing part by part is the failure that is reported most often",
)
lines(
    "several-in-a-part",
    "several lines in one part",
    "TXT-001",
    [b"a\nb\nc\nd"],
    ["a", "b", "c", "d"],
    "a reader that takes one line of each part falls behind and loses the rest",
)
lines(
    "empty-parts",
    "empty parts",
    "TXT-001",
    [b"", b"a", b"", b"", b"b\n", b""],
    ["ab"],
    "an empty part is no line and no end",
)
lines(
    "character-split",
    "characters split between parts",
    "TXT-001 TXT-002",
    ["é€😀".encode()[:1], "é€😀".encode()[1:4], "é€😀".encode()[4:7], "é€😀".encode()[7:] + b"\n"],
    ["é€😀"],
    "decoding part by part raises, or shows U+FFFD, as soon as the model writes no ASCII",
)
lines(
    "four-byte-characters",
    "characters of one to four bytes",
    "TXT-002",
    "a\u00e9\u20ac\U0001f600\u0800\uffff\U0010ffff\n",
    ["a\u00e9\u20ac\U0001f600\u0800\uffff\U0010ffff"],
    "the first and last characters of each length, surrogates apart",
)


def _long() -> None:
    _, given, _ = _given("x" * 70000 + "\ny")
    LINES.case(
        "txt-line-long",
        "a line of 70,000 bytes",
        "TXT-001",
        given,
        ok(lines=["x" * 70000, "y"]),
        "a reader with a buffer of 64 KiB cuts a long line in two",
        chunking=("whole", "halves"),
    )


# What is no UTF-8: the name of the case, what it is, the bytes.
INVALID = (
    ("byte-ff", "the byte ff", b"\xff"),
    ("continuation", "a continuation byte by itself", b"\x80"),
    ("overlong", "an overlong form", b"\xc0\xaf"),
    ("overlong-three", "an overlong form of three bytes", b"\xe0\x80\xaf"),
    ("surrogate", "an encoded surrogate", b"\xed\xa0\x80"),
    ("surrogate-pair", "a pair of encoded surrogates", b"\xed\xa0\xbd\xed\xb8\x80"),
    ("beyond-unicode", "a character beyond U+10FFFF", b"\xf4\x90\x80\x80"),
    ("cut-two", "a character of two bytes cut short", b"\xc3"),
    ("cut-three", "a character of three bytes cut short", b"\xe2\x82"),
    ("cut-four", "a character of four bytes cut short", b"\xf0\x9f\x98"),
    ("latin-1", "a text in Latin-1", b"caf\xe9 "),
)


def _invalid() -> None:
    for name, title, broken in INVALID:
        lines(
            "utf8-" + name,
            f"{title} in a line",
            "TXT-002 TXT-007",
            b"one\ntw" + broken + b"o\nthree\n",
            ["one"],
            "a reader that replaces what is broken hides that bytes were damaged",
            kind="utf8",
        )
        sse(
            "utf8-" + name,
            f"{title} in an event",
            "TXT-002 TXT-007",
            b"data: one\n\ndata: tw" + broken + b"o\n\ndata: three\n\n",
            [data("one")],
            "WHATWG replaces; here the damage is told, at its place",
            kind="utf8",
        )
    for name, title, broken in INVALID[-4:-1]:
        lines(
            "utf8-end-" + name,
            f"{title} by the text's end",
            "TXT-003 TXT-007",
            b"one\n" + broken,
            ["one"],
            "the end of the model's answer is missing: a reader that drops the bytes says nothing of it",
            kind="utf8",
        )
        sse(
            "utf8-end-" + name,
            f"{title} by the text's end",
            "TXT-003 TXT-007",
            b"data: one\n\ndata: " + broken,
            [data("one")],
            "the end of the model's answer is missing: a reader that drops the bytes says nothing of it",
            kind="utf8",
        )
    lines(
        "utf8-first",
        "a broken first line",
        "TXT-002",
        b"\xff\none\n",
        [],
        "nothing was whole before it",
        kind="utf8",
    )
    lines(
        "utf8-behind-cr-lf",
        "a broken line behind one that ends with CR LF",
        "TXT-010 TXT-002 TXT-007",
        [b"one\r\nth\xffree\r\n"],
        ["one"],
        "the good line is read once more, on its own: its end must go there, too",
        kind="utf8",
    )
    lines(
        "utf8-later-in-the-part",
        "a broken line behind good ones in one part",
        "TXT-002 TXT-007",
        [b"one\ntwo\nth\xffree\nfour\n"],
        ["one", "two"],
        "a reader that decodes the part as a whole loses the good lines before the fault",
        kind="utf8",
    )
    sse(
        "utf8-in-a-comment",
        "a comment that is no UTF-8",
        "TXT-002 TXT-022",
        b"data: one\n\n: \xff\n\ndata: two\n\n",
        [data("one")],
        "what is ignored is text all the same: damage in it is damage",
        kind="utf8",
    )


# ---- server-sent events --------------------------------------------------------------------------


def _events() -> None:
    sse(
        "none",
        "a text of no bytes",
        "TXT-029",
        "",
        [],
        "no event: a reader that gives an empty one breaks its caller's parser",
    )
    sse(
        "one",
        "one event",
        "TXT-024 TXT-029",
        "data: x\n\n",
        [data("x")],
        "the smallest stream: without it nothing else says anything",
    )
    sse(
        "no-space",
        "data without a space",
        "TXT-023",
        "data:{}\n\n",
        [data("{}")],
        "Text Generation Inference writes no space",
    )
    sse(
        "two-spaces",
        "data with two spaces",
        "TXT-023",
        "data:  x\n\ndata:  y\ndata:   z\n\n",
        [data(" x"), data(" y\n  z")],
        "one space is syntax, the second is the model's",
    )
    sse(
        "tab",
        "data behind a tab",
        "TXT-023",
        "data:\tx\n\n",
        [data("\tx")],
        "only a space is syntax: a tab belongs to the text",
    )
    sse(
        "trailing-blanks",
        "blanks behind data",
        "TXT-023",
        "data: x \t\n\n",
        [data("x \t")],
        "a token may end in a blank: trimming joins words",
    )
    sse(
        "colons",
        "colons inside data",
        "TXT-023",
        "data: a: b:c\n\n",
        [data("a: b:c")],
        "only the first colon is syntax",
    )
    sse(
        "several",
        "several events in one part",
        "TXT-029 TXT-001",
        ["data: a\n\ndata: b\n\ndata: c\n\n".encode()],
        [data("a"), data("b"), data("c")],
        "a reader that takes one event of each part falls behind and loses the rest",
    )
    sse(
        "several-data",
        "several fields data",
        "TXT-024",
        "data: a\ndata: b\n\n",
        [data("a\nb")],
        "a JSON document may be written on several lines",
    )
    sse(
        "data-empty",
        "empty data",
        "TXT-024 TXT-023 TXT-029",
        "data:\n\ndata: \n\ndata\n\n",
        [data(""), data(""), data("")],
        "an event with an empty text is an event: a heartbeat, or an empty token",
    )
    sse(
        "data-empty-twice",
        "two empty fields data",
        "TXT-024 TXT-023",
        "data\ndata:\n\n",
        [data("\n")],
        "WHATWG's own example: the text is one LF",
    )
    sse(
        "data-with-empty-lines",
        "empty lines inside of data",
        "TXT-024",
        "data: a\ndata\ndata: b\ndata:\n\n",
        [data("a\n\nb\n")],
        "a paragraph ends with an empty line: dropped, two paragraphs become one",
    )
    sse(
        "comment",
        "a comment",
        "TXT-022",
        ": ping\n\ndata: x\n\n",
        [data("x")],
        "a heartbeat is no event",
    )
    sse(
        "comment-inside",
        "comments inside an event",
        "TXT-022",
        ":\ndata: a\n: data: no\ndata: b\n:x\n\n",
        [data("a\nb")],
        "a comment neither ends nor changes an event",
    )
    sse(
        "comment-only",
        "nothing but comments",
        "TXT-022 TXT-029",
        ": a\n\n:b\n: c\n\n",
        [],
        "heartbeats alone are no event",
    )
    sse(
        "event",
        "a type",
        "TXT-025",
        "event: error\ndata: x\n\ndata: y\n\n",
        [data("x", "error"), data("y")],
        "a container tells its failure by the type; it holds for one event only",
    )
    sse(
        "event-last",
        "a type twice",
        "TXT-025",
        "event: a\nevent: b\ndata: x\n\n",
        [data("x", "b")],
        "of two types the last one counts, as WHATWG says",
    )
    sse(
        "event-empty",
        "an empty type",
        "TXT-025",
        "event: a\nevent:\ndata: x\n\n",
        [data("x")],
        "an empty type is the default, not an empty text",
    )
    sse(
        "event-behind-data",
        "a type behind data",
        "TXT-025",
        "data: x\nevent: a\n\n",
        [data("x", "a")],
        "the order of fields means nothing",
    )
    sse(
        "event-without-data",
        "a type without data",
        "TXT-029 TXT-025",
        "event: a\n\ndata: x\n\n",
        [data("x")],
        "an event without data is none, and its type must not stick to the next one",
    )
    sse(
        "id",
        "an id that stays",
        "TXT-026",
        "id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n",
        [data("a", last_id="1"), data("b", last_id="1"), data("c", last_id="2")],
        "a client that resumes sends the last id",
    )
    sse(
        "id-empty",
        "an empty id",
        "TXT-026",
        "id: 1\ndata: a\n\nid\ndata: b\n\nid: 2\n\nid:\ndata: c\n\n",
        [data("a", last_id="1"), data("b"), data("c")],
        "an empty id takes the last one back",
    )
    sse(
        "id-without-data",
        "an id without data",
        "TXT-026 TXT-029",
        "id: 1\n\ndata: x\n\n",
        [data("x", last_id="1")],
        "there is no event, but the id stays",
    )
    sse(
        "id-nul",
        "an id with NUL",
        "TXT-026",
        "id: 1\nid: a\0b\ndata: x\n\n",
        [data("x", last_id="1")],
        "such an id is ignored, not cut at NUL",
    )
    sse(
        "id-behind-data",
        "an id behind data",
        "TXT-026",
        "data: x\nid: 1\n\n",
        [data("x", last_id="1")],
        "the order of fields means nothing",
    )
    sse(
        "retry",
        "a reconnection time",
        "TXT-027",
        "retry: 3000\n\nretry: 5\ndata: x\n\n",
        [data("x")],
        "it is no data, and no event",
    )
    sse(
        "retry-no-number",
        "a reconnection time that is no number",
        "TXT-027",
        "retry: soon\ndata: x\n\n",
        [data("x")],
        "it is ignored: a reader that fails on it loses the stream",
    )
    sse(
        "other-field",
        "a field that is unknown",
        "TXT-028",
        "x-usage: 5\ndata: x\ntime\n\n",
        [data("x")],
        "fields are added by others: a reader that fails on them, or takes them for data, breaks",
    )
    sse(
        "name-case",
        "names in other cases",
        "TXT-028",
        "DATA: a\nData: b\ndata: c\nEVENT: e\n\n",
        [data("c")],
        "names are compared as they stand",
    )
    sse(
        "name-with-space",
        "a space around a name",
        "TXT-028 TXT-023",
        " data: a\ndata : b\ndata: c\n\n",
        [data("c")],
        "the name is all before the colon, spaces included",
    )
    sse(
        "no-field",
        "a line that is no field",
        "TXT-023 TXT-028",
        "hello\n\ndata: x\n\n",
        [data("x")],
        "a line without a colon is a name: ignored, not data",
    )
    sse(
        "done",
        "the data [DONE]",
        "TXT-032",
        'data: {"a":1}\n\ndata: [DONE]\n\n',
        [data('{"a":1}'), data("[DONE]")],
        "where a stream ends is the frames' matter: a reader that stops here misses a failure behind it",
    )
    sse(
        "behind-done",
        "an event behind [DONE]",
        "TXT-032",
        "event: done\ndata: [DONE]\n\nevent: error\ndata: x\n\n",
        [data("[DONE]", "done"), data("x", "error")],
        "a failure that the container tells at the end would be missed",
    )
    sse(
        "nul",
        "NUL in data",
        "TXT-024",
        "data: a\0b\n\n",
        [data("a\0b")],
        "only an id must not hold it",
    )
    sse(
        "line-separators",
        "U+2028, U+0085 and form feed in data",
        "TXT-020",
        "data: a\u2028b\x85c\x0cd\x1ee\n\n",
        [data("a\u2028b\x85c\x0cd\x1ee")],
        "a reader built on str.splitlines tears the JSON document apart",
    )


def _event_ends() -> None:
    for name, title, end in (
        ("lf", "LF", "\n"),
        ("crlf", "CR LF", "\r\n"),
        ("cr", "a lone CR", "\r"),
    ):
        sse(
            "ends-" + name,
            f"lines that end with {title}",
            "TXT-020 TXT-029",
            f"id: 1{end}event: e{end}data: a{end}data: b{end}{end}data: c{end}{end}: x{end}{end}data: d{end}{end}",
            [data("a\nb", "e", "1"), data("c", last_id="1"), data("d", last_id="1")],
            "each of the three ends a line here, unlike in lines",
        )
    sse(
        "ends-mixed",
        "all three ends mixed",
        "TXT-020 TXT-029",
        "data: a\r\n\rdata: b\n\r\ndata: c\rdata: d\n\n\rdata: e\r\r\n",
        [data("a"), data("b"), data("c\nd"), data("e")],
        "CR LF is one end, LF CR are two",
    )
    sse(
        "crlf-split",
        "CR LF CR LF split at every place",
        "TXT-020 TXT-001",
        [b"data: a\r", b"\n\r", b"\ndata: b\r\n", b"\r", b"", b"\ndata: c\r\n\r\n"],
        [data("a"), data("b"), data("c")],
        "a reader that takes the two halves for two ends sees blank lines inside of events",
    )
    sse(
        "crlf-between-data",
        "CR LF split between two fields data",
        "TXT-020 TXT-001",
        [b"data: a\r", b"\ndata: b\r", b"\n\r\n"],
        [data("a\nb")],
        "two halves taken for two ends make two events of one",
    )
    sse(
        "blank-lines",
        "many blank lines",
        "TXT-029",
        "\n\r\n\rdata: a\n\n\n\n\ndata: b\r\r\r\r\n\n\n",
        [data("a"), data("b")],
        "a blank line without data before it is nothing",
    )
    sse(
        "bom",
        "a byte order mark",
        "TXT-021",
        "\ufeffdata: x\n\n",
        [data("x")],
        "the first event is lost: its field's name is not data",
    )
    sse(
        "bom-split",
        "a byte order mark in three parts",
        "TXT-021 TXT-001",
        [b"\xef", b"\xbb", b"\xbfdata: x\n\n"],
        [data("x")],
        "a reader that looks at the first part alone misses it",
    )
    sse(
        "bom-twice",
        "two byte order marks",
        "TXT-021 TXT-028",
        "\ufeff\ufeffdata: a\n\ndata: b\n\n",
        [data("b")],
        "only one is dropped, as WHATWG says: the second is part of a name",
    )
    sse(
        "bom-later",
        "a byte order mark inside",
        "TXT-021 TXT-028",
        "data: a\n\n\ufeffdata: b\n\ndata: \ufeffc\n\n",
        [data("a"), data("\ufeffc")],
        "only one at the start is dropped: any other is a character",
    )
    sse(
        "bom-only",
        "nothing but a byte order mark",
        "TXT-021",
        "\ufeff",
        [],
        "it is no text, and no event either",
    )
    sse(
        "json-in-pieces",
        "an event in many parts",
        "TXT-001",
        [
            b"da",
            b'ta: {"choices":[{"delta":{"con',
            b'tent":"\xe2\x82',
            b'\xac"}}]}\n',
            b"\nda",
            b"ta: [DONE]\n\n",
        ],
        [data('{"choices":[{"delta":{"content":"€"}}]}'), data("[DONE]")],
        "where a part ends says nothing, a field's name and a character included",
    )


def _event_at_the_end() -> None:
    for name, title, text, expected in (
        (
            "line",
            "a last event without its blank line",
            "data: a\n\nid: 1\ndata: b\n",
            data("b", last_id="1"),
        ),
        (
            "line-cr",
            "the same, its line ended by CR",
            "data: a\n\nid: 1\ndata: b\r",
            data("b", last_id="1"),
        ),
        ("value", "a text that ends inside a value", "data: a\n\ndata: b", data("b")),
        (
            "value-of-another-field",
            "a text that ends inside the value of a type",
            "data: a\n\ndata: b\nevent: e",
            data("b", "e"),
        ),
        ("name", "a text that ends behind the name data", "data: a\n\ndata", data("")),
        ("colon", "a text that ends behind the colon", "data: a\n\ndata: b\ndata:", data("b\n")),
    ):
        sse(
            "end-" + name,
            title,
            "TXT-030",
            text,
            [data("a"), expected],
            "containers leave the last blank line out: the end of the answer, often [DONE] or the usage, is lost in silence",
        )
    sse(
        "end-comment",
        "a text that ends inside a comment",
        "TXT-030 TXT-022",
        "data: a\n\ndata: b\n: pi",
        [data("a"), data("b")],
        "a comment loses nothing when it is cut",
    )
    sse(
        "end-no-data",
        "a text that ends behind a type",
        "TXT-030 TXT-029",
        "data: a\n\nevent: e\n",
        [data("a")],
        "without data there is no event, at the end neither",
    )
    for name, text in (
        ("d", "d"),
        ("dat", "dat"),
        ("even", "even"),
        ("i", "i"),
        ("after-data", "data: b\nda"),
        ("other", "usage"),
    ):
        ignored = read_events(b"data: a\n\n" + text.rpartition("\n")[0].encode())[0]
        sse(
            "end-inside-name-" + name,
            "a text that ends inside a name: {}".format(text.rpartition("\n")[2]),
            "TXT-031 TXT-007",
            "data: a\n\n" + text,
            [data("a")],
            "what the line was the start of is lost, and nothing says so",
            kind="truncated",
            level="SHOULD",
            acceptable=[
                either(
                    ok(events=_shown(ignored)),
                    "WHATWG ignores a line whose name it does not know",
                    "DIV-010",
                )
            ],
        )


_long()
_invalid()
_events()
_event_ends()
_event_at_the_end()
