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
    (
        "settings-older-region-first",
        "CRED-030",
        "prefers AWS_DEFAULT_REGION",
        '"AWS_REGION", "AWS_DEFAULT_REGION"',
        '"AWS_DEFAULT_REGION", "AWS_REGION"',
    ),
    (
        "settings-endpoint-before-services",
        "CRED-032",
        "prefers endpoint_url of the profile to that of the services section",
        'self._endpoint_of_services(service) or self.find("endpoint_url")',
        'self.find("endpoint_url") or self._endpoint_of_services(service)',
    ),
    (
        "settings-flag-case",
        "CRED-033",
        "rejects a flag with an upper-case letter",
        "lower = found.value.lower()",
        "lower = found.value",
    ),
)
