# SPDX-License-Identifier: MIT
"""Tests of conformance/implementations/matrix.py: running, the table, the committed files.

The implementations are small programs with rows like those of registry.py, and a few cases. The
last tests compare README's table and the badges with the committed reports.
"""

import io
import json
import os
import re
import textwrap
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional

import pytest

from conformance import cli
from conformance.cases.case import CaseError, case_of
from conformance.cases.scenarios import scenario_cases
from conformance.implementations import matrix
from conformance.implementations.installers import Installed, ThirdParty
from conformance.implementations.matrix import (
    BADGES,
    MARKS,
    README,
    RESULTS,
    excerpt_lines,
    kept_path,
    kept_reports,
    split_page,
    table_lines,
)
from conformance.implementations.registry import IMPLEMENTATIONS
from conformance.report.badge import badge_text
from conformance.report.json_report import entries_of, read_report, report_document, to_text
from conformance.run.runner import Implementation
from conformance.run.verdicts import (
    ACCEPTABLE,
    BLOCKED,
    CRASH,
    FAIL,
    HANG,
    PASS,
    UNSUPPORTED,
    WORDS,
    XFAIL,
)
from conformance.schema import faults
from refimpl.errors import UsageError
from tests.support import adapter_program, committed_cases, made_result

ROOT = Path(__file__).resolve().parents[3]


class Result(NamedTuple):
    code: int
    out: List[str]
    err: List[str]


CASES = [
    case_of(
        {
            "id": f"txt-{name}",
            "title": "a line",
            "rules": ["TXT-001"],
            "level": "MUST",
            "op": "text.lines",
            "input": {"text": name},
            "expect": {"status": "ok", "output": {"lines": [name]}},
            "why": "because",
            "since": "0.1.0",
            "source": "derived",
            **({"needs": ["txt-two"]} if name == "three" else {}),
        },
        "text-lines",
    )
    for name in ("one", "two", "three")
]
RIGHT = """
def answer(question):
    text = b"".join(base64.b64decode(part) for part in question["input"]["parts"]).decode()
    say({"seq": question["seq"], "status": "ok", "output": {"lines": [text]}})
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def call(*arguments: str, stderr: Optional[io.StringIO] = None) -> Result:
    stdout, stderr = io.BytesIO(), io.StringIO() if stderr is None else stderr
    code = cli.main(["implementations", "matrix"] + list(arguments), cli.Streams(stdout, stderr))
    return Result(
        code, stdout.getvalue().decode("utf-8").splitlines(), stderr.getvalue().splitlines()
    )


Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that adds an implementation.

    body: see adapter_program; None for one without an adapter, "absent" for one that is not
    installed
    """
    rows: List[ThirdParty] = []
    found: Dict[str, Optional[Installed]] = {}
    monkeypatch.setattr(matrix, "IMPLEMENTATIONS", rows)
    monkeypatch.setattr(matrix, "find_implementation", found.get)
    monkeypatch.setattr(
        matrix, "implementation_named", lambda name: next(row for row in rows if row.name == name)
    )
    monkeypatch.setattr(matrix, "read_cases", lambda: (list(CASES), []))
    monkeypatch.setattr(matrix, "scenario_cases", list)

    def check(peer: ThirdParty) -> None:
        if peer.name == "too-new":
            raise UsageError("too-new needs a newer | Python", expected="python3.99", actual="3.13")

    def add(
        name: str, body: Optional[str] = RIGHT, environment: Optional[Dict[str, str]] = None
    ) -> None:
        rows.append(
            ThirdParty(
                name,
                "a peer",
                ((name + "-library", "7.7"),),
                check,
                lambda peer, folder, say: None,
                lambda peer, folder: None,
            )
        )
        if body != "absent":
            named = (
                body
                if body is None
                else f'hello["implementation"]["name"] = {name!r}\n' + textwrap.dedent(body)
            )
            command = () if named is None else tuple(adapter_program(tmp_path, named, name + ".py"))
            found[name] = Installed(name, str(tmp_path), command, environment or {})

    return add


def cells(result: Result) -> Dict[str, List[str]]:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in result.out
        if line.startswith("| ")
    ]
    return {row[0]: row[1:] for row in rows}


# ---- running -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_peers_are_run_one_after_the_other_and_told_side_by_side(install: Install) -> None:
    install("good")
    install(
        "wrong",
        "def answer(question):\n"
        '    say({"seq": question["seq"], "status": "ok", "output": {"lines": ["one"]}})',
    )
    result = call()
    assert result.code == 0
    told = cells(result)
    assert told["implementation"] == [
        "pass",
        "acceptable",
        "fail",
        "crash, hang",
        "unsupported",
        "blocked",
    ]
    assert told["good 1.2"] == ["3", "0", "0", "0", "0", "0"] and told["wrong 1.2"] == [
        "1",
        "0",
        "1",
        "0",
        "0",
        "1",
    ]
    assert result.err == ["good: 3 PASS", "wrong: 1 PASS, 1 FAIL, 1 BLOCKED"]
    assert len({len(line) for line in result.out}) == 1


HOSTILE = {
    "hangs": ("def answer(question):\n    time.sleep(600)", ["0", "0", "0", "3"]),
    "exits": ("def answer(question):\n    sys.exit(7)", ["0", "0", "0", "3"]),
    "dies": (
        "def answer(question):\n    os.kill(os.getpid(), signal.SIGKILL)",
        ["0", "0", "0", "3"],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_what_breaks_down_in_the_smoke_test_cannot_be_judged_and_the_next_one_is(
    name: str, install: Install
) -> None:
    install("bad", HOSTILE[name][0])
    install("good")
    result = call("--timeout", "0.5")
    told = cells(result)
    assert (
        result.code == 3
        and told["good 1.2"][0] == "3"
        and told["bad 7.7"] == ["0", "0", "0", "0", "0", "1"]
    )
    assert told["implementation"][5] == "adapter"
    assert result.out[-1].startswith(
        "bad: the adapter does not answer a trivial request for text.lines: "
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "body, kind",
    [
        ('if question["seq"] == 1: right(question)\n    else: time.sleep(600)', "HANG"),
        ('if question["seq"] == 1: right(question)\n    else: sys.exit(7)', "CRASH"),
        ('say(b"a banner\\n") if question["seq"] > 1 else None\n    right(question)', "ADAPTER"),
    ],
)
def test_what_breaks_down_in_a_case_has_it_in_its_report(
    body: str, kind: str, install: Install, tmp_path: Path
) -> None:
    install(
        "bad",
        RIGHT.replace("def answer", "def right")
        + "def answer(question):\n    if os.environ.get('SMOKE'): pass\n    "
        + body,
    )
    install("good")
    path = tmp_path / "m.json"
    result = call("--timeout", "0.5", "--report", f"json={path}")
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["reports"]["good"]["totals"] == {"PASS": 3}
    assert kind in document["reports"]["bad"]["totals"], document["reports"]["bad"]["totals"]
    assert result.code == (3 if kind == "ADAPTER" else 0)


@pytest.mark.parametrize(
    "body",
    [
        "sys.stderr.write('needs Ruby 3.2'); sys.exit(1)",
        "print('a banner', flush=True); sys.exit(1)",
        "hello['operations'] = ['http.call']",
        "hello['protocol'] = 3",
        pytest.param("time.sleep(600)", marks=pytest.mark.slow),
    ],
)
def test_what_does_not_say_hello_is_told_by_the_peer_s_name(
    body: str, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.protocol.process.START_PATIENCE", 0.5)
    monkeypatch.setattr(
        "conformance.protocol.process.Adapter.__init__.__defaults__", (None, 2.0, 2)
    )
    install("old", body)
    install("good")
    result = call()
    assert (
        result.code == 3
        and cells(result)["old 7.7"][5] == "1"
        and cells(result)["good 1.2"][0] == "3"
    )
    assert result.out[-1].startswith("old: the adapter")


@pytest.mark.slow
def test_a_program_that_is_gone(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("good")
    install("gone")
    old = matrix.find_implementation
    monkeypatch.setattr(
        matrix,
        "find_implementation",
        lambda name: (
            old(name) if name == "good" else Installed(name, "", ("/nowhere/adapter",), {})
        ),
    )
    result = call()
    assert (
        result.code == 3
        and "gone: the adapter does not say hello: cannot start /nowhere/adapter" in result.out[-1]
    )


@pytest.mark.slow
def test_those_that_are_not_there_do_not_stop_the_run(install: Install, tmp_path: Path) -> None:
    for name, body in (
        ("absent", "absent"),
        ("good", RIGHT),
        ("silent", None),
        ("too-new", "absent"),
    ):
        install(name, body)
    paths = [tmp_path / "m.json", tmp_path / "m.html"]
    result = call("--report", f"json={paths[0]}", "--report", f"html={paths[1]}")
    absent = {
        "absent": "not installed; python3 -m conformance implementations install absent",
        "silent": "it has no adapter",
        "too-new": "too-new needs a newer | Python (expected python3.99, got 3.13)",
    }
    assert result.code == 0 and list(cells(result)) == [
        "implementation",
        "good 1.2",
        "absent",
        "silent",
        "too-new",
    ]
    assert cells(result)["too-new"] == ["-"] * 5
    assert result.out[-4:] == [""] + [
        "{}: {}".format(name, reason.replace("|", "\\|")) for name, reason in absent.items()
    ]
    document = json.loads(paths[0].read_text(encoding="utf-8"))
    schema = json.loads(
        (ROOT / "conformance" / "report" / "matrix.schema.json").read_text(encoding="utf-8")
    )
    assert list(faults(document, schema, schema)) == [] and document["absent"] == absent
    page = paths[1].read_text(encoding="utf-8")
    assert (
        "Not run: absent (not installed; python3 -m conformance implementations install absent); "
        "silent"
        in page
        and "txt-three" in page
    )


def test_a_report_that_cannot_be_written_takes_no_verdict_with_it(
    install: Install, tmp_path: Path
) -> None:
    install("good")
    result = call("--report", f"json={Path(__file__) / 'report.json'}")
    assert (
        result.code == 2
        and cells(result)["good 1.2"][0] == "3"
        and result.err[-1].startswith("conformance: " + __file__)
    )
    before = call("--report", f"html={tmp_path}")
    assert (before.code, before.out) == (2, [])
    assert before.err == [
        "conformance: a report needs a file, not a folder "
        f"(expected html=FILE, got html={tmp_path})"
    ]


@pytest.mark.slow
def test_names_choose(install: Install) -> None:
    for name in ("one", "two", "three"):
        install(name)
    result = call("three", "one", "three", "--jobs", "2")
    assert list(cells(result)) == ["implementation", "three 1.2", "one 1.2"] and result.err == [
        "three: 3 PASS",
        "one: 3 PASS",
    ]


def test_nothing_is_there(install: Install) -> None:
    install("absent", "absent")
    result = call()
    assert (result.code, result.out, result.err[0]) == (
        2,
        [],
        "absent: not installed; python3 -m conformance implementations install absent",
    )
    assert result.err[-1].startswith(
        "conformance: there are no reports (expected an installed implementation: "
    )


def test_settings_of_the_caller_do_not_reach_a_peer(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-caller")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    install(
        "curious",
        """
        def answer(question):
            names = sorted(
                name for name in os.environ if name.startswith("AWS_") or name.endswith("_proxy")
            )
            reason = " ".join(names + [os.environ["HOME_OF_PEER"]])
            say({"seq": question["seq"], "status": "unsupported", "reason": reason})
        """,
        {"HOME_OF_PEER": "here"},
    )
    run = matrix.run_implementation(
        matrix.IMPLEMENTATIONS[0], matrix.find_implementation("curious"), CASES, 10.0, None, None
    )  # type: ignore[arg-type]
    reason = "AWS_CONFIG_FILE AWS_EC2_METADATA_DISABLED AWS_SHARED_CREDENTIALS_FILE here"
    assert run["unsupported"] == [{"reason": reason, "cases": [case.id for case in CASES]}]


def test_progress_is_shown_on_a_terminal(install: Install) -> None:
    install("good")
    terminal = Terminal()
    assert call(stderr=terminal).code == 0
    assert "\r\x1b[K1/3 txt-" in terminal.getvalue()


def test_faults_of_the_vectors_are_told(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("good")
    monkeypatch.setattr(matrix, "read_cases", lambda: (list(CASES), [CaseError("x.json: broken")]))
    result = call()
    assert (
        result.code == 2
        and result.err[0] == "conformance: x.json: broken"
        and cells(result)["good 1.2"][0] == "3"
    )


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["nobody"], "no such implementation"),
        (["--report", "junit=x"], "unknown report (expected html=FILE or json=FILE, got junit=x)"),
        (["--jobs", "0"], "expected 1 to 256"),
    ],
)
def test_usage(arguments: List[str], words: str) -> None:
    result = call(*arguments)
    assert (result.code, result.out, len(result.err)) == (2, [], 1) and words in result.err[0]


# ---- the table ---------------------------------------------------------------------------------


def report(name: str, *words: str, note: str = "") -> Dict[str, Any]:
    results = [made_result(f"evs-{index}", word, note=note) for index, word in enumerate(words)]
    return report_document(Implementation(name, "1.2", "perl", (), {}), results, True)


TABLE = """\
| implementation | pass | acceptable | fail | crash, hang | unsupported | blocked | xpass |
|----------------|-----:|-----------:|-----:|------------:|------------:|--------:|------:|
| a 1.2          |    4 |          2 |    3 |           2 |           1 |       0 |     0 |
| b 1.2          |    0 |          0 |    0 |           0 |           0 |       1 |     1 |
"""


def test_every_case_is_in_one_column() -> None:
    lines = table_lines(
        {
            "a": report(
                "a",
                PASS,
                PASS,
                PASS,
                PASS,
                ACCEPTABLE,
                ACCEPTABLE,
                FAIL,
                XFAIL,
                FAIL,
                CRASH,
                HANG,
                UNSUPPORTED,
            ),
            "b": report("b", BLOCKED, "XPASS"),
        },
        {},
    )
    assert lines == TABLE.splitlines()


@pytest.mark.parametrize(
    "text",
    [
        "a|b",
        "<script>",
        "[x](javascript:1)",
        "`code`",
        "*b* _i_",
        "a\nb",
        "&lt;",
        "\\",
        "!",
        "#",
        "<!-- /matrix -->",
    ],
)
def test_a_name_stays_text_in_markdown(text: str) -> None:
    lines = table_lines({"x": report(text, "ADAPTER", note=text)}, {"y": text})
    assert len(lines) == 7 and [len(re.findall(r"(?<!\\)\|", line)) for line in lines[2:4]] == [
        8,
        8,
    ]
    for line in (lines[2], lines[5], lines[6]):
        assert not re.search(r"(?<!\\)[`*_<>\[\]!]", line.replace("\\\\", ""))


# ---- what is kept ------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pages = (("README", "README.md"), ("RESULTS", "results.md"))
    for _, value in pages:
        (tmp_path / value).write_text("# One\n\n{}old\n{}\ntwo\n".format(*MARKS), encoding="utf-8")
    for name, value in (("KEPT", "reports"), ("BADGES", "badges")) + pages:
        monkeypatch.setattr(matrix, name, str(tmp_path / value))
    return tmp_path


@pytest.mark.slow
def test_what_is_written_is_kept_and_told_again(install: Install, kept: Path) -> None:
    install("good")
    install("other")
    assert call("--write").code == 0
    assert sorted(os.listdir(str(kept / "reports"))) == ["good.json", "other.json"]
    first = call("--committed")
    assert (kept / "results.md").read_text(encoding="utf-8") == "# One\n\n{}{}\n{}\ntwo\n".format(
        MARKS[0], "\n".join(first.out), MARKS[1]
    )
    for name in ("good", "other"):
        text = (kept / "reports" / (name + ".json")).read_text(encoding="utf-8")
        assert to_text(read_report(str(kept / "reports" / (name + ".json")))) == text
        assert (kept / "badges" / (name + ".svg")).read_text(encoding="utf-8") == badge_text(
            json.loads(text)
        )
    assert call("--committed", "--write").out == first.out == call("--committed").out
    assert list(cells(call("--committed", "other"))) == ["implementation", "other 1.2"]


def test_new_cases_of_operations_that_are_not_offered_need_no_run(
    install: Install, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("good")
    assert call("--write").code == 0
    new = CASES[0]._replace(id="sig-new", op="sigv4.sign")
    monkeypatch.setattr(matrix, "read_cases", lambda: (CASES + [new], []))
    assert call("--committed", "--write").code == 0
    kept_report = read_report(str(kept / "reports" / "good.json"))
    assert kept_report["totals"] == {"PASS": 3, "UNSUPPORTED": 1}
    assert kept_report["operations"]["sigv4.sign"] == {"UNSUPPORTED": 1}


@pytest.mark.slow
def test_one_peer_is_written_and_the_table_holds_all(install: Install, kept: Path) -> None:
    install("good")
    install("other")
    assert call("good", "--write").code == 0 and call("other", "--write").code == 0
    text = (kept / "results.md").read_text(encoding="utf-8")
    assert "| good 1.2 " in text and "| other 1.2 " in text and "old" not in text


@pytest.mark.slow
def test_readme_shows_the_judged_cases_of_some_implementations(
    install: Install, kept: Path
) -> None:
    install("boto3")
    install("other")
    assert call("--write").code == 0
    assert (kept / "README.md").read_text(encoding="utf-8").splitlines()[3:-3] == [
        "| implementation                     | pass | acceptable | fail | crash, hang |",
        "|------------------------------------|-----:|-----------:|-----:|------------:|",
        "| [boto3](docs/divergences/boto3.md) |    3 |          0 |    0 |           0 |",
    ]


@pytest.mark.parametrize("name", ["README.md", "results.md"])
def test_where_there_is_no_checkout_nothing_is_written(
    name: str, install: Install, kept: Path
) -> None:
    install("good")
    page = (kept / name).read_text(encoding="utf-8")
    (kept / name).unlink()
    assert call("--write").code == 2 and not (kept / "reports").exists()
    (kept / name).write_text(page.replace(MARKS[0], ""), encoding="utf-8")
    result = call("--write")
    assert (
        result.code == 2
        and f"{name} has no place for the table" in result.err[-1]
        and not (kept / "reports").exists()
    )
    assert len(result.err) == 1 and result.out == []  # before anything is asked


def test_no_report_is_kept(install: Install, kept: Path) -> None:
    install("good")
    result = call("--committed")
    assert result.code == 2 and result.err == [
        "good: there is no committed report",
        "conformance: there are no reports (expected a checkout, which contains them)",
    ]


@pytest.mark.parametrize(
    "data, words",
    [
        (b"{", "r.json: "),
        (b"{}", "is not a report: missing key report"),
        (b"[]", "is not a report: expected object"),
        (None, "cannot read"),
    ],
)
def test_what_is_no_report(data: Optional[bytes], words: str, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_report(str(path))
    assert words in str(caught.value)
    stderr = io.StringIO()
    assert (
        cli.main(["badge", str(path)], cli.Streams(io.BytesIO(), stderr)) == 2
        and words in stderr.getvalue()
    )


def test_the_badge_of_a_report(tmp_path: Path) -> None:
    path, stdout = tmp_path / "r.json", io.BytesIO()
    path.write_text(to_text(report("mine", PASS, FAIL)), encoding="utf-8")
    assert cli.main(["badge", str(path)], cli.Streams(stdout, io.StringIO())) == 0
    assert stdout.getvalue().decode("utf-8") == badge_text(report("mine", PASS, FAIL))


@pytest.mark.parametrize(
    "text",
    [
        "",
        MARKS[0],
        MARKS[1] + MARKS[0],
        "".join(MARKS) * 2,
        MARKS[0] + "".join(MARKS),
        "".join(MARKS) + MARKS[1],
    ],
)
def test_the_place_of_the_table_is_there_once(text: str) -> None:
    with pytest.raises(UsageError):
        split_page(text, "x.md")
    assert split_page("a\n" + MARKS[0] + "b\n" + MARKS[1] + "c", "x.md") == ("a\n", "b\n", "c")


@pytest.mark.slow
def test_the_pages_have_the_tables_of_the_committed_reports() -> None:
    reports, _ = kept_reports(IMPLEMENTATIONS)
    for page, lines in ((README, excerpt_lines(reports)), (RESULTS, table_lines(reports, {}))):
        text = Path(page).read_text(encoding="utf-8")
        assert split_page(text, page)[1] == "".join(line + "\n" for line in lines)
    assert f"all {len(reports)} rows" in Path(README).read_text(encoding="utf-8")
    assert len(excerpt_lines(reports)) == 12  # every name of the excerpt has a report


@pytest.mark.slow
def test_the_committed_badges_are_those_of_the_committed_reports() -> None:
    reports, _ = kept_reports(IMPLEMENTATIONS)
    badges = sorted(name for name in os.listdir(BADGES) if name.endswith(".svg"))
    assert badges == sorted(name + ".svg" for name in reports)
    for name, kept_report in reports.items():
        assert Path(BADGES, name + ".svg").read_text(encoding="utf-8") == badge_text(kept_report)


@pytest.mark.slow
def test_the_committed_reports_are_about_all_cases_of_the_vectors() -> None:
    """A new case needs a new run: `implementations matrix --write`.

    If no implementation offers its operation, `--committed --write` suffices.
    """
    cases = committed_cases() + scenario_cases()
    for name, kept_report in kept_reports(IMPLEMENTATIONS)[0].items():
        words = [entry["verdict"] for entry in entries_of(kept_report, cases).values()]
        counts = {word: words.count(word) for word in WORDS if word in words}
        assert (name, counts) == (name, kept_report["totals"])
        path = kept_path(name)
        assert to_text(kept_report) == Path(path).read_text(encoding="utf-8")
        assert os.path.getsize(path) <= 200 * 1024
