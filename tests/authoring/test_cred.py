# SPDX-License-Identifier: MIT
"""Compare the cases of files and credentials with botocore.

botocore reads each file whose case says that it agrees, and the result must be the expected one.
Each case that says that it deviates must differ. refimpl must give the expected output of each.
"""

from typing import Any, Dict

import pytest

from authoring import cred
from conformance.adapters.refimpl import OPERATIONS
from conformance.protocol.messages import answer_question
from tests.rows import for_each

pytestmark = pytest.mark.slow

CASES = {case["id"]: case for case in cred.PARSE.cases}
ALL = {case["id"]: case for feature in cred.FEATURES for case in feature.cases}


@for_each("name", ALL)
def test_refimpl_gives_the_expected_output(name: str) -> None:
    case = ALL[name]
    answer = answer_question({"op": case["op"], "input": case["input"]}, OPERATIONS)
    expect = case["expect"]
    assert answer["status"] == expect["status"], answer
    if expect["status"] == "reject":
        assert answer["kind"] == expect["kind"], answer
    output = answer.get("output") or {}
    wanted = expect.get("output", {})
    assert {key: output.get(key) for key in wanted} == wanted


def botocore_reads(given: Dict[str, str], folder: Any) -> Any:
    configloader = pytest.importorskip("botocore.configloader")
    from botocore.exceptions import ConfigParseError

    try:
        loaded: Dict[str, Any] = {"profiles": {}}
        if "config" in given:
            (folder / "config").write_bytes(given["config"].encode("utf-8"))
            loaded = configloader.load_config(str(folder / "config"))
        if "credentials" in given:
            (folder / "credentials").write_bytes(given["credentials"].encode("utf-8"))
            for name, section in configloader.raw_config_parse(str(folder / "credentials")).items():
                loaded["profiles"].setdefault(name, {}).update(section)
        return loaded
    except ConfigParseError as error:
        return str(error)


def test_botocore_agrees_where_the_source_says_so(tmp_path: Any) -> None:
    agreed = deviating = 0
    for name, case in CASES.items():
        if case["source"] not in (cred.AGREED, cred.DEVIATES):
            continue
        loaded = botocore_reads(case["input"], tmp_path)
        wanted = case["expect"]["output"]
        found = isinstance(loaded, dict) and {key: loaded.get(key, {}) for key in wanted} == wanted
        assert found == (case["source"] == cred.AGREED), (name, loaded)
        agreed += found
        deviating += not found
    assert agreed >= 20 and deviating >= 10
