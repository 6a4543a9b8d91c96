"""Call an endpoint through JavaScript's `fetch`, for a Python without sockets such as Pyodide."""

from refimpl.operation import ResponseReader

# fetch writes these headers itself. The signature covers Host, with the same value.
OWN_HEADERS = ("host", "user-agent", "connection", "content-length")


async def events_of(client, fetch, **members):
    """Yield the events of a call, each as soon as its last byte has arrived."""
    request = client.signed_request(**members)
    headers = {name: value for name, value in request.headers if name.lower() not in OWN_HEADERS}
    response = await fetch(
        request.url, method=request.method, headers=headers, body=request.body, redirect="manual"
    )
    reader = ResponseReader(response.status, list(response.headers.items()))
    stream = response.js_response.body.getReader()
    while True:
        piece = await stream.read()
        if piece.done:
            break
        for event in reader.feed(piece.value.to_bytes()):
            yield event
    reader.close()  # raises the service's error, or says that the stream is truncated
