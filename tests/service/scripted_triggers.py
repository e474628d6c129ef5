"""Functions for triggers that tests are written with: what they saw, and a riddle for CUSTOM_AUTH."""

from __future__ import annotations

import copy
from typing import Any

from userpool.service.triggers import Triggers

Event = dict[str, Any]
ANSWER = "the-sphinx"
TRIES = 3


class Seen:
    """Keeps each event as it came in, and lets a test say what is answered."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def note(self, event: Event) -> None:
        """Keep a copy of an event."""
        self.events.append(copy.deepcopy(event))

    def requests(self, source: str) -> list[dict[str, Any]]:
        """The requests of the events of one source."""
        return [one["request"] for one in self.events if one["triggerSource"].startswith(source)]


class Riddle(Seen):
    """Asks for the answer until it is right, three times at most. By SRP first, the password comes first."""

    def define(self, event: Event) -> Event:
        """DefineAuthChallenge."""
        self.note(event)
        session, response = event["request"]["session"], event["response"]
        asked = [one for one in session if one["challengeName"] == "CUSTOM_CHALLENGE"]
        if asked and asked[-1]["challengeResult"]:
            response["issueTokens"] = True
        elif len(asked) == TRIES:
            response["failAuthentication"] = True
        elif [one["challengeName"] for one in session] == ["SRP_A"]:
            response["challengeName"] = "PASSWORD_VERIFIER"
        else:
            response["challengeName"] = "CUSTOM_CHALLENGE"
        return event

    def create(self, event: Event) -> None:
        """CreateAuthChallenge."""
        self.note(event)
        number = len(event["request"]["session"])
        event["response"]["publicChallengeParameters"] = {"question": "Who asks?", "number": str(number)}
        event["response"]["privateChallengeParameters"] = {"answer": ANSWER}
        event["response"]["challengeMetadata"] = f"RIDDLE-{number}"

    def verify(self, event: Event) -> Event:
        """VerifyAuthChallengeResponse."""
        self.note(event)
        request = event["request"]
        right = request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
        return {**event, "response": {"answerCorrect": right}}

    def triggers(self, **others: Any) -> Triggers:
        """The three functions, and others."""
        functions = {
            "define_auth_challenge": self.define,
            "create_auth_challenge": self.create,
            "verify_auth_challenge_response": self.verify,
        }
        return Triggers(**{**functions, **others})


def no(event: Event) -> Event:
    """A function that refuses."""
    raise PermissionError("not today")


class Scripted(Seen):
    """A function whose answers a test says, one after another; then it changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Any] = []

    def __call__(self, event: Event) -> Any:
        self.note(event)
        if not self.answers:
            return event
        answer = self.answers.pop(0)
        return answer(event) if callable(answer) else {**event, "response": answer}
