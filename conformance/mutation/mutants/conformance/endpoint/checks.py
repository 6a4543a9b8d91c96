# SPDX-License-Identifier: MIT
"""Mutants of conformance/endpoint/checks.py."""

_VERIFIED = "            claimed_region,\n            service,\n            amz_date,\n        )\n"
_CAUGHT = (
    '        if is_known and error.rule == "SIG-041":\n'
    "            raise _refusal_of(error, diagnosis_of(request, SECRET_KEY)) from None\n"
)
_RESPONSE = "        response = failure(self.status, self.code, **{member: self.message})\n"

ROWS = (
    (
        "server-other-path",
        "SRV-001",
        "a server serves the operation at another path",
        '    "invocations-response-stream": STREAMING,\n',
        '    "invocations-stream": STREAMING,\n',
    ),
    (
        "server-name-undecoded",
        "SRV-004",
        "a server does not decode EndpointName",
        "    name = unquote(match.group(1))\n",
        "    name = match.group(1)\n",
    ),
    (
        "server-query-in-path",
        "SRV-005",
        "a server takes the query for a part of the path",
        '_ROUTE.match(request.target.partition("?")[0])',
        "_ROUTE.match(request.target)",
    ),
    (
        "server-accepts-paths",
        "SRV-010",
        "a server responds 200 to a path that does not exist",
        '"404 Not Found" if operation is None',
        '"200 OK" if operation is None',
    ),
    (
        "server-method-without-allow",
        "SRV-010",
        "a server rejects a method with status 405 and without Allow",
        '(("Allow", "POST"),)',
        "()",
    ),
    (
        "server-unsigned-code",
        "SRV-020",
        "a server refuses an unsigned request with the code of a missing permission",
        '"MissingAuthenticationTokenException"',
        '"AccessDeniedException"',
    ),
    (
        "server-credential-short",
        "SRV-021",
        "a server does not notice that Credential lacks an element",
        "    if len(elements) != 5 or elements[4] != SCOPE_SUFFIX:\n",
        "    if len(elements) < 4:\n",
    ),
    (
        "server-algorithm-unchecked",
        "SRV-021",
        "a server reports another algorithm as a wrong signature",
        '    if algorithm != "AWS4-HMAC-SHA256":\n',
        "    if False:\n",
    ),
    (
        "server-any-key",
        "SRV-022",
        "a server accepts every access key",
        "    if not is_known and not policy.any_keys:\n",
        "    if False:\n",
    ),
    (
        "server-any-service",
        "SRV-023",
        "a server accepts a signature for every service",
        "    if claimed_service != service:\n",
        "    service = claimed_service\n    if False:\n",
    ),
    (
        "server-any-region",
        "SRV-024",
        "a server accepts a signature for every region",
        "    if policy.region is not None and claimed_region != policy.region:\n",
        "    if False:\n",
    ),
    (
        "server-day-incomplete",
        "SRV-025",
        "a server reports another day in the scope as a missing part",
        "    if date != amz_date[:8]:\n        raise _mismatch(\n",
        "    if date != amz_date[:8]:\n        raise _incomplete(\n",
    ),
    (
        "server-time-unchecked",
        "SRV-026",
        "a server accepts a time within a day",
        _VERIFIED,
        "            claimed_region,\n            service,\n            amz_date,\n"
        "            max_skew=86400,\n        )\n",
    ),
    (
        "server-time-strict",
        "SRV-027",
        "a server accepts only a time within a minute",
        _VERIFIED,
        "            claimed_region,\n            service,\n            amz_date,\n"
        "            max_skew=60,\n        )\n",
    ),
    (
        "server-any-signature",
        "SRV-028",
        "a server accepts a wrong signature",
        _CAUGHT,
        '        if is_known and error.rule == "SIG-041":\n            return VALID\n',
    ),
    (
        "server-query-unsigned",
        "SRV-028",
        "a server leaves the query out of the signature",
        "            request.method,\n            request.target,\n",
        '            request.method,\n            request.target.partition("?")[0],\n',
    ),
    (
        "server-unsigned-headers",
        "SRV-029",
        "a server accepts unsigned x-amz-* headers",
        _VERIFIED,
        "            claimed_region,\n            service,\n            amz_date,\n"
        '            may_be_unsigned=[name for name in headers if name.startswith("x-amz-t")],\n'
        "        )\n",
    ),
    (
        "server-host-unsigned",
        "SRV-029",
        "a server accepts an unsigned Host",
        _CAUGHT,
        '        if error.rule == "SIG-045":\n            return VALID\n' + _CAUGHT,
    ),
    (
        "server-header-absent",
        "SRV-030",
        "a server reports an absent signed header as a wrong member",
        "            raise _incomplete(\n"
        "                f\"'{name}' is named as a SignedHeader, but it does not exist in the "
        'HTTP request"\n            )\n',
        '            raise Refusal(_BAD_REQUEST, "ValidationError", "a header is absent")\n',
    ),
    (
        "server-any-token",
        "SRV-031",
        "a server accepts every session token",
        "    if is_known and policy.session_token is not None and token != policy.session_token:\n",
        "    if False:\n",
    ),
    (
        "server-hash-unchecked",
        "SRV-032",
        "a server accepts x-amz-content-sha256 of another body",
        _CAUGHT,
        '        if error.rule == "SIG-047":\n            return VALID\n' + _CAUGHT,
    ),
    (
        "server-presigned-for-ever",
        "SRV-033",
        "a server accepts a presigned request that has expired",
        _CAUGHT,
        '        if error.rule == "SIG-043":\n            return VALID\n' + _CAUGHT,
    ),
    (
        "server-presigned-twice",
        "SRV-033",
        "a server accepts a parameter of the signature that is stated twice",
        _CAUGHT,
        '        if error.rule in ("SIG-040", "SIG-041") and "X-Amz-Signature" in query:\n'
        "            return VALID\n" + _CAUGHT,
    ),
    (
        "server-error-as-text",
        "SRV-040",
        "a server sends an error as plain text",
        _RESPONSE,
        _RESPONSE + "        response = response._replace(steps=(self.message.encode(),))\n",
    ),
    (
        "server-error-untyped",
        "SRV-041",
        "a server sends no code in a header",
        _RESPONSE,
        _RESPONSE + "        response = response._replace(headers=tuple(response.headers)[:1])\n",
    ),
    (
        "server-error-without-message",
        "SRV-042",
        "a server sends an error without a message",
        '        member = "Message" if self.code == "ValidationError" else "message"\n',
        '        member = "reason"\n',
    ),
    (
        "server-endpoint-unknown-text",
        "SRV-045",
        "a server does not say that the endpoint does not exist",
        '    message = f"Endpoint {name} of account {ACCOUNT} not found."\n',
        '    message = "no such endpoint"\n',
    ),
    (
        "server-members-unchecked",
        "SRV-046",
        "a server does not check the members",
        "    if errors:\n        plural",
        "    if False:\n        plural",
    ),
    (
        "server-error-until-close",
        "SRV-047",
        "the end of an error is that of its connection",
        '        if not self.status.startswith("405"):\n            return response\n',
        '        if not self.status.startswith("405"):\n'
        '            return response._replace(framing="close")\n',
    ),
)
