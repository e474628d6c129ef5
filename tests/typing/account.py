"""A user's account, pages and machines: what comes back, on both faces."""

from userpool import (
    AsyncUser,
    AsyncUserPool,
    DeviceFacts,
    MfaOption,
    Page,
    PasswordPolicy,
    PasswordRule,
    User,
    UserContext,
    UserPool,
    UserSession,
    generate_password,
)


def at_home(user: User) -> None:
    listed = user.list_user_sessions()
    reveal_type(listed.items)  # reveals: tuple[userpool.flows.user_sessions.UserSession, ...]
    for session in user.user_sessions():
        reveal_type(session.created_at)  # reveals: datetime.datetime | None
        user.revoke_user_session(session)  # error: arg-type
    reveal_type(user.get_user_auth_factors().factors)  # reveals: tuple[str, ...]
    user.set_user_settings([MfaOption()])
    user.set_user_mfa_preference(web_authn=True)
    user.set_user_mfa_preference(web_authn="preferred")  # error: arg-type


async def by_asyncio(user: AsyncUser) -> None:
    listed = await user.list_user_sessions()
    reveal_type(listed.items)  # reveals: tuple[userpool.flows.user_sessions.UserSession, ...]
    async for session in user.user_sessions():
        reveal_type(session)  # reveals: userpool.flows.user_sessions.UserSession


def machines(pool: UserPool) -> None:
    reveal_type(pool.get_client_token(["orders/read"]).expires_at)  # reveals: datetime.datetime | None
    reveal_type(pool.get_derived_token("a.b.c").scopes)  # reveals: tuple[str, ...]
    pool.get_client_token(client_metadata={"k": 1})  # error: dict-item


def pools(policy: PasswordPolicy) -> None:
    UserPool("us-east-1_a1", "client", ("new", "old"), password_policy=policy)
    AsyncUserPool("us-east-1_a1", "client", client_secret=("new", "old"))
    UserPool("us-east-1_a1", "client", ("one", "two", "three"))  # error: arg-type
    UserPool("us-east-1_a1", "client", user_context=UserContext(device=DeviceFacts(platform="Linux")))
    UserContext(device="Linux")  # error: arg-type
    missing = policy.check(generate_password(policy))
    reveal_type(missing)  # reveals: tuple[userpool.protocol.passwords.PasswordRule, ...]


def a_page_of_anything_narrower_is_a_page(page: Page[PasswordRule]) -> Page[str]:
    return page


def what_a_page_holds(page: Page[UserSession]) -> None:
    for session in page:
        reveal_type(session)  # reveals: userpool.flows.user_sessions.UserSession
    reveal_type(page.next_token)  # reveals: str | None
