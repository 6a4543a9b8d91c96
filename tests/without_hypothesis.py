# SPDX-License-Identifier: MIT
"""A stand-in for hypothesis on a machine that does not have it: property tests are collected, and
skipped.

Test modules build their strategies when they are imported, so the names they use must exist. Here
each of them absorbs every call, attribute and operator, and `given` marks its test as skipped.
tests/conftest.py installs the stand-in.
"""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any, Callable, Iterator

import pytest

REASON = "hypothesis is not installed"


class _Absent:
    """Anything of hypothesis that a test module evaluates while it is imported."""

    def __call__(self, *arguments: Any, **options: Any) -> "_Absent":
        return self

    def __getattr__(self, name: str) -> "_Absent":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __or__(self, other: object) -> "_Absent":
        return self

    __ror__ = __or__


def _skipped(*arguments: Any, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace `given`: mark a property test as skipped.

    It keeps its parameters, because a parametrized test names them.
    """
    return pytest.mark.skip(reason=REASON)


def _unchanged(*arguments: Any, **options: Any) -> Callable[[Any], Any]:
    return lambda test: test


class _Settings:
    """Replace `settings`, with its profiles: a decorator that changes nothing."""

    default = SimpleNamespace(max_examples=100)

    def __call__(self, **options: Any) -> Callable[[Any], Any]:
        return _unchanged()

    def register_profile(self, name: str, **options: Any) -> None:
        pass

    load_profile = register_profile


def install() -> None:
    """Put the stand-in in place of the modules `hypothesis` and `hypothesis.strategies`."""
    module = ModuleType("hypothesis")
    strategies = ModuleType("hypothesis.strategies")
    absent: Any = _Absent()
    strategies.__getattr__ = module.__getattr__ = absent.__getattr__  # type: ignore[method-assign]
    given: Any = _skipped
    for name, value in (("given", given), ("settings", _Settings()), ("example", _unchanged)):
        setattr(module, name, value)
    module.strategies = strategies  # type: ignore[attr-defined]
    sys.modules["hypothesis"], sys.modules["hypothesis.strategies"] = module, strategies
