# SPDX-License-Identifier: MIT
"""Tests of the rules for modules of refimpl: what a module may import, call and name.

The tests read the sources as syntax trees. ORDER lists the modules so that each one imports only
modules above it. Only the modules in OUTSIDE may reach a socket, a file, a clock or the
environment. Module-level names are unique within refimpl, so that the modules joined in ORDER
make one program. A test joins them, runs the program and compares its results. The last tests
check the interface: names are imported on first use, `__all__` is complete, and every public name
has a docstring. A new module needs an entry in ORDER and nothing else.
"""

import ast
import functools
import inspect
import json
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

import pytest

import refimpl
from refimpl.cli.vendor import package_sources
from refimpl.vendor.parts import PARTS
from refimpl.vendor.single_file import single_file
from tests.interpreters import interpreters, run_program
from tests.rows import first_fast, for_each

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "refimpl"
ORDER = [
    "version",
    "errors",
    "redaction",
    "checksums",
    "threads",
    "timeouts",
    "foreign_bytes",
    "eventstream_layout",
    "eventstream_errors",
    "eventstream_frames",
    "eventstream_encoder",
    "eventstream",
    "sigv4_credentials",
    "sigv4_values",
    "sigv4_steps",
    "sigv4_stages",
    "sigv4_presigning",
    "sigv4_signer",
    "sigv4_verification",
    "sigv4",
    "self_test",
    "fields",
    "documents",
    "documents.value_format",
    "documents.json_format",
    "message_json",
    "documents.xml_format",
    "documents.query_format",
    "documents.header_format",
    "text.decoder",
    "text.utf8",
    "text.lines",
    "text.server_sent_events",
    "text.json_values",
    "text.paths",
    "text.containers",
    "text.growing",
    "text.tolerant",
    "text.detection",
    "text.extraction",
    "text",
    "documents.datatype",
    "shapes",
    "errordocument",
    "convert",
    "endpoint_url",
    "operation_errors",
    "operation_request",
    "operation_response",
    "operation",
    "fetched",
    "config",
    "config.environment",
    "endpoints",
    "http1_errors",
    "http1",
    "proxy",
    "bearer",
    "certificates",
    "routes",
    "tls",
    "tls_errors",
    "dialing",
    "timed_socket",
    "transport_errors",
    "tunnel",
    "transport",
    "config.profiles",
    "config.settings",
    "config.surroundings",
    "config.sources",
    "config.provider",
    "config.credentials",
    "config.static",
    "config.process",
    "config.retries",
    "config.sts",
    "config.web_identity",
    "config.sso",
    "config.container",
    "config.metadata",
    "config.assume_role",
    "config.chain",
    "config.files",
    "config.system",
    "config.providers",
    "config.search",
    "explain",
    "explain.readings",
    "explain.quoted",
    "explain.causes",
    "explain.messages",
    "explain.sent",
    "explain.refusal",
    "explain.frames",
    "explain.signing",
    "explain.page",
    "explain.response",
    "results",
    "extracting",
    "failures",
    "live_response",
    "client",
    "vendor",
    "vendor.parts",
    "vendor.statements",
    "vendor.last_line",
    "vendor.single_file",
    "text.bridge",
    "cli.exit_codes",
    "cli.rendering",
    "cli.timings",
    "cli.streams",
    "cli.parser",
    "cli.network",
    "cli.credentials",
    "cli.process",
    "cli.frames",
    "cli.hexdump",
    "cli.invoke",
    "cli.decode",
    "cli.bridge",
    "cli.sign",
    "cli.token",
    "cli.identity",
    "cli.doctor",
    "cli.convert",
    "cli.explain",
    "cli.self_test",
    "cli.vendor",
    "cli",
]
# These modules open connections.
NETWORK = (
    "certificates",
    "dialing",
    "routes",
    "timed_socket",
    "tls",
    "tls_errors",
    "transport",
    "transport_errors",
    "tunnel",
)
# These modules pass the clock, files, sockets and the environment to the others.
OUTSIDE = {
    *NETWORK,
    "config.provider",
    "config.files",
    "config.system",
    "config.providers",
    "config.search",
    "extracting",
    "client",
    "cli",
}


def is_pure(module: str) -> bool:
    return module not in OUTSIDE and module.partition(".")[0] not in OUTSIDE


PURE = [module for module in ORDER if is_pure(module)]

# Modules that reach something outside the process, or its state.
WORLDLY = {
    "asyncio",
    "concurrent",
    "ctypes",
    "faulthandler",
    "fcntl",
    "fileinput",
    "ftplib",
    "getpass",
    "glob",
    "http",
    "importlib",
    "io",
    "locale",
    "logging",
    "mmap",
    "multiprocessing",
    "os",
    "pathlib",
    "posix",
    "pty",
    "random",
    "resource",
    "sched",
    "secrets",
    "select",
    "selectors",
    "shelve",
    "shutil",
    "signal",
    "smtplib",
    "socket",
    "socketserver",
    "sqlite3",
    "ssl",
    "subprocess",
    "sys",
    "syslog",
    "tempfile",
    "termios",
    "threading",
    "time",
    "tty",
    "urllib",
    "webbrowser",
    "winreg",
    "xmlrpc",
}
WORLDLY_CALLS = {"open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint"}
CLOCKS = {
    "now",
    "utcnow",
    "today",
    "time",
    "monotonic",
    "perf_counter",
    "urandom",
    "getenv",
    "environ",
    "uuid1",
    "uuid4",
}


def path_of(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split("."))
    if path.is_dir():
        return path / "__init__.py"
    return path.with_name(path.name + ".py")


def source(module: str) -> str:
    return path_of(module).read_text(encoding="utf-8")


@functools.lru_cache(None)
def tree_of(module: str) -> ast.Module:
    return ast.parse(source(module))


def module_at(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_module(module: str, node: ast.ImportFrom) -> str:
    """Return the module of refimpl that a relative import names."""
    package = module.split(".") if module else []
    if path_of(module).name != "__init__.py":
        del package[-1]
    package = package[: len(package) - node.level + 1]
    return ".".join(package + (node.module.split(".") if node.module else []))


MODULES = [*ORDER, "", "__main__"]  # with refimpl/__init__.py and refimpl/__main__.py


def relative_imports(tree: ast.AST) -> List[ast.ImportFrom]:
    """Return the relative imports of a tree, at every depth."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]


def absolute_imports(tree: ast.AST) -> List[str]:
    """Return the dotted names of modules that a tree imports from outside the package."""
    names: List[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.append(node.module or "")
    return names


def top_level(names: List[str]) -> Set[str]:
    return {name.partition(".")[0] for name in names}


def called_names(tree: ast.AST) -> Set[str]:
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {function.id for function in calls if isinstance(function, ast.Name)}


def attribute_names(tree: ast.AST) -> Set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def defined_names(tree: ast.Module) -> List[str]:
    """Return the names that the statements of a module bind, without its imports."""
    names: List[str] = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            names.append(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = [part for target in targets for part in ast.walk(target)]
            names += [
                part.id
                for part in parts
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            ]
        else:
            assert isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr)) or only_imports(node), (
                f"unexpected statement at module level, line {node.lineno}"
            )
    return names


def only_imports(node: ast.stmt) -> bool:
    """Return whether a statement imports names that only annotations use."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
        and not node.orelse
        and all(isinstance(child, (ast.Import, ast.ImportFrom)) for child in node.body)
    )


def imported_bindings(tree: ast.Module) -> Iterator[Tuple[str, str]]:
    """Yield (name, module or object) for each module-level import from outside the package."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    yield alias.asname, alias.name
                else:
                    package = alias.name.partition(".")[0]
                    yield package, package
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def test_order_lists_every_module():
    assert sorted(map(module_at, PACKAGE.rglob("*.py"))) == sorted(MODULES)


# ---- imports -----------------------------------------------------------------------------------


@pytest.mark.slow
@for_each("module", ORDER)
def test_imports_point_one_way(module):
    above = ORDER[: ORDER.index(module)]
    for node in relative_imports(tree_of(module)):
        assert imported_module(module, node) in above, f"line {node.lineno}"


def test_the_lowest_modules_import_almost_nothing():
    assert relative_imports(tree_of("errors")) == []
    for module, allowed in (
        ("sigv4_credentials", {"errors"}),
        ("sigv4_values", {"errors", "sigv4_credentials"}),
        ("sigv4_steps", {"errors", "sigv4_credentials", "sigv4_values"}),
        ("http1_errors", {"errors"}),
        ("http1", {"errors", "http1_errors"}),
        ("foreign_bytes", {"errors", "checksums"}),
        ("eventstream_layout", {"errors"}),
        ("version", set()),
        ("endpoint_url", {"errors"}),
        ("eventstream_frames", {"errors", "checksums", "eventstream_layout", "eventstream_errors"}),
    ):
        assert {node.module for node in relative_imports(tree_of(module))} == allowed


@pytest.mark.parametrize("module", [name for name in ORDER if name.startswith("documents.")])
def test_documents_know_no_shape(module):
    for node in relative_imports(tree_of(module)):
        target = imported_module(module, node)
        assert target in ("errors", "fields") or target.startswith("documents."), target


@pytest.mark.slow
@for_each("module", MODULES)
def test_imports_within_the_package_are_relative_imports_of_names(module):
    tree = ast.parse(source(module))
    for node in relative_imports(tree):
        target = imported_module(module, node)
        assert target in ORDER, f"line {node.lineno} imports a module, not names"
        for alias in node.names:
            assert alias.name in defined_names(tree_of(target)), f"no {alias.name} in {target}"
            assert alias.asname is None or alias.asname == "__version__", f"line {node.lineno}"
    assert "refimpl" not in top_level(absolute_imports(tree))


@pytest.mark.slow
@for_each("module", MODULES)
def test_all_other_imports_are_of_the_standard_library(module):
    if not hasattr(sys, "stdlib_module_names"):
        pytest.skip("this Python has no list of its standard library (3.10 has)")
    assert top_level(absolute_imports(ast.parse(source(module)))) <= sys.stdlib_module_names


@pytest.mark.slow
@for_each("module", PURE)
def test_pure_modules_reach_nothing_outside(module):
    tree = tree_of(module)
    assert top_level(absolute_imports(tree)) & WORLDLY == set()
    assert called_names(tree) & WORLDLY_CALLS == set()
    assert attribute_names(tree) & CLOCKS == set()


def test_the_check_of_pure_modules_can_fail():
    assert {"socket", "http", "io", "time"} <= top_level(absolute_imports(tree_of("transport")))
    assert {"socket", "ssl"} <= top_level(absolute_imports(tree_of("tls")))
    assert {"os", "time"} <= top_level(absolute_imports(tree_of("client")))
    assert {"socket", "ssl", "http", "time", "os"} <= WORLDLY
    outside = [module for module in ORDER if not is_pure(module)]
    assert any("open" in called_names(tree_of(module)) for module in outside)


@pytest.mark.slow
@for_each("module", ORDER)
def test_only_the_transport_imports_sockets(module):
    if module not in NETWORK:
        imported = top_level(absolute_imports(tree_of(module)))
        assert imported & {"socket", "ssl", "http", "urllib"} == set()


@for_each("path", sorted(PACKAGE.rglob("*.py")), ids=module_at)
def test_refimpl_does_not_mention_the_suite(path):
    assert re.search("conformance", path.read_text(encoding="utf-8"), re.IGNORECASE) is None


# ---- one namespace -----------------------------------------------------------------------------


def test_module_level_names_are_unique():
    homes: Dict[str, str] = {}
    for module in ORDER:
        for name in set(defined_names(tree_of(module))) - {"__all__"}:
            assert name not in homes, f"{name} is in {homes[name]} and in {module}"
            homes[name] = module
    assert len(homes) > 200, "defined_names misses names"


def test_no_import_hides_a_definition():
    own = {name for module in ORDER for name in defined_names(tree_of(module))}
    bound: Dict[str, str] = {}
    for module in ORDER:
        for name, target in imported_bindings(tree_of(module)):
            assert name not in own, f"{name}, imported by {module}, is also defined in refimpl"
            assert bound.setdefault(name, target) == target, (
                f"{name}, imported by {module}, has another meaning in another module"
            )


@pytest.mark.slow
def test_the_modules_joined_in_order_are_one_program():
    program = single_file(*package_sources(), sorted(PARTS))
    names = {"__name__": "refimpl_in_one_file"}
    exec(compile(program, "refimpl_in_one_file.py", "exec"), names)
    headers = [(":message-type", "string", "event"), (":event-type", "string", "PayloadPart")]
    frame = names["encode"](headers, b"hi")
    assert frame == refimpl.eventstream.encode(headers, b"hi")
    content_type = ("Content-Type", "application/vnd.amazon.eventstream")
    reader = names["ResponseReader"](200, [content_type])
    assert [event.bytes for event in reader.feed(frame)] == [b"hi"]
    reader.close()
    call = names["InvokeEndpointWithResponseStreamInput"](endpoint_name="llm", body=b"{}")
    endpoint = names["resolve_endpoint"]("eu-west-1")
    request = names["build_request"](call, endpoint.url)
    arguments = (request.method, request.target, request.headers, request.body)
    keys = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    scope = (endpoint.signing_region, endpoint.signing_name, "20150830T123600Z")
    signed = names["Signer"]().sign(*arguments, names["Credentials"](*keys), *scope)
    expected = refimpl.sigv4.Signer().sign(*arguments, refimpl.Credentials(*keys), *scope)
    assert signed == expected
    assert re.search("Signature=[0-9a-f]{64}$", signed.authorization)
    with pytest.raises(names["Error"]):
        names["parse_json"](b"{")
    assert issubclass(names["ModelStreamError"], names["Error"])
    assert callable(names["Client"])
    assert callable(names["main"])


# ---- names on first use ------------------------------------------------------------------------

FIRST_USE = """
import json, sys

def loaded():
    return sorted(name for name in sys.modules if name.startswith("refimpl."))

import refimpl
report = {"import refimpl": loaded()}
for module in json.loads(sys.argv[1]):
    __import__("refimpl." + module)
forbidden = ["ssl", "socket", "_socket", "http.client", "selectors", "asyncio",
             "refimpl.tls", "refimpl.transport", "refimpl.client", "refimpl.cli"]
report["pure modules load"] = [name for name in forbidden if name in sys.modules]
report["dir"] = dir(refimpl)
report["unknown"] = [hasattr(refimpl, "Clientt"), hasattr(refimpl, "__main__")]
try:
    from refimpl import Clientt
except ImportError as error:
    report["unknown"].append("Clientt" in str(error))
report["still not loaded"] = "refimpl.client" not in sys.modules
report["client"] = refimpl.Client.__module__
names = {}
exec("from refimpl import *", names)
report["star"] = sorted(set(names) - {"__builtins__"})
report["modules"] = [refimpl.errors.__name__, refimpl.text.__name__, refimpl.tls.__name__]
report["same"] = refimpl.Error is refimpl.errors.Error and refimpl.Client is names["Client"]
print(json.dumps(report))
"""


@pytest.mark.slow
@pytest.mark.parametrize("version, python", first_fast(interpreters()), ids=lambda value: value)
def test_names_are_imported_on_first_use(version, python):
    report = json.loads(run_program(python, FIRST_USE, json.dumps(PURE)))
    assert report["import refimpl"] == []
    assert report["pure modules load"] == []
    public = {name for name in report["dir"] if not name.startswith("__")}
    modules = {module for module in ORDER if "." not in module}
    assert public == modules | set(refimpl.__all__) - {"__version__"}
    assert {"__all__", "__doc__", "__name__", "__version__"} <= set(report["dir"])
    assert report["unknown"] == [False, False, True]
    assert report["still not loaded"] is True
    assert report["client"] == "refimpl.client"
    assert report["star"] == sorted(refimpl.__all__)
    assert report["modules"] == ["refimpl.errors", "refimpl.text", "refimpl.tls"]
    assert report["same"] is True


def test_type_checkers_see_the_same_names():
    imported = {
        (alias.asname or alias.name, node.module)
        for node in relative_imports(ast.parse(source("")))
        for alias in node.names
    }
    homes = {name: refimpl._MODULES[name] for name in refimpl.__all__ if name != "__version__"}
    assert imported == {*homes.items(), ("__version__", "version")}
    assert set(homes) == set(refimpl._MODULES)


# ---- the public interface ----------------------------------------------------------------------


def test_all_is_grouped_by_module():
    homes = [refimpl._MODULES.get(name, "operation") for name in refimpl.__all__]
    groups = [home for home, before in zip(homes, [None, *homes]) if home != before]
    assert len(groups) == len(set(groups)) and len(set(refimpl.__all__)) == len(refimpl.__all__)
    errors = [name for name, home in zip(refimpl.__all__, homes) if home == "errors"]
    assert errors == sorted(errors, key=defined_names(tree_of("errors")).index), "order of the tree"


def test_all_contains_every_error_and_shape():
    for module in ("errors", "shapes"):
        classes = {node.name for node in tree_of(module).body if isinstance(node, ast.ClassDef)}
        assert classes - {"Shape", "OperationError", "Secrets"} <= set(refimpl.__all__)
    assert {"Client", "Response", "Credentials", "__version__"} <= set(refimpl.__all__)


def public_things(module: str) -> Iterator[Tuple[str, object]]:
    """Yield the public functions, classes and methods of a module, by name."""
    namespace = import_module("refimpl." + module)
    for node in tree_of(module).body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith("_"):
            continue
        thing = getattr(namespace, node.name)
        yield node.name, thing
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    yield f"{node.name}.{method.name}", getattr(thing, method.name)


@for_each("module", ORDER)
def test_every_public_name_has_a_docstring(module):
    assert (ast.get_docstring(tree_of(module)) or "").strip()
    for name, thing in public_things(module):
        assert (inspect.getdoc(thing) or "").strip(), name


def sources() -> List[Path]:
    return sorted(PACKAGE.rglob("*.py")) + sorted((ROOT / "conformance").rglob("*.py"))


@for_each("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_licence_is_in_the_first_line(path):
    assert path.read_bytes().splitlines()[:1] == [b"# SPDX-License-Identifier: MIT"]


def classes_with_a_repr():
    """Return the classes of refimpl with a __repr__ and a constructor that may fail."""
    found = []
    for module in ORDER:
        for value in vars(import_module(f"refimpl.{module}")).values():
            if not inspect.isclass(value) or value.__module__ != f"refimpl.{module}":
                continue
            own = [base for base in value.__mro__ if base.__module__.startswith("refimpl.")]
            if any("__repr__" in vars(base) for base in own) and not issubclass(value, tuple):
                found.append(value)
    return [value for value in found if value.__name__ not in ("Response", "Proxy")]


@for_each("shape", classes_with_a_repr(), ids=lambda shape: shape.__name__)
def test_an_object_whose_constructor_failed_has_a_repr(shape):
    """Tools that show the variables of a traceback call it. It must not hide the error."""
    assert repr(shape.__new__(shape))
