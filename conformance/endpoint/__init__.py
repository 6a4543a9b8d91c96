# SPDX-License-Identifier: MIT
"""The endpoint on loopback, and its catalogue of scenarios.

The modules, from the bottom up:

    scenarios/    the catalogue
    request.py    reads requests
    checks.py     accepts or refuses a request as the service does
    play.py       turns a scenario's response into writes
    siblings.py   InvokeEndpoint: a stream as one response
    container.py  the front door of a model container
    seen.py       what a request contained, for a log
    loopback.py   serves connections on 127.0.0.1
    server.py     the Endpoint
    intercept.py  a proxy that intercepts TLS, in front of it
"""

from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.intercept import intercepting_proxy
from conformance.endpoint.server import Endpoint

__all__ = ["ACCESS_KEY", "SECRET_KEY", "Endpoint", "intercepting_proxy"]
