# SPDX-License-Identifier: MIT
"""The place where cases are written: `python3 -m authoring` generates vectors/*.json from here.

    cred.py                config-parse, credentials-resolve
    end.py                 endpoint-resolve
    evs.py                 eventstream-decode, eventstream-encode
    exp.py                 explain-refusal
    http_request.py        http-request
    http_response.py       http-response
    net.py                 proxy-select
    rty.py                 retry-decide
    shp.py                 shape-convert
    sig.py                 sigv4-sign, sigv4-presign
    sig_verify.py          sigv4-verify
    txt.py                 text-lines, text-sse
    values.py              json-values
    extract.py             text-extract
    mix_*.py               combinations of values: the files *-mix
    mix.py, rows/          how these are chosen, and the chosen rows
    recordings.py          vectors/recordings, a separate command
    offsets.py             after how many bytes each result is complete
    plain_*.py             independent transcriptions of the published texts
    decided_by_kind.py     the cases that the kind of a rejection decides
    differences.py         what third-party event-stream codecs do differently

Each of the first modules has a list FEATURES. A Feature is one vector file: an operation of the
adapter protocol and its cases in order. A case is a few lines:

    DECODE = Feature("eventstream-decode", "eventstream.decode", "evs-")
    DECODE.case(
        "evs-message-crc",
        "a frame with a wrong message checksum",
        "EVS-003 EVS-005",
        frames("frame payload('hi') crc(wrong)"),
        reject("message_crc", messages=[]),
        "a decoder that does not check it returns bytes that a proxy has damaged",
    )

An expectation is hand-written or computed by one of the transcriptions, which import nothing of
`refimpl`. Feature.case() checks each case: its rules exist and bind at its level, its id and texts
have the right form, its keys and kinds belong to the protocol. It raises CaseMistake, which names
the case. The modules assert why a case exists where they write it: an invalid input has exactly one
error, a number is at its bound.
"""

import base64
import functools
import hashlib
import importlib
import json
import pkgutil
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from authoring.decided_by_kind import is_decided_by_kind
from conformance.cases.frames import FrameTextError, assemble
from conformance.cases.rules import load_rules

ROOT = Path(__file__).resolve().parents[1]
VECTORS = ROOT / "vectors"
MANIFEST = "MANIFEST.sha256"
SINCE = "0.2.0"  # the version of the vectors that adds a new case

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
    "offsets",
    "decides",
    "after",
    "why",
    "since",
    "source",
)
PREFIXES = (
    "evs-",
    "sig-",
    "http-",
    "end-",
    "shp-",
    "txt-",
    "net-",
    "rty-",
    "cfg-",
    "cred-",
    "exp-",
    # Cases of authoring/mix_*.py.
    "sign-mix-",
    "presign-mix-",
    "verify-mix-",
    "request-mix-",
    "host-mix-",
    "invoke-mix-",
    "decode-mix-",
    "encode-mix-",
    "response-mix-",
    "lines-mix-",
    "events-mix-",
    "shape-mix-",
    "values-mix-",
)
# The keys in which an input has bytes.
CARRIERS = ("frames", "text", "base64", "bytes", "chunks", "parts")
# Operations whose input bytes are split by a chunking.
BINARY_OPS = (
    "eventstream.decode",
    "http.response",
    "text.lines",
    "text.sse",
    "json.values",
    "text.extract",
)
# The keys of each operation's output in the adapter protocol.
OUTPUTS = {
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
    "invoke": ("output", "events"),
    "text.lines": ("lines",),
    "text.sse": ("events",),
    "json.values": ("values",),
    "text.extract": ("deltas", "finish_reason", "skipped", "complete"),
    "endpoint.resolve": ("url", "signing_region", "signing_name"),
    "proxy.select": ("proxy", "authorization"),
    "retry.decide": ("outcomes",),
    "config.parse": ("profiles", "sso_sessions", "services"),
    "credentials.resolve": (
        "source",
        "access_key",
        "secret_key",
        "session_token",
        "expires",
        "requests",
    ),
    "explain.refusal": ("differs_in", "server", "client", "advice"),
}
# `trailing` is only for eventstream.decode.
CHUNKINGS = ("whole", "bytewise", "halves", "trailing")
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
    "cr": "CR",
    "crlf": "CRLF",
    "fips": "FIPS",
    "ipv6": "IPv6",
    "lf": "LF",
    "nul": "NUL",
    "utf8": "UTF-8",
}

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+\Z")

Json = Dict[str, Any]


class CaseMistake(AssertionError):
    """A case that must not be published in this form."""


# ---- pieces of a case --------------------------------------------------------------------------


def b64(data: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(data).decode("ascii")


def frames(text: str, **more: Any) -> Json:
    """Return an input whose bytes are written as a frame text. more: other keys of the input."""
    return dict(more, frames=text)


def ok(**output: Any) -> Json:
    """Return the expectation of success. The runner judges only the given keys of the output."""
    return {"status": "ok", "output": output} if output else {"status": "ok"}


def reject(
    kind: Union[str, Sequence[str]],
    code: Optional[str] = None,
    fields: Optional[Json] = None,
    **output: Any,
) -> Json:
    """Return the expectation of an error.

    kind: its kind, or several if the rule leaves the choice; code, fields: those of the error;
    output: the results before the error
    """
    expect: Json = {"status": "reject", "kind": kind if isinstance(kind, str) else list(kind)}
    for key, value in (("code", code), ("fields", fields), ("output", output or None)):
        if value is not None:
            expect[key] = value
    return expect


def words(slug: str) -> str:
    """Return the end of an id as words of a title."""
    return " ".join(_TITLE_WORDS.get(word, word) for word in slug.split("-"))


def either(expect: Json, why: str, divergence: str) -> Json:
    """Return an acceptable outcome, with its reason and its row in DIVERGENCES.md."""
    return {"expect": expect, "why": why, "divergence": divergence}


_PUBLISHED: Dict[str, str] = {}


def _published() -> Mapping[str, str]:
    """Return the version in which each case of the vector files appeared, by its id."""
    if not _PUBLISHED:
        for path in sorted(VECTORS.glob("*-*.json")):
            for case in json.loads(path.read_text(encoding="utf-8")).get("cases", ()):
                _PUBLISHED[case["id"]] = case["since"]
    return _PUBLISHED


# ---- a vector file -----------------------------------------------------------------------------


class Feature:
    """One vector file under construction.

    name: the file without ".json"; op: the operation of its cases; prefix: the start of their ids;
    chunking: the default chunkings of its cases
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
        after: str = "",
        source: str = "derived",
    ) -> None:
        """Add a case. Raises CaseMistake.

        rules: ids, separated by spaces, the most important one first; given: the input;
        why: what the bug costs a user, without a full stop; other arguments: SPEC.md, section 2.2
        """
        chunkings = list(self.chunking if chunking is None else chunking)
        case = {
            "id": case_id,
            "title": title,
            "rules": rules.split(),
            "level": level,
            "op": self.op,
            "input": dict(given),
            "chunking": chunkings if chunkings != ["whole"] else [],
            "expect": expect,
            "acceptable": list(acceptable),
            "needs": list(needs),
            "decides": [],
            "after": after or [],
            "offsets": [],
            "why": why,
            "since": _published().get(case_id, SINCE),
            "source": source,
        }
        if expect.get("status") == "reject" and is_decided_by_kind(case_id):
            case["decides"] = "kind"
        kept = {key: case[key] for key in KEYS if case[key] not in ([], ()) or key == "rules"}
        mistake = mistake_in(kept, self.prefix)
        if mistake is not None:
            raise CaseMistake(f"{case_id}: {mistake}")
        offsets = importlib.import_module("authoring.offsets").offsets_of(kept)
        if offsets:
            kept["offsets"] = offsets
            kept = {key: kept[key] for key in KEYS if key in kept}
        self.cases.append(kept)

    def document(self) -> Json:
        """Return the content of the vector file."""
        from authoring.compact import compacted

        return {"feature": self.name, "cases": [compacted(case) for case in self.cases]}


def mistake_in(case: Json, prefix: str) -> Optional[str]:
    """Return the first mistake in a case in a few words, or None."""
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
            return "an acceptable outcome must differ from the expected one and needs a reason"
        if other["divergence"] not in LEDGER:
            return f"DIVERGENCES.md has no row {other['divergence']}"
    return None


def _mistake_in_words(case: Json, prefix: str) -> Optional[str]:
    if case["op"] not in OUTPUTS:
        return f"the protocol has no operation {case['op']}"
    if prefix not in PREFIXES or not case["id"].startswith(prefix) or not _ID.match(case["id"]):
        return f"the id must be {prefix} followed by lower-case words with dashes"
    for key in ("title", "why", "source"):
        text = case[key]
        if not text or text != text.strip() or "\n" in text or text.endswith("."):
            return f"{key} must be one line without a final full stop"
    if len(case["why"]) < 20:
        return "why must say what the bug costs"
    return None


def _mistake_in_rules(case: Json) -> Optional[str]:
    rules, level = case["rules"], case["level"]
    if not rules:
        return "no rule"
    unknown = [rule for rule in rules if rule not in RULES]
    if unknown:
        return f"unknown rule: {' '.join(unknown)}"
    if len(set(rules)) != len(rules):
        return f"duplicate rule: {' '.join(rules)}"
    if level not in LEVELS or not any(level in RULES[rule].words for rule in rules):
        return f"none of its rules contains {level}"
    return None


def _mistake_in_input(case: Json) -> Optional[str]:
    given, chunking = case["input"], case.get("chunking", [])
    carriers = [key for key in CARRIERS if key in given]
    if case["op"] in BINARY_OPS:
        if len(carriers) != 1:
            return f"its bytes must be in exactly one of {', '.join(CARRIERS)}"
        if (carriers[0] in ("chunks", "parts") or "piece" in given) and chunking:
            return "chunks, parts or a piece have no chunking"
        if "frames" in given:
            try:
                assemble(given["frames"])
            except FrameTextError as error:
                return str(error)
        if "base64" in given and b64(base64.b64decode(given["base64"])) != given["base64"]:
            return "not base64"
    elif carriers or chunking:
        return "the operation has no bytes to split"
    if len(set(chunking)) != len(chunking) or any(way not in CHUNKINGS for way in chunking):
        return f"unknown or duplicate chunking: {' '.join(chunking)}"
    if "trailing" in chunking and case["op"] != "eventstream.decode":
        return "only eventstream.decode has the chunking trailing"
    return None


def _mistake_in_expect(expect: Json, op: str) -> Optional[str]:
    allowed = {
        "ok": {"status", "output"},
        "reject": {"status", "kind", "code", "fields", "output"},
    }.get(expect.get("status", ""))
    if allowed is None or set(expect) - allowed:
        return "expect must be ok with output, or reject with kind, code, fields, output"
    unknown_keys = sorted(set(expect.get("output", {})) - set(OUTPUTS.get(op, ())))
    if unknown_keys:
        return f"the output of {op} has no {unknown_keys[0]}"
    if expect["status"] == "reject":
        kinds = expect["kind"] if isinstance(expect["kind"], list) else [expect["kind"]]
        unknown = [kind for kind in kinds if kind not in KINDS]
        if unknown or not kinds:
            return f"unknown kind: {' '.join(unknown)}"
    return None


# ---- all vector files --------------------------------------------------------------------------


@functools.lru_cache(None)
def features() -> List[Feature]:
    """Return the features of all modules, sorted by name. Raises CaseMistake.

    They are computed once in a process; nobody changes them.
    """
    found: List[Feature] = []
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name != "__main__":
            found += getattr(importlib.import_module(f"{__name__}.{module.name}"), "FEATURES", [])
    found.sort(key=lambda feature: feature.name)
    check_together(found)
    return found


def check_together(found: Sequence[Feature]) -> None:
    """Raise CaseMistake for a duplicate id, file or input, and for an unknown need."""
    names = [feature.name for feature in found]
    ids = [case["id"] for feature in found for case in feature.cases]
    for what in (names, ids):
        twice = sorted({name for name in what if what.count(name) > 1})
        if twice:
            raise CaseMistake(f"{twice[0]}: duplicate")
    seen = set()
    for feature in found:
        for case in feature.cases:
            for need in case.get("needs", ()):
                if need not in ids or need == case["id"]:
                    raise CaseMistake(f"{case['id']}: needs {need}, which is not another case")
            before = case.get("after", case["id"])
            if before not in ids or (before == case["id"] and "after" in case):
                raise CaseMistake(f"{case['id']}: after {before}, which is not another case")
            question = (case["op"], json.dumps(case["input"], sort_keys=True))
            if question in seen:
                raise CaseMistake(f"{case['id']}: same input as another case")
            seen.add(question)


_LINE = 240  # characters of a line without its indentation, unless one value is longer


def text_of(document: Json) -> str:
    """Return a document in the format of the vector files and their schema."""
    return _lines_of(document, "\n") + "\n"


def _lines_of(value: Any, line_end: str) -> str:
    """Return a JSON value. A short value is one line, and so is an array of plain values.

    Of any other value, short members or elements share a line, and each longer one has its own.
    """
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or len(line) <= _LINE:
        return line
    inner = line_end + " "
    if isinstance(value, dict):
        members = [
            f"{json.dumps(name, ensure_ascii=False)}: {_lines_of(member, inner)}"
            for name, member in value.items()
        ]
        return "{" + inner + ("," + inner).join(_filled(members)) + line_end + "}"
    if any(isinstance(element, (dict, list)) for element in value):
        elements = [_lines_of(element, inner) for element in value]
        return "[" + inner + ("," + inner).join(_filled(elements)) + line_end + "]"
    return line


def _filled(parts: Sequence[str]) -> List[str]:
    """Return parts with as many of them joined to one line as fit."""
    lines: List[str] = []
    for part in parts:
        fits = lines and "\n" not in lines[-1] + part
        if fits and len(lines[-1]) + len(part) + 2 <= _LINE:
            lines[-1] += ", " + part
        else:
            lines.append(part)
    return lines


def written(found: Sequence[Feature]) -> Dict[str, bytes]:
    """Return the vector files by name, as bytes."""
    return {
        feature.name + ".json": text_of(feature.document()).encode("utf-8") for feature in found
    }


def manifest_of(folder: Path) -> bytes:
    """Return the manifest of a folder: a line `<sha256>  <file>` for each JSON file, sorted."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.json"))
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in files
    ]
    return "".join(lines).encode("ascii")


def write(folder: Path = VECTORS) -> List[Tuple[str, int]]:
    """Write all files and the manifest; delete vector files that have no feature any more.

    Returns the name of each feature with the number of its cases.
    """
    found = features()
    files = written(found)
    for path in folder.glob("*.json"):
        if path.name not in files and "cases" in json.loads(path.read_text(encoding="utf-8")):
            path.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / MANIFEST).write_bytes(manifest_of(folder))
    if folder == VECTORS:
        importlib.import_module(f"{__name__}.mix").write_rows()
    return [(feature.name, len(feature.cases)) for feature in found]
