# SPDX-License-Identifier: MIT
"""Refusals as public threads show them: many services, SDKs and ways to paste a text.

tests/data/refusals.json has the texts. Its values are made up, and the forms are those of the
threads. `differs_in` is "not a refusal" for a text that must be rejected.
"""

import json
from pathlib import Path
from typing import Any, Dict

from refimpl.errors import DocumentError
from refimpl.explain.refusal import explain_refusal
from tests.rows import for_each

DATA = Path(__file__).resolve().parents[2] / "data" / "refusals.json"
CASES = json.loads(DATA.read_text(encoding="utf-8"))


@for_each("case", CASES, ids=lambda case: case["name"])
def test_a_refusal(case: Dict[str, Any]) -> None:
    try:
        found = explain_refusal(case["answer"], case["signed"]).differs_in
    except DocumentError:
        found = "not a refusal"
    assert found == case["differs_in"]
