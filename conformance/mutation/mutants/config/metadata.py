# SPDX-License-Identifier: MIT
"""Mutants of refimpl/config/metadata.py."""

ROWS = (
    (
        "metadata-not-disabled",
        "CRED-016",
        "ignores AWS_EC2_METADATA_DISABLED",
        '.lower() == "true":\n        return Absent',
        '.lower() == "false":\n        return Absent',
    ),
    (
        "metadata-mode-case",
        "CRED-016",
        "compares the mode with case",
        "_METADATA_ENDPOINTS.get(mode.value.lower())",
        "_METADATA_ENDPOINTS.get(mode.value)",
    ),
    (
        "metadata-endpoint-ignored",
        "CRED-016",
        "ignores a configured endpoint",
        "custom is not None",
        "custom is not None and not custom.value",
    ),
    (
        "metadata-version-1",
        "CRED-016",
        "goes on without a session token",
        'if reply.status != 200:\n        _refuse_metadata(reply, "a session token")',
        'if reply.status != 200:\n        return "-"',
    ),
    (
        "metadata-page-as-role",
        "CRED-016",
        "takes any text for the name of a role",
        "if not _ROLE_NAME.match(name):",
        "if not name:",
    ),
    (
        "metadata-stale",
        "CRED-016",
        "rejects keys that have expired",
        "now + _METADATA_EXTENSION",
        "expires",
    ),
    (
        "metadata-disabled-by-any-value",
        "CRED-016",
        "is disabled by any value",
        '.lower() == "true":',
        ".lower():",
    ),
    (
        "metadata-code-ignored",
        "CRED-016",
        "uses a document whose code is not Success",
        'if code not in (None, "Success"):',
        "if False:",
    ),
    (
        "metadata-role-last-line",
        "CRED-016",
        "takes the last line as the name of the role",
        'decode("latin-1").partition("\\n")[0].strip(TOKEN_SPACES)',
        'decode("latin-1").strip(TOKEN_SPACES).split("\\n")[-1]',
    ),
    (
        "metadata-role-first-word",
        "CRED-016",
        "takes the first word as the name of the role",
        'decode("latin-1").partition("\\n")[0].strip(TOKEN_SPACES)',
        'decode("latin-1").split()[0]',
    ),
    (
        "metadata-code-null",
        "CRED-016",
        "rejects a document whose code is null",
        'code = text_member(document, "Code", _METADATA_REPLY, _METADATA_RULE)',
        'code = document.get("Code", "Success") or "null"',
    ),
)
