# SPDX-License-Identifier: MIT
"""Serve an application that calls an endpoint, with gunicorn: gunicorn_check.py CHECKOUT WORKER.

The application makes its client before gunicorn forks. Four requests at once must each return the
complete text.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

checkout, worker = sys.argv[1:]
sys.path.insert(0, checkout)

from conformance.endpoint import ACCESS_KEY, SECRET_KEY, Endpoint  # noqa: E402

APPLICATION = """
import os, refimpl
client = refimpl.Client(endpoint_url=os.environ["ENDPOINT"])

def app(environment, start):
    start("200 OK", [("Content-Type", "text/plain")])
    response = client.invoke_endpoint_with_response_stream(endpoint_name="default", body=b"{}")
    for part in response.body:
        yield part.bytes
"""


def text_of(port: int) -> bytes:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=60) as response:
                return bytes(response.read())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def texts(url: str, folder: str) -> "set[bytes]":
    with open(os.path.join(folder, "application.py"), "w", encoding="utf-8") as file:
        file.write(APPLICATION)
    environment = dict(
        os.environ, ENDPOINT=url, HOME=folder, PYTHONPATH=checkout, AWS_REGION="us-east-1"
    )
    environment.update(AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY)
    command = [sys.executable, "-m", "gunicorn", "--preload", "-w", "2", "-k", worker]
    command += ["-b", "127.0.0.1:0", "application:app"]
    running = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE)
    try:
        assert running.stderr is not None
        seen = b""
        for line in running.stderr:
            seen += line
            listening = re.search(rb"Listening at: http://127.0.0.1:([0-9]+)", line)
            if listening:
                break
        else:
            raise SystemExit(f"gunicorn does not listen: {seen}")
        with ThreadPoolExecutor(4) as pool:
            return set(pool.map(text_of, [int(listening.group(1))] * 4))
    finally:
        running.terminate()
        running.communicate()


with tempfile.TemporaryDirectory() as temporary, Endpoint(pace=0) as endpoint:
    found = texts(endpoint.url, temporary)
sys.exit(len(found) != 1 or not found.pop().startswith(b"Every frame"))
