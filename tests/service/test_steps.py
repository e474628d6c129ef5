"""What the steps of a sign-in pass to each other shows no secret."""

from __future__ import annotations

from tests.canary import assert_hidden, canary
from tests.service.world import ClientOf
from userpool.service.domain.sessions import Session
from userpool.service.operations.choice import Choice
from userpool.service.ports import Reader, Trigger
from userpool.service.realm import Realm
from userpool.service.stage import Outcome, Stage
from userpool.service.steps import Claimant, Reply, Start
from userpool.service.triggers.calling import Answer, Occasion
from userpool.service.triggers.token_claims import Occurrence


def realm_of(reader: Reader, client: ClientOf) -> Realm:
    return Realm.read(reader, client.id)


def test_no_secret_prints(client: ClientOf) -> None:
    client.signed_up()
    user, secret = client.pool.user("ada"), canary()
    realm = client.world.context.store.read(lambda reader: realm_of(reader, client))
    texts = {"PASSWORD": secret, "ANSWER": secret}
    session = Session("id", "pool", "client", "sub", "ada", secret, "PASSWORD", 0.0, texts, texts)
    who = Claimant(realm, user, user.sub, user.username, secret, texts, texts)
    for thing in (
        Start("USER_AUTH", "client", texts, None, secret, texts),
        Reply("PASSWORD", "client", secret, texts, metadata=texts),
        who,
        Choice(who=who, person=user, offered=(), passkeys=(), given=texts, session=session),
        Stage(realm, user, secret, answered=session, carried=texts, metadata=texts),
        Outcome("PASSWORD", secret, texts),
        Occasion(Trigger.PRE_SIGN_UP, "SignUp", "pool", "client", secret),
        Answer(Trigger.PRE_SIGN_UP, texts),
        Occurrence("Authentication", texts),
    ):
        assert_hidden(thing, secret)
