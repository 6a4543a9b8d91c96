# SPDX-License-Identifier: MIT
"""The explanation of a signature as one self-contained page in HTML.

It needs no network and no script, and follows the reader's light or dark theme.
"""

from typing import Sequence, Tuple

from ..errors import without_secrets
from .signing import SigningExplanation

_STYLE = """:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:0 auto;padding:1rem}
pre{font:13px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
section{border-top:1px solid #8886;padding:.5rem 0}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid #8884}
.rule{color:#666;font-size:.85em}
@media (prefers-color-scheme:dark){.rule{color:#aaa}}
@media (max-width:40rem){table,tbody,tr,td,th{display:block}}
"""


def signing_page(explained: SigningExplanation) -> str:
    """Return the page."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><title>A signature, stage by stage</title>',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<style>{_STYLE}</style></head><body><main>",
        "<h1>A signature, stage by stage</h1>",
    ]
    for number, stage in enumerate(explained.stages, 1):
        parts += [
            f"<section><h2>{number}. {_escaped_html(stage.name)}</h2>",
            f'<p class="rule">{" ".join(stage.rules)}</p>',
            _table([("before", stage.before), ("after", stage.after)]),
            "</section>",
        ]
    rows = [(without_secrets(one.text), f"{one.origin} ({one.rule})") for one in explained.origins]
    parts += [
        "<section><h2>Where each byte of the canonical request comes from</h2>",
        _table(rows),
        "</section></main></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _table(rows: Sequence[Tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><th><pre>{_escaped_html(left)}</pre></th><td><pre>{_escaped_html(right)}</pre></td></tr>"
        for left, right in rows
    )
    return f"<table><tbody>{cells}</tbody></table>"


def _escaped_html(text: str) -> str:
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )
