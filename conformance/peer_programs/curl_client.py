# SPDX-License-Identifier: MIT
"""The adapter of curl: `http.call`, one request signed by curl's own --aws-sigv4, and the answer as HTTP brought it.

curl knows no event stream, so `invoke` is not among its operations: it is asked for what a signer and HTTP client can do.
The output is the status that curl reports (0 for none) and the body as far as it came; an error bears the name that curl's
manual gives to its exit code, `curl-N`. The first argument is the path of curl.
"""
import subprocess
import sys
from typing import Any, Dict, Tuple

from conformance.adapters.protocol import Reject, serve, to_base64_text, to_bytes
from conformance.peer_programs import DEADLINE, READ_TIMEOUT

# curl's exit codes, and the kind nearest to each.
KINDS = {
    "curl-1": "http", "curl-7": "network", "curl-8": "http", "curl-18": "truncated", "curl-28": "timeout", "curl-52": "network",
    "curl-56": "network", "curl-61": "http", "curl-16": "http", "curl-43": "http",
}


def command_line(curl: str, given: Dict[str, Any]) -> Tuple[str, ...]:
    members = given["input"]
    return (
        curl, "--disable", "--silent", "--show-error", "--no-buffer", "--http1.1", "--noproxy", "*", "--request", "POST",
        "--aws-sigv4", "aws:amz:%s:sagemaker" % given["region"], "--user", "%s:%s" % (given["access_key"], given["secret_key"]),
        "--header", "Content-Type: %s" % members.get("ContentType", "application/octet-stream"), "--data-binary", "@-",
        "--connect-timeout", "%d" % READ_TIMEOUT, "--speed-time", "%d" % READ_TIMEOUT, "--speed-limit", "1",
        "--max-time", "%d" % DEADLINE, "--write-out", "%{stderr}\n%{http_code}",
        "%s/endpoints/%s/invocations-response-stream" % (given["endpoint_url"], members["EndpointName"]))


def call(given: Dict[str, Any]) -> Dict[str, Any]:
    process = subprocess.Popen(command_line(sys.argv[1], given), stdin=subprocess.PIPE, stdout=subprocess.PIPE,  # noqa: S603
                               stderr=subprocess.PIPE)
    body, told = process.communicate(to_bytes(given["input"]["Body"]))
    message, _, status = told.decode("utf-8", "replace").rpartition("\n")
    output = {"status": int(status or 0), "body": to_base64_text(body)}
    if process.returncode:
        raise Reject("curl-%d" % process.returncode, message.strip(), output=output)
    return output


def version(curl: str) -> str:
    told = subprocess.check_output([curl, "--version"])  # noqa: S603
    return told.decode("utf-8", "replace").split()[1]


if __name__ == "__main__":
    serve("curl", version(sys.argv[1]), {"http.call": call}, KINDS, language="c")
