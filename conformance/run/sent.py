# SPDX-License-Identifier: MIT
"""Judge a signed request as it leaves the HTTP layer: `output.sent` of sigv4.sign and presign.

A request is right if the service accepts it and it still is the caller's request. `inspected`
compares it with the input of the case:

1. Method, path, query and given headers are unchanged.
2. The signer's own parts have the right values and occur once.
3. Additions are only headers that signers and HTTP libraries add.
4. The signature covers what it must, and is the one that resign.py computes for this request.

Some departures are acceptable (DEPARTURES): additions, a given header that is not signed, a header
that is signed although it should not be. A *rewrite* changes the form of path, query, Host or
repeated headers but not their meaning.
"""

import hashlib
import re
from email.utils import parsedate_tz
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple
from urllib.parse import unquote_to_bytes

from conformance.run.resign import encoded, query_pairs, recomputed, values_of

ADDED = "adds"
UNSIGNED = "leaves unsigned"
SIGNED = "signs"
REWRITTEN = "rewrites"
SPACED = "reads"
# The row of DIVERGENCES.md for each departure.
DEPARTURES = {
    ADDED: "DIV-017",
    UNSIGNED: "DIV-018",
    SIGNED: "DIV-019",
    REWRITTEN: "DIV-020",
    SPACED: "DIV-021",
}

_ADDABLE = (
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-length",
    "content-type",
    "date",
    "sec-fetch-mode",
    "user-agent",
    "x-amz-user-agent",
    "x-amz-content-sha256",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "x-amzn-trace-id",
)
_ONCE = (
    "host",
    "authorization",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-content-sha256",
    "content-length",
    "content-type",
)
_TOKEN, _HASH, _DATE = "x-amz-security-token", "x-amz-content-sha256", "x-amz-date"
# The parameters of a presigned request (SIG-030); they replace given ones of the same names.
_OWN_PARAMETERS = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
)
_ALGORITHM = "AWS4-HMAC-SHA256"
# The names in a claim. A comma may also be part of a value, such as a region.
_CLAIM = re.compile("(?:^|, *)(Credential|SignedHeaders|Signature)=")


class Sent(NamedTuple):
    """A request as it was sent: header pairs of text, and a body, None for the given one."""

    method: str
    target: str
    headers: List[Tuple[str, str]]
    body: Optional[bytes]


class Change(NamedTuple):
    """A part of a request that must not differ. `actual` is None for an absent part."""

    stage: str
    expected: Any
    actual: Any


class Departure(NamedTuple):
    """How a request differs acceptably: a key of DEPARTURES and the words of a report."""

    kind: str
    words: str


class Inspection(NamedTuple):
    """What became of a request on its way.

    change: the first part that must not differ, or None
    departures: in a stable order
    stages: the stages of the signature for the request as it was sent
    """

    change: Optional[Change]
    departures: List[Departure]
    stages: Dict[str, str]


def inspected(
    given: Mapping[str, Any],
    sent: Sent,
    presigned: bool,
    body: bytes,
    should_sign: Optional[Sequence[str]],
    paths: Sequence[str] = (),
) -> Inspection:
    """Compare a sent request with the input of its case.

    body: of the input
    should_sign: the SignedHeaders that the case expects, or None if it expects none
    paths: other canonical paths that the case accepts for its target
    """
    look = _Look(given, sent, presigned, body)
    for step in (look.unchanged, look.own_parts, look.additions, look.signed_headers):
        change = step()
        if change is not None:
            return Inspection(change, look.departures(should_sign), {})
    departures = look.departures(should_sign)
    signature = look.claim.get("Signature")
    stages = look.stages(sent.target)
    path, mark, query = sent.target.partition("?")
    if path == _path(given["target"]):
        for other in paths:
            found = look.stages(sent.target, other)
            if found["signature"] == signature:
                return Inspection(None, departures, found)
    if stages["signature"] != signature and "+" in query:
        with_spaces = look.stages(path + mark + query.replace("+", "%20"))
        if with_spaces["signature"] == signature:
            departure = Departure(SPACED, "reads a plus sign in the query as a space")
            return Inspection(None, departures + [departure], with_spaces)
    return Inspection(_differs("signature", stages["signature"], signature), departures, stages)


def _differs(stage: str, expected: Any, actual: Any) -> Optional[Change]:
    return None if expected == actual else Change("sent." + stage, expected, actual)


class _Look:
    """The comparison of one request with its input. Rewrites and additions are collected."""

    def __init__(self, given: Mapping[str, Any], sent: Sent, presigned: bool, body: bytes) -> None:
        self.given, self.sent, self.presigned, self.body = given, sent, presigned, body
        self.sent_body = body if sent.body is None else sent.body
        self.given_headers = [(name, value) for name, value in given["headers"]]
        self.given_names = {name.lower() for name, _ in self.given_headers}
        self.sent_names = list(_unique(name.lower() for name, _ in sent.headers))
        self.rewrites: List[str] = []
        self.added: List[str] = []
        self.added_parameters: List[str] = []
        self.token = given.get("session_token") or ""
        self.claim = self._claim()
        self.signed = [name for name in self.claim.get("SignedHeaders", "").split(";") if name]

    # ---- the claim --------------------------------------------------------------------------

    def _claim(self) -> Dict[str, str]:
        """Return the parts of the signature's claim: Credential, SignedHeaders, Signature."""
        if self.presigned:
            return {name[len("X-Amz-") :]: value for name, value in self._parameters().items()}
        values = values_of(self.sent.headers, "authorization")
        algorithm, _, rest = (values[0] if values else "").strip().partition(" ")
        pieces = _CLAIM.split(rest.strip(" "))
        return dict(zip(pieces[1::2], map(str.strip, pieces[2::2])), Algorithm=algorithm)

    def _parameters(self) -> Dict[str, str]:
        """Return the decoded values of the parameters of a presigned request."""
        found = {}
        for name, value in query_pairs(_query(self.sent.target)):
            text = name.decode("latin-1")
            if text in _OWN_PARAMETERS:
                found[text] = value.decode("latin-1")
        return found

    # ---- 1: unchanged -----------------------------------------------------------------------

    def unchanged(self) -> Optional[Change]:
        """Return the first part of the caller's request that changed."""
        return (
            _differs("method", self.given["method"], self.sent.method)
            or self._path_change()
            or self._query_change()
            or self._header_change()
            or _differs("body", self.body, self.sent_body)
        )

    def _path_change(self) -> Optional[Change]:
        wanted, got = _path(self.given["target"]), _path(self.sent.target)
        if wanted == got:
            return None
        if _segments(wanted) == _segments(got):
            self.rewrites.append("the path")
            return None
        return _differs("target", self.given["target"], self.sent.target)

    def _query_change(self) -> Optional[Change]:
        wanted = self._others(self.given["target"])
        got = self._others(self.sent.target)
        if _HASH not in {name.lower() for name, _ in wanted}:
            kept = [pair for pair in got if pair[0] != "X-Amz-Content-Sha256"]
            if len(kept) < len(got):
                self.added_parameters.append("X-Amz-Content-Sha256")
            got = kept
        # A presigner sorts the query (SIG-009) and may send it like that.
        if wanted == got or (self.presigned and sorted(wanted) == sorted(got)):
            return None
        if _by_name(wanted) == _by_name(got):
            self.rewrites.append("the query")
            return None
        return _differs("target", self.given["target"], self.sent.target)

    def _others(self, target: str) -> List[Tuple[str, str]]:
        """Return the decoded pairs of a query without a presigned request's own parameters."""
        pairs = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in query_pairs(_query(target))
        ]
        own = _OWN_PARAMETERS if self.presigned else ()
        return [pair for pair in pairs if pair[0] not in own]

    def _header_change(self) -> Optional[Change]:
        for name in _unique(name.lower() for name, _ in self.given_headers):
            if name in self._replaced():
                continue
            wanted = [_unfolded(value) for value in values_of(self.given_headers, name)]
            got = [_unfolded(value) for value in values_of(self.sent.headers, name)]
            if wanted == got:
                continue
            if not self._is_rewritten(name, wanted, got):
                return Change(f"sent.headers.{name}", _shown(wanted), _shown(got))
            self.rewrites.append(name)
        return None

    def _replaced(self) -> Set[str]:
        """Return the names of given headers that the signer replaces."""
        names = {"authorization", _DATE}
        if self.token:
            names.add(_TOKEN)
        if self.given.get("sign_body"):
            names.add(_HASH)
        return names

    def _is_rewritten(self, name: str, wanted: List[str], got: List[str]) -> bool:
        if name == "host" and len(wanted) == len(got) == 1:
            return _plain_host(wanted[0]) == _plain_host(got[0])
        return 0 < len(got) < len(wanted) and _merged(wanted) == _merged(got)

    # ---- 2: the signer's own parts ----------------------------------------------------------

    def own_parts(self) -> Optional[Change]:
        """Return the first own part of the signer that is wrong."""
        change = self._query_parts() if self.presigned else self._header_parts()
        return change or self._repeated() or self._framing()

    def _header_parts(self) -> Optional[Change]:
        headers = self.sent.headers
        change = _differs(f"headers.{_DATE}", self.given["time"], _only(headers, _DATE))
        if change is None and self.token:
            change = _differs(f"headers.{_TOKEN}", self.token, _only(headers, _TOKEN))
        if change is None and self.given.get("sign_body"):
            change = _differs(f"headers.{_HASH}", self._hash(), _only(headers, _HASH))
        for name, value in (("Algorithm", _ALGORITHM), ("Credential", self._credential())):
            place = f"headers.authorization.{name}"
            change = change or _differs(place, value, self.claim.get(name))
        return change

    def _query_parts(self) -> Optional[Change]:
        wanted = {
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": self._credential(),
            "X-Amz-Date": self.given["time"],
            "X-Amz-Expires": str(self.given.get("expires", "")),
        }
        if self.token:
            wanted["X-Amz-Security-Token"] = self.token
        written = [
            piece.partition("=")[::2] for piece in _query(self.sent.target).split("&") if piece
        ]
        for name in _OWN_PARAMETERS:
            values = [value for given, value in written if given == name]
            if name == "X-Amz-Security-Token" and not self.token:
                continue
            if name in wanted:
                expected = [encoded(wanted[name].encode("utf-8"))]
            else:
                expected = [encoded(unquote_to_bytes(value)) for value in values[:1]] or ["(once)"]
            if values != expected:
                return Change(f"sent.target.{name}", _shown(expected), _shown(values))
        return None

    def _credential(self) -> str:
        given = self.given
        scope = "/".join((given["time"][:8], given["region"], given["service"], "aws4_request"))
        return f"{given['access_key']}/{scope}"

    def _hash(self) -> str:
        return hashlib.sha256(self.sent_body).hexdigest()

    def _repeated(self) -> Optional[Change]:
        for name in _ONCE:
            most = max(1, len(values_of(self.given_headers, name)))
            values = values_of(self.sent.headers, name)
            if len(values) > most:
                return Change(f"sent.headers.{name}", f"{most} times", f"{len(values)} times")
        return None

    def _framing(self) -> Optional[Change]:
        """Return a wrong value of an added header that describes the body or the time."""
        wanted = {"content-length": str(len(self.sent_body)), _HASH: self._hash()}
        for name, value in wanted.items():
            if name not in self.given_names and name in self.sent_names:
                change = _differs(f"headers.{name}", value, _only(self.sent.headers, name))
                if change is not None:
                    return change
        if "date" in self.given_names or "date" not in self.sent_names:
            return None
        date = _only(self.sent.headers, "date")
        return _differs("headers.date", self.given["time"], _instant(date or "") or date)

    # ---- 3: additions -----------------------------------------------------------------------

    def additions(self) -> Optional[Change]:
        """Return the first header that a signer must not add, and collect the others."""
        own = {"authorization", _DATE, _TOKEN} if not self.presigned else set()
        if self.given.get("sign_body") and not self.presigned:
            own.add(_HASH)
        if not self.token:
            own.discard(_TOKEN)
        for name in self.sent_names:
            if name in self.given_names or name in own:
                continue
            if name not in _ADDABLE:
                return Change(f"sent.headers.{name}", None, _only(self.sent.headers, name))
            self.added.append(name)
        return None

    # ---- 4: the signature -------------------------------------------------------------------

    def signed_headers(self) -> Optional[Change]:
        """Return what is wrong with the list of signed headers."""
        must = [name for name in self.sent_names if self._must_sign(name)]
        right = sorted(set(self.signed) & set(self.sent_names) | set(must))
        return _differs("signed_headers", ";".join(right), ";".join(self.signed))

    def _must_sign(self, name: str) -> bool:
        if name == "host":
            return True
        if not name.startswith("x-amz-"):
            return False
        if self.presigned:
            return name not in (_DATE, _TOKEN)
        return not (name == _TOKEN and self.given.get("omit_session_token"))

    def stages(self, target: str, path: Optional[str] = None) -> Dict[str, str]:
        """Return the stages of the signature of the sent request, with another target.

        path: the canonical path, if it is not that of the target
        """
        sent = dict(self.sent._asdict(), body=self.sent_body, target=target)
        return recomputed(self.given, sent, self.signed, self.presigned, path)

    # ---- departures -------------------------------------------------------------------------

    def departures(self, should_sign: Optional[Sequence[str]]) -> List[Departure]:
        """Return the departures that were found so far."""
        found = [
            Departure(ADDED, f"adds {'and signs ' * (name in self.signed)}{name}")
            for name in self.added + self.added_parameters
        ]
        if should_sign is not None:
            mine = [name for name in self.sent_names if name in self.given_names]
            found += [
                Departure(UNSIGNED, f"leaves {name} unsigned")
                for name in mine
                if name in should_sign and name not in self.signed
            ]
            found += [
                Departure(SIGNED, f"signs {name}")
                for name in mine
                if name not in should_sign and name in self.signed
            ]
        return found + [Departure(REWRITTEN, f"rewrites {what}") for what in self.rewrites]


# ---- small parts -------------------------------------------------------------------------------


def _unique(names: Any) -> List[str]:
    return list(dict.fromkeys(names))


def _path(target: str) -> str:
    return target.partition("?")[0] or "/"


def _query(target: str) -> str:
    return target.partition("?")[2]


def _segments(path: str) -> List[bytes]:
    """Return the decoded segments of a path without dot segments."""
    kept: List[bytes] = []
    segments = [unquote_to_bytes(segment) for segment in path.split("/")[1:]]
    for number, segment in enumerate(segments):
        is_last = number == len(segments) - 1
        if segment == b"..":
            del kept[-1:]
        elif segment != b".":
            kept.append(segment)
            continue
        if is_last:
            kept.append(b"")
    return kept


def _by_name(pairs: Sequence[Tuple[str, str]]) -> Dict[str, List[str]]:
    """Return the values of each name in order."""
    found: Dict[str, List[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _unfolded(value: str) -> str:
    return re.sub("[ \t]*\r?\n[ \t]+", " ", value).strip(" \t")


def _merged(values: Sequence[str]) -> str:
    return re.sub("[ \t]*,[ \t]*", ",", ",".join(values))


def _plain_host(value: str) -> str:
    host = value.lower()
    return host[: -len(":443")] if host.endswith(":443") else host


def _only(headers: Sequence[Tuple[str, str]], name: str) -> Optional[str]:
    values = values_of(headers, name)
    return values[0].strip(" \t") if values else None


def _shown(values: Sequence[str]) -> Any:
    """Return the values of a header for a report."""
    if not values:
        return None
    return values[0] if len(values) == 1 else list(values)


def _instant(date: str) -> str:
    """Return an HTTP date in the form of x-amz-date, or an empty text."""
    if re.match(r"[0-9]{8}T[0-9]{6}Z\Z", date):
        return date
    parts = parsedate_tz(date)
    if parts is None or parts[9]:
        return ""
    return "%04d%02d%02dT%02d%02d%02dZ" % parts[:6]
