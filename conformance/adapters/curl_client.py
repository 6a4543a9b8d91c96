# SPDX-License-Identifier: MIT
"""The adapter of curl: `sigv4.sign`, and `http.call` for one signed request and its HTTP response.

`sigv4.sign` runs `curl --aws-sigv4` against a recorder (wire.py): `output.sent` is what arrived
there. curl takes the time from a given x-amz-date, which is the only way to set its clock. Some
versions then send this header twice. Unless the case gives one, `output.sent` has it once, as if
the clock had this time. The manual says to send a session token as a header. curl has no options
for path normalization or body hashing.

curl cannot decode an event stream, so it does not offer `invoke`. The output of `http.call` is
the status that curl reports, 0 for none, and the body that has arrived. An error is named
`curl-N` after curl's exit code. The first argument is the path of curl.
"""

import subprocess
import sys
from typing import Any, Dict, List, Tuple

from conformance.adapters.limits import DEADLINE, READ_TIMEOUT
from conformance.adapters.requests_read import check_host, check_options, check_url
from conformance.adapters.wire import Recorder, Sent
from conformance.protocol.messages import (
    Kind,
    Reject,
    Unsupported,
    serve,
    to_base64_text,
    to_bytes,
    to_pairs,
)

# The exit codes of curl, and what they can stand for.
KINDS: Dict[str, Kind] = {
    "curl-1": "http",
    "curl-7": "network",
    "curl-8": "http",
    "curl-18": "truncated",
    "curl-27": "*",
    "curl-28": "timeout",
    "curl-52": "network",
    "curl-56": "network",
    "curl-61": "http",
    "curl-16": "http",
    "curl-43": "http",
}
URL_MALFORMAT = 3
DATE, TOKEN = "x-amz-date", "x-amz-security-token"


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

RECORDERS: List[Recorder] = []  # started by the first request


def header_option(name: str, value: str) -> List[bytes]:
    """Return the option for a header; curl writes an empty value as a semicolon after the name."""
    return [b"--header", (name + ": " + value if value.strip() else name + ";").encode("latin-1")]


def signing_command(curl: str, given: Dict[str, Any], url: str) -> List[bytes]:
    token = given.get("session_token")
    headers = [
        (name, value)
        for name, value in to_pairs(given["headers"])
        if not token or name.lower() != TOKEN
    ]
    if not has_date(given):
        headers.append((DATE, given["time"]))
    if token:
        headers.append((TOKEN, token))
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
    host, port = RECORDERS[0].address
    try:
        command = signing_command(sys.argv[1], given, f"http://{host}:{port}")
        sent = RECORDERS[0].sent(lambda: run(command, to_bytes(given["body"])))
    except (UnicodeEncodeError, ValueError) as error:
        raise Unsupported(f"it cannot be an argument of a command: {error}") from None
    output: Dict[str, Any] = {"sent": sent if has_date(given) else with_one_clock(sent)}
    for name, value in sent["headers"]:
        if name.lower() == "authorization":
            output.update(signature=value[-64:], authorization=value)
    return output


def has_date(given: Dict[str, Any]) -> bool:
    return any(name.lower() == DATE for name, _ in given["headers"])


def with_one_clock(sent: Sent) -> Sent:
    """Return a request without the second of two equal x-amz-date headers."""
    headers = sent["headers"]
    dates = [place for place, (name, _) in enumerate(headers) if name.lower() == DATE]
    if len(dates) == 2 and headers[dates[0]][1] == headers[dates[1]][1]:
        headers = headers[: dates[1]] + headers[dates[1] + 1 :]
    return dict(sent, headers=headers)


def run(command: List[bytes], body: bytes) -> None:
    """Run curl. Raises Reject for an exit code that is not 0."""
    process = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    told = process.communicate(body)[1].decode("utf-8", "replace").strip()
    if process.returncode == URL_MALFORMAT:
        raise Unsupported(f"it takes a URL: {told}")
    if process.returncode:
        raise Reject(f"curl-{process.returncode}", told)


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
    )
