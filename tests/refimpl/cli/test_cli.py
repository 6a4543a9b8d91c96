# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/__init__.py and refimpl/__main__.py: help, usage, any arguments, imports."""

import io
from typing import List, Set

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.endpoint.server import Endpoint
from conformance.report.json_report import vectors_version
from refimpl import cli
from refimpl.version import VECTORS_VERSION, VERSION
from tests.properties import examples
from tests.refimpl.cli.support import (
    ATTRIBUTES,
    BODY,
    ENVIRONMENT,
    FLAGS,
    call,
    failed,
    printable,
    run_here,
    shell,
    text_stream,
)
from tests.rows import for_each
from tests.support import run_module

# ---- the body -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "flag", ["--body", "--content-type", "--region", "--endpoint-url", "--read-timeout", "--format"]
)
def test_two_dashes_as_a_value(endpoint: Endpoint, flag: str) -> None:
    arguments = ["--endpoint-url", endpoint.url] + (["--body", "x"] if flag != "--body" else [])
    result = call("invoke", "llm", *arguments, f"{flag}=--")
    if flag in ("--body", "--content-type") and result.code == 0:
        assert endpoint.calls[-1].body == (b"--" if flag == "--body" else b"x")
        assert flag == "--body" or ("Content-Type", "--") in endpoint.calls[-1].headers
    else:
        # argparse before Python 3.13 removes the dashes, which is a usage error.
        assert result.code in (2, 3)
        failed(result, result.code)


def test_two_dashes_are_not_a_header() -> None:
    failed(call("sign", "http://h/", "--header=--"), 2)


# ---- usage, configuration, network -------------------------------------------------------------


@for_each(
    "arguments, words",
    [
        ([], "no command (expected invoke, decode, bridge, sign, token, identity, doctor, explain"),
        (["frobnicate"], "invalid choice: 'frobnicate'"),
        (["invoke"], "required: name"),
        (["invoke", "llm", "--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["invoke", "llm", "extra"], "unrecognized arguments: extra"),
        (["invoke", "llm", "--format", "xml"], "invalid choice: 'xml'"),
        (["invoke", "llm", "--region"], "expected one argument"),
        (["decode", "--format", "raw"], "invalid choice: 'raw'"),
        (["sign"], "required: url"),
        (["invoke", "l_m", "--body", BODY], "Input.EndpointName does not match its pattern"),
        (["invoke", "", "--body", BODY], "Input.EndpointName does not match its pattern"),
        (["invoke", "../x", "--body", BODY], "Input.EndpointName does not match its pattern"),
        (
            ["invoke", "x" * 64, "--body", BODY],
            "Input.EndpointName has the wrong length (expected 0 to 63 characters, got 64: xxx",
        ),
        (["invoke", "\udcff\x1b", "--body", BODY], "got \\udcff\\x1b"),
        (
            ["invoke", "llm", "--body", BODY, "--content-type", "a\r\nX-Evil: 1"],
            "ContentType cannot be sent in a header",
        ),
        (
            ["invoke", "llm", "--body", BODY, "--content-type", "é"],
            "Input.ContentType does not match its pattern",
        ),
        (
            ["invoke", "llm", "--body", BODY, "--custom-attributes", ATTRIBUTES + "\n"],
            "CustomAttributes cannot be sent in a header",
        ),
        (
            ["invoke", "llm", "--body", BODY, "--custom-attributes", ATTRIBUTES + "é"],
            "Input.CustomAttributes does not match its pattern",
        ),
        (
            ["invoke", "llm", "--body", BODY, "--custom-attributes", ATTRIBUTES * 99],
            "Input.CustomAttributes has the wrong length",
        ),
        (["invoke", "llm", "--body", BODY, "--session-id", "-x"], "expected one argument"),
        (
            ["invoke", "llm", "--body", BODY, "--session-id=-x"],
            "Input.SessionId does not match its pattern",
        ),
        (
            ["invoke", "llm", "--body", BODY, "--inference-id="],
            "Input.InferenceId has the wrong length",
        ),
    ],
)
def test_usage(arguments: List[str], words: str) -> None:
    result = call(*arguments, environment=dict(ENVIRONMENT, AWS_ENDPOINT_URL="http://127.0.0.1:1"))
    failed(result, 2, words)
    assert result.stdout == b""


# ---- help, version, any arguments --------------------------------------------------------------


@pytest.mark.slow
def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call("--version")
    assert end.value.code == 0
    assert capsys.readouterr() == (f"{VERSION} (vectors {VECTORS_VERSION})\n", "")


def test_the_version_of_the_vectors_is_that_of_their_changelog():
    assert vectors_version() == VECTORS_VERSION


@pytest.mark.parametrize(
    "arguments, words",
    [
        (
            ["--help"],
            [
                "invoke | decode | bridge | sign | token | identity | doctor | explain | convert",
                "convert | vendor",
                "call an endpoint",
                "--version",
            ],
        ),
        (
            ["invoke", "--help"],
            sorted(FLAGS)
            + [
                "--body TEXT|@FILE|-",
                "--format {raw,events,json,text,lines,sse,auto}",
                "--read-timeout S",
                "default: 500",
                "sent as X-Amzn-SageMaker-Accept",
                "--endpoint-url",
                "--region",
                "--total-timeout",
            ],
        ),
        (
            ["convert", "-h"],
            [
                "--shape NAME",
                "ModelStreamError",
                "PartBlob",
                "or Error",
                "--code CODE",
                "json, xml, query, value, headers",
            ],
        ),
        (["decode", "-h"], ["--format {events,hex,table}", "[file]"]),
        (
            ["sign", "-h"],
            [
                "--presign SECONDS",
                "keep the %XX of the path unchanged",
                "--time YYYYMMDDThhmmssZ",
                "default: sagemaker",
            ],
        ),
    ],
)
def test_help(capsys: pytest.CaptureFixture[str], arguments: List[str], words: List[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call(*arguments)
    assert end.value.code == 0
    shown, errors = capsys.readouterr()
    assert errors == ""
    for word in words:
        assert word in shown


# Modules that take milliseconds to import and that a small call does not need.
SLOW_MODULES = {
    "shutil",
    "bz2",
    "lzma",
    "encodings.idna",
    "stringprep",
    "platform",
    "uuid",
    "decimal",
    "ctypes",
    "asyncio",
}


def imported_modules(stderr: bytes) -> Set[str]:
    """Return the modules that `python3 -X importtime` reports."""
    lines = stderr.decode().splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def test_a_small_call_imports_no_slow_modules(endpoint: Endpoint) -> None:
    done = shell(
        'exec "$1" -X importtime "$2" "$3" "$4" "$5" --endpoint-url "$6" --body x',
        "invoke",
        "llm",
        endpoint.url,
    )
    assert done.returncode == 0
    loaded = imported_modules(done.stderr)
    assert {"refimpl.cli", "socket", "argparse"} <= loaded
    assert "refimpl.explain" not in loaded
    assert loaded & SLOW_MODULES == set()


@pytest.mark.parametrize(
    "command, arguments, needless",
    [
        ("decode", ["/dev/null"], {"refimpl.client", "refimpl.text.bridge"}),
        ("bridge", ["/dev/null"], {"refimpl.client"}),
        ("sign", ["http://h/"], {"refimpl.client", "refimpl.text"}),
        (
            "convert",
            ["--shape", "Header", "--from", "json", "--to", "xml", "/dev/null"],
            {"refimpl.client"},
        ),
    ],
)
def test_imports_only_the_requested_command(
    command: str, arguments: List[str], needless: Set[str]
) -> None:
    done = shell('program="$1"; shift; exec "$program" -X importtime "$@"', command, *arguments)
    loaded = imported_modules(done.stderr)
    others = {"invoke", "decode", "bridge", "sign", "token", "convert"} - {command}
    assert f"refimpl.cli.{command}" in loaded
    assert not loaded & {f"refimpl.cli.{name}" for name in others}
    assert not loaded & (needless | {"http.client", "ssl"})


WORDS = st.sampled_from(
    (
        "invoke",
        "decode",
        "sign",
        "--body",
        "--format",
        "events",
        "--region",
        "--time",
        "--presign",
        "-",
        "http://h/x",
        "llm",
    )
)


@pytest.mark.slow
@examples(100)
@given(
    st.lists(WORDS | st.text(max_size=8).filter(lambda text: not text.startswith("-")), max_size=6),
    st.binary(max_size=40),
)
def test_any_arguments_give_an_exit_code_and_one_line(arguments: List[str], stdin: bytes) -> None:
    # Without credentials, nothing is sent.
    result = call(*arguments, stdin=stdin, environment={})
    assert result.code in (0, 2, 3, 7)
    assert (result.code == 0) == (result.stderr == "")
    if result.stderr:
        assert (
            result.stderr.count("\n") == 1
            and result.stderr.startswith("refimpl: ")
            and printable(result.stderr)
        )


# ---- run(), in this process --------------------------------------------------------------------


def test_an_interrupt_during_import_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run", interrupted)
    stderr = io.StringIO()
    assert run_here(monkeypatch, text_stream(), text_stream(), stderr, module="refimpl") == 130
    assert stderr.getvalue() == ""


def test_importing_main_runs_nothing() -> None:
    assert "run" not in run_module("refimpl.__main__", run_name="refimpl.__main__")
