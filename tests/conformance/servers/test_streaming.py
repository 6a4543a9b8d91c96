# SPDX-License-Identifier: MIT
"""Tests of conformance/servers/streaming.py: the times of frames, and streams that break a rule."""

import pytest

from conformance.endpoint.scenarios.build import part
from conformance.servers.streaming import arrivals, parts_arrive_at_once, parts_have_a_type
from conformance.servers.verdicts import Broken, Departs
from tests.conformance.servers.subjects import received, served, subject_at

ONE, TWO = part(b"one"), part(b"two")


def test_a_frame_arrives_with_its_last_byte() -> None:
    both = ONE + TWO
    pieces = ((1.0, both[:10]), (2.0, both[10 : len(ONE) + 1]), (3.0, both[len(ONE) + 1 :]))
    assert arrivals(received(pieces=pieces)) == [2.0, 3.0]
    assert arrivals(received(pieces=((1.0, both),))) == [1.0, 1.0]
    with pytest.raises(Broken, match="valid frames"):
        arrivals(received(200, b"\xff" * 40))


def test_a_stream_of_one_part_shows_no_time() -> None:
    with served() as endpoint:
        endpoint.on("streams", b"one")
        with pytest.raises(Broken, match=r"parts \(expected two or more, got 1\)"):
            parts_arrive_at_once(subject_at(endpoint.url))


def test_a_part_without_a_type_is_a_departure() -> None:
    from conformance.endpoint.scenarios import scenario_named
    from conformance.servers.subject import Names

    assert scenario_named("part-without-type")
    with served() as endpoint, pytest.raises(Departs, match="frame 1: :content-type"):
        parts_have_a_type(subject_at(endpoint.url, Names("part-without-type")))
