"""Profiles and configuration files: which of all that names a pool counts."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import PASSWORD, Shell
from userpool.cli.profile_file import ProfileFile, to_toml
from userpool.cli.target import Target, client_options

POOL, OTHER = "eu-west-1_aB12cDe34", "eu-west-1_Other1"
FIRST = ("--pool", POOL, "--client-id", "first")
IDENTITY_POOL = "eu-west-1:0a1b2c3d-4e5f-6789-abcd-ef0123456789"

LEAVES = st.text(st.characters(codec="utf-8")) | st.booleans() | st.integers(-(2**60), 2**60)
TABLES = st.recursive(
    LEAVES,
    lambda inside: st.dictionaries(st.text(st.characters(codec="utf-8")), inside),
    max_leaves=9,
).filter(lambda made: isinstance(made, dict))


@given(TABLES)
def test_what_is_written_is_read_by_others_too(table: Any) -> None:
    assert tomllib.loads(to_toml(table)) == table


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the profiles are to be; the folder is not there yet."""
    return tmp_path / "settings" / "profiles.toml"


@pytest.fixture
def shell(file: Path) -> Shell:
    """A shell with profiles of its own, and no service."""
    return Shell({"USERPOOL_PROFILES": str(file)})


def meant(shell: Shell, *arguments: str, **variables: str) -> dict[str, Any]:
    """What a command of that shell talks to, but for what is not said."""
    targets: list[Target] = []

    @click.command()
    @client_options
    def probe(target: Target) -> None:
        targets.append(target)

    environment = {**shell.variables, **variables}
    from click.testing import CliRunner

    done = CliRunner().invoke(probe, arguments, env=environment, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    (target,) = targets
    found = {name: getattr(target, name) for name in Target.__annotations__}
    return {name: value for name, value in found.items() if value}


def test_profiles_are_added_listed_used_and_removed(shell: Shell, file: Path) -> None:
    assert shell.ok("profiles", "list") == "There are no profiles yet.\n"
    said = shell.ok("profiles", "add", "work", *FIRST, "--identity-pool", IDENTITY_POOL)
    assert said.splitlines()[-1] == "Next: userpool sign-in USERNAME --profile work"
    more = ("--endpoint", "http://127.0.0.1:9339", "--storage", "tokens", "--issuer", "https://id.example")
    assert shell.json("profiles", "add", "home", "--pool", OTHER, "--client-id", "second", *more) == {
        "name": "home",
        "default": False,
        "file": str(file),
    }
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600
    assert shell.json("profiles", "list")["profiles"] == [
        {
            "name": "work",
            "pool": POOL,
            "client_id": "first",
            "endpoint": None,
            "identity_pool": IDENTITY_POOL,
            "has_secret": False,
            "default": True,
        },
        {
            "name": "home",
            "pool": OTHER,
            "client_id": "second",
            "endpoint": "http://127.0.0.1:9339",
            "identity_pool": None,
            "has_secret": False,
            "default": False,
        },
    ]
    assert meant(shell) == {"user_pool_id": POOL, "client_id": "first", "identity_pool_id": IDENTITY_POOL}
    assert shell.ok("profiles", "use", "home") == "home is the default now.\n"
    assert shell.ok("profiles", "list").splitlines()[2].split() == [
        *("*", "home", OTHER, "second", "http://127.0.0.1:9339")
    ]
    home = {
        "user_pool_id": OTHER,
        "client_id": "second",
        "endpoint": "http://127.0.0.1:9339",
        "issuer": "https://id.example",
        "storage": "tokens",
    }
    assert meant(shell) == home
    assert meant(shell, "--profile", "work")["client_id"] == "first"
    assert meant(shell, USERPOOL_PROFILE="work")["client_id"] == "first"
    assert shell.ok("profiles", "remove", "home") == "The profile home is removed.\n"
    assert meant(shell) == {}, "no profile is the default now"
    assert shell.json("profiles", "remove", "work") == {"name": "work", "removed": True}
    assert shell.ok("profiles", "list") == "There are no profiles yet.\n"


def test_a_profile_is_not_replaced_by_mistake(shell: Shell) -> None:
    shell.ok("profiles", "add", "work", *FIRST)
    assert "Give --replace" in shell.fails(2, "profiles", "add", "work", *FIRST)
    shell.ok("profiles", "add", "work", "--replace", "--pool", OTHER, "--client-id", "second")
    assert meant(shell)["client_id"] == "second"


def test_a_profile_is_made_of_amplifys_configuration(shell: Shell, tmp_path: Path) -> None:
    outputs = tmp_path / "amplify_outputs.json"
    auth = {
        "user_pool_id": POOL,
        "user_pool_client_id": "web",
        "identity_pool_id": IDENTITY_POOL,
        "password_policy": {"min_length": 12, "require_uppercase": True},
    }
    outputs.write_text(json.dumps({"version": "1", "auth": auth}))
    once = meant(shell, "--config", str(outputs))
    assert (once["client_id"], once["identity_pool_id"]) == ("web", IDENTITY_POOL)
    shell.ok("profiles", "add", "web", "--config", str(outputs))
    assert meant(shell) == once
    weak = shell.fails(2, "sign-up", "ada", USERPOOL_PASSWORD="short-1")
    assert "12 characters or more" in weak
    assert "short-1" not in weak


def test_the_secret_is_kept_and_shown_to_nobody(shell: Shell, file: Path) -> None:
    shell.ok("profiles", "add", "server", *FIRST, "--with-secret", USERPOOL_CLIENT_SECRET="hush-1890")
    assert "hush-1890" in file.read_text()
    listed = shell.ok("profiles", "list", "--json")
    assert "hush" not in listed
    assert json.loads(listed)["profiles"][0]["has_secret"]
    assert meant(shell)["client_secret"] == "hush-1890"
    assert "hush" not in repr(Target(client_secret="hush-1890"))
    assert meant(shell, USERPOOL_CLIENT_SECRET="newer")["client_secret"] == "newer"
    again = meant(shell, "--profile", "server", USERPOOL_CLIENT_SECRET="another's")
    assert again["client_secret"] == "hush-1890"
    for elsewhere in (("--client-id", "second"), ("--endpoint", "https://id.example")):
        assert "client_secret" not in meant(shell, "--profile", "server", *elsewhere)
    assert "Set USERPOOL_CLIENT_SECRET" in shell.fails(5, "profiles", "add", "b", *FIRST, "--with-secret")


@pytest.mark.skipif(os.name != "posix", reason="files have modes on POSIX")
def test_a_secret_that_others_can_read_is_refused(shell: Shell, file: Path) -> None:
    shell.ok("profiles", "add", "server", *FIRST, "--with-secret", USERPOOL_CLIENT_SECRET="hush-1890")
    file.chmod(0o640)
    assert f"chmod 600 {file}" in shell.fails(6, "whoami")


def test_an_option_goes_before_the_environment_and_that_before_a_profile(shell: Shell) -> None:
    shell.ok("profiles", "add", "work", *FIRST, "--endpoint", "https://office.example")
    variables = {"USERPOOL_POOL_ID": OTHER, "USERPOOL_CLIENT_ID": "second"}
    second = {"user_pool_id": OTHER, "client_id": "second"}
    assert meant(shell, **variables) == second, "the default profile says nothing about another pool"
    assert meant(shell, USERPOOL_PROFILE="work", **variables) == second
    assert meant(shell, "--profile", "work", **variables) == {
        "user_pool_id": POOL,
        "client_id": "first",
        "endpoint": "https://office.example",
    }
    assert meant(shell, "--profile", "work", "--client-id", "third", **variables)["client_id"] == "third"
    assert meant(shell, "--profile", "work", USERPOOL_STORAGE="here")["storage"] == "here"
    assert meant(shell, USERPOOL_PROFILE="work", USERPOOL_CLIENT_ID="third")["user_pool_id"] == POOL
    assert "names another pool" in shell.fails(2, "whoami", "--profile", "work", "--pool", OTHER)


def test_a_configuration_and_a_profile_are_not_mixed(shell: Shell, tmp_path: Path) -> None:
    shell.ok("profiles", "add", "work", *FIRST)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"user_pool_id": OTHER, "client_id": "second"}))
    assert meant(shell, USERPOOL_CONFIG=str(config))["client_id"] == "second"
    assert meant(shell, "--config", str(config), USERPOOL_PROFILE="work")["client_id"] == "second"
    assert meant(shell, "--profile", "work", USERPOOL_CONFIG=str(config))["client_id"] == "first"
    both = shell.fails(2, "whoami", "--profile", "work", "--config", str(config))
    assert "Give one of them." in both


WRONG: dict[str, tuple[str, int, str]] = {
    "no TOML": ("default = ", 6, "is not TOML"),
    "no tables": ("profiles = 7", 6, "has to be tables"),
    "no table": ("[profiles]\nwork = 'x'", 6, "has to be tables"),
    "no such default": ("default = 'work'", 2, "There is no profile 'work'"),
    "nothing in it": ("default = 'work'\n[profiles.work]", 2, "user_pool_id is missing in the profile work"),
    "no text": ("default = 'w'\n[profiles.w]\nclient_id = 7", 2, "client_id in the profile w"),
    "a bad pool": (
        "default = 'w'\n[profiles.w]\nuser_pool_id = 'x'\nclient_id = 'y'",
        2,
        "is not a user pool id",
    ),
    "a bad folder": (
        f"default = 'w'\n[profiles.w]\nuser_pool_id = '{POOL}'\nclient_id = 'y'\nstorage = 7",
        2,
        "storage in the profile w",
    ),
}


@pytest.mark.parametrize(("text", "code", "words"), WRONG.values(), ids=WRONG)
def test_a_file_that_is_wrong_is_told(shell: Shell, file: Path, text: str, code: int, words: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    assert words in shell.fails(code, "whoami")


def test_what_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff")
    shell = Shell({"USERPOOL_PROFILES": str(tmp_path / "file")})
    assert "cannot be read" in shell.fails(6, "whoami")
    (tmp_path / "file").write_bytes(b"")
    below = {"USERPOOL_PROFILES": str(tmp_path / "nowhere")}
    (tmp_path / "nowhere").mkdir()
    assert "cannot be read" in shell.fails(6, "profiles", "list", **below)
    file = ProfileFile(tmp_path / "new.toml")
    file.path = tmp_path / "nowhere"
    with pytest.raises(click.ClickException, match="cannot be written"):
        file.save()
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".profiles")] == []


def test_a_bad_name_or_a_missing_pool_makes_no_profile(shell: Shell, file: Path) -> None:
    assert "is no name" in shell.fails(2, "profiles", "add", "a b", *FIRST)
    assert "Give --pool" in shell.fails(2, "profiles", "add", "work")
    assert "is not a user pool id" in shell.fails(
        2, "profiles", "add", "w", "--pool", "x", "--client-id", "y"
    )
    assert "none yet" in shell.fails(2, "profiles", "use", "work")
    assert not file.exists()


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    kept.write_text("[other]\nkey = 1\n")
    link = tmp_path / "profiles.toml"
    try:
        link.symlink_to(kept)
    except OSError:
        pytest.skip("this user may make no links")
    Shell({"USERPOOL_PROFILES": str(link)}).ok("profiles", "add", "work", *FIRST)
    assert link.is_symlink()
    assert tomllib.loads(kept.read_text())["other"] == {"key": 1}


def test_without_a_place_named_it_is_among_the_users_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("USERPOOL_PROFILES")
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: Path("/nowhere/userpool"))
    assert ProfileFile().path == Path("/nowhere/userpool/profiles.toml")


def test_a_profile_is_enough_to_sign_in(service: str, shared_pool: Mapping[str, str], file: Path) -> None:
    storage = file.parent / "tokens"
    shell = Shell({"USERPOOL_PROFILES": str(file)})
    pool, client = shared_pool["USERPOOL_POOL_ID"], shared_pool["USERPOOL_CLIENT_ID"]
    options = ("--pool", pool, "--client-id", client, "--endpoint", service, "--storage", str(storage))
    shell.ok("profiles", "add", "local", *options)
    shell.ok("sign-in", "ada", USERPOOL_PASSWORD=PASSWORD)
    assert shell.json("whoami")["username"] == "ada"
    assert storage.is_dir()
