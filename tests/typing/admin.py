"""Administration: settings by keyword, results as shapes."""

from userpool import Admin, Credentials, UserPool
from userpool.protocol import operations as ops
from userpool.protocol.shapes import idp


def administer(pool: UserPool) -> None:
    admin = Admin("us-east-1_aB12cDe34", credentials=Credentials("AKID", "secret"))
    reveal_type(pool.admin)  # reveals: userpool.client._sync.admin.Admin
    made = admin.admin_create_user("ada", {"email": "ada@example.com"})
    reveal_type(made.user_status)  # reveals: str | None
    for user in admin.users(filter='email ^= "ada"'):
        reveal_type(user)  # reveals: userpool.protocol._generated.idp.common.UserType
    admin.create_user_pool("shop", policies=idp.UserPoolPolicyType(), auto_verified_attributes=("email",))
    admin.create_user_pool("shop", policies={})  # error: arg-type
    admin.create_user_pool("shop", colour="blue")  # error: call-arg
    groups = admin.call(ops.LIST_GROUPS, ops.LIST_GROUPS.input(user_pool_id="us-east-1_aB12cDe34"))
    reveal_type(groups.next_token)  # reveals: str | None


def embedded() -> None:
    with UserPool.embedded() as pool:
        reveal_type(pool.outbox.code())  # reveals: str
        pool.clock.advance(60)
