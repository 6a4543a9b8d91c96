# SPDX-License-Identifier: MIT
"""Paths into JSON values, such as `choices[0].delta.content`. No I/O.

A path is a list of alternatives separated by `|`, of which the first that leads to a value counts
(CLI-012). The steps of an alternative are members by name, `.name` or `["name"]`, and `[index]`,
where a negative index counts from the end.

It rejects invalid paths.
"""

import json
import re
from typing import Any, Iterable, List, Tuple, Union

from ..errors import UsageError

_STEP = re.compile(r'(\.?)([^\s.\[\]|"]+)|\[(-?[0-9]{1,9})\]|\[("(?:[^"\\]|\\.)*")\]')
Steps = Tuple[Union[str, int], ...]
Path = Tuple[Steps, ...]


def parse_path(text: str) -> Path:
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


def first_found(value: Any, paths: Iterable[Steps]) -> Any:
    """Return the value at the first of the paths that leads to one other than null, or None."""
    for steps in paths:
        found = value_at(value, steps)
        if found is not None:
            return found
    return None
