# SPDX-License-Identifier: MIT
"""The kinds of an adapter's rejections: from the names that it uses to kinds of the protocol.

`kinds` of `hello` maps a name to a kind. In version 2 it may also map a name to a list of kinds, or
to `*`, which stands for all kinds. A name that is neither mapped nor a kind of the protocol counts
as `*` in version 2, and fits nothing in version 1.
"""

from typing import Any, List, Mapping, Sequence, Tuple, Union

from conformance.protocol.messages import REJECT_KINDS

ANY = "*"

Named = Mapping[str, Union[str, Sequence[str]]]


def unknown_kinds(kinds: Mapping[str, Any], protocol: int = 1) -> List[object]:
    """Return the values of an adapter's `kinds` that the protocol does not define."""
    return [value for value in kinds.values() if not _is_defined(value, protocol)]


def _is_defined(value: object, protocol: int) -> bool:
    if isinstance(value, str):
        return value in REJECT_KINDS or (protocol > 1 and value == ANY)
    if protocol == 1 or not isinstance(value, list):
        return False
    return bool(value) and all(isinstance(kind, str) and kind in REJECT_KINDS for kind in value)


def kinds_of(name: str, kinds: Named, protocol: int) -> Tuple[str, ...]:
    """Return the kinds that a rejection's name stands for."""
    value = kinds.get(name, name)
    if isinstance(value, str):
        if value == ANY or (protocol > 1 and value not in REJECT_KINDS):
            return REJECT_KINDS
        return (value,)
    return tuple(value)


def is_unknown(name: object, kinds: Named) -> bool:
    """Return whether a rejection's name is neither mapped nor a kind of the protocol."""
    return isinstance(name, str) and name not in kinds and name not in REJECT_KINDS
