# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/process.py: credential_process.

The plan: the command is split as botocore splits it on both systems and reaches the program as
words; each document that is accepted or rejected; a program that fails, hangs or does not exist.
No error may show the program's output.

The rules are CRED-013.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.config.process import process_credentials, process_source, split_command
from refimpl.config.sources import Absent
from refimpl.config.surroundings import MAX_REPLY_LENGTH, ProcessOutput
from refimpl.errors import ConfigurationError, NetworkError
from refimpl.sigv4 import Credentials
from tests.refimpl.config.fakes import KEY, LATER, NOW, SECRET, TOKEN, World

DOCUMENT = {"Version": 1, "AccessKeyId": KEY, "SecretAccessKey": SECRET}


def output(document, stderr=b"", exit_code=0):
    text = document if isinstance(document, bytes) else json.dumps(document).encode("ascii")
    return ProcessOutput(exit_code, text, stderr)


def run(process):
    return process_credentials(World(process=process).surroundings, ["/bin/tool", "x"])


def rejected(process):
    with pytest.raises(ConfigurationError) as caught:
        run(process)
    text = str(caught.value)
    assert SECRET not in text and TOKEN not in text and len(text.splitlines()) == 1
    assert SECRET not in repr(vars(caught.value)) and caught.value.__cause__ is None
    return text


def test_the_command_is_split_without_a_shell():
    world = World(process=output(DOCUMENT))
    found = process_source(world.context("[default]\ncredential_process = t 'a b' $X *; \"`c`\""))
    assert found() == Credentials(KEY, SECRET)
    assert world.commands == [(("t", "a b", "$X", "*;", "`c`"), 60.0)]


def test_a_profile_without_a_process():
    assert process_source(World().context("")) == Absent(
        "the profile default has no credential_process"
    )


@pytest.mark.parametrize("command", ["'open", '"open', "''[" + "'"])
def test_a_command_that_cannot_be_split(command):
    with pytest.raises(ConfigurationError, match="/h/.aws/config, line 2 cannot be split"):
        process_source(World().context(f"[default]\ncredential_process = {command}"))
    with pytest.raises(ConfigurationError):
        split_command('a "b', windows=True)


@pytest.mark.parametrize(
    "command",
    [
        r'"C:\Program Files\x.exe" a b',
        r"C:\x.exe a\b",
        r'a "b c" d\\"e f"',
        r"a \"b c",
        r'a "" b',
        "  a\tb  ",
        "a\\",
        r'a"b c"d',
        r'a "b\\" c',
        "'a b'",
    ],
)
def test_windows_commands_are_split_as_by_botocore(command):
    compat = pytest.importorskip("botocore.compat")
    assert split_command(command, windows=True) == compat._windows_shell_split(command)


@given(st.text('ab \\"\t', min_size=1, max_size=12))
def test_any_windows_command_is_split_as_by_botocore(command):
    compat = pytest.importorskip("botocore.compat")
    try:
        expected = compat._windows_shell_split(command)
    except ValueError:
        expected = []
    try:
        assert split_command(command, windows=True) == expected
    except ConfigurationError:
        assert expected == []


def test_temporary_credentials():
    document = dict(DOCUMENT, SessionToken=TOKEN, Expiration=LATER, AccountId="1", Other=[1])
    assert run(output(document)) == Credentials(KEY, SECRET, TOKEN, NOW + 3600)
    for text, seconds in (
        ("2027-01-15T08:00:01Z", 1),
        ("2027-01-15T08:00:01.5Z", 1.5),
        ("2027-01-15T10:00:01+02:00", 1),
        ("2027-01-15T03:00:01-0500", 1),
        ("2027-01-15 08:00:01UTC", 1),
    ):
        assert run(output(dict(DOCUMENT, Expiration=text))).expires == NOW + seconds
    assert run(output(dict(DOCUMENT, SessionToken=None, Expiration=None))).expires is None


@pytest.mark.parametrize(
    "document, problem",
    [
        (b"", "is not JSON"),
        (SECRET.encode("ascii"), "is not JSON"),
        (json.dumps(DOCUMENT).encode("ascii")[:-1], "is not JSON"),
        (b"<html>" + SECRET.encode("ascii"), "is HTML or XML"),
        (b"\xff\xfe", "is not JSON"),
        ([SECRET], "is not a JSON object"),
        (dict(DOCUMENT, Version=2), "has no known version"),
        (dict(DOCUMENT, Version=True), "has no known version"),
        (dict(DOCUMENT, Version="1"), "has no known version"),
        (dict(DOCUMENT, Version=1.5), "has no known version"),
        ({"AccessKeyId": KEY, "SecretAccessKey": SECRET}, "has no known version"),
        ({"Version": 1, "SecretAccessKey": SECRET}, "has no AccessKeyId"),
        ({"Version": 1, "AccessKeyId": KEY}, "has no SecretAccessKey"),
        ({"Version": 1}, "has no AccessKeyId and SecretAccessKey"),
        (dict(DOCUMENT, SecretAccessKey=""), "has no SecretAccessKey"),
        (dict(DOCUMENT, SecretAccessKey=[SECRET]), "has the wrong type"),
        (
            dict(DOCUMENT, SecretAccessKey=SECRET + "\n"),
            "unusable keys in the output of credential_process",
        ),
        (dict(DOCUMENT, Expiration="2027-01-15T08:00:01"), "is not a timestamp"),
        (dict(DOCUMENT, Expiration="2027-02-30T08:00:01Z"), "is not a timestamp"),
        (dict(DOCUMENT, Expiration=NOW), "has the wrong type"),
    ],
)
def test_output_that_is_rejected(document, problem):
    assert problem in rejected(output(document))


def test_a_program_that_fails_shows_its_stderr():
    text = rejected(output(DOCUMENT, b"\n  no session:\n run login\x1b[0m\n", 3))
    assert "credential_process /bin/tool failed with exit code 3: no session: run login" in text
    assert "\\x1b" in text and "\x1b" not in text
    assert "nothing on stderr" in rejected(output(DOCUMENT, b"", 1))
    assert len(rejected(output(DOCUMENT, b"x" * 10**6, 1))) < 700


def test_a_program_that_does_not_start_or_end():
    assert "cannot run credential_process /bin/tool: No such file" in rejected(
        FileNotFoundError(2, "No such file or directory")
    )
    assert "/bin/tool did not end within 60 s" in rejected(NetworkError("", kind="timeout"))


# CRED-013
@pytest.mark.parametrize("stdout, stderr", [(MAX_REPLY_LENGTH + 1, 0), (0, MAX_REPLY_LENGTH + 1)])
def test_a_program_that_writes_too_much(stdout, stderr):
    world = World(process=ProcessOutput(-9, b"x" * stdout, b"x" * stderr))
    with pytest.raises(ConfigurationError) as caught:
        process_source(world.context("[default]\ncredential_process = tool"))()
    assert str(caught.value).startswith("credential_process tool wrote too much (expected one JSON")


def test_outputs_are_not_shown():
    assert repr(output(DOCUMENT)) == "ProcessOutput(exit code 0)"
