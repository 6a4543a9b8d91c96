# SPDX-License-Identifier: MIT
"""When an implementation handed over its results: `after` and `refused_after` of an output.

`after` has, for each result, the number of chunks that had been given when it was handed over; one
more than there are chunks stands for the end. A case says after how many bytes each result is
complete, so the right number follows for every split. A later number is a failure. An earlier one
is impossible, so the adapter is broken.
"""

import base64
from bisect import bisect_left
from itertools import accumulate
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Union

from conformance.cases.questions import Question

AFTER, REFUSED_AFTER = "after", "refused_after"


class Late(NamedTuple):
    """A result that was handed over too late."""

    stage: str
    expected: int
    actual: int


class Impossible(Exception):
    """The numbers are out of form, or a result precedes its bytes."""


class Clock:
    """The numbers of chunks that stand for the offsets of a case in one of its requests."""

    def __init__(self, question: Question) -> None:
        given: Mapping[str, Any] = question.input
        pieces = given.get("chunks") or given.get("parts") or ()
        sizes = [len(base64.b64decode(piece)) for piece in pieces]
        self.end = len(sizes) + 1
        self._totals = list(accumulate(sizes))
        offsets: Mapping[str, Any] = question.case.offsets
        self.results: List[Any] = list(offsets.get("results") or ())
        if question.chunking == "trailing":
            self.results.append(self._totals[-1])
        self.has_refusal = "refusal" in offsets
        self.refusal = offsets.get("refusal")

    def range_of(self, offset: Union[None, int, Sequence[Optional[int]]]) -> List[int]:
        """Return the first and the last right number for an offset."""
        if offset is None or isinstance(offset, int):
            return [self._chunk_of(offset)] * 2
        return [self._chunk_of(bound) for bound in offset]

    def _chunk_of(self, offset: Optional[int]) -> int:
        return self.end if offset is None else bisect_left(self._totals, offset) + 1


def has_timing(question: Question) -> bool:
    """Return whether a case says when its results are complete."""
    return bool(question.case.offsets)


def late_result(question: Question, output: Mapping[str, Any], results: int) -> Optional[Late]:
    """Return the first result, or the error, that came too late. Raises Impossible.

    output: of the answer; results: how many it has
    """
    clock = Clock(question)
    after = output.get(AFTER)
    if after is not None:
        numbers = _numbers(after, clock.end, results)
        for index, (number, offset) in enumerate(zip(numbers, clock.results)):
            late = _late(f"{AFTER}[{index}]", number, clock.range_of(offset))
            if late is not None:
                return late
    refused = output.get(REFUSED_AFTER)
    if refused is None:
        return None
    if type(refused) is not int or not 0 <= refused <= clock.end:
        raise Impossible(f"output.{REFUSED_AFTER}: expected 0 to {clock.end}, got {refused}")
    if after and refused < after[-1]:
        raise Impossible(f"output.{REFUSED_AFTER}: {refused}, but the last result has {after[-1]}")
    if not clock.has_refusal:
        return None
    # Earlier is possible: a length below 16 can be refused before its checksum has arrived.
    latest = clock.range_of(clock.refusal)[1]
    return Late(REFUSED_AFTER, latest, refused) if refused > latest else None


def with_joined_deltas(output: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an output of text.extract with one number for all adjacent deltas of a channel.

    It is that of the last one, because a case expects these deltas as one. Raises Impossible.
    """
    after, deltas = output.get(AFTER), output.get("deltas")
    if not isinstance(after, list) or not isinstance(deltas, list):
        return output
    if len(after) != len(deltas):
        raise Impossible(f"output.{AFTER}: {len(after)} numbers for {len(deltas)} results")
    joined: List[Any] = []
    channel = None
    for number, delta in zip(after, deltas):
        if not delta["text"]:
            continue
        if joined and delta["channel"] == channel:
            joined.pop()
        joined.append(number)
        channel = delta["channel"]
    return dict(output, **{AFTER: joined})


def _numbers(after: Any, end: int, results: int) -> List[int]:
    if not isinstance(after, list) or not all(type(number) is int for number in after):
        raise Impossible(f"output.{AFTER}: expected a list of integers")
    if len(after) != results:
        raise Impossible(f"output.{AFTER}: {len(after)} numbers for {results} results")
    if any(not 0 <= number <= end for number in after) or sorted(after) != after:
        raise Impossible(f"output.{AFTER}: expected rising numbers from 0 to {end}, got {after}")
    return after


def _late(stage: str, number: int, bounds: Sequence[int]) -> Optional[Late]:
    earliest, latest = bounds
    if number < earliest:
        raise Impossible(
            f"output.{stage}: {number} chunks do not contain it (expected at least {earliest})"
        )
    return Late(stage, latest, number) if number > latest else None
