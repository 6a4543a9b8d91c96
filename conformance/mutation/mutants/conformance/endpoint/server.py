# SPDX-License-Identifier: MIT
"""Mutants of conformance/endpoint/server.py."""

ROWS = (
    (
        "server-body-of-a-text",
        "SRV-002",
        "a server removes NUL from the body",
        "        response, record.scenario = self.answer(request, accepted)\n",
        '        request = request._replace(body=request.body.replace(b"\\0", b""))\n'
        "        response, record.scenario = self.answer(request, accepted)\n",
    ),
    (
        "server-one-request-id",
        "SRV-043",
        "all responses have the same request id",
        "str(uuid.uuid4())",
        "str(uuid.UUID(int=7))",
    ),
    (
        "server-wrong-date",
        "SRV-044",
        "a server sends the Date of yesterday",
        "formatdate(self._clock(), usegmt=True)",
        "formatdate(self._clock() - 86400, usegmt=True)",
    ),
    (
        "server-ends-with-connection",
        "SRV-054",
        "the end of a stream is that of its connection",
        '        if is_old and response.framing == "chunked":\n',
        '        if response.framing == "chunked":\n',
    ),
    (
        "server-chunks-for-old-clients",
        "SRV-055",
        "a server sends chunks to a client of HTTP/1.0",
        '        if is_old and response.framing == "chunked":\n',
        "        if False:\n",
    ),
    (
        "server-closes-silently",
        "SRV-056",
        "a server closes the connection without having announced it",
        '        return ends_cleanly and response.framing in ("chunked", "length")\n',
        "        return False\n",
    ),
    (
        "server-text-in-frames",
        "SRV-060",
        "a server sends frames through a text filter",
        "                    self.request.sendall(piece.data)\n",
        "                    self.request.sendall(\n"
        '                        piece.data.replace(b":message-type", b":message_type")\n'
        "                    )\n",
    ),
    (
        "server-collects-parts",
        "SRV-063",
        "a server sends the parts when the model has finished",
        "        ending = response.ending\n        try:\n",
        "        pieces = iter(sorted(pieces, key=lambda piece: bool(piece.data)))\n"
        "        ending = response.ending\n        try:\n",
    ),
    (
        "server-frames-for-invoke-endpoint",
        "SRV-070",
        "a server responds to InvokeEndpoint with frames",
        "            return whole_response(response)\n",
        "            return response\n",
    ),
    (
        "server-pretends-async",
        "SRV-071",
        "a server responds 200 to InvokeEndpointAsync",
        "        if accepted.operation == ASYNC:\n            raise not_asynchronous(accepted.name)\n",
        "",
    ),
)
