# SPDX-License-Identifier: MIT
"""The option `--fast`, and a stand-in for hypothesis where it is not installed.

`--fast` leaves out the tests marked `slow`: those that take longer than half a second, play
all scenarios or need third-party software. Property tests try fewer examples (properties.py).
"""

import importlib.util

from tests import without_hypothesis

if importlib.util.find_spec("hypothesis") is None:
    without_hypothesis.install()

from tests.properties import use_profile  # noqa: E402  (it imports hypothesis)


def pytest_addoption(parser):
    parser.addoption("--fast", action="store_true", help="leave out the tests marked slow")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes long; --fast leaves it out")
    use_profile(config.getoption("--fast"))


def pytest_collection_modifyitems(config, items):
    if config.getoption("--fast"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
