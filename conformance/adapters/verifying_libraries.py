# SPDX-License-Identifier: MIT
"""The adapters of verifiers in Python: `python -m … verifying_libraries NAME`.

NAME is asigv4 or auth-aws4. Both take the region and service from the request, and know no session
tokens. A mapping of headers has one value for each name, so servers that call them join repeated
headers. auth-aws4 reads its clock, which is replaced.
"""

import asyncio
import importlib
import sys
from importlib import metadata  # novm: the packages need a newer Python
from types import SimpleNamespace
from typing import Any, Dict, List, Tuple
from urllib.parse import parse_qsl

from conformance.adapters.requests_read import Given, check_options, clock_of
from conformance.adapters.signing_libraries import stopped_clock
from conformance.protocol.messages import Kind, Reject, Unsupported, serve, to_bytes, to_pairs

# Of both packages. Errors of Python's own that leak stand for all kinds.
KINDS: Dict[str, Kind] = {
    "InvalidAuthorizationError": "signature",
    "SignatureMismatchError": "signature",
    "UnknownAccessKeyError": "signature",
    "RequestExpiredError": ("expired", "signature"),
    "InvalidDateError": ("expired", "signature"),
    "MissingHeaderError": "signature",
    "InvalidHeaderError": "signature",
    "InvalidSignatureError": "signature",
}


def _joined_headers(given: Given) -> List[Tuple[str, str]]:
    """Return headers as a server passes them on: those of one name joined, as RFC 9110 says."""
    values: Dict[str, List[str]] = {}
    for name, value in to_pairs(given["headers"]):
        values.setdefault(name.lower(), []).append(value)
    return [(name, ", ".join(texts)) for name, texts in values.items()]


def _query_of(given: Given) -> Dict[str, str]:
    """Return the parameters of the query, as a web framework decodes them."""
    query = given["target"].partition("?")[2]
    pairs = parse_qsl(query, keep_blank_values=True)
    if len(dict(pairs)) < len(pairs):
        raise Unsupported("it takes a mapping, which has each parameter once")
    return dict(pairs)


def _asigv4(given: Given) -> None:
    """SigV4Verifier.verify() of asigv4."""
    keys = {given["access_key"]: given["secret_key"]}
    clock = clock_of(given["time"]).replace(tzinfo=importlib.import_module("datetime").timezone.utc)
    verifier = importlib.import_module("asigv4").SigV4Verifier(keys.get, clock=lambda: clock)
    asyncio.run(  # novm: the package needs a newer Python
        verifier.verify(
            method=given["method"],
            path=given["target"].partition("?")[0],
            headers=dict(_joined_headers(given)),
            query_params=_query_of(given),
            body=to_bytes(given.get("body", "")),
        )
    )


class _Headers(Dict[str, str]):
    """Headers by names in any case, as the headers of a web framework."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value, or the default."""
        return super().get(name.lower(), default)


def _auth_aws4(given: Given) -> None:
    """generate_challenge() and validate_challenge() of auth-aws4."""
    module: Any = importlib.import_module("aws4")
    utc = importlib.import_module("datetime").timezone
    module.datetime = SimpleNamespace(datetime=stopped_clock(given), timezone=utc)
    headers = _Headers(_joined_headers(given))
    url = f"https://{headers.get('host', '')}{given['target']}"
    body = to_bytes(given.get("body", ""))
    challenge = module.generate_challenge(given["method"], url, headers, body)
    if challenge.access_key_id != given["access_key"]:
        raise Reject("UnknownAccessKeyError", "its caller knows no such key")
    module.validate_challenge(challenge, given["secret_key"])


VERIFIERS = {"asigv4": _asigv4, "auth-aws4": _auth_aws4}


def verify(name: str, given: Given) -> Dict[str, Any]:
    """Verify a request with a package. Raises Reject."""
    check_options(given, name, "normalize_path", "double_encode")
    if given.get("session_token"):
        raise Unsupported("it knows no session tokens")
    try:
        VERIFIERS[name](given)
    except (Reject, Unsupported):
        raise
    except Exception as error:
        raise Reject(type(error).__name__, str(error)) from None
    return {}


def main(name: str) -> None:
    """Answer requests for a package."""
    serve(
        name,
        metadata.version(name),
        {"sigv4.verify": lambda given: verify(name, given)},
        KINDS,
    )


if __name__ == "__main__":
    main(sys.argv[1])
