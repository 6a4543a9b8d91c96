# SPDX-License-Identifier: MIT
"""Reports on a run: terminal text, HTML, JSON, JUnit XML, a badge.

formats.py has one row per format of `--report`. A new format is a module with a function that
returns the whole text, and a row in that table.
"""
