# SPDX-License-Identifier: MIT
"""Recorded HTTP exchanges: the file format, the recording proxy, the replay server."""
