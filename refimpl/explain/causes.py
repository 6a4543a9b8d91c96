# SPDX-License-Identifier: MIT
"""The first difference between two canonical requests, with its likely cause.

`first_difference` compares the service's canonical request with the client's, part by part, and
names the rule that the client probably breaks. Functions of sigv4.py decide what the right form is;
this module only looks which change of the one line gives the other. Nothing is rejected.
"""

import re
from hashlib import sha256
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ..sigv4_stages import canonical_query_string, canonical_uri, normalize_path
from ..sigv4_steps import is_signed
from ..sigv4_values import CONTENT_HASH_HEADER
from .quoted import CanonicalParts, parts_of

EMPTY_HASH = sha256(b"").hexdigest()
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
_BETWEEN = "something between the client and the service changed it"
_SPACES_IN_JSON = re.compile(rb'([:,]) (?=["\d\[{tfn-])')


class Difference(NamedTuple):
    """The first difference.

    differs_in: as in RefusalExplanation
    line: the number of the line in the client's canonical request, from 1
    service, client: the two lines, or None if one is missing
    cause: why, as a clause
    rule: the rule of SPEC.md that explains it
    """

    differs_in: str
    line: int
    service: Optional[str]
    client: Optional[str]
    cause: str
    rule: str


def first_difference(
    service: CanonicalParts, client: CanonicalParts, body: Optional[bytes] = None
) -> Optional[Difference]:
    """Return the first difference, or None if all lines that both have are equal.

    body: the body that the client sent, if known
    """
    for found in _differences(service, client, body):
        return found
    return None


def difference_of_requests(service: str, client: str) -> Optional[Difference]:
    """Return the first difference of two canonical requests, as text."""
    return first_difference(parts_of(service), parts_of(client))


def _differences(
    service: CanonicalParts, client: CanonicalParts, body: Optional[bytes]
) -> Iterator[Difference]:
    if service.method != client.method:
        cause = "a redirect or a proxy changed the method, or another request was signed"
        yield Difference("method", 1, service.method, client.method, cause, "SIG-002")
    if service.path is not None and service.path != client.path:
        cause, rule = _cause_of_path(service.path, client.path or "")
        yield Difference("path", 2, service.path, client.path, cause, rule)
    if service.query is not None and service.query != client.query:
        cause, rule = _cause_of_query(service.query, client.query or "")
        yield Difference("query", 3, service.query, client.query, cause, rule)
    yield from _header_differences(service, client)
    line = len(client.headers) + 5
    if service.signed_headers is not None and service.signed_headers != client.signed_headers:
        cause = _cause_of_list(service.signed_headers, client.signed_headers or "")
        yield Difference(
            "signed headers list",
            line,
            service.signed_headers,
            client.signed_headers,
            cause,
            "SIG-011",
        )
    if service.payload_hash is not None and service.payload_hash != client.payload_hash:
        yield Difference(
            "payload hash",
            line + 1,
            service.payload_hash,
            client.payload_hash,
            _cause_of_hash(service.payload_hash, client.payload_hash or "", body),
            "SIG-019",
        )


# ---- path and query ----------------------------------------------------------------------------


def _cause_of_path(service: str, client: str) -> Tuple[str, str]:
    for rule, cause, change in _PATH_MISTAKES:
        if service != client and change(client) == change(service):
            return cause, rule
    if canonical_uri(client, False) == service:
        return _twice_encoded(client)
    if canonical_uri(service, False) == client:
        return (
            "the signer encodes the path twice, but this service (such as S3) only once",
            "SIG-005",
        )
    if _unquoted(_unquoted(client)) == _unquoted(_unquoted(service)):
        return _unencoded(client), "SIG-006"
    shorter, longer = sorted((service, client), key=len)
    if len(shorter) > 1 and longer.endswith(shorter):
        return (
            "a base path or stage is in only one of them: a gateway rewrote the path after "
            "signing, or the signer left it out",
            "SIG-003",
        )
    return (
        f"the signer used another path than the one in the request line, or {_BETWEEN}",
        "SIG-001",
    )


def _twice_encoded(client: str) -> Tuple[str, str]:
    if "%" in client:
        cause = "the signer encodes the path once, but this service encodes each `%` again"
        return cause, "SIG-004"
    return _unencoded(client), "SIG-006"


def _unencoded(client: str) -> str:
    reserved = sorted(set(re.findall(r"[^A-Za-z0-9\-._~/%]", client)))
    if not reserved:
        return "the two are percent-encoded in different ways"
    return f"the signer does not percent-encode {_quoted_list(reserved)}"


def _quoted_list(items: Sequence[str]) -> str:
    return ", ".join(f"`{item}`" for item in items[:8])


def _unquoted(text: str) -> str:
    """Return text with each escape as the character of that octet."""
    return re.sub(r"%([0-9A-Fa-f]{2})", lambda match: chr(int(match.group(1), 16)), text)


def _upper_escapes(text: str) -> str:
    return re.sub(r"%[0-9a-fA-F]{2}", lambda match: match.group().upper(), text)


_PATH_MISTAKES: Tuple[Tuple[str, str, Callable[[str], str]], ...] = (
    ("SIG-006", "the hexadecimal digits of an escape are not in upper case", _upper_escapes),
    (
        "SIG-003",
        "one of them has empty or dot segments that the other has removed",
        normalize_path,
    ),
    (
        "SIG-003",
        "only one of them ends in a slash",
        lambda path: path.rstrip("/"),
    ),
    (
        "SIG-006",
        "a space is `+` in one of them, but is `%20` in a path",
        lambda path: path.replace("+", "%20").replace("%2B", "%20"),
    ),
)


def _pairs_in(query: str) -> List[str]:
    return [pair for pair in query.split("&") if pair]


def _cause_of_query(service: str, client: str) -> Tuple[str, str]:
    expected, given = _pairs_in(service), _pairs_in(client)
    if sorted(expected) == sorted(given):
        return "the parameters are not sorted by name and then by value", "SIG-009"
    if _upper_escapes(client) == _upper_escapes(service):
        return "the hexadecimal digits of an escape are not in upper case", "SIG-006"
    if sorted(pair if "=" in pair else pair + "=" for pair in given) == sorted(expected):
        return "a parameter without a value is signed without its `=`", "SIG-010"
    if "+" in client and client.replace("+", "%20") == service:
        return "the signer writes a space as `+`, but in a canonical query it is %20", "SIG-006"
    spaces = {text.replace("%2B", "%20").replace("+", "%20") for text in (service, client)}
    if len(spaces) == 1 or _decoded_spaces(service) == _decoded_spaces(client):
        return (
            "the URL contains `+`, which this service reads as a space and the signer as a plus "
            "sign, or the other way round; write a space as %20 and a plus sign as %2B in the URL",
            "SIG-008",
        )
    if canonical_query_string(client) == service:
        return "the signer does not encode or sort the query", "SIG-008"
    if canonical_query_string(_unquoted(client)) == service or (
        sorted(map(_unquoted, map(_unquoted, given)))
        == sorted(map(_unquoted, map(_unquoted, expected)))
    ):
        return "the query is encoded twice in one of them", "SIG-008"
    return _different_parameters(expected, given), "SIG-008"


def _decoded_spaces(query: str) -> List[str]:
    return sorted(pair.replace("%2B", "%20").replace("+", "%20") for pair in _pairs_in(query))


def _different_parameters(expected: List[str], given: List[str]) -> str:
    names = [{pair.partition("=")[0] for pair in pairs} for pairs in (expected, given)]
    more, fewer = sorted(names[0] - names[1]), sorted(names[1] - names[0])
    if more:
        return (
            f"{_quoted_list(more)} arrived but was not signed: the signer ignores it, or {_BETWEEN}"
        )
    if fewer:
        return f"{_quoted_list(fewer)} was signed but did not arrive: {_BETWEEN}"
    changed = [pair.partition("=")[0] for pair in given if pair not in expected]
    return f"the value of {_quoted_list(changed)} differs: {_BETWEEN}, or it is encoded differently"


# ---- headers -----------------------------------------------------------------------------------


def _header_differences(service: CanonicalParts, client: CanonicalParts) -> Iterator[Difference]:
    if service.query is None:
        return
    expected, given = dict(service.headers), dict(client.headers)
    for name in sorted({*expected, *given}):
        if expected.get(name) == given.get(name):
            continue
        # EXP-002. A quotation that ends within the headers has no list and no later headers.
        is_listed = _lists(service, name) == _lists(client, name)
        if not is_listed and (name not in expected or name not in given):
            continue
        cause, rule = _cause_of_header(name, expected.get(name), given.get(name))
        line = _line_of_header(client, name)
        yield Difference(f"header {name}", line, expected.get(name), given.get(name), cause, rule)


def _lists(parts: CanonicalParts, name: str) -> bool:
    return name in (parts.signed_headers or "").split(";")


def _line_of_header(parts: CanonicalParts, name: str) -> int:
    names = [one for one, _ in parts.headers]
    return 4 + (names.index(name) if name in names else len(names))


def _value_in(line: Optional[str]) -> str:
    return (line or "").partition(":")[2]


def _cause_of_header(name: str, service: Optional[str], client: Optional[str]) -> Tuple[str, str]:
    received, signed = _value_in(service), _value_in(client)
    unsigned_advice = "" if is_signed(name) else f"; do not sign {name}"
    if not received:
        return (
            f"{name} did not arrive: the client did not send it, or something between the client "
            f"and the service removed it{unsigned_advice}",
            "SIG-015",
        )
    if not signed:
        return f"{name} arrived, but was not signed", "SIG-015"
    for what, rule, change in _VALUE_MISTAKES:
        if change(received) == change(signed):
            return what, rule
    if len(received) > len(signed) and set(received.split(",")) == {signed}:
        return (
            f"{name} arrived {received.count(signed)} times: a library added it again after "
            f"signing{unsigned_advice}",
            "SIG-013",
        )
    if name == "host":
        return _cause_of_host(received, signed), "SIG-014"
    if received.startswith(signed + ","):
        return (
            f"something between the client and the service appended to it{unsigned_advice}",
            "SIG-015",
        )
    return f"{_BETWEEN}, or a library did after signing{unsigned_advice}", "SIG-015"


def _cause_of_host(received: str, signed: str) -> str:
    if received.partition(":")[0].lower() == signed.partition(":")[0].lower():
        return "the port must be in Host and in the signature, unless it is the scheme's default"
    return (
        "the request went to another host than the one that was signed: a proxy, tunnel or "
        "custom domain does not keep Host"
    )


def _read_as_utf8(value: str) -> str:
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


_VALUE_MISTAKES: Tuple[Tuple[str, str, Callable[[str], str]], ...] = (
    (
        "white space is to be trimmed, and each run of it to be one space",
        "SIG-012",
        lambda value: " ".join(value.split()),
    ),
    (
        "spaces after the commas between joined values differ",
        "SIG-013",
        lambda value: re.sub(r",\s+", ",", value),
    ),
    ("only the case of letters differs", "SIG-012", lambda value: value.lower()),
    (
        "the values are the same in another order",
        "SIG-013",
        lambda value: ",".join(sorted(piece.strip() for piece in value.split(","))),
    ),
    (
        "one of them is UTF-8 that was read as Latin-1",
        "SIG-026",
        _read_as_utf8,
    ),
)


def _cause_of_list(service: str, client: str) -> str:
    expected, given = service.split(";"), client.split(";")
    if sorted(expected) == sorted(given):
        return "the names are not sorted"
    if sorted(name.lower() for name in given) == sorted(expected):
        return "the names are not in lower case"
    more = [name for name in expected if name not in given]
    fewer = [name for name in given if name not in expected]
    if more and not fewer:
        return f"{_quoted_list(more)} is in SignedHeaders, but not in what was signed"
    return (
        "SignedHeaders in Authorization is not the list that was signed"
        if not fewer
        else f"{_quoted_list(fewer)} was signed, but SignedHeaders does not list it"
    )


# ---- one canonical request alone ---------------------------------------------------------------


def doubts_about(parts: CanonicalParts) -> List[str]:
    """Return what looks wrong in a canonical request, without one to compare it with."""
    found = []
    path, query = parts.path or "/", parts.query or ""
    if _upper_escapes(path) != path or re.search(r"[^A-Za-z0-9\-._~/%]", path):
        found.append("the path is not percent-encoded (SIG-006)")
    if canonical_query_string(query) != query:
        found.append("the query is not encoded and sorted (SIG-008)")
    names = (parts.signed_headers or "").split(";")
    if parts.signed_headers is not None and "host" not in names:
        found.append("host is not signed (SIG-014)")
    if sorted(name.lower() for name in names) != names:
        found.append("the signed headers are not sorted, in lower case (SIG-011)")
    for name, line in parts.headers:
        value = line.partition(":")[2]
        if not is_signed(name):
            found.append(f"{name} is signed, but proxies change it (SIG-015)")
        elif not value:
            found.append(f"{name} is empty, as if it had not arrived (SIG-015)")
        elif value.count(",") == 1 and len(set(value.split(","))) == 1:
            found.append(f"{name} occurs twice (SIG-013)")
    hashed = parts.payload_hash or ""
    if hashed != hashed.lower() and len(hashed) == 64:
        found.append("the hash of the body is in upper case (SIG-019)")
    if hashed == EMPTY_HASH and parts.method in ("POST", "PUT", "PATCH"):
        found.append("the body is hashed as empty (SIG-019)")
    return found[:4]


# ---- the body ----------------------------------------------------------------------------------


def _cause_of_hash(service: str, client: str, body: Optional[bytes]) -> str:
    if client.lower() == service:
        return "the hexadecimal digits are to be in lower case"
    if UNSIGNED_PAYLOAD in (client, service):
        return (
            f"only one side treats the body as unsigned; send {CONTENT_HASH_HEADER} with the value "
            "that is signed, if the service accepts it"
        )
    if client == EMPTY_HASH:
        return "the signer hashed no body, but one arrived"
    if service == EMPTY_HASH:
        return (
            "the service received no body: the client did not send it, a redirect lost it, or it "
            "was sent with a method or length that drops it"
        )
    if body is not None:
        return _cause_with_body(service, client, body)
    return (
        "the body that arrived is not the one that was hashed: it was encoded, compressed or "
        f"formatted again after signing, or {_BETWEEN}"
    )


def _cause_with_body(service: str, client: str, body: bytes) -> str:
    changes: Dict[str, bytes] = {
        "the body that is given": body,
        "the body with a line end": body + b"\n",
        "the body with a CR LF": body + b"\r\n",
        "the body without its last line end": body.rstrip(b"\r\n"),
        "the body with LF as CR LF": body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
        "the body with CR LF as LF": body.replace(b"\r\n", b"\n"),
        "the body with a byte order mark": b"\xef\xbb\xbf" + body,
        "the body without spaces after `:` and `,`": _SPACES_IN_JSON.sub(rb"\1", body),
    }
    hashes = {sha256(data).hexdigest(): what for what, data in reversed(list(changes.items()))}
    signed, received = hashes.get(client), hashes.get(service)
    if received is not None and signed is not None:
        return f"the signer hashed {signed}, but the service received {received}"
    if received is not None:
        return f"the service received {received}, and the signer hashed something else"
    if signed is not None:
        return f"the signer hashed {signed}, and {_BETWEEN}"
    return "neither hash is that of the body that is given"
