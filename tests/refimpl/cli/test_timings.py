# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/timings.py, with a clock that the tests set."""

from refimpl.cli.timings import Timings
from refimpl.shapes import ModelStreamError, PayloadPart


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_timings():
    clock = Clock()
    timings = Timings(clock)

    def events():
        for wait, data in ((0.5, b""), (1.0, b"ab"), (0.25, b"c"), (4.0, b"defg")):
            clock.now += wait
            yield PayloadPart(bytes=data)
        yield ModelStreamError()  # not a part

    seen = []
    for event in timings.timed_events(events(), parts_are_tokens=False):
        seen.append(event)
        if event == PayloadPart(bytes=b"c"):
            assert list(timings.timed_pieces([b"", b"c"])) == [b"", b"c"]
            clock.now += 0.5
            assert list(timings.timed_pieces([b"c"])) == [b"c"]
    clock.now += 1
    assert len(seen) == 5
    assert timings.to_json() == {
        "first_part": 0.5,
        "first_token": 1.75,
        "gap_min": 0.25,
        "gap_median": 1.0,
        "gap_max": 4.5,
        "total": 7.25,
        "parts": 4,
        "bytes": 7,
    }


def test_parts_as_tokens():
    clock = Clock()
    timings = Timings(clock)

    def events():
        clock.now += 1
        yield PayloadPart(bytes=b"")
        clock.now += 1
        yield PayloadPart(bytes=b"x")

    assert len(list(timings.timed_events(events(), parts_are_tokens=True))) == 2
    assert timings.to_json()["first_token"] == 2.0 and timings.to_json()["first_part"] == 1.0


def test_timings_of_nothing():
    clock = Clock()
    timings = Timings(clock)
    clock.now += 1 / 3
    assert timings.to_json() == {
        "first_part": None,
        "first_token": None,
        "gap_min": None,
        "gap_median": None,
        "gap_max": None,
        "total": 0.333333,
        "parts": 0,
        "bytes": 0,
    }
