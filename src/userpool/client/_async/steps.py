"""What a sign-in comes to."""

from __future__ import annotations

from typing import TypeAlias

from userpool.client.signed_in import SignedIn
from userpool.protocol.challenges import ChallengeStep

from .user import AsyncUser

AsyncSignInStep: TypeAlias = SignedIn[AsyncUser] | ChallengeStep
"""What a sign-in comes to: `SignedIn`, or a challenge to answer."""
