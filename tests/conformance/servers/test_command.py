# SPDX-License-Identifier: MIT
"""Tests of `conformance check`: options, exit codes, reports, consent for the public service."""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Tuple
from xml.etree import ElementTree

import pytest

from conformance import cli
from conformance.endpoint.checks import EXAMPLE_TOKEN
from conformance.endpoint.server import Endpoint
from conformance.servers import command
from conformance.servers.command import MAX_REQUESTS, Asking, check_server
from conformance.servers.subject import Names
from refimpl.errors import UsageError
from refimpl.sigv4 import Credentials
from tests.conformance.servers.subjects import served
from tests.rawserver import RawServer

OWN = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", EXAMPLE_TOKEN)


class Outcome(NamedTuple):
    code: int
    stdout: str
    stderr: str


def call(*arguments: str) -> Outcome:
    stdout, stderr = io.BytesIO(), io.StringIO()
    code = cli.main(["check", *arguments], cli.Streams(stdout, stderr))
    return Outcome(code, stdout.getvalue().decode("utf-8"), stderr.getvalue())


@pytest.mark.slow
def test_some_checks_pass() -> None:
    with served(session_token=None) as endpoint:
        result = call(endpoint.url, "--only", "srv-error-*", "--streams", "streams")
    assert (result.code, result.stderr) == (0, "")
    assert "4 checks in" in result.stdout and "4 cases: 4 PASS" in result.stdout


@pytest.mark.slow
def test_a_failure() -> None:
    with served(session_token=None) as endpoint:
        arguments = ("--only", "srv-scope-region", "--only", "srv-model-error")
        result = call(endpoint.url, *arguments, "--region", "us-east-1", "--fails", "streams")
    assert result.code == 1
    assert "FAIL srv-model-error" in result.stdout and "SRV-048" in result.stdout
    assert "expected  424" in result.stdout and "1 FAIL" in result.stdout


def test_what_was_not_supplied_is_told_once() -> None:
    with served(session_token=None) as endpoint:
        result = call(endpoint.url, "--only", "srv-stream-[tv]*", "--rule", "SRV-050")
        assert result.code == 0
        lines = [line for line in result.stdout.splitlines() if line.startswith("not judged")]
    assert lines == [f"not judged: needs {command_need('works')}: srv-stream-type"]


def command_need(name: str) -> str:
    from conformance.servers.verdicts import NEEDS

    return NEEDS[name]


@pytest.mark.slow
def test_the_catalogue_names_what_serve_plays() -> None:
    names = ("slow-drip", None, "output-members", "error-424", "stream-broken-last")
    assert Names(*names) == command.CATALOGUE
    with Endpoint() as endpoint:
        arguments = ("--catalogue", "--only", "srv-stream-*", "--only", "srv-model-error")
        result = call(endpoint.url, *arguments)
    assert result.code == 0, result.stdout
    assert "PASS" in result.stdout and "UNSUPPORTED" not in result.stdout


@pytest.mark.slow
def test_reports(tmp_path: Path) -> None:
    paths = {kind: tmp_path / f"r.{kind}" for kind in ("json", "html", "junit", "md")}
    with served(session_token=None) as endpoint:
        arguments: List[str] = []
        for kind in ("json", "html", "junit"):
            arguments += ["--report", f"{kind}={paths[kind]}"]
        arguments += ["--only", "srv-model-error", "--only", "srv-date", "--only", "srv-unsigned"]
        arguments += ["--observations", str(paths["md"]), "--fails", "streams"]
        assert call(endpoint.url, *arguments).code == 1
    report = json.loads(paths["json"].read_text("utf-8"))
    assert report["totals"] == {"PASS": 2, "FAIL": 1} and report["exit_code"] == 1
    assert [case["id"] for case in report["cases"]] == ["srv-model-error"]
    suites = ElementTree.parse(str(paths["junit"])).getroot()
    assert (suites.get("tests"), suites.get("failures")) == ("3", "1")
    assert "srv-model-error" in paths["html"].read_text("utf-8")
    assert "SRV-048" in paths["md"].read_text("utf-8")


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((), "no URL"),
        (("ftp://x",), "invalid endpoint URL"),
        (("http://user@127.0.0.1:1",), "a URL with a user name"),
        (("http://127.0.0.1:1", "--only", "x"), "no check matches"),
        (("http://127.0.0.1:1", "--fails", "a b"), "--fails is not an endpoint name"),
        (("http://127.0.0.1:1", "--streams", "\u65e5"), "--streams is not an endpoint name"),
        (("http://127.0.0.1:1", "--region", "a/b"), "region"),
        (("http://127.0.0.1:1", "--content-type", "a\r\nB: c"), "CR, LF or NUL"),
        (("http://127.0.0.1:1", "--content-type", "\u65e5"), "Latin-1"),
        (("http://127.0.0.1:1", "--report", "pdf=x"), "unknown report"),
        (("http://127.0.0.1:1", "--timeout", "x"), "expected more than 0"),
        (("https://127.0.0.1:1", "--ca-bundle", "no-such-file.pem"), "no-such-file.pem"),
    ],
)
def test_wrong_usage(arguments: Any, words: str) -> None:
    result = call(*arguments)
    assert (result.code, result.stdout) == (2, "")
    assert words in result.stderr and result.stderr.count("\n") == 1


def test_a_server_that_cannot_be_judged() -> None:
    with RawServer([b"SSH-2.0-OpenSSH\r\n"]) as server:
        result = call(server.url)
    assert (result.code, result.stdout) == (3, "")
    assert result.stderr.startswith("conformance: the response is not valid HTTP")


def test_the_list() -> None:
    result = call("--list", "--rule", "SRV-045")
    assert result == Outcome(
        0, "srv-endpoint-unknown         SRV-045    an endpoint that does not exist\n", ""
    )


# ---- the public service --------------------------------------------------------------------------


def options(*arguments: str) -> Any:
    return cli._parser().parse_args(["check", *arguments])


def ask(answer: Optional[str], *arguments: str) -> Tuple[int, List[str], List[str]]:
    said: List[str] = []
    complaints: List[str] = []
    questions: List[str] = []

    def confirm(question: str) -> str:
        questions.append(question)
        return answer or ""

    asking = Asking(said.append, complaints.append, confirm if answer is not None else None, None)
    code = check_server(options(*arguments), asking, lambda profile: OWN)
    return code, said, complaints + questions


@pytest.mark.parametrize(
    "answer, words", [(None, "--yes"), ("", "nothing was sent"), ("no\n", "nothing")]
)
def test_nothing_is_sent_without_consent(answer: Optional[str], words: str) -> None:
    with served() as endpoint:
        with pytest.raises(UsageError, match=words):
            ask(answer, endpoint.url, "--service", "--streams", "streams")
        assert endpoint.calls == []


def test_the_host_of_the_service_is_recognised() -> None:
    with pytest.raises(UsageError, match="the public service is called only with consent"):
        ask(None, "https://runtime.sagemaker.eu-west-1.amazonaws.com")


@pytest.mark.slow
def test_with_consent_few_and_harmless_requests_are_sent() -> None:
    with served() as endpoint:
        arguments = (endpoint.url, "--service", "--region", "us-east-1", "--pause", "0.2")
        names = ("--streams", "streams", "--fails", "fails", "--breaks", "breaks")
        code, said, asked = ask("yes\n", *arguments, *names)
        calls = endpoint.calls
    assert code == 0, said
    assert "at most" in asked[0] and "AKID..." in asked[0] and asked[1] == "Continue? [y/N] "
    assert 0 < len(calls) <= MAX_REQUESTS
    assert all(one.method in ("POST", "PUT", "DELETE", "GET") for one in calls)
    assert max(len(one.body) for one in calls) < 1000
    models = [one for one in calls if one.scenario in ("streams", "fails", "breaks")]
    promised = int(asked[0].partition("At most ")[2].partition(" ")[0])
    assert len(models) <= promised
    page = "\n".join(said)
    assert "# Observations of" in page and "srv-body-long" in page
    for private in (EXAMPLE_TOKEN, OWN.secret_key, "123456789012"):
        assert private not in page


def test_scripts_agree_with_an_option() -> None:
    with served() as endpoint:
        arguments = (endpoint.url, "--service", "--yes", "--region", "us-east-1")
        assert ask(None, *arguments, "--only", "srv-unsigned")[0] == 0
        assert len(endpoint.calls) == 3


# ---- credentials and consent from the surroundings -----------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def set_keys(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", OWN.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", OWN.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_own_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    with served() as endpoint:
        set_keys(monkeypatch, EXAMPLE_TOKEN)
        result = call(endpoint.url, "--own-credentials", "--only", "srv-token")
        assert (result.code, "1 PASS" in result.stdout) == (0, True)
        set_keys(monkeypatch, "another-token")
        result = call(endpoint.url, "--own-credentials", "--only", "srv-token")
    assert (result.code, result.stdout) == (3, "")
    assert "the server refuses a correct request: 403 UnrecognizedClient" in result.stderr
    assert "another-token" not in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("answer, code, calls", [("yes\n", 0, 3), ("\n", 2, 0)])
def test_a_user_is_asked_at_the_terminal(
    answer: str, code: int, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_keys(monkeypatch, EXAMPLE_TOKEN)
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    stderr = Terminal()
    with served() as endpoint:
        arguments = ["check", endpoint.url, "--service", "--only", "srv-unsigned"]
        assert cli.main(arguments, cli.Streams(io.BytesIO(), stderr)) == code
        assert len(endpoint.calls) == calls
    assert "Continue? [y/N] " in stderr.getvalue()
    assert EXAMPLE_TOKEN not in stderr.getvalue() and OWN.secret_key not in stderr.getvalue()
