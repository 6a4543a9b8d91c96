# SPDX-License-Identifier: MIT
"""Mutants of conformance/testing/double.py."""

ROWS = (
    (
        "server-without-attributes",
        "SRV-053",
        "CustomAttributes of the model are lost",
        '    "custom_attributes": CUSTOM_ATTRIBUTES,\n',
        '    "custom_attributes": "X-Attributes",\n',
    ),
)
