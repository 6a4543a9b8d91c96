# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/network.py: each flag reaches the client, and errors have their exit codes.

The connections themselves are tested in tests/refimpl/test_transport.py and test_client.py.
"""

import argparse
import socket
import time
from pathlib import Path
from typing import Any, Dict

import pytest

from conformance.endpoint.server import Endpoint
from refimpl.cli.network import add_endpoint_network, add_network, network_arguments
from refimpl.cli.parser import UsageParser
from refimpl.errors import UsageError
from tests.rawserver import RawServer, read_head, reset
from tests.refimpl.cli.support import ENVIRONMENT, call, failed
from tests.refimpl.test_client import BUSY, GOOD, failure

FAILED = failure("424 x", b"{}", "x-amzn-errortype: ModelError")
DEFAULTS: Dict[str, Any] = {
    "use_fips": None,
    "use_dualstack": None,
    "proxy": None,
    "connect_to": None,
    "ca_bundle": None,
    "client_cert": None,
    "x509_strict": True,
    "max_attempts": None,
    "retry_after_send": False,
    "retry_model_errors": False,
    "sign_body": False,
}


def parsed(*arguments: str) -> Dict[str, Any]:
    parser: argparse.ArgumentParser = UsageParser(prog="x")
    add_endpoint_network(parser)
    return network_arguments(parser.parse_args(arguments))


def test_other_hosts_have_no_flags_of_an_endpoint() -> None:
    parser: argparse.ArgumentParser = UsageParser(prog="x")
    add_network(parser)
    parser.parse_args(["--proxy", "http://p", "--ca-bundle", "x", "--no-x509-strict"])
    for flag in ("--fips", "--connect-to=h:1", "--client-cert=f", "--max-attempts=2"):
        with pytest.raises(UsageError):
            parser.parse_args([flag])


@pytest.mark.parametrize(
    "arguments, changes",
    [
        ((), {}),
        (("--fips", "--dualstack"), {"use_fips": True, "use_dualstack": True}),
        (("--proxy", "http://p:1"), {"proxy": "http://p:1"}),
        (("--no-proxy",), {"proxy": ""}),
        (("--connect-to", "a.example:443"), {"connect_to": ("a.example", 443)}),
        (("--connect-to", "[::1]:8443"), {"connect_to": ("::1", 8443)}),
        (("--ca-bundle", "ca.pem"), {"ca_bundle": "ca.pem"}),
        (("--client-cert", "c.pem"), {"client_cert": "c.pem"}),
        (
            ("--client-cert", "c.pem", "--client-key", "k.pem"),
            {"client_cert": ("c.pem", "k.pem")},
        ),
        (("--no-x509-strict",), {"x509_strict": False}),
        (("--max-attempts", "5"), {"max_attempts": 5}),
        (("--retry-after-send",), {"retry_after_send": True}),
        (("--retry-model-errors",), {"retry_model_errors": True}),
        (("--sign-body",), {"sign_body": True}),
    ],
)
def test_flags(arguments: Any, changes: Dict[str, Any]) -> None:
    assert parsed(*arguments) == dict(DEFAULTS, **changes)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--proxy", "http://p", "--no-proxy"),
        ("--connect-to", "a.example"),
        ("--connect-to", "::1:443"),
        ("--connect-to", ":443"),
        ("--client-key", "k.pem"),
        ("--max-attempts", "many"),
    ],
)
def test_rejected_flags(arguments: Any) -> None:
    with pytest.raises(UsageError):
        parsed(*arguments)


def invoke(*arguments: str, **variables: str) -> Any:
    url = "https://endpoint.invalid"
    environment = dict(ENVIRONMENT, **variables)
    return call(
        "invoke", "llm", "--body", "x", "--endpoint-url", url, *arguments, environment=environment
    )


# NET-011
@pytest.mark.parametrize("by_flag", [False, True])
def test_a_proxy_that_asks_for_credentials(by_flag: bool) -> None:
    response = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with RawServer([response], read=read_head) as proxy:
        address = f"127.0.0.1:{proxy.port}"
        if by_flag:
            result = invoke("--proxy", f"http://{address}")
        else:
            result = invoke(HTTPS_PROXY=f"http://{address}")
    failed(result, 8, f"network: the proxy {address} asks for credentials (HTTP 407)")


@pytest.mark.slow
def test_configuration_errors(tmp_path: Path) -> None:
    failed(invoke(HTTPS_PROXY="socks5://p:1"), 3, "HTTPS_PROXY is a socks5:// proxy")
    missing = str(tmp_path / "none.pem")
    failed(invoke("--ca-bundle", missing), 3, f"the CA bundle {missing} (ca_bundle) cannot be used")
    failed(invoke("--client-cert", missing), 3, f"the client certificate {missing} cannot be used")
    failed(invoke(AWS_MAX_ATTEMPTS="none"), 3, "invalid number of attempts in AWS_MAX_ATTEMPTS")


# CRED-031, NET-021
def test_a_missing_bundle_of_a_profile(tmp_path: Path) -> None:
    config, missing = tmp_path / "config", str(tmp_path / "none.pem")
    config.write_text(
        f"[profile p]\nregion = eu-west-1\nca_bundle = {missing}\nrole_arn = r\n"
        "source_profile = q\n[profile q]\naws_access_key_id = a\naws_secret_access_key = b\n",
        encoding="utf-8",
    )
    place = f"the profile p in {config}, line 3"
    environment = {"AWS_CONFIG_FILE": str(config)}
    for command in (("invoke", "llm", "--body", "x"), ("identity",), ("token",), ("doctor",)):
        result = call(*command, "--profile", "p", environment=environment)
        failed(result, 3, f"the CA bundle {missing} ({place}) cannot be used: No such file")


@pytest.mark.parametrize(
    "setting, words",
    [
        (
            "region = EU West",
            "invalid region in %s (expected a name such as eu-west-1",
        ),
        ("endpoint_url = ftp://x", "invalid endpoint URL in %s (expected http(s)://host"),
        ("endpoint_url = http://x\nuse_fips_endpoint = true", "excludes FIPS in %s"),
    ],
)
def test_an_invalid_setting_of_a_profile(setting: str, words: str, tmp_path: Path) -> None:
    config = tmp_path / "config"
    region = "" if "region" in setting else "region = eu-west-1\n"
    config.write_text(f"[profile p]\n{setting}\n{region}", encoding="utf-8")
    place = f"the profile p in {config}, line 2"
    environment = {"AWS_CONFIG_FILE": str(config), "AWS_EC2_METADATA_DISABLED": "true"}
    for command in (("invoke", "llm", "--body", "x"), ("doctor", "--offline")):
        result = call(*command, "--profile", "p", environment=environment)
        line = result.stderr.splitlines()[0]
        assert result.code == 3 and words % place in line
    # An argument outweighs the profile, so its error does not name it.
    flags = ("--region", "EU", "--endpoint-url", "http://x")
    result = call("invoke", "llm", "--body", "x", "--profile", "p", *flags, environment=environment)
    assert "the profile p" not in result.stderr and result.code == 3


# NET-011
def test_an_unknown_host_of_a_proxy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **more: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    result = invoke("--proxy", "http://proxy.invalid:3128")
    failed(result, 8, "unknown host of the proxy proxy.invalid:3128: Name or service not known")


# RTY-001, RTY-002, RTY-004
@pytest.mark.slow
@pytest.mark.parametrize(
    "first, flags, without, code",
    [
        (BUSY, ["--max-attempts", "2"], ["--max-attempts", "1"], 5),
        ([reset], ["--retry-after-send"], [], 8),
        (FAILED, ["--retry-model-errors"], [], 6),
    ],
)
def test_the_flags_for_retries(first: Any, flags: Any, without: Any, code: int) -> None:
    for chosen, expected, requests in ((flags, 0, 2), (without, code, 1)):
        with RawServer(list(first), list(GOOD)) as server:
            url = f"http://127.0.0.1:{server.port}"
            environment = {name: ENVIRONMENT[name] for name in ENVIRONMENT if "ATT" not in name}
            result = call(
                "invoke", "llm", "--body", "x", "--endpoint-url", url, *chosen,
                environment=environment,
            )  # fmt: skip
            assert (result.code, len(server.requests)) == (expected, requests), result.stderr


# RTY-008
@pytest.mark.parametrize("ahead", [-86400, 86400])
def test_a_clock_that_is_off_by_a_day(ahead: int) -> None:
    with Endpoint(clock=lambda: time.time() + ahead, pace=0) as endpoint:
        arguments = ("invoke", "default", "--body", "x", "--endpoint-url", endpoint.url)
        environment = {name: ENVIRONMENT[name] for name in ENVIRONMENT if "ATT" not in name}
        assert call(*arguments, environment=environment).code == 0
        result = call(*arguments, "--max-attempts", "1", environment=environment)
        failed(result, 4, "InvalidSignatureException")
        assert [made.verified for made in endpoint.calls] == [False, True, False]


def test_usage_errors() -> None:
    failed(invoke("--max-attempts", "0"), 2, "invalid max_attempts")
    failed(invoke("--connect-to", "a:0"), 2, "invalid connect_to")
