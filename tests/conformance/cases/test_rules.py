# SPDX-License-Identifier: MIT
"""Tests of conformance/cases/rules.py."""

from pathlib import Path

import pytest

from conformance.cases import rules
from conformance.cases.rules import RULE_ID, Rule, load_rules, read_rules
from refimpl.errors import UsageError

TEXT = """# A title

**EVS-001** A decoder MUST do it (`length`) [not a tag]; it MAY do. [spec] [ran] [test: tests/x.py]

**EVS-002** A decoder SHOULD NOT, and MUST NOT. See [note EVS-002](#note-evs-002). [derived]

#### Note EVS-002

A note is not a rule.

```worked block
**EVS-003** A block contains no rules. [spec]
```

**TXT-010** No word that binds, no tag.
"""


def test_rules_are_read_with_words_authorities_and_tests():
    assert list(read_rules(TEXT).values()) == [
        Rule(
            "EVS-001",
            "A decoder MUST do it (`length`) [not a tag]; it MAY do.",
            ("MUST", "MAY"),
            ("spec", "ran"),
            ("tests/x.py",),
        ),
        Rule(
            "EVS-002", "A decoder SHOULD NOT, and MUST NOT.", ("MUST", "SHOULD"), ("derived",), ()
        ),
        Rule("TXT-010", "No word that binds, no tag.", (), (), ()),
    ]
    assert list(read_rules(TEXT)) == ["EVS-001", "EVS-002", "TXT-010"]
    assert read_rules("") == {}


def test_the_rules_of_this_repository():
    found = load_rules()
    assert len(found) > 120
    assert found["EVS-014"].text.startswith(
        "A decoder MUST reject a message that has the same header name twice (`duplicate_header`)"
    )
    assert found["EVS-014"].authorities == ("spec", "ran") and found["EVS-014"].tests == ()
    assert found["EVS-024"].tests == ("tests/refimpl/test_eventstream.py",)
    assert all(
        rule.words and rule.authorities and RULE_ID.fullmatch(rule.id) for rule in found.values()
    )


def test_another_path(tmp_path: Path):
    path = tmp_path / "SPEC.md"
    path.write_text(TEXT, encoding="utf-8")
    assert load_rules(str(path)) == read_rules(TEXT)


def test_without_a_specification_there_are_no_rules(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(rules, "SPEC_PATH", str(tmp_path / "SPEC.md"))
    assert load_rules() == {}


def test_an_unreadable_path_is_reported(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot read the rules of .*absent.md: No such file"):
        load_rules(str(tmp_path / "absent.md"))
    path = tmp_path / "SPEC.md"
    path.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        load_rules(str(path))


def test_ids_are_found_as_whole_words():
    assert RULE_ID.findall("# EVS-001, SIG-002 to SIG-003; XEVS-004 EVS-0051 TXT-006") == [
        "EVS-001",
        "SIG-002",
        "SIG-003",
        "TXT-006",
    ]
