# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/system.py: real files, programs and HTTP on the loopback.

The plan: bounds of each function, with real files, programs and servers; then whole searches with
the services of conformance.endpoint.credentials_services, compared with botocore on the same files
and services. A dead metadata service must take less than 3 s.

The rules are CRED-013, CRED-017 and CRED-029.
"""

import hashlib
import json
import os
import socket
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conformance.endpoint.checks import ACCESS_KEY, EXAMPLE_TOKEN, SECRET_KEY
from conformance.endpoint.credentials_services import (
    CONTAINER_PATH,
    METADATA_TOKEN,
    SSO_TOKEN,
    CredentialsServices,
)
from conformance.endpoint.request import values_of
from refimpl.config.chain import CredentialChain, NoCredentialsError
from refimpl.config.surroundings import FetchRequest
from refimpl.config.system import (
    MAX_REPLY_LENGTH,
    fetch_reply,
    run_program,
    system_surroundings,
)
from refimpl.errors import ConfigurationError, HttpError, NetworkError
from refimpl.routes import Network
from tests.refimpl.config.fakes import SECRET


@contextmanager
def server(replies):
    """Run a server; replies: `METHOD PATH` to (status, body) or to a function of the handler."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            seen.append((f"{self.command} {self.path}", dict(self.headers), body))
            found = replies.get(f"{self.command} {self.path}", (404, b"not found"))
            if callable(found):
                found = found(self)
                if found is None:
                    return
            status, data = found
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PUT = do_POST = answer

        def log_message(self, *arguments):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}", seen
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


# ---- programs ----------------------------------------------------------------------------------


def python(code):
    return [sys.executable, "-c", code]


def test_run_program():
    code = "import sys; print(sys.argv[1:], repr(sys.stdin.read())); sys.stderr.write('e'); exit(3)"
    ended = run_program([*python(code), "a b", "$HOME"], 30)
    assert ended.exit_code == 3
    assert ended.stdout.decode().strip() == "['a b', '$HOME'] ''"
    assert ended.stderr == b"e"


@pytest.mark.slow
def test_a_program_that_hangs_is_killed():
    start = time.monotonic()
    with pytest.raises(NetworkError) as caught:
        run_program(python("import time; time.sleep(60)"), 0.5)
    assert caught.value.kind == "timeout" and time.monotonic() - start < 10


def test_a_program_that_writes_forever_is_killed():
    ended = run_program(python("while True: print('x' * 10000)"), 60)
    assert MAX_REPLY_LENGTH < len(ended.stdout) < MAX_REPLY_LENGTH + 70000
    assert ended.exit_code != 0


def test_a_program_that_does_not_exist(tmp_path):
    with pytest.raises(OSError):
        run_program([str(tmp_path / "missing")], 1)


# ---- HTTP --------------------------------------------------------------------------------------


def get(url, **options):
    return fetch_reply(FetchRequest("GET", url, (("Host", "x"),), **options))


def test_fetch():
    replies = {"GET /a?b=c": (200, b"hello"), "GET /": (302, b""), "POST /p": (403, b"no")}
    with server(replies) as (url, seen):
        reply = get(url + "/a?b=c")
        assert (reply.status, reply.body) == (200, b"hello")
        assert get(url).status == 302
        posted = fetch_reply(
            FetchRequest("POST", url + "/p", (("Host", "x"), ("Content-Length", "2")), b"hi")
        )
        assert (posted.status, posted.body) == (403, b"no")
    assert [line for line, _, _ in seen] == ["GET /a?b=c", "GET /", "POST /p"]
    assert seen[2][2] == b"hi"


# NET-001, CRED-018
def test_a_proxy_is_used_unless_the_host_is_near():
    network = Network({}, proxy="")
    with server({"GET http://sts.invalid/": (200, b"hello")}) as (url, seen):
        through = Network({"http_proxy": url})
        far = FetchRequest("GET", "http://sts.invalid/", (("Host", "sts.invalid"),))
        assert fetch_reply(far, through).body == b"hello"
        for request, way in ((far, network), (far._replace(direct=True), through)):
            with pytest.raises(NetworkError) as caught:
                fetch_reply(request, way)
            assert caught.value.actual == "sts.invalid"
    assert len(seen) == 1


def test_a_long_response_is_rejected():
    too_long = b"x" * (MAX_REPLY_LENGTH + 1)
    with server({"GET /": (200, too_long)}) as (url, _), pytest.raises(HttpError, match="too long"):
        get(url + "/")


@pytest.mark.slow
def test_errors_say_whether_the_request_was_sent():
    def stall(handler):
        time.sleep(1.0)

    with server({"GET /": stall}) as (url, _), pytest.raises(NetworkError) as caught:
        get(url + "/", read_timeout=0.2)
    assert caught.value.kind == "timeout" and caught.value.sent
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(NetworkError) as caught:
            get(f"http://127.0.0.1:{port}/")
    assert not caught.value.sent and caught.value.retryable


# ---- whole searches ----------------------------------------------------------------------------


def isolated(tmp_path, config="", **environment):
    (tmp_path / "config").write_text(config, encoding="utf-8")
    return dict(
        {
            "HOME": str(tmp_path),
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
            "AWS_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        **environment,
    )


def botocore_keys(environment, monkeypatch):
    session = pytest.importorskip("botocore.session")
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    found = session.Session().get_credentials().get_frozen_credentials()
    return found.access_key, found.secret_key, found.token


def keys_of(environment):
    found = CredentialChain(system_surroundings(environment))()
    return found.access_key, found.secret_key, found.session_token


FAR = "2099-01-01T00:00:00Z"
FOUND = (ACCESS_KEY, SECRET_KEY, EXAMPLE_TOKEN)


def values_sent(services, name):
    return [value for request in services.requests for value in values_of(request.headers, name)]


@pytest.mark.slow
def test_role_with_a_program_as_its_source_like_botocore(tmp_path, monkeypatch):
    document = {"Version": 1, "AccessKeyId": ACCESS_KEY, "SecretAccessKey": SECRET_KEY}
    (tmp_path / "tool.py").write_text(f"print({json.dumps(document)!r})", encoding="utf-8")
    config = (
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/R\nsource_profile = tool\n"
        f"[profile tool]\ncredential_process = '{sys.executable}' '{tmp_path / 'tool.py'}'\n"
    )
    with CredentialsServices() as services:
        environment = isolated(tmp_path, config, AWS_ENDPOINT_URL_STS=services.url)
        assert keys_of(environment) == FOUND
        assert botocore_keys(environment, monkeypatch) == FOUND
    ours, theirs = values_sent(services, "authorization")
    assert f"Credential={ACCESS_KEY}/" in ours and f"Credential={ACCESS_KEY}/" in theirs


@pytest.mark.slow
def test_web_identity_like_botocore(tmp_path, monkeypatch):
    (tmp_path / "token").write_text("a.b.c", encoding="utf-8")
    with CredentialsServices() as services:
        environment = isolated(
            tmp_path,
            AWS_ENDPOINT_URL_STS=services.url,
            AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"),
            AWS_ROLE_ARN="arn:aws:iam::123456789012:role/R",
        )
        assert keys_of(environment) == FOUND == botocore_keys(environment, monkeypatch)
    bodies = [request.body for request in services.requests]
    assert all(b"WebIdentityToken=a.b.c" in body for body in bodies) and len(bodies) == 2


def test_container_like_botocore(tmp_path, monkeypatch):
    (tmp_path / "token").write_text("Bearer x", encoding="utf-8")
    with CredentialsServices() as services:
        environment = isolated(
            tmp_path,
            AWS_CONTAINER_CREDENTIALS_FULL_URI=services.url + CONTAINER_PATH,
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(tmp_path / "token"),
        )
        assert keys_of(environment) == FOUND
        assert botocore_keys(environment, monkeypatch) == FOUND
    assert values_sent(services, "authorization") == ["Bearer x"] * 2


def test_metadata_like_botocore(tmp_path, monkeypatch):
    with CredentialsServices() as services:
        environment = isolated(
            tmp_path,
            AWS_EC2_METADATA_SERVICE_ENDPOINT=services.url,
            AWS_EC2_METADATA_DISABLED="false",
            HTTP_PROXY="http://127.0.0.1:1",
            NO_PROXY="",
        )
        assert keys_of(environment) == FOUND
        environment.pop("HTTP_PROXY")
        assert botocore_keys(environment, monkeypatch) == FOUND
    lines = [f"{request.method} {request.target}" for request in services.requests]
    assert len(lines) == 6 and lines[:3] == lines[3:]
    assert values_sent(services, "x-aws-ec2-metadata-token") == [METADATA_TOKEN] * 4


def test_sso_login_is_renewed_and_its_file_replaced(tmp_path):
    cache = tmp_path / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    path = cache / (hashlib.sha1(b"corp").hexdigest() + ".json")
    token = {
        "accessToken": "old",
        "expiresAt": "2020-01-01T00:00:00Z",
        "refreshToken": "r",
        "clientId": "c",
        "clientSecret": "s",
        "registrationExpiresAt": FAR,
    }
    path.write_text(json.dumps(token), encoding="utf-8")
    config = (
        "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = R\n"
        "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example/start\n"
    )
    with CredentialsServices() as services:
        environment = isolated(
            tmp_path,
            config,
            AWS_ENDPOINT_URL_SSO=services.url,
            AWS_ENDPOINT_URL_SSO_OIDC=services.url,
        )
        assert keys_of(environment) == FOUND
    renewal, keys = services.requests
    assert json.loads(renewal.body.decode("ascii"))["refreshToken"] == "r"
    assert keys.target == "/federation/credentials?role_name=R&account_id=1"
    assert values_sent(services, "x-amz-sso_bearer_token") == [SSO_TOKEN]
    assert json.loads(path.read_text(encoding="utf-8"))["accessToken"] == SSO_TOKEN


@pytest.mark.slow
def test_a_dead_metadata_service_takes_less_than_three_seconds(tmp_path):
    # A listening socket whose queue is full: further connections are neither accepted nor refused.
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(address)
            waiting.append(one)
        environment = isolated(
            tmp_path,
            AWS_EC2_METADATA_DISABLED="false",
            AWS_EC2_METADATA_SERVICE_ENDPOINT=f"http://127.0.0.1:{address[1]}",
        )
        start = time.monotonic()
        with pytest.raises(NoCredentialsError) as caught:
            keys_of(environment)
        assert time.monotonic() - start < 3.0
        for one in waiting:
            one.close()
    assert "metadata: timed out while" in str(caught.value)


@pytest.mark.slow
def test_a_stalled_metadata_service_gives_the_hint(tmp_path):
    with server({"PUT /latest/api/token": lambda handler: time.sleep(1.5)}) as (url, seen):
        environment = isolated(
            tmp_path,
            AWS_EC2_METADATA_DISABLED="false",
            AWS_EC2_METADATA_SERVICE_ENDPOINT=url,
        )
        start = time.monotonic()
        with pytest.raises(NoCredentialsError, match="hop limit"):
            keys_of(environment)
        assert time.monotonic() - start < 3.0 and len(seen) == 1


def test_a_program_that_fails_and_one_that_hangs(tmp_path):
    script = tmp_path / "tool.py"
    script.write_text(
        f"import sys; print('{SECRET}'); sys.stderr.write('session expired'); sys.exit(2)",
        encoding="utf-8",
    )
    config = f"[default]\ncredential_process = '{sys.executable}' '{script}'\n"
    with pytest.raises(ConfigurationError) as caught:
        keys_of(isolated(tmp_path, config))
    assert "failed with exit code 2: session expired" in str(caught.value)
    assert SECRET not in str(caught.value)
