# SPDX-License-Identifier: MIT
"""`conformance check` with servers: the endpoint, its front door of a container, replayed
recordings, nginx in front of the endpoint, and gateways in Go and JavaScript.

The table in docs/checking-a-server.md has one row for each. Tests of Go, Node.js and nginx are
skipped without them. `python3 -m tests tests/implementations/test_servers.py` runs this file.
"""

import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List

import pytest

from conformance.endpoint.checks import ACCESS_KEY, EXAMPLE_TOKEN, SECRET_KEY
from conformance.endpoint.container import Container
from conformance.endpoint.server import Endpoint
from conformance.recording.files import read_recordings
from conformance.recording.replay import Replay
from conformance.run.verdicts import ACCEPTABLE, FAIL, HANG, PASS, UNSUPPORTED, Result
from conformance.servers.catalogue import CHECKS
from conformance.servers.judging import probe, run_checks
from conformance.servers.subject import Names, Subject
from tests.conformance.servers.subjects import NAMES, served, subject_at
from tests.implementations.model_containers import PAUSE, ModelContainers

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "checking-a-server.md"
GATEWAYS = ROOT / "docs" / "examples" / "gateway"
# nginx as Debian packages it, with the settings that a stream and a long body need.
PROXY = "proxy_pass {upstream}; proxy_set_header Host $http_host;"
TUNED = "proxy_http_version 1.1; proxy_buffering off; client_max_body_size 25m;"


def rows() -> Dict[str, str]:
    """Return the rows of the page's table by the name of the server."""
    table = PAGE.read_text("utf-8").partition("<!-- results -->")[2]
    lines = re.findall(r"^\| (.*?) +\|(.*)$", table.partition("<!-- /results -->")[0], re.MULTILINE)
    return {name: " ".join(rest.split()) for name, rest in lines}


def results_of(subject: Subject) -> List[Result]:
    probe(subject)
    return list(run_checks(subject, CHECKS, lambda *step: None).results)


def row_of(results: List[Result]) -> str:
    words = [result.verdict.word for result in results]
    assert set(words) <= {PASS, FAIL, HANG, ACCEPTABLE, UNSUPPORTED}
    failing = [f"`{one.case.id}`" for one in results if one.verdict.word in (FAIL, HANG)]
    judged = len(words) - words.count(UNSUPPORTED)
    return f"{judged} | {words.count(PASS)} | {', '.join(failing) or '–'} |"


def check_row(name: str, results: List[Result]) -> None:
    found = [
        (one.case.id, one.verdict.difference or one.verdict.note)
        for one in results
        if one.verdict.word not in (PASS, UNSUPPORTED)
    ]
    assert rows().get(name) == row_of(results), found


def test_the_endpoint() -> None:
    with served() as endpoint:
        check_row("`conformance serve`", results_of(subject_at(endpoint.url)))


def test_the_front_door_of_a_container() -> None:
    """A container knows no endpoint names, so each behaviour has a server of its own."""
    best: Dict[str, Result] = {}
    with ModelContainers() as containers:
        for name in NAMES._fields:
            container = Container(f"{containers.url}/{name}")
            # A name that the catalogue does not have reaches the container.
            names = Names(**{name: "llm"})
            settings = {"region": "us-east-1", "session_token": EXAMPLE_TOKEN}
            with Endpoint(container=container, **settings) as endpoint:
                for result in results_of(subject_at(endpoint.url, names)):
                    known = best.get(result.case.id)
                    if known is None or known.verdict.word == UNSUPPORTED:
                        best[result.case.id] = result
    check_row("`conformance serve --container`", list(best.values()))


def test_replayed_recordings() -> None:
    recordings = read_recordings(str(ROOT / "vectors" / "recordings"))
    names = Names(attributes="output-members", fails="error-424", breaks="smithy-model-failed")
    with Replay(recordings, timing=False) as replay:
        subject = subject_at(replay.url, names, verifies=False)
        check_row("`conformance replay`", results_of(subject))


# ---- gateways ------------------------------------------------------------------------------------


@contextmanager
def gateway(command: List[str]) -> Iterator[str]:
    """Run a gateway in front of the model containers. Yields its URL."""
    environment = dict(
        os.environ,
        AWS_ACCESS_KEY_ID=ACCESS_KEY,
        AWS_SECRET_ACCESS_KEY=SECRET_KEY,
        AWS_SESSION_TOKEN=EXAMPLE_TOKEN,
    )
    with ModelContainers() as containers:
        for name in NAMES._fields:
            command = [*command, "-endpoint", f"{name}={containers.url}/{name}"]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        assert process.stdin is not None and process.stdout is not None
        try:
            yield process.stdout.readline().decode("ascii").strip()
        finally:
            process.stdin.close()
            assert process.wait(30) == 0
            process.stdout.close()


def test_a_gateway_in_go(tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not installed")
    program = str(tmp_path / "gateway")
    subprocess.check_call([go, "build", "-o", program, "."], cwd=str(GATEWAYS / "go"))
    with gateway([program]) as url:
        subject = subject_at(url)
        subject.pause = PAUSE
        check_row("[a gateway in Go](examples/gateway/go)", results_of(subject))


def test_a_gateway_in_javascript() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    with gateway([node, str(GATEWAYS / "node" / "gateway.mjs")]) as url:
        subject = subject_at(url)
        subject.pause = PAUSE
        check_row("[a gateway in JavaScript](examples/gateway/node)", results_of(subject))


# ---- a proxy -------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        port: int = probe_socket.getsockname()[1]
    return port


def configuration(folder: Path, port: int, location: str) -> str:
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{name}_temp_path {folder / name};" for name in temporary)
    return (
        f"daemon off; master_process off; pid {folder / 'pid'}; error_log {folder / 'log'};\n"
        "events {}\n"
        f"http {{ access_log off; {paths}\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }} }}\n"
    )


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert process.poll() is None, "nginx has ended"
            time.sleep(0.05)
    raise AssertionError("nginx does not listen")


@pytest.mark.parametrize("name, more", [("nginx, default settings", ""), ("nginx, tuned", TUNED)])
def test_nginx_in_front_of_the_endpoint(name: str, more: str, tmp_path: Path) -> None:
    nginx = os.environ.get("REFIMPL_NGINX") or shutil.which("nginx") or "/usr/sbin/nginx"
    if not os.path.exists(nginx):
        pytest.skip("nginx is not installed")
    with served() as endpoint:
        port = free_port()
        location = PROXY.replace("{upstream}", endpoint.url) + more
        file = tmp_path / "nginx.conf"
        file.write_text(configuration(tmp_path, port, location), "ascii")
        process = subprocess.Popen([nginx, "-p", str(tmp_path), "-c", str(file)])
        try:
            wait_for(port, process)
            check_row(name, results_of(subject_at(f"http://127.0.0.1:{port}")))
        finally:
            process.terminate()
            process.wait(30)


def test_the_page_names_the_settings_of_nginx() -> None:
    text = PAGE.read_text("utf-8")
    assert all(f"`{setting.strip()}`" in text for setting in TUNED.split(";") if setting.strip())
