# SPDX-License-Identifier: MIT
"""A signature stage by stage: what goes in, which rules apply, what comes out, and where each byte
of the canonical request comes from.

`explain_signature` computes nothing itself. It calls the public stages of sigv4.py one after the
other and keeps their results. Signer takes faster ways to the same values, and a property test
compares the two. Raises what Signer.sign() raises.

The four derived keys are shown only for the secret keys that AWS publishes as examples. A session
token is hidden.
"""

from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..errors import without_secrets
from ..sigv4_credentials import Credentials
from ..sigv4_signer import Signer
from ..sigv4_stages import (
    authorization_header,
    calculate_signature,
    canonical_headers,
    canonical_query_string,
    canonical_request,
    canonical_uri,
    collect_headers,
    select_signed,
    signed_headers,
    split_target,
    string_to_sign,
)
from ..sigv4_steps import credential_scope, payload_hash
from ..sigv4_values import (
    CONTENT_HASH_HEADER,
    DATE_HEADER,
    TOKEN_HEADER,
    HeaderPairs,
    derive_signing_keys,
)

# The examples in AWS's documentation. They belong to nobody.
PUBLISHED_SECRETS = (
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
)


class SigningStage(NamedTuple):
    """One stage. before, after: text without secrets;  rules: ids of SPEC.md"""

    name: str
    rules: Tuple[str, ...]
    before: str
    after: str


class Origin(NamedTuple):
    """A piece of the canonical request, and where it comes from."""

    text: str
    origin: str
    rule: str


class SigningExplanation(NamedTuple):
    """Every stage of a signature, and the origin of every byte of the canonical request.

    The texts of the origins, joined, are the canonical request. Its repr hides it.
    """

    stages: Tuple[SigningStage, ...]
    origins: Tuple[Origin, ...]
    canonical_request: str
    string_to_sign: str
    signature: str
    authorization: str

    def __repr__(self) -> str:
        return f"SigningExplanation(<{len(self.stages)} stages>)"


def explain_signature(
    method: str,
    target: str,
    headers: HeaderPairs,
    body: bytes,
    credentials: Credentials,
    region: str,
    service: str,
    amz_date: str,
    normalize: bool = True,
    double_encode: bool = True,
    sign_body: bool = False,
    omit_session_token: bool = False,
    unsigned: Sequence[str] = (),
) -> SigningExplanation:
    """Explain the signature of a request. Arguments and errors are those of Signer.sign()."""
    options = (normalize, double_encode, sign_body, omit_session_token, unsigned)
    # The signer checks the arguments. Its results are not used.
    Signer(1).sign(method, target, headers, body, credentials, region, service, amz_date, *options)
    hashed = payload_hash(body)
    added = [(DATE_HEADER, amz_date)]
    if credentials.session_token:
        added.append((TOKEN_HEADER, credentials.session_token))
    if sign_body:
        added.append((CONTENT_HASH_HEADER, hashed))
    replaced = {name for name, _ in added} | {"authorization"}
    sent = [pair for pair in headers if pair[0].lower() not in replaced] + added
    path, query = split_target(target)
    uri = canonical_uri(path, normalize, double_encode)
    query_string = canonical_query_string(query)
    collected = collect_headers(sent)
    chosen = select_signed(collected)
    hidden = (*unsigned, TOKEN_HEADER) if omit_session_token else tuple(unsigned)
    chosen = {name: value for name, value in chosen.items() if name not in hidden}
    lines, names = canonical_headers(chosen), signed_headers(chosen)
    request = canonical_request(method, uri, query_string, chosen, hashed)
    scope = credential_scope(amz_date, region, service)
    text = string_to_sign(amz_date, scope, request)
    keys = derive_signing_keys(credentials.secret_key, amz_date[:8], region, service)
    signature = calculate_signature(keys.k_signing, text)
    authorization = authorization_header(credentials.access_key, scope, names, signature)
    key_lines = "<hidden>, because the secret key is not one of AWS's published examples"
    if credentials.secret_key in PUBLISHED_SECRETS:
        key_lines = "\n".join(f"{name} {getattr(keys, name).hex()}" for name in keys._fields)
    left_out = sorted(name for name in collected if name not in chosen)
    stages = (
        SigningStage("path", ("SIG-003", "SIG-004", "SIG-006"), path, uri),
        SigningStage("query", ("SIG-008", "SIG-009"), query, query_string),
        SigningStage("headers", ("SIG-011", "SIG-012", "SIG-013"), _header_lines(sent), lines),
        SigningStage("signed headers", ("SIG-015",), ";".join(sorted(collected)), names),
        SigningStage("not signed", ("SIG-015",), ";".join(sorted(collected)), ";".join(left_out)),
        SigningStage("body", ("SIG-019",), f"{len(body)} bytes", hashed),
        SigningStage("canonical request", ("SIG-001",), "the parts above", request),
        SigningStage("scope", ("SIG-020",), f"{amz_date} {region} {service}", scope),
        SigningStage("string to sign", ("SIG-021",), "date, scope, canonical request", text),
        SigningStage("keys", ("SIG-022",), "the secret key and the scope", key_lines),
        SigningStage("signature", ("SIG-023",), "the string to sign, with k_signing", signature),
        SigningStage("authorization", ("SIG-024",), "scope, names, signature", authorization),
    )
    origins = _origins(method, uri, path, query, sent, chosen, names, hashed, added)
    return SigningExplanation(
        tuple(_without_secrets(stage) for stage in stages),
        tuple(origins),
        request,
        text,
        signature,
        authorization,
    )


def _header_lines(pairs: HeaderPairs) -> str:
    return "\n".join(f"{name}: {value}" for name, value in pairs)


def _without_secrets(stage: SigningStage) -> SigningStage:
    before = without_secrets(stage.before.replace(f"{TOKEN_HEADER}: ", f"{TOKEN_HEADER}:"))
    return stage._replace(before=before, after=without_secrets(stage.after))


# ---- the origin of each byte -------------------------------------------------------------------


def _origins(
    method: str,
    uri: str,
    path: str,
    query: str,
    sent: HeaderPairs,
    chosen: Dict[str, str],
    names: str,
    hashed: str,
    added: HeaderPairs,
) -> List[Origin]:
    changed = "unchanged" if uri == path else "normalised and encoded"
    found = [
        Origin(method + "\n", "the method of the request line", "SIG-002"),
        Origin(uri + "\n", f"the path of the request line, {changed}", "SIG-004"),
    ]
    pieces = sorted(
        (canonical_query_string(one).partition("="), one) for one in query.split("&") if one
    )
    for place, (pair, piece) in enumerate(pieces):
        canonical = "".join(pair)
        joint = "&" if place + 1 < len(pieces) else ""
        how = "unchanged" if canonical == piece else "decoded and encoded again"
        found.append(Origin(canonical + joint, f"the query's {_named(piece)}, {how}", "SIG-008"))
    found.append(Origin("\n", "the end of the query", "SIG-001"))
    own = {name for name, _ in added}
    for name in sorted(chosen):
        line = f"{name}:{chosen[name]}\n"
        if name in own:
            found.append(Origin(line, _ORIGINS_OF_OWN[name], "SIG-016"))
            continue
        given = [value for given_name, value in sent if given_name.lower() == name]
        how = "the header" if len(given) == 1 else f"{len(given)} headers, joined with commas"
        if given != [chosen[name]]:
            how += ", white space removed" if len(given) == 1 else ""
        found.append(Origin(line, how, "SIG-012" if len(given) == 1 else "SIG-013"))
    return found + [
        Origin("\n", "the end of the headers", "SIG-001"),
        Origin(names + "\n", "the names of the headers above", "SIG-011"),
        Origin(hashed, "the SHA-256 of the body", "SIG-019"),
    ]


_ORIGINS_OF_OWN = {
    DATE_HEADER: "the clock",
    TOKEN_HEADER: "the credentials",
    CONTENT_HASH_HEADER: "the SHA-256 of the body",
}


def _named(piece: str) -> str:
    return f"parameter {piece.partition('=')[0]}"


def lines_of_signature(explained: SigningExplanation) -> List[str]:
    """Return the lines that show every stage and every origin, without secrets."""
    lines: List[str] = []
    for stage in explained.stages:
        lines += [f"{stage.name}  [{' '.join(stage.rules)}]"]
        lines += [f"  before  {line}" for line in stage.before.split("\n")]
        lines += [f"  after   {line}" for line in stage.after.split("\n")] + [""]
    lines.append("where each byte of the canonical request comes from")
    for origin in explained.origins:
        text = printable(without_secrets(origin.text))
        lines.append(f"  {text:60}  {origin.origin}  [{origin.rule}]")
    return list(map(printable, lines))


def printable(text: str) -> str:
    """Return text with escapes in place of characters that cannot be printed."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def origin_at(explained: SigningExplanation, position: int) -> Optional[Origin]:
    """Return the origin of the character at a position of the canonical request, or None."""
    for origin in explained.origins:
        if position < len(origin.text):
            return origin if position >= 0 else None
        position -= len(origin.text)
    return None
