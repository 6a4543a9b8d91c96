# SPDX-License-Identifier: MIT
"""Where the vectors are written: `python3 -m authoring` makes vectors/*.json and MANIFEST.sha256 of the modules here.

A chapter is a module of this package with a list FEATURES. A Feature is one vector file: an operation of the adapter
protocol and its cases, in the order in which they stand. A case is a few lines:

    DECODE = Feature("eventstream-decode", "eventstream.decode", "evs-")
    DECODE.case("evs-message-crc", "the message checksum is wrong", "EVS-003 EVS-005",
                frames("frame payload('hi') crc(wrong)"), reject("message_crc", messages=[]),
                "a decoder that does not check it hands out bytes that a faulty proxy has changed")

What a case expects stands here by hand, or comes from a second, plain transcription of the published text that imports
nothing of `refimpl`. Each case is checked as it is made (rules that exist and bind as the level says, an id that tells what is
tested, keys and kinds that the protocol has), and a broken one raises CaseMistake, which names it. What can be asserted of why
a case exists is asserted where it is written: that a negative has one fault, that a number lies at its bound.
"""

import base64
import hashlib
import importlib
import json
import pkgutil
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from conformance.cases.frames import FrameTextError, assemble
from conformance.cases.rules import load_rules

ROOT = Path(__file__).resolve().parents[1]
VECTORS = ROOT / "vectors"
MANIFEST = "MANIFEST.sha256"
SINCE = "0.1.0"  # the version of the vectors that a new case belongs to

RULES = load_rules()
LEDGER = re.findall(
    r"^\| (DIV-[0-9]{3}) \|", (ROOT / "DIVERGENCES.md").read_text(encoding="utf-8"), re.MULTILINE
)
LEVELS = ("MUST", "SHOULD", "MAY")
KEYS = (
    "id",
    "title",
    "rules",
    "level",
    "op",
    "input",
    "chunking",
    "expect",
    "acceptable",
    "needs",
    "why",
    "since",
    "source",
)
PREFIXES = ("evs-", "sig-", "http-", "end-", "shp-", "txt-")
BINARY_OPS = (
    "eventstream.decode",
    "http.response",
    "text.lines",
    "text.sse",
)  # their input has bytes, cut as a chunking says
OUTPUTS = {  # what an operation's output has, as the adapter protocol says
    "sigv4.sign": (
        "canonical_request",
        "string_to_sign",
        "k_date",
        "k_region",
        "k_service",
        "k_signing",
        "signature",
        "authorization",
    ),
    "sigv4.presign": (
        "canonical_request",
        "string_to_sign",
        "k_date",
        "k_region",
        "k_service",
        "k_signing",
        "signature",
        "target",
    ),
    "sigv4.verify": (),
    "eventstream.decode": ("messages",),
    "eventstream.encode": ("messages",),
    "shape.convert": ("document",),
    "http.request": ("method", "url", "headers", "body"),
    "http.response": ("output", "events"),
    "text.lines": ("lines",),
    "text.sse": ("events",),
    "endpoint.resolve": ("url", "signing_region", "signing_name"),
}
CHUNKINGS = (
    "whole",
    "bytewise",
    "halves",
    "trailing",
)  # the last one is for eventstream.decode alone
KINDS = re.findall(
    r"^\| `([a-z0-9_]+)` \|",
    (ROOT / "SPEC.md").read_text(encoding="utf-8").partition("### 2.1")[2].partition("\n#")[0],
    re.MULTILINE,
)

# Words in ids, which never change, and the words that titles use for them.
_TITLE_WORDS = {
    "arn": "ARN",
    "ascii": "ASCII",
    "blank": "space",
    "blanks": "spaces",
    "crlf": "CRLF",
    "fips": "FIPS",
    "ipv6": "IPv6",
    "utf8": "UTF-8",
}

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+\Z")

Json = Dict[str, Any]


class CaseMistake(AssertionError):
    """A case that must not be published as it stands."""


# ---- pieces of a case ----------------------------------------------------------------------------


def b64(data: bytes) -> str:
    """Return bytes as the protocol writes them."""
    return base64.b64encode(data).decode("ascii")


def frames(text: str, **more: Any) -> Json:
    """Return an input whose bytes are a frame text."""
    return dict(more, frames=text)


def ok(**output: Any) -> Json:
    """Return what is expected of a case that is accepted; only what is given is judged."""
    return {"status": "ok", "output": output} if output else {"status": "ok"}


def reject(
    kind: Union[str, Sequence[str]],
    code: Optional[str] = None,
    fields: Optional[Json] = None,
    **output: Any,
) -> Json:
    """Return what is expected of a case that is refused; kind may be several where the rule leaves the choice, output what was
    delivered before the fault."""
    expect: Json = {"status": "reject", "kind": kind if isinstance(kind, str) else list(kind)}
    for key, value in (("code", code), ("fields", fields), ("output", output or None)):
        if value is not None:
            expect[key] = value
    return expect


def words(slug: str) -> str:
    """Return the end of an id as words of a title."""
    return " ".join(_TITLE_WORDS.get(word, word) for word in slug.split("-"))


def either(expect: Json, why: str, divergence: str) -> Json:
    """Return a second outcome that is acceptable, with its reason and its row in the ledger, DIVERGENCES.md."""
    return {"expect": expect, "why": why, "divergence": divergence}


# ---- a vector file -------------------------------------------------------------------------------


class Feature:
    """One vector file while it is written.

    name: of the file; op: of the adapter protocol; prefix: of the ids; chunking: how the bytes of its cases are cut, unless a
    case says otherwise
    """

    def __init__(
        self, name: str, op: str, prefix: str, chunking: Sequence[str] = ("whole",)
    ) -> None:
        self.name, self.op, self.prefix, self.chunking = name, op, prefix, tuple(chunking)
        self.cases: List[Json] = []

    def case(
        self,
        case_id: str,
        title: str,
        rules: str,
        given: Mapping[str, Any],
        expect: Json,
        why: str,
        level: str = "MUST",
        chunking: Optional[Sequence[str]] = None,
        acceptable: Sequence[Json] = (),
        needs: Sequence[str] = (),
        since: str = SINCE,
        source: str = "derived",
    ) -> None:
        """Add a case. rules: their ids, with blanks between them; why: what a wrong implementation costs its user."""
        cut = list(self.chunking if chunking is None else chunking)
        case = {
            "id": case_id,
            "title": title,
            "rules": rules.split(),
            "level": level,
            "op": self.op,
            "input": dict(given),
            "chunking": cut if cut != ["whole"] else [],
            "expect": expect,
            "acceptable": list(acceptable),
            "needs": list(needs),
            "why": why,
            "since": since,
            "source": source,
        }
        kept = {key: case[key] for key in KEYS if case[key] not in ([], ()) or key == "rules"}
        mistake = mistake_in(kept, self.prefix)
        if mistake is not None:
            raise CaseMistake(f"{case_id}: {mistake}")
        self.cases.append(kept)

    def document(self) -> Json:
        return {"feature": self.name, "cases": self.cases}


def mistake_in(case: Json, prefix: str) -> Optional[str]:
    """Return what is wrong with a case, in a few words, or None."""
    checks = (
        _mistake_in_words(case, prefix),
        _mistake_in_rules(case),
        _mistake_in_input(case),
        _mistake_in_expect(case["expect"], case["op"]),
    )
    for mistake in checks:
        if mistake is not None:
            return mistake
    for other in case.get("acceptable", ()):
        mistake = _mistake_in_expect(other["expect"], case["op"])
        if mistake is not None:
            return mistake
        if other["expect"] == case["expect"] or len(other["why"]) < 20:
            return "an acceptable outcome must be another one, and owes a reason"
        if other["divergence"] not in LEDGER:
            return f"DIVERGENCES.md has no row {other['divergence']}"
    return None


def _mistake_in_words(case: Json, prefix: str) -> Optional[str]:
    if case["op"] not in OUTPUTS:
        return f"the protocol has no operation {case['op']}"
    if prefix not in PREFIXES or not case["id"].startswith(prefix) or not _ID.match(case["id"]):
        return f"the id must be lower-case words with dashes that begin with {prefix}"
    for key in ("title", "why", "source"):
        text = case[key]
        if not text or text != text.strip() or "\n" in text or text.endswith("."):
            return f"{key} must be one line without a full stop at its end"
    if len(case["why"]) < 20:
        return "why must say what the bug would cost"
    return None


def _mistake_in_rules(case: Json) -> Optional[str]:
    unknown = [rule for rule in case["rules"] if rule not in RULES]
    if unknown or not case["rules"] or len(set(case["rules"])) != len(case["rules"]):
        return (
            "SPEC.md has no such rule, or it stands twice: "
            f"{' '.join(unknown or case['rules'] or ['none given'])}"
        )
    if case["level"] not in LEVELS or not any(
        case["level"] in RULES[rule].words for rule in case["rules"]
    ):
        return f"none of its rules binds with {case['level']}"
    return None


def _mistake_in_input(case: Json) -> Optional[str]:
    given, chunking = case["input"], case.get("chunking", [])
    forms = [form for form in ("frames", "text", "base64", "chunks", "parts") if form in given]
    if case["op"] in BINARY_OPS:
        if len(forms) != 1:
            return (
                "its bytes must be one of frames, text, base64, or cut already as chunks or parts"
            )
        if forms[0] in ("chunks", "parts") and chunking:
            return "what is cut already has no chunking"
        if "frames" in given:
            try:
                assemble(given["frames"])
            except FrameTextError as error:
                return str(error)
        if "base64" in given and b64(base64.b64decode(given["base64"])) != given["base64"]:
            return "not base64"
    elif forms or chunking:
        return "the operation takes no bytes in pieces"
    if len(set(chunking)) != len(chunking) or any(way not in CHUNKINGS for way in chunking):
        return f"no such chunking: {' '.join(chunking)}"
    if "trailing" in chunking and case["op"] != "eventstream.decode":
        return "only frames are delivered with others behind them"
    return None


def _mistake_in_expect(expect: Json, op: str) -> Optional[str]:
    allowed = {
        "ok": {"status", "output"},
        "reject": {"status", "kind", "code", "fields", "output"},
    }.get(expect.get("status", ""))
    if allowed is None or set(expect) - allowed:
        return "expect must be ok with output, or reject with kind, code, fields, output"
    strange = sorted(set(expect.get("output", {})) - set(OUTPUTS.get(op, ())))
    if strange:
        return f"the output of {op} has no {strange[0]}"
    if expect["status"] == "reject":
        kinds = expect["kind"] if isinstance(expect["kind"], list) else [expect["kind"]]
        unknown = [kind for kind in kinds if kind not in KINDS]
        if unknown or not kinds:
            return f"no such kind: {' '.join(unknown)}"
    return None


# ---- all of them ---------------------------------------------------------------------------------


def features() -> List[Feature]:
    """Return the features of all chapters, by name. Raises CaseMistake for what no chapter can see alone."""
    found: List[Feature] = []
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name != "__main__":
            found += getattr(importlib.import_module(f"{__name__}.{module.name}"), "FEATURES", [])
    found.sort(key=lambda feature: feature.name)
    check_together(found)
    return found


def check_together(found: Sequence[Feature]) -> None:
    """Raise CaseMistake for an id or a file that is there twice, and for a need that is none."""
    names = [feature.name for feature in found]
    ids = [case["id"] for feature in found for case in feature.cases]
    for what in (names, ids):
        twice = sorted({name for name in what if what.count(name) > 1})
        if twice:
            raise CaseMistake(f"{twice[0]}: there twice")
    seen = set()
    for feature in found:
        for case in feature.cases:
            for need in case.get("needs", ()):
                if need not in ids or need == case["id"]:
                    raise CaseMistake(f"{case['id']}: needs {need}, which is no other case")
            questions = (case["op"], json.dumps(case["input"], sort_keys=True))
            if questions in seen:
                raise CaseMistake(f"{case['id']}: asks what another case asks")
            seen.add(questions)


def text_of(document: Json) -> str:
    """Return a document in the canonical form."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def written(found: Sequence[Feature]) -> Dict[str, bytes]:
    """Return the vector files by name."""
    return {
        feature.name + ".json": text_of(feature.document()).encode("utf-8") for feature in found
    }


def manifest_of(folder: Path) -> bytes:
    """Return the manifest of a folder: a line `<sha256>  <file>` for each JSON file below it, sorted by name."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.json"))
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in files
    ]
    return "".join(lines).encode("ascii")


def write(folder: Path = VECTORS) -> List[Tuple[str, int]]:
    """Write all files and the manifest; return the features with the number of their cases. A file without a feature goes away."""
    found = features()
    files = written(found)
    for path in folder.glob("*.json"):
        if path.name not in files and "cases" in json.loads(path.read_text(encoding="utf-8")):
            path.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / MANIFEST).write_bytes(manifest_of(folder))
    return [(feature.name, len(feature.cases)) for feature in found]
