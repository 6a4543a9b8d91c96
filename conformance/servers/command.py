# SPDX-License-Identifier: MIT
"""`conformance check URL`: judges a server, and asks before it calls the public service.

The public service gets only requests that are small and valid HTTP, at most MAX_REQUESTS of them.
Nothing is sent before the user agrees or has given `--yes`.
"""

import argparse
import os
import re
import time
from fnmatch import fnmatchcase
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, TextIO

from conformance.cases.rules import load_rules
from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.files import write_whole
from conformance.report.formats import targets_of, write_reports
from conformance.report.terminal import report_lines
from conformance.run.runner import Run
from conformance.run.verdicts import UNSUPPORTED, exit_code, verdict
from conformance.servers.catalogue import CHECKS, case_of
from conformance.servers.exchange import Limits
from conformance.servers.judging import probe, run_checks
from conformance.servers.observations import observations_page
from conformance.servers.subject import Names, Subject
from conformance.servers.verdicts import Check
from conformance.suite import ProgressLine
from refimpl.config.environment import configured_region
from refimpl.endpoints import is_service_host
from refimpl.errors import UsageError
from refimpl.fields import broken_constraint
from refimpl.operation import parse_endpoint_url
from refimpl.routes import Network
from refimpl.shapes import ENDPOINT_NAME
from refimpl.sigv4 import Credentials

MAX_REQUESTS = 90
DEFAULT_REGION = "us-east-1"
DEFAULT_TIMEOUT = 30.0  # seconds
# The endpoint names of `conformance serve`.
CATALOGUE = Names("slow-drip", None, "output-members", "error-424", "stream-broken-last")
_CATALOGUE_PAUSE = 0.3  # seconds
_REGION_IN_HOST = re.compile(r"\.(?:sagemaker|sagemaker-fips)\.([a-z0-9-]+)\.")

Say = Callable[[str], None]


class Asking(NamedTuple):
    """How the command talks with its user.

    say, complain: print a line
    confirm:  ask a question and return the line that the user types, or None without a terminal
    progress: terminal for the progress line, or None
    """

    say: Say
    complain: Say
    confirm: Optional[Callable[[str], str]]
    progress: Optional[TextIO]


def check_server(
    options: argparse.Namespace,
    asking: Asking,
    find_credentials: Callable[[Optional[str]], Credentials],
) -> int:
    """Judge a server, report, and return the exit code.

    options: of the command line
    find_credentials: returns those of a profile or of the environment
    Raises UsageError, ConfigurationError, UnusableServer.
    """
    chosen = _chosen(options)
    if options.list:
        for check in chosen:
            asking.say(f"{check.id:28} {' '.join(check.rules):10} {check.title}")
        return 0
    if options.url is None:
        raise UsageError("no URL", expected="http(s)://host[:port][/path]")
    targets = targets_of(options.report)
    host = parse_endpoint_url(options.url).host
    is_service = options.service or is_service_host(host)
    subject = subject_of(options, is_service, find_credentials)
    kept = [check for check in chosen if check.is_plain or not is_service]
    if is_service:
        _agree(options, asking, subject, kept, host)
    probe(subject)
    progress = ProgressLine(asking.progress)
    try:
        run = run_checks(subject, kept, progress.show)
    finally:
        progress.clear()
    run = _with_unsent(run, chosen)
    write_reports(targets, run, len(chosen) == len(CHECKS))
    _write_observations(options, is_service, subject, run, asking.say)
    _print(run, asking.say)
    return exit_code(run.results)


def _chosen(options: argparse.Namespace) -> List[Check]:
    chosen = [
        check
        for check in CHECKS
        if (not options.only or any(fnmatchcase(check.id, glob) for glob in options.only))
        and (not options.rule or any(rule in check.rules for rule in options.rule))
    ]
    if not chosen:
        raise UsageError("no check matches", expected="one of conformance check --list")
    return chosen


def subject_of(
    options: argparse.Namespace,
    is_service: bool,
    find_credentials: Callable[[Optional[str]], Credentials],
) -> Subject:
    """Return the server that the options describe. Raises ConfigurationError, UsageError."""
    region = options.region
    found = _REGION_IN_HOST.search(options.url)
    if region is None and found is not None:
        region = found.group(1)
    credentials = Credentials(ACCESS_KEY, SECRET_KEY)
    default_region: Optional[str] = DEFAULT_REGION
    if is_service or options.own_credentials or options.profile:
        credentials = find_credentials(options.profile)
        default_region = configured_region(os.environ) or DEFAULT_REGION
    names = _names_of(options)
    network = Network(os.environ, ca_bundle=options.ca_bundle)
    return Subject(
        options.url,
        credentials,
        region or default_region or DEFAULT_REGION,
        names,
        network.direct_to(options.url)[0],
        region is not None,
        not options.no_signatures,
        MAX_REQUESTS if is_service else None,
        Limits(options.timeout),
        _CATALOGUE_PAUSE if options.catalogue and options.pause is None else options.pause or 0.5,
        (options.body.encode("utf-8"), options.content_type),
    )


def _names_of(options: argparse.Namespace) -> Names:
    given = Names(
        options.streams, options.echoes, options.attributes, options.fails, options.breaks
    )
    for option, name in zip(Names._fields, given):
        if name is not None and broken_constraint(ENDPOINT_NAME, name) is not None:
            expected = "up to 63 letters, digits and hyphens"
            raise UsageError(f"--{option} is not an endpoint name", expected=expected, actual=name)
    if not options.catalogue:
        return given
    return Names(*[one or other for one, other in zip(given, CATALOGUE)])


def _agree(
    options: argparse.Namespace,
    asking: Asking,
    subject: Subject,
    checks: Sequence[Check],
    host: str,
) -> None:
    """Raise UsageError unless the user agrees to call the service."""
    calls = sum(check.calls for check in checks if all(map(subject.has, check.needs)))
    asking.complain(
        f"This sends at most {MAX_REQUESTS} requests to {host}, signed with the access key "
        f"{subject.credentials.access_key[:4]}... in {subject.region}. At most {calls} of them run "
        "a model. Most others are wrong on purpose, and the service logs them as refused."
    )
    if options.yes:
        return
    if asking.confirm is None:
        raise UsageError("the public service is called only with consent", expected="--yes")
    if asking.confirm("Continue? [y/N] ").strip().lower() not in ("y", "yes"):
        raise UsageError("nothing was sent")


def _with_unsent(run: Run, chosen: Sequence[Check]) -> Run:
    """Return a run with the checks that the public service did not get."""
    done = {result.case.id: result for result in run.results}
    note = verdict(UNSUPPORTED, "its requests are not sent to the public service")
    results = []
    for check in chosen:
        if check.id in done:
            results.append(done[check.id])
        else:
            results.append(run.results[0]._replace(case=case_of(check), verdict=note, seconds=0.0))
    return run._replace(results=results)


def _write_observations(
    options: argparse.Namespace, is_service: bool, subject: Subject, run: Run, say: Say
) -> None:
    if not is_service and options.observations is None:
        return
    today = time.strftime("%Y-%m-%d", time.gmtime(subject.clock()))
    page = observations_page(subject, run.results, load_rules(), today)
    if options.observations is not None:
        write_whole(options.observations, page)
        return
    for line in page.splitlines():
        say(line)


def _print(run: Run, say: Say) -> None:
    groups: Dict[str, List[str]] = {}
    for result in run.results:
        if result.verdict.word == UNSUPPORTED:
            groups.setdefault(result.verdict.note, []).append(result.case.id)
    say(f"{run.implementation.name}: {len(run.results)} checks in {run.seconds:.1f} s")
    for note, names in groups.items():
        say(f"not judged: {note}: {' '.join(names)}")
    say("")
    for line in report_lines(run.results, load_rules()):
        say(line)
