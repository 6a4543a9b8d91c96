# SPDX-License-Identifier: MIT
"""The endpoint with a broken module: `python3 -m conformance.mutation.endpoint [NAME]`.

NAME is the id of a mutant whose rule is in chapter SRV. Without it, the endpoint is correct. The
program prints its URL on one line and runs until its stdin ends. It accepts AWS's example keys with
one session token in one region, and has an endpoint name for each thing that a check may need.
"""

import sys
from importlib import import_module

from conformance.mutation.adapter import install
from conformance.mutation.mutants import MutantError

# Seconds from the first to the last part of the endpoint `streams`.
PAUSE = 0.3
REGION = "us-east-1"


def run(name: str) -> None:
    """Serve until stdin ends. Raises MutantError."""
    if name:
        install(name)
    checks = import_module("conformance.endpoint.checks")
    testing = import_module("conformance.testing")
    endpoint = testing.Endpoint(
        checks_at_end=False, region=REGION, session_token=checks.EXAMPLE_TOKEN, pace=None
    )
    with endpoint:
        endpoint.on("streams", b"one ", testing.pause(PAUSE), b"two")
        endpoint.on("echoes", lambda request: request.body)
        endpoint.on("attributes", b"one", custom_attributes="trace=7")
        endpoint.on("fails", testing.model_error(500, "out of memory"))
        endpoint.on("breaks", b"one", testing.stream_error())
        sys.stdout.write(endpoint.url + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    try:
        run(*sys.argv[1:2] or [""])
    except MutantError as fault:
        sys.exit(f"mutant: {fault}")
