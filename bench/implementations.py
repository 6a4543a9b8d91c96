# SPDX-License-Identifier: MIT
"""The implementations that this interpreter and this machine have, and the environment of all
subjects.

Nothing is installed or downloaded. `absent` lists what is missing.
"""

import importlib.util
import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Dict, List, NamedTuple, Optional

from conformance.implementations.registry import implementations_folder

ROOT = Path(__file__).resolve().parent.parent
BARE = os.environ.get("REFIMPL_BARE") or str(ROOT / ".." / "shared" / "bench" / "bare.py")
JAVASCRIPT = os.path.join(implementations_folder(), "javascript")
JAVASCRIPT_SDK = "@aws-sdk/client-sagemaker-runtime"

# The packages that are imported into this process, and their modules.
_IMPORTED = {
    "boto3": "boto3",
    "botocore": "botocore",
    "awscrt": "awscrt",
    "httpx-sse": "httpx_sse",
    "httpx": "httpx",
    "sseclient-py": "sseclient",
}

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION = "us-east-1"


class Implementations(NamedTuple):
    """What can be compared.

    bare: the loaded module, or None
    boto3, awscrt: whether they can be imported
    node: the path of the command, or None
    versions: of everything that exists, by package
    absent: a line for everything that does not
    """

    bare: Optional[ModuleType]
    boto3: bool
    awscrt: bool
    node: Optional[str]
    versions: Dict[str, str]
    absent: List[str]


def find_implementations() -> Implementations:
    """Return the implementations that exist here."""
    versions: Dict[str, str] = {}
    absent: List[str] = []
    for name, module in _IMPORTED.items():
        if importlib.util.find_spec(module) is not None:
            versions[name] = version(name)
        else:
            absent.append(f"{name}: this interpreter cannot import it")
    bare = _load_bare()
    if bare is None:
        absent.append(f"bare: no file {BARE} (REFIMPL_BARE)")
    node = _find_javascript(versions, absent)
    has_boto3 = {"boto3", "botocore"} <= set(versions)
    return Implementations(bare, has_boto3, "awscrt" in versions, node, versions, absent)


def _load_bare() -> Optional[ModuleType]:
    if not os.path.isfile(BARE):
        return None
    spec = importlib.util.spec_from_file_location("bare", BARE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _find_javascript(versions: Dict[str, str], absent: List[str]) -> Optional[str]:
    node = shutil.which("node")
    if node is None:
        absent.append("javascript: no node")
        return None
    package = Path(JAVASCRIPT, "node_modules", JAVASCRIPT_SDK, "package.json")
    if not package.is_file():
        absent.append(
            f"javascript: no {JAVASCRIPT_SDK} in {JAVASCRIPT}; "
            "run python3 -m conformance implementations install javascript"
        )
        return None
    versions[JAVASCRIPT_SDK] = json.loads(package.read_text(encoding="utf-8"))["version"]
    return node


def prepare_environment(bytecode: str) -> None:
    """Set the environment of this process and its children.

    They get AWS's example keys, no other configuration, no proxy, and a folder for bytecode.
    """
    for name in list(os.environ):
        is_proxy = name.lower().endswith("_proxy")
        if name.upper().startswith("AWS_") or is_proxy or name == "PYTHONDONTWRITEBYTECODE":
            del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID=ACCESS_KEY,
        AWS_SECRET_ACCESS_KEY=SECRET_KEY,
        AWS_REGION=REGION,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        PYTHONPYCACHEPREFIX=bytecode,
    )
