# SPDX-License-Identifier: MIT
"""Run pyodide_fetch.mjs against an endpoint on loopback: fetch_check.py CHECKOUT FOLDER NODE."""

import subprocess
import sys

checkout, folder, node = sys.argv[1:]
sys.path.insert(0, checkout)

from conformance.endpoint import Endpoint  # noqa: E402

with Endpoint(pace=0) as endpoint:
    command = [node, folder + "/pyodide_fetch.mjs", checkout, endpoint.url]
    sys.exit(subprocess.run(command, stdout=subprocess.DEVNULL).returncode)
