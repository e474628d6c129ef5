"""A pool's attributes."""

from __future__ import annotations

from userpool.service.domain.schema import STANDARD, Kind, is_custom, pool_schema, wire_name


def test_every_pool_has_the_standard_attributes_with_cognitos_bounds() -> None:
    schema = pool_schema([])
    assert schema == STANDARD
    assert schema["birthdate"].min_length == schema["birthdate"].max_length == 10
    assert schema["updated_at"].kind is Kind.NUMBER
    assert schema["updated_at"].min_value == 0
    assert not schema["sub"].mutable
    assert schema["sub"].required
    assert schema["email"].max_length == 2048


def test_custom_attributes_get_their_prefix() -> None:
    assert wire_name({"Name": "team"}) == "custom:team"
    assert wire_name({"Name": "team", "DeveloperOnlyAttribute": True}) == "dev:custom:team"
    assert wire_name({"Name": "custom:team"}) == "custom:team"
    assert wire_name({"Name": "email"}) == "email"
    assert is_custom("dev:custom:x")
    assert not is_custom("email")


def test_what_was_stored_changes_the_standard_and_adds_to_it() -> None:
    schema = pool_schema(
        [
            {"Name": "email", "Required": True, "Mutable": False},
            {
                "Name": "age",
                "AttributeDataType": "Number",
                "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": ""},
            },
            {
                "Name": "team",
                "AttributeDataType": "String",
                "StringAttributeConstraints": {"MinLength": "2", "MaxLength": "20"},
            },
        ]
    )
    assert schema["email"].required
    assert not schema["email"].mutable
    assert schema["email"].max_length == 2048
    age, team = schema["custom:age"], schema["custom:team"]
    assert age.custom
    assert (age.min_value, age.max_value) == (1, None)
    assert (team.min_length, team.max_length) == (2, 20)
    assert list(schema)[: len(STANDARD)] == list(STANDARD)


def test_shapes_show_only_the_bounds_of_their_kind() -> None:
    schema = pool_schema([{"Name": "flag", "AttributeDataType": "Boolean"}])
    assert schema["birthdate"].to_wire()["StringAttributeConstraints"] == {
        "MinLength": "10",
        "MaxLength": "10",
    }
    assert schema["updated_at"].to_wire()["NumberAttributeConstraints"] == {"MinValue": "0"}
    assert schema["identities"].to_wire()["StringAttributeConstraints"] == {}
    flag = schema["custom:flag"].to_wire()
    assert set(flag) == {"Name", "AttributeDataType", "DeveloperOnlyAttribute", "Mutable", "Required"}
