# SPDX-License-Identifier: MIT
"""Where each result of a stream ends, and where a stream is rejected: `offsets` of a case.

`results` has one offset for each expected result: the number of bytes after which a reader can and
must return it. `refusal` is the same for the error. An offset is a number, [earliest, latest] if
the rules leave a choice, or null for the end of the input. Without `refusal` any time is right.

This module reads the bytes from left to right and shares no code with refimpl.
"""

import codecs
import re
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

from authoring import plain_eventstream
from authoring.plain_extraction import extract, is_events
from conformance.cases.case import case_of
from conformance.cases.questions import questions_of
from conformance.protocol.messages import to_bytes

Offset = Union[None, int, List[Optional[int]]]
Json = Dict[str, Any]

RESULTS = {
    "eventstream.decode": "messages",
    "http.response": "events",
    "text.lines": "lines",
    "text.sse": "events",
    "json.values": "values",
    "text.extract": "deltas",
}
LONGEST, BLOCK = 32 * 1024 * 1024, 1048576  # of a frame and of its headers, in bytes
_PRELUDE = ("prelude_crc", "length", "limit")
_MODELLED = ("PayloadPart", "ModelStreamError", "InternalStreamFailure")
_UNKNOWN = object()  # the offset is not known


def offsets_of(case: Json) -> Json:
    """Return the offsets of a case, or nothing if its results are not read from a stream."""
    expect = case["expect"]
    if case["op"] not in RESULTS:
        return {}
    results = expect.get("output", {}).get(RESULTS[case["op"]])
    if results is None:
        return {}
    [question, *_] = questions_of(case_of(_whole(case), ""))
    pieces = question.input.get("chunks") or question.input.get("parts") or ()
    data = b"".join(map(to_bytes, pieces))
    if case["op"] == "text.extract":
        return _offsets_of_deltas(data, case)
    ends, refusal = _READERS[case["op"]](data, expect, len(results))
    if len(ends) < len(results):
        return {}
    found: Json = {"results": ends[: len(results)]}
    if expect["status"] == "reject" and refusal is not _UNKNOWN:
        found["refusal"] = refusal
    return found


def _whole(case: Json) -> Json:
    """Return the case without its other chunkings, which all have the same bytes."""
    case = dict(case, why="", since="", source="")
    return dict(case, chunking=["whole"]) if "chunking" in case else case


def _kinds(expect: Json) -> Sequence[str]:
    kind = expect.get("kind", ())
    return [kind] if isinstance(kind, str) else kind


# ---- frames ------------------------------------------------------------------------------------


def _frames(data: bytes) -> Tuple[List[Tuple[int, Json]], Any, str]:
    """Return the end and content of each frame, and the offset and kind of the first error."""
    found: List[Tuple[int, Json]] = []
    start = 0
    while start < len(data):
        total = int.from_bytes(data[start : start + 4], "big")
        try:
            message, _ = plain_eventstream.first_message(data[start : start + max(total, 12)])
        except plain_eventstream.StreamError as error:
            kind = str(error)
            if kind == "truncated":
                return found, None, kind
            headers = int.from_bytes(data[start + 4 : start + 8], "big")
            is_early = kind in _PRELUDE and (kind != "limit" or total > LONGEST or headers > BLOCK)
            return found, start + (12 if is_early else total), kind
        start += total
        found.append((start, message))
    return found, _UNKNOWN, ""


def _decoded(data: bytes, expect: Json, count: int) -> Tuple[List[Any], Any]:
    found, refusal, kind = _frames(data)
    if kind not in _kinds(expect):
        refusal = _UNKNOWN
    return [end for end, _ in found], refusal


def _events(data: bytes, expect: Json, count: int) -> Tuple[List[Any], Any]:
    found, refusal, kind = _frames(data)
    ends: List[Any] = []
    for end, message in found:
        headers = {header["name"]: header["value"] for header in message["headers"]}
        kind_of_message = headers.get(":message-type"), headers.get(":event-type")
        if kind_of_message == ("event", "PayloadPart"):
            ends.append(end)
        elif kind_of_message[0] != "event" or kind_of_message[1] in (None, *_MODELLED):
            return ends, end if len(ends) == count else _UNKNOWN
    # The body may also be rejected because of its status, its type or its framing.
    return ends, refusal if kind in _kinds(expect) and kind != "truncated" else _UNKNOWN


# ---- text --------------------------------------------------------------------------------------


def _refusal_of_text(data: bytes, expect: Json) -> Any:
    """Return the offset of invalid UTF-8, or null if the end of the text is the error."""
    if "truncated" in _kinds(expect):
        return None
    if "utf8" not in _kinds(expect):
        return _UNKNOWN
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
        return None
    except UnicodeDecodeError as error:
        start = error.start
    earliest = start + 1
    while _can_become_text(data[start:earliest]):
        earliest += 1
    # A reader may decode a line at a time.
    line_end = data.find(b"\n", earliest - 1)
    return [earliest, line_end + 1 if line_end >= 0 else None]


def _can_become_text(data: bytes) -> bool:
    """Return whether more bytes could make the beginning of a character valid.

    Python's incremental decoder waits for the third byte of an encoded surrogate, although the
    second one already makes it invalid.
    """
    for rest in (b"", b"\x80", b"\x80\x80", b"\x80\x80\x80", b"\x90\x80\x80", b"\xa0\x80"):
        try:
            (data + rest).decode("utf-8")
            return True
        except UnicodeDecodeError:
            continue
    return False


def _lines(data: bytes, expect: Json, count: int) -> Tuple[List[Any], Any]:
    ends: List[Any] = [match.end() for match in re.finditer(b"\n", data)]
    return ends + [None], _refusal_of_text(data, expect)


def _sse(data: bytes, expect: Json, count: int) -> Tuple[List[Any], Any]:
    ends: List[Any] = []
    has_data = False
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    for match in re.finditer(b"\r\n|\r|\n", data):
        line = data[start : match.start()]
        if not line and match.start() >= start:
            if has_data:
                # At CR LF, a reader may already end the line at the CR.
                both = len(match.group()) == 2
                ends.append([match.end() - 1, match.end()] if both else match.end())
            has_data = False
        elif line == b"data" or line.startswith(b"data:"):
            has_data = True
        start = match.end()
    refusal = _refusal_of_text(data, expect)
    # A reader may decode an event at a time.
    return ends + [None], [refusal[0], None] if isinstance(refusal, list) else refusal


_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]|[^\s\[\]{}",:]+|[,:]|[ \t\r\n]+', re.DOTALL)


def _values(data: bytes, expect: Json, count: int) -> Tuple[List[Any], Any]:
    ends: List[Any] = []
    depth = 0
    for match in _TOKEN.finditer(data):
        first, end = match.group()[:1], match.end()
        if first in b"[{":
            depth += 1
        elif first in b"]}":
            depth -= 1
            if depth == 0:
                ends.append(end)
        elif depth == 0 and first == b'"':
            ends.append(end)
        elif depth == 0 and first not in b" \t\r\n,:":
            # The last byte of a number shows its end only together with the next byte.
            ends.append([end, end + 1 if end < len(data) else None])
    return ends, _refusal_of_text(data, expect)


# ---- the model's text --------------------------------------------------------------------------


def _offsets_of_deltas(data: bytes, case: Json) -> Json:
    """Return where the last character of each expected delta arrives (TXT-067).

    A reader may return characters as they arrive, and must return them with their value or event.
    """
    given = case["input"]
    [question, *_] = questions_of(case_of(dict(case, why="", since="", source=""), ""))
    deltas = [(one["channel"], one["text"]) for one in question.expect["output"]["deltas"]]
    names = ("preset", "path", "channel", "content_type")
    options = {name: given[name] for name in names if name in given}

    def has(count: int, end: int) -> bool:
        return extract(data[:end], **options).deltas[:count] == deltas[:count]

    ends = _ends_of_values(data, given.get("content_type", ""))
    # Half a surrogate pair may find its other half until the end, and where an unreadable value
    # ends is for the reader to decide.
    is_open = "\ufffd" in "".join(text for _, text in deltas) or case["expect"]["output"]["skipped"]
    found: List[Offset] = []
    for count in range(1, len(deltas) + 1):
        latest = None if is_open else _first_that(ends, count, has)
        # The last character is in the value or event that ends there.
        before = [end for end in ends if end < (latest or 0)]
        found.append([before[-1] + 1 if before else 1, latest])
    return {"results": found} if found else {}


def _ends_of_values(data: bytes, content_type: str) -> List[int]:
    """Return the ends of all values, or of all events."""
    if not is_events(data.decode("utf-8", "surrogateescape"), content_type):
        ends = _values(data, {}, 0)[0]
        upper = [end[1] if isinstance(end, list) else end for end in ends]
        return [end for end in upper if end is not None]
    return [match.end() for match in re.finditer(b"(?:\r\n|\r|\n)(?:\r\n|\r|\n)", data)]


def _first_that(
    offsets: Sequence[int], count: int, holds: Callable[[int, int], bool]
) -> Optional[int]:
    """Return the first offset for which a condition holds, which also holds for all later ones."""
    low, high = 0, len(offsets)
    while low < high:
        middle = (low + high) // 2
        if holds(count, offsets[middle]):
            high = middle
        else:
            low = middle + 1
    return offsets[low] if low < len(offsets) else None


_READERS = {
    "eventstream.decode": _decoded,
    "http.response": _events,
    "text.lines": _lines,
    "text.sse": _sse,
    "json.values": _values,
}
