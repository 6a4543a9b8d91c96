# SPDX-License-Identifier: MIT
"""The environments: how each is created in a folder, and the command of the adapter inside it.

A `Place` has a function that prepares the environment and returns a `Ready`: the version that a
reader wants to know, and commands. It raises `Skip` if this machine cannot create the environment.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

from refimpl.vendor.parts import PARTS
from tests.environments.report import ROOT
from tests.interpreters import interpreters

HERE = Path(__file__).resolve().parent
# The adapter of the reference, started by any launcher.
ENTRY = """\
{before}
from conformance.adapters import refimpl as adapter
from conformance.protocol.messages import serve

serve("refimpl", adapter.VERSION, adapter.OPERATIONS, reporting=adapter.REPORTING)
"""
PATH_FIRST = "import sys; sys.path.insert(0, {!r})"
WITHOUT_MD5 = """\
import hashlib
def refuse(*arguments, **options):
    raise ValueError("[digital envelope routines] unsupported")
hashlib.md5 = refuse
"""


class Skip(Exception):
    """The environment cannot be created here. The text is the reason."""


class Ready(NamedTuple):
    """A prepared environment.

    adapter: the command of the adapter; "" if only the checks run
    run_in: a command that starts the whole run, such as one for a namespace of the network
    checks: programs of their own; each counts as one case, and must exit with 0
    operations: a pattern of operations, if not all can run
    """

    version: str
    adapter: str = ""
    run_in: Sequence[str] = ()
    checks: Sequence[Sequence[str]] = ()
    operations: str = "*"


class Place(NamedTuple):
    """An environment: its name, and the function that prepares it in an empty folder."""

    name: str
    prepare: Callable[[Path], Ready]


# ---- helpers -----------------------------------------------------------------------------------


def run(command: Sequence[str], folder: Path, **variables: str) -> str:
    """Run a command. Return its output. Raises Skip if it is missing or fails."""
    try:
        done = subprocess.run(
            list(command),
            cwd=str(folder),
            env=dict(os.environ, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=3000,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Skip(f"{command[0]}: {error}") from None
    output = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode:
        last = output.splitlines()[-1:] or ["no output"]
        raise Skip(f"{Path(command[0]).name} failed: {last[0][:160]}")
    return output


def program(name: str) -> str:
    """Return the path of a program. Raises Skip if it is not installed."""
    found = shutil.which(name)
    if found is None:
        raise Skip(f"{name} is not installed")
    return found


def version_of(python: str) -> str:
    """Return implementation and version of an interpreter."""
    code = "import platform as p; print(p.python_implementation(), p.python_version())"
    return run([python, "-c", code], ROOT)


def joined(*command: object) -> str:
    return " ".join(shlex.quote(str(part)) for part in command)


def entry_in(folder: Path, before: str = "", path: Optional[Path] = ROOT) -> Path:
    """Write a program that starts the adapter."""
    first = "" if path is None else PATH_FIRST.format(str(path))
    entry = folder / "entry.py"
    entry.write_text(ENTRY.format(before=f"{first}\n{before}"), encoding="utf-8")
    return entry


def site_in(folder: Path) -> Path:
    """Copy the packages, without compiled modules, into a folder as an installer would."""
    site = folder / "site"
    for package in ("refimpl", "conformance"):
        ignored = shutil.ignore_patterns("__pycache__", "*.json", "*.mjs", "node_modules")
        shutil.copytree(str(ROOT / package), str(site / package), ignore=ignored)
    return site


def tools(folder: Path, *packages: str) -> Path:
    """Install packages into a virtual environment of this Python. Return its folder of programs."""
    run([sys.executable, "-m", "venv", str(folder / "tools")], folder)
    programs = folder / "tools" / "bin"
    run([str(programs / "python"), "-m", "pip", "install", "--quiet", *packages], folder)
    return programs


def in_mounts(folder: Path, lines: Sequence[str]) -> List[str]:
    """Return a command that runs another one with its own mounts. Raises Skip without the right."""
    run([program("unshare"), "-m", "true"], folder)
    script = folder / "mounts.sh"
    script.write_text("set -e\n" + "\n".join(lines) + '\nexec "$@"\n', encoding="utf-8")
    return ["unshare", "-m", "sh", str(script)]


# ---- interpreters and their flags --------------------------------------------------------------


def interpreter(python: str) -> Callable[[Path], Ready]:
    def prepare(folder: Path) -> Ready:
        found = program(python)
        return Ready(version_of(found), joined(found, "-W", "error", entry_in(folder)))

    return prepare


def flags(*given: str) -> Callable[[Path], Ready]:
    def prepare(folder: Path) -> Ready:
        command = joined(sys.executable, *given, entry_in(folder))
        return Ready(version_of(sys.executable), command)

    return prepare


# ---- what a host lacks -------------------------------------------------------------------------


def read_only(folder: Path) -> Ready:
    site = site_in(folder)
    entry = entry_in(folder, path=site)
    mounts = in_mounts(
        folder,
        [f"mount --bind {place} {place} && mount -o remount,ro,bind {place}" for place in ("/tmp",)]
        + [f"mount -t tmpfs -o ro none {place}" for place in ("/var/tmp", "/dev/shm")]
        + ["unset HOME TMPDIR", f"! touch {site}/x 2>/dev/null"],
    )
    command = joined(*mounts, sys.executable, "-W", "error", entry)
    return Ready(version_of(sys.executable), command)


def no_ipv6(folder: Path) -> Ready:
    program("ip")
    lines = ["ip link set lo up", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"]
    script = folder / "net.sh"
    script.write_text("set -e\n" + "\n".join(lines) + '\nexec "$@"\n', encoding="utf-8")
    run(["unshare", "-n", "sh", str(script), "true"], folder)
    adapter = joined(sys.executable, entry_in(folder))
    return Ready(version_of(sys.executable), adapter, ["unshare", "-n", "sh", str(script)])


def without_md5(folder: Path) -> Ready:
    entry = entry_in(folder, WITHOUT_MD5)
    return Ready(version_of(sys.executable), joined(sys.executable, entry))


# OpenSSL with the algorithms of one provider, and no others.
FIPS_ONLY = """\
config_diagnostics = 1
openssl_conf = init
.include {module}
[init]
providers = providers
alg_section = algorithms
[providers]
fips = fips_sect
base = base_sect
[base_sect]
activate = 1
[algorithms]
default_properties = fips=yes
"""
IS_FIPS = """\
import _hashlib
assert _hashlib.get_fips_mode()
try:
    _hashlib.openssl_md5()
except ValueError:
    raise SystemExit()
raise SystemExit("OpenSSL computes MD5")
"""
SYSTEM_PYTHON = "/usr/bin/python3"  # with the OpenSSL of the program `openssl`


def fips(folder: Path) -> Ready:
    """OpenSSL allows only the algorithms of its FIPS provider, here and in the endpoint."""
    openssl = program("openssl")
    modules = Path(run([openssl, "version", "-m"], folder).partition('"')[2].rstrip('"'))
    if not (modules / "fips.so").exists():
        run(["sh", str(HERE / "fips_provider.sh"), str(folder)], folder)
        modules = folder
    module = folder / "fipsmodule.cnf"
    provider = modules / "fips.so"
    run([openssl, "fipsinstall", "-module", str(provider), "-out", str(module)], folder)
    config = folder / "fips.cnf"
    config.write_text(FIPS_ONLY.format(module=module), encoding="utf-8")
    variables = {"OPENSSL_CONF": str(config), "OPENSSL_MODULES": str(modules)}
    listed = run([openssl, "list", "-providers"], folder, **variables).split("OpenSSL FIPS")[1]
    version = run([SYSTEM_PYTHON, "-c", "import ssl; print(ssl.OPENSSL_VERSION)"], folder)
    inside = ["env", *(f"{name}={value}" for name, value in variables.items())]
    python = [*inside, f"PYTHONPATH={ROOT}", SYSTEM_PYTHON]
    over_tls = [*python, "-m", "tests.tls_cases", "--only=invoke-default*", "--only=invoke-trunc*"]
    return Ready(
        f"{version}, FIPS provider {listed.split()[2]}",
        joined(*inside, SYSTEM_PYTHON, entry_in(folder)),
        checks=[[*python, "-c", IS_FIPS], over_tls],
    )


def without_fips_provider(folder: Path) -> Ready:
    """OpenSSL should use a FIPS provider that does not exist. The error must quote OpenSSL."""
    config = folder / "fips.cnf"
    config.write_text(
        "openssl_conf = init\n[init]\nalg_section = evp\nproviders = providers\n"
        "[providers]\ndefault = default\nfips = fips\nbase = base\n[default]\nactivate = 1\n"
        "[fips]\nactivate = 1\n[base]\nactivate = 1\n[evp]\ndefault_properties = fips=yes\n",
        encoding="utf-8",
    )
    check = (
        "import hashlib, sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "import refimpl\n"
        "from refimpl import sigv4\n"
        "keys = sigv4.Credentials('AKIDEXAMPLE', 'x')\n"
        "given = ('POST', '/', [('Host', 'h')], b'', keys, 'us-east-1', 'sagemaker')\n"
        "try:\n"
        "    signed = sigv4.Signer().sign(*given, '20150830T123600Z')\n"
        "    assert len(signed.signature) == 64\n"
        "except refimpl.ConfigurationError as error:\n"
        "    assert 'unsupported' in str(error), error\n"
    )
    variables = [f"OPENSSL_CONF={config}", f"OPENSSL_MODULES={folder}"]
    command = ["env", *variables, SYSTEM_PYTHON, "-c", check]
    version = run([SYSTEM_PYTHON, "-c", "import ssl; print(ssl.OPENSSL_VERSION)"], folder)
    return Ready(version, checks=[command])


# ---- bundles -----------------------------------------------------------------------------------


def single_file(folder: Path) -> Ready:
    copy = folder / "sagemaker_stream.py"
    run([sys.executable, "-m", "refimpl", "vendor", str(copy), "--with", ",".join(PARTS)], ROOT)
    adapter = [sys.executable, "-m", "conformance.adapters.vendored", copy]
    return Ready(
        version_of(sys.executable),
        joined("env", f"PYTHONPATH={ROOT}", *adapter),
        checks=[[sys.executable, str(copy), "--self-test"]],
    )


def zipped(folder: Path) -> Ready:
    site = site_in(folder)
    entry_in(folder, path=None).replace(site / "__main__.py")
    archive = folder / "app.pyz"
    run([sys.executable, "-m", "zipapp", str(site), "-o", str(archive)], folder)
    return Ready(version_of(sys.executable), joined(sys.executable, "-I", archive))


def pex(folder: Path) -> Ready:
    programs = tools(folder, "pex")
    site = site_in(folder)
    entry_in(site, path=None)
    archive = folder / "app.pex"
    # A pex contains no packages of an index here, so it needs no network.
    run(
        [str(programs / "pex"), "-D", str(site), "-m", "entry", "-o", str(archive), "--no-pypi"],
        folder,
        PEX_ROOT=str(folder / "pex"),
    )
    version = run([str(programs / "pex"), "--version"], folder)
    adapter = joined("env", f"PEX_ROOT={folder / 'pex'}", programs / "python", archive)
    return Ready(f"pex {version}", adapter)


def pyinstaller(folder: Path) -> Ready:
    programs = tools(folder, "pyinstaller")
    entry = entry_in(folder, path=None)
    built = [str(programs / "pyinstaller"), "--log-level", "ERROR", "--paths", str(ROOT)]
    run([*built, "--name", "app", str(entry)], folder)
    version = run([str(programs / "pyinstaller"), "--version"], folder)
    return Ready(f"PyInstaller {version}", joined(folder / "dist" / "app" / "app"))


def nuitka(folder: Path) -> Ready:
    """The package as one extension module. The adapter's other modules are Python."""
    programs = tools(folder, "nuitka")
    python = str(programs / "python")
    site = site_in(folder)
    command = [python, "-m", "nuitka", "--mode=package", "--include-package=refimpl", "--quiet"]
    run([*command, f"--output-dir={site}", str(site / "refimpl")], folder)
    shutil.rmtree(str(site / "refimpl"))
    version = run([*command[:3], "--version"], folder).splitlines()[0]
    check = f"import sys; sys.path.insert(0, {str(site)!r}); import refimpl; refimpl.__compiled__"
    return Ready(
        f"Nuitka {version}",
        joined(python, entry_in(folder, path=site)),
        checks=[[python, "-c", check]],
    )


def lambda_layout(folder: Path) -> Ready:
    """Code in /var/task, read-only, few variables, and no home folder."""
    site = site_in(folder)
    entry_in(site, path=None)
    mounts = in_mounts(
        folder,
        [
            "mount -t tmpfs none /var && mkdir /var/task",
            f"mount --bind {site} /var/task && mount -o remount,ro,bind /var/task",
            "cd /var/task",
        ],
    )
    variables = ["PYTHONPATH=/var/task", "LAMBDA_TASK_ROOT=/var/task", "PATH=/usr/bin:/bin"]
    command = [*mounts, "env", "-i", *variables, sys.executable, "/var/task/entry.py"]
    return Ready(version_of(sys.executable), joined(*command))


# ---- frameworks --------------------------------------------------------------------------------


def gevent(folder: Path) -> Ready:
    programs = tools(folder, "gevent")
    entry = entry_in(folder, "from gevent import monkey; monkey.patch_all()")
    code = "import gevent; print('gevent', gevent.__version__)"
    version = run([str(programs / "python"), "-c", code], folder)
    return Ready(version, joined(programs / "python", entry))


def gunicorn(folder: Path) -> Ready:
    programs = tools(folder, "gunicorn", "gevent", "packaging")
    python = str(programs / "python")
    checks = [
        [python, str(HERE / "gunicorn_check.py"), str(ROOT), worker]
        for worker in ("sync", "gthread", "gevent")
    ]
    version = run([str(programs / "gunicorn"), "--version"], folder)
    return Ready(version.replace(" (version ", " ").rstrip(")"), checks=checks)


# ---- WebAssembly -------------------------------------------------------------------------------


def pyodide(folder: Path) -> Ready:
    node = program("node")
    run([program("npm"), "install", "--silent", "--prefix", str(folder), "pyodide"], folder)
    for name in ("pyodide_adapter.mjs", "pyodide_fetch.mjs"):
        shutil.copy(str(HERE / name), str(folder / name))
    code = "console.log((await import('pyodide')).version)"
    version = run([node, "--input-type=module", "-e", code], folder)
    return Ready(
        f"Pyodide {version}, Node.js {run([node, '--version'], folder)}",
        joined(node, folder / "pyodide_adapter.mjs", ROOT),
        checks=[
            [sys.executable, str(HERE / "fetch_check.py"), str(ROOT), str(folder), node],
        ],
        operations="[!i]*",  # all but invoke, because WebAssembly has no sockets
    )


def musl(folder: Path) -> Ready:
    """CPython compiled here, because no registry has one for musl. It has no ssl."""
    program("musl-gcc")
    run(["sh", str(HERE / "musl_python.sh"), str(folder)], folder)
    python = folder / "python"
    return Ready(f"{version_of(str(python))}, musl", joined(python, entry_in(folder)))


def _interpreters() -> Dict[str, str]:
    """Return the newest interpreter of each minor version, by name."""
    return {"CPython " + ".".join(version.split(".")[:2]): path for version, path in interpreters()}


PLACES = [
    *(Place(name, interpreter(path)) for name, path in _interpreters().items()),
    Place("PyPy", interpreter("pypy3")),
    Place("python -S -E -s -B", flags("-S", "-E", "-s", "-B")),
    Place("python -I", flags("-I")),
    Place("python -O", flags("-O")),
    Place("python -OO -bb", flags("-OO", "-bb")),
    Place("python -X dev", flags("-X", "dev", "-W", "error")),
    Place("read-only files, no HOME, no temporary folder", read_only),
    Place("no IPv6", no_ipv6),
    Place("hashlib without MD5", without_md5),
    Place("OpenSSL in FIPS mode", fips),
    Place("OpenSSL in FIPS mode, without its provider", without_fips_provider),
    Place("one file", single_file),
    Place("zip file", zipped),
    Place("PEX", pex),
    Place("PyInstaller", pyinstaller),
    Place("Nuitka", nuitka),
    Place("AWS Lambda layout", lambda_layout),
    Place("gevent", gevent),
    Place("gunicorn", gunicorn),
    Place("Pyodide", pyodide),
    Place("musl", musl),
]
