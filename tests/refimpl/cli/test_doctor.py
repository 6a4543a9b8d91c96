# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/doctor.py: the settings and credentials that are found, and where.

The plan: each line from each of its places; errors that do not stop the command; the clock; and
that no secret is shown.

The rule is CLI-015.
"""

import time
from pathlib import Path
from typing import Any, Dict

import pytest

from conformance.endpoint.tls import temporary_certificates
from tests.refimpl.cli.support import SECRET_KEY, SECRETS, TOKEN, Result, call
from tests.refimpl.config.test_system import server

KEY = "AKIAIOSFODNN7EXAMPLE"
CONFIG = f"""[default]
region = eu-west-3
[profile prod]
region = eu-central-1
ca_bundle = BUNDLE
aws_access_key_id = {KEY}
aws_secret_access_key = {SECRET_KEY}
"""
NAMES = ["files", "profile", "region", "endpoint", "proxy", "certificates", "retries"]
NAMES += ["credentials", "clock"]


def shared(folder: Path, **more: str) -> Dict[str, str]:
    (folder / ".aws").mkdir(exist_ok=True)
    (folder / ".aws" / "config").write_text(CONFIG, encoding="utf-8")
    return dict({"HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "true"}, **more)


def examine(*arguments: str, environment: Dict[str, str], **options: Any) -> Result:
    return call("doctor", *arguments, environment=environment, **options)


def lines_in(result: Result) -> Dict[str, str]:
    """Return the lines by name. The further lines of an error belong to its name."""
    lines: Dict[str, str] = {}
    name = ""
    for line in result.stdout.decode("utf-8").splitlines():
        name = line[:13].strip() or name
        lines[name] = f"{lines[name]}\n{line[13:]}" if name in lines else line[13:]
    assert list(lines) == NAMES
    assert not any(secret in result.stdout.decode("utf-8") for secret in (*SECRETS, KEY))
    return lines


def test_the_default_profile_and_keys_of_the_environment(tmp_path: Path) -> None:
    environment = shared(
        tmp_path, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY, AWS_SESSION_TOKEN=TOKEN
    )
    result = examine("--offline", environment=environment)
    config = tmp_path / ".aws" / "config"
    assert (result.code, result.stderr) == (0, "")
    assert lines_in(result) == {
        "files": f"{config}, {tmp_path / '.aws' / 'credentials'} (does not exist)",
        "profile": "default (the default)",
        "region": f"eu-west-3 (the profile default in {config}, line 2)",
        "endpoint": "https://runtime.sagemaker.eu-west-3.amazonaws.com (the region's)",
        "proxy": "none",
        "certificates": "those of the system",
        "retries": "attempts per call: 3 (the default)",
        "credentials": "AKIA...MPLE (source environment, with a session token)",
        "clock": "not compared (--offline)",
    }


def test_each_place(tmp_path: Path) -> None:
    environment = shared(
        tmp_path,
        AWS_PROFILE="prod",
        AWS_REGION="us-west-2",
        AWS_ENDPOINT_URL="http://127.0.0.1:1",
        HTTP_PROXY="http://user:secret@proxy.example:3128",
        AWS_CA_BUNDLE="/missing",
        NO_PROXY="",
    )
    lines = lines_in(examine("--offline", environment=environment))
    assert lines["profile"] == "prod (the variable AWS_PROFILE)"
    assert lines["region"] == "us-west-2 (the variable AWS_REGION)"
    assert lines["endpoint"] == "http://127.0.0.1:1 (the variable AWS_ENDPOINT_URL)"
    assert "secret" not in lines["proxy"]
    assert lines["certificates"].startswith(
        "ERROR the CA bundle /missing (the variable AWS_CA_BUNDLE) cannot be used: No such file"
    )
    assert lines["credentials"] == "AKIA...MPLE (source static)"
    flags = ("--profile", "prod", "--region", "ap-south-1", "--proxy", "http://p.example:1")
    lines = lines_in(examine("--offline", *flags, environment=shared(tmp_path)))
    assert lines["profile"] == "prod (--profile)"
    assert lines["region"] == "ap-south-1 (--region)"
    assert lines["proxy"] == "http://p.example:1 (--proxy)"
    assert lines["certificates"].startswith("ERROR ") and "BUNDLE" in lines["certificates"]


@pytest.mark.slow
def test_the_flags_for_connections(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    environment = shared(tmp_path, HTTPS_PROXY="http://p.example:1", AWS_MAX_ATTEMPTS="5", **keys)
    lines = lines_in(examine("--offline", environment=environment))
    assert lines["proxy"] == "http://p.example:1 (the environment)"
    assert lines["retries"] == "attempts per call: 5 (the variable AWS_MAX_ATTEMPTS)"
    flags = ("--no-proxy", "--fips", "--dualstack", "--no-x509-strict", "--max-attempts", "7")
    result = examine("--offline", *flags, "--retry-after-send", environment=environment)
    lines = lines_in(result)
    assert result.code == 0
    assert lines["endpoint"].startswith("https://runtime.sagemaker-fips.eu-west-3.api.aws ")
    assert lines["proxy"] == "none (--no-proxy)"
    assert lines["certificates"] == "those of the system, without strict checks (--no-x509-strict)"
    assert lines["retries"] == (
        "attempts per call: 7 (--max-attempts), also after the request was sent"
        " (--retry-after-send)"
    )
    missing = str(tmp_path / "none.pem")
    for flag, word in (("--ca-bundle", "CA bundle"), ("--client-cert", "client certificate")):
        result = examine("--offline", flag, missing, environment=environment)
        assert result.code == 3
        assert lines_in(result)["certificates"].startswith(f"ERROR the {word} {missing}")
    result = examine("--offline", "--max-attempts", "0", environment=environment)
    assert lines_in(result)["retries"].startswith("ERROR invalid max_attempts")


@pytest.mark.slow
def test_a_client_certificate(tmp_path: Path) -> None:
    with temporary_certificates() as made:
        flags = ("--client-cert", made.certificate, "--client-key", made.key)
        result = examine("--offline", *flags, environment=shared(tmp_path, AWS_PROFILE="prod"))
        text = lines_in(result)["certificates"]
        assert text.startswith("ERROR the CA bundle BUNDLE (the profile prod in ")
        flags = ("--ca-bundle", made.authority, *flags)
        result = examine("--offline", *flags, environment=shared(tmp_path, AWS_PROFILE="prod"))
        assert lines_in(result)["certificates"] == (
            f"{made.authority} (--ca-bundle), and the client certificate {made.certificate}"
            " (--client-cert)"
        )


# NET-030
def test_another_address(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    environment = shared(tmp_path, HTTP_PROXY="http://p.example:1", **keys)
    with server({"GET /": (404, b"")}) as (url, seen):
        address = url.rpartition("/")[2]
        flags = ("--endpoint-url", "http://vpce.example", "--connect-to", address)
        result = examine(*flags, environment=environment)
        lines = lines_in(result)
        assert lines["proxy"] == f"none, connects to {address} (--connect-to)"
        assert result.code == 0 and lines["clock"].endswith(" s from the endpoint's")
        assert [headers["Host"] for _, headers, _ in seen] == ["vpce.example"]
        result = examine(*flags, "--proxy", "http://p.example", environment=environment)
    assert result.code == 2
    assert lines_in(result)["proxy"] == "ERROR connect_to excludes a proxy (rule NET-030)"


def test_errors_do_not_stop_the_command(tmp_path: Path) -> None:
    result = examine("--profile", "missing", environment=shared(tmp_path))
    lines = lines_in(result)
    assert result.code == 3 and "the profile missing does not exist" in result.stderr
    assert lines["profile"].startswith("ERROR the profile missing does not exist")
    assert lines["region"].startswith("ERROR no region")
    assert lines["clock"] == "not compared, because there is no endpoint"


def test_a_broken_file(tmp_path: Path) -> None:
    environment = shared(tmp_path, AWS_REGION="eu-west-1")
    (tmp_path / ".aws" / "config").write_bytes(b"[default\n")
    result = examine("--offline", environment=environment)
    assert result.code == 3
    assert "config, line 1: section definition must end" in lines_in(result)["files"]


def test_no_credentials_give_a_line_for_each_source(tmp_path: Path) -> None:
    result = examine("--offline", environment=shared(tmp_path))
    found = lines_in(result)["credentials"].splitlines()
    assert result.code == 3 and len(found) == 10
    assert found[0] == "ERROR no credentials (rule CRED-002)"
    assert found[1].startswith("  environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are")


@pytest.mark.parametrize("offset, code", [(0, 0), (-100, 0), (86400, 3)])
def test_the_clock(offset: int, code: int, tmp_path: Path) -> None:
    with server({"GET /": (404, b"")}) as (url, seen):
        environment = shared(tmp_path, AWS_PROFILE="prod", AWS_ENDPOINT_URL=url)
        environment["AWS_CONFIG_FILE"] = str(tmp_path / "config")
        (tmp_path / "config").write_text(CONFIG.replace("ca_bundle", "x"), encoding="utf-8")
        result = examine(environment=environment, clock=lambda: time.time() + offset)
    line = lines_in(result)["clock"]
    assert result.code == code and [request for request, _, _ in seen] == ["GET /"]
    if code:
        assert line.startswith("ERROR the clock is off by 86")
    else:
        assert line.endswith(" s from the endpoint's")
        assert abs(int(line.split()[0]) + offset) <= 2


def test_an_endpoint_that_cannot_be_reached(tmp_path: Path) -> None:
    environment = shared(tmp_path, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY)
    result = examine("--endpoint-url", "http://127.0.0.1:1", environment=environment)
    lines = lines_in(result)
    assert result.code == 8 and lines["endpoint"] == "http://127.0.0.1:1 (--endpoint-url)"
    assert lines["clock"].startswith("ERROR cannot connect to 127.0.0.1")
