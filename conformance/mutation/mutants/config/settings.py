# SPDX-License-Identifier: MIT
"""Mutants of refimpl/config/settings.py."""

ROWS = (
    (
        "settings-region-ignored",
        "CRED-030",
        "ignores the region of the profile",
        'return self.find("region", ',
        'return self.find("x", ',
    ),
    (
        "settings-flag-mistyped",
        "CRED-033",
        "reads a mistyped flag as false",
        'if lower not in ("true", "false"):',
        "if lower is None:",
    ),
    (
        "settings-fips-ignored",
        "CRED-030",
        "ignores FIPS in the profile",
        'self.find("use_fips_endpoint", ',
        'self.find("x", ',
    ),
)
