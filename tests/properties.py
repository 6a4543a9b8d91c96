# SPDX-License-Identifier: MIT
"""How many examples a property test tries: all of them, or a quarter with `--fast`.

tests/conftest.py calls use_profile before it imports a test. No property test fails because it is
slow: a busy machine is not an error.
"""

from hypothesis import HealthCheck, settings

_COUNT = 100  # examples of a test that names no number
_FAST_COUNT = 25


def use_profile(fast: bool) -> None:
    """Set the number of examples for all tests that are imported from now on."""
    settings.register_profile(
        "tests",
        max_examples=_FAST_COUNT if fast else _COUNT,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("tests")


def examples(count: int) -> settings:
    """Return the settings of a test that tries count examples, or a quarter of them."""
    return settings(max_examples=count * settings.default.max_examples // _COUNT)
