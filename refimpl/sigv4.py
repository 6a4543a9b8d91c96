# SPDX-License-Identifier: MIT
"""AWS Signature Version 4, without I/O and without a clock. Each stage is a function.

    canonical_uri  canonical_query_string  canonical_headers  signed_headers  payload_hash
        -> canonical_request -> string_to_sign -> derive_signing_keys -> calculate_signature
        -> authorization_header

`Signer` signs and presigns: it runs all stages and returns their values. `verify` is for servers:
it computes the signature again and compares.

A request is given as it is sent: method, target (path and query exactly as in the request line),
headers as (name, value) pairs of Latin-1 text, and body. The signature covers exactly these octets
(SIG-026), so each character of a canonical request is one octet. A time is an X-Amz-Date such as
`20150830T123600Z`.

Rejected: a request without Host, a header name that is not a token, CR, LF and NUL outside a folded
line, and characters that cannot be sent (SIG-001 to SIG-048 of SPEC.md). SigV4a is out of scope.

This module has all public names. A reader starts with sigv4_stages.py, the stages in their order,
and sigv4_steps.py, what they compute. sigv4_credentials.py has the credentials, and sigv4_values.py
times and keys. A call loads sigv4_credentials, sigv4_values, sigv4_steps and sigv4_signer. The
others are separate modules, because Python compiles all that it loads at each start where it cannot
store compiled modules.
"""

from .sigv4_credentials import Credentials
from .sigv4_presigning import MAX_EXPIRES, SIGNATURE_PARAMETER, TOKEN_PARAMETER, PresignedRequest
from .sigv4_signer import Signer
from .sigv4_stages import (
    authorization_header,
    calculate_signature,
    canonical_headers,
    canonical_name,
    canonical_query_string,
    canonical_request,
    canonical_uri,
    collect_headers,
    decode_query,
    normalize_path,
    select_signed,
    signed_headers,
    split_target,
    string_to_sign,
    uri_encode,
)
from .sigv4_steps import (
    NEVER_SIGNED,
    canonical_value,
    credential_scope,
    is_signed,
    must_be_signed,
    payload_hash,
)
from .sigv4_values import (
    ALGORITHM,
    CONTENT_HASH_HEADER,
    DATE_HEADER,
    SCOPE_SUFFIX,
    TOKEN_HEADER,
    HeaderPairs,
    SignedRequest,
    SigningKeys,
    amz_date_of,
    derive_signing_keys,
    seconds_of,
)
from .sigv4_verification import MAX_SKEW, verify

__all__ = [
    "HeaderPairs",
    "ALGORITHM",
    "SCOPE_SUFFIX",
    "MAX_SKEW",
    "MAX_EXPIRES",
    "DATE_HEADER",
    "TOKEN_HEADER",
    "CONTENT_HASH_HEADER",
    "SIGNATURE_PARAMETER",
    "TOKEN_PARAMETER",
    "NEVER_SIGNED",
    "Credentials",
    "SigningKeys",
    "SignedRequest",
    "PresignedRequest",
    "amz_date_of",
    "seconds_of",
    "uri_encode",
    "split_target",
    "normalize_path",
    "canonical_uri",
    "decode_query",
    "canonical_query_string",
    "canonical_value",
    "canonical_name",
    "is_signed",
    "collect_headers",
    "select_signed",
    "canonical_headers",
    "signed_headers",
    "payload_hash",
    "canonical_request",
    "credential_scope",
    "string_to_sign",
    "derive_signing_keys",
    "calculate_signature",
    "authorization_header",
    "Signer",
    "must_be_signed",
    "verify",
]
