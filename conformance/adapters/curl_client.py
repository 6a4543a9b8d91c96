# SPDX-License-Identifier: MIT
"""The adapter of curl: `sigv4.sign`, and `http.call` for one signed request and its HTTP response.

`sigv4.sign` runs `curl --aws-sigv4` against a local server and reads the signature from the
request. curl takes the time from a given x-amz-date, and its manual says to send a session token
as a header. It has no options for path normalization or body hashing. If curl does not send the
target or headers of a case unchanged, the case is unsupported.

curl cannot decode an event stream, so it does not offer `invoke`. The output of `http.call` is
the status that curl reports, 0 for none, and the body that has arrived. An error is named
`curl-N` after curl's exit code. The first argument is the path of curl.
"""

import socketserver
import subprocess
import sys
import threading
from typing import Any, Dict, List, Tuple

from conformance.adapters.limits import DEADLINE, READ_TIMEOUT
from conformance.adapters.requests_read import check_host, check_options, check_url
from conformance.protocol.messages import (
    Reject,
    Unsupported,
    serve,
    to_base64_text,
    to_bytes,
    to_pairs,
)

# The exit codes of curl, and the nearest kind.
KINDS = {
    "curl-1": "http",
    "curl-7": "network",
    "curl-8": "http",
    "curl-18": "truncated",
    "curl-28": "timeout",
    "curl-52": "network",
    "curl-56": "network",
    "curl-61": "http",
    "curl-16": "http",
    "curl-43": "http",
}


def command_line(curl: str, given: Dict[str, Any]) -> Tuple[str, ...]:
    members = given["input"]
    return (
        curl,
        "--disable",
        "--silent",
        "--show-error",
        "--no-buffer",
        "--http1.1",
        "--noproxy",
        "*",
        "--request",
        "POST",
        "--aws-sigv4",
        f"aws:amz:{given['region']}:sagemaker",
        "--user",
        f"{given['access_key']}:{given['secret_key']}",
        "--header",
        f"Content-Type: {members.get('ContentType', 'application/octet-stream')}",
        "--data-binary",
        "@-",
        "--connect-timeout",
        f"{int(READ_TIMEOUT)}",
        "--speed-time",
        f"{int(READ_TIMEOUT)}",
        "--speed-limit",
        "1",
        "--max-time",
        f"{int(DEADLINE)}",
        "--write-out",
        "%{stderr}\n%{http_code}",
        f"{given['endpoint_url']}/endpoints/{members['EndpointName']}/invocations-response-stream",
    )


def call(given: Dict[str, Any]) -> Dict[str, Any]:
    process = subprocess.Popen(  # noqa: S603
        command_line(sys.argv[1], given),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    body, told = process.communicate(to_bytes(given["input"]["Body"]))
    message, _, status = told.decode("utf-8", "replace").rpartition("\n")
    output = {"status": int(status or 0), "body": to_base64_text(body)}
    if process.returncode:
        raise Reject(f"curl-{process.returncode}", message.strip(), output=output)
    return output


# ---- signing -----------------------------------------------------------------------------------

Pairs = List[Tuple[str, str]]


class Recorder:
    """A server on loopback that responds with 200 and keeps the head of each request."""

    def __init__(self) -> None:
        self.seen: List[Tuple[str, str, Pairs]] = []
        seen = self.seen

        class Handler(socketserver.StreamRequestHandler):
            timeout = DEADLINE

            def handle(self) -> None:
                method, blank, rest = self.rfile.readline().decode("latin-1").partition(" ")
                if not blank:  # the client has disconnected without a request
                    return
                headers: Pairs = []
                for line in iter(
                    lambda: self.rfile.readline().decode("latin-1").rstrip("\r\n"), ""
                ):
                    name, _, value = line.partition(":")
                    headers.append((name, value.strip(" \t")))
                seen.append((method, rest.rpartition(" ")[0], headers))
                self.wfile.write(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()

    def send(self, command: List[bytes], body: bytes) -> Tuple[str, str, Pairs]:
        """Run curl and return the request's method, target and headers. Raises Reject."""
        self.seen.clear()
        process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        told = process.communicate(body)[1].decode("utf-8", "replace").strip()
        if process.returncode and not self.seen:
            raise Reject(f"curl-{process.returncode}", told)
        return self.seen[-1]


RECORDERS: List[Recorder] = []  # started by the first request


def header_option(name: str, value: str) -> List[bytes]:
    """Return the option for a header; curl writes an empty value as a semicolon after the name."""
    return [b"--header", (name + ": " + value if value.strip() else name + ";").encode("latin-1")]


def signing_command(curl: str, given: Dict[str, Any], url: str) -> List[bytes]:
    token = given.get("session_token")
    replaced = ("x-amz-date", "x-amz-security-token") if token else ("x-amz-date",)
    headers = [
        (name, value) for name, value in to_pairs(given["headers"]) if name.lower() not in replaced
    ]
    headers += [("x-amz-date", given["time"])] + (
        [("x-amz-security-token", token)] if token else []
    )
    words = [
        curl,
        "--disable",
        "--silent",
        "--show-error",
        "--http1.1",
        "--noproxy",
        "*",
        "--path-as-is",
        "--globoff",
        "--max-time",
        f"{int(DEADLINE)}",
        "--request",
        given["method"],
        "--aws-sigv4",
        f"aws:amz:{given['region']}:{given['service']}",
        "--user",
        f"{given['access_key']}:{given['secret_key']}",
    ]
    options = [word.encode("utf-8") for word in words]
    for name, value in headers:
        options += header_option(name, value)
    return (
        options
        + ([b"--data-binary", b"@-"] if given["body"] else [])
        + [(url + given["target"]).encode("utf-8")]
    )


def sign(given: Dict[str, Any]) -> Dict[str, Any]:
    check_options(
        given, "curl", "normalize_path", "double_encode", "sign_body", "omit_session_token"
    )
    check_url(given)
    check_host(given)
    if not given["region"] or not given["service"]:
        raise Unsupported("curl replaces an empty region or service by parts of the host name")
    if any(name.lower() == "authorization" for name, _ in given["headers"]):
        raise Unsupported("a given Authorization replaces curl's own")
    if not RECORDERS:
        RECORDERS.append(Recorder())
    try:
        command = signing_command(sys.argv[1], given, RECORDERS[0].url)
        method, target, headers = RECORDERS[0].send(command, to_bytes(given["body"]))
    except (UnicodeEncodeError, ValueError) as error:
        raise Unsupported(f"it cannot be an argument of a command: {error}") from None
    check_sent(given, method, target, headers)
    authorization = next((value for name, value in headers if name.lower() == "authorization"), "")
    if not authorization:
        raise Reject("unsigned", "it sent the request without a signature")
    return {"signature": authorization[-64:], "authorization": authorization}


def check_sent(given: Dict[str, Any], method: str, target: str, headers: Pairs) -> None:
    """Raise Unsupported if curl did not send the request unchanged."""
    if (method, target) != (
        given["method"],
        given["target"].encode("utf-8").decode("latin-1") or "/",
    ):
        raise Unsupported(f"it sends another request line: {method} {target}")
    own = ("x-amz-date", "x-amz-security-token", "authorization")
    asked = [
        (name.lower(), value.strip(" \t"))
        for name, value in to_pairs(given["headers"])
        if name.lower() not in own
    ]
    sent = [(name.lower(), value) for name, value in headers]
    for pair in asked:
        if pair not in sent:
            raise Unsupported(f"it does not send this header unchanged: {pair[0]}")
        sent.remove(pair)


def version(curl: str) -> str:
    told = subprocess.check_output([curl, "--version"])  # noqa: S603
    return told.decode("utf-8", "replace").split()[1]


if __name__ == "__main__":
    serve(
        "curl",
        version(sys.argv[1]),
        {"http.call": call, "sigv4.sign": sign},
        KINDS,
        language="c",
        newest=1,
    )
