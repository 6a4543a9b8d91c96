# SPDX-License-Identifier: MIT
"""Tests of action.yml, of the workflow that uses it, of CI examples in docs/judging.md, and of
CITATION.cff.

The scripts of the action run as GitHub runs them: by bash with -e and pipefail, inputs in the
environment, in a folder with files for outputs and the summary. Schemas come from check-jsonschema,
which contains those of GitHub, GitLab and the Citation File Format.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple
from xml.etree import ElementTree

import pytest

from refimpl.version import VERSION
from tests.interpreters import ROOT

yaml = pytest.importorskip("ruamel.yaml")

PAGE = (ROOT / "docs" / "judging.md").read_text(encoding="utf-8")
WORKFLOW = ROOT / ".github" / "workflows" / "conformance.yml"
REFERENCE = f"{sys.executable} -m conformance.adapters.refimpl"
ONE = "endpoint.resolve"

# An adapter that reads no profile.
FAILING = """
import json, sys
NAMES = ("profiles", "sso_sessions", "services")
for line in sys.stdin:
    asked = json.loads(line)
    if asked["cmd"] == "bye":
        break
    answer = {"seq": asked.get("seq"), "status": "ok", "output": dict.fromkeys(NAMES, {})}
    if asked["cmd"] == "hello":
        who = {"name": "mine", "version": "1", "language": "python"}
        answer = {"protocol": 2, "implementation": who, "operations": ["config.parse"], "kinds": {}}
    print(json.dumps(answer), flush=True)
"""


def load(text: str) -> Any:
    return yaml.YAML(typ="safe").load(text)


ACTION = load((ROOT / "action.yml").read_text(encoding="utf-8"))


class Done(NamedTuple):
    """What a run of the action left: its result, outputs, summary and folder of reports."""

    failed: bool
    outputs: Dict[str, str]
    summary: str
    reports: Path


def run_action(workspace: Path, **inputs: str) -> Done:
    """Run the steps of the action in a folder."""
    assert set(inputs) <= {name.replace("-", "_") for name in ACTION["inputs"]}
    values = {f"inputs.{name}": row.get("default", "") for name, row in ACTION["inputs"].items()}
    values.update({f"inputs.{name.replace('_', '-')}": text for name, text in inputs.items()})
    values["github.action_path"] = str(ROOT)
    values["inputs.python"] = sys.executable
    output, summary = workspace / "OUTPUT", workspace / "SUMMARY"
    failed, outputs = False, {}
    for step in ACTION["runs"]["steps"]:
        if failed and step.get("if") != "${{ always() }}":
            continue
        environment = {name: _evaluated(text, values) for name, text in step["env"].items()}
        environment.update(GITHUB_OUTPUT=str(output), GITHUB_STEP_SUMMARY=str(summary))
        output.write_text("")
        assert step["shell"] == "bash" and "${{" not in step["run"]
        (workspace / "step.sh").write_text(step["run"])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "step.sh"],
            cwd=str(workspace),
            env={**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        failed = failed or done.returncode != 0
        written = dict(line.split("=", 1) for line in output.read_text().splitlines())
        values.update({f"steps.{step.get('id')}.outputs.{key}": written[key] for key in written})
    for name, row in ACTION["outputs"].items():
        outputs[name] = _evaluated(row["value"], values)
    return Done(failed, outputs, summary.read_text(), workspace / outputs["report-folder"])


def _evaluated(text: str, values: Dict[str, str]) -> str:
    return re.sub(r"\$\{\{ *([^ }]+) *\}\}", lambda found: values.get(found.group(1), ""), text)


def failing(workspace: Path) -> str:
    (workspace / "failing.py").write_text(FAILING)
    return f"{sys.executable} failing.py"


# ---- the action --------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_report_of_a_good_adapter(tmp_path):
    done = run_action(tmp_path, adapter=REFERENCE, op=f"{ONE} proxy.select", strict="true")
    assert not done.failed and done.outputs["exit-code"] == "0"
    found = sorted(path.name for path in done.reports.iterdir())
    assert found == ["badge.svg", "junit.xml", "output.txt", "report.html", "report.json"]
    suite = ElementTree.parse(str(done.reports / "junit.xml")).getroot()
    names = {case.get("classname") for case in suite.iter("testcase")}
    assert len(names) == 2
    assert json.loads((done.reports / "report.json").read_text())["totals"]["PASS"] > 100
    assert b"<svg" in (done.reports / "badge.svg").read_bytes()
    assert done.summary.startswith("### Conformance: every case as expected\n")
    assert re.search(r"^    [0-9]+ cases: [0-9]+ PASS$", done.summary, re.MULTILINE)


@pytest.mark.slow
def test_a_failure_fails_the_job_unless_it_is_expected(tmp_path):
    mine = {"adapter": failing(tmp_path), "op": "config.parse"}
    done = run_action(tmp_path, **mine)
    assert done.failed and done.outputs["exit-code"] == "1"
    assert "### Conformance: some case failed" in done.summary and "CRED-" in done.summary
    assert all(line[:4] in ("", "    ", "### ") for line in done.summary.splitlines())
    shutil.copy(str(done.reports / "report.json"), str(tmp_path / "baseline.json"))
    again = run_action(tmp_path, **mine, baseline="baseline.json", report_folder="again")
    assert not again.failed and again.reports.name == "again"
    entries = json.loads((tmp_path / "baseline.json").read_text())["cases"]
    ids = [entry["id"] for entry in entries if entry["verdict"] == "FAIL"]
    (tmp_path / "xfail.txt").write_text("\n".join(ids))
    assert not run_action(tmp_path, **mine, xfail="xfail.txt").failed


@pytest.mark.slow
def test_a_broken_adapter_is_named_in_the_summary(tmp_path):
    done = run_action(tmp_path, adapter="false", op=ONE)
    assert done.failed and done.outputs["exit-code"] == "3"
    assert "the adapter is broken" in done.summary and "\n    false\n" in done.summary
    assert not (done.reports / "badge.svg").exists()


def test_a_wrong_input_is_wrong_usage(tmp_path):
    done = run_action(tmp_path, adapter="false", strict="yes")
    assert done.failed and done.outputs["exit-code"] == "2"
    assert "wrong usage" in done.summary


@pytest.mark.slow
@pytest.mark.parametrize("names", [["adapter", "op", "baseline", "xfail"], ["strict"]])
def test_an_input_is_never_a_script(tmp_path, names):
    hostile = '$(touch pwned)`touch pwned`"; touch pwned; "'
    assert run_action(tmp_path, **{"adapter": "false", **dict.fromkeys(names, hostile)}).failed
    assert not (tmp_path / "pwned").exists()


# ---- the workflow and the examples -------------------------------------------------------------


def rows() -> List[Dict[str, str]]:
    return load(WORKFLOW.read_text())["jobs"]["adapter"]["strategy"]["matrix"]["include"]


def test_the_workflow_uses_the_action_with_files_of_the_checkout():
    (job,) = load(WORKFLOW.read_text())["jobs"].values()
    (step,) = (step for step in job["steps"] if step.get("uses") == "./")
    assert set(step["with"]) <= set(ACTION["inputs"])
    for row in rows():
        assert (ROOT / row["adapter"].split()[1]).is_file()
    assert [row["adapter"].split()[0] for row in rows()] == ["perl", "node"]


@pytest.mark.slow
@pytest.mark.parametrize("row", rows(), ids=lambda row: row["name"])
def test_a_row_of_the_workflow(tmp_path, row):
    """tests/test_judging.py runs all operations."""
    if shutil.which(row["name"]) is None:
        pytest.skip(f"needs {row['name']}")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    done = run_action(tmp_path, adapter=row["adapter"], strict="true", op="eventstream.encode")
    assert not done.failed, done.summary


def examples(language: str) -> List[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def validates(name: str, text: str, tmp_path: Path) -> bool:
    pytest.importorskip("check_jsonschema")
    path = tmp_path / ("file.yml" if name != "citation-file-format" else "CITATION.cff")
    path.write_text(text, encoding="utf-8")
    command = ["-m", "check_jsonschema", "--default-filetype", "yaml"]
    command += ["--builtin-schema", f"vendor.{name}", str(path)]
    done = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE)
    return done.returncode == 0


SCHEMAS: Tuple[Tuple[str, str], ...] = (
    ("github-actions", (ROOT / "action.yml").read_text(encoding="utf-8")),
    ("github-workflows", WORKFLOW.read_text(encoding="utf-8")),
    ("github-workflows", examples("yaml")[0]),
    ("gitlab-ci", examples("yaml")[1]),
    ("citation-file-format", (ROOT / "CITATION.cff").read_text(encoding="utf-8")),
)


@pytest.mark.slow
@pytest.mark.parametrize("name, text", SCHEMAS, ids=[name for name, _ in SCHEMAS])
def test_each_file_conforms_to_the_schema_of_its_reader(tmp_path, name, text):
    assert validates(name, text, tmp_path)
    assert not validates(name, "- 1\n", tmp_path)


def test_the_citation_names_the_version():
    assert load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"] == VERSION


@pytest.mark.slow
def test_the_examples_use_inputs_and_flags_that_exist():
    steps = load(examples("yaml")[0])["jobs"]["conformance"]["steps"]
    (step,) = (step for step in steps if step.get("uses") == "./.conformance")
    assert set(step["with"]) <= set(ACTION["inputs"])
    help_text = subprocess.check_output(
        [sys.executable, "-m", "conformance", "run", "--help"], cwd=str(ROOT)
    ).decode()
    for line in load(examples("yaml")[1])["conformance"]["script"][1:]:
        assert line.startswith("python3 -m conformance run ")
        assert all(flag in help_text for flag in re.findall(r"--[a-z-]+", line))


@pytest.mark.slow
def test_the_makefile(tmp_path):
    if shutil.which("make") is None:
        pytest.skip("needs make")
    (makefile,) = examples("make")
    (tmp_path / "Makefile").write_text(makefile)
    (tmp_path / "conformance-suite").symlink_to(ROOT)
    (tmp_path / "xfail.txt").write_text("")
    settings = [f"PYTHON={sys.executable}", f"ADAPTER={failing(tmp_path)}"]
    command = ["make", "badge.svg", *settings]
    assert subprocess.call(command, cwd=str(tmp_path), stdout=subprocess.DEVNULL) == 2
    report = json.loads((tmp_path / "report.json").read_text())
    ids = [entry["id"] for entry in report["cases"] if entry["verdict"] == "FAIL"]
    (tmp_path / "xfail.txt").write_text("\n".join(ids))
    assert subprocess.call(command, cwd=str(tmp_path), stdout=subprocess.DEVNULL) == 0
    assert b"<svg" in (tmp_path / "badge.svg").read_bytes()
