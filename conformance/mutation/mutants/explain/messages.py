# SPDX-License-Identifier: MIT
"""Mutants of refimpl/explain/messages.py."""

ROWS = (
    (
        "explain-part-missing-signature",
        "EXP-007",
        "does not know the message about a missing Signature",
        r'r"Authorization header requires \W{0,3}(?:Credential|Signature\b|SignedHeaders)"',
        r'r"Authorization header requires \W{0,3}(?:Credential|SignedHeaders)"',
    ),
    (
        "explain-key-message",
        "EXP-007",
        "knows the code of an access key that does not exist, but not its message",
        r'r"InvalidAccessKeyId|[Aa]ccess [Kk]ey [Ii]d you provided does not exist"',
        'r"InvalidAccessKeyId"',
    ),
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
