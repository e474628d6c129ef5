"""Strict verification of Cognito's tokens, with or without a client.

`cryptography` is loaded with the first key, httpx2 with the first fetch.
"""

from __future__ import annotations

from .claims import Claims as Claims
from .errors import ExpiredToken as ExpiredToken
from .errors import KeysUnavailable as KeysUnavailable
from .errors import MalformedToken as MalformedToken
from .errors import UnknownKey as UnknownKey
from .errors import WrongClaim as WrongClaim
from .errors import WrongSignature as WrongSignature
from .multi import AsyncMultiPoolVerifier as AsyncMultiPoolVerifier
from .multi import MultiPoolVerifier as MultiPoolVerifier
from .verifier import AsyncTokenVerifier as AsyncTokenVerifier
from .verifier import TokenVerifier as TokenVerifier
