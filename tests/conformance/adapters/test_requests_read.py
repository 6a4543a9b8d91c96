# SPDX-License-Identifier: MIT
"""Tests of conformance/adapters/requests_read.py: unsupported requests of the libraries."""

import datetime
from typing import Any, Dict

import pytest

from conformance.adapters.requests_read import (
    USUAL,
    check_host,
    check_options,
    check_url,
    clock_of,
    octets_of,
    text_of,
)
from conformance.protocol.messages import Unsupported


def test_a_time_is_told_by_the_clock() -> None:
    assert clock_of("20150830T123600Z") == datetime.datetime(2015, 8, 30, 12, 36)
    assert clock_of("20240229T235959Z") == datetime.datetime(2024, 2, 29, 23, 59, 59)


@pytest.mark.parametrize(
    "time",
    [
        "",
        "20150830",
        "20150229T123600Z",
        "20150830t123600z",
        "20150830T123600",
        "20150830T123600Z\n",
        "2015-08-30T12:36:00Z",
        "20150830T240000Z",
        "2015830T123600Z",
        "20150830T12360Z",
    ],
)
def test_a_time_that_the_clock_has_not_cannot_be_asked(time: str) -> None:
    with pytest.raises(Unsupported, match="its clock cannot represent this time"):
        clock_of(time)


def test_octets_are_the_text_that_is_sent_as_them() -> None:
    assert (
        text_of("caf\xc3\xa9") == "caf\xe9"
        and text_of("plain\t ~") == "plain\t ~"
        and text_of("") == ""
    )
    assert text_of("\u20ac") == "\u20ac"  # no octet: whether it is refused is the question
    for octets in ("caf\xe9", "\xa0", "\xc3"):
        with pytest.raises(Unsupported, match="headers are text that is sent as UTF-8"):
            text_of(octets)


def test_what_is_signed_is_shown_octet_by_octet() -> None:
    assert octets_of("a:caf\xe9\n\u1234") == "a:caf\xc3\xa9\n\xe1\x88\xb4"
    assert text_of(octets_of("\U0001f600")) == "\U0001f600"


@pytest.mark.parametrize("option", sorted(USUAL))
def test_an_option_can_be_asked_for_only_where_it_is(option: str) -> None:
    check_options({}, "Signer", *USUAL)
    check_options({option: USUAL[option]}, "Signer", *USUAL)
    check_options(
        {option: not USUAL[option]}, "Signer", *(other for other in USUAL if other != option)
    )
    with pytest.raises(Unsupported) as caught:
        check_options({option: not USUAL[option]}, "Signer", *USUAL)
    assert str(caught.value) == "Signer has no option for this: " + option


def test_a_url_has_a_path_and_no_number_sign_in_it() -> None:
    for target in ("", "/", "/a/../b?c=%zz", "//", "/a\r\nb"):
        check_url({"target": target})
    for target in ("a/b", "*", "http://h/", " /a", "?a", "/a#b", "/?a=#"):
        with pytest.raises(Unsupported, match="it takes a URL, which cannot contain this target"):
            check_url({"target": target})


def test_a_url_has_a_host() -> None:
    given: Dict[str, Any] = {"headers": [["X-A", "b"], ["HOST", ""]]}
    check_host(given)
    with pytest.raises(
        Unsupported, match="it takes a URL, whose host replaces a missing Host header"
    ):
        check_host({"headers": given["headers"][:1]})
