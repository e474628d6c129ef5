"""Triggers that a command names."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PASSWORD, start, stop
from userpool.service.serve import Options, ServeError, serve
from userpool.service.triggers import Triggers
from userpool.service.triggers.loading import TriggersError, load_triggers

MODULE = """
from userpool.service.triggers import Triggers

def confirm(event):
    event["response"]["autoConfirmUser"] = True

mine = Triggers(pre_sign_up=confirm)
nothing = object()
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "my_pool_triggers.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_pool_triggers", raising=False)
    return tmp_path


def test_triggers_in_the_working_directory(here: Path) -> None:
    found = load_triggers("my_pool_triggers:mine")
    assert isinstance(found, Triggers)
    assert repr(found) == "Triggers(PreSignUp)"
    assert load_triggers("my_pool_triggers:mine") is found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mine", "write module:object"),
        (":mine", "write module:object"),
        ("my_pool_triggers:", "write module:object"),
        ("no_such_module:mine", "No module named 'no_such_module'"),
        ("my_pool_triggers:yours", "There is no yours in the module my_pool_triggers"),
        ("my_pool_triggers:nothing", r"make it with userpool\.service\.triggers\.Triggers"),
    ],
)
def test_what_is_no_triggers(here: Path, name: str, text: str) -> None:
    with pytest.raises(TriggersError, match=text):
        load_triggers(name)
    with pytest.raises(ServeError, match=text):
        serve(Options(port=0, database="sqlite:///:memory:", development=True, triggers=name))


def call(url: str, operation: str, **members: str) -> dict[str, Any]:
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": f"AWSCognitoIdentityProviderService.{operation}",
    }
    request = urllib.request.Request(url, json.dumps(members).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


@pytest.mark.skipif(os.name != "posix", reason="there is no signal to stop it cleanly")
def test_a_service_with_triggers(here: Path) -> None:
    process = start(
        "--development", "--database", "sqlite:///:memory:", "--triggers", "my_pool_triggers:mine", cwd=here
    )
    try:
        url = process.stdout.readline().strip()
        pool = call(url, "CreateUserPool", PoolName="pool")["UserPool"]["Id"]
        made = call(url, "CreateUserPoolClient", UserPoolId=pool, ClientName="app")["UserPoolClient"]
        answer = call(url, "SignUp", ClientId=made["ClientId"], Username="ada", Password=PASSWORD)
        assert answer["UserConfirmed"] is True
    finally:
        assert stop(process)[0] == 0
