# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/tls.py, and of the endpoint with https.

OpenSSL's program makes the certificates. A raw client checks how connections end, and `refimpl`
and botocore call the endpoint, each with the private CA as its only trusted issuer.
"""

import os
import shutil
import socket
import ssl
import subprocess
from typing import Any, Iterator, List

import pytest

from conformance.endpoint.scenarios.build import FRAMES, ok, part, stream
from conformance.endpoint.scenarios.model import Scenario
from conformance.endpoint.server import Endpoint
from conformance.endpoint.tls import Certificates, server_context, temporary_certificates
from refimpl.client import Client
from refimpl.errors import Error, NetworkError, UsageError
from tests.conformance.endpoint.client import (  # noqa: F401
    ACCESS_KEY,
    KEYS,
    SECRET_KEY,
    answer_of,
    last,
    nothing_is_left_running,
    path,
    read_all,
    request,
)

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="no openssl program here")
SCENARIOS = {
    "until-close": Scenario("until-close", "t", "m", ok(), stream(*FRAMES, framing="close")),
    "cut": Scenario("cut", "t", "m", ok(), stream(*FRAMES, framing="close", ending="close", cut=9)),
    "reset": Scenario("reset", "t", "m", ok(), stream(part(b"a"), ending="reset")),
    "large": Scenario("large", "t", "m", ok(), stream(*[part(b"x" * 100000)] * 100)),
}


@pytest.fixture(name="made", scope="module")
def made_fixture() -> Iterator[Certificates]:
    if OPENSSL is None:
        pytest.skip("no openssl program here")
    with temporary_certificates() as made:
        yield made


@pytest.fixture(name="lines")
def lines_fixture() -> List[str]:
    return []


@pytest.fixture(name="served")
def served_fixture(made: Certificates, lines: List[str]) -> Iterator[Endpoint]:
    tls = server_context(made.certificate, made.key)
    with Endpoint(SCENARIOS, pace=0, log=lines.append, tls=tls) as endpoint:
        yield endpoint


def connected(endpoint: Endpoint, made: Certificates, name: str = "localhost") -> Any:
    """Return a TLS connection that reports an unannounced end of the stream."""
    context = ssl.create_default_context(cafile=made.authority)
    plain = socket.create_connection(("127.0.0.1", int(endpoint.url.rpartition(":")[2])), 10)
    try:
        return context.wrap_socket(plain, server_hostname=name, suppress_ragged_eofs=False)
    except (OSError, ValueError):
        plain.close()
        raise


# ---- certificates ------------------------------------------------------------------------------


@pytest.mark.slow
@needs_openssl
def test_the_folder_has_no_ca_key_and_is_deleted() -> None:
    with temporary_certificates() as made:
        folder = os.path.dirname(made.authority)
        names = sorted(os.listdir(folder))
        assert names == ["ca.pem", "openssl.cnf", "server.csr", "server.key", "server.pem"]
        assert os.name == "nt" or os.stat(folder).st_mode & 0o77 == 0
    assert not os.path.exists(folder)


def test_without_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UsageError) as caught, temporary_certificates():
        pass
    assert str(caught.value) == (
        "the openssl program, which makes the certificates, is not installed"
        " (expected --cert FILE and --key FILE, or the openssl program)"
    )


@pytest.mark.skipif(os.name == "nt", reason="needs a shell script")
@pytest.mark.parametrize(
    "script, reason",
    [
        ("#!/bin/sh\necho first\necho 'unknown option'\nexit 1\n", "unknown option"),
        ("#!/bin/sh\nexit 1\n", "no message"),
        ("\x7fELF", "Exec format error"),
    ],
)
def test_a_program_that_fails(
    script: str, reason: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "openssl"
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(program))
    with pytest.raises(UsageError) as caught, temporary_certificates():
        pass
    assert caught.value.message == f"`openssl req` failed: {reason}"


@pytest.mark.slow
def test_unusable_files(made: Certificates, tmp_path: Any) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_bytes(b"")
    with pytest.raises(UsageError, match="not a file"):
        server_context(made.certificate, str(tmp_path / "missing"))
    for certificate, key in ((str(empty), made.key), (made.authority, made.key)):
        with pytest.raises(UsageError) as caught:
            server_context(certificate, key)
        assert caught.value.message.startswith(
            f"the certificate {certificate} with the key {key} cannot be used: "
        )


@pytest.mark.slow
def test_an_encrypted_key(made: Certificates, tmp_path: Any) -> None:
    key = str(tmp_path / "key.pem")
    command = [str(OPENSSL), "rsa", "-aes128", "-passout", "pass:secret", "-in", made.key]
    subprocess.run([*command, "-out", key], check=True, stderr=subprocess.DEVNULL)
    with pytest.raises(UsageError, match="the key is encrypted"):
        server_context(made.certificate, key)


# ---- the ends of connections -------------------------------------------------------------------


@pytest.mark.slow
def test_one_connection_serves_several_requests(served: Endpoint, made: Certificates) -> None:
    assert served.url.startswith("https://127.0.0.1:")
    date = {"date": _now()}
    with connected(served, made) as connection:
        connection.sendall(request(path("default"), **date))
        connection.sendall(last(path("default"), **date))
        assert read_all(connection).count(b"HTTP/1.1 200 OK\r\n") == 2
    assert [call.verified for call in served.calls] == [True, True]


def _now() -> str:
    from datetime import datetime, timezone

    return datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")


def test_a_complete_response_ends_with_close_notify(served: Endpoint, made: Certificates) -> None:
    with connected(served, made) as connection:
        connection.sendall(request(path("until-close"), date=_now()))
        assert answer_of(read_all(connection))[2] == b"".join(FRAMES)


def test_a_slow_reader_gets_everything_and_close_notify(
    served: Endpoint, made: Certificates
) -> None:
    with connected(served, made) as connection:
        connection.sendall(last(path("large"), date=_now()))
        length = 0
        while True:
            piece = connection.recv(65536)
            if not piece:
                break
            length += len(piece)
    assert length > 100 * 100000


def test_a_malformed_request_ends_with_close_notify(served: Endpoint, made: Certificates) -> None:
    with connected(served, made) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert answer_of(read_all(connection))[0] == 400


def test_a_truncated_response_ends_like_over_http(served: Endpoint, made: Certificates) -> None:
    with connected(served, made) as connection:
        connection.sendall(request(path("cut"), date=_now()))
        assert answer_of(read_all(connection))[2] == b"".join(FRAMES)[:9]
    with connected(served, made) as connection:
        connection.sendall(request(path("reset"), date=_now()))
        # OpenSSL of Debian's Python 3.11.2 reports a reset as a missing close_notify.
        with pytest.raises((ConnectionResetError, ssl.SSLEOFError)):
            read_all(connection)


def test_close_ends_connections_in_every_state(made: Certificates) -> None:
    with Endpoint(pace=0, tls=server_context(made.certificate, made.key)) as endpoint:
        port = int(endpoint.url.rpartition(":")[2])
        before_handshake = socket.create_connection(("127.0.0.1", port), 10)
        idle = connected(endpoint, made)
    before_handshake.close()
    idle.close()


def test_a_client_that_never_makes_a_handshake_is_dropped(made: Certificates) -> None:
    lines: List[str] = []
    tls = server_context(made.certificate, made.key)
    with Endpoint(log=lines.append, idle_timeout=0.1, tls=tls) as endpoint:
        port = int(endpoint.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            assert connection.recv(1) == b""
    assert lines == ["dropped: the client was silent for 0.1 s"]


def test_plain_http_is_logged(served: Endpoint, lines: List[str]) -> None:
    port = int(served.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        while connection.recv(100):
            pass
    served.close()
    assert lines == ["dropped: TLS handshake failed: HTTP_REQUEST"]


# ---- clients -----------------------------------------------------------------------------------


def client_of(endpoint: Endpoint, **options: Any) -> Client:
    return Client(
        region="eu-west-1", endpoint_url=endpoint.url, credentials=KEYS, environment={}, **options
    )


@pytest.mark.slow
def test_the_reference_client(served: Endpoint, made: Certificates) -> None:
    client = client_of(served, ca_bundle=made.authority)
    for name in ("default", "until-close"):
        with client.invoke_endpoint_with_response_stream(endpoint_name=name, body=b"") as response:
            assert response.collect()
    with pytest.raises(Error) as caught, client.invoke_endpoint_with_response_stream(
        endpoint_name="cut", body=b""
    ) as response:
        response.collect()
    assert caught.value.kind == "truncated"
    with pytest.raises(NetworkError, match="certificate"):
        client_of(served).invoke_endpoint_with_response_stream(endpoint_name="default", body=b"")


@pytest.mark.slow
def test_botocore(served: Endpoint, made: Certificates) -> None:
    session = pytest.importorskip("botocore.session").Session()
    client = session.create_client(
        "sagemaker-runtime",
        region_name="eu-west-1",
        endpoint_url=served.url,
        verify=made.authority,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
    events = client.invoke_endpoint_with_response_stream(EndpointName="default", Body=b"")["Body"]
    assert b"".join(event["PayloadPart"]["Bytes"] for event in events)
    client.close()
