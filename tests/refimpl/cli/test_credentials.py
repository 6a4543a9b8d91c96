# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/credentials.py: every command that signs finds what a call finds.

The plan: each source reaches `sign`, `token` and `identity`; the regions; the code of an MFA
device from the flag, typed on a terminal, and without a terminal. A pseudo-terminal is the
controlling terminal of a process, as in a shell.

The rules are CRED-002 and CLI-017.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from conformance.endpoint.checks import ACCESS_KEY, EXAMPLE_TOKEN, SECRET_KEY
from conformance.endpoint.credentials_services import CredentialsServices
from conformance.endpoint.server import Endpoint
from refimpl.bearer import bearer_token
from refimpl.sigv4 import Credentials, verify
from tests.interpreters import interpreters
from tests.refimpl.cli.support import (
    DATE,
    HOST,
    PATH,
    ROOT,
    SECONDS,
    URL,
    call,
    failed,
    one_line,
    shell_environment,
)

KEYS = f"aws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
SERIAL = "arn:aws:iam::123456789012:mfa/user"
PROGRAM = json.dumps({"Version": 1, "AccessKeyId": ACCESS_KEY, "SecretAccessKey": SECRET_KEY})
CONFIG = f"""[profile static]
region = eu-west-1
{KEYS}
[profile process]
region = eu-west-1
credential_process = {sys.executable} -c "print('''{PROGRAM}''')"
[profile role]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/r
source_profile = static
[profile mfa]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/r
source_profile = static
mfa_serial = {SERIAL}
"""


def environment_in(folder: Path, services: Any = None) -> Dict[str, str]:
    (folder / "config").write_text(CONFIG.replace(PROGRAM, PROGRAM.replace('"', '\\"')))
    variables = {
        "HOME": str(folder),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }
    if services is not None:
        variables.update(line.split("=", 1) for line in services.variables)
    return variables


def signs(result: Any, token: Any, region: str) -> bool:
    """Return whether the output of `sign` is a valid signature by the example keys."""
    assert (result.code, result.stderr) == (0, "")
    headers = [line.split(": ", 1) for line in result.stdout.decode().splitlines()]
    keys = Credentials(ACCESS_KEY, SECRET_KEY, token)
    verify("POST", PATH, [(a, b) for a, b in headers], b"", keys, region, "sagemaker", DATE)
    assert dict(map(tuple, headers))["Host"] == HOST
    return True


SOURCES = [("static", None), ("process", None), ("role", EXAMPLE_TOKEN)]


@pytest.mark.slow
@pytest.mark.parametrize("profile, token", SOURCES)
@pytest.mark.parametrize("by_flag", [True, False])
def test_sign(profile: str, token: Any, by_flag: bool, tmp_path: Path) -> None:
    with CredentialsServices(clock=lambda: SECONDS) as services:
        environment = environment_in(tmp_path, services)
        flags = ["--profile", profile] if by_flag else []
        if not by_flag:
            environment["AWS_PROFILE"] = profile
        result = call("sign", URL, *flags, environment=environment, clock=lambda: SECONDS)
        assert signs(result, token, "eu-west-1")
        flags += ["--region", "us-west-2"]
        result = call("sign", URL, *flags, environment=environment, clock=lambda: SECONDS)
        assert signs(result, token, "us-west-2")


def test_sign_with_the_container(tmp_path: Path) -> None:
    with CredentialsServices(clock=lambda: SECONDS) as services:
        environment = dict(environment_in(tmp_path, services), AWS_REGION="eu-west-1")
        result = call("sign", URL, environment=environment, clock=lambda: SECONDS)
    assert signs(result, EXAMPLE_TOKEN, "eu-west-1")


@pytest.mark.parametrize("profile, token", SOURCES)
def test_token(profile: str, token: Any, tmp_path: Path) -> None:
    with CredentialsServices(clock=lambda: SECONDS) as services:
        environment = environment_in(tmp_path, services)
        flags = ["--profile", profile]
        result = call("token", *flags, environment=environment, clock=lambda: SECONDS)
    expected = bearer_token(Credentials(ACCESS_KEY, SECRET_KEY, token), "eu-west-1", DATE)
    assert (result.code, result.stdout.decode()) == (0, expected + "\n")


def test_a_profile_and_its_errors(tmp_path: Path) -> None:
    environment = environment_in(tmp_path)
    for command in (("sign", URL), ("token",), ("identity",)):
        result = call(*command, "--profile", "none", environment=environment)
        failed(result, 3, "the profile none does not exist", "mfa, process, role, static")
        result = call(
            *command, environment=dict(environment, AWS_ACCESS_KEY_ID="a", AWS_REGION="x")
        )
        failed(result, 3, "no AWS_SECRET_ACCESS_KEY")


def test_expired_credentials_do_not_sign() -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_CREDENTIAL_EXPIRATION": "2015-08-30T12:00:00Z",
        "AWS_REGION": "eu-west-1",
    }
    for command in (("sign", URL), ("token",)):
        result = call(*command, environment=environment, clock=lambda: SECONDS)
        failed(result, 3, "the credentials have expired")


# ---- the code of an MFA device -----------------------------------------------------------------


def codes_in(services: CredentialsServices) -> List[str]:
    bodies = [request.body.decode() for request in services.requests]
    assert all(
        f"SerialNumber={SERIAL}".replace(":", "%3A").replace("/", "%2F") in b for b in bodies
    )
    return re.findall(r"TokenCode=(\w+)", " ".join(bodies))


# CLI-017
@pytest.mark.slow
def test_the_code_from_the_flag(tmp_path: Path) -> None:
    flags = ["--profile", "mfa", "--mfa-code", "123456"]
    with CredentialsServices(clock=lambda: SECONDS) as services, Endpoint(
        clock=lambda: SECONDS
    ) as endpoint:
        environment = environment_in(tmp_path, services)
        clock: Any = lambda: SECONDS  # noqa: E731
        assert call("token", *flags, environment=environment, clock=clock).code == 0
        assert signs(
            call("sign", URL, *flags, environment=environment, clock=clock),
            EXAMPLE_TOKEN,
            "eu-west-1",
        )
        result = call(
            "invoke", "default", "--body", "x", "--endpoint-url", endpoint.url, *flags,
            environment=environment, clock=clock,
        )  # fmt: skip
        assert result.code == 0, result.stderr
        result = call("doctor", "--offline", *flags, environment=environment, clock=clock)
        assert result.code == 0 and b"source assume-role" in result.stdout
        assert codes_in(services) == ["123456"] * 4


def test_a_code_that_is_none(tmp_path: Path) -> None:
    result = call(
        "token", "--profile", "mfa", "--mfa-code", "12", environment=environment_in(tmp_path)
    )
    failed(result, 3, f"the code of the device {SERIAL} is unusable (expected six digits")


# A session leader that opens a terminal gets it as its controlling terminal. A shell that starts
# the tests in the background ignores interrupts, and a child would inherit that.
LAUNCHER = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.close(os.open(os.ttyname(0), os.O_RDWR))
if sys.argv[1] == "pipe":
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.execv(sys.argv[2], sys.argv[2:])
"""


def run_in_terminal(
    command: List[str], environment: Dict[str, str], typed: bytes, stdin: str = "terminal"
) -> Tuple[int, bytes, str]:
    """Run a command whose controlling terminal is new. Return exit code, stdout, terminal output.

    typed: written to the terminal when its first line asks for it
    """
    import pty

    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, stdin, *command],
        cwd=str(ROOT),
        env=environment,
        stdin=inside,
        stdout=subprocess.PIPE,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    seen, is_typed = b"", False
    with process, os.fdopen(terminal, "r+b", buffering=0) as screen:
        while True:
            try:
                data = screen.read(4096)
            except OSError:  # the process has closed the terminal
                break
            if not data:
                break
            seen += data
            if not is_typed and seen.endswith(b": "):
                screen.write(typed)
                is_typed = True
        output = process.stdout.read() if process.stdout is not None else b""
    return process.returncode, output, seen.decode()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("stdin", ["terminal", "pipe"])
def test_the_code_is_typed_on_the_terminal(stdin: str, tmp_path: Path) -> None:
    with CredentialsServices() as services:
        environment = dict(shell_environment(), **environment_in(tmp_path, services))
        for program in {interpreters()[0][1], sys.executable}:
            command = [program, "-m", "refimpl", "token", "--profile", "mfa"]
            code, output, seen = run_in_terminal(command, environment, b"654321\n", stdin)
            assert code == 0 and output.startswith(b"sagemaker-api-key-"), seen
            assert seen == f"Enter MFA code for {SERIAL}: \r\n"
            assert codes_in(services)[-1] == "654321"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("typed, code", [(b"\x04", 3), (b"word\n", 3), (b"\x03", 130)])
def test_typing_no_code(typed: bytes, code: int, tmp_path: Path) -> None:
    environment = dict(shell_environment(), **environment_in(tmp_path))
    command = [sys.executable, "-m", "refimpl", "token", "--profile", "mfa"]
    found, output, seen = run_in_terminal(command, environment, typed)
    assert (found, output) == (code, b""), seen
    assert "Traceback" not in seen
    assert ("interrupted" if code == 130 else "is unusable (expected six digits") in seen


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a new session")
@pytest.mark.parametrize("command", [["token"], ["identity"], ["sign", URL], ["invoke", "a"]])
def test_without_a_terminal(command: List[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "refimpl", *command, "--profile", "mfa"],
        cwd=str(ROOT),
        env=dict(shell_environment(), **environment_in(tmp_path)),
        input=b"123456\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    line = one_line(done.stderr.decode())
    assert (done.returncode, done.stdout) == (3, b"")
    assert f"no terminal to ask for the code of the device {SERIAL}" in line
    assert "--mfa-code CODE" in line
