# SPDX-License-Identifier: MIT
"""The plugin for pytest: the fixture `sagemaker` and the marker of the same name.

    def test_chat(sagemaker):
        sagemaker.on("llm", sse("Hel", "lo"))

    @pytest.mark.sagemaker(strict=True, any_keys=True)
    def test_more(sagemaker): ...

pytest loads this module if the distribution is installed. It imports the endpoint when a test uses
the fixture.
"""

import os
import sys
from typing import Any, Generator, Iterator

import pytest

NAME = "sagemaker"


def pytest_configure(config: Any) -> None:
    """Register the marker."""
    text = "sagemaker(strict=False, any_keys=False, ...): settings of the fixture `sagemaker`"
    config.addinivalue_line("markers", text)


@pytest.fixture
def sagemaker(request: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A SageMaker Runtime endpoint on loopback. The environment leads AWS's SDKs to it."""
    from conformance.testing.double import Endpoint, changed_environment

    marker = request.node.get_closest_marker(NAME)
    settings = dict(marker.kwargs) if marker is not None else {}
    with Endpoint(**settings) as endpoint:
        changed = changed_environment(os.environ, endpoint.environment())
        for name in endpoint.environment():
            if name in changed:
                monkeypatch.setenv(name, changed[name])
            else:
                monkeypatch.delenv(name, raising=False)
        _forget_default_session()
        yield endpoint
        _forget_default_session()


def _forget_default_session() -> None:
    """Make boto3.client() read the environment again: its default session keeps credentials."""
    boto3: Any = sys.modules.get("boto3")
    if getattr(boto3, "DEFAULT_SESSION", None) is not None:
        boto3.DEFAULT_SESSION = None


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> Generator[None, Any, None]:
    """Fail the test itself, not its teardown, if a function that it gave to the endpoint failed."""
    outcome = yield
    endpoint = getattr(pyfuncitem, "funcargs", {}).get(NAME)
    double: Any = sys.modules.get("conformance.testing.double")
    # A project may have its own fixture of this name.
    if double is None or not isinstance(endpoint, double.Endpoint):
        return
    error = _problem_of(endpoint.check)
    if error is None:
        return
    # The exception of the test is usually a consequence.
    if outcome.excinfo is not None:
        error.__context__ = outcome.excinfo[1]
    if hasattr(outcome, "force_exception"):
        outcome.force_exception(error)
    else:
        raise error


def _problem_of(check: Any) -> Any:
    """Return the exception that check() raises, or None."""
    try:
        check()
    except AssertionError as error:
        return error
    return None
