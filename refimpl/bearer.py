# SPDX-License-Identifier: MIT
"""Bearer tokens for SageMaker's OpenAI-compatible route, `/openai/v1/…` (SIG-050).

A token is a presigned request: `POST /` with the query `Action=CallWithBearerToken`, the host
`sagemaker.amazonaws.com` and an empty body. AWS's own generator needs pandas and scipy. This one
needs only sigv4.py, opens no connection, and takes the time as a parameter.

A token gives its holder the rights of the credentials until it expires. It is a secret.
"""

from base64 import b64encode

from .endpoint_url import SIGNING_NAME
from .errors import UsageError, require_type
from .sigv4_credentials import Credentials
from .sigv4_signer import Signer

MAX_TOKEN_LIFETIME = 43200  # seconds
_TOKEN_HOST = "sagemaker.amazonaws.com"
_TOKEN_PREFIX = "sagemaker-api-key-"


def bearer_token(
    credentials: Credentials, region: str, amz_date: str, expires: int = MAX_TOKEN_LIFETIME
) -> str:
    """Return a bearer token that is valid for expires seconds after amz_date (SIG-050).

    region: where the endpoint is;  amz_date: the time, such as `20150830T123600Z`
    The token also ends when temporary credentials expire.
    Raises UsageError for an invalid argument.
    """
    require_type(credentials, Credentials, "credentials", "SIG-050")
    require_type(expires, int, "expires", "SIG-050")
    if not 1 <= expires <= MAX_TOKEN_LIFETIME:
        raise UsageError(
            "invalid lifetime of a token",
            expected=f"seconds from 1 to {MAX_TOKEN_LIFETIME}",
            actual=expires,
            rule="SIG-050",
        )
    presigned = Signer().presign(
        "POST",
        "/?Action=CallWithBearerToken",
        [("host", _TOKEN_HOST)],
        b"",
        credentials,
        region,
        SIGNING_NAME,
        amz_date,
        expires,
    )
    # SIG-050: the version is not signed.
    text = f"{_TOKEN_HOST}{presigned.target}&Version=1"
    return _TOKEN_PREFIX + b64encode(text.encode("ascii")).decode("ascii")
