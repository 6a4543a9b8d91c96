# SPDX-License-Identifier: MIT
"""Tests of the vectors and of the checks in authoring/__init__.py.

The committed files must be those that authoring generates, and refimpl must pass every case.
"""

import hashlib
import json
import re

import pytest

from authoring import (
    KEYS,
    KINDS,
    LEDGER,
    MANIFEST,
    ROOT,
    RULES,
    SINCE,
    VECTORS,
    CaseMistake,
    Feature,
    b64,
    check_together,
    either,
    features,
    frames,
    manifest_of,
    ok,
    reject,
    text_of,
    write,
    written,
)
from conformance.adapters.refimpl import OPERATIONS
from conformance.cases.questions import questions_of
from conformance.protocol.messages import REJECT_KINDS, answer_question
from conformance.run import shown
from conformance.run.sent import DEPARTURES
from conformance.run.verdicts import judge
from tests.rows import for_each
from tests.support import committed_cases

pytestmark = pytest.mark.slow  # the whole file; --fast does not import it

FEATURES = features()
CASES = [case for feature in FEATURES for case in feature.cases]
LOADED = committed_cases()
WHY = "a decoder that does not check it hands out changed bytes"


# ---- what is committed -------------------------------------------------------------------------


def test_the_committed_files_are_up_to_date():
    files = written(FEATURES)
    committed = {
        path.name: path.read_bytes()
        for path in VECTORS.glob("*.json")
        if b'"cases": [' in path.read_bytes()
    }
    assert sorted(committed) == sorted(files)
    for name, data in files.items():
        assert committed[name] == data, f"{name}: run python3 -m authoring"
    assert (VECTORS / MANIFEST).read_bytes() == manifest_of(VECTORS), "run python3 -m authoring"


def test_the_files_have_one_format():
    for path in VECTORS.glob("*.json"):
        data = path.read_bytes()
        assert data == text_of(json.loads(data.decode("utf-8"))).encode("utf-8"), path.name
        assert b"\r" not in data


def test_the_files_have_less_than_8_megabytes():
    assert sum(path.stat().st_size for path in VECTORS.rglob("*") if path.is_file()) < 8_000_000


def test_an_acceptable_outcome_and_its_divergence_share_a_rule():
    rows = dict(
        re.findall(
            r"^\| (DIV-[0-9]{3}) \| ([^|]*) \|",
            (ROOT / "DIVERGENCES.md").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    wrong = [
        case["id"]
        for case in CASES
        for other in case.get("acceptable", ())
        if not set(rows[other["divergence"]].split(", ")) & set(case["rules"])
    ]
    assert wrong == []


def test_every_acceptable_divergence_is_used():
    used = {other["divergence"] for case in CASES for other in case.get("acceptable", ())}
    used |= set(DEPARTURES.values()) | {shown.DIVERGENCE["divergence"]}
    assert sorted(used) == LEDGER == sorted(set(LEDGER))


def test_the_kinds_are_those_of_the_specification():
    assert set(KINDS) == set(REJECT_KINDS)


# The cases of `invoke` need an endpoint: `conformance run` plays them.
@pytest.mark.parametrize("name", [one.name for one in FEATURES if one.op != "invoke"])
def test_the_reference_passes(name):
    failures = []
    for case in LOADED:
        if case.feature == name:
            for question in questions_of(case):
                verdict = judge(
                    question, answer_question({"op": case.op, "input": question.input}, OPERATIONS)
                )
                if verdict.word != "PASS":
                    failures.append((case.id, question.chunking, verdict))
    assert failures == []


def test_the_cases_cover_kinds_types_and_status_classes():
    rejected = {
        (case["op"], kind)
        for case in CASES
        if case["expect"]["status"] == "reject"
        for kind in listed(case["expect"]["kind"])
    }
    decoder = (
        "prelude_crc",
        "message_crc",
        "length",
        "limit",
        "header",
        "duplicate_header",
        "header_type",
        "utf8",
        "truncated",
    )
    assert {kind for op, kind in rejected if op == "eventstream.decode"} == set(decoder)
    assert {kind for op, kind in rejected if op == "eventstream.encode"} == {
        "duplicate_header",
        "constraint",
        "type",
        "limit",
    }
    assert {kind for op, kind in rejected if op == "http.response"} == {
        "message_type",
        "exception",
        "unmodeled",
        "service_error",
        "content_type",
        "http",
    } | set(decoder) - {"limit"}
    read = [
        header["type"]
        for case in CASES
        if case["op"] == "eventstream.decode" and case["expect"]["status"] == "ok"
        for message in case["expect"]["output"]["messages"]
        for header in message["headers"]
    ]
    assert set(read) == {
        "boolean",
        "int8",
        "int16",
        "int32",
        "int64",
        "bytes",
        "string",
        "timestamp",
        "uuid",
    }
    assert {case["input"]["status"] // 100 for case in CASES if case["op"] == "http.response"} == {
        1,
        2,
        3,
        4,
        5,
        6,
        9,
    }


def listed(kind):
    return [kind] if isinstance(kind, str) else kind


def test_the_specification_describes_every_key():
    table = (
        (ROOT / "SPEC.md")
        .read_text(encoding="utf-8")
        .partition("### 2.2")[2]
        .partition("\n### ")[0]
    )
    keys = [
        line.split(" | ")[0].strip("| ") for line in table.splitlines() if line.startswith("| ")
    ][1:]
    assert ", ".join(keys).split(", ") == list(KEYS)


# ---- what is written ---------------------------------------------------------------------------


def feature(**options):
    return Feature("eventstream-decode", "eventstream.decode", "evs-", **options)


def with_case(**changes):
    """Return a feature with one valid case, changed."""
    made = feature()
    arguments = dict(
        {
            "case_id": "evs-message-crc",
            "title": "the message checksum is wrong",
            "rules": "EVS-003 EVS-005",
            "given": frames("frame crc(wrong)"),
            "expect": reject("message_crc", messages=[]),
            "why": WHY,
        },
        **changes,
    )
    made.case(**arguments)
    return made


def test_a_published_case_keeps_its_version():
    assert with_case(case_id="evs-stream-empty").cases[0]["since"] == "0.1.0" != SINCE
    assert with_case(case_id="evs-new").cases[0]["since"] == SINCE


def test_a_case_has_its_keys_in_their_order():
    made = with_case(chunking=["whole", "bytewise"], needs=["evs-other"])
    assert made.cases == [
        {
            "id": "evs-message-crc",
            "title": "the message checksum is wrong",
            "rules": ["EVS-003", "EVS-005"],
            "level": "MUST",
            "op": "eventstream.decode",
            "input": {"frames": "frame crc(wrong)"},
            "chunking": ["whole", "bytewise"],
            "expect": {"status": "reject", "kind": "message_crc", "output": {"messages": []}},
            "needs": ["evs-other"],
            "offsets": {"results": [], "refusal": 16},
            "why": WHY,
            "since": SINCE,
            "source": "derived",
        }
    ]
    assert list(made.cases[0]) == [key for key in KEYS if key in made.cases[0]]


def test_defaults_are_omitted():
    assert sorted(set(KEYS) - set(with_case().cases[0])) == [
        "acceptable",
        "after",
        "chunking",
        "decides",
        "needs",
    ]
    assert with_case(chunking=["whole"]).cases == with_case().cases
    by_default = feature(chunking=["bytewise"])
    by_default.case("evs-x-y", "t", "EVS-001", frames("frame"), ok(messages=[]), WHY)
    assert by_default.cases[0]["chunking"] == ["bytewise"]


def test_outcomes():
    assert ok(messages=[]) == {"status": "ok", "output": {"messages": []}}
    assert ok() == {"status": "ok"}
    assert reject("exception", "Name", {"Message": "m"}, events=[]) == {
        "status": "reject",
        "kind": "exception",
        "code": "Name",
        "fields": {"Message": "m"},
        "output": {"events": []},
    }
    assert reject(("http", "network")) == {"status": "reject", "kind": ["http", "network"]}
    assert b64(b"hi") == "aGk="


@for_each(
    "changes, mistake",
    [
        ({"case_id": "sig-message-crc"}, "the id must be"),
        ({"case_id": "evs"}, "the id must be"),
        ({"case_id": "evs-Message"}, "the id must be"),
        ({"case_id": "evs-message_crc"}, "the id must be"),
        ({"title": ""}, "title must be"),
        ({"title": "two\nlines"}, "title must be"),
        ({"title": "a sentence."}, "title must be"),
        ({"why": "because"}, "why must say"),
        ({"why": " " + WHY}, "why must be"),
        ({"source": ""}, "source must be"),
        ({"rules": ""}, "no rule"),
        ({"rules": "EVS-003 EVS-999"}, "unknown rule: EVS-999"),
        ({"rules": "EVS-003 EVS-003"}, "duplicate rule: EVS-003 EVS-003"),
        ({"level": "SHOULD"}, "none of its rules contains SHOULD"),
        ({"level": "WILL"}, "none of its rules contains WILL"),
        ({"given": {}}, "its bytes must be in exactly one of"),
        ({"given": {"frames": "frame", "base64": ""}}, "its bytes must be in exactly one of"),
        ({"given": {"base64": "aGl="}}, "not base64"),
        ({"given": frames("frame\nframe h=")}, "line 2: unexpected text"),
        (
            {"given": {"chunks": ["aGk="]}, "chunking": ["bytewise"]},
            "chunks, parts or a piece have no chunking",
        ),
        ({"chunking": ["whole", "whole"]}, "unknown or duplicate chunking"),
        ({"chunking": ["slowly"]}, "unknown or duplicate chunking"),
        ({"expect": {}}, "expect must be"),
        ({"expect": {"status": "maybe"}}, "expect must be"),
        ({"expect": dict(ok(), kind="header")}, "expect must be"),
        ({"expect": ok(events=[])}, "the output of eventstream.decode has no events"),
        (
            {"expect": reject("header", output={}, messages=[])},
            "the output of eventstream.decode has no output",
        ),
        ({"expect": reject("broken")}, "unknown kind: broken"),
        ({"expect": reject([])}, "unknown kind"),
        ({"expect": reject(["header", "broken"])}, "unknown kind: broken"),
        (
            {"acceptable": [either(reject("broken"), "another way to see it", "DIV-001")]},
            "unknown kind",
        ),
        (
            {"acceptable": [either(ok(messages=[]), "short", "DIV-001")]},
            "an acceptable outcome must differ",
        ),
        (
            {
                "acceptable": [
                    either(reject("message_crc", messages=[]), "another way to see it", "DIV-001")
                ]
            },
            "an acceptable outcome must differ",
        ),
        (
            {"acceptable": [either(ok(messages=[]), "another way to see it", "DIV-999")]},
            "DIVERGENCES.md has no row DIV-999",
        ),
    ],
)
def test_a_mistake_names_its_case(changes, mistake):
    with pytest.raises(CaseMistake) as caught:
        with_case(**changes)
    assert str(caught.value).startswith(f"{changes.get('case_id', 'evs-message-crc')}: {mistake}")


def test_bytes_and_chunkings_belong_to_the_operations_that_take_them():
    for given, chunking in ((frames("frame"), None), ({}, ["bytewise"])):
        with pytest.raises(CaseMistake, match="has no bytes to split"):
            Feature("sigv4-sign", "sigv4.sign", "sig-").case(
                "sig-x-y", "t", "SIG-001", given, ok(), WHY, chunking=chunking
            )
    with pytest.raises(CaseMistake, match="only eventstream.decode has the chunking trailing"):
        Feature("http-response", "http.response", "http-").case(
            "http-x-y", "t", "HTTP-020", frames("frame"), ok(), WHY, chunking=["trailing"]
        )
    with pytest.raises(CaseMistake, match="the protocol has no operation eventstream.recode"):
        Feature("x", "eventstream.recode", "evs-").case(
            "evs-x-y", "t", "EVS-001", frames("frame"), ok(), WHY
        )
    with pytest.raises(CaseMistake, match="the id must be"):
        Feature("x", "eventstream.decode", "abc-").case(
            "abc-x-y", "t", "EVS-001", frames("frame"), ok(), WHY
        )


@pytest.mark.parametrize(
    "others, mistake",
    [
        ([with_case()], "eventstream-decode: duplicate"),
        ([Feature("other", "eventstream.decode", "evs-")], None),
    ],
)
def test_a_duplicate_file(others, mistake):
    if mistake is None:
        check_together([with_case()] + others)
        return
    with pytest.raises(CaseMistake, match=mistake):
        check_together([with_case()] + others)


def test_duplicate_ids_inputs_and_unknown_needs():
    twice = with_case()
    twice.cases += with_case(given=frames("frame")).cases
    with pytest.raises(CaseMistake, match="evs-message-crc: duplicate"):
        check_together([twice])
    for need in ("evs-message-crc", "evs-nowhere"):
        with pytest.raises(CaseMistake, match=f"needs {need}, which is not another case"):
            check_together([with_case(needs=[need])])
    again = with_case()
    again.cases += with_case(case_id="evs-message-crc-again").cases
    with pytest.raises(CaseMistake, match="evs-message-crc-again: same input as another case"):
        check_together([again])


def test_write_makes_files_and_manifest_and_deletes_old_files(tmp_path, monkeypatch):
    monkeypatch.setattr("authoring.features", lambda: [with_case()])
    (tmp_path / "old-feature.json").write_text(
        '{"feature": "old-feature", "cases": []}', encoding="utf-8"
    )
    (tmp_path / "schema.json").write_text("{}\n", encoding="utf-8")
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "one.json").write_text("{}\n", encoding="utf-8")
    assert write(tmp_path) == [("eventstream-decode", 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        MANIFEST,
        "eventstream-decode.json",
        "recordings",
        "schema.json",
    ]
    lines = (tmp_path / MANIFEST).read_text(encoding="ascii").splitlines()
    assert [line[66:] for line in lines] == [
        "eventstream-decode.json",
        "recordings/one.json",
        "schema.json",
    ]
    assert lines[2] == hashlib.sha256(b"{}\n").hexdigest() + "  schema.json"
    text = (tmp_path / "eventstream-decode.json").read_text(encoding="utf-8")
    assert json.loads(text) == with_case().document() and text.startswith(
        '{\n "feature": "eventstream-decode",\n "cases": [\n  {\n   "id"'
    )


def test_the_example_in_the_readme_is_a_case():
    page = (VECTORS / "README.md").read_text(encoding="utf-8")
    example = re.sub("(?m)^   ", "", page.partition("```python\n")[2].partition("   ```")[0])
    assert example in (ROOT / "authoring" / "sig.py").read_text(encoding="utf-8")


def test_the_rules_are_loaded():
    assert "EVS-001" in RULES
