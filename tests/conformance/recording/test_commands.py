# SPDX-License-Identifier: MIT
"""Tests of the commands `record` and `replay`."""

import io
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List, Tuple

import pytest

from conformance import cli
from conformance.recording import proxy
from conformance.recording.files import read_recordings
from conformance.recording.proxy import Recorder
from refimpl.sigv4 import Credentials
from tests.conformance.recording.exchanges import (
    NOW,
    OWN,
    STREAM,
    asked,
    bytes_of,
    call,
)
from tests.conformance.recording.exchanges import nothing_is_left as _nothing_is_left  # noqa: F401
from tests.rawserver import (
    RawServer,
)


def run_command(
    arguments: List[str], meanwhile: Any, monkeypatch: pytest.MonkeyPatch
) -> Tuple[int, str]:
    """Run a command that serves until it is interrupted, and call meanwhile(server) first."""
    stdout, stderr = io.BytesIO(), io.StringIO()

    def wait(timeout: float) -> bool:
        line, end, rest = stdout.getvalue().partition(b"\n")
        assert (end, rest) == (b"\n", b"")
        meanwhile(SimpleNamespace(url=line.decode("ascii")))
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "threading", SimpleNamespace(Event=lambda: SimpleNamespace(wait=wait)))
    code = cli.main(arguments, cli.Streams(stdout, stderr))
    return code, stderr.getvalue()


def test_record_and_replay_as_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(tmp_path / "out")
    with RawServer([STREAM]) as upstream:
        command = [
            "record",
            "--upstream",
            upstream.url,
            "--out",
            folder,
            "--keep-sensitive",
            "--idle-timeout",
            "5",
        ]
        code, told = run_command(
            command, lambda made: asked(made, call(), until=len(STREAM)), monkeypatch
        )
    assert code == 130 and told.startswith(
        "llm.json: POST /endpoints/llm/invocations-response-stream; HTTP/1.1 200 OK;"
    )
    assert bytes_of(read_recordings(folder)[0]["response"]) == STREAM
    for arguments in ([folder], [os.path.join(folder, "llm.json"), "--no-timing"]):
        seen: List[Any] = []
        code, told = run_command(
            ["replay", *arguments],
            lambda made, seen=seen: seen.append(asked(made, call(), until=len(STREAM))),
            monkeypatch,
        )
        assert (code, seen) == (130, [(STREAM, "")]) and told.startswith(
            "POST /endpoints/llm/invocations-response-stream: POST "
        )


@pytest.mark.slow
def test_record_signs_with_the_environment_s_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    keys = f"aws_access_key_id = AKPROFILE\naws_secret_access_key = {OWN.secret_key}\n"
    (tmp_path / "config").write_text(f"[profile p]\n{keys}", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    stderr = io.StringIO()
    arguments = ["record", "--upstream", "http://127.0.0.1:1", "--out", str(tmp_path), "--sign"]
    assert (
        cli.main(arguments, cli.Streams(io.BytesIO(), stderr)) == 2
        and "no credentials" in stderr.getvalue()
    )
    for name, value in (
        ("AWS_ACCESS_KEY_ID", OWN.access_key),
        ("AWS_SECRET_ACCESS_KEY", OWN.secret_key),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(proxy.time, "time", lambda: NOW)
    made: List[Any] = []

    class Noted(Recorder):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            made.append(arguments)
            super().__init__(*arguments, **options)

    monkeypatch.setattr(proxy, "Recorder", Noted)
    urls: List[str] = []
    for more in ([], ["--key"], ["--profile", "p"]):
        code, _ = run_command(arguments + more, lambda server: urls.append(server.url), monkeypatch)
        assert code == 130
    assert [url.count("/") for url in urls] == [2, 3, 2] and len(urls[1].rpartition("/")[2]) == 32
    assert made[2][2] == Credentials("AKPROFILE", OWN.secret_key)
    assert made[:1] == [
        ("http://127.0.0.1:1", str(tmp_path), Credentials(OWN.access_key, OWN.secret_key), False)
    ]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["record"], "the following arguments are required: --upstream, --out"),
        (["record", "--upstream", "x", "--out", "OUT"], "not an upstream"),
        (["record", "--upstream", "http://a", "--out", "OUT", "--port", "70000"], "invalid port"),
        (["record", "--upstream", "http://a", "--out", "OUT", "--key"], "--key needs --sign"),
        (["record", "--upstream", "http://a", "--out", "OUT", "--profile", "p"], "needs --sign"),
        (["replay"], "required: FILE|DIR"),
        (
            ["record", "--upstream", "http://a", "--out", ""],
            "cannot write recordings: No such file or directory (expected a folder, got no",
        ),
        (
            ["record", "--upstream", "http://a", "--out", __file__],
            "cannot write recordings: File exists (expected a folder, got ",
        ),
        (["replay", "OUT/none.json"], "cannot read none.json: No such file or directory"),
    ],
)
def test_usage(arguments: List[str], words: str, tmp_path: Path) -> None:
    stderr = io.StringIO()
    given = [argument.replace("OUT", str(tmp_path)) for argument in arguments]
    assert cli.main(given, cli.Streams(io.BytesIO(), stderr)) == 2 and words in stderr.getvalue()
