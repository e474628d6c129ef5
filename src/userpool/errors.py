"""Every error of the contract and of the client, under one root: `UserPoolError`.

The errors of the token verifier alone are in `userpool.verify`; all of them are a `TokenVerificationError`.
"""

from __future__ import annotations

from .protocol.errors import *  # noqa: F403 - the public door to that module
