# SPDX-License-Identifier: MIT
"""The parts that a single file can leave out, and the modules of a file.

A module that belongs to no part is always in the file. A module of a part that is left out is
still in the file if another module imports it at module level.
"""

from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from ..errors import UsageError

PARTS: Dict[str, Tuple[str, ...]] = {
    "config": (
        "bearer",
        "cli.doctor",
        "cli.identity",
        "cli.token",
        "config.assume_role",
        "config.chain",
        "config.container",
        "config.metadata",
        "config.process",
        "config.profiles",
        "config.providers",
        "config.settings",
        "config.sources",
        "config.sso",
        "config.static",
        "config.sts",
        "config.system",
        "config.web_identity",
    ),
    "documents": ("cli.convert", "convert", "documents.query_format"),
    "explain": ("cli.explain", "explain"),
    "servers": ("sigv4_verification",),
    "text": ("cli.bridge", "extracting", "text"),
    # Without it, the file has functions that sign, send and decode, and no commands.
    "client": (
        "cli",
        "client",
        "config",
        "endpoints",
        "failures",
        "fetched",
        "live_response",
        "redaction",
        "results",
    ),
}
# The parts that a file has only if `--with` names them, because no client needs them.
_ON_REQUEST = ("servers",)
# The command `vendor` needs the package's modules, which a single file does not have.
_NEVER = ("", "__main__", "cli.vendor", "vendor")


def _is_in(module: str, names: Iterable[str]) -> bool:
    return any(module == name or module.startswith(name + ".") for name in names if name)


def part_of(module: str) -> str:
    """Return the part that a module belongs to, or the module's own name."""
    if _is_in(module, _NEVER):
        return module
    return next((part for part, names in PARTS.items() if _is_in(module, names)), module)


def chosen_parts(only: Optional[Sequence[str]], without: Optional[Sequence[str]]) -> List[str]:
    """Return the parts of a file, in alphabetical order.

    only: the parts to include, or None for all of a client
    without: those of these parts to leave out, or None
    Raises UsageError for an unknown part, and if both arguments are given.
    """
    if only is not None and without is not None:
        raise UsageError("--with and --without are both given", expected="one of them")
    for part in (*(only or ()), *(without or ())):
        if part not in PARTS:
            raise UsageError("unknown part", expected=", ".join(sorted(PARTS)), actual=part)
    chosen = set(PARTS).difference(_ON_REQUEST) if only is None else set(only)
    return sorted(chosen.difference(without or ()))


def modules_of(parts: Sequence[str], needs: Mapping[str, Sequence[str]]) -> List[str]:
    """Return the modules of a file with these parts, each after the modules that it imports.

    needs: for each module of the package, the modules that it imports at module level
    """
    left_out = [name for part in PARTS if part not in parts for name in PARTS[part]]
    ordered: List[str] = []
    seen: Set[str] = set()

    def add(module: str) -> None:
        if module in seen:
            return
        seen.add(module)
        for needed in sorted(needs[module]):
            add(needed)
        ordered.append(module)

    for module in sorted(needs):
        if module not in _NEVER and not _is_in(module, (*_NEVER, *left_out)):
            add(module)
    return ordered
