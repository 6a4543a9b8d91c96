# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/retries.py: the standard retry mode.

The cases of retry-decide are in vectors/, and tests/authoring/test_rty.py compares the published
scenarios. Here are dates and properties: the quota and the delays stay within their
bounds for any sequence of results.
"""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.config.retries import (
    MAX_BACKOFF,
    MAX_EXTRA_DELAY,
    CallRetries,
    RetryPolicy,
    RetryQuota,
    clock_offset_of,
    is_retried,
    retry_after_of,
    seconds_of_http_date,
)
from refimpl.errors import (
    ConfigurationError,
    FrameError,
    HttpError,
    NetworkError,
    TextError,
    UsageError,
)
from refimpl.operation import service_error
from tests.properties import examples

NOW = 1440938160.0
some = examples(200)
statuses = st.sampled_from((400, 403, 404, 424, 429, 500, 502, 503, 504))


def errors():
    responses = st.builds(
        lambda status, wait: service_error(status, [("Retry-After", wait)], b""),
        statuses,
        st.sampled_from(("0", "3", "900", "x")),
    )
    failures = st.builds(
        lambda kind, sent, retryable: NetworkError(kind=kind, sent=sent, retryable=retryable),
        st.sampled_from(("network", "timeout")),
        st.booleans(),
        st.booleans(),
    )
    return st.one_of(responses, failures)


@pytest.mark.slow
@some
@given(
    st.lists(st.lists(errors(), max_size=6), max_size=8),
    st.integers(0, 60),
    st.integers(1, 6),
    st.floats(0, 1),
)
def test_the_bounds_hold_for_any_results(calls, tokens, max_attempts, random):
    quota = RetryQuota(tokens)
    for results in calls:
        retries = CallRetries(RetryPolicy(max_attempts), quota)
        for attempts, error in enumerate(results, 1):
            decision = retries.after_failure(error, NOW, random)
            assert 0 <= quota.tokens <= tokens
            if decision.outcome != "retry_request":
                assert decision.delay is None
                break
            assert attempts < max_attempts
            assert decision.delay is not None
            assert 0 <= decision.delay <= MAX_BACKOFF + MAX_EXTRA_DELAY
        else:
            assert retries.after_success().outcome == "success"
            assert 0 <= quota.tokens <= tokens


def test_thousands_of_attempts_do_not_overflow():
    quota = RetryQuota(10**6)
    retries = CallRetries(RetryPolicy(9999), quota)
    error = NetworkError(retryable=True)
    delays = [retries.after_failure(error, NOW, 1.0).delay for _ in range(9998)]
    assert delays[-1] == MAX_BACKOFF
    assert retries.after_failure(error, NOW, 1.0).outcome == "max_attempts_exceeded"


@pytest.mark.parametrize(
    "error",
    [
        UsageError("x", retryable=True),
        ConfigurationError("x", retryable=True),
        HttpError("x", retryable=True),
        FrameError("x", retryable=True),
        TextError("x", retryable=True),
        NetworkError("TLS failed"),
    ],
)
def test_other_errors_are_not_retried(error):
    everything = RetryPolicy(retry_after_send=True, retry_model_errors=True)
    assert is_retried(error, everything) is False


# ---- time --------------------------------------------------------------------------------------


@some
@given(st.integers(0, 4102444800))
def test_dates_are_read_as_the_standard_library_writes_them(seconds):
    assert seconds_of_http_date(formatdate(seconds, usegmt=True), NOW) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 30 Aug 2015 12:36:00 GMT",
        "Sunday, 30-Aug-15 12:36:00 GMT",
        "Sun Aug 30 12:36:00 2015",
        "Sun, 30 Aug 2015 12:35:60 GMT",
        " \tSun, 30 Aug 2015 12:36:00 GMT\t ",
    ],
)
def test_the_formats_of_a_date(text):
    assert seconds_of_http_date(text, NOW) == NOW


@pytest.mark.parametrize("now, two, four", [(2015, 66, 1966), (2015, 65, 2065), (2099, 1, 2101)])
def test_a_year_of_two_digits(now, two, four):
    seconds = seconds_of_http_date(f"Mon, 01 Jan {now} 00:00:00 GMT", NOW)
    year = seconds_of_http_date(f"Monday, 01-Jan-{two:02} 00:00:00 GMT", seconds)
    assert year == seconds_of_http_date(f"Mon, 01 Jan {four} 00:00:00 GMT", NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sun, 30 Aug 2015 12:36:00",
        "Sun, 30 Aug 2015 12:36:00 +0200",
        "Sun, 31 Feb 2015 12:36:00 GMT",
        "Sun, 30 Aug 0000 12:36:00 GMT",
        "Sun, 30 Aug 2015 25:36:00 GMT",
        "Sun, 30 Aug 2015 12:36:61 GMT",
        "Sunday, 30-Aug-2015 12:36:00 GMT",
        "Sunday, 30-Aug-15 12:36:00",
        "Sun Aug 30 12:36:00 2015 GMT",
        "Sun Aug 30 12:36:00 15",
        "Sun Sep 6 12:36:00 2015",
        "\xa0Sun, 30 Aug 2015 12:36:00 GMT",
        "Sun, \u0663\u0660 Aug 2015 12:36:00 GMT",
    ],
)
def test_other_dates_are_ignored(text):
    assert seconds_of_http_date(text, NOW) is None
    error = service_error(403, [("Date", text)], b'{"__type": "RequestTimeTooSkewed"}')
    assert clock_offset_of(error, NOW) is None
    assert retry_after_of([("Retry-After", text)], NOW) is None


@pytest.mark.parametrize("status, offset", [(200, None), (299, None), (300, 3600), (403, 3600)])
def test_a_clock_is_not_corrected_after_2xx(status, offset):
    headers = [("Date", "Sun, 30 Aug 2015 13:36:00 GMT")]
    error = service_error(status, headers, b'{"__type": "RequestTimeTooSkewed"}')
    assert clock_offset_of(error, NOW) == offset


@some
@given(st.text(max_size=30))
def test_no_header_raises(text):
    assert (retry_after_of([("Retry-After", text)], NOW) or 0.0) >= 0
    assert (retry_after_of([("x-amz-retry-after", text)], NOW) or 0.0) >= 0
