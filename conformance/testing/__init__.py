# SPDX-License-Identifier: MIT
"""A SageMaker Runtime endpoint as a test double for applications.

    from conformance.testing import Endpoint, error, sse

    with Endpoint() as sagemaker:
        sagemaker.on("llm", sequence=[error(503), sse("Hel", "lo")])

With pytest, the fixture `sagemaker` is such an Endpoint. The environment leads AWS's SDKs to it.
docs/testing-your-application.md describes both. The modules, from the bottom up:

    replies.py    what an endpoint replies
    double.py     the Endpoint
    files.py      replies in a Python file, for `serve --scenarios`
conformance/pytest_plugin.py is the plugin for pytest, and the only module that imports it.
"""

from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.testing.double import Endpoint, ReceivedRequest, TestDoubleError
from conformance.testing.replies import (
    cut,
    djl,
    error,
    lines,
    lmi,
    model_error,
    openai,
    pause,
    scenario,
    slow,
    sse,
    stall,
    stream_error,
    tgi,
)

__all__ = [
    "ACCESS_KEY",
    "Endpoint",
    "ReceivedRequest",
    "SECRET_KEY",
    "TestDoubleError",
    "cut",
    "djl",
    "error",
    "lines",
    "lmi",
    "model_error",
    "openai",
    "pause",
    "scenario",
    "slow",
    "sse",
    "stall",
    "stream_error",
    "tgi",
]
