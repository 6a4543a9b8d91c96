# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/identity.py: the account and the user or role of the credentials.

The rule is CRED-019.
"""

import json
from pathlib import Path

from tests.refimpl.cli.support import SECRET_KEY, call, failed
from tests.refimpl.config.test_sts import IDENTITY
from tests.refimpl.config.test_system import server


def test_identity(tmp_path: Path) -> None:
    with server({"POST /": (200, IDENTITY.encode("ascii"))}) as (url, seen):
        (tmp_path / "config").write_text(
            f"[profile p]\nregion = eu-west-1\naws_access_key_id = AKID\n"
            f"aws_secret_access_key = {SECRET_KEY}\n",
            encoding="utf-8",
        )
        environment = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_ENDPOINT_URL_STS": url}
        result = call("identity", "--profile", "p", environment=environment)
    assert (result.code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "Account": "1",
        "Arn": "arn:aws:iam::1:user/u",
        "UserId": "AIDA",
        "source": "static",
    }
    assert "Credential=AKID/" in seen[0][1]["authorization"]


def test_errors() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    failed(call("identity", environment=keys), 3, "no region to call STS")
    error = b"<a><Error><Code>ExpiredToken</Code><Message>m</Message></Error></a>"
    with server({"POST /": (403, error)}) as (url, _):
        environment = dict(keys, AWS_REGION="eu-west-1", AWS_ENDPOINT_URL_STS=url)
        failed(
            call("identity", environment=environment), 3, "cannot get the identity: ExpiredToken: m"
        )
