# SPDX-License-Identifier: MIT
"""The rules of SPEC.md as values.

A rule is a paragraph of one line. It begins with its id in bold and ends with tags in brackets: its
authorities and, if the adapter protocol cannot reach the rule, `[test: FILE]`. Fenced blocks
contain no rules. tests/test_spec.py checks the format itself.
"""

import os
import re
from typing import Dict, NamedTuple, Optional, Tuple

from conformance.files import SPEC_PATH
from refimpl.errors import UsageError

CHAPTERS = ("SIG", "EVS", "HTTP", "END", "SHP", "TXT", "CRED", "RTY", "NET", "CLI", "EXP", "SRV")
RULE_ID = re.compile(rf"\b(?:{'|'.join(CHAPTERS)})-[0-9]{{3}}\b")


class Rule(NamedTuple):
    """A rule of SPEC.md."""

    id: str
    # Without the tags.
    text: str
    # Those of MUST, SHOULD and MAY that the text contains, the most binding first.
    words: Tuple[str, ...]
    authorities: Tuple[str, ...]
    # Files that test a rule which no case can reach.
    tests: Tuple[str, ...]


_FENCE = re.compile(r"^```[^\n]*\n.*?^```$", re.MULTILINE | re.DOTALL)
# A rule's text is also shown outside SPEC.md, so it does not include the link to a note.
_LINK = r"(?: See \[note [^\]\n]*\]\(#[^)\n]*\)\.)?"
_RULE = re.compile(
    rf"^\*\*([A-Z]+-[0-9]{{3}})\*\* (.*?){_LINK}((?: ?\[[^\]\n]*\])*)$", re.MULTILINE
)
_WORDS = ("MUST", "SHOULD", "MAY")


def read_rules(specification: str) -> Dict[str, Rule]:
    """Return the rules in the text of a specification by their ids, in order."""
    rules = {}
    for rule_id, text, tail in _RULE.findall(_FENCE.sub("", specification)):
        tags = re.findall(r"\[([^\]]*)\]", tail)
        rules[rule_id] = Rule(
            rule_id,
            text,
            tuple(word for word in _WORDS if re.search(rf"\b{word}\b", text)),
            tuple(tag for tag in tags if not tag.startswith("test: ")),
            tuple(tag[6:] for tag in tags if tag.startswith("test: ")),
        )
    return rules


def load_rules(path: Optional[str] = None) -> Dict[str, Rule]:
    """Return the rules of a specification by their ids.

    path: by default the SPEC.md of this package, or no rules if it does not exist.
    Raises UsageError for a file that cannot be read.
    """
    if path is None and not os.path.exists(SPEC_PATH):
        return {}
    path = path or SPEC_PATH
    try:
        with open(path, encoding="utf-8") as file:
            return read_rules(file.read())
    except OSError as error:
        raise UsageError(f"cannot read the rules of {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"cannot read the rules of {path}: not UTF-8") from None
