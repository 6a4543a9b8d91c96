# SPDX-License-Identifier: MIT
"""Tests of conformance/suite.py: the output and exit codes of `run`, `list`, `show` and `dump`.

The adapters are small programs that answer `text.lines` and `text.sse`. The commands run in this
process with given streams.
"""

import errno
import hashlib
import io
import json
import os
import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional
from xml.etree import ElementTree

import pytest

from conformance import cli, files, suite
from conformance.cases.case import CaseError, case_of
from conformance.cases.load import read_cases
from conformance.cases.scenarios import scenario_cases
from conformance.files import write_whole
from conformance.report.json_report import REPORT_SCHEMA
from conformance.schema import faults
from conformance.suite import read_expected_failures
from refimpl.errors import UsageError
from refimpl.eventstream import encode
from tests.support import adapter_program, committed_cases


class Result(NamedTuple):
    code: int
    out: List[str]
    err: str


ONE = case_of(
    {
        "id": "txt-one",
        "title": "one line",
        "rules": ["TXT-001"],
        "level": "MUST",
        "op": "text.lines",
        "input": {"text": "one"},
        "expect": {"status": "ok", "output": {"lines": ["one"]}},
        "why": "because",
        "since": "0.1.0",
        "source": "derived",
    },
    "text-lines",
)
TWO = ONE._replace(
    id="txt-two",
    input={"text": "two"},
    expect={"status": "ok", "output": {"lines": ["two"]}},
    rules=("TXT-002",),
)
THREE = ONE._replace(
    id="txt-three", op="text.sse", expect={"status": "ok", "output": {"events": []}}
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def call(*arguments: str, stderr: Optional[io.StringIO] = None) -> Result:
    stdout, stderr = io.BytesIO(), io.StringIO() if stderr is None else stderr
    code = cli.main(arguments, cli.Streams(stdout, stderr))
    return Result(code, stdout.getvalue().decode("utf-8").splitlines(), stderr.getvalue())


@pytest.fixture(autouse=True)
def three_cases(monkeypatch: pytest.MonkeyPatch) -> Dict[str, Any]:
    state: Dict[str, Any] = {"cases": [ONE, TWO, THREE], "faults": []}
    monkeypatch.setattr(suite, "read_cases", lambda: (list(state["cases"]), list(state["faults"])))
    monkeypatch.setattr(suite, "scenario_cases", list)
    return state


@pytest.fixture
def adapter(tmp_path: Path) -> str:
    """Return an adapter that is right only on txt-one, and does not offer text.sse."""
    return " ".join(
        adapter_program(
            tmp_path,
            """
        def answer(question):
            say({"seq": question["seq"], "status": "ok", "output": {"lines": ["one"]}})
        """,
        )
    )


# ---- run ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_run_with_a_failure(adapter: str) -> None:
    result = call("run", "--adapter", adapter)
    assert result.code == 1 and result.err == ""
    assert re.match(
        r"mine 1\.2 \(python\): 1 of [0-9]+ operations, 3 cases in [0-9.]+ s\Z", result.out[0]
    )
    assert (
        "FAIL txt-two [text.lines, whole]: one line" in result.out
        and "  expected  two" in result.out
    )
    assert result.out[-1] == "3 cases: 1 PASS, 1 FAIL, 1 UNSUPPORTED"


@pytest.mark.slow
def test_a_run_in_which_all_is_as_expected(adapter: str) -> None:
    result = call(
        "run",
        "--adapter",
        adapter,
        "--only",
        "*-one",
        "--only",
        "txt-th*",
        "--jobs",
        "2",
        "--timeout",
        "30",
    )
    assert (result.code, result.out[-1]) == (0, "2 cases: 1 PASS, 1 UNSUPPORTED")
    assert (
        call("run", "--adapter", adapter, "--rule", "TXT-001", "--op", "text.lines").out[-1]
        == "1 cases: 1 PASS"
    )


@pytest.mark.slow
def test_the_reference_is_run_by_default() -> None:
    result = call("run")
    assert result.out[0].startswith("refimpl ") and result.code in (0, 1)


@pytest.mark.slow
def test_progress_is_shown_on_a_terminal_only(adapter: str) -> None:
    terminal = Terminal()
    assert call("run", "--adapter", adapter, stderr=terminal).code == 1
    assert terminal.getvalue().startswith("\r\x1b[K1/3 txt-three") and terminal.getvalue().endswith(
        "\r\x1b[K"
    )
    assert call("run", "--adapter", adapter).err == ""


@pytest.mark.slow
def test_an_adapter_that_cannot_be_judged_is_code_3(tmp_path: Path) -> None:
    broken = " ".join(adapter_program(tmp_path, "sys.exit('no licence')"))
    path = tmp_path / "report.json"
    result = call("run", "--adapter", broken, "--report", f"json={path}")
    assert (result.code, result.out) == (3, [])
    assert (
        result.err
        == "conformance: the adapter does not say hello: it ended with exit code 1: no licence\n"
    )
    assert json.loads(path.read_text(encoding="utf-8"))["exit_code"] == 3
    assert call("run", "--adapter", "'").code == 3
    for empty in (
        "",
        " ",
    ):  # such as "$ADAPTER" where that is not set: the reference must not answer in its place
        result = call("run", "--adapter", empty)
        assert (result.code, result.out, result.err) == (
            3,
            [],
            "conformance: the adapter's command is empty\n",
        )


@pytest.mark.slow
def test_reports_are_written(adapter: str, tmp_path: Path) -> None:
    paths = [tmp_path / "new" / name for name in ("report.json", "report.xml", "report.html")]
    result = call(
        "run",
        "--adapter",
        adapter,
        "--report",
        f"json={paths[0]}",
        "--report",
        f"junit={paths[1]}",
        "--report",
        f"html={paths[2]}",
    )
    assert result.code == 1
    report = json.loads(paths[0].read_text(encoding="utf-8"))
    schema = json.loads(Path(REPORT_SCHEMA).read_text(encoding="utf-8"))
    assert list(faults(report, schema, schema)) == [] and report["totals"] == {
        "PASS": 1,
        "FAIL": 1,
        "UNSUPPORTED": 1,
    }
    assert ElementTree.parse(str(paths[1])).getroot().get("failures") == "1"
    page = paths[2].read_text(encoding="utf-8")
    assert (
        "<title>Conformance of mine 1.2</title>" in page
        and '<a href="#c-txt-two">FAIL</a>' in page
        and "because" in page
    )
    assert sorted(os.listdir(str(tmp_path / "new"))) == ["report.html", "report.json", "report.xml"]


class Full(io.FileIO):
    """A file on a full disk."""

    def write(self, data: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report"
    write_whole(str(path), "old\n")
    with pytest.raises(UnicodeEncodeError):
        write_whole(str(path), "new\ud800")
    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space left") as caught:
        patched.setattr(files, "open", lambda *arguments: Full(*arguments), raising=False)
        write_whole(str(path), "new\n")
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old\n" and os.listdir(str(tmp_path)) == ["report"]
    monkeypatch.chdir(tmp_path)
    write_whole("report", "new\n")
    assert path.read_bytes() == b"new\n" and os.listdir(str(tmp_path)) == ["report"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_is_no_plain_file_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe, file, link = tmp_path / "pipe", tmp_path / "file", tmp_path / "link"
    os.mkfifo(str(pipe))
    reader = os.open(str(pipe), os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(str(pipe), "caf\u00e9\n")
        assert os.read(reader, 100) == b"caf\xc3\xa9\n"
    finally:
        os.close(reader)
    file.write_bytes(b"old")
    link.symlink_to(file)
    write_whole(str(link), "new\n")
    assert link.is_symlink() and file.read_bytes() == b"new\n" and pipe.is_fifo()
    with pytest.raises(IsADirectoryError):
        write_whole(str(tmp_path), "new\n")
    assert not os.path.exists(str(tmp_path) + ".new")
    assert sorted(os.listdir(str(tmp_path))) == ["file", "link", "pipe"]


@pytest.mark.slow
def test_a_report_that_cannot_be_written_takes_no_verdict_with_it(
    adapter: str, tmp_path: Path
) -> None:
    told = call("run", "--adapter", adapter).out[1:]  # the first line has the duration
    path = tmp_path / ("x" * 300)
    result = call("run", "--adapter", adapter, "--report", f"json={path}")
    assert (result.code, result.out[1:], result.err) == (
        2,
        told,
        f"conformance: {path}: File name too long\n",
    )


@pytest.mark.parametrize(
    "arguments, words",
    [
        (
            ["--report", "pdf=x"],
            "unknown report (expected html=FILE or json=FILE or junit=FILE, got pdf=x)",
        ),
        (["--report", "json"], "unknown report"),
        (
            ["--report", "json=."],
            "a report needs a file, not a folder (expected json=FILE, got",
        ),
        (["--report", "json="], "unknown report"),
        (["--only", "nothing"], "no case matches (expected one of python3 -m conformance list)"),
        (["--jobs", "0"], "expected 1 to 256, got '0'"),
        (["--jobs", "x"], "expected 1 to 256"),
        (["--jobs", "257"], "expected 1 to 256"),
        (["--timeout", "0"], "expected more than 0 to 3600 seconds, got '0'"),
        (["--timeout", "x"], "expected more than 0"),
        (["--timeout", "nan"], "expected more than 0"),
        (["--timeout", "3601"], "expected more than 0"),
        (["--op", "text.words"], "invalid choice"),
        (["--xfail", "nowhere"], "cannot read nowhere: No such file or directory"),
    ],
)
def test_usage(arguments: List[str], words: str, adapter: str) -> None:
    result = call("run", "--adapter", adapter, *arguments)
    assert (
        (result.code, result.out) == (2, []) and words in result.err and result.err.count("\n") == 1
    )


# ---- the ratchet -------------------------------------------------------------------------------


def test_a_known_failure_does_not_fail_the_run(adapter: str, tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text("# ours\n\ntxt-two   # issue 12\n", encoding="utf-8")
    result = call("run", "--adapter", adapter, "--xfail", str(known))
    assert (result.code, result.out[-1]) == (0, "3 cases: 1 PASS, 1 XFAIL, 1 UNSUPPORTED")


@pytest.mark.slow
def test_a_known_failure_that_passes_fails_the_run(adapter: str, tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text("txt-one\ntxt-two\n", encoding="utf-8")
    result = call("run", "--adapter", adapter, "--xfail", str(known))
    assert result.code == 1 and "XPASS txt-one [text.lines, whole]: one line" in result.out
    assert any("remove it from the list" in line for line in result.out)
    assert call("run", "--adapter", adapter, "--known", str(known)).out[1:] == result.out[1:]
    assert (
        call("run", "--adapter", adapter, "--xfail", str(known), "--only", "txt-two").code == 0
    ), "a case that did not run has no effect"


def test_a_list_that_cannot_be_read(tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text("txt-one\ntxt-nine\n", encoding="utf-8")
    with pytest.raises(UsageError, match="known, line 2: unknown case id .got txt-nine"):
        read_expected_failures(str(known), ["txt-one"])
    known.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="cannot read .*known: not UTF-8"):
        read_expected_failures(str(known), [])


# ---- vectors at fault --------------------------------------------------------------------------


@pytest.mark.slow
def test_faults_of_the_vectors_are_told_and_every_other_case_is_run(
    three_cases: Dict[str, Any], adapter: str, tmp_path: Path
) -> None:
    three_cases["faults"] = [
        CaseError("a.json: txt-x: unknown key y"),
        CaseError("cannot read b.json"),
    ]
    told = "conformance: a.json: txt-x: unknown key y\nconformance: cannot read b.json\n"
    result = call("run", "--adapter", adapter, "--only", "txt-one")
    assert (result.code, result.err, result.out[-1]) == (2, told, "1 cases: 1 PASS")
    listed = call("list")
    assert (listed.code, listed.err, len(listed.out)) == (2, told, 3)
    dumped = call("dump", str(tmp_path / "d"))
    assert (dumped.code, dumped.err) == (2, told)
    assert call("show", "txt-one").code == 0
    assert call("show", "txt-x").err.startswith(told)


# ---- list, show, dump --------------------------------------------------------------------------


def test_the_list() -> None:
    assert call("list").out == [
        f"{name:50} one line" for name in ("txt-one", "txt-two", "txt-three")
    ]
    assert call("list", "--rule", "TXT-002").out == [f"{'txt-two':50} one line"]
    [line] = call("list", "--op", "text.sse", "--json").out
    assert (
        json.loads(line)["id"] == "txt-three" and case_of(json.loads(line), "text-lines") == THREE
    )
    assert call("list", "--only", "x").code == 2


def test_one_case_is_shown() -> None:
    result = call("show", "txt-one")
    assert (
        result.code == 0
        and result.out[0] == "txt-one: one line"
        and "why       because" in result.out
    )


def test_a_case_that_there_is_not() -> None:
    result = call("show", "txt-thre")
    assert (result.code, result.err) == (
        2,
        "conformance: unknown case id (expected txt-three or txt-two or txt-one, got txt-thre)\n",
    )
    assert "expected one of python3 -m conformance list" in call("show", "zzz").err


def test_cases_are_dumped(tmp_path: Path) -> None:
    result = call("dump", str(tmp_path / "out"), "--only", "txt-t*")
    assert (result.code, result.out) == (0, [f"2 cases in {tmp_path / 'out'}"])
    assert sorted(os.listdir(str(tmp_path / "out"))) == ["txt-three", "txt-two"]
    assert (tmp_path / "out" / "txt-two" / "input.bin").read_bytes() == b"two"
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert call("dump", str(tmp_path / "file")).code == 2


def test_the_cases_of_a_public_suite_stand_in_place_of_our_own(tmp_path: Path) -> None:
    refused = call("list", "--corpus", f"streams={tmp_path}")
    assert refused.code == 2 and "no case of streams" in refused.err
    assert call("list", "--corpus", "nonsense=x").code == 2
    data = encode([], b"one")
    (tmp_path / "one.bin").write_bytes(data)
    event = {"offset": 0, "total_length": len(data), "headers": [], "payload_length": 3}
    entry = {
        "file": "one.bin",
        "source": "here",
        "sha256": hashlib.sha256(data).hexdigest(),
        "events": [event],
    }
    (tmp_path / "index.json").write_text(json.dumps([entry]), encoding="utf-8")
    listed = call("list", "--corpus", f"streams={tmp_path}")
    assert (
        listed.code == 0 and listed.out and not any(line.startswith("txt-") for line in listed.out)
    )


@pytest.mark.slow
def test_all_cases_are_those_of_the_files_and_of_the_catalogue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(suite, "read_cases", read_cases)
    monkeypatch.setattr(suite, "scenario_cases", scenario_cases)
    ids = [line.split()[0] for line in call("list").out]
    assert (
        ids == [case.id for case in committed_cases() + scenario_cases()]
        and len(set(ids)) == len(ids) > 252
    )


@pytest.mark.slow
def test_a_list_of_the_failures_is_written(adapter: str, tmp_path: Path) -> None:
    listed = tmp_path / "listed"
    result = call("run", "--adapter", adapter, "--write-xfail", str(listed))
    assert result.code == 1
    assert listed.read_text(encoding="utf-8") == "txt-two  # lines[0]\n"
    again = call("run", "--adapter", adapter, "--xfail", str(listed))
    assert again.code == 0
    call(
        *("run", "--adapter", adapter, "--only", "txt-one"),
        *("--xfail", str(listed), "--write-xfail", str(listed)),
    )
    assert listed.read_text(encoding="utf-8") == "txt-two\n", "a case that did not run stays"


@pytest.mark.slow
def test_a_run_is_compared_with_a_baseline(
    adapter: str, tmp_path: Path, three_cases: Dict[str, Any]
) -> None:
    report = tmp_path / "report.json"
    assert call("run", "--adapter", adapter, "--report", f"json={report}").code == 1
    same = call("run", "--adapter", adapter, "--baseline", str(report))
    assert same.code == 0 and same.out[-1] == "no case is worse than in the baseline"
    three_cases["cases"][0] = ONE._replace(expect=TWO.expect)
    worse = call("run", "--adapter", adapter, "--baseline", str(report))
    assert worse.code == 1
    assert worse.out[-1] == "worse than the baseline: txt-one: PASS, now FAIL"
    assert call("run", "--adapter", adapter, "--baseline", "nowhere").code == 2


@pytest.mark.slow
def test_an_operation_that_is_lost(adapter: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    call("run", "--adapter", adapter, "--report", f"json={report}", "--only", "txt-one")
    lost = adapter_program(tmp_path, "hello['operations'] = ['text.sse']", "lost.py")
    command = ["run", "--adapter", " ".join(lost), "--only", "txt-one"]
    assert call(*command).code == 0
    result = call(*command, "--baseline", str(report))
    assert result.code == 1 and "PASS, now UNSUPPORTED" in result.out[-1]
    named = call(*command, "--op", "text.lines")
    assert named.code == 1
    assert named.out[-1] == "text.lines: the adapter does not offer it"
    assert call(*command, "--op", "text.*").code == 0, "a glob names no operation"


@pytest.mark.slow
def test_operations_are_selected_by_globs(adapter: str) -> None:
    assert call("run", "--adapter", adapter, "--op", "text.*").out[-1].startswith("3 cases")
    assert call("run", "--adapter", adapter, "--op", "*.lines").out[-1].startswith("2 cases")


@pytest.mark.slow
def test_what_an_answer_omits_is_counted_and_fails_a_strict_run(
    tmp_path: Path, three_cases: Dict[str, Any]
) -> None:
    rejected = ONE._replace(
        id="txt-rejected",
        expect={"status": "reject", "kind": "utf8", "output": {"lines": []}},
    )
    three_cases["cases"] = [rejected]
    body = "hello['protocol'] = 2\n" + (
        "def answer(question):\n"
        "    say({'seq': question['seq'], 'status': 'reject', 'kind': 'Odd',"
        " 'output': {'after': [], 'refused_after': 1}})\n"
    )
    command = ["run", "--adapter", " ".join(adapter_program(tmp_path, body))]
    report, junit = tmp_path / "report.json", tmp_path / "report.xml"
    reports = ["--report", f"json={report}", "--report", f"junit={junit}"]
    result = call(*command, *reports)
    assert result.code == 0
    assert result.out[1] == "Odd counts as any kind: map it with `kinds` of hello"
    assert result.out[-2:] == ["not judged: text.lines 1 kind, 1 output", "1 cases: 1 PASS"]
    document = json.loads(report.read_text(encoding="utf-8"))
    assert document["not_judged"] == {"text.lines": {"kind": 1, "output": 1}}
    assert document["cases"][0]["not_judged"] == ["kind", "output"]
    schema = json.loads(Path(REPORT_SCHEMA).read_text(encoding="utf-8"))
    assert list(faults(document, schema, schema)) == []
    [found] = ElementTree.parse(str(junit)).iter("property")
    assert found.attrib == {"name": "not_judged", "value": "kind output"}
    badge = call("badge", str(report)).out
    assert "#116329" not in "".join(badge) and "2 parts not judged" in "".join(badge)
    strict = call(*command, "--strict")
    assert strict.code == 1 and "  stage     not judged" in strict.out
