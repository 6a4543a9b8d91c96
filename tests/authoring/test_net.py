# SPDX-License-Identifier: MIT
"""Compare the proxy cases with urllib, whose rules botocore uses.

DIFFERENT lists the cases where urllib chooses another proxy, each with its reason. Any other
difference fails. refimpl must agree with every case.
"""

import os
import re
from typing import Any, Dict, Optional
from unittest import mock
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment

from authoring import net
from conformance.adapters.refimpl import OPERATIONS
from conformance.protocol.messages import answer_question

CASES = {case["id"]: case for case in net.SELECT.cases}
DIFFERENT = {
    "it does not use ALL_PROXY for a scheme": {
        "net-all-proxy-upper",
        "net-all-proxy-lower",
        "net-empty-is-unset",
        "net-cgi-all-proxy",
        "net-no-proxy-default-port-http",
        "net-no-proxy-default-port-other",
    },
    "it reads a variable in mixed case": {"net-mixed-case"},
    "it keeps a final dot, and compares the end of an address": {
        "net-no-proxy-final-dot",
        "net-no-proxy-not-blocks",
    },
    "it does not know `*` in a list, nor `*.` before a name": {
        "net-no-proxy-star-in-list",
        "net-no-proxy-star-dot",
    },
    "it separates entries only by commas": {
        "net-no-proxy-only-spaces",
        "net-no-proxy-tab",
        "net-no-proxy-lines",
    },
    "a blank no_proxy hides NO_PROXY": {"net-no-proxy-blank"},
    "it makes lower case as Unicode does": {"net-no-proxy-kelvin"},
    "it removes all white space around an entry": {"net-no-proxy-not-ports-of-programs"},
    "it compares the port only if the URL shows it": {"net-no-proxy-default-port"},
    "it compares ports as text": {"net-no-proxy-port-zero"},
    "it does not know blocks": {
        name
        for name in CASES
        if re.search("-cidr|-mapped-block|-length-", name)
        and CASES[name]["expect"]["output"]["proxy"] is None
    },
    "it compares addresses as text": {
        "net-no-proxy-address-as-suffix",
        "net-no-proxy-v6",
        "net-no-proxy-v6-long",
        "net-no-proxy-v6-mapped",
        "net-no-proxy-v6-mapped-entry",
        "net-no-proxy-brackets-mapped",
    },
    "it sends requests for loopback to the proxy": {
        name
        for name in CASES
        if name.startswith("net-loopback-") and not name.startswith("net-loopback-not")
    },
}


def refimpl_selects(given: Dict[str, Any]) -> Dict[str, Any]:
    return answer_question({"op": "proxy.select", "input": given}, OPERATIONS)


def urllib_selects(given: Dict[str, Any]) -> Optional[str]:
    with mock.patch.dict(os.environ, given["env"], clear=True):
        proxies = getproxies_environment()
        parts = urlsplit(given["url"])
        if parts.scheme not in proxies or proxy_bypass_environment(parts.netloc, proxies):
            return None
        return proxies[parts.scheme]


def test_refimpl_gives_the_expected_output() -> None:
    for name, case in CASES.items():
        answer, expect = refimpl_selects(case["input"]), case["expect"]
        assert answer["status"] == expect["status"], (name, answer)
        if answer["status"] == "ok":
            for key, value in expect["output"].items():
                assert answer["output"].get(key) == value, name
        else:
            assert answer["kind"] == "configuration", (name, answer)


def test_urllib_differs_only_where_the_table_says_so() -> None:
    different = set()
    for name, case in CASES.items():
        if case["expect"]["status"] == "ok":
            expected = case["expect"]["output"]["proxy"]
            if (urllib_selects(case["input"]) is None) != (expected is None):
                different.add(name)
    assert different == set().union(*DIFFERENT.values())


def test_the_cases_have_both_outcomes_for_each_rule() -> None:
    for rule in ("NET-001", "NET-003", "NET-004", "NET-005", "NET-006"):
        outcomes = {
            case["expect"]["output"]["proxy"] is None
            for case in CASES.values()
            if rule in case["rules"]
        }
        assert outcomes == {True, False}, rule
