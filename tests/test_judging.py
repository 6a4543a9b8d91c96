# SPDX-License-Identifier: MIT
"""docs/judging.md: its first adapter is run, its verdict is what the suite says, its second adapter
is green, and so is the implementation in JavaScript.

The adapters are Perl and JavaScript, which the suite does not need: without them the tests that run
them are skipped. What the page says of the protocol is held against the code that speaks it.
"""

import io
import re
import shutil
import subprocess
from pathlib import Path
from typing import List, Tuple

import pytest

from conformance import cli
from conformance.protocol.messages import OPERATION_NAMES
from conformance.report.terminal import case_lines
from conformance.run.verdicts import WORDS
from tests.support import committed_cases

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "judging.md").read_text(encoding="utf-8")
ADAPTER = ROOT / "docs" / "examples" / "adapter.pl"
JAVASCRIPT = ROOT / "docs" / "examples" / "javascript" / "adapter.mjs"


def perl() -> str:
    """Return Perl with the modules that the examples use, or skip."""
    found = shutil.which("perl")
    modules = ["-MJSON::PP", "-MMIME::Base64", "-MDigest::SHA", "-MCompress::Zlib", "-MEncode"]
    if found is None or subprocess.call([found] + modules + ["-e", "1"], stderr=subprocess.DEVNULL):
        pytest.skip("no Perl with its core modules")
    return found


def call(*arguments: str) -> Tuple[int, List[str]]:
    stdout, stderr = io.BytesIO(), io.StringIO()
    code = cli.main(arguments, cli.Streams(stdout, stderr))
    assert stderr.getvalue() == ""
    return code, stdout.getvalue().decode("utf-8").splitlines()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


@pytest.mark.slow
def test_the_first_adapter_gets_the_verdict_that_the_page_shows(tmp_path: Path) -> None:
    program = tmp_path / "first.pl"
    program.write_text(block("perl"), encoding="utf-8")
    code, lines = call("run", "--adapter", f"{perl()} {program}", "--op", "text.lines")
    assert code == 1
    told = block("text").rstrip("\n").split("\n")
    begin = lines.index(told[0])
    assert lines[begin : begin + len(told)] == told
    assert len(lines) <= 40


@pytest.mark.slow
def test_the_adapter_in_perl_is_green() -> None:
    code, lines = call(
        "run",
        "--adapter",
        f"{perl()} {ADAPTER}",
        "--strict",
        "--op",
        "text.lines",
        "--op",
        "text.sse",
        "--op",
        "sigv4.sign",
        "--op",
        "eventstream.decode",
        "--op",
        "eventstream.encode",
    )
    assert code == 0, "\n".join(lines)
    assert re.match(r"[0-9]+ cases: [0-9]+ PASS(, [0-9]+ ACCEPTABLE)?\Z", lines[-1]), (
        "nothing is unsupported"
    )


@pytest.mark.slow
def test_the_implementation_in_javascript_is_green() -> None:
    if shutil.which("node") is None:
        pytest.skip("no Node.js")
    code, lines = call("run", "--adapter", f"node {JAVASCRIPT}", "--strict")
    assert code == 0, "\n".join(lines)
    assert re.match(r"[0-9]+ cases: [0-9]+ PASS, [0-9]+ UNSUPPORTED\Z", lines[-1])
    offered = {line.split()[0] for line in lines if re.match(r"\S+ +[1-9][0-9]* +-\Z", line)}
    assert {"sigv4.verify", "sigv4.presign", "http.response", "json.values", "invoke"} <= offered


def test_the_page_knows_every_operation_and_verdict() -> None:
    table = PAGE[PAGE.index("| op | input | output |") :]
    assert sorted(re.findall(r"^\| `([a-z0-9.]+)` \|", table, re.MULTILINE)) == sorted(
        OPERATION_NAMES
    )
    verdicts = PAGE[PAGE.index("| verdict | |") : PAGE.index("## 3.")]
    assert sorted(
        ", ".join(re.findall(r"^\| ([A-Z, -]+) \|", verdicts, re.MULTILINE)).split(", ")
    ) == sorted(WORDS)


@pytest.mark.slow
def test_the_links_and_the_case_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
    headings = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]*)\)", PAGE)) <= headings
    case = next(case for case in committed_cases() if case.id == "txt-line-one")
    assert case_lines(case, {})
