# SPDX-License-Identifier: MIT
"""A report as one small picture for a README: SVG, drawn from the report alone, so that the same report gives the same bytes.

It says how many of the cases that were judged came out as they may, with which version of the implementation, by which version
of the vectors. What an implementation does not offer is not counted against it, and the picture tells how much was judged.
"""

from html import escape
from typing import Any, Mapping

from conformance.run.verdicts import ACCEPTABLE, ADAPTER, PASS, UNSUPPORTED
from refimpl.errors import shown

_LABEL = "InvokeEndpointWithResponseStream"
_GOOD, _SOME, _NOTHING = "#116329", "#8a4600", "#57606a"  # each at least 7:1 under white
_PER_CHARACTER = 6.6  # of 11 pixels; textLength makes every font as wide
_MARGIN = 6

_SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{told}">
<title>{told}</title>
<rect width="{width}" height="20" rx="3" fill="{colour}"/>
<path d="M3 0h{left_path}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#30363d"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{margin}" y="14" textLength="{label_length}" lengthAdjust="spacingAndGlyphs">{label}</text>
<text x="{message_x}" y="14" textLength="{message_length}" lengthAdjust="spacingAndGlyphs">{message}</text>
</g>
</svg>
"""


def badge_text(report: Mapping[str, Any]) -> str:
    """Return the picture of a report in the form of report.schema.json."""
    totals, said = report["totals"], report["implementation"]
    good = totals.get(PASS, 0) + totals.get(ACCEPTABLE, 0)
    judged = 0 if ADAPTER in totals else sum(totals.values()) - totals.get(UNSUPPORTED, 0)
    message = f"{int(good)} of {int(judged)}" if judged else "not judged"
    colour = _NOTHING if not judged else _GOOD if good == judged else _SOME
    told = f"{shown(said['name'], 60)} {shown(said['version'], 60)}: {message + ' cases as expected' if judged else message}; vectors {shown(report['suite']['vectors'], 40)}, {report['date'][:10]}"
    label_length, message_length = (
        round(len(_LABEL) * _PER_CHARACTER),
        round(len(message) * _PER_CHARACTER),
    )
    left = label_length + 2 * _MARGIN
    return _SVG.format(
        width=left + message_length + 2 * _MARGIN,
        told=escape(told),
        colour=colour,
        left_path=left - 3,
        margin=_MARGIN,
        label_length=label_length,
        label=_LABEL,
        message_x=left + _MARGIN,
        message_length=message_length,
        message=message,
    )
