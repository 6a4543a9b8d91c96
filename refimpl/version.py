# SPDX-License-Identifier: MIT
"""The versions of this package."""

VERSION = "0.1.0"
VECTORS_VERSION = "0.2.0"  # of the vectors that this version passes
USER_AGENT = f"sagemaker-stream-reference/{VERSION}"
