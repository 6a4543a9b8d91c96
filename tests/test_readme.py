# SPDX-License-Identifier: MIT
"""Run the examples of README.md and docs/vendoring.md: commands as written, library code against
the endpoint on loopback.
"""

import io
import os
import re
import shlex
import subprocess
import sys

import pytest

from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.server import Endpoint
from refimpl import cli
from refimpl.eventstream import encode

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _readme():
    return _page("README.md")


def _page(*name):
    with open(os.path.join(HERE, *name), encoding="utf-8") as file:
        return file.read()


def _run(arguments, **environment):
    return subprocess.run(
        [sys.executable] + arguments,
        cwd=HERE,
        env=dict(os.environ, **environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=60,
    )


def _shape(text):
    """Return the text with ids, times and sizes replaced, because they differ between runs."""
    return re.sub(r"\d+", "0", re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text))


@pytest.mark.slow
def test_first_command_prints_what_the_readme_says():
    told = re.search(r"\$ python3 -m conformance demo\n(.*?)```", _readme(), re.DOTALL).group(1)
    run = _run(["-m", "conformance", "demo", "--pace", "0"])
    assert run.returncode == 0
    printed = run.stdout.decode() + run.stderr.decode()
    assert _shape(printed) == _shape(told)
    assert printed.splitlines()[0] == told.splitlines()[0]


def test_library_example():
    example = re.search(r"```python\n(.*?)```", _readme(), re.DOTALL).group(1)
    with Endpoint(pace=0, fallback="default") as endpoint:
        run = _run(
            ["-c", example],
            AWS_ENDPOINT_URL=endpoint.url,
            AWS_ACCESS_KEY_ID=ACCESS_KEY,
            AWS_SECRET_ACCESS_KEY=SECRET_KEY,
        )
        call = endpoint.calls[-1]
    assert run.returncode == 0 and run.stderr == b""
    assert run.stdout.startswith(b"Every frame carries two checksums")
    assert call.verified and call.body == b'{"inputs": "Hi"}'


@pytest.mark.slow
def test_example_with_boto3():
    pytest.importorskip("boto3")
    examples = re.findall(r"```python\n(.*?)```", _page("docs", "vendoring.md"), re.DOTALL)
    example = next(each for each in examples if "import boto3" in each)
    with Endpoint(pace=0, fallback="default") as endpoint:
        run = _run(
            ["-c", example],
            AWS_ENDPOINT_URL=endpoint.url,
            AWS_ACCESS_KEY_ID=ACCESS_KEY,
            AWS_SECRET_ACCESS_KEY=SECRET_KEY,
            AWS_REGION="us-east-1",
            AWS_DEFAULT_REGION="us-east-1",
            AWS_EC2_METADATA_DISABLED="true",
        )
    assert run.returncode == 0, run.stderr
    assert (
        run.stdout.startswith(b"Every frame carries two checksums") and run.stdout.count(b"\n") >= 1
    )


def test_commands_have_arguments_that_the_command_line_takes():
    """The parser accepts each `invoke` line of the pages unchanged."""
    pages = _readme() + _page("docs", "vendoring.md")
    lines = re.findall(r"\$ python3 -m refimpl (invoke llm .*--extract.*)\n", pages)
    assert len(lines) == 2
    for line in lines:
        streams = cli.Streams(io.BytesIO(b""), io.BytesIO(), io.StringIO(), {}, lambda: 0.0)
        assert cli.main(shlex.split(line), streams) == 3, (
            streams.stderr.getvalue()
        )  # no region: all before that was accepted


def test_commands_without_a_network_do_what_they_say(tmp_path, monkeypatch):
    """Run the commands that decode, convert and sign, with input files of the names they use."""
    lines = [
        line.replace("\\\n", " ")
        for line in re.findall(
            r"\$ python3 -m refimpl ((?:decode|convert|sign) (?:.*\\\n)*.*)", _readme()
        )
    ]
    assert [line.split()[0] for line in lines] == ["decode", "convert", "sign"]
    (tmp_path / "recorded-stream.bin").write_bytes(encode((("h", "string", "v"),), b"hi"))
    (tmp_path / "error.json").write_text('{"Message":"no"}', encoding="utf-8")
    (tmp_path / "body.json").write_text("{}", encoding="utf-8")
    monkeypatch.chdir(str(tmp_path))
    environment = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    answers = (
        b"h=v  | 2: hi",
        b"<ModelError><Message>no</Message></ModelError>",
        b"/eu-west-1/sagemaker/aws4_request",
    )
    for line, answer in zip(lines, answers):
        streams = cli.Streams(
            io.BytesIO(b""), io.BytesIO(), io.StringIO(), environment, lambda: 0.0
        )
        assert cli.main(shlex.split(line, comments=True), streams) == 0, streams.stderr.getvalue()
        assert answer in streams.stdout.getvalue()


def test_the_readme_is_short():
    assert len(_readme().split()) <= 1100
