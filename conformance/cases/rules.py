# SPDX-License-Identifier: MIT
"""The rules of SPEC.md as values: id, text, binding words, authorities, tests.

A rule is a paragraph of one line that begins with its id in bold and ends with tags in brackets: its authorities and, where
the adapter protocol cannot reach it, `[test: FILE]`. Fenced blocks hold none. The form itself is checked by tests/test_spec.py.
"""

import os
import re
from typing import Dict, NamedTuple, Optional, Tuple

from conformance.files import SPEC_PATH
from refimpl.errors import UsageError

CHAPTERS = ("SIG", "EVS", "HTTP", "END", "SHP", "TXT", "CRED", "RTY", "CLI")
RULE_ID = re.compile(rf"\b(?:{'|'.join(CHAPTERS)})-[0-9]{{3}}\b")


class Rule(NamedTuple):
    id: str
    text: str
    words: Tuple[str, ...]
    authorities: Tuple[str, ...]
    tests: Tuple[str, ...]


_FENCE = re.compile(r"^```[^\n]*\n.*?^```$", re.MULTILINE | re.DOTALL)
# The link to a note is not part of a rule's text, because the text is also shown outside of SPEC.md.
_LINK = r"(?: See \[note [^\]\n]*\]\(#[^)\n]*\)\.)?"
_RULE = re.compile(
    rf"^\*\*([A-Z]+-[0-9]{{3}})\*\* (.*?){_LINK}((?: ?\[[^\]\n]*\])*)$", re.MULTILINE
)
_WORDS = ("MUST", "SHOULD", "MAY")


def read_rules(specification: str) -> Dict[str, Rule]:
    """Return the rules of a specification's text by their ids, in its order."""
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
    """Return the rules of the SPEC.md at path, by default the one that belongs to this package; none where there is none.

    Raises UsageError for a path that cannot be read.
    """
    if path is None and not os.path.exists(SPEC_PATH):
        return {}
    path = path or SPEC_PATH
    try:
        with open(path, encoding="utf-8") as file:
            return read_rules(file.read())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"cannot read the rules of {path}: {getattr(error, 'strerror', None) or 'not UTF-8'}"
        ) from None
