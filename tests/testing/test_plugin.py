"""The pytest plugin, as another project's tests use it."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

THEIRS = """
import pytest
from userpool import SignedIn

def test_a_user_signs_in(user_pool, make_pool_user):
    ada = make_pool_user("ada", groups=["admins"])
    step = user_pool.sign_in("ada", ada.password)
    assert isinstance(step, SignedIn)
    assert step.user.id_claims["cognito:groups"] == ["admins"]

@pytest.mark.parametrize("again", range(3))
def test_each_test_has_a_pool_of_its_own(user_pool, make_pool_user, again):
    make_pool_user("ada")

def test_the_outbox_and_the_clock(user_pool):
    user_pool.sign_up("ada", "Correct-horse-7", {"email": "ada@example.com"})
    user_pool.confirm_sign_up("ada", user_pool.outbox.code("ada@example.com"))
    step = user_pool.sign_in("ada", "Correct-horse-7")
    user_pool.clock.advance(3600)
    assert step.user.get_user().username == "ada"

async def test_asyncio(async_user_pool, make_pool_user):
    ada = make_pool_user()
    assert isinstance(await async_user_pool.sign_in(ada.username, ada.password), SignedIn)

def test_both(user_pool, async_user_pool, make_pool_user):
    make_pool_user("ada", pool=user_pool)
    make_pool_user("ada", pool=async_user_pool)

def test_tokens(token_issuer):
    assert token_issuer.verifier().verify(token_issuer.id_token(email="a@example.com"))["email"]
"""


@pytest.mark.parametrize("options", [[], ["-n2"]], ids=["alone", "xdist"])
def test_the_fixtures(pytester: pytest.Pytester, options: list[str]) -> None:
    pytester.makepyfile(THEIRS)
    pytester.makeini("[pytest]\nasyncio_mode = auto\nfilterwarnings = error\n")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)
    result.assert_outcomes(passed=8)


def test_it_loads_nothing_until_a_fixture_is_asked_for() -> None:
    program = (
        "import sys, userpool.testing.plugin\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'msgspec', 'sqlalchemy', 'httpx2', 'cryptography', 'click'}, loaded\n"
        "assert 'userpool.client' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_it_is_announced_to_pytest() -> None:
    from importlib.metadata import entry_points

    assert "userpool.testing.plugin" in [one.value for one in entry_points(group="pytest11")]
