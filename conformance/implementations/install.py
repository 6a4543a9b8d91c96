# SPDX-License-Identifier: MIT
"""`conformance implementations install | list`: third-party implementations at their pinned
versions.

Each implementation goes into its own folder and nothing is installed anywhere else. A mark file in
the folder says that it was created here, and in the end at which versions, so that an interrupted
installation is repeated and a complete one is kept. A folder without the mark is never removed. An
adapter that does not start counts as not installed.
"""

import os
from typing import List, Optional, Sequence

from conformance.implementations.installers import (
    MARK,
    Installed,
    InstallError,
    Say,
    ThirdParty,
    is_marked,
    write_mark,
)
from conformance.implementations.registry import (
    APPLICATIONS,
    IMPLEMENTATIONS,
    find_implementation,
    folder_of,
    implementation_named,
    implementations_folder,
    start_adapter,
    why_absent,
)
from conformance.protocol.process import AdapterFault
from refimpl.errors import Error, UsageError, shown


def install(names: Sequence[str], say: Say) -> None:
    """Install the named implementations; a failure does not prevent the next installation.

    Raises UsageError for an unknown name, and UsageError or InstallError if one could not be
    installed.
    """
    implementations = [implementation_named(name) for name in names]
    failures: List[Error] = []
    for implementation in implementations:
        try:
            _install_one(implementation, folder_of(implementation), say)
        except (InstallError, UsageError, OSError) as error:
            failure = _unwritable(error) if isinstance(error, OSError) else error
            say(f"{implementation.name}: NOT installed: {failure}")
            failures.append(failure)
    if failures:
        is_failed_command = any(isinstance(failure, InstallError) for failure in failures)
        error_class = InstallError if is_failed_command else UsageError
        raise error_class(
            f"{len(failures)} of {len(implementations)} implementations could not be installed"
        )


def _unwritable(error: OSError) -> UsageError:
    path = shown(error.filename or implementations_folder())
    return UsageError(
        f"cannot write to {path}: {error.strerror or error}",
        expected="a folder, named by REFIMPL_IMPLEMENTATIONS",
    )


def _install_one(implementation: ThirdParty, folder: str, say: Say) -> None:
    name = implementation.name
    found = None
    if is_marked(implementation, folder):
        found = implementation.find(implementation, folder)
    if found is not None:
        reason = _why_not_starting(found)
        if reason is None:
            say(f"{name}: already installed in {folder}")
            return
        say(f"{name}: already installed, but its adapter does not start; reinstalling: {reason}")
    implementation.check(implementation)
    implementation.install(implementation, folder, say)
    if os.path.exists(os.path.join(folder, MARK)):
        write_mark(folder, dict(implementation.pins))
    found = implementation.find(implementation, folder)
    if found is None:
        raise InstallError(f"{name} cannot be found after its installation")
    reason = _why_not_starting(found)
    if reason is not None:
        raise InstallError(f"its adapter does not start: {reason}")
    say(f"{name}: installed, {found.where}")


def _why_not_starting(found: Installed) -> Optional[str]:
    """Return why an adapter does not start, or None if it starts.

    A folder with the mark may have lost files since.
    """
    if not found.command:
        return None
    try:
        with start_adapter(found):
            return None
    except AdapterFault as fault:
        return shown(str(fault), 500)


def list_implementations(say: Say) -> None:
    """Print each implementation's pinned versions, and where it is installed."""
    for implementation in IMPLEMENTATIONS + APPLICATIONS:
        found = find_implementation(implementation.name)
        versions = ", ".join(f"{name} {version}" for name, version in implementation.pins)
        say(f"{implementation.name:13} {implementation.description}")
        say(f"              pinned: {versions}")
        if found:
            say(f"              installed: {found.where}")
            action = "run" if found.command else "applications"
            name = f" {implementation.name}" if found.command else ""
            say(f"              python3 -m conformance implementations {action}{name}")
        else:
            say(f"              {why_absent(implementation)}")
