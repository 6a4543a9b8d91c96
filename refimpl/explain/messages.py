# SPDX-License-Identifier: MIT
"""What the messages and codes of services prove about a refused signature.

A table maps each message to the part that differs. Only values of a harmless form are taken from a
message, because some services quote the complete Authorization header. The first row that fits
decides, and the rows that prove more come first. The rows are rule EXP-007 of SPEC.md, whose note
names their sources.
"""

import re
from typing import Dict, NamedTuple, Optional, Pattern, Tuple


class Proof(NamedTuple):
    """What a message proves.

    differs_in: as in RefusalExplanation
    service, client: what the service expects, and what it got, or None if it does not say so
    advice: a sentence
    rule: the rule of SPEC.md that the client probably breaks, or None
    is_refusal: False if the message is about something else than the signature
    """

    differs_in: Optional[str]
    service: Optional[str]
    client: Optional[str]
    advice: str
    rule: Optional[str]
    is_refusal: bool = True


_TIME = r"[0-9]{8}T[0-9]{6}Z|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z?"
_SCOPE_WORD = r"[A-Za-z0-9_.-]{1,64}"
_QUOTE = r"[\s'\"`\\]{0,6}"
_CLOCK = "set the clock of the client, for example with NTP"
_SCOPE = "sign for what the service names, not for the name of the host or of the package"

# Pattern, differs_in, service, client, advice, rule. {name} is a group of the pattern.
_Row = Tuple[str, Optional[str], Optional[str], Optional[str], str, Optional[str]]
_ROWS: Tuple[_Row, ...] = (
    (
        rf"Signature expired: (?P<a>{_TIME}) is now earlier than (?P<b>{_TIME})"
        rf"(?: \((?P<now>{_TIME}))?",
        "time",
        "{now|b}",
        "{a}",
        "the request was signed at {a}, too long before the service's time: the client's clock is "
        f"slow, or the request was sent long after it was signed; {_CLOCK}, and sign each attempt",
        "SIG-042",
    ),
    (
        rf"Signature not yet current: (?P<a>{_TIME}) is still later than (?P<b>{_TIME})"
        rf"(?: \((?P<now>{_TIME}))?",
        "time",
        "{now|b}",
        "{a}",
        f"the request was signed at {{a}}, after the service's time: the client's clock is fast; "
        f"{_CLOCK}",
        "SIG-042",
    ),
    (
        rf"Signature expired: (?P<now>{_TIME}) is now later than (?P<b>{_TIME})",
        "time",
        "{now}",
        "{b}",
        "the presigned request was valid until {b}; presign it again, or with a longer lifetime",
        "SIG-043",
    ),
    (
        r"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
        rf"HTTP:{_QUOTE}(?P<a>\w{{1,20}}){_QUOTE}!=[\s'\"`\\]*(?P<b>\w{{1,20}})",
        "credential scope",
        "{b}",
        "{a}",
        "the day in the scope is {a}, but the request's own date says {b}; take both from one "
        "clock reading, in UTC",
        "SIG-020",
    ),
    (
        r"Date in Credential scope does not match",
        "credential scope",
        None,
        None,
        "the day in the scope is not that of the request's date; take both from one clock "
        "reading, in UTC",
        "SIG-020",
    ),
    (
        rf"[Cc]redential should be scoped to (?:a )?(?:valid|correct) region"
        rf"(?:, not {_QUOTE}(?P<a>{_SCOPE_WORD})|:{_QUOTE}(?P<b>{_SCOPE_WORD}))?",
        "credential scope",
        "{b}",
        "{a}",
        "the region in the scope is not the one of the service at this host; sign for the region "
        "of the endpoint, which for a global service is us-east-1",
        "SIG-020",
    ),
    (
        r"[Cc]redential should be scoped with (?:the )?correct service and region",
        "credential scope",
        None,
        None,
        f"the service or the region in the scope is not the one of this endpoint; {_SCOPE}",
        "SIG-020",
    ),
    (
        rf"[Cc]redential should be scoped to (?:the )?correct service"
        rf"(?:, not {_QUOTE}(?P<a>{_SCOPE_WORD})|:?{_QUOTE}(?P<b>{_SCOPE_WORD}))?",
        "credential scope",
        "{b}",
        "{a}",
        f"the service in the scope is not the signing name of this service; {_SCOPE}",
        "SIG-027",
    ),
    (
        rf"(?:the )?region {_QUOTE}(?P<a>{_SCOPE_WORD}){_QUOTE} is wrong; expecting "
        rf"{_QUOTE}(?P<b>{_SCOPE_WORD})",
        "credential scope",
        "{b}",
        "{a}",
        "the request is signed for region {a}, but the resource is in {b}; use {b}",
        "SIG-020",
    ),
    (
        rf"incorrect service {_QUOTE}(?P<a>{_SCOPE_WORD}){_QUOTE}. This endpoint belongs to "
        rf"{_QUOTE}(?P<b>{_SCOPE_WORD})",
        "credential scope",
        "{b}",
        "{a}",
        f"the request is signed for service {{a}}, but this endpoint belongs to {{b}}; {_SCOPE}",
        "SIG-020",
    ),
    (
        r"Credential must have exactly 5 slash-delimited|Credential is mal-?formed|"
        r"incorrect (?:date format|terminal)|invalid credential date",
        "credential scope",
        "access key/day/region/service/aws4_request",
        None,
        "the credential does not have its five parts; look for a missing region or service and "
        "for a slash in the access key, as if key and secret were swapped",
        "SIG-020",
    ),
    (
        rf"(?P<a>[A-Za-z0-9-]{{1,64}}){_QUOTE} is named as a SignedHeader, but it does not exist",
        "header {a:lower}",
        None,
        "{a:lower}",
        "{a:lower} is signed but did not arrive: the client did not send it, or something between "
        "the client and the service removed it; do not sign {a:lower}",
        "SIG-015",
    ),
    (
        rf"{_QUOTE}Host{_QUOTE} (?:or \W{{0,3}}:authority\W{{0,3}} )?must be a "
        rf"{_QUOTE}SignedHeader",
        "signed headers list",
        "host",
        None,
        "host is not among the signed headers; sign it",
        "SIG-014",
    ),
    (
        r"HeadersNotSigned\W{1,6}(?P<a>[a-z0-9-]{1,64}(?:, ?[a-z0-9-]{1,64}){0,9})",
        "signed headers list",
        "{a:lower}",
        None,
        "{a:lower} was sent but not signed; sign it, or find out what added it after signing",
        "SIG-045",
    ),
    (
        r"headers present in the request which were not signed|"
        r"must be a (?:\W{0,3})SignedHeader",
        "signed headers list",
        None,
        None,
        "a header was sent but not signed; sign host and every x-amz-* header",
        "SIG-045",
    ),
    (
        r"ClientComputedContentSHA256\W{1,8}(?P<a>[0-9a-fA-F]{64})\W[^\0]{0,120}?"
        r"S3ComputedContentSHA256\W{1,8}(?P<b>[0-9a-fA-F]{64})",
        "payload hash",
        "{b}",
        "{a}",
        "the body that arrived is not the one whose hash was signed; sign the bytes that are sent, "
        "after encoding and compression",
        "SIG-019",
    ),
    (
        r"x-amz-content-sha256\W{0,4} header does not match what was computed|"
        r"XAmzContentSHA256Mismatch|XAmzContentChecksumMismatch",
        "payload hash",
        None,
        None,
        "the body that arrived is not the one whose hash was signed; sign the bytes that are sent",
        "SIG-019",
    ),
    (
        r"Missing required header for this request:\W{0,4}x-amz-content-sha256|"
        r"x-amz-content-sha256 must be |InvalidContentSHA256",
        "header x-amz-content-sha256",
        "the SHA-256 of the body, or UNSIGNED-PAYLOAD",
        None,
        "this service requires the header x-amz-content-sha256; send and sign it",
        "SIG-019",
    ),
    (
        r"Authorization header requires \W{0,3}(?:Credential|Signature\b|SignedHeaders)",
        "authorization",
        "Credential, SignedHeaders and Signature",
        None,
        "the Authorization header has no Credential, SignedHeaders or Signature; do not let a "
        "library or a proxy replace it",
        "SIG-024",
    ),
    (
        r"requires existence of either a \W{0,3}X-Amz-Date|requires a valid Date or x-amz-date",
        "header x-amz-date",
        "x-amz-date: YYYYMMDDThhmmssZ",
        None,
        "the request has no date; send the X-Amz-Date that was signed",
        "SIG-016",
    ),
    (
        r"Date must be in ISO-8601|Invalid date format in x-amz-date|"
        r"X-Amz-Date must be (?:in|formatted)",
        "header x-amz-date",
        "x-amz-date: YYYYMMDDThhmmssZ",
        None,
        "the date has another format than YYYYMMDDThhmmssZ",
        "SIG-016",
    ),
    (
        r"not a valid key=value pair|Invalid key=value pair|"
        r"[Aa]uthorization (?:header|mechanism)[^.\n]{0,40}(?:malformed|not supported|invalid|"
        r"must begin|requires three components)|AuthorizationHeaderMalformed|"
        r"AuthorizationQueryParametersError|Unsupported Authorization Type|"
        r"Only one auth mechanism allowed|Incorrect [Aa]uthorization header|"
        r"conforms? to AWS standards|IncompleteSignature|InvalidSecurity\b",
        "authorization",
        "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…",
        None,
        "the Authorization header cannot be read; look for a space or a line end in the access "
        "key, a second Authorization header, another scheme such as Bearer, and a wrong path",
        "SIG-024",
    ),
    (
        rf"RequestTime\W{{1,6}}(?P<a>{_TIME})[^0-9]{{0,60}}?ServerTime\W{{1,6}}(?P<now>{_TIME})",
        "time",
        "{now}",
        "{a}",
        f"the request says {{a}}, but the service's time is {{now}}; {_CLOCK}",
        "SIG-042",
    ),
    (
        r"RequestTimeTooSkewed|difference between the request time and the |RequestInTheFuture|"
        r"Signature expired|Signature not yet current|[Rr]equest timestamp is too skewed",
        "time",
        None,
        None,
        f"the request's time is too far from the service's; {_CLOCK}",
        "SIG-042",
    ),
    (
        r"Request has expired|RequestExpired|request signature has expired",
        "time",
        None,
        None,
        "the request's lifetime has passed; presign it again, or set the clock",
        "SIG-043",
    ),
    (
        r"(?i)token included in the request is expired|\bExpired_?Token|token has expired|"
        r"TokenRefreshRequired",
        "session token",
        None,
        None,
        "the temporary credentials have expired; get new ones, for example with `aws sso login` or "
        "by assuming the role again, and remove old ones from environment variables and profiles",
        "CRED-003",
    ),
    (
        r"security token included in the request is invalid|UnrecognizedClient|"
        r"InvalidClientTokenId|provided token is malformed|\bInvalidToken\b|"
        r"InvalidIdentityToken",
        "session token",
        None,
        None,
        "the service does not know this access key with this session token: temporary keys were "
        "used without their token, the token belongs to other keys, or the key was deleted or is "
        "of another partition",
        "SIG-017",
    ),
    (
        r"InvalidAccessKeyId|[Aa]ccess [Kk]ey [Ii]d you provided does not exist",
        "key",
        None,
        None,
        "the service does not know this access key: it was deleted, belongs to another account or "
        "partition, or is temporary and was used without its session token",
        "SIG-044",
    ),
    (
        r"(?i)missing ?authentication ?token|request is missing authentication",
        "authorization",
        "a signed request",
        None,
        "the request has no signature: it was not signed, or a proxy or a redirect has removed "
        "Authorization; API Gateway also says this for a path that does not exist",
        "SIG-040",
    ),
)
_NOT_PROVED = re.compile(
    r"(?i)request signature we calculated|SignatureDoesNotMatch|InvalidSignature|AuthFailure|"
    r"signature validation failed|able to validate the provided access credentials|"
    r"does not match the signature you provided|SignatureInvalid"
)
_POLICY = re.compile(
    r"is not authorized to (?:perform|access)|AccessDenied|UnauthorizedOperation|"
    r"explicit deny|\{\s*\\*\"[Mm]essage\\*\"\s*:\s*\\*\"(?:Forbidden\b|null\\*\")|"
    r"ForbiddenException"
)
_QUOTED_CODE = re.compile(
    r"(?:<Code>|[Ee]rror ?[Cc]ode\"?'?[:=]\s*\"?'?|__type\\*\"\s*:\s*\\*\"(?:[\w.]+#)?|"
    r"x-amzn-errortype:\s*|An error occurred \(|\"[Cc]ode\"\s*:\s*\"|'Code': ')"
    r"([A-Z][A-Za-z]{3,60})",
)
_PATTERNS: Dict[int, Pattern[str]] = {}


def proof_in(text: str) -> Optional[Proof]:
    """Return what the first message in a text proves, or None if it has no refusal."""
    for place, (pattern, differs_in, service, client, advice, rule) in enumerate(_ROWS):
        compiled = _PATTERNS.setdefault(place, re.compile(pattern))
        match = compiled.search(text)
        if match is None:
            continue
        values = {name: value or "" for name, value in match.groupdict().items()}
        return Proof(
            _filled(differs_in, values),
            _filled(service, values),
            _filled(client, values),
            _filled(advice, values) or "",
            rule,
        )
    # EXP-008
    if _NOT_PROVED.search(text):
        advice = (
            "the response does not show what the service signed, so any part may differ; compare "
            "host with its port, path, query and body hash with what is sent, then the secret key"
        )
        return Proof(None, None, None, advice, None)
    if _POLICY.search(text):
        advice = (
            "the message is about a permission, not about the signature: a policy, a resource or "
            "a wrong path refuses the request"
        )
        return Proof(None, None, None, advice, None, False)
    return None


def _filled(template: Optional[str], values: Dict[str, str]) -> Optional[str]:
    """Return a template with its values: {name}, {name:lower}, or {name|other}."""
    if template is None:
        return None

    def value_of(name: str) -> str:
        names, _, how = name.partition(":")
        value = next((values[one] for one in names.split("|") if values.get(one)), "")
        return value.lower() if how else value

    return re.sub(r"\{([^{}]+)\}", lambda match: value_of(match.group(1)), template) or None


def code_in(text: str) -> Optional[str]:
    """Return the error code in a text, or None."""
    match = _QUOTED_CODE.search(text)
    return None if match is None else match.group(1)
