# SPDX-License-Identifier: MIT
"""Tests of conformance/applications."""
