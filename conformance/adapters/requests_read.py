# SPDX-License-Identifier: MIT
"""Shared by the adapters in Python: converts the input's texts and times to the libraries'
types.
"""

import datetime
from typing import Any, Dict

from conformance.protocol.messages import Unsupported

Given = Dict[str, Any]
USUAL = {
    "normalize_path": True,
    "double_encode": True,
    "sign_body": False,
    "omit_session_token": False,
}


def clock_of(time: str) -> datetime.datetime:
    """Return a time as a `datetime` in UTC without a time zone."""
    try:
        moment = datetime.datetime.strptime(time, "%Y%m%dT%H%M%SZ")
    except ValueError:
        raise Unsupported("its clock cannot represent this time") from None
    if moment.strftime("%Y%m%dT%H%M%SZ") != time:
        raise Unsupported("its clock cannot represent this time")
    return moment


def text_of(octets: str) -> str:
    """Return the text that a library must send as UTF-8 to send these octets, one per character."""
    try:
        return octets.encode("latin-1").decode("utf-8")
    except UnicodeEncodeError:
        return octets  # not octets: the case tests whether the library rejects the text
    except UnicodeDecodeError:
        raise Unsupported("headers are text that is sent as UTF-8") from None


def octets_of(text: str) -> str:
    """Return UTF-8 text with one character per octet."""
    return text.encode("utf-8").decode("latin-1")


def check_options(given: Given, who: str, *options: str) -> None:
    """Raise Unsupported if an option is set that the library does not have."""
    for option in options:
        if given.get(option, USUAL[option]) != USUAL[option]:
            raise Unsupported(f"{who} has no option for this: {option}")


def check_url(given: Given) -> None:
    """Raise Unsupported for a target that cannot be part of a URL."""
    target = given["target"]
    if target and not target.startswith("/") or "#" in target:
        raise Unsupported("it takes a URL, which cannot contain this target")


def check_host(given: Given) -> None:
    """Raise Unsupported for a request without a Host header, which a URL would supply."""
    if not any(name.lower() == "host" for name, _ in given["headers"]):
        raise Unsupported("it takes a URL, whose host replaces a missing Host header")
