# SPDX-License-Identifier: MIT
"""Checks of requests that a server must refuse because of their signature."""

from conformance.servers.exchange import Received
from conformance.servers.subject import Draft, Signing, Subject
from conformance.servers.verdicts import Broken, Check, NotJudged, described, refused
from refimpl.sigv4 import CONTENT_HASH_HEADER, DATE_HEADER, TOKEN_HEADER, Credentials, payload_hash

INCOMPLETE = ("IncompleteSignature",)
INVALID = ("InvalidSignature",)
MISSING = ("MissingAuthenticationToken",)
UNKNOWN = ("UnrecognizedClient", "InvalidClientTokenId")
_NOBODY = Credentials("AKIDNOBODY0EXAMPLE00", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
_TOO_FAR = 1200.0  # seconds
_ZEROS = "0" * 64


def refuses_unsigned(subject: Subject) -> None:
    draft = subject.draft()
    for name in ("authorization", DATE_HEADER, TOKEN_HEADER):
        draft = draft.replacing(name, None)
    # SRV-020
    refused("no signature", subject.ask(draft), MISSING)


def refuses_malformed(subject: Subject) -> None:
    draft = subject.draft()
    value = draft.value("authorization")
    parts = dict(part.split("=", 1) for part in value.partition(" ")[2].split(", "))
    variants = {
        f"no {name}": value.replace(f"{name}={part}", "").replace(", ,", ",").strip(", ")
        for name, part in parts.items()
    }
    variants["another algorithm"] = value.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1")
    variants["four elements in Credential"] = value.replace("/aws4_request", "")
    for stage, text in variants.items():
        refused(stage, subject.ask(draft.replacing("authorization", text)), INCOMPLETE)
    without_date = draft.replacing(DATE_HEADER, None)
    refused("no x-amz-date", subject.ask(without_date), INCOMPLETE)


def refuses_an_unknown_key(subject: Subject) -> None:
    draft = subject.draft(signing=Signing(credentials=_NOBODY))
    refused("an unknown access key", subject.ask(draft), UNKNOWN)


def refuses_another_service(subject: Subject) -> None:
    received = subject.ask(subject.draft(signing=Signing(service="s3")))
    refused("the service s3 in the scope", received, INVALID, "service")


def refuses_another_region(subject: Subject) -> None:
    if not subject.serves_region:
        raise NotJudged("--region REGION says which region the server serves")
    region = "eu-west-3" if subject.region != "eu-west-3" else "us-east-1"
    received = subject.ask(subject.draft(signing=Signing(region=region)))
    refused(f"the region {region} in the scope", received, INVALID, "region")


def refuses_another_day(subject: Subject) -> None:
    draft = subject.draft()
    day = draft.value(DATE_HEADER)[:8]
    changed = draft.with_authorization(f"/{day}/", "/20150830/")
    refused("another day in the scope", subject.ask(changed), INVALID)


def refuses_another_time(subject: Subject) -> None:
    # SRV-026
    for later, text in ((-_TOO_FAR, "Signature expired"), (_TOO_FAR, "Signature not yet current")):
        received = subject.ask(subject.draft(signing=Signing(later=later)))
        refused(f"a time {later:+g} s from now", received, INVALID, text)


def refuses_a_wrong_signature(subject: Subject) -> None:
    draft = subject.draft()
    signature = draft.value("authorization").rpartition("=")[2]
    refused("another signature", _asked(subject, draft, signature, _ZEROS), INVALID)
    upper = signature.upper()
    if upper != signature:
        refused("a signature in upper case", _asked(subject, draft, signature, upper), INVALID)


def _asked(subject: Subject, draft: Draft, old: str, new: str) -> Received:
    return subject.ask(draft.with_authorization(old, new))


def refuses_a_changed_request(subject: Subject) -> None:
    draft = subject.draft()
    longer = draft.replacing("Content-Length", str(len(draft.body) + 1))
    content_type = draft.value("Content-Type") + ";a=b"
    changes = {
        "another body": longer._replace(body=draft.body + b" "),
        "another value of a signed header": draft.replacing("Content-Type", content_type),
        "another path": draft._replace(target=draft.target.replace("/endpoints/", "/endpoints/x")),
        "another query": draft._replace(target=draft.target + "?a=b"),
    }
    # SRV-028
    for stage, changed in changes.items():
        refused(stage, subject.ask(changed), INVALID)


def refuses_unsigned_headers(subject: Subject) -> None:
    draft = subject.draft()
    added = draft.adding("x-amz-target", "sagemaker")
    refused("an unsigned x-amz-* header", subject.ask(added), INVALID)
    without_host = draft.with_authorization("content-type;host;", "content-type;")
    refused("an unsigned host", subject.ask(without_host), INVALID)


def refuses_an_absent_header(subject: Subject) -> None:
    draft = subject.draft(headers=[("x-amz-meta", "1")]).replacing("x-amz-meta", None)
    received = subject.ask(draft)
    refused("a signed header that is absent", received, INCOMPLETE + INVALID)


def refuses_another_token(subject: Subject) -> None:
    own = subject.credentials
    if own.session_token is None:
        raise NotJudged("the credentials have no session token")
    changed = own.session_token[:-4] + ("AAAA" if own.session_token[-4:] != "AAAA" else "BBBB")
    for stage, token in (("another session token", changed), ("no session token", None)):
        signing = Signing(credentials=Credentials(own.access_key, own.secret_key, token))
        refused(stage, subject.ask(subject.draft(signing=signing)), UNKNOWN)


def refuses_another_hash(subject: Subject) -> None:
    wrong = payload_hash(b"another body")
    received = subject.ask(subject.draft(headers=[(CONTENT_HASH_HEADER, wrong)]))
    refused("x-amz-content-sha256 of another body", received, INVALID)


def refuses_presigned(subject: Subject) -> None:
    correct = subject.ask(subject.presigned())
    if correct.status != 200:
        raise NotJudged("the server does not accept requests that are signed in the query")
    refused("an expired request", subject.ask(subject.presigned(-_TOO_FAR, 60)), INVALID)
    draft = subject.presigned()
    expires = next(p for p in draft.target.split("&") if "X-Amz-Expires" in p).rpartition("?")[2]
    twice = subject.ask(draft._replace(target=f"{draft.target}&{expires}"))
    if not 400 <= twice.status < 500:
        raise Broken("a parameter twice", expected="400 to 499", actual=described(twice))


CHECKS = (
    Check(
        "srv-unsigned",
        "a request without a signature",
        ("SRV-020",),
        refuses_unsigned,
        "anyone can run the model",
        ("signatures",),
    ),
    Check(
        "srv-authorization-malformed",
        "Authorization with missing parts",
        ("SRV-021",),
        refuses_malformed,
        "the caller cannot see which part is wrong",
        ("signatures",),
    ),
    Check(
        "srv-key-unknown",
        "an access key that nobody has",
        ("SRV-022",),
        refuses_an_unknown_key,
        "anyone can run the model, or the cause of the refusal is wrong",
        ("signatures",),
    ),
    Check(
        "srv-scope-service",
        "another service in the scope",
        ("SRV-023",),
        refuses_another_service,
        "a signature for another service can be used here",
        ("signatures",),
    ),
    Check(
        "srv-scope-region",
        "another region in the scope",
        ("SRV-024",),
        refuses_another_region,
        "a signature for another region can be used here",
        ("signatures",),
    ),
    Check(
        "srv-scope-day",
        "another day in the scope",
        ("SRV-025",),
        refuses_another_day,
        "a key that was derived for one day can be used on another",
        ("signatures",),
    ),
    Check(
        "srv-time",
        "a time twenty minutes from now",
        ("SRV-026",),
        refuses_another_time,
        "a request that was read can be sent again later",
        ("signatures",),
    ),
    Check(
        "srv-signature-wrong",
        "another signature",
        ("SRV-028",),
        refuses_a_wrong_signature,
        "anyone who knows the access key can run the model",
        ("signatures",),
    ),
    Check(
        "srv-request-changed",
        "a request that was changed after it was signed",
        ("SRV-028",),
        refuses_a_changed_request,
        "a proxy can change the request",
        ("signatures",),
    ),
    Check(
        "srv-headers-unsigned",
        "headers that must be signed",
        ("SRV-029",),
        refuses_unsigned_headers,
        "a proxy can add a header that the service obeys",
        ("signatures",),
    ),
    Check(
        "srv-header-absent",
        "a signed header that is absent",
        ("SRV-030",),
        refuses_an_absent_header,
        "a proxy can remove a header",
        ("signatures",),
    ),
    Check(
        "srv-token",
        "another session token, and none",
        ("SRV-031",),
        refuses_another_token,
        "temporary credentials can be used without their token",
        ("signatures",),
    ),
    Check(
        "srv-body-hash",
        "x-amz-content-sha256 of another body",
        ("SRV-032",),
        refuses_another_hash,
        "a later hop that trusts the header gets another body",
        ("signatures",),
    ),
    Check(
        "srv-presigned-refused",
        "a request signed in its query that has expired, or states a parameter twice",
        ("SRV-033",),
        refuses_presigned,
        "a presigned request can be used for longer than its signer allowed",
        ("signatures", "works"),
        calls=1,
    ),
)
