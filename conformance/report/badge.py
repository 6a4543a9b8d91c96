# SPDX-License-Identifier: MIT
"""The badge: a report as a small SVG for a README; the same report gives the same bytes.

It shows how many of the judged cases have the expected outcome. Its tooltip adds the versions of
the implementation and of the vectors. It is green only if every case is as expected and every part
of the answers was judged. Cases that an implementation does not offer do not count
against it.
"""

from html import escape
from typing import Any, Mapping

from conformance.run.verdicts import ACCEPTABLE, ADAPTER, PASS, UNSUPPORTED
from refimpl.errors import shown

_LABEL = "InvokeEndpointWithResponseStream"
# Each colour has a contrast of at least 7:1 to white.
_ALL_GOOD, _SOME_GOOD, _NOT_JUDGED = "#116329", "#8a4600", "#57606a"
_CHARACTER_WIDTH = 6.6  # at 11 pixels; textLength makes every font as wide
_MARGIN = 6

_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{title}">
<title>{title}</title>
<rect width="{width}" height="20" rx="3" fill="{colour}"/>
<path d="M3 0h{left_path}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#30363d"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{margin}" y="14" textLength="{label_length}" lengthAdjust="spacingAndGlyphs">\
{label}</text>
<text x="{message_x}" y="14" textLength="{message_length}" lengthAdjust="spacingAndGlyphs">\
{message}</text>
</g>
</svg>
"""


def badge_text(report: Mapping[str, Any]) -> str:
    """Return the SVG of a report that report.schema.json describes."""
    totals = report["totals"]
    good = totals.get(PASS, 0) + totals.get(ACCEPTABLE, 0)
    judged = 0 if ADAPTER in totals else sum(totals.values()) - totals.get(UNSUPPORTED, 0)
    if not judged:
        message, outcome, colour = "not judged", "not judged", _NOT_JUDGED
    else:
        message = f"{good} of {judged}"
        outcome = message + " cases as expected"
        not_judged = report.get("not_judged")
        if not_judged:
            outcome += f", {sum(map(_total, not_judged.values()))} parts not judged"
        colour = _ALL_GOOD if good == judged and not not_judged else _SOME_GOOD
    label_length = round(len(_LABEL) * _CHARACTER_WIDTH)
    message_length = round(len(message) * _CHARACTER_WIDTH)
    left = label_length + 2 * _MARGIN
    return _SVG.format(
        width=left + message_length + 2 * _MARGIN,
        title=escape(_title(report, outcome)),
        colour=colour,
        left_path=left - 3,
        margin=_MARGIN,
        label_length=label_length,
        label=_LABEL,
        message_x=left + _MARGIN,
        message_length=message_length,
        message=message,
    )


def _total(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def _title(report: Mapping[str, Any], outcome: str) -> str:
    said = report["implementation"]
    name, version = shown(said["name"], 60), shown(said["version"], 60)
    return f"{name} {version}: {outcome}; vectors {shown(report['suite']['vectors'], 40)}"
