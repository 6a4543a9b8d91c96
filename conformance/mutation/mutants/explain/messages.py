# SPDX-License-Identifier: MIT
"""Mutants of refimpl/explain/messages.py."""

ROWS = (
    (
        "explain-guess",
        "EXP-008",
        "names the key if a message proves nothing",
        "return Proof(None, None, None, advice, None)",
        'return Proof("key", None, None, advice, None)',
    ),
    (
        "explain-no-messages",
        "EXP-007",
        "does not read the messages",
        "if match is None: continue",
        "if match is not None or match is None: continue",
    ),
    (
        "explain-anything",
        "EXP-006",
        "explains a text without a refusal",
        "if _POLICY.search(text):",
        "if True:",
    ),
)
