# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/intercept.py: a proxy that intercepts TLS.

The plan: `refimpl` and boto3 call real host names through the proxy, with the outcome of each kind
of scenario; the command line on the oldest Python, the distribution's and the newest; a role, whose
STS has another host; certificates per host; refusals, over raw sockets; and the end of the proxy.
"""

import os
import shutil
import socket
import ssl
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Iterator, List, Tuple
from urllib.parse import urlsplit

import pytest

from conformance.endpoint import intercepting_proxy
from conformance.endpoint.credentials_services import CredentialsServices
from conformance.endpoint.intercept import InterceptingProxy
from conformance.endpoint.request import values_of
from conformance.endpoint.scenarios import examples
from conformance.endpoint.server import Endpoint
from conformance.endpoint.tls import Authority, temporary_authority
from refimpl.client import Client
from refimpl.errors import Error, NetworkError, ProtocolError, UsageError
from tests.conformance.endpoint.client import (  # noqa: F401
    ACCESS_KEY,
    KEYS,
    SECRET_KEY,
    WAITING,
    nothing_is_left_running,
    read_all,
)
from tests.interpreters import ROOT, interpreters
from tests.support import one_of_each

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl program here")
HOST = "runtime.sagemaker.eu-west-1.amazonaws.com"
EXAMPLES = {scenario.name: scenario for scenario in examples()}
CONNECT = b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"
TIMED_OUT = {name for name in EXAMPLES if EXAMPLES[name].expect.kind == "timeout"}


@pytest.fixture(name="authority", scope="module")
def authority_fixture() -> Iterator[Authority]:
    with temporary_authority() as authority:
        yield authority


@pytest.fixture(name="endpoint")
def endpoint_fixture() -> Iterator[Endpoint]:
    with Endpoint({"waiting": WAITING}, pace=0) as endpoint:
        yield endpoint


@pytest.fixture(name="proxy")
def proxy_fixture(endpoint: Endpoint, authority: Authority) -> Iterator[InterceptingProxy]:
    with InterceptingProxy(endpoint, authority) as proxy:
        yield proxy


def client_of(server: InterceptingProxy, **options: Any) -> Client:
    options.setdefault("credentials", KEYS)
    options.setdefault("ca_bundle", server.ca_bundle)
    options.setdefault("proxy", server.url)
    return Client(region="eu-west-1", environment={}, max_attempts=1, **options)


def call(client: Client, name: str = "default") -> Any:
    return client.invoke_endpoint_with_response_stream(endpoint_name=name, body=b"x")


# ---- clients -----------------------------------------------------------------------------------


def outcome(client: Client, name: str) -> Tuple[bytes, Any]:
    """Return the bytes of the parts, and the class, kind and code of the error."""
    data = b""
    try:
        with call(client, name) as response:
            for event in response.body:
                data += event.bytes
    except Error as error:
        return data, (type(error), error.kind, error.code, error.status)
    return data, None


def kind_of(name: str) -> Any:
    expect = EXAMPLES[name].expect
    return expect.status, expect.kind, EXAMPLES[name].response.framing, expect.code


PLAYED = one_of_each(set(EXAMPLES) - TIMED_OUT, kind_of)


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAYED)
def test_every_kind_of_outcome_is_that_without_the_proxy(
    name: str, proxy: InterceptingProxy, endpoint: Endpoint
) -> None:
    found = outcome(client_of(proxy, read_timeout=30), name)
    direct = Client(
        region="eu-west-1", endpoint_url=endpoint.url, credentials=KEYS, environment={},
        max_attempts=1, read_timeout=30,
    )  # fmt: skip
    assert found == outcome(direct, name)
    assert proxy.targets == [(HOST, 443)]
    through, without = endpoint.calls
    assert values_of(through.headers, "host") == [HOST] and through.verified
    assert through.scenario == without.scenario == name


@pytest.mark.slow
def test_the_context_manager_from_the_public_module(endpoint: Endpoint) -> None:
    lines: List[str] = []
    with intercepting_proxy(endpoint, log=lines.append) as proxy:
        folder = os.path.dirname(proxy.ca_bundle)
        assert list(call(client_of(proxy)).body)
        assert dict(line.split("=", 1) for line in proxy.variables) == {
            "HTTPS_PROXY": proxy.url,
            "AWS_CA_BUNDLE": proxy.ca_bundle,
        }
    assert lines == [f"CONNECT {HOST}:443"]
    assert not os.path.exists(folder)


@pytest.mark.slow
def test_a_client_without_the_ca(proxy: InterceptingProxy) -> None:
    with pytest.raises(NetworkError) as caught:
        call(client_of(proxy, ca_bundle=None))
    assert "--ca-bundle" in str(caught.value) and not caught.value.retryable


@pytest.mark.slow
def test_boto3(proxy: InterceptingProxy, endpoint: Endpoint, monkeypatch: Any) -> None:
    boto3 = pytest.importorskip("boto3")
    config = pytest.importorskip("botocore.config")
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for variable in proxy.variables:
        monkeypatch.setenv(*variable.split("=", 1))
    client = boto3.client(
        "sagemaker-runtime",
        region_name="eu-west-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=config.Config(retries={"total_max_attempts": 1}),
    )
    try:
        response = client.invoke_endpoint_with_response_stream(EndpointName="default", Body=b"x")
        theirs = b"".join(event["PayloadPart"]["Bytes"] for event in response["Body"])
    finally:
        client.close()
    ours = b"".join(part.bytes for part in call(client_of(proxy)).body)
    assert theirs == ours and len(endpoint.calls) == 2
    for exchange in endpoint.calls:
        assert values_of(exchange.headers, "host") == [HOST] and exchange.verified


@pytest.mark.slow
def test_a_role_whose_sts_is_behind_the_proxy(
    endpoint: Endpoint, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(
        "[profile r]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/r\n"
        f"source_profile = k\nca_bundle = {authority.ca_bundle}\n"
        f"[profile k]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
    )
    with CredentialsServices() as services, InterceptingProxy(
        endpoint, authority, services
    ) as proxy:
        environment = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "https_proxy": proxy.url}
        client = Client(profile="r", environment=environment)
        assert list(call(client).body)
        assert proxy.targets == [("sts.eu-west-1.amazonaws.com", 443), (HOST, 443)]
        assert [sent.method for sent in services.requests] == ["POST"]
        assert endpoint.calls[0].verified


@pytest.mark.slow
def test_the_command_line_with_every_python(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "conformance", "serve", "--pace", "0", "--intercept"]
    variables = {
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": "eu-west-1",
        "PATH": os.environ["PATH"],
    }
    server = subprocess.Popen(
        command, cwd=str(ROOT), env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        server.stdout.readline()
        printed = [server.stdout.readline().decode().strip().split("=", 1) for _ in range(2)]
        assert [name for name, _ in printed] == ["HTTPS_PROXY", "AWS_CA_BUNDLE"]
        flags = ["--proxy", printed[0][1], "--ca-bundle", printed[1][1]]
        for version, program in interpreters():
            for environment, arguments in (
                (variables, flags),
                (dict(variables, **dict(printed)), []),
            ):
                done = subprocess.run(
                    [
                        program,
                        "-m",
                        "refimpl",
                        "invoke",
                        "default",
                        "--body",
                        "x",
                        *arguments,
                    ],
                    cwd=str(ROOT),
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    timeout=60,
                )
                assert (done.returncode, done.stderr) == (0, b""), version
                assert done.stdout, version
    finally:
        server.terminate()
        server.communicate()


# ---- certificates ------------------------------------------------------------------------------


def connected(proxy: InterceptingProxy, target: str, name: str) -> Any:
    """Open a tunnel and return the TLS connection inside it."""
    plain = opened(proxy, b"CONNECT %s HTTP/1.1\r\nHost: x\r\n\r\n" % target.encode())
    head = plain.recv(4096)
    assert head == b"HTTP/1.1 200 Connection established\r\n\r\n", head
    context = ssl.create_default_context(cafile=proxy.ca_bundle)
    try:
        return context.wrap_socket(plain, server_hostname=name)
    except (OSError, ValueError):
        plain.close()
        raise


def opened(proxy: InterceptingProxy, data: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", urlsplit(proxy.url).port or 0), 10)
    connection.sendall(data)
    return connection


@pytest.mark.slow
@pytest.mark.parametrize(
    "target, name, kind, value",
    [
        ("a.example:8443", "a.example", "DNS", "a.example"),
        ("10.1.2.3:443", "10.1.2.3", "IP Address", "10.1.2.3"),
        ("[fd00::1]:443", "fd00::1", "IP Address", "FD00:0:0:0:0:0:0:1"),
    ],
)
def test_each_host_has_its_own_certificate(
    target: str, name: str, kind: str, value: str, proxy: InterceptingProxy
) -> None:
    for _ in range(2):
        with connected(proxy, target, name) as connection:
            assert connection.getpeercert()["subjectAltName"] == ((kind, value),)
    assert proxy.targets == [(name, int(target.rpartition(":")[2]))] * 2
    with pytest.raises((ssl.SSLError, ssl.CertificateError)):
        connected(proxy, target, "other.example")


def test_an_authority_makes_no_certificate_for_other_text(authority: Authority) -> None:
    for host in ("", "a_b", "a\nb", "a,DNS:b", "-a", "é", "a" * 254, "[::1]"):
        with pytest.raises(UsageError) as caught:
            authority.context_for(host)
        assert "not a host name" in str(caught.value)


@pytest.mark.slow
def test_an_authority_has_a_limit(monkeypatch: Any) -> None:
    with temporary_authority() as authority:
        monkeypatch.setattr("conformance.endpoint.tls._MOST_HOSTS", 1)
        first = authority.context_for("a.example")
        assert authority.context_for("a.example") is first
        with pytest.raises(UsageError, match="too many hosts"):
            authority.context_for("b.example")


# ---- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_head, status, word",
    [
        (b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 405, b"only opens tunnels"),
        (b"CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400, b"invalid request line"),
        (b"CONNECT a:0 HTTP/1.1\r\nHost: a\r\n\r\n", 400, b"invalid port"),
        (b"CONNECT a:1 HTTP/1.1\r\n\r\n", 400, b"exactly one Host"),
        (b"CONNECT -a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400, b"not a host name"),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03", 400, b"bytes after CONNECT"),
        (b"\x16\x03\x01", 400, b"is this TLS?"),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70000, 400, b"too long"),
    ],
)
def test_refusals(request_head: bytes, status: int, word: bytes, proxy: InterceptingProxy) -> None:
    with opened(proxy, request_head) as connection:
        response = read_all(connection)
    assert response.startswith(b"HTTP/1.1 %d " % status) and word in response
    assert proxy.targets == []


@pytest.mark.slow
def test_a_login(endpoint: Endpoint, authority: Authority) -> None:
    with InterceptingProxy(endpoint, authority, login="user:p@ss") as proxy:
        address = urlsplit(proxy.url).netloc
        with pytest.raises(NetworkError, match=rf"the proxy {address} asks for credentials"):
            call(client_of(proxy))
        with pytest.raises(NetworkError, match=rf"the proxy {address} rejects the credentials"):
            call(client_of(proxy, proxy=f"http://user:other@{address}"))
        assert list(call(client_of(proxy, proxy=f"http://user:p%40ss@{address}")).body)
        assert proxy.targets == [(HOST, 443)]
        with opened(proxy, CONNECT) as connection:
            assert b'\r\nProxy-Authenticate: Basic realm="conformance"\r\n' in read_all(connection)


# ---- the end -----------------------------------------------------------------------------------


def test_closing_ends_tunnels_at_every_stage(authority: Authority) -> None:
    with Endpoint({"waiting": WAITING}) as endpoint:
        with InterceptingProxy(endpoint, authority) as proxy:
            silent = opened(proxy, b"")
            no_handshake = opened(proxy, CONNECT)
            assert no_handshake.recv(100).startswith(b"HTTP/1.1 200 ")
            idle = connected(proxy, "a.example:1", "a.example")
            response = call(client_of(proxy), "waiting")
            assert next(response.body).bytes == b"a"
        for connection in (silent, no_handshake, idle):
            connection.close()
        with pytest.raises(ProtocolError) as caught:
            list(response.body)
        assert caught.value.kind == "truncated"


def test_closing_the_endpoint_first(authority: Authority) -> None:
    with Endpoint({"waiting": WAITING}) as endpoint:
        proxy = InterceptingProxy(endpoint, authority)
        response = call(client_of(proxy), "waiting")
        assert next(response.body).bytes == b"a"
    with pytest.raises(ProtocolError):
        list(response.body)
    proxy.close()


def test_a_client_that_leaves_or_speaks_no_tls(endpoint: Endpoint, authority: Authority) -> None:
    lines: List[str] = []
    with InterceptingProxy(endpoint, authority, log=lines.append) as proxy:
        opened(proxy, b"").close()
        with opened(proxy, CONNECT) as connection:
            connection.recv(100)
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            with suppress(ConnectionResetError):
                read_all(connection)
        assert list(call(client_of(proxy)).body)
