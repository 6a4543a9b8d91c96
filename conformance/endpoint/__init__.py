# SPDX-License-Identifier: MIT
"""The endpoint on loopback, and its catalogue of scenarios."""

from conformance.endpoint.server import ACCESS_KEY, SECRET_KEY, Endpoint

__all__ = ["ACCESS_KEY", "SECRET_KEY", "Endpoint"]
