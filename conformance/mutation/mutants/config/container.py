# SPDX-License-Identifier: MIT
"""Mutants of refimpl/config/container.py."""

ROWS = (
    (
        "container-any-host",
        "CRED-015",
        "accepts every host over plain http",
        'endpoint.scheme == "http"',
        'endpoint.scheme == ""',
    ),
    (
        "container-no-loopback",
        "CRED-015",
        "rejects a loopback address",
        "and not _is_loopback_address(host)",
        "",
    ),
    ("container-no-eks", "CRED-015", "rejects the agent of EKS", '"169.254.170.23",', ""),
    (
        "container-no-eks-ipv6",
        "CRED-015",
        "rejects the agent of EKS over IPv6",
        '"fd00:ec2::23",',
        "",
    ),
    (
        "container-full-first",
        "CRED-015",
        "prefers the full URI",
        "if relative:",
        "if relative and not full:",
    ),
    (
        "container-line-break",
        "CRED-015",
        "accepts a token with a line break inside",
        'if not token or not all(" " <= character <= "~" for character in token):',
        "if not token:",
    ),
    (
        "container-token-blank",
        "CRED-015",
        "sends a token of spaces",
        "if not token or not all(",
        "if not all(",
    ),
    (
        "container-token-spaces",
        "CRED-015",
        "keeps white space before a token",
        "token = token.strip(TOKEN_SPACES)",
        "token = token.rstrip(TOKEN_SPACES)",
    ),
    (
        "container-no-expiration",
        "CRED-015",
        "accepts keys without an expiration",
        ", needs_token=True)",
        ")",
    ),
    (
        "container-token-variable-first",
        "CRED-015",
        "prefers the token in the variable to that in the file",
        "path = first_set(environment, _CONTAINER_TOKEN_FILE)",
        "path = None if first_set(environment, _CONTAINER_TOKEN) else first_set(environment, _CONTAINER_TOKEN_FILE)",
    ),
    (
        "container-relative-host",
        "CRED-015",
        "joins any relative URI to the address",
        'if relative[0] != "/":',
        "if False:",
    ),
    (
        "container-any-success",
        "CRED-015",
        "accepts any status of 200 to 299",
        "if reply.status != 200:",
        "if reply.status // 100 != 2:",
    ),
    (
        "container-relative-link",
        "CRED-015",
        "resolves the relative URI as a link",
        "url, variable = _ECS_AGENT + relative, _CONTAINER_RELATIVE_URI",
        'url = __import__("urllib.parse").parse.urljoin(_ECS_AGENT, relative)\n'
        "variable = _CONTAINER_RELATIVE_URI",
    ),
)
