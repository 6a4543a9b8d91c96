# SPDX-License-Identifier: MIT
"""The catalogue of scenarios under the import path that programs outside this project use."""

from conformance.endpoint.scenarios import Answer, Expect, Scenario, examples, find, listing

__all__ = ["Answer", "Expect", "Scenario", "examples", "find", "listing"]
