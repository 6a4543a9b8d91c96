# SPDX-License-Identifier: MIT
"""Mutants of refimpl/explain/refusal.py."""

ROWS = (
    (
        "explain-secret-in-advice",
        "EXP-009",
        "shows a secret parameter in the advice",
        'advice = _hidden_parameters(advice) or ""',
        "advice = str(advice)",
    ),
    (
        "explain-hash-ignored",
        "EXP-003",
        "does not compare the hash in the quoted string to sign",
        "is_same = hashed is not None and hash_of_request(signed.text) == hashed",
        "is_same = False",
    ),
    (
        "explain-key-without-comparison",
        "EXP-008",
        "names the key if the client's canonical request is unknown",
        "return RefusalExplanation(None, None, None, advice, notes=notes)",
        'return RefusalExplanation("key", None, None, advice, notes=notes)',
    ),
    (
        "explain-lost-text-is-key",
        "EXP-008",
        "names the key although the quoted hash is another one",
        "if not is_same and quotes.is_exact is False and hashed is not None and len(hashed) == 64:",
        "if False:",
    ),
    (
        "explain-truncated-hash",
        "EXP-005",
        "treats the beginning of a hash as another hash",
        "if hashed and signed and hashed != signed and signed.startswith(hashed):",
        "if False:",
    ),
    (
        "explain-truncated-is-key",
        "EXP-005",
        "names the key if the lines that arrived are equal",
        "if not is_complete and not is_same:",
        "if False:",
    ),
    (
        "explain-shows-secret",
        "EXP-009",
        "shows the value of a secret header",
        "server, client = _hidden_value(server), _hidden_value(client)",
        "pass",
    ),
    (
        "explain-no-wrapped-messages",
        "EXP-007",
        "does not find a message that is wrapped",
        'proof_in(reading) or proof_in(" ".join(reading.split()))',
        "proof_in(reading)",
    ),
)
