# SPDX-License-Identifier: MIT
"""What the adapters of Python's software do alike with a question: its texts and times as the software takes them."""

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
    """Return a time as Python's clock tells it, in UTC and without saying so."""
    try:
        moment = datetime.datetime.strptime(time, "%Y%m%dT%H%M%SZ")
    except ValueError:
        raise Unsupported("its clock has no such time") from None
    if moment.strftime("%Y%m%dT%H%M%SZ") != time:
        raise Unsupported("its clock has no such time")
    return moment


def text_of(octets: str) -> str:
    """Return the text that is sent as a header's octets, a character each, by a library that sends text as UTF-8."""
    try:
        return octets.encode("latin-1").decode("utf-8")
    except UnicodeEncodeError:
        return octets  # no octets at all: the question is whether it is refused
    except UnicodeDecodeError:
        raise Unsupported("headers are text, which is sent as UTF-8") from None


def octets_of(text: str) -> str:
    """Return what is signed as UTF-8, a character for each octet."""
    return text.encode("utf-8").decode("latin-1")


def check_options(given: Given, who: str, *options: str) -> None:
    """Say that an option cannot be asked for where the software has it not."""
    for option in options:
        if given.get(option, USUAL[option]) != USUAL[option]:
            raise Unsupported(f"{who} has no such option: {option}")


def check_url(given: Given) -> None:
    """Say that a target cannot be asked for where the software takes a URL."""
    target = given["target"]
    if target and not target.startswith("/") or "#" in target:
        raise Unsupported("it takes a URL, where such a target cannot stand")


def check_host(given: Given) -> None:
    """Say that a request without a host cannot be asked for where the software takes a URL."""
    if not any(name.lower() == "host" for name, _ in given["headers"]):
        raise Unsupported("it takes a URL, whose host stands in for a header that is not given")
