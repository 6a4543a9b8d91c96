# SPDX-License-Identifier: MIT
"""The standard retry mode: whether a failed attempt is repeated, and after how long.

`CallRetries` decides after each attempt of one call. A `RetryQuota` limits the retries of all calls
of a client, so that a broken service does not receive many times its usual load. The delays grow
exponentially and are random (RTY-001 to RTY-009). If the service refuses a signature because of its
time, and the response's Date shows that the local clock is wrong, the clock is corrected once.

An attempt is repeated only before a 2xx status line. After the request has been sent completely, a
time-out or a reset is not repeated by default, because the model would run twice.

The module rejects nothing and does not sleep. Clock and random numbers are parameters. It is loaded
when a call has failed.
"""

import re
from datetime import datetime, timedelta
from typing import NamedTuple, Optional

from ..documents.header_format import HeaderSequence, header_value
from ..errors import Error, NetworkError, ServiceError
from ..shapes import ModelError
from .environment import DEFAULT_MAX_ATTEMPTS

INITIAL_RETRY_TOKENS = 500  # RTY-005
RETRY_COST = 5
TIMEOUT_RETRY_COST = 10
MAX_BACKOFF = 20.0  # seconds; RTY-006
MAX_EXTRA_DELAY = 5.0  # seconds that a response may add; RTY-007
MIN_CLOCK_SKEW = 240.0  # seconds; RTY-008

# RTY-008: the codes of a signature that the service refuses, perhaps because of its time.
CLOCK_SKEW_CODES = frozenset(
    (
        "AuthFailure",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    )
)

_MAX_EXPONENT = 64


class RetryPolicy(NamedTuple):
    """The settings of retries."""

    # Attempts per call, the first one included; 1 disables retries.
    max_attempts: int = DEFAULT_MAX_ATTEMPTS
    # Whether to repeat a request that may have reached the model (RTY-004).
    retry_after_send: bool = False
    # Whether to repeat a call after a ModelError (RTY-002).
    retry_model_errors: bool = False
    # Before the second attempt, the delay is at most this many seconds.
    exponential_base: float = 1.0
    # The bound of the delay grows by this factor with each attempt.
    exponential_power: float = 2.0
    max_backoff: float = MAX_BACKOFF  # seconds


class RetryDecision(NamedTuple):
    """The result of one attempt."""

    # retry_request, success, not_retryable, max_attempts_exceeded or retry_quota_exceeded.
    outcome: str
    # Seconds to wait before the next attempt, or None if there is none.
    delay: Optional[float] = None
    # Seconds to add to the local clock from now on, or None if it is not corrected (RTY-008).
    clock_offset: Optional[float] = None


class RetryQuota:
    """The tokens that the retries of all calls of a client share (RTY-005).

    Threads share it without a lock. A lost update miscounts one retry, and the number of tokens
    stays within its bounds.
    """

    __slots__ = ("_capacity", "tokens")

    def __init__(self, tokens: int = INITIAL_RETRY_TOKENS) -> None:
        self._capacity = tokens
        self.tokens = tokens

    def take(self, cost: int) -> bool:
        """Take the tokens of a retry. Return whether there were enough."""
        if cost > self.tokens:
            return False
        self.tokens = max(self.tokens - cost, 0)
        return True

    def give_back(self, tokens: int) -> None:
        """Return tokens after a success."""
        self.tokens = min(self.tokens + tokens, self._capacity)


class CallRetries:
    """Decides about the attempts of one call.

    policy, quota: the client's settings and tokens
    """

    __slots__ = ("_policy", "_quota", "_attempts", "_taken", "_clock_corrected")

    def __init__(self, policy: RetryPolicy, quota: RetryQuota) -> None:
        self._policy = policy
        self._quota = quota
        self._attempts = 0
        self._taken = 0  # tokens of the last retry
        self._clock_corrected = False

    def after_success(self) -> RetryDecision:
        """Record that a 2xx status line has arrived. Nothing is repeated after it (RTY-003)."""
        # RTY-005
        self._quota.give_back(self._taken or 1)
        return RetryDecision("success")

    def after_failure(self, error: Error, now: float, random: float) -> RetryDecision:
        """Decide about the next attempt after an error before a 2xx status line.

        now: the local time in seconds since 1970 UTC;  random: from 0 to 1, for the jitter
        """
        self._attempts += 1
        is_last = self._attempts >= self._policy.max_attempts
        offset = None if self._clock_corrected else clock_offset_of(error, now)
        # RTY-008
        if offset is not None:
            if is_last:
                return RetryDecision("max_attempts_exceeded", clock_offset=offset)
            self._clock_corrected = True
            return RetryDecision("retry_request", 0.0, offset)
        if not is_retried(error, self._policy):
            return RetryDecision("not_retryable")
        # RTY-001
        if is_last:
            return RetryDecision("max_attempts_exceeded")
        # RTY-005
        cost = TIMEOUT_RETRY_COST if error.kind == "timeout" else RETRY_COST
        if not self._quota.take(cost):
            return RetryDecision("retry_quota_exceeded")
        self._taken = cost
        return RetryDecision("retry_request", self._delay(error, now, random))

    def _delay(self, error: Error, now: float, random: float) -> float:
        policy = self._policy
        exponent = min(self._attempts - 1, _MAX_EXPONENT)
        bound = policy.exponential_base * policy.exponential_power**exponent
        # RTY-006
        delay = random * min(bound, policy.max_backoff)
        asked = retry_after_of(error.headers, now) if isinstance(error, ServiceError) else None
        # RTY-007
        if asked is not None:
            delay = max(delay, min(asked, delay + MAX_EXTRA_DELAY))
        return delay


def is_retried(error: Error, policy: RetryPolicy) -> bool:
    """Return whether an error before a 2xx status line allows another attempt (RTY-002)."""
    if isinstance(error, ServiceError):
        # RTY-003
        if 200 <= (error.status or 0) <= 299:
            return False
        # RTY-002
        if isinstance(error, ModelError):
            return policy.retry_model_errors
        return error.retryable
    if isinstance(error, NetworkError):
        # RTY-004
        return error.retryable and (policy.retry_after_send or not error.sent)
    return False


# ---- what a response says about time -----------------------------------------------------------


def retry_after_of(headers: HeaderSequence, now: float) -> Optional[float]:
    """Return the seconds that a response asks to wait, or None (RTY-007).

    `x-amz-retry-after` is in milliseconds. `Retry-After` is in seconds or a date.
    """
    milliseconds = _number_of(header_value(headers, "x-amz-retry-after"))
    if milliseconds is not None:
        return milliseconds / 1000.0
    value = header_value(headers, "retry-after")
    seconds = _number_of(value)
    if value is None or seconds is not None:
        return seconds
    date = seconds_of_http_date(value, now)
    return None if date is None else max(date - now, 0.0)


def _number_of(text: Optional[str]) -> Optional[float]:
    # RTY-007: only ASCII digits. float accepts other digits, signs and underscores.
    digits = (text or "").strip(" \t")
    return float(digits) if re.match(r"[0-9]+\Z", digits) else None


def clock_offset_of(error: Error, now: float) -> Optional[float]:
    """Return the seconds from the local clock to the service's, if they explain an error (RTY-008).

    None unless the error is a refused signature whose response has a Date far from now and a status
    that is not 2xx.
    """
    if not isinstance(error, ServiceError) or error.code not in CLOCK_SKEW_CODES:
        return None
    # RTY-003
    if error.status is not None and 200 <= error.status < 300:
        return None
    date = seconds_of_http_date(header_value(error.headers, "date") or "", now)
    if date is None or abs(date - now) < MIN_CLOCK_SKEW:
        return None
    return date - now


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Compiled on first use, because most calls succeed.
_TIME_OF_DAY = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>[0-5]\d|60)"
_MONTH_NAME = rf"(?P<month>{'|'.join(_MONTHS)})"
# RFC 9110, section 5.6.7: the format of today, that of RFC 850 and that of asctime.
_HTTP_DATES = (
    rf"[A-Z][a-z]{{2}}, (?P<day>\d\d) {_MONTH_NAME} (?P<year>\d{{4}}) {_TIME_OF_DAY} GMT\Z",
    rf"[A-Z][a-z]{{5,8}}, (?P<day>\d\d)-{_MONTH_NAME}-(?P<year>\d\d) {_TIME_OF_DAY} GMT\Z",
    rf"[A-Z][a-z]{{2}} {_MONTH_NAME} (?P<day>[ \d]\d) {_TIME_OF_DAY} (?P<year>\d{{4}})\Z",
)


def seconds_of_http_date(text: str, now: float) -> Optional[float]:
    """Return a date of HTTP in any of its three formats in seconds since 1970 UTC, or None.

    now: the local time in seconds since 1970 UTC, which decides about a year of two digits
    """
    # RTY-007: only spaces and tabs may be around a value.
    text = text.strip(" \t")
    found = (re.match(pattern, text, re.ASCII) for pattern in _HTTP_DATES)
    match = next((one for one in found if one is not None), None)
    if match is None:
        return None
    month = _MONTHS.index(match.group("month")) + 1
    day, hour, minute, second = map(int, match.group("day", "hour", "minute", "second"))
    try:
        date = datetime(_full_year(match.group("year"), now), month, day, hour, minute)
    except ValueError:
        return None
    return (date - _START_OF_TIME).total_seconds() + second


_START_OF_TIME = datetime(1970, 1, 1)


def _full_year(year: str, now: float) -> int:
    """Return a year. One of two digits is at most 50 years after now (RFC 9110)."""
    if len(year) == 4:
        return int(year)
    first = (_START_OF_TIME + timedelta(seconds=now)).year - 49
    return first + (int(year) - first) % 100
