# SPDX-License-Identifier: MIT
"""Build the reproducers of a page in a compiled language as one program.

The program's argument is the number of the reproducer to run. Each reproducer becomes the body of a
function after the prelude. The build uses the locked dependencies of the adapter and downloads
nothing.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import List, Sequence

from conformance.implementations.installers import Installed

PATIENCE = 300  # seconds for a build; only a watchdog


def build(folder: Path, *command: str, **environment: str) -> None:
    """Run a compiler, and fail with its output."""
    process = subprocess.run(
        command,
        cwd=str(folder),
        env=dict(os.environ, **environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE,
        encoding="utf-8",
        check=False,
    )
    assert process.returncode == 0, process.stdout


def numbered(program: Sequence[str], codes: Sequence[str]) -> List[Sequence[str]]:
    return [(*program, str(number)) for number in range(len(codes))]


def build_go(
    found: Installed, prelude: str, codes: Sequence[str], folder: Path
) -> List[Sequence[str]]:
    for name in ("go.mod", "go.sum"):
        shutil.copy(os.path.join(found.where, name), str(folder))
    bodies = "".join("\nfunc reproducer%d() {\n%s}\n" % pair for pair in enumerate(codes))
    (folder / "reproducers.go").write_text(prelude + bodies, encoding="utf-8")
    names = ", ".join(f"reproducer{number}" for number in range(len(codes)))
    # A file of its own: what it imports is not there for the reproducers.
    (folder / "main.go").write_text(
        f"""package main

import (
	"os"
	"strconv"
)

func main() {{
	number, _ := strconv.Atoi(os.Args[1])
	[]func(){{{names}}}[number]()
}}
""",
        encoding="utf-8",
    )
    # Go refuses an import that is not used, so the prelude must use all of its own for itself.
    (folder / "prelude").mkdir()
    (folder / "prelude" / "main.go").write_text(prelude + "\nfunc main() {}\n", encoding="utf-8")
    build(folder, "go", "build", "-mod=readonly", "-o", "built/", "./...", GOPROXY="off")
    return numbered([str(folder / "built" / "adapter")], codes)


def build_rust(
    found: Installed, prelude: str, codes: Sequence[str], folder: Path
) -> List[Sequence[str]]:
    for name in ("Cargo.toml", "Cargo.lock"):
        shutil.copy(os.path.join(found.where, name), str(folder))
    bodies = "".join("\nasync fn reproducer%d() {\n%s}\n" % pair for pair in enumerate(codes))
    arms = "".join(
        f"            {number} => reproducer{number}().await,\n" for number in range(len(codes))
    )
    (folder / "main.rs").write_text(
        prelude
        + bodies
        + f"""
fn main() {{
    let number: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {{
        match number {{
{arms}            _ => panic!("no such reproducer"),
        }}
    }});
}}
""",
        encoding="utf-8",
    )
    build(
        folder,
        "cargo",
        "build",
        "--offline",
        "--locked",
        "--quiet",
        "--target-dir",
        "target",
        CARGO_PROFILE_DEV_DEBUG="0",
    )
    program = shutil.move(str(folder / "target" / "debug" / "adapter"), str(folder))
    shutil.rmtree(str(folder / "target"))  # some hundred megabytes
    return numbered([program], codes)


def build_java(
    found: Installed, prelude: str, codes: Sequence[str], folder: Path
) -> List[Sequence[str]]:
    one = (
        "\nclass Reproducer%d extends Prelude {\n"
        "    public static void main(String[] args) throws Exception {\n%s    }\n}\n"
    )
    classes = "".join(one % pair for pair in enumerate(codes))
    (folder / "Reproducers.java").write_text(prelude + classes, encoding="utf-8")
    libraries = os.path.join(found.where, "lib", "*")
    build(folder, "javac", "-proc:none", "-encoding", "utf-8", "-cp", libraries, "Reproducers.java")
    path = os.pathsep.join((libraries, str(folder)))
    return [
        (found.command[0], "-XX:TieredStopAtLevel=1", "-cp", path, f"Reproducer{number}")
        for number in range(len(codes))
    ]
