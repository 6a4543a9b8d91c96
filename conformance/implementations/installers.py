# SPDX-License-Identifier: MIT
"""How an implementation is installed from pip, npm, gems, Debian packages, Go, Cargo or Maven.

Each ecosystem has three functions, which a row of registry.py names: `check` raises UsageError if
this machine lacks a tool, `install` fills a new folder at the pinned versions, `find` returns how
the adapter program is started. An installer prints each command before it runs it. The mark file
says that a folder belongs to an installation, and from the end of the installation on its pins.
Only such a folder is ever removed.

A registry is not trusted: pip, npm, Go and Cargo check every package against a committed hash, and
so do the functions here for gems and for the libraries of Java, before any of their code runs. Two
things are only as good as their tool: Debian packages, whose signatures apt checks, and Maven's own
plugins, which Maven checks against the checksums of the same repository.

Raises UsageError for a missing or outdated tool (exit code 2) and InstallError for a command that
fails (exit code 1).
"""

import filecmp
import glob
import hashlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from fnmatch import fnmatchcase
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from conformance.adapters.limits import READ_TIMEOUT
from conformance.files import PACKAGE, ROOT, read_bounded, write_whole
from conformance.protocol.process import end_group
from refimpl.errors import Error, UsageError, shown

PROGRAMS = os.path.join(PACKAGE, "adapters")
MARK = "installed.json"
_BEGUN = {"complete": False}
_MAX_MARK = 65536  # bytes
_VERSION_TIMEOUT = 20.0  # seconds for a tool to print its version

Say = Callable[[str], None]
Pins = Tuple[Tuple[str, str], ...]


class InstallError(Error):
    """A command that installs an implementation has failed."""

    kind = "implementation"


class Installed(NamedTuple):
    """An installed implementation.

    where: the folder or program, for messages
    command: starts the adapter program, empty if the implementation has none
    environment: variables for the adapter program, in addition to those of this process
    """

    name: str
    where: str
    command: Tuple[str, ...]
    environment: Mapping[str, str]


class ThirdParty(NamedTuple):
    """A third-party implementation: one row of registry.py.

    check: raises UsageError if this machine lacks what the implementation needs
    install: installs it into an empty folder
    find: returns it if the folder has the mark, or None
    """

    name: str
    description: str
    pins: Pins
    check: Callable[["ThirdParty"], None]
    install: Callable[["ThirdParty", str, Say], None]
    find: Callable[["ThirdParty", str], Optional[Installed]]


def prepare_folder(folder: str) -> None:
    """Create a folder for an implementation, with a mark that its installation has begun.

    An earlier installation is removed. A folder that has no mark was not created by an installation
    and stays: raises UsageError.
    """
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    if os.path.isdir(folder) and not os.path.islink(folder):
        if _read_mark(folder) is not None:
            shutil.rmtree(folder)
        elif os.listdir(folder):
            raise UsageError(
                "the folder was not created by an installation, so it is not replaced",
                expected=f"a folder with {MARK}, an empty one or none",
                actual=folder,
            )
    elif os.path.lexists(folder):
        raise UsageError("the folder of the implementation is not a folder", actual=folder)
    os.makedirs(folder, exist_ok=True)
    write_mark(folder, _BEGUN)


def write_mark(folder: str, content: Mapping[str, Any]) -> None:
    """Write the mark file: the pins of a complete installation, or that it has begun."""
    write_whole(os.path.join(folder, MARK), json.dumps(content), follow=False)


def _read_mark(folder: str) -> Optional[Dict[str, Any]]:
    """Return the content of the mark file, or None without one."""
    try:
        mark = json.loads(read_bounded(os.path.join(folder, MARK), _MAX_MARK).decode("utf-8"))
    except (OSError, ValueError, UsageError):
        return None
    return mark if isinstance(mark, dict) else None


def is_marked(implementation: ThirdParty, folder: str) -> bool:
    """Return whether the folder contains a complete installation at the pinned versions."""
    return _read_mark(folder) == dict(implementation.pins)


# ---- running commands --------------------------------------------------------------------------


def _has(*tools: str) -> bool:
    return all(shutil.which(tool) is not None for tool in tools)


def _require(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            raise UsageError(f"{tool} is required but not installed")


def check_tools(*tools: str) -> Callable[[ThirdParty], None]:
    """Return a `check` that requires these tools in the PATH."""
    return lambda implementation: _require(*tools)


def _run(say: Say, *command: str, **options: Any) -> str:
    """Print a command, run it without the caller's AWS settings and return its output.

    An interrupt ends the command and every process that it started.
    """
    say("$ " + " ".join(command))
    given = options.pop("env", os.environ)
    environment = {name: value for name, value in given.items() if not name.startswith("AWS_")}
    try:
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
            **options,
        )
    except OSError as error:
        raise InstallError(f"cannot run {command[0]}: {error.strerror}") from None
    try:
        output: str = process.communicate()[0].decode("utf-8", "replace")
    except BaseException:
        end_group(process)
        raise
    if process.returncode:
        code, end = process.returncode, output.strip()[-1000:]
        raise InstallError(f"{command[0]} failed with exit code {code}: {end}")
    return output


def _output_of(*command: str) -> str:
    """Return the output of a command, or "" if it cannot be run."""
    try:
        output = subprocess.check_output(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_VERSION_TIMEOUT
        )
        return output.decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError):
        return ""


def _version_in(text: str) -> Tuple[int, ...]:
    match = re.search(r"[0-9]+(?:\.[0-9]+)+", text)
    return tuple(map(int, match.group().split("."))) if match else ()


# ---- hashes ------------------------------------------------------------------------------------


def check_files(sums: str, folders: Sequence[str], names: str = "*") -> None:
    """Raise InstallError unless folders have exactly the files of a list, with their hashes.

    sums:  file with lines as sha256sum writes them, whose paths are relative to any of the folders
    names: pattern of the paths that are compared; others may be part of another package
    """
    with open(sums, encoding="ascii") as file:
        expected = {path: digest for digest, path in map(str.split, file.read().splitlines())}
    actual = {
        path: _hash_of(os.path.join(folder, *path.split("/")))
        for folder in folders
        for path in _files_below(folder)
        if fnmatchcase(path, names)
    }
    for path in sorted(set(expected) | set(actual)):
        if expected.get(path) != actual.get(path):
            raise InstallError(
                f"a downloaded file differs from the pinned one: {shown(path)}",
                expected=expected.get(path, "no such file"),
                actual=actual.get(path, "no such file"),
            )


def _files_below(folder: str) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        for name in names:
            yield os.path.relpath(os.path.join(place, name), folder).replace(os.sep, "/")


def _hash_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()


# ---- versions ----------------------------------------------------------------------------------


def pins_in_requirements(file_name: str) -> Pins:
    """Return the versions in a requirements file of adapters/."""
    return pins_matching(file_name, r"(?m)^([A-Za-z0-9._-]+)==([^ ]+) \\\n")


def pins_in_package_json(name: str) -> Pins:
    """Return the versions of the direct dependencies in adapters/NAME."""
    with open(os.path.join(PROGRAMS, name, "package.json"), encoding="utf-8") as file:
        return tuple(json.load(file)["dependencies"].items())


def pins_matching(file_name: str, pattern: str) -> Pins:
    """Return the pairs (name, version) that a pattern finds in a file of adapters/."""
    with open(os.path.join(PROGRAMS, file_name), encoding="utf-8") as file:
        return tuple(re.findall(pattern, file.read()))


# ---- Python packages ---------------------------------------------------------------------------

# -I ignores the current folder and the PYTHON* variables. Our own folder comes last in sys.path,
# so that the packages of the implementation take precedence.
_BOOT = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def _python_program(python: str, module: str, *arguments: str) -> Tuple[str, ...]:
    return (python, "-I", "-B", "-c", _BOOT, ROOT, "conformance.adapters." + module) + arguments


def venv_python(folder: str) -> str:
    return os.path.join(folder, "Scripts" if os.name == "nt" else "bin", "python")


def python_package(
    name: str, description: str, adapter: str, needs: Tuple[int, int], *arguments: str
) -> ThirdParty:
    """Return the row of a Python package, whose versions are in adapters/NAME.txt.

    adapter: module in conformance.adapters
    needs: oldest Python version that the package supports
    arguments: of the adapter
    """
    requirements = os.path.join(PROGRAMS, name + ".txt")

    def find(implementation: ThirdParty, folder: str) -> Optional[Installed]:
        if is_marked(implementation, folder):
            command = _python_program(venv_python(folder), adapter, *arguments)
            return Installed(name, folder, command, {})
        if _is_importable(implementation.pins):
            command = _python_program(sys.executable, adapter, *arguments)
            return Installed(name, sys.executable, command, {})
        return None

    pins = pins_in_requirements(name + ".txt")
    return ThirdParty(name, description, pins, *_in_venv(name, requirements, needs), find)


def python_application(
    name: str,
    version: str,
    description: str,
    has_adapter: bool = False,
    environment: Optional[Mapping[str, str]] = None,
) -> ThirdParty:
    """Return the row of an application, whose packages are in applications/NAME.txt.

    The packages are pinned for Python 3.11 and 3.12.

    has_adapter: whether conformance/adapters/applications.py is its adapter
    environment: variables for the adapter
    """
    requirements = os.path.join(PACKAGE, "applications", name + ".txt")

    def find(implementation: ThirdParty, folder: str) -> Optional[Installed]:
        if not is_marked(implementation, folder):
            return None
        command: Tuple[str, ...] = ()
        if has_adapter:
            command = _python_program(venv_python(folder), "applications", name)
        return Installed(name, folder, command, environment or {})

    steps = _in_venv(name, requirements, (3, 11), (3, 13))
    return ThirdParty(name, description, ((name, version),), *steps, find)


def _in_venv(
    name: str, requirements: str, needs: Tuple[int, int], below: Tuple[int, int] = (4, 0)
) -> Tuple[Callable[[ThirdParty], None], Callable[[ThirdParty, str, Say], None]]:
    """Return the functions `check` and `install` of packages in a virtual environment."""

    def check(implementation: ThirdParty) -> None:
        python_for(name, needs, below)

    def install(implementation: ThirdParty, folder: str, say: Say) -> None:
        prepare_folder(folder)
        _run(say, python_for(name, needs, below), "-m", "venv", folder)
        # Without source archives: building one would load packages that have no hash here.
        options = ("--require-hashes", "--only-binary", ":all:", "--requirement", requirements)
        quiet = ("--quiet", "--disable-pip-version-check")
        _run(say, venv_python(folder), "-m", "pip", "install", *quiet, *options)

    return check, install


def python_for(name: str, needs: Tuple[int, int], below: Tuple[int, int] = (4, 0)) -> str:
    """Return an interpreter that fits: this one, or one in the PATH or from pyenv.

    needs, below: the oldest version that fits, and the first one that does not
    """
    if needs <= sys.version_info < below:
        return sys.executable
    in_path = [f"python3.{minor}" for minor in range(needs[1], needs[1] + 10)]
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser(os.path.join("~", ".pyenv"))
    pattern = os.path.join(glob.escape(root), "versions", "3.*", "bin", "python3")
    for python in in_path + sorted(glob.glob(pattern)):
        if needs <= _version_in(_output_of(python, "--version")) < below:
            return python
    versions = "python%d.%d or later" % needs
    if below < (4, 0):
        versions = "python%d.%d or later, but before %d.%d" % (needs + below)
    raise UsageError(
        f"{name} needs another Python", expected=f"{versions} in the PATH or from pyenv"
    )


def _is_importable(pins: Pins) -> bool:
    """Return whether this interpreter has the packages at these versions."""
    try:
        metadata = importlib.import_module("importlib.metadata")  # Python 3.8
        return all(metadata.version(name) == version for name, version in pins)
    except ImportError:  # PackageNotFoundError is a subclass
        return False


# ---- npm packages ------------------------------------------------------------------------------


def npm_package(name: str, description: str) -> ThirdParty:
    """Return the row of npm packages, which adapters/NAME locks; adapter.mjs is their adapter."""
    pins = pins_in_package_json(name)
    return ThirdParty(name, description, pins, _check_node, _install_npm, _find_npm)


def _check_node(implementation: ThirdParty) -> None:
    """Require Node.js 20 and npm."""
    _require("node", "npm")
    version = _output_of("node", "--version").strip()
    if _version_in(version) < (20,):
        raise UsageError("Node.js is too old", expected="20 or later", actual=version)


def _install_npm(implementation: ThirdParty, folder: str, say: Say) -> None:
    """Install the locked packages with `npm ci`."""
    prepare_folder(folder)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(PROGRAMS, implementation.name, name), folder)
    npm = shutil.which("npm") or "npm"
    _run(say, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)


def _find_npm(implementation: ThirdParty, folder: str) -> Optional[Installed]:
    """Return the installed packages, run by the Node.js in the PATH."""
    node = shutil.which("node")
    if node is None or not is_marked(implementation, folder):
        return None
    program = os.path.join(PROGRAMS, implementation.name, "adapter.mjs")
    return Installed(implementation.name, folder, (node, program, folder) + _READ_TIMEOUT, {})


# ---- curl --------------------------------------------------------------------------------------

_CURL_WITH_SIGV4 = (7, 75)


def check_curl(implementation: ThirdParty) -> None:
    """Require a curl that has `--aws-sigv4`."""
    _require("curl")
    version = _output_of("curl", "--version")
    if _version_in(version) < _CURL_WITH_SIGV4:
        raise UsageError(
            "curl is too old for --aws-sigv4", expected="7.75 or later", actual=version[:40]
        )


def install_curl(implementation: ThirdParty, folder: str, say: Say) -> None:
    """Install nothing."""
    say("using the system's curl, nothing to install")


def find_curl(implementation: ThirdParty, folder: str) -> Optional[Installed]:
    """Return the curl in the PATH."""
    curl = shutil.which("curl")
    if curl is None or _version_in(_output_of(curl, "--version")) < _CURL_WITH_SIGV4:
        return None
    command = _python_program(sys.executable, "curl_client", curl)
    return Installed(implementation.name, curl, command, {})


# ---- Ruby gems ---------------------------------------------------------------------------------

# Debian's packages of the gems in registry.py, and an interpreter for a system that has none.
DEBIAN_GEMS = ("ruby-aws-eventstream=1.2.0-1", "ruby-aws-sigv4=1.5.1-2")
_DEBIAN_RUBY = ("ruby3.1", "libruby3.1")
_RUBY_SUMS = os.path.join(PROGRAMS, "ruby", "libraries.sha256")
_ADVICE = "; or, as root: apt-get install ruby ruby-aws-eventstream ruby-aws-sigv4"


def check_ruby(implementation: ThirdParty) -> None:
    """Require Ruby with gem, or the tools that unpack Debian packages."""
    if not _has("ruby", "gem") and not _has("apt-get", "dpkg-deb"):
        raise UsageError("ruby with gem, or apt-get and dpkg-deb, are required but not installed")


def install_ruby(implementation: ThirdParty, folder: str, say: Say) -> None:
    """Install the gems with gem, or else from Debian packages, and load them once."""
    prepare_folder(folder)
    if not _install_gems(implementation, folder, say):
        _unpack_debian(folder, say)
    ruby, environment = _ruby_in(folder)
    check = "require 'aws-eventstream'; require 'aws-sigv4'; print RUBY_VERSION"
    try:
        version = _run(
            say, ruby, "--disable-gems", "-e", check, env=dict(os.environ, **environment)
        )
    except InstallError as error:
        raise InstallError(f"the gems do not load: {error}{_ADVICE}") from None
    say("Ruby " + version)


def _install_gems(implementation: ThirdParty, folder: str, say: Say) -> bool:
    """Return whether gem could install the gems: their registry may be unreachable."""
    if not _has("ruby", "gem"):
        return False
    place = os.path.join(folder, "gems", "gems")
    try:
        with tempfile.TemporaryDirectory() as downloads:
            for name, version in implementation.pins:
                _run(say, "gem", "fetch", name, "--version", version, cwd=downloads)
                file = os.path.join(downloads, f"{name}-{version}.gem")
                # This runs nothing of the gem: installing it could build an extension.
                _run(say, "gem", "unpack", file, "--target", place)
        check_files(_RUBY_SUMS, _inside(folder, "gems", "gems", "*", "lib"))
    except InstallError as error:
        say(f"no gems: {shown(str(error), 300)}")
        shutil.rmtree(os.path.join(folder, "gems"), ignore_errors=True)
        return False
    return True


def _unpack_debian(folder: str, say: Say) -> None:
    """Download Debian packages and unpack them into the folder: needs no root, changes nothing
    else.
    """
    _require("apt-get", "dpkg-deb")
    packages = DEBIAN_GEMS if shutil.which("ruby") else DEBIAN_GEMS + _DEBIAN_RUBY
    with tempfile.TemporaryDirectory() as downloads:
        try:
            sandbox = ("-o", "APT::Sandbox::User=root")
            _run(say, "apt-get", "download", *sandbox, *packages, cwd=downloads)
        except InstallError as error:
            raise InstallError(f"{error}; apt-get update may help{_ADVICE}") from None
        for package in sorted(os.listdir(downloads)):
            _run(say, "dpkg-deb", "-x", os.path.join(downloads, package), folder)
    check_files(_RUBY_SUMS, _debian_libraries(folder), "aws-*")


def _inside(folder: str, *parts: str) -> List[str]:
    """Return the paths in a folder that match a pattern."""
    return sorted(glob.glob(os.path.join(glob.escape(folder), *parts)))


def _debian_libraries(folder: str) -> List[str]:
    integrated = ("usr", "share", "rubygems-integration", "all", "gems", "*", "lib")
    return _inside(folder, "usr", "lib", "ruby", "vendor_ruby") + _inside(folder, *integrated)


def _ruby_in(folder: str) -> Tuple[str, Dict[str, str]]:
    """Return the interpreter and the environment in which it finds the gems and its own
    libraries.
    """
    libraries = _inside(folder, "gems", "gems", "*", "lib") + _debian_libraries(folder)
    unpacked = _inside(folder, "usr", "bin", "ruby[0-9]*")
    if not unpacked:
        return shutil.which("ruby") or "ruby", {"RUBYLIB": os.pathsep.join(libraries)}
    libraries += _inside(folder, "usr", "lib", "ruby", "[0-9]*")
    libraries += _inside(folder, "usr", "lib", "*", "ruby", "[0-9]*")
    shared = [
        os.path.dirname(path) for path in _inside(folder, "usr", "lib", "*", "libruby*.so.[0-9]*")
    ]
    return unpacked[0], {
        "RUBYLIB": os.pathsep.join(libraries),
        "LD_LIBRARY_PATH": os.pathsep.join(shared),
    }


def find_ruby(implementation: ThirdParty, folder: str) -> Optional[Installed]:
    """Return the installed gems."""
    if not is_marked(implementation, folder):
        return None
    ruby, environment = _ruby_in(folder)
    program = os.path.join(PROGRAMS, "ruby", "adapter.rb")
    versions = ", ".join(f"{name} {version}" for name, version in implementation.pins)
    command = (ruby, "--disable-gems", program, versions)
    return Installed(implementation.name, folder, command, environment)


# ---- the AWS SDKs for Go, Rust and Java --------------------------------------------------------

# Each is built in its folder from the sources in adapters/. The dependencies that its tool
# downloads stay in the cache of that tool. The adapter's argument is its read timeout in ms.
_READ_TIMEOUT = (f"{READ_TIMEOUT * 1000:.0f}",)


def _copy_sources(implementation: ThirdParty, folder: str) -> None:
    prepare_folder(folder)
    sources = os.path.join(PROGRAMS, implementation.name)
    for name in sorted(os.listdir(sources)):
        shutil.copy(os.path.join(sources, name), folder)


def install_go(implementation: ThirdParty, folder: str, say: Say) -> None:
    """Build the adapter with the locked modules."""
    _copy_sources(implementation, folder)
    _run(say, "go", "build", "-mod=readonly", "-trimpath", "-o", "adapter", ".", cwd=folder)


def install_rust(implementation: ThirdParty, folder: str, say: Say) -> None:
    """Build the adapter with the locked crates."""
    _copy_sources(implementation, folder)
    _run(say, "cargo", "generate-lockfile", cwd=folder)
    _write_cargo_lock(folder)
    _run(say, "cargo", "build", "--release", "--locked", "--target-dir", "target", cwd=folder)
    shutil.move(os.path.join(folder, "target", "release", "adapter"), folder)
    shutil.rmtree(os.path.join(folder, "target"))


def _write_cargo_lock(folder: str) -> None:
    """Write Cargo.lock from locked.toml, which does not name a registry: use the configured one."""
    lock = os.path.join(folder, "Cargo.lock")
    with open(lock, encoding="utf-8") as file:
        source = re.search(r"\nsource = .*", file.read())
    with open(os.path.join(folder, "locked.toml"), encoding="utf-8") as file:
        locked = file.read()
    registry = "" if source is None else source.group()
    with open(lock, "w", encoding="utf-8") as file:
        file.write(locked.replace("\nchecksum = ", registry + "\nchecksum = "))


def _is_current(implementation: ThirdParty, folder: str) -> bool:
    """Return whether the folder has the mark and was built from the present sources."""
    if not is_marked(implementation, folder):
        return False
    sources = os.path.join(PROGRAMS, implementation.name)
    names = os.listdir(sources)
    return filecmp.cmpfiles(sources, folder, names, shallow=False)[0] == names


def find_built(implementation: ThirdParty, folder: str) -> Optional[Installed]:
    """Return an adapter that was built for Go or Rust."""
    program = os.path.join(folder, "adapter")
    if not _is_current(implementation, folder) or not os.path.exists(program):
        return None
    return Installed(implementation.name, folder, (program,) + _READ_TIMEOUT, {})


def install_java(implementation: ThirdParty, folder: str, say: Say) -> None:
    """Download the dependencies with Maven and compile the adapter."""
    _copy_sources(implementation, folder)
    maven = ("mvn", "--quiet", "--batch-mode", "--strict-checksums", "dependency:copy-dependencies")
    _run(say, *maven, "-DoutputDirectory=lib", cwd=folder)
    check_files(os.path.join(folder, "libraries.sha256"), [os.path.join(folder, "lib")])
    libraries = os.path.join("lib", "*")
    compiler = ("javac", "-proc:none", "-cp", libraries, "-d", "classes", "Adapter.java")
    _run(say, *compiler, cwd=folder)


def find_java(implementation: ThirdParty, folder: str) -> Optional[Installed]:
    """Return the compiled adapter, run by the Java in the PATH."""
    java = shutil.which("java")
    if java is None or not _is_current(implementation, folder):
        return None
    path = os.pathsep.join((os.path.join(folder, "classes"), os.path.join(folder, "lib", "*")))
    command = (java, "-XX:TieredStopAtLevel=1", "-cp", path, "Adapter") + _READ_TIMEOUT
    return Installed(implementation.name, folder, command, {})
