# SPDX-License-Identifier: MIT
"""The suite's package. It adds SPEC.md and the vectors, and needs `refimpl` of the same version."""

import os
import shutil

from setuptools import setup
from setuptools.command.build_py import build_py

CHECKOUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir)
FILES = {
    "LICENSE": "LICENSE",
    "SPEC.md": os.path.join("specification", "SPEC.md"),
}


def version():
    with open(os.path.join(CHECKOUT, "refimpl", "version.py"), encoding="utf-8") as file:
        return next(line.split('"')[1] for line in file if line.startswith("VERSION = "))


class BuildWithData(build_py):
    """Installed, the runner reads the specification and the vectors from its package."""

    def run(self):
        super().run()
        if getattr(self, "editable_mode", False):
            return  # conformance/files.py finds them in the checkout
        package = os.path.join(self.build_lib, "conformance")
        for source, target in FILES.items():
            path = os.path.join(package, target)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copyfile(os.path.join(CHECKOUT, source), path)
        vectors = os.path.join(package, "vectors")
        shutil.rmtree(vectors, ignore_errors=True)
        shutil.copytree(os.path.join(CHECKOUT, "vectors"), vectors)


setup(
    cmdclass={"build_py": BuildWithData},
    install_requires=["sagemaker-stream-reference==" + version()],
)
