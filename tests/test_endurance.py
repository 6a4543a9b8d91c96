# SPDX-License-Identifier: MIT
"""endurance.py in small: calls at once and in sequence, a long stream, cancelled calls; its numbers
are looked at, not timed.
"""

import tracemalloc
from unittest import mock

import pytest

from refimpl.text import extraction
from tests import endurance
from tests.rows import for_each


@pytest.fixture(scope="module")
def feeder():
    with endurance.Feeder() as running:
        yield running


@pytest.mark.slow
def test_five_hundred_calls_at_once_lose_and_mix_nothing(feeder):
    assert endurance.at_once(feeder, 500) == []


@pytest.mark.slow
def test_calls_in_sequence_leave_memory_and_descriptors_flat(feeder):
    (memory, descriptors), (memory_after, descriptors_after) = endurance.in_sequence(feeder, 300)
    assert descriptors_after == descriptors
    assert memory is None or memory_after <= memory + 2048


@pytest.mark.slow
def test_a_long_stream_is_read_in_flat_memory(feeder):
    (memory, memory_after), digest = endurance.long_stream(feeder, 64 << 20)
    assert memory is None or memory_after <= memory + 2048
    assert digest == endurance.hashlib.sha256(b"x" * (64 << 20)).hexdigest()


@pytest.mark.slow
def test_a_waiting_call_is_cancelled_from_another_thread(feeder):
    assert endurance.cancelled(feeder, 20) == ["closed"] * 20


@pytest.mark.slow
def test_the_command_prints_a_line_for_each_part(capsys):
    assert (
        endurance.main(["--at-once", "2", "--calls", "10", "--bytes", "655360", "--cancel", "1"])
        == 0
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "calls at once",
        "long stream",
        "cancelled",
        "calls in sequence",
    ]


@pytest.mark.slow
def test_each_reader_reads_all_bytes(capsys):
    names = ["utf-8", "one line", "one array", "growing document", "bridge text", "decode table"]
    names += ["decode hex", "invoke lines", "invoke one line"]
    options = [option for name in names for option in ("--only", name)]
    assert endurance.main(["--readers", "65536", *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:18].strip() for line in lines] == names


@pytest.mark.slow
@for_each("name", ["openai", "tgi", "anthropic-messages", "lines", "events", "JSON lines"])
def test_a_reader_keeps_nothing_that_it_has_returned(name):
    for _ in endurance.READERS[name](1 << 12):  # imports and compiles what it needs
        pass
    tracemalloc.start()
    try:
        # An extraction keeps its last deltas for an error, up to this limit.
        with mock.patch.object(extraction, "MAX_EXTRACTED", 4096):
            count = sum(1 for _ in endurance.READERS[name](1 << 18))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count > 1000
    assert peak < 300000, peak
