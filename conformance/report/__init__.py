# SPDX-License-Identifier: MIT
"""Tells what came of a run: on a terminal, as JSON, as JUnit's XML."""
