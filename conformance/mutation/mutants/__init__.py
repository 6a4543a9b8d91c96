# SPDX-License-Identifier: MIT
"""Broken variants of refimpl and of the endpoint: errors that implementers make, each as one change in one place of a
source file.

A mutant is a row: its id, the rule that it breaks, what it does wrong, the code to replace and the
replacement. The rows of refimpl/MODULE.py are in MODULE.py of this package, those of
conformance/endpoint/MODULE.py in conformance/endpoint/MODULE.py of this package. The code is compared
token by token (patch.py), so its layout has no meaning. It must occur exactly once in its module. A
test checks this for every row, so a change of the source cannot silently disable a mutant.

`conformance prove` shows that the cases detect every mutant. adapter.py runs one of them. A mutant
is only ever loaded into an adapter process of its own, and this package imports nothing of refimpl:
it reads the sources as text.
"""

import os
from importlib import import_module
from typing import NamedTuple, Sequence, Tuple

from conformance.mutation.patch import PatchError, replace_tokens


class Mutant(NamedTuple):
    """One broken variant of one module."""

    id: str
    rule: str
    what: str  # what the variant does wrong
    module: str  # dotted name below refimpl, or a name that begins with "conformance."
    old: str  # code that occurs exactly once in the module
    new: str  # its replacement
    severity: str = ""  # low, medium or high, for mutants from outside


Row = Tuple[str, str, str, str, str]


class MutantError(Exception):
    """An unknown mutant, or one whose code does not occur exactly once in the source."""


# ---- reading the tables ------------------------------------------------------------------------

# The modules that have mutants, in the order in which `conformance mutants` lists them.
MODULES = (
    "sigv4_stages",
    "sigv4_steps",
    "sigv4_credentials",
    "sigv4_values",
    "sigv4_signer",
    "sigv4_presigning",
    "sigv4_verification",
    "eventstream_layout",
    "eventstream_frames",
    "eventstream_errors",
    "eventstream_encoder",
    "eventstream",
    "endpoint_url",
    "operation_request",
    "operation_response",
    "operation_errors",
    "shapes",
    "fields",
    "documents.value_format",
    "documents.header_format",
    "errordocument",
    "http1",
    "http1_errors",
    "timed_socket",
    "transport_errors",
    "transport",
    "client",
    "live_response",
    "failures",
    "endpoints",
    "proxy",
    "config.environment",
    "config.retries",
    "config.profiles",
    "config.provider",
    "config.credentials",
    "config.static",
    "config.assume_role",
    "config.chain",
    "config.web_identity",
    "config.process",
    "config.sso",
    "config.container",
    "config.metadata",
    "config.surroundings",
    "config.settings",
    "documents.json_format",
    "documents.xml_format",
    "documents.query_format",
    "convert",
    "documents.datatype",
    "text.decoder",
    "text.lines",
    "text.server_sent_events",
    "text.json_values",
    "text.paths",
    "text.containers",
    "text.growing",
    "text.tolerant",
    "text.detection",
    "text.extraction",
    "explain.refusal",
    "explain.causes",
    "explain.readings",
    "explain.quoted",
    "explain.messages",
    "conformance.endpoint.checks",
    "conformance.endpoint.request",
    "conformance.endpoint.server",
    "conformance.endpoint.siblings",
    "conformance.endpoint.scenarios.build",
    "conformance.endpoint.scenarios.model",
    "conformance.testing.double",
)


def _mutants_of(module: str) -> Sequence[Mutant]:
    rows: Sequence[Row] = import_module(f"{__name__}.{module}").ROWS
    return [Mutant(name, rule, what, module, old, new) for name, rule, what, old, new in rows]


MUTANTS = tuple(mutant for module in MODULES for mutant in _mutants_of(module))


# ---- making them -------------------------------------------------------------------------------

# conformance.files has this path as well, but it imports refimpl.
ROOT = os.path.abspath(__file__ + "/../../../..")
SOURCES = os.path.join(ROOT, "refimpl")
_OTHERS = "conformance."


def find_mutant(name: str) -> Mutant:
    """Return the mutant with that id. Raises MutantError."""
    for mutant in MUTANTS:
        if mutant.id == name:
            return mutant
    raise MutantError(
        "no such mutant: expected an id that `conformance mutants` lists, got %s"
        % (name or "nothing")
    )


def full_name(module: str) -> str:
    """Return the full name of a module that has mutants."""
    return module if module.startswith(_OTHERS) else "refimpl." + module


def path_of(module: str) -> str:
    """Return the path of a module that has mutants."""
    folder = ROOT if module.startswith(_OTHERS) else SOURCES
    path = os.path.join(folder, *module.split("."))
    return os.path.join(path, "__init__.py") if os.path.isdir(path) else path + ".py"


def module_of(path: str) -> str:
    """Return the dotted name of a module of refimpl, or "" for a file that is not one."""
    name = os.path.relpath(path, SOURCES)
    if name.startswith(os.pardir) or not name.endswith(".py"):
        return ""
    parts = os.path.splitext(name)[0].split(os.sep)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def source_of(module: str) -> str:
    """Return the source of a module that has mutants. Raises MutantError if it cannot be read."""
    try:
        with open(path_of(module), encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise MutantError(f"no source of {full_name(module)}: {error.strerror}") from None


def broken_source(mutant: Mutant) -> str:
    """Return the source of the mutant's module with its patch.

    Raises MutantError unless the old tokens occur exactly once.
    """
    try:
        return replace_tokens(source_of(mutant.module), mutant.old, mutant.new)
    except PatchError as error:
        raise MutantError(
            f"{mutant.id} cannot be made: its tokens occur {error.count} times "
            f"in {full_name(mutant.module)}, not once"
        ) from None
