# SPDX-License-Identifier: MIT
"""Mutation tests that check the checks of servers: the part of `conformance prove` for chapter SRV.

The correct endpoint must pass every check, and none may be left out. Each mutant of the endpoint
then runs in a process of its own, and a check of its rule must fail.
"""

import subprocess
import threading
from contextlib import contextmanager
from typing import (
    IO,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Sequence,
    Set,
    Tuple,
    cast,
)

from conformance.cases.rules import Rule
from conformance.endpoint.checks import ACCESS_KEY, EXAMPLE_TOKEN, SECRET_KEY
from conformance.mutation.endpoint import PAUSE, REGION
from conformance.mutation.mutants import Mutant
from conformance.run.runner import OWN_ADAPTER, own_environment, surroundings
from conformance.run.verdicts import FAIL, HANG, PASS, Result
from conformance.servers.catalogue import CHECKS, checks_by_rule
from conformance.servers.exchange import Limits
from conformance.servers.judging import run_checks
from conformance.servers.subject import Names, Subject
from conformance.servers.verdicts import Check
from refimpl.sigv4 import Credentials

CHAPTER = "SRV-"
_NAMES = Names(*Names._fields)  # mutation/endpoint.py gives each its name
_KILLS = (FAIL, HANG)
_SURVIVED = "SURVIVED"
_STILLBORN = "STILLBORN"

Say = Callable[[str], None]


class ServerTrial(NamedTuple):
    """What happened to a mutant: how a check killed it or how it survived, and the check's id."""

    how: str
    check: str
    note: str


def is_of_server(mutant: Mutant) -> bool:
    """Return whether the checks of servers have to kill a mutant."""
    return mutant.rule.startswith(CHAPTER)


@contextmanager
def serving(name: str, timeout: float) -> Iterator[str]:
    """Run the endpoint with a mutant, or without one for an empty name. Yields its URL, or ""."""
    process = subprocess.Popen(  # noqa: S603
        [OWN_ADAPTER[0], "-m", "conformance.mutation.endpoint", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(surroundings(), **own_environment()),
    )
    stdin, stdout = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    guard = threading.Timer(timeout, process.kill)
    guard.start()
    try:
        url = stdout.readline().decode("ascii", "replace").strip()
        guard.cancel()
        yield url
    finally:
        guard.cancel()
        stdin.close()
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        stdout.close()


def subject_at(url: str, timeout: float) -> Subject:
    """Return the endpoint at a URL with everything that the checks need."""
    return Subject(
        url,
        Credentials(ACCESS_KEY, SECRET_KEY, EXAMPLE_TOKEN),
        REGION,
        _NAMES,
        serves_region=True,
        limits=Limits(timeout),
        pause=PAUSE,
    )


def trial(name: str, checks: Sequence[Check], timeout: float) -> ServerTrial:
    """Run checks against a mutant until one kills it."""
    with serving(name, timeout) as url:
        if not url:
            return ServerTrial(_STILLBORN, "", "the endpoint does not start")
        for check in checks:
            result = results_of(url, [check], timeout)[0]
            if result.verdict.word in _KILLS:
                return ServerTrial(result.verdict.word, check.id, result.verdict.note)
    return ServerTrial(_SURVIVED, "", f"{len(checks)} checks")


def results_of(url: str, checks: Sequence[Check], timeout: float) -> List[Result]:
    """Return the results of checks against an endpoint."""
    return run_checks(subject_at(url, timeout), checks, lambda *step: None).results


def not_passed(timeout: float) -> List[str]:
    """Return each check that the correct endpoint does not pass."""
    with serving("", timeout) as url:
        results = results_of(url, CHECKS, timeout)
    return [
        f"{result.case.id} {result.verdict.word}"
        for result in results
        if result.verdict.word != PASS
    ]


def kill_all(
    mutants: Sequence[Mutant],
    pool_map: Callable[..., Iterator[ServerTrial]],
    timeout: float,
    say: Say,
) -> Tuple[List[str], Set[str]]:
    """Run every mutant of the endpoint and print the results.

    pool_map: the map() of an executor
    Returns a line for each problem, and the ids of the checks that have killed a mutant.
    """
    of_rule: Mapping[str, Sequence[Check]] = checks_by_rule()
    failed: List[str] = []
    killers: Set[str] = set()
    trials = pool_map(
        lambda mutant: trial(mutant.id, of_rule.get(mutant.rule, ()), timeout), mutants
    )
    for mutant, found in zip(mutants, trials):
        say(f"{found.how:9} {mutant.rule:8} {mutant.id:38} {found.check or found.note}")
        if found.how == _SURVIVED:
            failed.append(f"{mutant.id} survived: {mutant.what}")
        elif not found.check:
            failed.append(f"{mutant.id} cannot be loaded: {found.note}")
        else:
            killers.add(found.check)
    return failed, killers


def idle_checks(killers: Set[str], rules: Mapping[str, Rule]) -> List[str]:
    """Return the id of each check of a MUST that has killed no mutant."""
    return [
        check.id
        for check in CHECKS
        if check.id not in killers
        and any("MUST" in rules[name].words for name in check.rules if name in rules)
    ]


def checked_without_mutant(mutants: Sequence[Mutant], rules: Mapping[str, Rule]) -> List[str]:
    """Return each MUST that has a check and no mutant."""
    broken = {mutant.rule for mutant in mutants}
    checked: Dict[str, List[Check]] = checks_by_rule()
    return [
        rule.id
        for rule in rules.values()
        if "MUST" in rule.words and rule.id in checked and rule.id not in broken
    ]
