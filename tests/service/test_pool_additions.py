"""What a pool is given after it was made: custom attributes, tags."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.world import ClientOf, PoolOf, World, together
from userpool.protocol.errors import ServiceError

SHOE = {"Name": "shoe", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "1"}}


def add(pool: PoolOf, *attributes: dict[str, Any]) -> None:
    pool.admin("AddCustomAttributes", CustomAttributes=list(attributes))


def names(pool: PoolOf) -> list[str]:
    described = pool.admin("DescribeUserPool")["UserPool"]
    return [one["Name"] for one in described["SchemaAttributes"]]


class TestCustomAttributes:
    def test_users_can_have_them_from_then_on(self, world: World) -> None:
        pool = world.pool(Schema=[{"Name": "hat", "AttributeDataType": "String"}])
        client = pool.client()
        client.signed_up()
        shoe = [{"Name": "custom:shoe", "Value": "42"}]
        tokens = client.tokens()
        before = world.error(
            "AdminUpdateUserAttributes", UserPoolId=pool.id, Username="ada", UserAttributes=shoe
        )
        assert before.code == "InvalidParameterException"
        add(pool, SHOE, {"Name": "secret", "AttributeDataType": "String", "DeveloperOnlyAttribute": True})
        assert names(pool)[-3:] == ["custom:hat", "custom:shoe", "dev:custom:secret"]
        pool.admin("AdminUpdateUserAttributes", Username="ada", UserAttributes=shoe)
        assert pool.user("ada").attributes["custom:shoe"] == "42"
        assert tokens.call("GetUser")
        low = [{"Name": "custom:shoe", "Value": "0"}]
        error = world.error(
            "AdminUpdateUserAttributes", UserPoolId=pool.id, Username="ada", UserAttributes=low
        )
        assert error.code == "InvalidParameterException"
        pool.admin("UpdateUserPool", AutoVerifiedAttributes=["email"])
        assert "custom:shoe" in names(pool)

    @pytest.mark.parametrize(
        "attribute",
        [
            {**SHOE, "Name": "hat"},
            {**SHOE, "Name": "email"},
            {**SHOE, "Required": True},
            {**SHOE, "StringAttributeConstraints": {"MinLength": "1"}},
            {"AttributeDataType": "String"},
        ],
    )
    def test_what_cannot_be_added(self, world: World, attribute: dict[str, Any]) -> None:
        pool = world.pool(Schema=[{"Name": "hat", "AttributeDataType": "String"}])
        before = names(pool)
        error = world.error(
            "AddCustomAttributes", UserPoolId=pool.id, CustomAttributes=[{"Name": "fine"}, attribute]
        )
        assert error.code == "InvalidParameterException"
        assert names(pool) == before

    def test_a66_there_are_fifty_at_most(self, pool: PoolOf, world: World) -> None:
        for start in (0, 25):
            add(pool, *({"Name": f"a{n}"} for n in range(start, start + 25)))
        error = world.error(
            "AddCustomAttributes", UserPoolId=pool.id, CustomAttributes=[{"Name": "one_more"}]
        )
        assert error.code == "InvalidParameterException"

    def test_of_many_who_add_one_attribute_one_does(self, pool: PoolOf) -> None:
        results = together(8, lambda _: add(pool, SHOE))
        assert len([one for one in results if isinstance(one, ServiceError)]) == 7
        assert names(pool).count("custom:shoe") == 1


@pytest.fixture
def arn(pool: PoolOf) -> str:
    return str(pool.admin("DescribeUserPool")["UserPool"]["Arn"])


class TestTags:
    def test_tags_come_and_go(self, pool: PoolOf, world: World, arn: str, client: ClientOf) -> None:
        def tags() -> dict[str, str]:
            shown: dict[str, str] = world.call("ListTagsForResource", ResourceArn=arn)["Tags"]
            assert pool.admin("DescribeUserPool")["UserPool"]["UserPoolTags"] == shown
            return shown

        assert tags() == {}
        world.call("TagResource", ResourceArn=arn, Tags={"team": "a", "stage": "test"})
        world.call("TagResource", ResourceArn=arn, Tags={"team": "b"})
        assert tags() == {"team": "b", "stage": "test"}
        world.call("UntagResource", ResourceArn=arn, TagKeys=["team", "none"])
        assert tags() == {"stage": "test"}

    def test_there_are_fifty_at_most(self, world: World, arn: str) -> None:
        world.call("TagResource", ResourceArn=arn, Tags={f"t{n}": "" for n in range(50)})
        error = world.error("TagResource", ResourceArn=arn, Tags={"more": ""})
        assert error.code == "InvalidParameterException"
        world.call("TagResource", ResourceArn=arn, Tags={"t1": "again"})

    def test_other_resources(self, world: World, arn: str) -> None:
        for other in (arn.replace("000000000000", "111111111111"), arn[:-1], arn.replace("userpool/", "x/")):
            for operation, more in (
                ("TagResource", {"Tags": {"a": "b"}}),
                ("UntagResource", {"TagKeys": ["a"]}),
                ("ListTagsForResource", {}),
            ):
                error = world.error(operation, ResourceArn=other, **more)
                assert error.code == "ResourceNotFoundException"
