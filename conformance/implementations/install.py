# SPDX-License-Identifier: MIT
"""The software of others that we compare with: where it lies, how it is installed, how a program of ours talks to it.

A peer is one row of PEERS. `python3 -m conformance peers install NAME` puts it into a folder of its own, NAME under the folder
that the environment variable REFIMPL_PEERS names (default: `.peers` in the checkout, else in the current folder), at the exact
versions that stand here and in peer_programs/; a mark, written last, says that all of it is there, so that installing again does
nothing. Nothing is installed anywhere else, and the core never needs any of it.

The plan: the installers say each command before they run it; find_peer() says where a peer lies and which adapter program
speaks for it; start_adapter() starts that. Refused: other versions than the pinned ones, a tool that is missing (exit code 2),
a command that fails (1).
"""

import filecmp
import glob
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from conformance.adapters.limits import DEADLINE, READ_TIMEOUT
from conformance.files import PACKAGE, ROOT
from conformance.protocol.process import Adapter, AdapterFault, end_group
from refimpl.errors import Error, UsageError, shown

PROGRAMS = os.path.join(PACKAGE, "adapters")
MARK = "installed.json"
_PATIENCE = 20.0  # seconds for a tool to tell its version

Say = Callable[[str], None]
Pins = Tuple[Tuple[str, str], ...]


class InstallError(Error):
    """A command that installs a peer has failed."""

    kind = "peer"


class Found(
    NamedTuple(
        "Found",
        [
            ("name", str),
            ("where", str),  # for a person: a folder or a program
            ("command", Tuple[str, ...]),  # starts the adapter; empty when the peer has none
            ("environment", Mapping[str, str]),
        ],
    )
):  # beside the process's own
    """A peer that is there."""

    __slots__ = ()


class Peer(NamedTuple):
    name: str
    what: str
    pins: Pins
    check: Callable[["Peer"], None]
    install: Callable[["Peer", str, Say], None]
    find: Callable[["Peer", str], Optional[Found]]


# ---- where things lie --------------------------------------------------------------------------------------------


def peers_folder() -> str:
    """Return the folder that holds a folder for each peer."""
    given = os.environ.get("REFIMPL_PEERS")
    if given:
        return os.path.abspath(given)
    return os.path.join(
        ROOT if os.path.exists(os.path.join(ROOT, "pyproject.toml")) else os.getcwd(), ".peers"
    )


def peer_named(name: str) -> Peer:
    """Return a row of PEERS. Raises UsageError."""
    for peer in PEERS:
        if peer.name == name:
            return peer
    raise UsageError("no such peer", expected=" ".join(peer.name for peer in PEERS), actual=name)


def find_peer(name: str) -> Optional[Found]:
    """Return where a peer lies and how its adapter is started, or None when it is not there at its pinned versions."""
    peer = peer_named(name)
    folder = os.path.join(peers_folder(), name)
    return peer.find(peer, folder)


def why_absent(peer: Peer) -> str:
    """Return why a peer is not there: what this machine lacks, or else that it was not installed."""
    try:
        peer.check(peer)
    except UsageError as error:
        return str(error)
    return f"not installed; python3 -m conformance peers install {peer.name}"


def judged_peer(name: str) -> Found:
    """Return a peer that is there and has an adapter. Raises UsageError."""
    found = find_peer(name)
    if found is None:
        raise UsageError(
            f"{name} is not installed", expected=f"python3 -m conformance peers install {name}"
        )
    if not found.command:
        raise UsageError(f"{name} has no adapter")
    return found


def _is_marked(peer: Peer, folder: str) -> bool:
    try:
        with open(os.path.join(folder, MARK), encoding="utf-8") as file:
            return bool(json.load(file) == dict(peer.pins))
    except (OSError, ValueError):
        return False


# ---- running commands --------------------------------------------------------------------------------------------


def _has(*tools: str) -> bool:
    return all(shutil.which(tool) is not None for tool in tools)


def _need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            raise UsageError(f"{tool} is needed and not here")


def _needs(*tools: str) -> Callable[[Peer], None]:
    return lambda peer: _need(*tools)


def _run(say: Say, *command: str, **options: Any) -> str:
    """Run a command, after saying so, and return what it printed; an interrupt ends it, and all that it has started."""
    say("$ " + " ".join(command))
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,  # noqa: S603
            start_new_session=True,
            **options,
        )
    except OSError as error:
        raise InstallError(f"{command[0]} cannot be run: {error.strerror}") from None
    try:
        told: str = process.communicate()[0].decode("utf-8", "replace")
    except BaseException:
        end_group(process)
        raise
    if process.returncode:
        raise InstallError(
            f"{command[0]} failed with exit code {int(process.returncode)}: {told.strip()[-1000:]}"
        )
    return told


def _told(*command: str) -> str:
    """Return what a command prints, or "" when it cannot be run."""
    try:
        told = subprocess.check_output(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_PATIENCE
        )  # noqa: S603
        return told.decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError):
        return ""


def _version_in(text: str) -> Tuple[int, ...]:
    match = re.search(r"[0-9]+(?:\.[0-9]+)+", text)
    return tuple(map(int, match.group().split("."))) if match else ()


# ---- Python's packages -------------------------------------------------------------------------------------------

# -I: neither the current folder nor PYTHON* of the environment count; ours is looked into last, behind the peer's own packages.
_BOOT = "import runpy, sys; sys.path.append(sys.argv.pop(1)); runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"


def _python_program(python: str, module: str, *arguments: str) -> Tuple[str, ...]:
    return (python, "-I", "-B", "-c", _BOOT, ROOT, "conformance.adapters." + module) + arguments


def _pinned_in(file_name: str) -> Pins:
    with open(os.path.join(PROGRAMS, file_name), encoding="ascii") as file:
        pairs = [line.split("==") for line in file.read().split()]
    return tuple((name, version) for name, version in pairs)


def _venv_python(folder: str) -> str:
    return os.path.join(folder, "Scripts" if os.name == "nt" else "bin", "python")


# The adapter of each package, and the Python that it needs.
_PYTHON_ADAPTERS = {
    "boto3": "boto3_client",
    "awscrt": "awscrt_signer",
    "smithy-python": "smithy_python",
}
_PYTHON_NEEDED = {"boto3": (3, 10), "awscrt": (3, 8), "smithy-python": (3, 12)}


def _python_for(peer: Peer) -> str:
    """Return an interpreter that is new enough: this one, or else one in the PATH or of pyenv's. Raises UsageError."""
    needed = _PYTHON_NEEDED[peer.name]
    if sys.version_info >= needed:
        return sys.executable
    in_path = [f"python3.{int(minor)}" for minor in range(needed[1], needed[1] + 10)]
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser(os.path.join("~", ".pyenv"))
    for python in in_path + sorted(
        glob.glob(os.path.join(glob.escape(root), "versions", "3.*", "bin", "python3"))
    ):
        if _version_in(_told(python, "--version")) >= needed:
            return python
    raise UsageError(
        f"{peer.name} needs a newer Python",
        expected="python%d.%d or later in the PATH, or of pyenv's" % needed,
    )


def _check_python(peer: Peer) -> None:
    _python_for(peer)


def _install_python(peer: Peer, folder: str, say: Say) -> None:
    _run(say, _python_for(peer), "-m", "venv", folder)
    _run(
        say,
        _venv_python(folder),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        os.path.join(PROGRAMS, peer.name + ".txt"),
    )


def _find_python(peer: Peer, folder: str) -> Optional[Found]:
    """Find a peer in its folder, or else in the interpreter that runs this."""
    python = (
        _venv_python(folder)
        if _is_marked(peer, folder)
        else sys.executable
        if _runs_here(peer.pins)
        else None
    )
    if python is None:
        return None
    command = _python_program(python, _PYTHON_ADAPTERS[peer.name])
    return Found(peer.name, folder if python != sys.executable else python, command, {})


def _runs_here(pins: Pins) -> bool:
    """Whether this interpreter has the packages at these versions."""
    try:
        metadata = importlib.import_module("importlib.metadata")  # Python 3.8
        return all(metadata.version(name) == version for name, version in pins)
    except ImportError:  # PackageNotFoundError is one
        return False


# ---- npm's packages ----------------------------------------------------------------------------------------------


def _check_javascript(peer: Peer) -> None:
    _need("node", "npm")
    if _version_in(_told("node", "--version")) < (20,):
        raise UsageError(
            "Node.js is too old", expected="20 or later", actual=_told("node", "--version").strip()
        )


def _install_javascript(peer: Peer, folder: str, say: Say) -> None:
    os.makedirs(folder)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(PROGRAMS, "javascript", name), folder)
    _run(
        say,
        shutil.which("npm") or "npm",
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        cwd=folder,
    )


def _find_javascript(peer: Peer, folder: str) -> Optional[Found]:
    node = shutil.which("node")
    if node is None or not _is_marked(peer, folder):
        return None
    program = os.path.join(PROGRAMS, "javascript", "adapter.mjs")
    return Found(
        peer.name,
        folder,
        (node, program, folder, f"{int(READ_TIMEOUT * 1000)}", f"{int(DEADLINE * 1000)}"),
        {},
    )


# ---- curl --------------------------------------------------------------------------------------------------------

_CURL_WITH_SIGV4 = (7, 75)


def _check_curl(peer: Peer) -> None:
    _need("curl")
    if _version_in(_told("curl", "--version")) < _CURL_WITH_SIGV4:
        raise UsageError(
            "curl is too old for --aws-sigv4",
            expected="7.75 or later",
            actual=_told("curl", "--version")[:40],
        )


def _install_curl(peer: Peer, folder: str, say: Say) -> None:
    say("the system's curl is used; nothing is installed")


def _find_curl(peer: Peer, folder: str) -> Optional[Found]:
    curl = shutil.which("curl")
    if curl is None or _version_in(_told(curl, "--version")) < _CURL_WITH_SIGV4:
        return None
    return Found(peer.name, curl, _python_program(sys.executable, "curl_client", curl), {})


# ---- Ruby's gems -------------------------------------------------------------------------------------------------

_DEBIAN_PINS = (
    "ruby-aws-eventstream=1.2.0-1",
    "ruby-aws-sigv4=1.5.1-2",
)  # the gems of PEERS, as Debian packs them
_DEBIAN_RUBY = ("ruby3.1", "libruby3.1")  # an interpreter, for a system that has none
_ADVICE = "; or, as root: apt-get install ruby ruby-aws-eventstream ruby-aws-sigv4"


def _check_ruby(peer: Peer) -> None:
    if not _has("ruby", "gem") and not _has("apt-get", "dpkg-deb"):
        raise UsageError("ruby with gem, or apt-get and dpkg-deb, are needed and not here")


def _install_ruby(peer: Peer, folder: str, say: Say) -> None:
    os.makedirs(folder)
    if not _install_gems(peer, folder, say):
        _unpack_debian(folder, say)
    ruby, environment = _ruby_of(folder)
    check = "require 'aws-eventstream'; require 'aws-sigv4'; print RUBY_VERSION"
    try:
        say(
            "Ruby "
            + _run(say, ruby, "--disable-gems", "-e", check, env=dict(os.environ, **environment))
        )
    except InstallError as error:
        raise InstallError(f"the gems do not load: {error}{_ADVICE}") from None


def _install_gems(peer: Peer, folder: str, say: Say) -> bool:
    """Try gem, and tell whether it worked: the registry of gems may be out of reach."""
    if not _has("ruby", "gem"):
        return False
    try:
        for name, version in peer.pins:
            _run(
                say,
                "gem",
                "install",
                "--no-document",
                "--ignore-dependencies",
                "--install-dir",
                os.path.join(folder, "gems"),
                name,
                "--version",
                version,
            )
    except InstallError as error:
        say(f"no gems: {shown(str(error), 300)}")
        return False
    return True


def _unpack_debian(folder: str, say: Say) -> None:
    """Fetch Debian's packages and unpack them in the folder: no root, nothing of the system changes."""
    _need("apt-get", "dpkg-deb")
    packages = _DEBIAN_PINS + (() if shutil.which("ruby") else _DEBIAN_RUBY)
    with tempfile.TemporaryDirectory() as downloads:
        try:
            _run(
                say,
                "apt-get",
                "download",
                "-o",
                "APT::Sandbox::User=root",
                *packages,
                cwd=downloads,
            )
        except InstallError as error:
            raise InstallError(f"{error}; apt-get update may help{_ADVICE}") from None
        for package in sorted(os.listdir(downloads)):
            _run(say, "dpkg-deb", "-x", os.path.join(downloads, package), folder)


def _ruby_of(folder: str) -> Tuple[str, Dict[str, str]]:
    """Return the interpreter, and the environment in which it finds the gems and itself."""

    def inside(*parts: str) -> List[str]:
        return sorted(glob.glob(os.path.join(glob.escape(folder), *parts)))

    libraries = (
        inside("gems", "gems", "*", "lib")
        + inside("usr", "lib", "ruby", "vendor_ruby")
        + inside("usr", "share", "rubygems-integration", "all", "gems", "*", "lib")
    )
    own = inside("usr", "bin", "ruby[0-9]*")
    if not own:
        return shutil.which("ruby") or "ruby", {"RUBYLIB": os.pathsep.join(libraries)}
    libraries += inside("usr", "lib", "ruby", "[0-9]*") + inside(
        "usr", "lib", "*", "ruby", "[0-9]*"
    )
    shared = [os.path.dirname(path) for path in inside("usr", "lib", "*", "libruby*.so.[0-9]*")]
    return own[0], {
        "RUBYLIB": os.pathsep.join(libraries),
        "LD_LIBRARY_PATH": os.pathsep.join(shared),
    }


def _find_ruby(peer: Peer, folder: str) -> Optional[Found]:
    if not _is_marked(peer, folder):
        return None
    ruby, environment = _ruby_of(folder)
    program = os.path.join(PROGRAMS, "ruby", "adapter.rb")
    told = ", ".join("{} {}".format(*pin) for pin in peer.pins)
    return Found(peer.name, folder, (ruby, "--disable-gems", program, told), environment)


# ---- AWS's SDKs for Go, Rust and Java ----------------------------------------------------------------------------

# Each is built in its folder from the sources beside this file; what its tool fetches stays in that tool's own cache.
_CALL_LIMITS = (f"{int(READ_TIMEOUT * 1000)}", f"{int(DEADLINE * 1000)}")


def _pinned_by(file_name: str, pattern: str) -> Pins:
    """Return the pairs (name, version) that a pattern finds in a file of peer_programs."""
    with open(os.path.join(PROGRAMS, file_name), encoding="utf-8") as file:
        return tuple(re.findall(pattern, file.read()))


def _copy_sources(peer: Peer, folder: str) -> None:
    os.makedirs(folder)
    sources = os.path.join(PROGRAMS, peer.name)
    for name in sorted(os.listdir(sources)):
        shutil.copy(os.path.join(sources, name), folder)


def _install_go(peer: Peer, folder: str, say: Say) -> None:
    _copy_sources(peer, folder)
    _run(say, "go", "build", "-mod=readonly", "-trimpath", "-o", "adapter", ".", cwd=folder)


def _install_rust(peer: Peer, folder: str, say: Say) -> None:
    _copy_sources(peer, folder)
    _run(say, "cargo", "generate-lockfile", cwd=folder)
    _write_cargo_lock(folder)
    _run(say, "cargo", "build", "--release", "--locked", "--target-dir", "target", cwd=folder)
    shutil.move(os.path.join(folder, "target", "release", "adapter"), folder)
    shutil.rmtree(os.path.join(folder, "target"))


def _write_cargo_lock(folder: str) -> None:
    """Make Cargo.lock of locked.toml, which leaves out where a package comes from: the registry is the one that cargo uses here."""
    lock = os.path.join(folder, "Cargo.lock")
    with open(lock, encoding="utf-8") as file:
        source = re.search(r"\nsource = .*", file.read())
    with open(os.path.join(folder, "locked.toml"), encoding="utf-8") as file:
        locked = file.read()
    with open(lock, "w", encoding="utf-8") as file:
        file.write(
            locked.replace(
                "\nchecksum = ", (source.group() if source is not None else "") + "\nchecksum = "
            )
        )


def _is_current(peer: Peer, folder: str) -> bool:
    """Whether the folder bears the mark, and what was built there was built from the sources as they are now."""
    sources = os.path.join(PROGRAMS, peer.name)
    names = os.listdir(sources)
    return (
        _is_marked(peer, folder)
        and filecmp.cmpfiles(sources, folder, names, shallow=False)[0] == names
    )


def _find_built(peer: Peer, folder: str) -> Optional[Found]:
    program = os.path.join(folder, "adapter")
    if not _is_current(peer, folder) or not os.path.exists(program):
        return None
    return Found(peer.name, folder, (program,) + _CALL_LIMITS, {})


def _install_java(peer: Peer, folder: str, say: Say) -> None:
    _copy_sources(peer, folder)
    _run(
        say,
        "mvn",
        "--quiet",
        "--batch-mode",
        "dependency:copy-dependencies",
        "-DoutputDirectory=lib",
        cwd=folder,
    )
    _run(
        say,
        "javac",
        "-proc:none",
        "-cp",
        os.path.join("lib", "*"),
        "-d",
        "classes",
        "Adapter.java",
        cwd=folder,
    )


def _find_java(peer: Peer, folder: str) -> Optional[Found]:
    java = shutil.which("java")
    if java is None or not _is_current(peer, folder):
        return None
    path = os.pathsep.join((os.path.join(folder, "classes"), os.path.join(folder, "lib", "*")))
    return Found(
        peer.name,
        folder,
        (java, "-XX:TieredStopAtLevel=1", "-cp", path, "Adapter") + _CALL_LIMITS,
        {},
    )


# ---- the peers ---------------------------------------------------------------------------------------------------


def _pinned_packages() -> Pins:
    with open(os.path.join(PROGRAMS, "javascript", "package.json"), encoding="utf-8") as file:
        return tuple(json.load(file)["dependencies"].items())


PEERS = (
    Peer(
        "boto3",
        "AWS's SDK for Python, with botocore",
        _pinned_in("boto3.txt"),
        _check_python,
        _install_python,
        _find_python,
    ),
    Peer(
        "awscrt",
        "AWS's Common Runtime, whose signer is C",
        _pinned_in("awscrt.txt"),
        _check_python,
        _install_python,
        _find_python,
    ),
    Peer(
        "smithy-python",
        "Smithy's signer and event streams for Python",
        _pinned_in("smithy-python.txt"),
        _check_python,
        _install_python,
        _find_python,
    ),
    Peer(
        "javascript",
        "AWS's SDK for JavaScript, with Smithy's event-stream codec",
        _pinned_packages(),
        _check_javascript,
        _install_javascript,
        _find_javascript,
    ),
    Peer(
        "curl",
        "the system's curl, for --aws-sigv4",
        (("curl", "7.75 or later"),),
        _check_curl,
        _install_curl,
        _find_curl,
    ),
    Peer(
        "ruby",
        "aws-eventstream and aws-sigv4 for Ruby",
        (("aws-eventstream", "1.2.0"), ("aws-sigv4", "1.5.1")),
        _check_ruby,
        _install_ruby,
        _find_ruby,
    ),
    Peer(
        "go",
        "AWS's SDK for Go, version 2",
        _pinned_by("go/go.mod", r"\t(github\.com/aws/\S+) v([0-9.]+)\n"),
        _needs("go"),
        _install_go,
        _find_built,
    ),
    Peer(
        "rust",
        "AWS's SDK for Rust",
        _pinned_by("rust/Cargo.toml", r'\n(aws-[a-z0-9-]+) = (?:\{ version = )?"=([0-9.]+)"'),
        _needs("cargo"),
        _install_rust,
        _find_built,
    ),
    Peer(
        "java",
        "AWS's SDK for Java, version 2",
        _pinned_by("java/pom.xml", r"<artifactId>([a-z-]+)</artifactId><version>([0-9.]+)<"),
        _needs("mvn", "javac", "java"),
        _install_java,
        _find_java,
    ),
)


def install(names: Sequence[str], say: Say) -> None:
    """Install peers, each whether or not the one before it could be. Raises UsageError, InstallError when one could not."""
    peers = [peer_named(name) for name in names]
    failures: List[Error] = []
    for peer in peers:
        try:
            _install_one(peer, os.path.join(peers_folder(), peer.name), say)
        except (InstallError, UsageError, OSError) as error:
            failure = _unwritable(error) if isinstance(error, OSError) else error
            say(f"{peer.name}: NOT installed: {failure}")
            failures.append(failure)
    if failures:
        worst = (
            InstallError
            if any(isinstance(failure, InstallError) for failure in failures)
            else UsageError
        )
        raise worst(f"{len(failures)} of {len(peers)} peers could not be installed")


def _unwritable(error: OSError) -> UsageError:
    return UsageError(
        f"{shown(error.filename or peers_folder())} cannot be written to: {error.strerror or error}",
        expected="a folder, which REFIMPL_PEERS names",
    )


def _install_one(peer: Peer, folder: str, say: Say) -> None:
    found = peer.find(peer, folder) if _is_marked(peer, folder) else None
    if found is not None:
        fault = _fault_of(found)
        if fault is None:
            say(f"{peer.name}: there already, in {folder}")
            return
        say(
            f"{peer.name}: there already, but its adapter does not start, so it is installed anew: {fault}"
        )
    peer.check(peer)
    if os.path.isdir(folder) and not os.path.islink(folder):
        shutil.rmtree(folder)
    elif os.path.lexists(folder):
        os.remove(folder)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    peer.install(peer, folder, say)
    if peer.name != "curl":
        with open(os.path.join(folder, MARK), "w", encoding="utf-8") as file:
            json.dump(dict(peer.pins), file)
    found = peer.find(peer, folder)
    if found is None:
        raise InstallError(f"{peer.name} is not found where it was installed")
    fault = _fault_of(found)
    if fault is not None:
        raise InstallError(f"its adapter does not start: {fault}")
    say(f"{peer.name}: installed, {found.where}")


def _fault_of(found: Found) -> Optional[str]:
    """Return why an adapter does not start, or None when it does: what the mark says may have been taken away since."""
    if not found.command:
        return None
    try:
        with start_adapter(found):
            return None
    except AdapterFault as fault:
        return shown(str(fault), 500)


def list_peers(say: Say) -> None:
    """Say of each peer its pinned versions, and whether and where it is there."""
    for peer in PEERS:
        found = find_peer(peer.name)
        say(f"{peer.name:13} {peer.what}")
        say(f"              pinned: {', '.join(('{} {}'.format(*pin) for pin in peer.pins))}")
        say(f"              {(f'installed: {found.where}' if found else why_absent(peer))}")
        if found:
            say(f"              python3 -m conformance peers run {peer.name}")


# ---- talking to an adapter ---------------------------------------------------------------------------------------

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_NO_SETTINGS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def environment_of(found: Found) -> Dict[str, Optional[str]]:
    """Return what a peer's adapter needs beside the process's environment, and None for each name that it must not see there:
    the settings of AWS's tools and the proxies are the caller's, and would be judged in the peer's place."""
    hidden: Dict[str, Optional[str]] = {
        name: None for name in os.environ if name.startswith("AWS_") or name.upper() in _PROXIES
    }
    return dict(hidden, **dict(_NO_SETTINGS, **found.environment))


def start_adapter(found: Found) -> Adapter:
    """Start the adapter of a peer that is there."""
    return Adapter(found.command, environment_of(found))
