# SPDX-License-Identifier: MIT
"""The cases of JSON values: json-values.json.

To add a case, copy a similar call of `reads_values` and change it. A text is a str or bytes, which
the runner sends as a whole, byte by byte and in halves, or a list of bytes: the parts.

The expected values are JSON texts, written by hand. The helper compares them with plain_json, an
independent transcription of the rules. A text with an error has a valid value before the error,
and usually another after it. A reader that loses the first one, or reads on, therefore fails.
"""

import json
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from authoring import CaseMistake, Feature, b64, ok, reject
from authoring.plain_json import MAX_DEPTH, MAX_DIGITS, read_values
from authoring.txt import LONG_LENGTHS, MIB, described, varied

VALUES = Feature("json-values", "json.values", "txt-", ("whole", "bytewise", "halves"))
FEATURES = [VALUES]

Text = Union[str, bytes, List[bytes]]
LONG = ("whole", "halves")  # the chunkings of a text that is too long to send byte by byte


def given_text(text: Text) -> Tuple[bytes, Dict[str, Any], Optional[Sequence[str]]]:
    """Return the bytes, the input of the case, and its chunkings or None for the feature's own."""
    if isinstance(text, list):
        return b"".join(text), {"parts": [b64(part) for part in text]}, ()
    if isinstance(text, bytes):
        return text, {"base64": b64(text)}, None
    return text.encode("utf-8"), {"text": text}, None


def reads_values(
    name: str,
    title: str,
    rules: str,
    text: Text,
    expected: Sequence[str],
    why: str,
    kind: Optional[str] = None,
    lenient: bool = False,
    **more: Any,
) -> None:
    """Add a case.

    name: the id without its prefix
    expected: the JSON texts of the values, or of those before the error
    kind: the expected kind of the error, if the text has one
    more: other arguments of Feature.case
    """
    data, given, chunking = given_text(text)
    found, error = read_values(data, lenient)
    if _plain(found) != _plain(expected) or error != kind:
        raise CaseMistake(f"{name}: the transcription reads {found!r}, {error}")
    if lenient:
        given["lenient"] = True
    expect = ok(values=list(expected)) if kind is None else reject(kind, values=list(expected))
    more.setdefault("chunking", chunking)
    VALUES.case("txt-json-" + name, title, rules, given, expect, why, **more)


def _plain(texts: Sequence[str]) -> List[str]:
    """Return JSON texts in one notation, which distinguishes NaN from text and true from 1."""
    return [json.dumps(json.loads(text), sort_keys=True) for text in texts]


# ---- one value after the other ------------------------------------------------------------------


def _sequences() -> None:
    reads_values(
        "none",
        "an empty text",
        "TXT-040",
        "",
        [],
        "a reader that parses an empty text reports an error for a model without output",
    )
    reads_values(
        "space-only",
        "a text of only white space",
        "TXT-040 TXT-041",
        " \t\r\n \n",
        [],
        "a reader that parses the rest of a line reports an error for keep-alive line ends",
    )
    reads_values(
        "lines",
        "JSON lines",
        "TXT-040",
        '{"a":1}\n{"a":2}\n{"a":3}\n',
        ['{"a":1}', '{"a":2}', '{"a":3}'],
        "a reader that fails here cannot read any stream of JSON lines",
    )
    reads_values(
        "lines-unterminated",
        "JSON lines without a line end after the last",
        "TXT-040 TXT-042",
        '{"a":1}\n{"a":2}',
        ['{"a":1}', '{"a":2}'],
        "a reader that waits for LF loses the last value, and with it the last token",
    )
    reads_values(
        "lines-crlf",
        "JSON lines that end with CR LF, and an empty line",
        "TXT-040 TXT-041",
        '{"a":1}\r\n\r\n{"a":2}\r\n',
        ['{"a":1}', '{"a":2}'],
        "a reader that accepts only LF between values rejects the CR",
    )
    reads_values(
        "lone-cr",
        "values that a lone CR separates",
        "TXT-041 TXT-042",
        '1\r2\r\r[3]\r"x"\rtrue\r',
        ["1", "2", "[3]", '"x"', "true"],
        "a reader that splits lines first parses two values as one",
    )
    reads_values(
        "nothing-between",
        "values with nothing between them",
        "TXT-040",
        '{"a":1}{"a":2}[3]"x"[4]{}',
        ['{"a":1}', '{"a":2}', "[3]", '"x"', "[4]", "{}"],
        "a reader that looks for line ends reports extra data after the first value",
    )
    reads_values(
        "indented",
        "indented documents",
        "TXT-040",
        '{\n  "a": {\n    "b": [\n      1,\n      2\n    ]\n  }\n}\n[\n]\n',
        ['{"a":{"b":[1,2]}}', "[]"],
        "a reader that parses each line fails on a document that has several",
    )
    reads_values(
        "array-of-chunks",
        "one array, as a single value",
        "TXT-040 TXT-042",
        '[{"a":1},\n{"a":2}]',
        ['[{"a":1},{"a":2}]'],
        "a reader that splits at the line end rejects both halves",
    )
    for name, title, text in (
        ("string", "a string", '"a b"'),
        ("number", "a number", "-12.5e1"),
        ("true", "true", "true"),
        ("false", "false", "false"),
        ("null", "null", "null"),
        ("array", "an array", "[1]"),
        ("object", "an object", '{"a":null}'),
        ("empty-array", "an empty array", "[]"),
        ("empty-object", "an empty object", "{}"),
        ("empty-string", "an empty string", '""'),
    ):
        reads_values(
            "only-" + name,
            f"a text of only {title}",
            "TXT-042 TXT-040",
            text,
            [text],
            "a reader that expects an object, or a byte after the value, loses the only value",
        )
    reads_values(
        "words",
        "numbers and words, separated by white space",
        "TXT-042",
        "1 true\nfalse\tnull\r\n-0.5 10",
        ["1", "true", "false", "null", "-0.5", "10"],
        "a reader that parses at a part's end returns 1 and 0 for a 10 that is split",
    )
    reads_values(
        "words-end-at-a-bracket",
        "numbers and words that end at a bracket, a brace or a quotation mark",
        "TXT-042",
        '1[2]3{"a":4}5"x"true[]null{}',
        ["1", "[2]", "3", '{"a":4}', "5", '"x"', "true", "[]", "null", "{}"],
        "a reader that needs white space after a number rejects these values",
    )
    reads_values(
        "number-split",
        "a number that is split after each character",
        "TXT-042 TXT-001",
        [b"-", b"1", b"2", b".", b"5", b"e", b"+", b"2", b" 7"],
        ["-12.5e+2", "7"],
        "a reader that parses each part returns parts of a number",
    )


def _strings() -> None:
    for name, title, content in (
        ("braces", "braces and brackets", "}{][}{"),
        ("values", "what looks like two values", '}{\\"a\\":1}{'),
        ("quote", "an escaped quotation mark", 'a\\"b'),
        ("backslashes", "backslashes before the end", "a\\\\\\\\"),
        ("backslash-quote", "a backslash and a quotation mark, both escaped", 'a\\\\\\"}'),
        ("line-separator", "U+2028 and U+0085", "a\u2028b\u0085c"),
        ("escaped-lf", "escaped line ends", "a\\nb\\r\\nc"),
        ("unicode", "characters of two to four bytes", "\u00e9\u20ac\U0001f600"),
        ("escaped-unicode", "an escaped surrogate pair", "\\ud83d\\ude00"),
    ):
        reads_values(
            "in-string-" + name,
            f"{title} in a string",
            "TXT-042 TXT-040",
            f'{{"t":"{content}"}}{{"t":"{content}"}}\n["{content}"]',
            [f'{{"t":"{content}"}}', f'{{"t":"{content}"}}', f'["{content}"]'],
            "a reader that counts braces in strings, or mistakes the end of a string, splits the "
            "value in the wrong place",
        )
    reads_values(
        "escape-split",
        "an escape that is split between parts",
        "TXT-001 TXT-042",
        [b'{"t":"a\\', b'"}{', b"\\", b"\\", b'"}', b'{"t":"\\u00', b'e9"}'],
        ['{"t":"a\\"}{\\\\"}', '{"t":"\u00e9"}'],
        "a reader that forgets the backslash at a part's end ends the string at the quotation mark",
    )
    reads_values(
        "escape-split-in-string",
        "an escape that is split between parts, in a string that is a value",
        "TXT-001 TXT-042",
        [b'"a\\', b'"]"', b'"', b"\\", b"\\", b'"', b'"\\\\\\', b'"}"', b"[1]"],
        ['"a\\"]"', '"\\\\"', '"\\\\\\"}"', "[1]"],
        "a reader that keeps this state only inside objects ends the string at the quotation mark",
    )
    reads_values(
        "character-split",
        "characters that are split between parts",
        "TXT-001 TXT-002",
        [b'{"t":"\xc3', b"\xa9\xe2\x82", b"\xac\xf0\x9f", b'\x98\x80"}\n', b'"\xc3', b'\xa9"'],
        ['{"t":"\u00e9\u20ac\U0001f600"}', '"\u00e9"'],
        "a reader that decodes each part separately fails or returns U+FFFD",
    )
    reads_values(
        "empty-parts",
        "empty parts",
        "TXT-001",
        [b"", b'{"a"', b"", b":1}", b"", b" ", b"2", b"", b"3", b""],
        ['{"a":1}', "23"],
        "a reader that treats an empty part as the end returns half of a value",
    )
    reads_values(
        "several-in-a-part",
        "several values in one part, and the beginning of another",
        "TXT-001",
        [b'{"a":1}\n{"a":2}\n{"a', b'":3}\n'],
        ['{"a":1}', '{"a":2}', '{"a":3}'],
        "a reader that returns one value per part falls behind and loses the rest",
    )


# ---- errors --------------------------------------------------------------------------------------


def _rejected() -> None:
    for name, title, start in (
        ("comma", "a comma", ","),
        ("colon", "a colon", ":"),
        ("bracket", "a closing bracket", "]"),
        ("brace", "a closing brace", "}"),
    ):
        reads_values(
            "starts-with-" + name,
            f"{title} where a value must begin",
            "TXT-041 TXT-007",
            '{"a":1}\n' + start + '{"a":2}\n',
            ['{"a":1}'],
            "a reader that skips it hides that a part of the stream is missing",
            kind="syntax",
        )
    for name, title, word in (
        ("word", "a word that is not JSON", "oops"),
        ("true-in-capitals", "True", "True"),
        ("nan", "NaN", "NaN"),
        ("infinity", "Infinity", "Infinity"),
        ("minus", "a minus sign alone", "-"),
        ("leading-zero", "a number with a leading zero", "01"),
        ("plus", "a number with a plus sign", "+1"),
        ("point", "a number that ends with a point", "1."),
        ("two-points", "a number with two points", "1.5.5"),
        ("hexadecimal", "a hexadecimal number", "0x1f"),
        ("single-quotes", "a string in single quotes", "'a'"),
        ("done", "the word DONE", "DONE"),
        ("form-feed", "a form feed", "\x0c"),
        ("no-break-space", "a no-break space", "\u00a0"),
        ("vertical-tab", "a vertical tab", "\x0b"),
        ("next-line", "U+0085", "\x85"),
        ("line-separator", "U+2028", "\u2028"),
        ("file-separator", "U+001C", "\x1c"),
        ("byte-order-mark", "a byte order mark", "\ufeff"),
    ):
        reads_values(
            "word-" + name,
            f"{title} as a value",
            "TXT-041 TXT-042 TXT-007",
            f'{{"a":1}}\n{word} {{"a":2}}',
            ['{"a":1}'],
            "a reader that skips it, or reads it in its own way, returns values that nobody wrote",
            kind="syntax",
        )
    for name, title, word in (
        ("joined", "a number and a word without a separator", "12true"),
        ("joined-word", "a word and a number without a separator", "null1"),
        ("joined-words", "two words without a separator", "truefalse"),
        ("joined-sign", "two numbers that only a sign separates", "1-2"),
        ("underscore", "a number with an underscore", "1_0"),
        ("full-width", "a full-width digit", "\uff11"),
        ("exponent", "a number with an exponent without digits", "1e"),
        ("exponent-point", "a number with a fraction in its exponent", "1e1.5"),
        ("no-integer", "a number that begins with a point", ".5"),
    ):
        reads_values(
            "no-word-" + name,
            f"{title} as a value",
            "TXT-042 TXT-040",
            f"[0] {word} [2]",
            ["[0]"],
            "a reader that ends the number or word earlier returns values that nobody wrote",
            kind="syntax",
        )
    for name, title, space in (
        ("form-feed", "a form feed", "\x0c"),
        ("next-line", "U+0085", "\x85"),
        ("no-break-space", "U+00A0", "\u00a0"),
        ("em-space", "U+2003", "\u2003"),
        ("nul", "NUL", "\0"),
    ):
        reads_values(
            "after-object-" + name,
            f"{title} between an object and the end of its line",
            "TXT-041",
            f'{{"a":1}} {space}\n[2]\n',
            ['{"a":1}'],
            "a reader that strips lines as its language does accepts what others reject",
            kind="syntax",
        )
    for name, title, broken in (
        ("no-value", "a member without a value", '{"a":}'),
        ("no-comma", "elements without a comma", "[1 2]"),
        ("comma-at-the-end", "a comma before the end", '{"a":1,}'),
        ("comma-before-bracket", "a comma before a bracket", "[1,]"),
        ("comma-first", "a comma before the first element", "[,1]"),
        ("comma-first-member", "a comma before the first member", '{,"a":1}'),
        ("comma-only", "a comma without elements", "[,]"),
        ("comma-twice", "two commas", "[1,,2]"),
        ("no-member-comma", "members without a comma", '{"a":1 "b":2}'),
        ("no-colon", "a name without a colon", '{"a" 1}'),
        ("colon-in-array", "a colon in an array", '["a":1]'),
        ("name-only", "a name without a value", '{"a"}'),
        ("number-as-name", "a number as a name", '{1:"a"}'),
        ("wrong-end", "an object that ends with a bracket", '{"a":1]'),
        ("wrong-end-of-array", "an array that ends with a brace", "[1}"),
        ("name-twice", "a name twice", '{"a":1,"a":2}'),
        ("name-twice-escaped", "a name twice, once with an escape", '{"a":1,"\\u0061":2}'),
        ("name-twice-inside", "a name twice in an inner object", '[{"a":{"b":1,"b":1}}]'),
        ("control", "an unescaped line end in a string", '{"a":"x\ny"}'),
        ("tab", "an unescaped tab in a string", '"x\ty"'),
        ("nul", "an unescaped NUL in a string", '"x\0y"'),
        ("escape", "an invalid escape", '"\\x41"'),
        ("unicode-escape", "an incomplete Unicode escape", '"\\u12"'),
        ("nan-inside", "NaN in an object", '{"a":NaN}'),
        ("infinity-inside", "-Infinity in an array", "[-Infinity]"),
        ("overflow", "a number beyond the range of a double", "[1e999]"),
        ("overflow-negative", "a negative number beyond the range of a double", "[-1E+999]"),
        ("overflow-just", "a number just beyond the range of a double", "[1.7976931348623159e308]"),
        ("long-integer", f"an integer of {MAX_DIGITS + 1} digits", f"[{'9' * (MAX_DIGITS + 1)}]"),
        (
            "long-negative-integer",
            f"an integer of a minus sign and {MAX_DIGITS} digits",
            f"[-{'9' * MAX_DIGITS}]",
        ),
    ):
        reads_values(
            "broken-" + name,
            f"{title}",
            "TXT-040 SHP-003 TXT-007"
            if "integer" in name or "overflow" in name
            else "TXT-040 SHP-002 TXT-007",
            f'{{"a":1}}\n{broken}\n{{"a":2}}\n',
            ['{"a":1}'],
            "a reader that skips the value, or accepts it in its own way, hides a damaged stream",
            kind="syntax",
        )
    for name, title, start in (
        ("object", "an object", '{"a":1'),
        ("array", "an array", "[1,"),
        ("string", "a string", '"abc'),
        ("escape", "an escape", '"abc\\'),
        ("name", "a name", '{"ab'),
        ("inner", "an inner array", '{"a":[{"b":2}'),
        ("brace", "an object without its end", '{"a":{"b":"}"}'),
    ):
        reads_values(
            "cut-" + name,
            f"a text that ends inside {title}",
            "TXT-043 TXT-007",
            '{"a":1}\n' + start,
            ['{"a":1}'],
            "a reader that drops the rest, or closes the brackets, hides that the end is missing",
            kind="truncated",
        )
    for depth, kind in ((MAX_DEPTH, None), (MAX_DEPTH + 1, "limit")):
        deep = "[" * depth + "]" * depth
        reads_values(
            f"depth-{depth}",
            f"{depth} levels of arrays",
            "TXT-040 SHP-001",
            "{}" + deep + "{}",
            ["{}", deep, "{}"] if kind is None else ["{}"],
            "a reader without a limit overflows its stack, and one with another limit rejects "
            "valid values",
            kind=kind,
        )
    reads_values(
        "depth-unterminated",
        "10,000 levels of arrays that never end",
        "TXT-040 SHP-001",
        "{}" + "[" * 10000,
        ["{}"],
        "a reader that waits for the end before it counts keeps everything, or overflows its stack",
        kind="limit",
        chunking=LONG,
    )
    for name, title, invalid in (
        ("in-string", "in a string", b'{"a":"x\xff"}'),
        ("in-name", "in a name", b'{"\xc3":1}'),
        ("as-value", "where a value must begin", b"\xff "),
        ("surrogate", "that encodes a surrogate", b'"\xed\xa0\x80"'),
        ("overlong", "in an overlong sequence", b'"\xc0\xaf"'),
        ("cut", "in a truncated character before the end of a string", b'"\xf0\x9f\x98"'),
        ("latin-1", "of Latin-1 text", b'"caf\xe9"'),
    ):
        reads_values(
            "utf8-" + name,
            f"invalid UTF-8 {title}",
            "TXT-040 TXT-002 TXT-007",
            b'{"a":1}\n' + invalid + b'\n{"a":2}\n',
            ['{"a":1}'],
            "a reader that replaces the invalid bytes hides that the text was damaged",
            kind="utf8",
        )


# ---- lenient -------------------------------------------------------------------------------------


def _lenient() -> None:
    for name, title, text in (
        ("nan", "NaN", '{"logprob":NaN}'),
        ("infinity", "Infinity", '{"logprob":Infinity}'),
        ("minus-infinity", "-Infinity", "[-Infinity,1]"),
    ):
        reads_values(
            "lenient-" + name,
            f"{title} in lenient mode",
            "TXT-044",
            text + '\n{"a":2}\n',
            [text, '{"a":2}'],
            "Python's json module writes these words for log probabilities, and a reader that "
            "rejects them loses the token",
            level="MAY",
            lenient=True,
        )
    reads_values(
        "lenient-words",
        "NaN and Infinity as whole values in lenient mode",
        "TXT-044 TXT-042",
        "NaN -Infinity\nInfinity[]",
        ["NaN", "-Infinity", "Infinity", "[]"],
        "a reader whose words have only letters in lower case rejects them",
        level="MAY",
        lenient=True,
    )
    for name, title, character in (
        ("tab", "tab", "\t"),
        ("line-end", "line end", "\n"),
        ("escape", "ESC", "\x1b"),
        ("nul", "NUL", "\0"),
    ):
        escaped = f"\\u{ord(character):04x}"
        reads_values(
            "lenient-raw-" + name,
            f"an unescaped {title} in a string, in lenient mode",
            "TXT-044",
            f'{{"t":"a{character}b"}}\n"{character}"',
            [f'{{"t":"a{escaped}b"}}', f'"{escaped}"'],
            "containers that build JSON from pieces forget the escape, and a strict reader loses "
            "the value",
            level="MAY",
            lenient=True,
        )
    for name, title, broken in (
        ("name-twice", "a name twice", '{"a":1,"a":2}'),
        ("no-value", "a member without a value", '{"a":}'),
        ("nan-in-small-letters", "nan in small letters", "nan"),
        ("comment", "a comment", '{"a":1 /* x */}'),
        ("python", "Python's None", '{"a":None}'),
        ("overflow", "a number beyond the range of a double", "[1e999]"),
        ("overflow-negative", "a negative number beyond the range of a double", "[-1E+999]"),
        ("overflow-just", "a number just beyond the range of a double", "[1.7976931348623159e308]"),
        ("long-integer", f"an integer of {MAX_DIGITS + 1} digits", f"[{'9' * (MAX_DIGITS + 1)}]"),
        (
            "long-negative-integer",
            f"an integer of a minus sign and {MAX_DIGITS} digits",
            f"[-{'9' * MAX_DIGITS}]",
        ),
    ):
        reads_values(
            "lenient-rejects-" + name,
            f"{title} in lenient mode",
            "TXT-040 TXT-044 TXT-007",
            f'{{"a":1}}\n{broken} {{"a":2}}',
            ['{"a":1}'],
            "a reader that accepts more than the rule says reads damaged values as if they were "
            "whole",
            kind="syntax",
            lenient=True,
        )


# ---- escapes that parts split --------------------------------------------------------------------


def _split_escapes() -> None:
    """Add escapes that two parts share, at each of their bytes, inside of other values."""
    for slug, title, before, after in (
        ("array", "of an array", "[1,", ",2]"),
        ("nested", "of nested arrays and objects", '{"a":[[{"b":', '}],"]"]}'),
        ("name", "that is a name", "{", ":[1]}"),
        ("long", "after more than 1 KiB of an object", f'{{"a":"{varied(1100)}","b":[', "]}"),
    ):
        # The brackets and braces inside of the text end nothing.
        text = r'"\"]}\\\"{[\u00e9\\"'
        data = (before + text + after).encode()
        # After a backslash, after a quotation mark, and after an even number of backslashes.
        cuts = [len(before) + offset for offset in (2, 3, 6, 11, 20)]
        pieces = [data[i:j] for i, j in zip([0, *cuts], [*cuts, len(data)])]
        reads_values(
            f"escape-split-{slug}",
            f"a string {title}, split inside of its escapes",
            "TXT-040 TXT-001",
            [*pieces, b"\n7"],
            [data.decode(), "7"],
            "a reader that forgets a backslash or a quotation mark at the end of a part "
            "ends the value too early",
        )
    members = '{"__proto__":{"a":1},"constructor":[],"toString":null,"a":{"__proto__":2}}'
    reads_values(
        "names-inherited",
        "members with the names of inherited members",
        "TXT-040",
        members + members,
        [members, members],
        "a reader that keeps members in an object of its language loses or changes them",
    )
    reads_values(
        "names-inherited-twice",
        "two members __proto__",
        "TXT-040 SHP-001",
        '1 {"__proto__":1,"__proto__":2} 3',
        ["1"],
        "a reader that keeps members in an object of its language overlooks the second",
        kind="syntax",
    )


# ---- sizes ---------------------------------------------------------------------------------------


def _sizes() -> None:
    for length in (255, 256, 1023):
        content = varied(length)
        reads_values(
            f"size-{length}",
            f"a string of {length:,} characters",
            "TXT-001 TXT-005",
            f'{{"t":"{content}"}}\n["{content}"]',
            [f'{{"t":"{content}"}}', f'["{content}"]'],
            "a reader with a fixed buffer splits or damages a long value",
        )
    for length in LONG_LENGTHS:
        value = [{"text": '{"t":"'}, *described(length), {"text": '"}'}]
        VALUES.case(
            f"txt-json-size-{length}",
            f"a string of {length:,} characters",
            "TXT-001 TXT-005",
            {"bytes": [*value, {"text": "\n"}, *value, *value]},
            ok(values=[value, value, value]),
            "a reader with a fixed buffer splits or damages a long value",
            chunking=LONG,
        )
    for length, piece in ((90000, 40000), (MIB + 1, 65536), (2 * MIB + 1, 65536)):
        value = [{"text": '{"t":"'}, *described(length), {"text": '"}'}]
        VALUES.case(
            f"txt-json-size-{length}-in-pieces-of-{piece}",
            f"a string of {length:,} characters in pieces of {piece:,}",
            "TXT-001 TXT-005",
            {"bytes": [*value, {"text": " 7"}], "piece": piece},
            ok(values=[value, "7"]),
            "a reader whose buffer grows damages the bytes where it grows, or rejects them",
            chunking=(),
        )
    numbers = [str(number) for number in range(300)]
    reads_values(
        "many-values",
        "300 numbers in a row",
        "TXT-001 TXT-042",
        "\n".join(numbers),
        numbers,
        "a reader that loses a value at each part's end returns wrong numbers",
    )


_sequences()
_strings()
_rejected()
_lenient()
_split_escapes()
_sizes()
