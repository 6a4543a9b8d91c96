# SPDX-License-Identifier: MIT
"""fuzz.py itself: every target runs, the same seed makes the same inputs, and a planted fault is
found, shrunk and saved.
"""

import subprocess
import sys

import hypothesis
import pytest

from tests.without_hypothesis import REASON

if not hasattr(hypothesis, "__version__"):
    pytest.skip(REASON, allow_module_level=True)

from tests import fuzz  # noqa: E402 - it needs hypothesis


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(fuzz.TARGETS))
def test_every_target_holds_on_a_few_inputs(name):
    assert fuzz.run_batch(name, 7, examples=25) >= 1


@pytest.mark.slow
def test_the_same_seed_makes_the_same_inputs(monkeypatch):
    seen = []
    monkeypatch.setitem(fuzz.TARGETS, "probe", (fuzz.TARGETS["decoder"][0], seen.append))
    fuzz.run_batch("probe", 3, examples=20)
    first, seen[:] = list(seen), []
    fuzz.run_batch("probe", 3, examples=20)
    assert seen == first and len(first) >= 20


@pytest.mark.slow
def test_a_fault_is_found_shrunk_and_saved(monkeypatch, tmp_path, capsys):
    def check(value):
        _, mutations, _ = value
        assert not any(kind == "insert" and amount > 200 for kind, _, amount in mutations), (
            "planted"
        )

    monkeypatch.setattr(fuzz, "read_corpus", dict)
    monkeypatch.setitem(fuzz.TARGETS, "decoder", (fuzz.TARGETS["decoder"][0], check))
    assert (
        fuzz.main(
            ["--seconds", "30", "--seed", "1", "--target", "decoder", "--save", str(tmp_path)]
        )
        == 1
    )
    (saved,) = tmp_path.iterdir()
    assert "planted" in capsys.readouterr().out
    assert (
        "('insert', 0, 201)" in saved.read_text() and "TARGETS['decoder'][1](" in saved.read_text()
    )


@pytest.mark.slow
def test_a_saved_input_is_a_program(tmp_path):
    finding = fuzz.Finding("decoder", ([b"one"], [], [3]), AssertionError("x"))
    path = tmp_path / "again.py"
    path.write_text(finding.source())
    run = subprocess.run(
        [sys.executable, str(path)],
        cwd=fuzz.os.getcwd(),
        env=dict(fuzz.os.environ, PYTHONPATH="."),
        timeout=60,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.slow
def test_a_quiet_run_says_how_much_it_did(capsys):
    assert fuzz.main(["--seconds", "0", "--seed", "1", "--target", "http"]) == 0
    assert "seed 1, " in capsys.readouterr().out


@pytest.mark.slow
def test_every_target_has_a_corpus_whose_inputs_pass():
    corpus = fuzz.read_corpus()
    assert set(corpus) <= set(fuzz.TARGETS) and len(corpus) >= len(fuzz.TARGETS) - 2
    for name, inputs in corpus.items():
        assert fuzz.check_corpus(name) == len(inputs) > 0


@pytest.mark.slow
def test_the_corpus_seeds_the_inputs(monkeypatch):
    seen = []
    monkeypatch.setattr(fuzz, "read_corpus", lambda: {"http": [([], b"a seed that nobody draws")]})
    monkeypatch.setitem(fuzz.TARGETS, "http", (fuzz.TARGETS["http"][0], seen.append))
    fuzz.run_batch("http", 3, examples=300)
    seed = b"a seed that nobody draws"
    assert ([], seed) in seen
    assert any(data != seed and (b"seed" in data or b"nobody" in data) for _, data in seen)


def test_a_failing_input_of_the_corpus_is_found(monkeypatch, tmp_path, capsys):
    def check(value):
        assert b"bad" not in value[1], "planted"

    monkeypatch.setattr(fuzz, "read_corpus", lambda: {"http": [([], b"bad")]})
    monkeypatch.setitem(fuzz.TARGETS, "http", (fuzz.TARGETS["http"][0], check))
    arguments = ["--seconds", "0", "--seed", "1", "--target", "http", "--save", str(tmp_path)]
    assert fuzz.main(arguments) == 1 and "planted" in capsys.readouterr().out
