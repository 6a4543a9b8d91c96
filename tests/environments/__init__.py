# SPDX-License-Identifier: MIT
"""`python3 -m tests.environments`: the suite's adapter in each environment where a copy must run.

Each environment is created with its own installer in a temporary folder. The adapter of the
reference runs inside it, and the runner outside of it. `--write` stores the result in
reports/environments.json and its table in docs/vendoring.md. An environment that this machine
cannot create is skipped, with the reason.

`places.py` creates the environments, `report.py` formats the result.
"""
