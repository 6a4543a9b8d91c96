# SPDX-License-Identifier: MIT
"""Signing a request in its query (SIG-030 to SIG-034): `Signer.presign`.

It rejects a lifetime out of range (SIG-031).
"""

from typing import Callable, Iterable, List, NamedTuple, Tuple

from .errors import UsageError, ascii_lower, require_type
from .sigv4_credentials import Credentials
from .sigv4_stages import (
    canonical_uri,
    collect_headers,
    decode_query,
    join_query,
    select_signed,
    split_target,
    uri_encode,
)
from .sigv4_steps import (
    check_hosts,
    check_method,
    header_lines,
    header_names,
    joined_request,
    pairs_of,
    payload_hash,
    text_to_sign,
)
from .sigv4_values import ALGORITHM, DATE_HEADER, TOKEN_HEADER, HeaderPairs, scope_in

# SIG-031, in seconds.
MAX_EXPIRES = 604800
SIGNATURE_PARAMETER = "X-Amz-Signature"
TOKEN_PARAMETER = "X-Amz-Security-Token"


class PresignedRequest(NamedTuple):
    """The values of all stages of presign(). repr shows only the scope.

    target: the path and query to request, with the signature
    """

    canonical_request: str
    string_to_sign: str
    signature: str
    target: str

    def __repr__(self) -> str:
        return f"PresignedRequest({scope_in(self.string_to_sign)})"


def presigned_request(
    method: str,
    target: str,
    headers: HeaderPairs,
    body: bytes,
    credentials: Credentials,
    scope: str,
    amz_date: str,
    expires: int,
    normalize: bool,
    double_encode: bool,
    omit_session_token: bool,
    sign: Callable[[str], str],
) -> PresignedRequest:
    """Return the values of all stages of Signer.presign(), and the target.

    scope: the credential scope;  sign: returns the signature of a string to sign
    Other arguments and errors are those of Signer.presign().
    """
    check_method(method)
    require_type(omit_session_token, bool, "omit_session_token", "SIG-018")
    _check_expires(expires)
    path, query = split_target(target)
    # SIG-034
    kept = _without(headers, (DATE_HEADER, TOKEN_HEADER))
    to_sign = select_signed(collect_headers(kept))
    check_hosts(kept)
    names = header_names(to_sign)
    own = [
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", f"{credentials.access_key}/{scope}"),
        ("X-Amz-Date", amz_date),
        ("X-Amz-Expires", str(expires)),
        ("X-Amz-SignedHeaders", names),
    ]
    token = [(TOKEN_PARAMETER, credentials.session_token)] if credentials.session_token else []
    unsigned = token if omit_session_token else []
    replaced = frozenset(name for name, _ in own) | {TOKEN_PARAMETER, SIGNATURE_PARAMETER}
    pairs = [pair for pair in decode_query(query) if pair[0].decode("latin-1") not in replaced]
    # SIG-033
    for name, value in own if unsigned else own + token:
        pairs.append((name.encode(), value.encode()))
    query_string = join_query(pairs)
    request = joined_request(
        method,
        canonical_uri(path, normalize, double_encode),
        query_string,
        header_lines(to_sign),
        names,
        payload_hash(body),
    )
    text = text_to_sign(amz_date, scope, request)
    signature = sign(text)
    # SIG-018, SIG-032
    tail = "".join(
        f"&{name}={uri_encode(value.encode())}"
        for name, value in unsigned + [(SIGNATURE_PARAMETER, signature)]
    )
    return PresignedRequest(request, text, signature, f"{path}?{query_string}{tail}")


def _check_expires(expires: int) -> None:
    require_type(expires, int, "expires", "SIG-031")
    # SIG-031
    if not 1 <= expires <= MAX_EXPIRES:
        raise UsageError(
            "expires out of range",
            expected=f"1 to {MAX_EXPIRES} seconds",
            actual=expires,
            rule="SIG-031",
        )


def _without(headers: HeaderPairs, names: Iterable[str]) -> List[Tuple[str, str]]:
    """Return the headers whose lower-case name is not in names."""
    # SIG-025: another letter that str.lower makes a `k` is no reason to leave a header out.
    return [pair for pair in pairs_of(headers) if ascii_lower(pair[0]) not in names]
