# SPDX-License-Identifier: MIT
"""The bill of materials of a release, in the format CycloneDX 1.5 (JSON).

It lists each file with its checksum and licence. The project contains no third-party component and
depends on none. The only dependency is that of the suite on the package `refimpl`.
"""

import hashlib
import json
import uuid
from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping

from refimpl.version import VECTORS_VERSION, VERSION

NAME = f"sagemaker-stream-reference-{VERSION}.cdx.json"
_CLIENT, _SUITE = "sagemaker_stream_reference", "sagemaker_stream_conformance"


def bill_of_materials(files: Mapping[str, bytes], time: int) -> bytes:
    """Return the document. files: contents by name;  time: seconds since 1970"""
    components = [_component(name, data) for name, data in sorted(files.items())]
    identity = "".join(component["hashes"][0]["content"] for component in components)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, identity)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": "release",
                "name": "sagemaker-stream-reference",
                "version": VERSION,
                "licenses": _licences("MIT"),
            },
        },
        "components": components,
        "dependencies": [
            {"ref": "release", "dependsOn": sorted(files)},
            *({"ref": name, "dependsOn": _needed(name, files)} for name in sorted(files)),
        ],
        "compositions": [{"aggregate": "complete", "dependencies": ["release", *sorted(files)]}],
    }
    return (json.dumps(document, indent=1, ensure_ascii=True) + "\n").encode("ascii")


def _component(name: str, data: bytes) -> Dict[str, Any]:
    is_cases = "cases" in name
    component: Dict[str, Any] = {
        "type": "data" if is_cases else "library",
        "bom-ref": name,
        "name": name,
        "version": VECTORS_VERSION if is_cases else VERSION,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}],
        "licenses": _licences("CC0-1.0" if is_cases else "MIT"),
    }
    if name.startswith(_SUITE) or name.endswith(f"{VERSION}.tar.gz"):
        component["licenses"] = _licences("MIT", "CC0-1.0")
    if name.endswith(".whl"):
        package = name.split("-")[0].replace("_", "-")
        component["purl"] = f"pkg:pypi/{package}@{VERSION}"
    return component


def _licences(*names: str) -> List[Dict[str, Any]]:
    return [{"license": {"id": name}} for name in names]


def _needed(name: str, files: Mapping[str, bytes]) -> List[str]:
    if not name.startswith(_SUITE):
        return []
    return sorted(other for other in files if other.startswith(_CLIENT) and other.endswith(".whl"))
