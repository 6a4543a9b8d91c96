# SPDX-License-Identifier: MIT
"""The adapters of signers for HTTP libraries in Python: `python -m … signing_libraries NAME`.

NAME is requests-aws4auth, awscurl, aws-requests-auth or httpx-aws-auth. Each signs a request of its
HTTP library, which then sends it to a recorder (wire.py): `output.sent` is what arrived there.

These packages take a URL, from which the HTTP library makes the target and Host. `requests` keeps
one header of each name. A request that these cannot represent is unsupported. A package that has
no parameter for the time reads its clock, which is replaced. None of the four has a presigner or
options for the path, and each always adds the hash of the body.
"""

import datetime
import importlib
import re
import sys
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from conformance.adapters.requests_read import (
    Given,
    check_host,
    check_options,
    check_url,
    clock_of,
    octets_of,
)
from conformance.adapters.wire import Recorder, divert_urllib3
from conformance.protocol.messages import Reject, Unsupported, serve, to_bytes, to_pairs

_NO_OPTIONS = ("normalize_path", "double_encode", "omit_session_token")
_URL_ERRORS = ("InvalidURL", "LocationParseError", "UnsupportedProtocol")
Pairs = List[Tuple[str, str]]
Stages = Dict[str, str]


class Request(NamedTuple):
    """A request to sign. `headers` are without Host and x-amz-date."""

    given: Given
    method: str
    url: str
    host: str
    headers: Pairs
    body: bytes
    token: Any


def _read(given: Given, name: str) -> Request:
    check_host(given)
    check_url(given)
    check_options(given, name, *_NO_OPTIONS)
    clock_of(given["time"])
    if re.search("[\x00-\x1f\x7f]|%(?![0-9A-Fa-f]{2})", given["target"]):
        raise Unsupported("it takes a URL, which cannot contain this target")
    if given["method"] != given["method"].upper():
        raise Unsupported("its HTTP library sends a method in upper case")
    token = given.get("session_token")
    replaced = ["x-amz-date", "host", "authorization"] + ["x-amz-security-token"] * bool(token)
    pairs = to_pairs(given["headers"])
    hosts = [value for name, value in pairs if name.lower() == "host"]
    if len(hosts) > 1 or not re.match(r"[!-~]+\Z", hosts[0]):
        raise Unsupported("it takes a URL, which cannot contain this host")
    kept = [(name, value) for name, value in pairs if name.lower() not in replaced]
    for _, value in kept:
        if value != value.strip(" \t") or re.search("\n[ \t]", value):
            raise Unsupported("its HTTP library takes a header value trimmed and on one line")
    url = f"https://{hosts[0]}{given['target']}"
    body = to_bytes(given.get("body", ""))
    return Request(given, given["method"], url, hosts[0], kept, body, token)


def _once(headers: Pairs) -> Any:
    """Return headers as `requests` keeps them."""
    names = [name.lower() for name, _ in headers]
    if len(set(names)) < len(names):
        raise Unsupported("requests keeps one header of each name")
    structures: Any = importlib.import_module("requests.structures")
    return structures.CaseInsensitiveDict(headers)


def stopped_clock(given: Given) -> Any:
    """Return a `datetime` class whose clock has stopped at the time of the case."""
    moment = clock_of(given["time"])

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return moment.replace(tzinfo=tz)

        @classmethod
        def utcnow(cls) -> Any:
            return moment

    return Clock


# ---- the packages ------------------------------------------------------------------------------


def _requests_aws4auth(request: Request) -> Stages:
    package: Any = importlib.import_module("requests_aws4auth")
    given, stages = request.given, {}

    class Watched(package.AWS4Auth):  # type: ignore[misc]
        def get_canonical_request(self, *arguments: Any) -> Any:
            found = super().get_canonical_request(*arguments)
            stages["canonical_request"] = octets_of(found)
            return found

        def get_sig_string(self, *arguments: Any) -> Any:
            stages["string_to_sign"] = super().get_sig_string(*arguments)
            return stages["string_to_sign"]

    keys = (given["access_key"], given["secret_key"], given["region"], given["service"])
    signer = Watched(*keys, date=given["time"][:8], session_token=request.token)
    headers = _once(request.headers)
    headers["x-amz-date"] = given["time"]
    _send_by_requests(request, headers, signer)
    return stages


def _aws_requests_auth(request: Request) -> Stages:
    module: Any = importlib.import_module("aws_requests_auth.aws_auth")
    given = request.given
    module.datetime = SimpleNamespace(datetime=stopped_clock(given))
    keys = (given["access_key"], given["secret_key"], request.host)
    signer = module.AWSRequestsAuth(*keys, given["region"], given["service"], request.token)
    _send_by_requests(request, _once(request.headers), signer)
    return {}


def _send_by_requests(request: Request, headers: Any, signer: Any) -> None:
    requests: Any = importlib.import_module("requests")
    with requests.Session() as session:
        session.request(
            request.method, request.url, headers=headers, data=request.body, auth=signer
        )


def _awscurl(request: Request) -> Stages:
    module: Any = importlib.import_module("awscurl.awscurl")
    given, stages = request.given, {}
    first, second = (
        module.task_1_create_a_canonical_request,
        module.task_2_create_the_string_to_sign,
    )
    vars(module)["__now"] = stopped_clock(given).utcnow

    def canonical(*arguments: Any) -> Any:
        found = first(*arguments)
        stages["canonical_request"] = octets_of(found[0])
        return found

    def to_sign(*arguments: Any) -> Any:
        found = second(*arguments)
        stages["string_to_sign"] = found[0]
        return found

    module.task_1_create_a_canonical_request = canonical
    module.task_2_create_the_string_to_sign = to_sign
    try:
        module.make_request(
            request.method,
            given["service"],
            given["region"],
            request.url,
            _once(request.headers),
            request.body,
            given["access_key"],
            given["secret_key"],
            request.token,
            True,
        )
    finally:
        module.task_1_create_a_canonical_request = first
        module.task_2_create_the_string_to_sign = second
    return stages


def _httpx_aws_auth(request: Request) -> Stages:
    httpx: Any = importlib.import_module("httpx")
    httpcore: Any = importlib.import_module("httpcore")
    module: Any = importlib.import_module("httpx_aws_auth")
    given = request.given
    module.datetime = stopped_clock(given)

    class Diverted(httpcore.SyncBackend):  # type: ignore[misc]
        def connect_tcp(self, *_: Any, **options: Any) -> Any:
            stream = super().connect_tcp(*RECORDERS[0].address, timeout=options.get("timeout"))
            stream.start_tls = lambda *_, **__: stream
            return stream

    transport = httpx.HTTPTransport()
    transport._pool = httpcore.ConnectionPool(network_backend=Diverted())
    keys = module.AwsCredentials(given["access_key"], given["secret_key"], request.token)
    signer = module.AwsSigV4Auth(keys, given["region"], given["service"])
    # As octets: httpx encodes text as ASCII.
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers]
    with httpx.Client(transport=transport, trust_env=False) as client:
        client.request(
            request.method, request.url, headers=headers, content=request.body, auth=signer
        )
    return {}


class Library(NamedTuple):
    """A package.

    client: the distribution of its HTTP library
    send: signs a request and sends it; returns the stages that the package shows
    """

    client: str
    send: Callable[[Request], Stages]


LIBRARIES = {
    "requests-aws4auth": Library("requests", _requests_aws4auth),
    "awscurl": Library("requests", _awscurl),
    "aws-requests-auth": Library("requests", _aws_requests_auth),
    "httpx-aws-auth": Library("httpx", _httpx_aws_auth),
}
RECORDERS: List[Recorder] = []


def sign(name: str, given: Given) -> Given:
    """Return the stages that a package shows, and the request as it was sent."""
    request = _read(given, name)
    stages: Stages = {}
    try:
        sent = RECORDERS[0].sent(lambda: stages.update(LIBRARIES[name].send(request)))
    except Unsupported:
        raise
    except Exception as error:  # whatever leaks from the packages
        if type(error).__name__ in _URL_ERRORS:
            raise Unsupported(f"it takes a URL, which cannot contain this: {error}") from None
        if "Only Transfer-Encoding: chunked" in str(error):
            raise Unsupported(f"its HTTP library cannot send it: {error}") from None
        raise Reject(type(error).__name__, str(error)) from None
    authorization = [value for name, value in sent["headers"] if name.lower() == "authorization"]
    output: Given = dict(stages, sent=sent)
    if authorization:
        output["authorization"] = authorization[0]
        output["signature"] = authorization[0].rpartition("Signature=")[2]
    return output


def main(name: str) -> None:
    """Serve the adapter of a package."""
    metadata: Any = importlib.import_module("importlib.metadata")
    RECORDERS.append(Recorder())
    client = LIBRARIES[name].client
    if client == "requests":
        divert_urllib3(RECORDERS[0])
    version = f"{metadata.version(name)} ({client} {metadata.version(client)})"
    serve(name, version, {"sigv4.sign": lambda given: sign(name, given)})


if __name__ == "__main__":
    main(sys.argv[1])
