# SPDX-License-Identifier: MIT
"""Mutants of refimpl/operation_request.py."""

ROWS = (
    (
        "operation-path",
        "HTTP-001",
        "uses the path of InvokeEndpoint",
        'PATH = "/endpoints/%s/invocations-response-stream"',
        'PATH = "/endpoints/%s/invocations"',
    ),
    (
        "operation-method",
        "HTTP-001",
        "uses PUT instead of POST",
        'METHOD = "POST"',
        'METHOD = "PUT"',
    ),
    (
        "base-path-dropped",
        "HTTP-002",
        "drops the base path of a custom endpoint",
        'endpoint.path.rstrip("/") + PATH',
        '"" + PATH',
    ),
    (
        "request-url-lower-case",
        "HTTP-002",
        "brings the path of a custom endpoint to lower case",
        'endpoint.path.rstrip("/") + PATH',
        'endpoint.path.lower().rstrip("/") + PATH',
    ),
    (
        "request-base-path-decoded",
        "HTTP-002",
        "decodes the escapes of the base path",
        'endpoint.path.rstrip("/") + PATH',
        '__import__("urllib.parse").parse.unquote(endpoint.path).rstrip("/") + PATH',
    ),
    (
        "base-path-collapsed",
        "HTTP-002",
        "joins slashes in the base path",
        'endpoint.path.rstrip("/")',
        're.sub("/+", "/", endpoint.path).rstrip("/")',
    ),
)
