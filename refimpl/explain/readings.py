# SPDX-License-Identifier: MIT
"""The ways to read a text in which a service's response was pasted, logged or quoted.

A response may be a string in JSON in a log line, be escaped twice, be part of a page, or have smart
quotes and a mark before each line. `readings_of` yields the text as it is, then with these layers
undone, one after the other. The caller chooses the reading that makes most sense. Nothing is
rejected.
"""

import binascii
import re
from typing import Callable, Iterator, List, Match, Set

MAX_EXPLAINED_TEXT = 96 * 1024  # characters
_MAX_LAYERS = 6
_MAX_READINGS = 40

_ESCAPE_SEQUENCE = re.compile(r"\\(u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrtbf\"'/\\])")
_ESCAPED_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ENTITIES = {
    "amp": "&",
    "lt": "<",
    "gt": ">",
    "quot": '"',
    "apos": "'",
    "nbsp": " ",
    "lsquo": "'",
    "rsquo": "'",
    "ldquo": '"',
    "rdquo": '"',
    "hellip": "...",
    "ndash": "-",
}
_ENTITY = re.compile(rf"&({'|'.join(_ENTITIES)}|#[0-9]{{1,6}}|#[xX][0-9A-Fa-f]{{1,6}});")
_LINE_BREAK_TAG = re.compile(
    r"(?:<br ?/?>|</(?:div|p|li|tr)>\s{0,80}<(?:div|p|li|tr)[^<>]{0,200}>)[ \t]*\n?",
    re.IGNORECASE,
)
_PERCENT_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
# The beginning of the line with the method, which a log repeats on each line.
_PREFIX = re.compile(
    r"\n([^\n]{1,120}?)['\"]?(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)[ \t]*\r?\n"
)
# What word processors and chat programs write for ASCII characters.
_TYPOGRAPHY = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u2032\u02bc"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"), '"'),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-"),
    **dict.fromkeys(map(ord, "\u00a0\u202f\u2007"), " "),
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"), ""),
    ord("\u2026"): "...",
    ord("\u2028"): "\n",
    ord("\u2029"): "\n",
}
# A literal that a printer has split over several lines.
_SPLIT_LITERAL = re.compile(r"""['"][ \t]*(?:\+[ \t]*)?\r?\n[ \t]*(?:\+[ \t]*)?b?['"]""")
_LINE_MARK = re.compile(r"(?m)^(?:[\w.-]+[ \t]*\| ?|[ \t>|]+)")
_TIME_MARK = re.compile(
    r"(?m)^[^\n]{0,40}?\d\d:\d\d:\d\d[.,\d]*Z?[ \t]?(?:\[[^\]\n]{0,40}\][ \t]*|[A-Z]{4,5}:? )*"
)
_LINE_END = re.compile(r"[ \t]*\r*\n")
# A line end in JSON, XML or a system log, or what may be percent-encoded.
_ESCAPED_LINE_END = re.compile(r"\\n|(?i:\\u000a|&#(?:10|xa);|#012|%[0-9a-f]{2})")
_SOFT_LINE_END = re.compile(r"=[ \t]*\r?\n")
_QUOTED_PRINTABLE = re.compile(r"(?:=[0-9A-F]{2})+")
# A body that a proxy or a browser has stored in base64, in one line or in the lines of a mail.
_BASE64 = re.compile(
    r"(?:[A-Za-z0-9+/_-]{60,1000}\r?\n)+[A-Za-z0-9+/_-]{1,1000}={0,2}|[A-Za-z0-9+/_-]{60,}={0,2}"
)
_BASE64_DIGITS = {ord("-"): "+", ord("_"): "/", ord("\r"): "", ord("\n"): "", ord("="): ""}


def text_of_bytes(data: bytes) -> str:
    """Return bytes as text: UTF-16 with its mark, else UTF-8, with U+FFFD for invalid bytes."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return data[2:].decode(encoding, "replace")
    return data.decode("utf-8", "replace")


def readings_of(text: str) -> Iterator[str]:
    """Yield the readings of a text, the plainest first. Each has LF line ends, and none is twice.

    text: at most MAX_EXPLAINED_TEXT characters of it are read
    """
    seen: Set[str] = set()
    layer = [text[:MAX_EXPLAINED_TEXT]]
    for _ in range(_MAX_LAYERS):
        repaired = [repair(one) for one in layer for repair in _REPAIRS]
        for reading in (*layer, *repaired):
            reading = _LINE_END.sub("\n", reading)
            if reading not in seen:
                seen.add(reading)
                yield reading
            if len(seen) >= _MAX_READINGS:
                return
        layer = _next_layer(layer)


def _next_layer(layer: List[str]) -> List[str]:
    decoded = [decode(text) for text in layer for decode in _DECODERS]
    return [text for text in dict.fromkeys(decoded) if text not in layer]


def _without_escapes(text: str) -> str:
    return _ESCAPE_SEQUENCE.sub(_character_of_escape, text)


def _character_of_escape(match: Match[str]) -> str:
    sequence = match.group(1)
    if len(sequence) > 1:
        return chr(int(sequence[1:], 16))
    return _ESCAPED_CONTROLS.get(sequence, sequence)


def _without_entities(text: str) -> str:
    return _ENTITY.sub(_character_of_entity, _LINE_BREAK_TAG.sub("\n", text))


def _character_of_entity(match: Match[str]) -> str:
    name = match.group(1)
    if not name.startswith("#"):
        return _ENTITIES[name]
    number = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    return chr(number) if number <= 0x10FFFF else match.group(0)


def _with_plain_characters(text: str) -> str:
    return text.translate(_TYPOGRAPHY)


def _joined(text: str) -> str:
    return _SPLIT_LITERAL.sub("", text)


def _without_marks(text: str) -> str:
    return _LINE_MARK.sub("", _with_plain_characters(text))


def _without_prefixes(text: str) -> str:
    """Return text without what precedes the method, and as much of each other line."""
    match = _PREFIX.search(text)
    if match is None:
        return text
    length = len(match.group(1))
    return "\n".join(line[length:] for line in text.split("\n"))


def _without_times(text: str) -> str:
    return _TIME_MARK.sub("", text)


def _unwrapped(text: str) -> str:
    """Return text without real line ends if its own line ends are escaped."""
    if _ESCAPED_LINE_END.search(text) is None:
        return text
    return text.replace("\r", "").replace("\n", "")


def _without_percent(text: str) -> str:
    return _PERCENT_ENCODED.sub(
        lambda match: bytes.fromhex(match.group().replace("%", "")).decode("utf-8", "replace"),
        text,
    )


def _without_form(text: str) -> str:
    """Return text as before it became the value of a form, in which + is a space."""
    is_form = "%20" not in text and _PERCENT_ENCODED.search(text)
    return _without_percent(text.replace("+", " ")) if is_form else text


def _without_quoted_printable(text: str) -> str:
    """Return text as before a mail program has encoded it."""
    return _QUOTED_PRINTABLE.sub(
        lambda match: bytes.fromhex(match.group().replace("=", "")).decode("utf-8", "replace"),
        _SOFT_LINE_END.sub("", text),
    )


def _without_base64(text: str) -> str:
    return _BASE64.sub(_text_of_base64, text)


def _text_of_base64(match: Match[str]) -> str:
    digits = match.group().translate(_BASE64_DIGITS)
    try:
        decoded = binascii.a2b_base64(digits + "=" * (-len(digits) % 4)).decode("utf-8-sig")
    except ValueError:
        return match.group()
    return decoded if decoded.isprintable() or "\n" in decoded else match.group()


def _without_octal(text: str) -> str:
    """Return text with the line ends that a system log has escaped."""
    return text.replace("#012", "\n").replace("#011", "\t")


_DECODERS: List[Callable[[str], str]] = [
    _without_escapes,
    _without_entities,
    _unwrapped,
    _without_form,
    _without_percent,
    _without_octal,
    _without_quoted_printable,
    _without_base64,
]
_REPAIRS: List[Callable[[str], str]] = [
    _with_plain_characters,
    _joined,
    _without_marks,
    _without_prefixes,
    _without_times,
]
