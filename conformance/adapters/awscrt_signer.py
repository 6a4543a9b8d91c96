# SPDX-License-Identifier: MIT
"""The adapter of awscrt: `sigv4.sign` and `sigv4.presign` by the Common Runtime's signer in C.

The signer shows no earlier stages than the signature. It returns the signed request, which is
`output.sent`: the HTTP client of the Common Runtime sends a request as it is. Errors have the
Common Runtime's names, or those of Python's own errors, which stand for all kinds. Text is sent as
UTF-8, and the clock is a `datetime`.
"""

import datetime
import importlib
import io
import re
from typing import Any, Dict, Optional

from conformance.adapters.requests_read import Given, clock_of, octets_of, text_of
from conformance.protocol.messages import Kind, Reject, serve, to_bytes, to_pairs

awscrt: Any = importlib.import_module("awscrt")
auth: Any = importlib.import_module("awscrt.auth")
http: Any = importlib.import_module("awscrt.http")
exceptions: Any = importlib.import_module("awscrt.exceptions")

PATIENCE = 8.0  # seconds for a signature

# The errors of the Common Runtime and of Python, and what they can stand for.
KINDS: Dict[str, Kind] = {
    "AWS_AUTH_SIGNING_INVALID_CONFIGURATION": "constraint",
    "AWS_AUTH_SIGNING_ILLEGAL_REQUEST_HEADER": "constraint",
    "AWS_AUTH_SIGNING_ILLEGAL_REQUEST_QUERY_PARAM": "constraint",
    "AWS_AUTH_SIGNING_NO_CREDENTIALS": "configuration",
    "AWS_AUTH_CREDENTIALS_PROVIDER_INVALID_ENVIRONMENT": "configuration",
    "AWS_ERROR_INVALID_ARGUMENT": "constraint",
    "AWS_ERROR_HTTP_INVALID_HEADER_NAME": "constraint",
    "AWS_ERROR_MALFORMED_INPUT_STRING": "constraint",
    "builtins.AssertionError": "*",
}


def name_of(error: Exception) -> str:
    """Return the Common Runtime's name of an error, which a Python exception may have in its
    text.
    """
    if isinstance(error, exceptions.AwsCrtError):
        return str(error.name)
    written = re.search(r"\((AWS_[A-Z0-9_]+)\)", str(error))
    if written:
        return written.group(1)
    return f"{type(error).__module__}.{type(error).__name__}"


def _signed(given: Given, expires: Optional[int] = None) -> Any:
    """Return the signed request."""
    body = to_bytes(given["body"])
    headers = [(name, text_of(value)) for name, value in to_pairs(given["headers"])]
    moment = clock_of(given["time"]).replace(tzinfo=datetime.timezone.utc)
    signature_type = auth.AwsSignatureType.HTTP_REQUEST_HEADERS
    if expires is not None:
        signature_type = auth.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS
    body_header = auth.AwsSignedBodyHeaderType.NONE
    if given.get("sign_body"):
        body_header = auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256
    try:
        request = http.HttpRequest(
            given["method"],
            given["target"],
            http.HttpHeaders(headers),
            io.BytesIO(body) if body else None,
        )
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4,
            region=given["region"],
            service=given["service"],
            date=moment,
            signature_type=signature_type,
            credentials_provider=auth.AwsCredentialsProvider.new_static(
                given["access_key"], given["secret_key"], given.get("session_token")
            ),
            use_double_uri_encode=given.get("double_encode", True),
            should_normalize_uri_path=given.get("normalize_path", True),
            signed_body_header_type=body_header,
            expiration_in_seconds=expires,
            omit_session_token=given.get("omit_session_token", False),
        )
        auth.aws_sign_request(request, config).result(PATIENCE)
    except Exception as error:
        raise Reject(name_of(error), str(error)) from error
    return request


def _sent(request: Any) -> Given:
    """Return the signed request as `output.sent`. Its body is the given stream."""
    return {
        "method": request.method or "",  # None stands for an empty one
        "target": request.path,
        "headers": [[octets_of(name), octets_of(value)] for name, value in request.headers],
    }


def sign(given: Given) -> Given:
    request = _signed(given)
    authorization: str = request.headers.get("Authorization")
    return {
        "signature": authorization[-64:],
        "authorization": authorization,
        "sent": _sent(request),
    }


def presign(given: Given) -> Given:
    request = _signed(given, given["expires"])
    target: str = request.path
    signature = target.partition("X-Amz-Signature=")[2][:64]
    return {"signature": signature, "target": target, "sent": _sent(request)}


if __name__ == "__main__":
    serve(
        "awscrt",
        awscrt.__version__,
        {"sigv4.sign": sign, "sigv4.presign": presign},
        KINDS,
        language="c",
    )
