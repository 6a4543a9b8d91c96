# SPDX-License-Identifier: MIT
"""Judge implementations of InvokeEndpointWithResponseStream in any language.

Uses only the standard library.
"""
