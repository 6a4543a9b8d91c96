# SPDX-License-Identifier: MIT
"""A second extraction of the model's text, written directly from TXT-050 to TXT-062.

`extract` takes the bytes of a complete text. The paths of the presets and the signs of `auto` come
from the tables of SPEC.md. This module shares no code with refimpl.
"""

import json
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from authoring.plain_json import Rejected, parsed

_SPEC = (Path(__file__).resolve().parents[1] / "SPEC.md").read_text(encoding="utf-8")
Item = Tuple[str, Any]  # value, done, failure, no data, unreadable or truncated; and the value
Paths = List[List[Any]]


class Extracted(NamedTuple):
    """The joined deltas, and what the operation returns with them. error: the kind, or None."""

    deltas: List[Tuple[str, str]]
    finish_reason: Optional[str]
    skipped: int
    complete: bool
    error: Optional[str]


def _rows(block: str) -> List[List[str]]:
    body = _SPEC.partition(f"```worked {block}\n")[2].partition("```")[0]
    return [re.split(" {2,}", line) for line in body.splitlines()]


def path_of(text: str) -> Paths:
    """Return the alternatives of a path (CLI-012), each as names and indexes."""
    steps = re.compile(r'\["([^"]*)"\]|\[(-?[0-9]+)\]|([^.\[\]]+)')
    return [
        [int(index) if index else name or quoted for quoted, index, name in steps.findall(one)]
        for one in text.split("|")
    ]


PRESETS: Dict[str, Dict[str, Paths]] = {}
for _names, _role, _path in _rows("presets"):
    for _name in _names.split(" "):
        PRESETS.setdefault(_name, {})[_role] = path_of(_path)
_TYPES = {"object": dict, "string": str}
SIGNS = [(path_of(path)[0], _TYPES[kind], name) for path, kind, name in _rows("recognition")]


def _at(value: Any, steps: List[Any]) -> Any:
    for step in steps:
        try:
            value = value[step] if isinstance(value, (dict, list)) else None
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _first(value: Any, paths: Paths) -> Any:
    return next((_at(value, path) for path in paths if _at(value, path) is not None), None)


# ---- the items of a text -------------------------------------------------------------------------


def is_events(text: str, content_type: str) -> bool:
    """Return whether a text consists of server-sent events (TXT-061)."""
    start = text.lstrip("\r\n")
    if re.match("(data|event|id|retry)?:|(data|event|id|retry)[\r\n]", start):
        return True
    return content_type == "text/event-stream" and not re.match(r"[ \t\r\n]*[\[{]", start)


def _of_data(text: str, lost: bool = False) -> Iterator[Item]:
    """Yield the items of an event's data (TXT-052, TXT-063).

    lost: for a line without a field name (TXT-051)
    """
    text = text.strip(" \t\r\n")
    marker = re.search(r"\[[ \t]*DONE[ \t]*\]\Z", text)
    if marker:
        text = text[: marker.start()].rstrip(" \t\r\n")
    if text:
        items = [_parsed(text)]
        if items[0][0] == "unreadable" and not lost:
            several = list(_value_items(text, elements=False))
            if len(several) > 1 and {kind for kind, _ in several} <= {"value", "done"}:
                items = several
        yield from items
    if marker:
        yield "done", None


def _parsed(text: str) -> Item:
    try:
        return "value", parsed(text, lenient=True)
    except Rejected:
        return "unreadable", None


def _event_items(text: str) -> Iterator[Item]:
    kind, data, rest = "", [], text.rstrip("\0")
    half_a_name = re.search("(?:^|\\n\\n)(?:d|da|dat|e|ev|eve|even|i|r|re|ret|retr)\\Z", rest)
    if half_a_name:  # TXT-031
        rest = text = rest[: half_a_name.start()]
    for line in re.split("\r\n|\r|\n", rest) + [""]:
        name, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif line and name not in ("", "id", "retry"):
            yield from _of_data(line, lost=True)
        elif not line:
            if data and kind == "error":
                yield "failure", None
            elif data:
                yield from _of_data("\n".join(data))
            elif kind == "error":
                yield "failure", None
            elif kind:
                yield "no data", None
            kind, data = "", []
    if rest != text:
        yield "unreadable", None
    if half_a_name:
        yield "truncated", None


def _value_items(text: str, elements: bool) -> Iterator[Item]:
    position, event, open_arrays = 0, "", 0
    has_skipped = False  # maybe also brackets
    space = re.compile(r"[ \t\r\n,]*" if elements else r"[ \t\r\n]*")
    while True:
        position = space.match(text, position).end()  # type: ignore[union-attr]
        if position == len(text):
            if event == "error":
                yield "failure", None
            if open_arrays and not has_skipped:
                yield "truncated", None
            return
        field = re.compile("(data|event|id|retry|):").match(text, position)
        marker = re.compile(r"\[[ \t]*DONE[ \t]*\]").match(text, position)
        array = re.compile(r"\[[ \t\r\n]*(?=\{)").match(text, position)
        if marker:
            yield "done", None
            position = marker.end()
        elif elements and array:
            position, open_arrays = array.end(), open_arrays + 1
        elif open_arrays and text[position] == "]":
            position, open_arrays = position + 1, open_arrays - 1
        elif field:
            position = field.end()
            if field.group(1) != "data":
                line = text[position:].partition("\n")[0]
                value = re.sub(r"\A |\r\Z", "", line)
                event = value if field.group(1) == "event" else event
                position += len(line)
        elif text[position] in '{["':
            end = _end_of(text, position)
            if end is None:
                yield from _unfinished(text[position:])
                return
            yield ("failure", None) if event == "error" else _parsed(text[position:end])
            position, event = end, ""
        else:
            word = re.compile(r'[^ \t\r\n\[\]{}",:]+').match(text, position)
            item = _parsed(word.group()) if word else ("unreadable", None)
            yield ("failure", None) if event == "error" else item
            has_skipped, event = has_skipped or item[0] == "unreadable", ""
            if word and item[0] == "value":
                position = word.end()
            else:  # TXT-070
                is_binary = text[position] < " " or text[position] in "\udcfe\udcff"
                end_of_it = re.compile(r"\n|\Z" if is_binary else r"[{\[\n]|\Z")
                position = end_of_it.search(text, position + 1).start()  # type: ignore[union-attr]


def _unfinished(text: str) -> Iterator[Item]:
    """Yield the items of a text without the end of its first value: each line alone (TXT-050)."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        is_open = line.startswith(("{", "[", '"')) and _end_of(line, 0) is None
        if index == len(lines) - 1 and is_open:
            yield "truncated", line
            return
        yield from _of_data(line, lost=True)


def _text_so_far(text: str, path: List[Any]) -> str:
    """Return the part of the string at the path that has arrived, if the text ends inside it."""
    complete, closing, in_string = "", "", False
    # An escape that has not arrived; before it, each backslash has its other half.
    text = re.sub(r"(?<!\\)((?:\\\\)*)\\(?:u[0-9A-Fa-f]{0,3})?\Z", r"\1", text)
    for match in re.finditer(r"\\u[0-9A-Fa-f]{4}|\\[^u]|[^\\]", text, re.DOTALL):
        mark = match.group()
        complete += mark
        if mark == '"':
            in_string = not in_string
        elif not in_string and mark in "[{":
            closing = {"[": "]", "{": "}"}[mark] + closing
        elif not in_string and mark in "]}":
            closing = closing[1:]
    if not in_string:
        return ""
    found = _at(json.loads(complete + '"' + closing, strict=False), path)
    return found if isinstance(found, str) else ""


def _end_of(text: str, start: int) -> Optional[int]:
    depth, position = 0, start
    for match in re.finditer(r'"(?:[^"\\]|\\.)*("?)|[\[{]|[\]}]', text[start:], re.DOTALL):
        mark = match.group()
        if mark[0] == '"' and not match.group(1):
            return None
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark[0], 0)
        position = start + match.end()
        if depth <= 0:
            return position
    return None


# ---- what they say -------------------------------------------------------------------------------


def _fails(value: Any) -> bool:
    """TXT-053"""
    if not isinstance(value, dict):
        return False
    error, code = value.get("error"), value.get("code")
    reasons = (
        "choices[0].finish_reason|details.finish_reason|finish_reason|stop_reason"
        "|delta.stop_reason|messageStop.stopReason|meta_info.finish_reason.type"
    )
    return (
        error not in (None, False, 0, [], {})
        or "error" in (value.get("object"), value.get("type"))
        or any(value.get(name) not in (None, False, 0, "", [], {}) for name in _CODES)
        or (type(code) is int and code >= 400 and ("message" in value or "type" in value))
        or (len(value) == 1 and [*value][0].endswith("Exception"))
        or _first(value, path_of(reasons)) in ("error", "abort")
    )


def _fails_alone(value: Any) -> bool:
    """TXT-064"""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    [(name, content)] = value.items()
    if name in ("message", "Message", "errorMessage", "error_message"):
        return isinstance(content, str) and content != ""
    return name in ("detail", "errors") and content and isinstance(content, (str, list, dict))


_CODES = ("ErrorCode", "errorCode", "error_code", "__type")


def extract(
    data: bytes, preset: str = "", path: str = "", channel: str = "text", content_type: str = ""
) -> Extracted:
    """Return what the model wrote in a complete text."""
    text = re.sub("\\A\ufeff", "", data.decode("utf-8", "surrogateescape"))  # TXT-021
    paths = PRESETS.get(preset) or {"text": path_of(path)}
    elements = preset == "auto" or isinstance(paths["text"][0][0], str)
    items = _event_items(text) if is_events(text, content_type) else _value_items(text, elements)
    known = preset != "auto"
    pieces: List[Tuple[str, str]] = []
    reason: Optional[str] = None
    skipped = unreadable = 0
    ended, marked, error = False, False, None
    elements_read: List[Any] = []
    for kind, value in items:
        quoted = kind == "value" and isinstance(value, str)
        if kind == "done" or (quoted and re.fullmatch(r"\s*\[[ \t]*DONE[ \t]*\]\s*", value)):
            ended = True
        elif ended and kind != "no data":
            skipped += 1
            inner = value if isinstance(value, list) and elements else [value]
            if kind == "failure" or (kind == "value" and any(_fails(one) for one in inner)):
                error = "container"
        elif kind in ("unreadable", "no data"):
            skipped += 1
            unreadable += kind == "unreadable"
        elif kind in ("failure", "truncated"):
            error = "container" if kind == "failure" else "truncated"
            growing = [["generated_text"]] if preset == "auto" else paths["text"]
            if value and len(growing) == 1:
                pieces.append(("text", _text_so_far(value, growing[0])))
        else:
            for one in value if isinstance(value, list) and elements else [value]:
                elements_read.append(one)
                if not known:
                    names = [n for sign, type_, n in SIGNS if isinstance(_at(one, sign), type_)]
                    known, preset = bool(names), names[0] if names else preset
                    paths = PRESETS.get(preset, paths)
                if known:
                    found, new_reason, has_end, unknown = _piece_of(one, paths, channel, not path)
                    skipped += unknown
                    pieces += found
                    reason, marked = new_reason or reason, marked or has_end
                if _fails(one):
                    error = "container"
                    break
        if error:
            break
    alone = elements_read[0] if len(elements_read) == 1 and not error else None
    has_text = known and _first(alone, paths.get("text", [])) is not None
    if _fails_alone(alone) and not has_text:
        error = "container"
    needs_end = preset not in ("", "auto", "generated-text")
    complete = not error and not unreadable and (known or not elements_read)
    complete = complete and (not needs_end or ended or marked or reason is not None)
    return Extracted(_joined(pieces), reason, skipped, complete, error)


def _piece_of(
    value: Any, paths: Dict[str, Paths], wanted: str, by_preset: bool
) -> Tuple[List[Tuple[str, str]], Optional[str], bool, int]:
    choice = _first(value, paths.get("choice", []))
    if type(choice) in (int, float) and choice != 0:
        return [], None, False, 0
    reason = _first(value, paths.get("finish", []))
    reason = reason if isinstance(reason, str) and reason else None
    has_end = _first(value, paths.get("end", [])) is not None
    pieces, unknown = [], 0
    for channel in ("reasoning", "text", "tools"):
        found = _first(value, paths.get(channel, []))
        if found is None or _first(value, paths.get("unless", [])) is True:
            continue
        if channel == "text" and by_preset and _has_types(found):
            for part in found:
                its_channel = _CHANNEL_OF_TYPE.get("" if isinstance(part, str) else part["type"])
                unknown += its_channel is None
                if its_channel is not None and wanted in (its_channel, "all"):
                    is_tool = its_channel == "tools"
                    line = json.dumps(part, separators=(",", ":")) + "\n"
                    pieces.append((its_channel, line if is_tool else _part_text(part)))
            continue
        if wanted not in (channel, "all") or (channel != "text" and found in ("", [], {})):
            continue
        if not isinstance(found, str):
            found = json.dumps(found, separators=(",", ":")) + "\n"
        pieces.append((channel, found))
    return pieces, reason, has_end, unknown


# TXT-068
_CHANNEL_OF_TYPE = {
    **dict.fromkeys(("", "text", "output_text", "refusal"), "text"),
    **dict.fromkeys(("thinking", "reasoning"), "reasoning"),
    **dict.fromkeys(("tool_use", "tool_calls"), "tools"),
}


def _has_types(found: Any) -> bool:
    return isinstance(found, list) and all(
        isinstance(one, str) or (isinstance(one, dict) and isinstance(one.get("type"), str))
        for one in found
    )


def _part_text(part: Any) -> str:
    if isinstance(part, dict):
        part = _first(part, [["text"], ["refusal"], ["thinking"], ["reasoning"]])
    if isinstance(part, list):
        return "".join(_part_text(inner) for inner in part)
    return part if isinstance(part, str) else ""


def _joined(pieces: List[Tuple[str, str]]) -> List[Tuple[str, str]]:
    """Join the halves of surrogate pairs (TXT-055) and the adjacent pieces of a channel."""
    held: Dict[str, str] = {}
    joined: List[Tuple[str, str]] = []
    flush = [(channel, "\ufffd") for channel in ("reasoning", "text", "tools")]
    for index, (channel, text) in enumerate(pieces + flush):
        last = index >= len(pieces)
        text = held.pop(channel, "") + ("" if last else text)
        if not last and re.search("[\ud800-\udbff]\\Z", text):
            held[channel], text = text[-1], text[:-1]
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if text and joined and joined[-1][0] == channel:
            joined[-1] = (channel, joined[-1][1] + text)
        elif text:
            joined.append((channel, text))
    return joined
