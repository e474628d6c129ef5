"""The two steps in which a remembered device stands in for the second factor: DEVICE_SRP_AUTH and
DEVICE_PASSWORD_VERIFIER.
"""

from __future__ import annotations

import base64

from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import NotAuthorizedException
from userpool.protocol.srp import SECRET_BYTES, ServerSide

from ..charges import charge_proof
from ..context import Context
from ..devices import PARAMETER, group_key, known_device, open_verifier, unknown_device
from ..domain.factors.device import CARRIED, stands_in
from ..domain.records import Device, User
from ..proving import public_number
from ..sessions import new_session, open_session, seal_bytes, seal_session, use_up
from ..sign_in import proceed, settled, still_good
from ..srp_claims import Claim, offer
from ..stage import Outcome, Stage
from ..steps import Facts, Reply

_VERIFIER = ChallengeNameType.DEVICE_PASSWORD_VERIFIER


def answer_device_srp(context: Context, reply: Reply, facts: Facts) -> Outcome:
    """Begin the device's SRP exchange: it has shown its key, and that it means to prove more."""
    realm, one, user = facts.realm, facts.session, facts.proved_user()
    device = _asked(context, reply, facts, user)
    number = public_number(reply.response("SRP_A"))
    server = ServerSide.generate(open_verifier(context, device), context.random(SECRET_BYTES), context.power)
    use_up(context, one)
    data = {"proof": one.data["proof"], **offer(server, number)}
    session = new_session(context, realm, one.sub, one.username, one.typed, _VERIFIER, data, one.carried)
    return Outcome(
        _VERIFIER,
        seal_session(context, session),
        {
            "SALT": device.salt.hex(),
            "SECRET_BLOCK": base64.b64encode(seal_bytes(context, session)).decode(),
            "SRP_B": server.public,
            "USERNAME": user.username,
            PARAMETER: device.key,
        },
    )


def answer_device_verifier(context: Context, reply: Reply, facts: Facts) -> Outcome:
    """Finish it: with the right proof the sign-in is complete."""
    realm, session, user = facts.realm, facts.session, facts.proved_user()
    claim = Claim.read(context, reply.responses)
    if reply.session is not None:
        # The block is the session already; one that comes beside it must be the same.
        beside = open_session(context, reply.session, _VERIFIER, reply.client_id)
        if beside.id != session.id:
            raise NotAuthorizedException("Invalid session for the user.")
    device = _asked(context, reply, facts, user)
    charge_proof(context, realm.pool.id, user.sub, session, once=True)
    names = group_key(context, realm.pool.id), device.key
    if not claim.proves(context, open_verifier(context, device), session, names):
        raise NotAuthorizedException("Incorrect username or password.")

    def attempt(present: User) -> Outcome:
        still_good(session, present)
        # Not as `answered`: the charge has used the session up.
        stage = Stage(
            realm,
            present,
            session.typed,
            charged=True,
            at=_VERIFIER,
            carried=session.carried,
            metadata=reply.metadata,
        )
        return proceed(context, stage, None)

    return settled(context, user, attempt)


def _asked(context: Context, reply: Reply, facts: Facts, user: User) -> Device:
    """The device that was asked for its proof, and that answers.

    Raises:
        ResourceNotFoundException: it was forgotten since, or it may not stand in for a factor any more.
    """
    reply.response(PARAMETER)
    device = context.store.read(lambda reader: known_device(reader, facts.realm, user.sub, reply.responses))
    if device is None or not stands_in(facts.realm.settings, device):
        raise unknown_device()
    if device.key != facts.session.carried.get(CARRIED):
        raise NotAuthorizedException("Invalid session for the user.")
    return device
