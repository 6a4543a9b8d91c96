# SPDX-License-Identifier: MIT
"""Tests of conformance/applications: outcomes, processes that hang or die, the committed report."""

import io
import json
import sys
from pathlib import Path
from typing import Any, List

import pytest

from conformance import cli
from conformance.applications import observe as module
from conformance.applications import subjects
from conformance.applications.observe import (
    PAGE,
    SUBJECTS,
    Outcome,
    is_right,
    observe,
    read_report,
    run_applications,
    scenario_names,
    table,
    write_tables,
)
from conformance.endpoint.scenarios.applications import TEXT
from conformance.implementations.installers import Installed
from conformance.implementations.registry import IMPLEMENTATIONS
from conformance.testing import Endpoint
from refimpl.errors import UsageError

ROOT = Path(__file__).resolve().parents[3]

# An application that reads a stream with refimpl and shows its text; some names misbehave.
PROGRAM = f"""
import json, os, sys, time
sys.path.insert(0, {str(ROOT)!r})
import refimpl

def say(**line):
    print(json.dumps(line), flush=True)

print("a line of the application itself")
print("7")
for name in sys.argv[1:]:
    say(begin=name)
    try:
        client = refimpl.Client(read_timeout=5)
        with client.invoke_endpoint_with_response_stream(endpoint_name=name, body=b"") as response:
            for delta in response.extract("lmi", strict_model=True):
                say(text=delta.text)
                if name == "lmi-pings":
                    time.sleep(600)
                if name == "lmi-crlf":
                    os._exit(1)
        say(end=None)
    except refimpl.Error as error:
        say(end=f"{{type(error).__name__}}: {{error}}")
"""


@pytest.mark.slow
def test_outcomes_of_an_application_that_reports_everything(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    names = [f"lmi-{name}" for name in scenario_names("lmi") if name != "stall"]
    with Endpoint() as endpoint:
        found = observe([sys.executable, str(program)], endpoint, names, limit=3.0)
    assert list(found) == names
    assert found.pop("lmi-pings") == Outcome("Grü", "hang")
    assert found.pop("lmi-crlf") == Outcome("Grü", "the process ended")
    # The strictest setting of refimpl also reports skipped events.
    assert found.pop("lmi-skipped-events").text == TEXT
    for name, outcome in found.items():
        assert is_right(name.partition("-")[2], outcome.word), (name, outcome)
    assert found["lmi-complete"] == Outcome(TEXT, None)
    assert found["lmi-error-object"].text == "Grüße "


def test_a_program_that_does_not_start() -> None:
    with Endpoint() as endpoint, pytest.raises(UsageError, match="does not start"):
        observe([sys.executable, "-c", "1 / 0"], endpoint, ["lmi-complete"])


def test_words() -> None:
    assert Outcome(TEXT, None).word == "complete"
    assert Outcome("Grü", None).word == Outcome("", None).word == "silent"
    assert Outcome(TEXT, "E: x").word == "error" and Outcome("", "hang").word == "hang"


# ---- the program that runs in the application's environment ------------------------------------


def test_the_subjects_are_those_of_the_program() -> None:
    assert list(subjects.SUBJECTS) == list(subjects.MODULES)
    assert list(subjects.SUBJECTS) == [subject.name for subject in SUBJECTS]
    packages = {row.name for row in IMPLEMENTATIONS}
    assert {subject.package for subject in SUBJECTS} <= packages


def test_the_program_writes_what_arrives(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def fake(name: str) -> Any:
        yield "a"
        if name == "bad":
            raise KeyError("k")
        yield "b"

    monkeypatch.setitem(subjects.SUBJECTS, "fake", fake)
    monkeypatch.setitem(subjects.MODULES, "fake", "json")
    subjects.main("fake", "good", "bad")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        {"begin": "good"},
        {"text": "a"},
        {"text": "b"},
        {"end": None},
        {"begin": "bad"},
        {"text": "a"},
        {"end": "KeyError: 'k'"},
    ]


# ---- the command and what it writes ------------------------------------------------------------


@pytest.mark.slow
def test_the_command_runs_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, page = tmp_path / "report.json", tmp_path / "page.md"
    page.write_text("before\n<!-- outcomes -->\nold\n<!-- /outcomes -->\nafter\n")
    monkeypatch.setattr(module, "REPORT", str(report))
    monkeypatch.setattr(module, "PAGE", str(page))
    monkeypatch.setattr(module, "find_implementation", _only_litellm)
    monkeypatch.setattr(module, "venv_python", lambda folder: sys.executable)
    ran: List[Any] = []

    def observed(command: Any, endpoint: Any, names: Any) -> Any:
        ran.append((command[1:], names[0]))
        return {name: Outcome("Grü", "KeyError: secret") for name in names}

    monkeypatch.setattr(module, "observe", observed)
    stdout, stderr = io.BytesIO(), io.StringIO()
    streams = cli.Streams(stdout, stderr)
    assert cli.main(["implementations", "applications", "--write"], streams) == 0
    said = stdout.getvalue().decode()
    assert "langchain-aws    not installed; python3 -m conformance implementations install" in said
    assert "litellm-tgi      22 error\n" in said
    assert [names for _, names in ran] == ["openai-complete", "tgi-complete"]
    assert [command[0][-11:] for command, _ in ran] == ["subjects.py"] * 2
    written = json.loads(report.read_text(encoding="utf-8"))
    assert list(written) == ["litellm-chat", "litellm-tgi"]
    assert written["litellm-chat"]["outcomes"]["reset"] == {
        "outcome": "error",
        "text": "Grü",
        "error": "KeyError",
    }
    text = page.read_text(encoding="utf-8")
    assert (
        text.startswith("before\n<!-- outcomes -->\nVersions: litellm-chat 1.")
        and "old" not in text
    )
    assert text.endswith("<!-- /outcomes -->\nafter\n")
    assert "| `complete` | **KeyError** | **KeyError** |" in text
    assert "| `reset` | KeyError | KeyError |" in text
    page.write_text("no marks")
    with pytest.raises(UsageError, match="no marks for the table"):
        write_tables(written)


def _only_litellm(name: str) -> Any:
    return Installed(name, "/folder", (), {}) if name == "litellm" else None


def test_wrong_names_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_implementation", _only_litellm)
    with pytest.raises(UsageError, match="no such application .expected langchain-aws, "):
        run_applications(["nope"], False, print)
    with pytest.raises(UsageError, match="sagemaker is not installed"):
        run_applications(["sagemaker-lines"], False, print)


@pytest.mark.slow
def test_the_committed_report_is_about_all_scenarios_and_the_pinned_versions() -> None:
    report = read_report()
    pins = {row.name: dict(row.pins) for row in IMPLEMENTATIONS}
    assert set(report) == {subject.name for subject in SUBJECTS}
    for subject in SUBJECTS:
        entry = report[subject.name]
        assert entry["version"] == pins[subject.package][subject.package]
        assert set(entry["outcomes"]) == set(scenario_names(subject.container))


def test_the_page_has_the_table_of_the_committed_report() -> None:
    text = Path(PAGE).read_text(encoding="utf-8")
    assert f"<!-- outcomes -->\n{table(read_report())}<!-- /outcomes -->\n" in text
    for subject in SUBJECTS:
        assert f"| {subject.name} | `{subject.container}-*` |" in text
