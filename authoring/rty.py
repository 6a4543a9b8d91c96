# SPDX-License-Identifier: MIT
"""The retry cases: retry-decide.

Each case is one call: the results of its attempts, and the decision after each. The random factor
of the delays is 1, so that they are exact. Expectations are hand-written.
tests/authoring/test_rty.py compares the reference with the published scenarios, and the cases with
botocore.
"""

import calendar
import datetime
from typing import Any, Dict, Optional, Sequence, Tuple

from authoring import Feature, ok

DECIDE = Feature("retry-decide", "retry.decide", "rty-")
FEATURES = [DECIDE]

TIME = "20150830T123600Z"
Step = Tuple[Dict[str, Any], Dict[str, Any]]


def status(code: int, error: Optional[str] = None, *headers: Sequence[str]) -> Dict[str, Any]:
    """Return a response with a status, an error code and headers."""
    response: Dict[str, Any] = {"status_code": code}
    if error is not None:
        response["code"] = error
    if headers:
        response["headers"] = [list(pair) for pair in headers]
    return response


def shown(value: str) -> str:
    """Return a header's value for a title."""
    text = (value or "nothing") if value.isprintable() else ascii(value)
    return text if len(text) <= 64 else f"{text[:16]}... of {len(text)} characters"


def fails(kind: str, sent: bool) -> Dict[str, Any]:
    """Return an attempt without a response."""
    return {"failure": kind, "sent": sent}


def retry(quota: int, delay: float) -> Dict[str, Any]:
    """Return the decision to try again."""
    return {"outcome": "retry_request", "retry_quota": quota, "delay": delay}


def ends(outcome: str, quota: int) -> Dict[str, Any]:
    """Return the decision to end the call."""
    return {"outcome": outcome, "retry_quota": quota}


def decides(name: str, title: str, rules: str, why: str, *steps: Step, **given: Any) -> None:
    """Add a case. steps: the result of each attempt, and the decision."""
    DECIDE.case(
        "rty-" + name,
        title,
        rules,
        {"given": given, "responses": [response for response, _ in steps]},
        ok(outcomes=[outcome for _, outcome in steps]),
        why,
        level="SHOULD" if rules.startswith(("RTY-007", "RTY-008")) else "MUST",
    )


# ---- attempts ----------------------------------------------------------------------------------

decides(
    "success-first",
    "a success at the first attempt",
    "RTY-005",
    "the quota has an upper bound, so a success does not raise it above",
    (status(200), ends("success", 500)),
)
decides(
    "success-refills",
    "a success at the first attempt after the quota has shrunk",
    "RTY-005",
    "without a refill, a client that has seen failures never retries again",
    (status(200), ends("success", 1)),
    initial_retry_tokens=500,
    retry_tokens=0,
)
decides(
    "default-attempts",
    "three failures with the default settings",
    "RTY-001",
    "a caller expects three attempts of every AWS tool",
    (status(503), retry(495, 1)),
    (status(503), retry(490, 2)),
    (status(503), ends("max_attempts_exceeded", 490)),
)
decides(
    "one-attempt",
    "max_attempts 1",
    "RTY-001",
    "the number includes the first attempt, so 1 disables retries",
    (status(503), ends("max_attempts_exceeded", 500)),
    max_attempts=1,
)
decides(
    "two-attempts",
    "max_attempts 2",
    "RTY-001",
    "the number includes the first attempt, so 2 allows one retry",
    (status(500), retry(495, 1)),
    (status(500), ends("max_attempts_exceeded", 495)),
    max_attempts=2,
)

# ---- what is retried ----------------------------------------------------------------------------

for code in (429, 500, 502, 503, 504):
    decides(
        f"status-{code}",
        f"status {code}, then a success",
        "RTY-002 RTY-005",
        "the service or a balancer fails for a moment, and the next attempt succeeds",
        (status(code), retry(495, 1)),
        (status(200), ends("success", 500)),
    )
for code in (400, 401, 403, 404, 413, 501):
    decides(
        f"not-status-{code}",
        f"status {code}",
        "RTY-002",
        "the same request fails again, so a retry only delays the error",
        (status(code), ends("not_retryable", 500)),
    )
for error in ("ThrottlingException", "Throttling", "TooManyRequestsException", "RequestTimeout"):
    decides(
        "code-" + error.lower(),
        f"status 400 with the code {error}",
        "RTY-002",
        "the status does not show that the service is only busy",
        (status(400, error), retry(495, 1)),
        (status(200), ends("success", 500)),
    )
decides(
    "code-validation",
    "status 400 with the code ValidationError",
    "RTY-002",
    "the same request fails again, so a retry only delays the error",
    (status(400, "ValidationError"), ends("not_retryable", 500)),
)
decides(
    "model-error",
    "a ModelError",
    "RTY-002",
    "the model has run and failed, and would run again",
    (status(424, "ModelError"), ends("not_retryable", 500)),
)
decides(
    "model-error-allowed",
    "a ModelError if the caller allows to retry it",
    "RTY-002",
    "a model that is still loading fails in this way, and the caller knows it",
    (status(424, "ModelError"), retry(495, 1)),
    (status(200), ends("success", 500)),
    retry_model_errors=True,
)
decides(
    "error-in-200",
    "an error response with status 200",
    "RTY-003",
    "a 2xx status line means that the service has accepted the call, so the model runs twice",
    (status(200, "InternalFailure"), ends("not_retryable", 500)),
)
decides(
    "model-error-in-200",
    "a ModelError with status 200 if the caller allows to retry it",
    "RTY-003 RTY-002",
    "the permission is for a model that has failed, not for a call that the service has accepted",
    (status(200, "ModelError"), ends("not_retryable", 500)),
    retry_model_errors=True,
)
decides(
    "model-error-in-299",
    "a ModelError with status 299 if the caller allows to retry it",
    "RTY-003 RTY-002",
    "a client that compares with 200 lets the model run again",
    (status(299, "ModelError"), ends("not_retryable", 500)),
    retry_model_errors=True,
)
decides(
    "model-error-500-allowed",
    "a ModelError with status 500 if the caller allows to retry it",
    "RTY-002",
    "the permission is for the code, whatever the status",
    (status(500, "ModelError"), retry(495, 1)),
    (status(200), ends("success", 500)),
    retry_model_errors=True,
)
decides(
    "connect",
    "a connection that fails",
    "RTY-002",
    "no request was sent, so another attempt is safe",
    (fails("network", False), retry(495, 1)),
    (status(200), ends("success", 500)),
)
decides(
    "reset-while-sending",
    "a reset before the request is complete",
    "RTY-004",
    "an incomplete request cannot reach the model, so another attempt is safe",
    (fails("network", False), retry(495, 1)),
    (fails("network", False), retry(490, 2)),
    (status(200), ends("success", 495)),
)
for kind in ("network", "timeout"):
    decides(
        f"{kind}-after-send",
        f"{'a reset' if kind == 'network' else 'a time-out'} after the complete request",
        "RTY-004",
        "the model may be running, so a retry runs it twice and bills it twice",
        (fails(kind, True), ends("not_retryable", 500)),
    )
    cost = 10 if kind == "timeout" else 5
    decides(
        f"{kind}-after-send-allowed",
        f"{'a reset' if kind == 'network' else 'a time-out'} after the complete request, allowed",
        "RTY-004 RTY-005",
        "the caller knows that running the model twice does no harm",
        (fails(kind, True), retry(500 - cost, 1)),
        (status(200), ends("success", 500)),
        retry_after_send=True,
    )

# ---- quota --------------------------------------------------------------------------------------

decides(
    "timeout-cost",
    "a time-out while connecting",
    "RTY-005",
    "a time-out shows an overloaded service, so its retry costs twice as much",
    (fails("timeout", False), retry(490, 1)),
    (status(500), retry(485, 2)),
    (status(200), ends("success", 490)),
)
decides(
    "quota-4",
    "a quota of 4 tokens",
    "RTY-005",
    "a retry costs 5 tokens, so an off-by-one error lets a broken service be called again",
    (status(500), ends("retry_quota_exceeded", 4)),
    initial_retry_tokens=4,
)
decides(
    "quota-5",
    "a quota of 5 tokens",
    "RTY-005",
    "the last tokens allow one more retry",
    (status(500), retry(0, 1)),
    (status(500), ends("retry_quota_exceeded", 0)),
    initial_retry_tokens=5,
)
decides(
    "quota-timeout-9",
    "a quota of 9 tokens and a time-out",
    "RTY-005",
    "the retry of a time-out costs 10 tokens",
    (fails("timeout", False), ends("retry_quota_exceeded", 9)),
    initial_retry_tokens=9,
)
decides(
    "attempts-before-quota",
    "the last attempt with an empty quota",
    "RTY-001 RTY-005",
    "the reason that a caller sees decides which setting they change",
    (status(500), ends("max_attempts_exceeded", 0)),
    max_attempts=1,
    initial_retry_tokens=0,
)
decides(
    "not-retryable-keeps-quota",
    "an error that is not retried with an empty quota",
    "RTY-002 RTY-005",
    "an error of the request is not the quota's",
    (status(404), ends("not_retryable", 0)),
    initial_retry_tokens=0,
)

# ---- delays -------------------------------------------------------------------------------------

decides(
    "backoff",
    "the delays of seven attempts",
    "RTY-006",
    "a constant delay keeps an overloaded service overloaded",
    *[
        (status(500), retry(quota, delay))
        for quota, delay in zip(range(495, 465, -5), (1, 2, 4, 8, 16, 20))
    ],
    (status(500), ends("max_attempts_exceeded", 470)),
    max_attempts=7,
)
decides(
    "backoff-base",
    "a base of 0.5 seconds and a factor of 3",
    "RTY-006",
    "the base scales all delays, and the factor grows with each attempt",
    (status(500), retry(495, 0.5)),
    (status(500), retry(490, 1.5)),
    (status(500), retry(485, 4.5)),
    (status(200), ends("success", 490)),
    max_attempts=5,
    exponential_base=0.5,
    exponential_power=3,
)
decides(
    "backoff-of-many",
    "the delay stays at its bound for 35 attempts",
    "RTY-006",
    "a client that shifts a number of 32 bits waits for a second again",
    *[
        (status(500), retry(500 - 5 * number, min(20, 2 ** (number - 1))))
        for number in range(1, 35)
    ],
    (status(500), ends("max_attempts_exceeded", 330)),
    max_attempts=35,
)
decides(
    "backoff-of-very-many",
    "the delay stays at its bound for 66 attempts",
    "RTY-006",
    "a client that shifts a number of 64 bits does not wait at all, or waits for a second again",
    *[
        (status(500), retry(500 - 5 * number, min(20, 2 ** (number - 1))))
        for number in range(1, 66)
    ],
    (status(500), ends("max_attempts_exceeded", 175)),
    max_attempts=66,
)
decides(
    "jitter-of-bound",
    "a random factor of 0.5 where the delay reaches its bound",
    "RTY-006",
    "a client that applies the bound after the random factor waits twice as long under load",
    *[
        (status(500), retry(quota, delay))
        for quota, delay in zip(range(495, 465, -5), (0.5, 1, 2, 4, 8, 10))
    ],
    (status(500), ends("max_attempts_exceeded", 470)),
    max_attempts=7,
    random=0.5,
)
decides(
    "jitter",
    "a random factor of 0.25",
    "RTY-006",
    "without jitter, clients that failed together retry together",
    (status(500), retry(495, 0.25)),
    (status(500), retry(490, 0.5)),
    (status(200), ends("success", 495)),
    random=0.25,
)
INVALID = "an invalid header must not end the call"
OLD_DATES = "a recipient of HTTP must read all three formats, and a gateway may write an old one"
SPACES = "spaces and tabs around a value do not belong to it"
for slug, headers, delay, why in (
    ("seconds", (("Retry-After", "3"),), 3, "the service knows when it will be ready"),
    ("short", (("Retry-After", "0"),), 1, "the header never shortens the delay"),
    ("bound", (("Retry-After", "3600"),), 6, "a call must not hang for an hour"),
    ("amz", (("x-amz-retry-after", "2500"),), 2.5, "AWS's own header is in milliseconds"),
    (
        "amz-first",
        (("Retry-After", "5"), ("x-amz-retry-after", "2000")),
        2,
        "AWS's own header is more precise",
    ),
    (
        "date",
        (("Retry-After", "Sun, 30 Aug 2015 12:36:04 GMT"),),
        4,
        "the header may be a date instead of a number",
    ),
    (
        "past",
        (("Retry-After", "Sun, 30 Aug 2015 12:35:00 GMT"),),
        1,
        "a date in the past must not make the delay negative",
    ),
    ("text", (("Retry-After", "soon"),), 1, "an invalid header must not end the call"),
    ("negative", (("Retry-After", "-3"),), 1, "an invalid header must not end the call"),
    ("amz-text", (("x-amz-retry-after", "1s"),), 1, "an invalid header must not end the call"),
    ("amz-text-first", (("x-amz-retry-after", "1s"), ("Retry-After", "3")), 3, INVALID),
    ("date-rfc850", (("Retry-After", "Sunday, 30-Aug-15 12:36:04 GMT"),), 4, OLD_DATES),
    ("date-asctime", (("Retry-After", "Sun Aug 30 12:36:04 2015"),), 4, OLD_DATES),
    ("date-rfc850-50-years", (("Retry-After", "Sunday, 30-Aug-65 12:36:04 GMT"),), 6, OLD_DATES),
    ("date-rfc850-51-years", (("Retry-After", "Monday, 30-Aug-66 12:36:04 GMT"),), 1, OLD_DATES),
    ("date-leap-second", (("Retry-After", "Sun, 30 Aug 2015 12:36:60 GMT"),), 6, OLD_DATES),
    ("date-spaces", (("Retry-After", " \tSun, 30 Aug 2015 12:36:04 GMT \t"),), 4, SPACES),
    ("seconds-spaces", (("Retry-After", "\t 3 \t"),), 3, SPACES),
    ("amz-spaces", (("x-amz-retry-after", " 2500\t"),), 2.5, SPACES),
    ("zeros", (("Retry-After", "0000000000000000000003"),), 3, "leading zeros have no meaning"),
    ("huge", (("Retry-After", "9" * 400),), 6, "a number has no longest spelling"),
    ("amz-huge", (("x-amz-retry-after", "9" * 400),), 6, "a number has no longest spelling"),
    *(
        (slug, (("Retry-After", value),), 1, INVALID)
        for slug, value in (
            ("date-no-break-space", "\u00a0Sun, 30 Aug 2015 12:36:04 GMT"),
            ("date-next-line", "Sun, 30 Aug 2015 12:36:04 GMT\u0085"),
            ("date-no-zone", "Sun, 30 Aug 2015 12:36:04"),
            ("date-offset", "Sun, 30 Aug 2015 12:36:04 +0000"),
            ("date-month-case", "Sun, 30 AUG 2015 12:36:04 GMT"),
            ("date-short-year", "Sun, 30 Aug 15 12:36:04 GMT"),
            ("date-february", "Mon, 30 Feb 2016 12:36:04 GMT"),
            ("date-iso", "2015-08-30T12:36:04Z"),
            ("date-digits", "Sun, \u0663\u0660 Aug 2015 12:36:04 GMT"),
            ("no-break-space", "\u00a03"),
            ("superscript", "\u00b3"),
            ("arabic", "\u0663"),
            ("plus", "+3"),
            ("underscore", "3_0"),
            ("fraction", "3.0"),
            ("exponent", "3e0"),
            ("hexadecimal", "0x3"),
            ("list", "3, 3"),
            ("empty", ""),
        )
    ),
    *(
        (f"amz-{slug}", (("x-amz-retry-after", value),), 1, INVALID)
        for slug, value in (("plus", "+2500"), ("underscore", "2_500"), ("arabic", "\u0662500"))
    ),
):
    decides(
        "retry-after-" + slug,
        "a 503 with " + " and ".join(f"{name}: {shown(value)}" for name, value in headers),
        "RTY-007",
        why,
        (status(503, None, *headers), retry(495, delay)),
        (status(200), ends("success", 500)),
        time=TIME,
    )

# ---- the clock ----------------------------------------------------------------------------------

SKEWED = ("Date", "Sun, 30 Aug 2015 12:46:00 GMT")


def corrected(offset: int, quota: int = 500) -> Dict[str, Any]:
    """Return the decision to correct the clock and to try again at once."""
    return {
        "outcome": "retry_request",
        "retry_quota": quota,
        "delay": 0,
        "clock_offset": offset,
    }


for slug, date, offset in (
    ("behind", "Sun, 30 Aug 2015 12:46:00 GMT", 600),
    ("ahead", "Sat, 29 Aug 2015 12:36:00 GMT", -86400),
    ("behind-rfc850", "Sunday, 30-Aug-15 12:46:00 GMT", 600),
    ("behind-asctime", "Sun Aug 30 12:46:00 2015", 600),
):
    decides(
        "clock-" + slug,
        "a clock that is " + slug.replace("-", ", a date of "),
        "RTY-008",
        "a wrong clock makes every call fail, and the response shows the right time",
        (status(403, "InvalidSignatureException", ("Date", date)), corrected(offset)),
        (status(200), ends("success", 500)),
        time=TIME,
    )
decides(
    "retry-after-date-asctime-one-digit",
    "a 503 with Retry-After: Sun Sep  6 12:36:04 2015",
    "RTY-007",
    OLD_DATES,
    (status(503, None, ("Retry-After", "Sun Sep  6 12:36:04 2015")), retry(495, 4)),
    (status(200), ends("success", 500)),
    time="20150906T123600Z",
)
decides(
    "clock-once",
    "a second refusal after the clock was corrected",
    "RTY-008",
    "the key is wrong, not the clock, and a loop of corrections hides it",
    (status(403, "InvalidSignatureException", SKEWED), corrected(600)),
    (status(403, "InvalidSignatureException", SKEWED), ends("not_retryable", 500)),
    time=TIME,
)
decides(
    "clock-right",
    "a refused signature with a clock that is right",
    "RTY-008",
    "the key is wrong, so another attempt fails as well",
    (
        status(403, "InvalidSignatureException", ("Date", "Sun, 30 Aug 2015 12:36:02 GMT")),
        ends("not_retryable", 500),
    ),
    time=TIME,
)
decides(
    "clock-no-date",
    "a refused signature without Date",
    "RTY-008",
    "without the service's time there is nothing to correct",
    (status(403, "InvalidSignatureException"), ends("not_retryable", 500)),
    time=TIME,
)
decides(
    "clock-other-code",
    "an AccessDeniedException with another time",
    "RTY-008",
    "the refusal has nothing to do with time",
    (status(403, "AccessDeniedException", SKEWED), ends("not_retryable", 500)),
    time=TIME,
)
decides(
    "clock-counts-as-attempt",
    "a corrected clock, then failures",
    "RTY-001 RTY-008",
    "a client that does not count the corrected attempt makes one more than the caller allows",
    (status(403, "InvalidSignatureException", SKEWED), corrected(600)),
    (status(500), retry(495, 2)),
    (status(500), ends("max_attempts_exceeded", 495)),
    time=TIME,
)
decides(
    "clock-one-attempt",
    "a wrong clock with max_attempts 1",
    "RTY-008 RTY-001",
    "the correction needs a second request, which the caller has excluded",
    (
        status(403, "InvalidSignatureException", SKEWED),
        dict(ends("max_attempts_exceeded", 500), clock_offset=600),
    ),
    time=TIME,
    max_attempts=1,
)

# ---- every code and status ----------------------------------------------------------------------

# The rest of the list of HTTP-038.
for error in (
    "InternalDependencyException",
    "InternalFailure",
    "InternalServerException",
    "ModelNotReadyException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "ThrottledException",
    "TransactionInProgressException",
):
    decides(
        "code-" + error.lower(),
        f"status 400 with the code {error}",
        "RTY-002 HTTP-038",
        "the status does not show that the service is only busy",
        (status(400, error), retry(495, 1)),
        (status(200), ends("success", 500)),
    )
for slug, error in (
    ("lower", "throttlingexception"),
    ("longer", "ThrottlingError"),
    ("incomplete-signature", "IncompleteSignature"),
    ("expired-token", "ExpiredTokenException"),
):
    decides(
        "not-code-" + slug,
        f"status 400 with the code {error}",
        "RTY-002 HTTP-038",
        "a code is compared as a whole and with its case, so this one is not in the list",
        (status(400, error), ends("not_retryable", 500)),
    )
decides(
    "status-530",
    "status 530, then a success",
    "RTY-002 HTTP-038",
    "the service reports in this way that something it depends on fails",
    (status(530), retry(495, 1)),
    (status(200), ends("success", 500)),
)
for code in (408, 409, 505, 599):
    decides(
        f"not-status-{code}",
        f"status {code}",
        "RTY-002 HTTP-038",
        "the status is not in the list, so the same request fails again",
        (status(code), ends("not_retryable", 500)),
    )
for code in (201, 299):
    decides(
        f"error-in-{code}",
        f"an error response with status {code}",
        "RTY-003",
        "a 2xx status line means that the service has accepted the call, so the model runs twice",
        (status(code, "InternalFailure"), ends("not_retryable", 500)),
    )
    decides(
        f"clock-in-{code}",
        f"a refused signature with status {code} and a wrong clock",
        "RTY-003 RTY-008",
        "a 2xx status line means that the service has accepted the call, so the model runs twice",
        (status(code, "InvalidSignatureException", SKEWED), ends("not_retryable", 500)),
        time=TIME,
    )
for code in (400, 429, 500, 503):
    decides(
        f"model-error-{code}",
        f"a ModelError with status {code}",
        "RTY-002",
        "the model has run and failed, and the status of a load balancer does not change this",
        (status(code, "ModelError"), ends("not_retryable", 500)),
    )
decides(
    "model-error-after-send",
    "a ModelError if the caller allows only retries after sending",
    "RTY-002 RTY-004",
    "the two permissions are separate: one is about a lost response, this one about a failure",
    (status(424, "ModelError"), ends("not_retryable", 500)),
    retry_after_send=True,
)
for kind in ("network", "timeout"):
    decides(
        f"{kind}-after-send-model-errors",
        f"{kind} after the complete request if the caller allows only retries of model errors",
        "RTY-004 RTY-002",
        "the two permissions are separate: one is about a failure, this one about a lost response",
        (fails(kind, True), ends("not_retryable", 500)),
        retry_model_errors=True,
    )

# ---- the quota, the rest -------------------------------------------------------------------------

decides(
    "quota-capacity",
    "a quota of 20 tokens that has shrunk, and successes",
    "RTY-005",
    "the tokens of the beginning are the maximum, so a success does not raise the quota above",
    (status(500), retry(15, 1)),
    (status(500), retry(10, 2)),
    (status(200), ends("success", 15)),
    initial_retry_tokens=20,
)
decides(
    "quota-capacity-full",
    "a full quota of 20 tokens and a success",
    "RTY-005",
    "the tokens of the beginning are the maximum, so a success does not raise the quota above",
    (status(200), ends("success", 20)),
    initial_retry_tokens=20,
)
decides(
    "quota-last-retry",
    "a time-out, then two retries of failures, then a success",
    "RTY-005",
    "a success returns what the last retry cost: not the first one's tokens, and not all",
    (fails("timeout", False), retry(490, 1)),
    (status(500), retry(485, 2)),
    (status(500), retry(480, 4)),
    (status(200), ends("success", 485)),
    max_attempts=4,
)
decides(
    "quota-last-retry-timeout",
    "two failures, then a time-out, then a success",
    "RTY-005",
    "a success returns what the last retry cost, and a retry after a time-out costs ten tokens",
    (status(500), retry(495, 1)),
    (status(500), retry(490, 2)),
    (fails("timeout", False), retry(480, 4)),
    (status(200), ends("success", 490)),
    max_attempts=4,
)
decides(
    "clock-empty-quota",
    "a wrong clock with an empty quota",
    "RTY-008 RTY-005",
    "the correction takes no tokens, so it also works if the service has failed before",
    (status(403, "InvalidSignatureException", SKEWED), corrected(600, 0)),
    (status(200), ends("success", 1)),
    time=TIME,
    initial_retry_tokens=500,
    retry_tokens=0,
)

# ---- times that a response asks for, the rest ----------------------------------------------------

for slug, headers, delay, why in (
    (
        "bound-of-part",
        (("Retry-After", "3600"),),
        5.5,
        "the five seconds are added to the random wait, not to its bound",
    ),
    (
        "amz-zero",
        (("x-amz-retry-after", "0"), ("Retry-After", "4")),
        0.5,
        "a zero is a value, so the second header does not count",
    ),
    (
        "amz-milliseconds",
        (("x-amz-retry-after", "1250"),),
        1.25,
        "milliseconds that are rounded down to seconds make the client too early",
    ),
    (
        "first-of-two",
        (("Retry-After", "4"), ("Retry-After", "2")),
        4,
        "a proxy appends its own header, so the first one is the service's",
    ),
    (
        "amz-first-of-two",
        (("x-amz-retry-after", "4000"), ("x-amz-retry-after", "2000")),
        4,
        "a proxy appends its own header, so the first one is the service's",
    ),
    ("upper-case", (("RETRY-AFTER", "4"),), 4, "names of headers have no case"),
    ("amz-upper-case", (("X-AMZ-RETRY-AFTER", "4000"),), 4, "names of headers have no case"),
):
    decides(
        "asked-" + slug,
        "half of the bound and " + " and ".join(f"{name}: {value}" for name, value in headers),
        "RTY-007",
        why,
        (status(503, None, *headers), retry(495, delay)),
        (status(200), ends("success", 500)),
        random=0.5,
    )
for slug, value in (
    ("leap-day", "Sun, 29 Feb 2015 12:36:04 GMT"),
    ("leap-day-2100", "Thu, 29 Feb 2100 12:36:04 GMT"),
    ("hour-24", "Sun, 30 Aug 2015 24:36:04 GMT"),
    ("second-61", "Sun, 30 Aug 2015 12:36:61 GMT"),
    ("one-digit", "Sun, 6 Sep 2015 12:36:04 GMT"),
    ("zone-utc", "Sun, 30 Aug 2015 12:36:04 UTC"),
    ("two-spaces", "Sun,  30 Aug 2015 12:36:04 GMT"),
    ("month-long", "Sun, 30 August 2015 12:36:04 GMT"),
    ("asctime-one-digit", "Sun Sep 6 12:36:04 2015"),
    ("rfc850-four-digits", "Sunday, 30-Aug-2015 12:36:04 GMT"),
):
    decides(
        "retry-after-no-date-" + slug,
        "a 503 with Retry-After: " + value,
        "RTY-007",
        "this is a date in none of the three formats of RFC 9110, so it has no meaning",
        (status(503, None, ("Retry-After", value)), retry(495, 1)),
        (status(200), ends("success", 500)),
        time=TIME,
    )

# ---- the clock, the rest -------------------------------------------------------------------------

for error in (
    "AuthFailure",
    "RequestExpired",
    "RequestInTheFuture",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
):
    decides(
        "clock-code-" + error.lower(),
        f"a clock that is behind, and the code {error}",
        "RTY-008",
        "services use several codes for a signature whose time is wrong",
        (status(403, error, SKEWED), corrected(600)),
        (status(200), ends("success", 500)),
        time=TIME,
    )
for slug, error in (
    ("incomplete-signature", "IncompleteSignature"),
    ("expired-token", "ExpiredTokenException"),
    ("without-exception", "InvalidSignature"),
    ("lower", "invalidsignatureexception"),
):
    decides(
        "clock-not-code-" + slug,
        f"another time and the code {error}",
        "RTY-008",
        "this code is not in the list: the service refuses the keys or the form, not the time",
        (status(403, error, SKEWED), ends("not_retryable", 500)),
        time=TIME,
    )
for slug, date, skew in (
    ("behind-240", "Sun, 30 Aug 2015 12:40:00 GMT", 240),
    ("ahead-240", "Sun, 30 Aug 2015 12:32:00 GMT", -240),
    ("behind-239", "Sun, 30 Aug 2015 12:39:59 GMT", None),
    ("ahead-239", "Sun, 30 Aug 2015 12:32:01 GMT", None),
):
    decides(
        "clock-" + slug,
        "a clock that is " + slug.replace("-", " by ") + " seconds",
        "RTY-008",
        "4 minutes are the bound, in both directions",
        (
            status(403, "InvalidSignatureException", ("Date", date)),
            ends("not_retryable", 500) if skew is None else corrected(skew),
        ),
        *(() if skew is None else ((status(200), ends("success", 500)),)),
        time=TIME,
    )
decides(
    "clock-first-date",
    "a clock that is behind, and two Dates",
    "RTY-008 HTTP-025",
    "a proxy appends its own header, so the first one is the service's",
    (
        status(
            403,
            "InvalidSignatureException",
            SKEWED,
            ("Date", "Sun, 30 Aug 2015 12:36:00 GMT"),
        ),
        corrected(600),
    ),
    (status(200), ends("success", 500)),
    time=TIME,
)
# Every month and every day of the week, in one of the three formats each.
for month in range(1, 13):
    moment = datetime.datetime(2016, month, 2 + 3 * (month % 9), 23, 58, 7)
    seconds = calendar.timegm(moment.timetuple()) - calendar.timegm((2015, 8, 30, 12, 36, 0))
    day = (
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    )[moment.weekday()]
    short = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][
        month - 1
    ]
    formats = (
        ("usual", f"{day[:3]}, {moment.day:02} {short} 2016 23:58:07 GMT"),
        ("rfc850", f"{day}, {moment.day:02}-{short}-16 23:58:07 GMT"),
        ("asctime", f"{day[:3]} {short} {moment.day:2} 23:58:07 2016"),
    )
    slug, date = formats[month % 3]
    decides(
        f"clock-{slug}-{short.lower()}",
        f"a clock that is behind, and the date {date}",
        "RTY-008 RTY-007",
        "a reader with an incomplete table of names ignores the dates of a whole month",
        (status(403, "InvalidSignatureException", ("Date", date)), corrected(seconds)),
        (status(200), ends("success", 500)),
        time=TIME,
    )

# ---- codes of other services, and spellings of a number ------------------------------------------

for other in (
    "ProvisionedThroughputExceededException",
    "BandwidthLimitExceeded",
    "SlowDown",
    "RequestThrottled",
):
    decides(
        f"not-code-{other.lower()}",
        f"status 400 with the code {other}",
        "RTY-002",
        "a code of another service, whose name does not prove that a retry helps",
        (status(400, other), ends("not_retryable", 500)),
    )
# A random factor of 0 makes the bound 0, so a delay shows that the value counts.
SPELLINGS = (
    *("\v3", "\f3", "3\u0085", "3\u2003", "\uff13", "\u00b3", "3_0", "+3", "-0", "3.0", "3e0"),
    *("0x3", "3,3", "3;3", ",3", "3,", "3 3", "3s", "true", "null", "NaN", "Infinity", "''"),
)
for header, valid, unit in (("Retry-After", "3", 1), ("x-amz-retry-after", "3000", 1000)):
    values = [*SPELLINGS, "003", valid, str((2**32 + 1) * unit), str((2**64 + 1) * unit)]
    waits = [*[0] * len(SPELLINGS), 3 / unit, 3, 5, 5]
    decides(
        f"asked-spellings-{header.lower()}",
        f"{len(values)} spellings of {header}, of which the last four are valid",
        "RTY-007",
        "a lenient parser waits for a time that nobody asked for",
        *(
            (status(503, None, (header, value)), retry(500 - 5 * number, wait))
            for number, (value, wait) in enumerate(zip(values, waits), 1)
        ),
        (status(200), ends("success", 500 - 5 * len(values) + 5)),
        max_attempts=len(values) + 1,
        random=0,
    )
