# SPDX-License-Identifier: MIT
"""The option `--fast`, and a stand-in for hypothesis where it is not installed.

`--fast` leaves out the tests marked `slow`: those that take longer than a fifth of a second, play
all scenarios, read all vectors or need third-party software. It does not import a file in which
all tests are marked so, because importing some of them takes seconds. Property tests try fewer
examples (properties.py).
"""

import importlib.util
import re

from tests import without_hypothesis

if importlib.util.find_spec("hypothesis") is None:
    without_hypothesis.install()

from tests.properties import use_profile  # noqa: E402  (it imports hypothesis)

_ALL_SLOW = re.compile(r"^pytestmark = pytest\.mark\.slow\b", re.MULTILINE)


def pytest_addoption(parser):
    parser.addoption("--fast", action="store_true", help="leave out the tests marked slow")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes long; --fast leaves it out")
    use_profile(config.getoption("--fast"))


def pytest_ignore_collect(collection_path, config):
    if config.getoption("--fast") and collection_path.suffix == ".py":
        text = collection_path.read_text(encoding="utf-8")
        return _ALL_SLOW.search(text) is not None or None
    return None


def pytest_collection_modifyitems(config, items):
    if config.getoption("--fast"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
