# SPDX-License-Identifier: MIT
"""Why a service refused a signature.

`explain_refusal` reads a service's response, or any text that contains it, finds the canonical
request that the service quotes, and compares it with the one that the client signed. Without a
quotation it reports what the message proves. It computes no signature and needs no key.

No secret of the texts is in the explanation: the values of headers and parameters that may be
secret are hidden, and texts that follow the name of a secret are removed wherever they occur
(EXP-009). Raises DocumentError for a text without a refusal.
"""

import re
from typing import List, NamedTuple, Optional, Set, Tuple

from ..errors import DocumentError, require_type
from ..redaction import redacted_text
from .causes import Difference, doubts_about, first_difference
from .messages import Proof, code_in, proof_in
from .quoted import CanonicalParts, Quotes, hash_of_request, parts_of, quotes_in
from .readings import readings_of
from .sent import SentRequest, sent_request_in

_SHOWN_LINE = 200  # characters
_SECRET_NAME = re.compile(
    r"(?i)token|secret|passw|authorization|cookie|api-?key|signature|custom-attributes|credential"
)
_SECRET_VALUE = re.compile(
    r"(?i)(?:x-amz-security-token|x-amz-access-token|aws_session_token|aws_secret_access_key|"
    r"secret_?access_?key|session_?token|secret_?key|password|x-api-key|"
    r"x-amzn-sagemaker-custom-attributes|cookie)"
    r"['\"\\]{0,4}\s{0,3}[:=]\s{0,3}['\"\\]{0,4}([^\s'\"\\,;&<>]{8,8192})|"
    r"(?:Bearer|Basic)\s+([A-Za-z0-9+/=._~|-]{8,8192})|"
    r"(?:-u|--user)[\s=]+['\"]?[^\s'\":]{1,200}:([^\s'\"]{4,400})"
)
_SECRET_PARAMETER = re.compile(
    r"(?i)([a-z0-9-]{0,40}(?:token|secret|passw|key|signature|auth|credential)[a-z0-9-]{0,40}=)"
    r"[^&\s`]+"
)
_MAX_SECRETS = 100


class RefusalExplanation(NamedTuple):
    """Why a signature was refused.

    differs_in: `method`, `path`, `query`, `header NAME`, `signed headers list`, `payload hash`,
        `credential scope`, `time`, `session token`, `authorization`, `key`, or None if the text
        proves nothing
    server, client: the two lines, or what the service expects and got; None if unknown
    advice: a sentence: what differs, the likely cause, and what to do
    rule: the rule of SPEC.md that explains it
    code: the service's error code
    line, column: where the client's canonical request differs, from 1
    notes: what could not be read or is not certain
    """

    differs_in: Optional[str]
    server: Optional[str]
    client: Optional[str]
    advice: str
    rule: Optional[str] = None
    code: Optional[str] = None
    line: Optional[int] = None
    column: Optional[int] = None
    notes: Tuple[str, ...] = ()


def explain_refusal(
    answer: str, canonical_request: Optional[str] = None, request: Optional[str] = None
) -> RefusalExplanation:
    """Return why a service refused a signature (EXP-001 to EXP-009).

    answer: the service's response, or a text that contains it
    canonical_request: the canonical request that the client signed
    request: the request that the client sent: raw, a curl command line, a HAR entry or a log
    Raises DocumentError for an answer without a refusal.
    """
    require_type(answer, str, "answer")
    for text, what in ((canonical_request, "canonical_request"), (request, "request")):
        if text is not None:
            require_type(text, str, what)
    quotes = quotes_in(answer)
    # EXP-007
    proof = _proof_of(answer)
    # EXP-009
    texts = (answer, canonical_request, request, quotes.service, quotes.client)
    secrets = secrets_in(*filter(None, texts))
    sent = None if request is None else sent_request_in(request)
    signed = _signed_request(canonical_request, sent, quotes)
    explained = _explained(quotes, signed, sent, proof)
    if request is not None and sent is None:
        note = "the request could not be read: it is not raw HTTP, curl, HAR or a debug log"
        explained = explained._replace(notes=(*explained.notes, note))
    return _without_secret_values(explained._replace(code=code_in(answer)), secrets)


def sentence_about_refusal(answer: bytes, canonical_request: str) -> Optional[str]:
    """Return the advice for a response to a request with that canonical request, or None."""
    try:
        explained = explain_refusal(answer.decode("utf-8", "replace"), canonical_request)
    except DocumentError:
        return None
    return explained.advice


def _proof_of(answer: str) -> Optional[Proof]:
    """Return what the message proves, in the first reading in which it proves something."""
    weakest = None
    for reading in readings_of(answer):
        # A message may be wrapped anywhere.
        found = proof_in(reading) or proof_in(" ".join(reading.split()))
        if found is not None and found.differs_in is not None:
            return found
        weakest = weakest or found
    return weakest


class _Signed(NamedTuple):
    """The client's canonical request.

    is_own: whether it is what the client signed, and not computed from what it sent
    """

    text: str
    is_own: bool


def _signed_request(
    canonical_request: Optional[str], sent: Optional[SentRequest], quotes: Quotes
) -> Optional[_Signed]:
    if canonical_request is not None:
        found = quotes_in(canonical_request)
        text = found.client or found.service or canonical_request.replace("\r\n", "\n")
        return _Signed(text.rstrip("\n"), True)
    if sent is not None and sent.logged_request is not None:
        return _Signed(sent.logged_request, True)
    if quotes.client is not None:
        return _Signed(quotes.client, True)
    if sent is not None and sent.computed_request is not None:
        return _Signed(sent.computed_request, False)
    return None


def _explained(
    quotes: Quotes,
    signed: Optional[_Signed],
    sent: Optional[SentRequest],
    proof: Optional[Proof],
) -> RefusalExplanation:
    if quotes.service is None:
        return _from_message(quotes, signed, sent, proof)
    service = parts_of(quotes.service)
    notes = _notes_on(quotes)
    if signed is None:
        suspicion = _doubts(service, "what arrived")
        advice = (
            "the response quotes what the service signed, but what the client signed is not known; "
            "give it with --canonical-request or --request" + suspicion
        )
        return RefusalExplanation(None, None, None, advice, notes=notes)
    # EXP-003: the hash proves that two texts are equal, even if the quotation was changed.
    hashed = quotes.to_sign.request_hash if quotes.to_sign is not None else None
    is_same = hashed is not None and hash_of_request(signed.text) == hashed
    client = parts_of(signed.text)
    service = _without_truncated_hash(service, client)
    body = sent.body if sent is not None else None
    # EXP-001
    difference = None if is_same else first_difference(service, client, body)
    if difference is not None:
        return _of_difference(difference, notes)
    return _all_equal(quotes, signed, sent, is_same, service.is_complete)._replace(notes=notes)


def _without_truncated_hash(service: CanonicalParts, client: CanonicalParts) -> CanonicalParts:
    """Return the service's parts without a last line of which only the beginning arrived."""
    hashed, signed = service.payload_hash, client.payload_hash
    if hashed and signed and hashed != signed and signed.startswith(hashed):
        return service._replace(payload_hash=None)
    return service


def _notes_on(quotes: Quotes) -> Tuple[str, ...]:
    if not quotes.is_complete:
        # EXP-005
        return ("the quoted canonical request is truncated, so its later lines are not compared",)
    if quotes.is_exact is False:
        return (
            "the quoted canonical request does not have the hash that the service quotes, so the "
            "text was changed on its way here",
        )
    return ()


def _of_difference(difference: Difference, notes: Tuple[str, ...]) -> RefusalExplanation:
    service, client = difference.service, difference.client
    what, received, signed = difference.differs_in, service, client
    if what.startswith("header "):
        what = what[len("header ") :]
        received, signed = (
            None if line is None else line.partition(":")[2] for line in (service, client)
        )
    shown = f"signed {_shortened(signed)}, received {_shortened(received)}"
    if _may_be_secret(difference):
        shown = "the values are hidden"
    return RefusalExplanation(
        difference.differs_in,
        service,
        client,
        f"{what} differs: {shown}: {difference.cause} ({difference.rule})",
        difference.rule,
        line=difference.line,
        column=_column_of(service or "", client or ""),
        notes=notes,
    )


def _may_be_secret(difference: Difference) -> bool:
    if difference.differs_in.startswith("header "):
        return _SECRET_NAME.search(difference.differs_in) is not None
    return False


def _column_of(service: str, client: str) -> int:
    pairs = zip(service, client)
    return 1 + next(
        (at for at, (one, other) in enumerate(pairs) if one != other),
        min(len(service), len(client)),
    )


def _shortened(text: Optional[str]) -> str:
    if not text:
        return "nothing"
    return f"`{text if len(text) <= _SHOWN_LINE else text[: _SHOWN_LINE - 3] + '...'}`"


def _all_equal(
    quotes: Quotes,
    signed: _Signed,
    sent: Optional[SentRequest],
    is_same: bool,
    is_complete: bool,
) -> RefusalExplanation:
    if not is_complete and not is_same:
        # EXP-005
        advice = "the lines that the response still contains are equal; get the complete response"
        return RefusalExplanation(None, None, None, advice)
    to_sign = quotes.to_sign
    if to_sign is not None and sent is not None:
        for what, received, given, rule in (
            ("time", to_sign.amz_date, sent.amz_date, "SIG-021"),
            ("credential scope", to_sign.scope, sent.scope, "SIG-020"),
        ):
            if given and given != received:
                advice = (
                    f"{what} differs: signed {_shortened(given)}, received "
                    f"{_shortened(received)}: the string to sign has another value than the "
                    f"request ({rule})"
                )
                return RefusalExplanation(what, received, given, advice, rule)
    hashed = to_sign.request_hash if to_sign is not None else None
    if not is_same and quotes.is_exact is False and hashed is not None and len(hashed) == 64:
        advice = (
            "the quoted lines are equal to the signed ones, but the service's hash is another: "
            "the difference is in characters that this text has lost, such as white space"
        )
        return RefusalExplanation(None, None, None, advice)
    if not signed.is_own:
        advice = (
            "the canonical request that follows from the sent request is equal to the service's: "
            "the client's signer made another one, or its secret key is not that of the access "
            "key; compare what it signed" + _doubts(parts_of(signed.text), "what was sent")
        )
        return RefusalExplanation(None, None, None, advice)
    advice = (
        "everything that was signed is equal, so only the secret key can differ, or the step from "
        "the canonical request to the signature: look for a line end or a space in the secret, "
        "the secret of another access key, and a time, region or service in the key that is not "
        "in the scope (SIG-022)"
    )
    return RefusalExplanation("key", None, None, advice, "SIG-022")


def _doubts(parts: Optional[CanonicalParts], where: str) -> str:
    """Return what looks wrong in one canonical request, as the end of a sentence."""
    found = [] if parts is None else doubts_about(parts)
    return f"; suspicious in {where}: {', '.join(found)}" if found else ""


def _from_message(
    quotes: Quotes,
    signed: Optional[_Signed],
    sent: Optional[SentRequest],
    proof: Optional[Proof],
) -> RefusalExplanation:
    # EXP-003
    hashed = quotes.to_sign.request_hash if quotes.to_sign is not None else None
    if signed is not None and signed.is_own and hashed is not None and len(hashed) == 64:
        if hash_of_request(signed.text) == hashed:
            return _all_equal(quotes, signed, sent, True, True)
        advice = (
            "the hash in the quoted string to sign is not that of the canonical request that the "
            "client signed; the response does not show which line differs"
        )
        if proof is None or proof.differs_in is None:
            return RefusalExplanation(None, None, None, advice)
    # EXP-006
    if proof is None:
        raise DocumentError(
            "no refusal of a signature found",
            expected="an error code, a message or a canonical request of an AWS service",
            actual="a text without one",
            rule="EXP-006",
        )
    client, advice = proof.client, _advice_of(proof)
    if client is None and sent is not None:
        given = {"credential scope": sent.scope, "time": sent.amz_date}
        client = given.get(proof.differs_in or "")
    if proof.differs_in is None and proof.is_refusal:
        advice += _found_without_service(signed, sent)
    return RefusalExplanation(proof.differs_in, proof.service, client, advice, proof.rule)


def _found_without_service(signed: Optional[_Signed], sent: Optional[SentRequest]) -> str:
    """Return what the request alone shows, as the end of a sentence."""
    if signed is None:
        return ""
    client = parts_of(signed.text)
    if signed.is_own and sent is not None and sent.computed_request is not None:
        difference = first_difference(parts_of(sent.computed_request), client, sent.body)
        if difference is not None:
            found = _of_difference(difference, ())
            return f"; what was signed is not what was sent: {found.advice}"
    return _doubts(client, "what was signed")


def _advice_of(proof: Proof) -> str:
    if proof.differs_in is None or proof.rule is None:
        return proof.advice
    return f"{proof.differs_in}: {proof.advice} ({proof.rule})"


# ---- secrets -----------------------------------------------------------------------------------


def secrets_in(*texts: str) -> List[str]:
    """Return the values in texts that follow the name of a secret (EXP-009)."""
    found: Set[str] = set()
    for text in texts:
        for match in _SECRET_VALUE.finditer(text):
            found.update(group for group in match.groups() if group)
            if len(found) >= _MAX_SECRETS:
                return sorted(found)
    return sorted(found)


def _without_secret_values(explained: RefusalExplanation, secrets: List[str]) -> RefusalExplanation:
    """Return an explanation in which no value of a secret is shown (EXP-009)."""
    server, client, advice = explained.server, explained.client, explained.advice
    header = (explained.differs_in or "").partition("header ")[2]
    if _SECRET_NAME.search(header):
        server, client = _hidden_value(server), _hidden_value(client)
    if explained.differs_in == "query":
        server, client = _hidden_parameters(server), _hidden_parameters(client)
        advice = _hidden_parameters(advice) or ""
    shown = [
        None if text is None else redacted_text(text, secrets) for text in (server, client, advice)
    ]
    return explained._replace(server=shown[0], client=shown[1], advice=shown[2] or "")


def _hidden_value(line: Optional[str]) -> Optional[str]:
    if line is None or line.endswith(":"):
        return line
    return line.partition(":")[0] + ":<hidden>"


def _hidden_parameters(query: Optional[str]) -> Optional[str]:
    if query is None:
        return None
    return _SECRET_PARAMETER.sub(r"\1<hidden>", query)
