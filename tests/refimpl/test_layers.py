# SPDX-License-Identifier: MIT
"""Tests of the house rules of refimpl/: what a module may import and name, so that it can be vendored and read.

The plan: read the sources as syntax trees. Imports point one way, are relative imports of names, or of the standard
library; nothing but transport, client and cli touches a socket, a file, a clock or the environment; module-level names
are unique, so that the modules joined in order are one program: that program is made here, run, and asked to frame and
to sign. Then what a reader may rely on: `__all__` exact, a docstring on all that is public, the licence on line one.
"""

import ast
import inspect
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest

import refimpl

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "refimpl"
ORDER = [
    "errors",
    "eventstream",
    "sigv4",
    "fields",
    "documents",
    "documents.value_format",
    "documents.json_format",
    "message_json",
    "documents.xml_format",
    "documents.query_format",
    "documents.header_format",
    "text",
    "documents.datatype",
    "shapes",
    "errordocument",
    "convert",
    "operation",
    "config",
    "config.environment",
    "endpoints",
    "http1",
    "tls",
    "transport",
    "config.credentials",
    "client",
    "text.render",
    "text.bridge",
    "cli",
]
OUTSIDE = {
    "tls",
    "transport",
    "client",
    "cli",
    "__main__",
}  # these hand in the real clock, files, sockets and environment
PURE = [name for name in ORDER if name not in OUTSIDE]

# Modules through which the world can be reached; what parses a value without touching anything is not among them.
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
    return path / "__init__.py" if path.is_dir() else path.with_name(path.name + ".py")


def source(module: str) -> str:
    return path_of(module).read_text(encoding="utf-8")


def module_at(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_module(module: str, node: ast.ImportFrom) -> str:
    """The module of refimpl that a relative import names."""
    parts = module.split(".") if module else []
    base = parts if path_of(module).name == "__init__.py" else parts[:-1]
    return ".".join(
        base[: len(base) - node.level + 1] + (node.module.split(".") if node.module else [])
    )


TREES = {module: ast.parse(source(module)) for module in ORDER}


def relative_imports(tree: ast.Module) -> List[ast.ImportFrom]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]


def absolute_imports(tree: ast.Module) -> List[str]:
    """The dotted names that a module imports from outside the package, wherever the import stands."""
    names = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    return names + [
        node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and not node.level
    ]


def defined_names(tree: ast.Module) -> List[str]:
    """The names that the statements of a module itself bind, imports apart; `X.__doc__ = ...` binds none."""
    names: List[str] = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            names.append(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [
                part.id
                for target in targets
                for part in ast.walk(target)
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            ]
        else:
            assert isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr)), (
                f"a statement of another kind at line {int(node.lineno)}"
            )
    return names


def imported_bindings(tree: ast.Module) -> Iterator[Tuple[str, str]]:
    """(name, what it is bound to) for each module-level import from outside the package."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (
                    (alias.asname, alias.name)
                    if alias.asname
                    else (alias.name.partition(".")[0],) * 2
                )
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


# ---- which modules there are -------------------------------------------------------------------------------------


def test_every_module_has_its_place_in_the_order():
    assert sorted(module_at(path) for path in PACKAGE.rglob("*.py")) == sorted(
        ORDER + ["", "__main__"]
    )


# ---- imports -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ORDER)
def test_imports_point_one_way(module):
    below = ORDER[: ORDER.index(module)]
    assert [
        node.lineno
        for node in relative_imports(TREES[module])
        if imported_module(module, node) not in below
    ] == []


def test_the_errors_and_the_http_head_stand_on_next_to_nothing():
    assert relative_imports(TREES["errors"]) == []
    assert {node.module for node in relative_imports(TREES["http1"])} == {"errors"}


@pytest.mark.parametrize("module", ORDER + ["", "__main__"])
def test_imports_within_the_package_are_relative_imports_of_names(module):
    tree = ast.parse(source(module))
    for node in relative_imports(tree):
        target = imported_module(module, node)
        assert target in ORDER, f"line {int(node.lineno)} imports a module, not names"
        for alias in node.names:
            assert alias.name != "*", f"line {int(node.lineno)}"
            assert alias.asname is None or (module, alias.asname) == ("", "__version__"), (
                f"line {int(node.lineno)}"
            )
            assert alias.name in defined_names(TREES[target]), (
                f"{alias.name} is not defined in {target}"
            )
    assert [name for name in absolute_imports(tree) if name.partition(".")[0] == "refimpl"] == []


@pytest.mark.parametrize("module", ORDER + ["", "__main__"])
def test_all_else_is_of_the_standard_library(module):
    if not hasattr(sys, "stdlib_module_names"):
        pytest.skip("this Python has no list of its standard library (3.10 has)")
    assert {
        name.partition(".")[0] for name in absolute_imports(ast.parse(source(module)))
    } <= sys.stdlib_module_names


@pytest.mark.parametrize("module", PURE)
def test_what_is_pure_reaches_nothing(module):
    tree = TREES[module]
    assert {name.partition(".")[0] for name in absolute_imports(tree)} & WORLDLY == set()
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called & WORLDLY_CALLS == set()
    assert {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    } & CLOCKS == set()


def test_the_worldly_modules_are_worldly():
    """The test above can fail: these three would."""
    assert {"socket", "ssl", "http", "time"} <= {
        name.partition(".")[0] for name in absolute_imports(TREES["transport"])
    } & WORLDLY
    assert {"os", "time"} <= {
        name.partition(".")[0] for name in absolute_imports(TREES["client"])
    } & WORLDLY
    assert "open" in {
        node.func.id
        for node in ast.walk(TREES["cli"])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


@pytest.mark.parametrize("module", ORDER)
def test_only_the_transport_opens_sockets(module):
    if module not in ("tls", "transport"):
        assert {name.partition(".")[0] for name in absolute_imports(TREES[module])} & {
            "socket",
            "ssl",
            "http",
            "urllib",
        } == set()


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=module_at)
def test_nothing_here_names_the_suite_that_judges_it(path):
    assert re.search("conformance", path.read_text(encoding="utf-8"), re.IGNORECASE) is None


# ---- one namespace -----------------------------------------------------------------------------------------------


def test_module_level_names_are_unique():
    seen: Dict[str, str] = {}
    for module in ORDER:
        for name in defined_names(TREES[module]):
            assert name not in seen, f"{name} stands in {seen[name]} and in {module}"
            seen[name] = module
    assert len(seen) > 200  # the reading of the trees finds what there is


def test_no_import_hides_a_definition():
    own = {name for module in ORDER for name in defined_names(TREES[module])}
    bound: Dict[str, str] = {}
    for module in ORDER:
        for name, target in imported_bindings(TREES[module]):
            assert name not in own, f"{name} of {module} is also defined here"
            assert bound.setdefault(name, target) == target, (
                f"{name} of {module} is bound to something else elsewhere"
            )


def joined() -> str:
    """The modules as one program: their sources in order, without the imports among themselves."""
    parts = []
    for module in ORDER:
        lines = source(module).splitlines(keepends=True)
        for node in sorted(relative_imports(TREES[module]), key=lambda node: -node.lineno):
            assert node in TREES[module].body, f"a relative import inside a function of {module}"
            del lines[node.lineno - 1 : node.end_lineno]
        parts.append("".join(lines))
    return "\n".join(parts)


def test_the_modules_joined_in_order_are_one_program():
    namespace = {"__name__": "refimpl_in_one_file"}
    exec(compile(joined(), "refimpl_in_one_file.py", "exec"), namespace)
    frame = namespace["encode"](
        [(":message-type", "string", "event"), (":event-type", "string", "PayloadPart")], b"hi"
    )
    assert frame == refimpl.eventstream.encode(
        [(":message-type", "string", "event"), (":event-type", "string", "PayloadPart")], b"hi"
    )
    reader = namespace["ResponseReader"](
        200, [("Content-Type", "application/vnd.amazon.eventstream")]
    )
    assert [event.bytes for event in reader.feed(frame)] == [b"hi"]
    reader.close()
    call = namespace["InvokeEndpointWithResponseStreamInput"](endpoint_name="llm", body=b"{}")
    endpoint = namespace["resolve_endpoint"]("eu-west-1")
    request = namespace["build_request"](call, endpoint.url)
    arguments = (request.method, request.target, request.headers, request.body)
    credentials = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    rest = (endpoint.signing_region, endpoint.signing_name, "20150830T123600Z")
    signed = namespace["Signer"]().sign(*arguments, namespace["Credentials"](*credentials), *rest)
    assert signed == refimpl.sigv4.Signer().sign(
        *arguments, refimpl.Credentials(*credentials), *rest
    )
    assert re.search("Signature=[0-9a-f]{64}$", signed.authorization)
    with pytest.raises(namespace["Error"]):
        namespace["parse_json"](b"{")
    assert issubclass(namespace["ModelStreamError"], namespace["Error"])
    assert callable(namespace["Client"]) and callable(namespace["main"])


# ---- what a reader relies on -------------------------------------------------------------------------------------


def test_all_is_exactly_what_is_imported():
    imported = [
        alias.asname or alias.name
        for node in relative_imports(ast.parse(source("")))
        for alias in node.names
    ]
    assert sorted(refimpl.__all__) == sorted(imported)
    assert len(set(refimpl.__all__)) == len(refimpl.__all__)
    for name in refimpl.__all__:
        assert getattr(refimpl, name) is not None


def test_all_stands_in_groups_by_module():
    homes = [
        "operation"
        if name == "__version__"
        else getattr(refimpl, name).__module__.partition(".")[2]
        for name in refimpl.__all__
    ]
    groups = [home for home, before in zip(homes, [None] + homes) if home != before]
    assert len(groups) == len(set(groups)), groups
    in_errors = [name for name, home in zip(refimpl.__all__, homes) if home == "errors"]
    assert in_errors == sorted(
        in_errors, key=defined_names(TREES["errors"]).index
    )  # the tree, in the order in which it is drawn


def test_all_misses_nothing():
    """Every error that a call may raise and every shape that it takes or gives can be named as refimpl.Name."""
    roots = {"Shape", "OperationError"}
    for module in ("errors", "shapes"):
        classes = {node.name for node in TREES[module].body if isinstance(node, ast.ClassDef)}
        assert classes - roots <= set(refimpl.__all__)
    assert {"Client", "Response", "Credentials", "__version__"} <= set(refimpl.__all__)
    for module in (
        "eventstream",
        "sigv4",
        "operation",
        "text",
    ):  # these stand alone, as the package's docstring says
        assert getattr(refimpl, module).__name__ == "refimpl." + module


def public_things(module: str) -> Iterator[Tuple[str, object]]:
    namespace = import_module("refimpl." + module)
    for node in TREES[module].body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith("_"):
            continue
        thing = getattr(namespace, node.name)
        yield node.name, thing
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    yield f"{node.name}.{method.name}", getattr(thing, method.name)


@pytest.mark.parametrize("module", ORDER)
def test_all_that_is_public_has_a_docstring(module):
    assert (ast.get_docstring(TREES[module]) or "").strip()
    assert [
        name for name, thing in public_things(module) if not (inspect.getdoc(thing) or "").strip()
    ] == []


def sources() -> List[Path]:
    return sorted(PACKAGE.rglob("*.py")) + sorted((ROOT / "conformance").rglob("*.py"))


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_licence_is_the_first_line(path):
    assert path.read_bytes().splitlines()[:1] == [b"# SPDX-License-Identifier: MIT"]
