// docs/examples/fetch_stream.py in Pyodide, with the fetch of Node.js: node pyodide_fetch.mjs CHECKOUT URL
import { pythonWith } from "./pyodide_adapter.mjs";

const python = await pythonWith(process.argv[2], ["refimpl", "docs/examples"]);
python.globals.set("url", process.argv[3]);
await python.runPythonAsync(`
import sys, time
sys.path[:0] = ["/home/pyodide", "/home/pyodide/docs/examples"]
import refimpl
from fetch_stream import events_of
from pyodide.http import pyfetch

keys = refimpl.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
client = refimpl.Client(region="us-east-1", endpoint_url=url, credentials=keys, environment={})
parts = []
async for event in events_of(client, pyfetch, endpoint_name="default", body=b"{}", content_type="text/plain"):
    parts.append(event.bytes)
assert len(parts) > 3 and b"".join(parts).startswith(b"Every frame"), parts
try:
    async for event in events_of(client, pyfetch, endpoint_name="error-403-expired-token", body=b"{}"):
        raise AssertionError(event)
except refimpl.Error as error:
    assert error.code == "ExpiredTokenException", error
try:
    client.invoke_endpoint_with_response_stream(endpoint_name="default", body=b"{}")
    raise AssertionError("WebAssembly has sockets")
except refimpl.ConfigurationError as error:
    assert "no sockets" in str(error), error
`);
