# SPDX-License-Identifier: MIT
"""Tests of docs/testing-your-application.md: its examples are the files next to it, and they run.

boto3's tests need boto3. The others need aiobotocore or the SDK for JavaScript (`implementations
install aiobotocore javascript`), or Go with its modules, and are skipped where these are missing.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from conformance import cli, testing
from conformance.endpoint.scenarios import find
from conformance.endpoint.scenarios.applications import TEXT, scenarios
from conformance.implementations.installers import venv_python
from conformance.testing import Endpoint, cut, model_error, openai, slow
from conformance.testing.files import load_endpoints
from tests.conformance.testing.calls import text_of
from tests.implementations import installed
from tests.rows import for_each

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "testing-your-application.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs" / "examples" / "testing"
FILES = sorted(
    str(path.relative_to(EXAMPLES)).replace(os.sep, "/")
    for path in EXAMPLES.rglob("*")
    if path.suffix in (".py", ".mjs", ".go")
)


def test_there_are_examples_in_four_languages() -> None:
    assert len(FILES) == 7


@for_each("name", FILES)
def test_each_example_is_on_the_page(name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert f"\n{text}```\n" in PAGE, name


def run(command: List[str], folder: Path, environment: Dict[str, str]) -> Tuple[int, str]:
    ran = subprocess.run(
        command,
        cwd=str(folder),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
    )
    return ran.returncode, ran.stdout.decode("utf-8", "replace")


def run_pytest(folder: Path, *names: str, python: str = sys.executable) -> str:
    for name in (*names, "chat.py"):
        shutil.copy(str(EXAMPLES / name), str(folder))
    environment = dict(
        os.environ,
        PYTHONPATH=str(ROOT),
        AWS_PROFILE="production",
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
    )
    command = [python, "-m", "pytest", "-q", "-p", "conformance.pytest_plugin", *names]
    code, output = run(command, folder, environment)
    assert code == 0, output
    return output


@pytest.mark.slow
def test_the_examples_with_boto3(tmp_path: Path) -> None:
    pytest.importorskip("boto3")
    assert "13 passed" in run_pytest(tmp_path, "test_chat.py", "test_without_pytest.py")


@pytest.mark.slow
def test_the_example_with_aiobotocore(tmp_path: Path) -> None:
    python = venv_python(installed("aiobotocore").where)
    assert "1 passed" in run_pytest(tmp_path, "test_aiobotocore.py", python=python)


def play_other_language(command: List[str], folder: Path) -> None:
    """Run a program that prints tokens, for a complete and three broken responses."""
    with Endpoint() as endpoint:
        endpoint.on("llm", slow(openai("Hel", "lo"), 0.05))
        endpoint.on("cut", cut(openai("Hel", "lo"), after=2, framing="close"))
        endpoint.on(
            "failing", openai("Hel", finish_reason=None, done=False), model_error(500, "oom")
        )
        environment = endpoint.environ()
        for name, code, words in (
            ("llm", 0, "Hello"),
            ("cut", 1, "the stream has no [DONE]"),
            ("failing", 1, "oom"),
            ("nope", 1, "Endpoint nope of account"),
        ):
            found, output = run([*command, name], folder, environment)
            assert (found, words in output) == (code, True), output
        signatures = [request.signature for request in endpoint.requests]
        assert len(signatures) >= 3 and set(signatures[:3]) == {"valid"}


@pytest.mark.slow
def test_the_example_in_javascript() -> None:
    folder = Path(installed("javascript").where)
    program = folder / "chat-of-the-page.mjs"
    shutil.copy(str(EXAMPLES / "chat.mjs"), str(program))
    try:
        play_other_language(["node", str(program)], folder)
    finally:
        program.unlink()


@pytest.mark.slow
def test_the_example_in_go(tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not installed")
    source = EXAMPLES / "go"
    modules = subprocess.run(
        [go, "mod", "download"], cwd=str(source), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if modules.returncode:
        pytest.skip("the modules of Go cannot be downloaded")
    program = tmp_path / "chat"
    code, output = run([go, "build", "-o", str(program), "."], source, dict(os.environ))
    assert code == 0, output
    play_other_language([str(program)], tmp_path)


@pytest.mark.slow
def test_the_file_of_endpoints() -> None:
    with Endpoint() as endpoint:
        load_endpoints(str(EXAMPLES / "endpoints.py"), endpoint)
        assert b'"content": "Hel"' in text_of(endpoint)
        assert text_of(endpoint, "echo", b"a b").count(b'"content"') == 3


# ---- what the page says ------------------------------------------------------------------------


def test_the_page_names_every_helper_and_nothing_else() -> None:
    chapter = PAGE.partition("## 2. Replies")[2].partition("## 3. ")[0]
    named = set(re.findall(r"`([a-z_]+)\(", chapter)) - {"on"}
    helpers = {name for name in testing.__all__ if name.islower() and name.isidentifier()}
    assert named == helpers


def test_the_page_names_every_failure() -> None:
    chapter = PAGE.partition("## 8. ")[2]
    named = set(re.findall(r"`([a-z-]+)`", chapter.partition("SDKs do not")[0]))
    failures = {scenario.name.partition("-")[2] for scenario in scenarios()}
    assert failures <= named and f"`{TEXT}`" in chapter
    assert f"has {len(scenarios())} scenarios" in chapter
    assert all(find("openai-" + name) for name in failures)


def test_the_page_names_the_options_of_serve() -> None:
    parser = cli._parser()
    serve = parser._subparsers._group_actions[0].choices["serve"]  # type: ignore[union-attr,index,call-overload]
    options = {option for action in serve._actions for option in action.option_strings}
    named = set(re.findall(r"`(--[a-z0-9-]+)", PAGE))
    assert named <= options
    assert named >= {"--scenarios", "--variables", "--bodies", "--fallback", "--platform-limits"}


@pytest.mark.slow
def test_a_name_of_the_settings_is_an_argument() -> None:
    table = PAGE.partition("| setting | effect |")[2].partition("\n## ")[0]
    for names in re.findall(r"^\| (.*?) \|", table, re.MULTILINE):
        for name in re.findall(r"`([a-z_0-9]+)=", names):
            value: Any = {"clock": lambda: 0.0, "port": 0, "log": print, "fallback": "default"}
            value.update(patience=1.0, latency=0.0)
            Endpoint(**{name: value.get(name)}).close()


def test_the_imports_of_the_examples_exist() -> None:
    for name in FILES:
        if name.endswith(".py"):
            text = (EXAMPLES / name).read_text(encoding="utf-8")
            for found in re.findall(r"from conformance\.testing import (.*)", text):
                assert {word.strip() for word in found.split(",")} <= set(testing.__all__)
    assert importlib.util.find_spec("conformance.pytest_plugin") is not None
