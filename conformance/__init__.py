# SPDX-License-Identifier: MIT
"""Judges implementations of InvokeEndpointWithResponseStream, in any language; the standard library alone."""
