# SPDX-License-Identifier: MIT
"""Mutants of conformance/endpoint/scenarios/model.py."""

ROWS = (
    (
        "server-stream-of-bytes",
        "SRV-050",
        "a stream has the content type of any bytes",
        '        ("Content-Type", EVENT_STREAM_TYPE),\n',
        '        ("Content-Type", "application/octet-stream"),\n',
    ),
    (
        "server-without-models-type",
        "SRV-051",
        "the content type of the model's response is lost",
        "        (OUTPUT_CONTENT_TYPE, content_type),\n",
        "",
    ),
    (
        "server-without-variant",
        "SRV-052",
        "the production variant is not named",
        '(OUTPUT_CONTENT_TYPE, content_type), (PRODUCTION_VARIANT, "AllTraffic")',
        "(OUTPUT_CONTENT_TYPE, content_type)",
    ),
)
