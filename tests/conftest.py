# SPDX-License-Identifier: MIT
"""The option `--fast`, and a stand-in for hypothesis where it is not installed.

`--fast` leaves out the tests marked `slow`: those that take longer than a second, play all
scenarios or need third-party software.
"""

import importlib.util

from tests import without_hypothesis

if importlib.util.find_spec("hypothesis") is None:
    without_hypothesis.install()


def pytest_addoption(parser):
    parser.addoption("--fast", action="store_true", help="leave out the tests marked slow")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes long; --fast leaves it out")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--fast"):
        chosen = [item for item in items if item.get_closest_marker("slow") is None]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen
