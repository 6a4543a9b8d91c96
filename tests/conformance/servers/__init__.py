# SPDX-License-Identifier: MIT
"""Tests of conformance.servers."""
