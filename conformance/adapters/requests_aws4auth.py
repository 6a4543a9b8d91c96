# SPDX-License-Identifier: MIT
"""The adapter of requests-aws4auth: `python -m conformance.adapters.requests_aws4auth`.

It signs a request of `requests` and then shows what `requests` would send. Nothing is sent. The
package takes a URL instead of a target, `requests` keeps one header of each name, and the time is
that of a given x-amz-date. A request that these cannot represent is unsupported. The package has no
presigner.
"""

import importlib
import re
from typing import Any, Dict, Tuple

from conformance.adapters.requests_read import Given, check_host, check_options, clock_of
from conformance.protocol.messages import (
    Reject,
    Unsupported,
    serve,
    to_base64_text,
    to_bytes,
    to_pairs,
)

metadata: Any = importlib.import_module("importlib.metadata")
requests: Any = importlib.import_module("requests")
package: Any = importlib.import_module("requests_aws4auth")

_NO_OPTIONS = ("normalize_path", "double_encode", "omit_session_token")


class _Signer(package.AWS4Auth):  # type: ignore[misc]
    """The package's signer, which remembers its stages."""

    def get_canonical_request(self, *arguments: Any) -> Any:
        found = super().get_canonical_request(*arguments)
        self.stages = {"canonical_request": found}
        return found

    def get_sig_string(self, *arguments: Any) -> Any:
        found = super().get_sig_string(*arguments)
        self.stages["string_to_sign"] = found
        return found


def _sign(given: Given) -> Dict[str, Any]:
    check_host(given)
    check_options(given, "requests-aws4auth", *_NO_OPTIONS)
    clock_of(given["time"])
    try:
        signer, prepared = _signed(given)
    except requests.exceptions.InvalidURL as error:
        raise Unsupported(f"it takes a URL, which cannot contain this: {error}") from None
    except Unsupported:
        raise
    except Exception as error:  # whatever leaks from the packages
        raise Reject(type(error).__name__, str(error)) from None
    authorization = _octets(prepared.headers["Authorization"])
    stages = {name: _octets(value) for name, value in signer.stages.items()}
    found = re.search("Signature=([0-9a-f]+)", authorization)
    if found:
        stages["signature"] = found.group(1)
    return dict(stages, authorization=authorization, sent=_sent(prepared))


def _signed(given: Given) -> Tuple[Any, Any]:
    """Return the signer and the request that `requests` sends."""
    pairs = [pair for pair in to_pairs(given["headers"]) if pair[0].lower() != "x-amz-date"]
    names = [name.lower() for name, _ in pairs]
    if len(set(names)) < len(names):
        raise Unsupported("requests keeps one header of each name")
    if any(value[:1].isspace() for _, value in pairs):
        raise Unsupported("requests rejects a header value that begins with white space")
    host = pairs[names.index("host")][1]
    signer = _Signer(
        given["access_key"],
        given["secret_key"],
        given["region"],
        given["service"],
        date=given["time"][:8],
        session_token=given.get("session_token"),
    )
    request = requests.Request(
        given["method"],
        f"https://{host}{given['target']}",
        headers=dict(pairs, **{"x-amz-date": given["time"]}),
        data=to_bytes(given.get("body", "")),
        auth=signer,
    )
    return signer, request.prepare()


def _sent(prepared: Any) -> Dict[str, Any]:
    """Return what http.client writes for a prepared request."""
    body = prepared.body or b""
    return {
        "method": _octets(prepared.method),
        "target": prepared.path_url,
        "headers": [[_octets(name), _octets(value)] for name, value in prepared.headers.items()],
        "body": to_base64_text(body if isinstance(body, bytes) else body.encode("utf-8")),
    }


def _octets(value: Any) -> str:
    """Return text with one character per octet, as http.client sends it."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return str(value.encode("utf-8").decode("latin-1"))
    return str(value)


if __name__ == "__main__":
    serve(
        "requests-aws4auth",
        f"{metadata.version('requests-aws4auth')} (requests {requests.__version__})",
        {"sigv4.sign": _sign},
    )
