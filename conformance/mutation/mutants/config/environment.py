# SPDX-License-Identifier: MIT
"""Mutants of refimpl/config/environment.py."""

ROWS = (
    (
        "retry-default-5",
        "RTY-001",
        "makes five attempts by default",
        "DEFAULT_MAX_ATTEMPTS = 3",
        "DEFAULT_MAX_ATTEMPTS = 5",
    ),
    (
        "proxy-cgi",
        "NET-002",
        "uses HTTP_PROXY in a CGI program",
        'if name == "HTTP_PROXY" and "REQUEST_METHOD" in environment:',
        "if False:",
    ),
    (
        "proxy-upper-case-first",
        "NET-001",
        "reads variables in upper case before those in lower case",
        '(f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY")',
        '(f"{scheme.upper()}_PROXY", f"{scheme}_proxy", "all_proxy", "ALL_PROXY")',
    ),
    (
        "proxy-no-all",
        "NET-001",
        "does not know ALL_PROXY",
        '"all_proxy", "ALL_PROXY")',
        '"all_proxy")',
    ),
    (
        "proxy-cgi-lower",
        "NET-002",
        "ignores http_proxy in a CGI program",
        'if name == "HTTP_PROXY" and',
        'if name in ("http_proxy", "HTTP_PROXY") and',
    ),
    (
        "proxy-empty-ends",
        "NET-001",
        "treats an empty variable as no proxy",
        "if value:",
        "if name in environment:",
    ),
    (
        "proxy-blank-counts",
        "NET-001",
        "treats a blank variable as the URL of a proxy",
        'environment.get(name, "").strip(VARIABLE_SPACES)',
        'environment.get(name, "")',
    ),
    (
        "proxy-unicode-spaces",
        "NET-007",
        "removes any white space of Unicode around a value",
        'environment.get(name, "").strip(VARIABLE_SPACES)',
        'environment.get(name, "").strip()',
    ),
)
