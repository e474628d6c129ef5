"""Tokens for programs: GetClientToken, GetDerivedToken.

Neither looks at a signature: the app client proves itself by its secret.
"""

from __future__ import annotations

from typing import Any

from userpool.protocol import operations as ops
from userpool.protocol.enums import (
    IssuedTokenTypeIdentifierType,
    OAuthTokenTypeType,
    TokenTypeIdentifierType,
)
from userpool.protocol.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    ResourceNotFoundException,
)
from userpool.protocol.shapes import idp
from userpool.protocol.tokens import (
    Issue,
    SignInFacts,
    TokenUse,
    access_token_claims,
    client_token_claims,
    id_token_claims,
)

from ..context import Call, Context, handles
from ..domain.attributes import readable
from ..domain.groups import group_claims
from ..domain.identifiers import uuid
from ..domain.records import ResourceServer, TokenFamily, User
from ..domain.scopes import derived, for_client
from ..domain.settings import Flow
from ..ports import Reader
from ..presented import Presented, examine
from ..realm import Realm
from ..tokens import pool_keys
from .resource_servers import servers_of

_USES = {TokenTypeIdentifierType.ACCESS_TOKEN: TokenUse.ACCESS, TokenTypeIdentifierType.ID_TOKEN: TokenUse.ID}
_ID_TOKEN = IssuedTokenTypeIdentifierType.ID_TOKEN


@handles(ops.GET_CLIENT_TOKEN)
def get_client_token(context: Context, call: Call[idp.GetClientTokenRequest]) -> idp.GetClientTokenResponse:
    """An access token for an app client itself, with scopes of the pool's resource servers."""
    given = call.input
    realm, servers = context.store.read(lambda reader: _read(reader, given.client_id))
    _check_program(context, realm, given.secret)
    _check_flow(realm, Flow.CLIENT_TOKEN_AUTH)
    settings = realm.client_settings
    scopes = for_client(settings.oauth_scopes, servers, given.scopes)
    claims = client_token_claims(
        Issue(at=int(context.clock.now()), lifetime=settings.access_seconds, jti=uuid(context.random)),
        issuer=context.settings.issuer_of(realm.pool.id),
        client_id=realm.client.id,
        scope=" ".join(scopes),
    )
    return idp.GetClientTokenResponse(
        client_authentication_result=idp.ClientAuthenticationResultType(
            access_token=pool_keys(context, realm.pool).access_signer.sign(claims),
            expires_in=settings.access_seconds,
            token_type=OAuthTokenTypeType.BEARER,
        )
    )


@handles(ops.GET_DERIVED_TOKEN)
def get_derived_token(
    context: Context, call: Call[idp.GetDerivedTokenRequest]
) -> idp.GetDerivedTokenResponse:
    """A token for another service out of a user's token (RFC 8693). It ends with the sign-in that the user's
    token is of, and no later than that token.
    """
    given = call.input
    realm, servers = context.store.read(
        lambda reader: _read(reader, given.client_id, *(given.resources or ()))
    )
    _check_program(context, realm, given.client_secret)
    delegated = given.actor_token is not None
    _check_flow(realm, Flow.TOKEN_EXCHANGE_DELEGATION if delegated else Flow.TOKEN_EXCHANGE_IMPERSONATION)
    _check_members(given)
    audience = _audience(given, servers)
    subject = _presented(context, realm, "Subject Token", given.subject_token, given.subject_token_type)
    if subject.user is None or subject.family is None:
        raise NotAuthorizedException("Invalid Subject Token: it is an app client's, and speaks for no user.")
    act = subject.claims.get("act")
    if given.actor_token is not None:
        actor = _presented(context, realm, "Actor Token", given.actor_token, given.actor_token_type)
        # RFC 8693 section 4.1: who acted before stands inside of who acts now.
        act = {"sub": actor.claims["sub"]} | ({"act": act} if act else {})
    scopes = derived(subject.scopes, realm.client_settings.oauth_scopes, servers, given.scopes)
    return _issue(context, realm, subject, subject.user, subject.family, given, scopes, audience, act)


def _read(reader: Reader, client_id: str, *resources: str) -> tuple[Realm, list[ResourceServer]]:
    realm = Realm.read(reader, client_id)
    servers = {
        one.identifier: one for one in servers_of(reader, realm.pool.id, realm.client_settings.oauth_scopes)
    }
    for identifier in resources:
        named = reader.resource_server(realm.pool.id, identifier)
        if named is not None:
            servers[identifier] = named
    return realm, list(servers.values())


def _check_program(context: Context, realm: Realm, secret: str | None) -> None:
    if not realm.client_settings.has_secret:
        # Nothing else would prove that it is this program: whoever knows its id could have its tokens.
        raise NotAuthorizedException(
            f"Client {realm.client.id} is a public client: it cannot prove itself. Use one with a secret."
        )
    realm.check_client_secret(context.keys, secret)


def _check_flow(realm: Realm, flow: Flow) -> None:
    if not realm.client_settings.allows(flow):
        raise InvalidParameterException(f"{flow} flow not enabled for this client")


def _check_members(given: idp.GetDerivedTokenRequest) -> None:
    if given.audiences and given.resources:
        raise InvalidParameterException("Audiences and Resources cannot be given together.")
    if (given.audiences or given.resources) and given.requested_token_type == _ID_TOKEN:
        raise InvalidParameterException("An ID token is for the app client: it has no other audience.")
    if given.actor_token is not None and given.actor_token_type is None:
        raise InvalidParameterException("ActorTokenType is required where an ActorToken is given.")
    if given.actor_token is None and (given.actor_token_type or given.actor_token_provider_name):
        raise InvalidParameterException("ActorTokenType and ActorTokenProviderName need an ActorToken.")
    if given.subject_token_provider_name or given.actor_token_provider_name:
        raise InvalidParameterException("Tokens of other identity providers are not taken by userpool yet.")


def _audience(given: idp.GetDerivedTokenRequest, servers: list[ResourceServer]) -> str | None:
    for identifier in given.resources or ():
        if identifier not in {server.identifier for server in servers}:
            raise ResourceNotFoundException(f"Resource server {identifier} does not exist.")
    return next(iter((*(given.resources or ()), *(given.audiences or ()))), None)


def _presented(context: Context, realm: Realm, what: str, token: str, kind: str | None) -> Presented:
    use = None if kind is None else _USES.get(TokenTypeIdentifierType(kind))
    if use is None:
        raise InvalidParameterException("SAML assertions are not taken by userpool yet.")
    return examine(context, realm.pool, token, use, what)


def _issue(
    context: Context,
    realm: Realm,
    subject: Presented,
    user: User,
    family: TokenFamily,
    given: idp.GetDerivedTokenRequest,
    scopes: tuple[str, ...],
    audience: str | None,
    act: Any,
) -> idp.GetDerivedTokenResponse:
    settings, now = realm.client_settings, int(context.clock.now())
    groups = group_claims(subject.groups)
    facts = SignInFacts(
        issuer=context.settings.issuer_of(realm.pool.id),
        client_id=realm.client.id,
        sub=user.sub,
        username=user.username,
        auth_time=int(family.auth_time),
        origin_jti=family.origin_jti,
        event_id=family.event_id,
        groups=groups.names,
        roles=groups.roles,
        preferred_role=groups.preferred_role,
    )
    keys, as_id = pool_keys(context, realm.pool), given.requested_token_type == _ID_TOKEN
    whole = settings.id_seconds if as_id else settings.access_seconds
    lifetime = min(whole, int(subject.claims["exp"]) - now)
    issue = Issue(at=now, lifetime=lifetime, jti=uuid(context.random))
    if as_id:
        attributes = {name: value for name, value in readable(settings, user).items() if name != "sub"}
        claims = id_token_claims(facts, issue, attributes=attributes)
    else:
        claims = access_token_claims(facts, issue, scope=" ".join(scopes), audience=audience)
        if not scopes:
            del claims["scope"]
    if act:
        claims["act"] = act
    return idp.GetDerivedTokenResponse(
        issued_token=(keys.id_signer if as_id else keys.access_signer).sign(claims),
        issued_token_type=_ID_TOKEN if as_id else IssuedTokenTypeIdentifierType.ACCESS_TOKEN,
        token_type=OAuthTokenTypeType.N_A if as_id else OAuthTokenTypeType.BEARER,
        expires_in=lifetime,
        scopes=None if as_id else list(scopes),
    )
