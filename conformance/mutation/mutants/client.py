# SPDX-License-Identifier: MIT
"""Mutants of refimpl/client.py."""

ROWS = (
    (
        "call-guesses-region",
        "SIG-020",
        "a client signs for a region of its own guess",
        "self._region,\n            self._endpoint.signing_name,",
        '"us-west-2",\n            self._endpoint.signing_name,',
    ),
    (
        "call-local-time",
        "SIG-016",
        "a client signs with local time",
        "amz_date_of(self._now()),\n            sign_body",
        'amz_date_of(self._now() - __import__("time").timezone),\n            sign_body',
    ),
    (
        "call-signs-content-length",
        "SIG-015",
        "a client signs content-length",
        "self._sign_body,\n            unsigned=UNSIGNED_HEADERS",
        "self._sign_body,\n            unsigned=()",
    ),
    (
        "call-token-not-sent",
        "SIG-017",
        "a client signs the token and does not send it",
        "request._replace(headers=signed.headers)",
        'request._replace(headers=tuple(one for one in signed.headers if one[0].lower() != "x-amz-security-token"))',
    ),
    (
        "call-members-not-sent",
        "HTTP-003",
        "a client signs the members' headers and does not send them",
        "            request.target,\n            request.headers,\n            request.body,",
        '            request.target,\n            [one for one in request.headers if "SageMaker" not in one[0]],\n            request.body,',
    ),
    (
        "call-content-type-json",
        "HTTP-003",
        "a client sends application/json for every content type",
        "        signed = self._sign(request, credentials)\n",
        '        request = request._replace(headers=tuple((name, "application/json") if name == "Content-Type" else (name, value) for name, value in request.headers))\n        signed = self._sign(request, credentials)\n',
    ),
    (
        "call-body-as-text",
        "HTTP-003",
        "a client sends the body as UTF-8 text",
        "        signed = self._sign(request, credentials)\n",
        '        request = request._replace(body=request.body.decode("latin-1").encode("utf-8"))\n        signed = self._sign(request, credentials)\n',
    ),
)
