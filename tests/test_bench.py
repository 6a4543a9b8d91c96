# SPDX-License-Identifier: MIT
"""Tests of bench/: it measures correctly, and docs/benchmarks.md shows the committed reports.

No figure is judged here. Rounds rotate and the first one is not counted, a ratio is the median of
the ratios of the rounds, a missing event is an error, every row runs with a hundredth of the work,
and the table in docs/benchmarks.md is the one that bench/table.py makes from bench/results.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import compiling, measure, report, table
from bench.measure import OURS, Result, Row, Spread
from bench.streams import body, frames, pieces, varying_frames
from refimpl.eventstream import Decoder

ROOT = Path(__file__).resolve().parents[1]


def row_of(subjects, speed=True, aims=None):
    return Row("a row", "things/s", measure.per_second, speed, subjects, aims or {})


# ---- measure -----------------------------------------------------------------------------------


def test_spread():
    assert measure.spread([3.0]) == Spread(3.0, 3.0, 3.0)
    assert measure.spread([1.0, 2.0, 3.0, 4.0, 5.0]) == Spread(3.0, 2.0, 4.0)


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds():
    costs = {OURS: [1.0, 2.0, 10.0], "theirs": [2.0, 4.0, 10.0]}
    # Here the ratio of the medians is 2.0 as well; below it is not.
    assert Result(row_of({}), costs).ratios("theirs").median == 2.0
    costs = {OURS: [1.0, 4.0, 10.0], "theirs": [5.0, 4.0, 1.0]}
    assert Result(row_of({}), costs).ratios("theirs").median == 1.0
    assert Result(row_of({}, speed=False), costs).ratios("theirs").median == 1.0
    costs = {OURS: [1.0, 1.0], "theirs": [4.0, 4.0]}
    assert Result(row_of({}), costs).ratios("theirs").median == 4.0
    assert Result(row_of({}, speed=False), costs).ratios("theirs").median == 0.25


@pytest.mark.parametrize(
    "speed, aim, met",
    [(True, 2, True), (True, 2.1, False), (False, 0.5, True), (False, 0.4, False)],
)
def test_aims_for_speed_and_cost(speed, aim, met):
    result = Result(row_of({}, speed, {"theirs": aim}), {OURS: [1.0], "theirs": [2.0]})
    assert result.met("theirs") is met
    assert ("met" if met else "MISSED") in "\n".join(report.row_lines(result))
    assert ("missed" in "\n".join(report.summary_lines([result]))) is not met


@pytest.mark.slow
def test_rounds_rotate_and_the_first_is_not_counted():
    ran = []

    def subject(name):
        return lambda: ran.append(name) or float(len(ran))

    results = measure.run([row_of({name: subject(name) for name in "abc"})], 3)
    assert "".join(ran) == "abc" + "bca" + "cab" + "abc"
    assert results[0].costs == {"a": [6.0, 8.0, 10.0], "b": [4.0, 9.0, 11.0], "c": [5.0, 7.0, 12.0]}


def test_a_missing_unit_is_an_error():
    assert measure.timed(lambda: 5, 5) > 0
    with pytest.raises(RuntimeError, match="expected 5, got 4"):
        measure.timed(lambda: 4, 5)


def test_repeated(monkeypatch):
    calls = []
    # Each call takes a millisecond.
    monkeypatch.setattr(measure.time, "perf_counter", lambda: len(calls) / 1000)
    assert measure.repeated(lambda: calls.append(1), 0.05) == pytest.approx(0.001)
    assert 50 <= len(calls) < 100


@pytest.mark.parametrize(
    "show, cost, shown",
    [
        (measure.per_second, 1e-6, "1,000,000"),
        (measure.megabytes_per_second(1 << 20), 1e-3, "1,049"),
        (measure.milliseconds, 0.01234, "12.3"),
        (measure.mebibytes, 3.25 * 2**20, "3.2"),
    ],
)
def test_formatted_costs(show, cost, shown):
    assert show(cost) == shown


@pytest.mark.parametrize(
    "value, shown", [(0.5, "0.50"), (9.994, "9.99"), (12.34, "12.3"), (123.4, "123")]
)
def test_ratio_with_three_digits(value, shown):
    assert report.number(value) == shown


# ---- streams -----------------------------------------------------------------------------------


@pytest.mark.parametrize("profile, size", [("a", 64), ("b", 8192)])
def test_profiles(profile, size):
    messages = Decoder().feed(b"".join(frames(profile, 10)))
    assert [len(message.payload) for message in messages] == [size] * 10
    assert len({message.payload for message in messages}) == 8


def test_varying_frames_share_no_header_block():
    messages = Decoder().feed(b"".join(varying_frames(20)))
    assert len({tuple(message.headers) for message in messages}) == 20


def test_chunks_of_a_body():
    data = b"".join(frames("a", 3))
    one_each = body("a-3-frame")
    assert one_each.endswith(b"\r\n0\r\n\r\n") and one_each.count(frames("a", 1)[0]) == 1
    assert (
        one_each
        == b"".join(b"%x\r\n%b\r\n" % (len(frame), frame) for frame in frames("a", 3))
        + b"0\r\n\r\n"
    )
    assert body("a-3-64k") == b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)
    assert b"".join(pieces(data, 7)) == data


# ---- the command -------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_row_runs(tmp_path):
    written = tmp_path / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--json", str(written)],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(written.read_text(encoding="utf-8"))
    titles = [row["title"] for row in found["rows"]]
    assert len(titles) == len(set(titles)) >= 12
    for row in found["rows"]:
        assert row["subjects"][OURS]["costs"] and row["subjects"][OURS]["costs"][0] > 0
        assert row["title"] in done.stdout.decode()
    assert "figures are meaningless" in found["rounds"]
    assert table.table([found]).count("\n") >= len(titles) + 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [["--rounds", "0"], ["--only", "nothing"], ["--only", ""], ["--rounds", "x"]]
)
def test_wrong_arguments(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "bench"] + arguments,
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 2


# ---- the page ----------------------------------------------------------------------------------


def test_page_shows_the_committed_reports():
    reports = table.load_reports()
    assert len(reports) >= 2
    assert all(int(found["rounds"].split(";")[0]) >= 11 for found in reports)
    _, inside, _ = table.split_page(table.PAGE.read_text(encoding="utf-8"))
    assert inside == table.table(reports)


def test_a_missed_aim_is_bold():
    def found(met):
        ratios = {
            "theirs": {"median": 1.5, "low": 1, "high": 2, "aim": 2, "met": met},
            "other": {"median": 3, "aim": None, "met": None},
        }
        rows = [
            {
                "title": "t",
                "unit": "u",
                "ratio": "speed",
                "subjects": {OURS: {"shown": "7"}},
                "ratios": ratios,
            }
        ]
        return {
            "python": "CPython 3.13.0, GCC",
            "date": "d",
            "refimpl": "r",
            "rounds": "11; x",
            "implementations": "p",
            "rows": rows,
        }

    assert "| t | 7 u; **1.50 × theirs (aim ≥ 2)**, 3.00 × other |" in table.table([found(False)])
    assert "| t | 7 u; 1.50 × theirs (aim ≥ 2), 3.00 × other |" in table.table([found(True)])
    assert "| t | 7 u; 1.50 × theirs (aim ≥ 2), 3.00 × other | – |" in table.table(
        [found(True), dict(found(True), rows=[])]
    )


# ---- bench/compiling.py ------------------------------------------------------------------------


def test_the_table_of_compiling_and_the_page():
    found = {"CPython 3.6": {"one file": 1_500_000}, "CPython 3.13": {"one file": 2_400_000}}
    assert compiling.table(found).splitlines() == [
        "| | CPython 3.6 | CPython 3.13 |",
        "|---|---:|---:|",
        "| one file | 2 | 2 |",
    ]
    page = table.PAGE.read_text(encoding="utf-8")
    _, inside, _ = table.split_page(page, compiling.MARKS)
    assert inside.startswith("| | CPython 3.") and inside.count("\n") == 10


@pytest.mark.slow
def test_the_subjects_of_compiling_run(tmp_path):
    for subject in compiling.subjects(tmp_path, sys.executable):
        program = f"import sys; sys.path.insert(0, {subject.path!r}); {subject.program}"
        subprocess.check_call([sys.executable, "-S", "-B", "-c", program])
