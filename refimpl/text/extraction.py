# SPDX-License-Identifier: MIT
"""The interesting part of each JSON value: `choices[0].delta.content`, or a preset. No I/O.

An extraction is a path into a JSON value, or the name of a preset: the paths for a common
container. A path is a list of alternatives separated by `|`, of which the first that leads to a
value counts (CLI-012). Its steps are members by name, `.name` or `["name"]`, and `[index]`, where a
negative index counts from the end.

It rejects invalid paths before anything is read, and events whose data is not JSON.
"""

import json
import re
from typing import Any, Callable, Iterable, Iterator, List, NamedTuple, Tuple, Union

from ..documents.json_format import json_line, parse_json
from ..errors import DocumentError, TextError, UsageError, shown
from .server_sent_events import ServerSentEvent

_STEP = re.compile(r'(\.?)([^\s.\[\]|"]+)|\[(-?[0-9]{1,9})\]|\[("(?:[^"\\]|\\.)*")\]')
Steps = Tuple[Union[str, int], ...]

# The data of an event that ends a stream and is not JSON (TXT-032).
_DONE = "[DONE]"

# Text Generation Inference and DJL Serving mark tokens that are not text, such as </s>, as special.
_OPENAI = ("choices[0].delta.content|choices[0].text", "")
_DJL = ("token.text|outputs[0]", "token.special")
PRESETS = {
    "tgi": ("token.text", "token.special"),
    "djl": _DJL,
    "lmi": _DJL,
    "openai": _OPENAI,
    "vllm": _OPENAI,
    "sglang": _OPENAI,
}


class Extraction(NamedTuple):
    """What to take from each JSON value.

    paths: the alternatives, of which the first that leads to a value counts
    unless: a path to a flag that, if true, means that the value is skipped
    """

    paths: Tuple[Steps, ...]
    unless: Steps


def parse_path(text: str) -> Tuple[Steps, ...]:
    """Return the alternatives of a path, each as its steps (CLI-012).

    Raises UsageError if the path is invalid.
    """
    paths: List[Steps] = []
    steps: List[Union[str, int]] = []
    position = 0
    while position < len(text) or not steps:
        match = _STEP.match(text, position)
        if match is None or (match.group(2) and steps and not match.group(1)):
            raise UsageError(
                "invalid path",
                expected='such as choices[0].delta.content or ["a.b"][-1]|c',
                offset=position,
                actual=text,
                rule="CLI-012",
            )
        _, name, index, quoted = match.groups()
        if name is not None:
            steps.append(name)
        elif index is not None:
            steps.append(int(index))
        else:
            steps.append(_quoted_name(quoted))
        position = match.end()
        if text[position : position + 1] == "|":
            paths.append(tuple(steps))
            steps = []
            position += 1
    return tuple(paths + [tuple(steps)])


def _quoted_name(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        raise UsageError(
            "invalid path", expected="a JSON string between brackets", actual=text, rule="CLI-012"
        ) from None


def value_at(value: Any, steps: Steps) -> Any:
    """Return the value at the end of the steps into a JSON value, or None if they lead nowhere."""
    for step in steps:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        elif isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def parse_extraction(text: str) -> Extraction:
    """Return the extraction for the name of a preset, or for a path.

    Write `.name` for a member that has the name of a preset.
    """
    path, unless = PRESETS.get(text, (text, ""))
    return Extraction(parse_path(path), parse_path(unless)[0] if unless else ())


def extracted(
    values: Iterable[Any], extraction: Extraction, warn: Callable[[str], None]
) -> Iterator[bytes]:
    """Yield the bytes to write for each JSON value.

    A string becomes its text, and any other value becomes a line of JSON. Null or a missing value
    yields nothing (CLI-012).

    warn: called with a message if a value has an `error` and the paths lead nowhere, because
        containers report a failure inside a stream in this way
    """
    for value in values:
        if extraction.unless and value_at(value, extraction.unless) is True:
            continue
        found = _first_found(value, extraction.paths)
        if found is None:
            if isinstance(value, dict) and value.get("error"):
                warn(f"the model's response contains an error: {shown(json.dumps(value['error']))}")
        elif not isinstance(found, str):
            yield json_line(found)
        elif found:
            yield _patched_utf8(found)


def _first_found(value: Any, paths: Iterable[Steps]) -> Any:
    for steps in paths:
        found = value_at(value, steps)
        if found is not None:
            return found
    return None


def _patched_utf8(text: str) -> bytes:
    """Return the text as UTF-8, with U+FFFD for a lone surrogate, which JSON can contain."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")


def values_of_events(events: Iterable[ServerSentEvent]) -> Iterator[Any]:
    """Yield the JSON value in the data of each event, except empty data and `[DONE]`.

    Raises TextError if the data is not JSON.
    """
    for event in events:
        if event.data in ("", _DONE):
            continue
        try:
            yield parse_json(event.data.encode("utf-8"))
        except DocumentError as error:
            raise TextError(
                f"the data of a server-sent event is not JSON: {error.message}",
                kind=error.kind,
                expected=error.expected,
                rule=error.rule,
            ) from None
