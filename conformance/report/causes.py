# SPDX-License-Identifier: MIT
"""The likely cause of a difference, in the words of `refimpl explain`.

A canonical request that differs from the expected one is explained like one that a service has
refused: the expected request takes the place of the service's.
"""

from typing import Optional

from conformance.run.verdicts import Difference
from refimpl.explain.causes import difference_of_requests


def cause_of(difference: Optional[Difference]) -> Optional[str]:
    """Return the likely cause of a difference, or None if there is no explanation."""
    if difference is None or not difference.stage.endswith("canonical_request"):
        return None
    expected, actual = difference.expected, difference.actual
    if not isinstance(expected, str) or not isinstance(actual, str):
        return None
    found = difference_of_requests(expected, actual)
    if found is None:
        return None
    return f"{found.differs_in} differs: {found.cause} ({found.rule})"
