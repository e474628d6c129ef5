"""Two workers over one database: what is counted, used up and replaced is so for both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.postgres import running_postgres
from tests.service.phones import TRACKED, Phone
from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    ROTATING,
    TOTP_OPTIONAL,
    ClientOf,
    PoolOf,
    World,
    other_code,
    together,
    with_app,
)
from userpool.protocol.errors import (
    CodeMismatchException,
    DeviceKeyExistsException,
    ExpiredCodeException,
    LimitExceededException,
    NotAuthorizedException,
    ServiceError,
    UsernameExistsException,
)
from userpool.service.keyfile import KeySet, SealingKey
from userpool.service.store import open_store

KEYS = KeySet().with_sealing(SealingKey(bytes(range(32)), 1.0))
EMAIL = "ada@example.com"


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture(params=["file", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))])
def workers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[World]]:
    if request.param == "file":
        database = f"sqlite:///{tmp_path / 'users.db'}"
    else:
        database = request.getfixturevalue("postgres_url")
        store = open_store(database)
        store.reset()
        store.close()
    with ExitStack() as stack:
        yield [stack.enter_context(World(database, keys=KEYS)) for _ in range(2)]


@pytest.fixture
def clients(workers: list[World]) -> list[ClientOf]:
    """One app client, as each worker serves it."""
    return at_each(workers, workers[0].pool(AutoVerifiedAttributes=["email"]).client())


def at_each(workers: list[World], client: ClientOf) -> list[ClientOf]:
    return [ClientOf(PoolOf(world, client.pool.id), client.id) for world in workers]


def kinds(outcomes: list[object]) -> Counter[type]:
    return Counter(type(one) for one in outcomes)


def test_A18_A19_wrong_passwords_count_for_both(clients: list[ClientOf]) -> None:
    clients[0].signed_up()
    outcomes = together(60, lambda number: clients[number % 2].by_password("ada", "wrong"), 8)
    texts = Counter(one.message for one in outcomes if isinstance(one, ServiceError))
    assert texts == {"Incorrect username or password.": 5, "Password attempts exceeded": 55}


def test_A17_guesses_of_a_code_count_for_both(clients: list[ClientOf], workers: list[World]) -> None:
    clients[0].sign_up("ada", email=EMAIL)
    clients[0].call("ConfirmSignUp", Username="ada", ConfirmationCode=workers[1].code())
    clients[0].call("ForgotPassword", Username="ada")
    wrong = other_code(workers[1].code())

    def guess(number: int) -> object:
        return clients[number % 2].call(
            "ConfirmForgotPassword", Username="ada", ConfirmationCode=wrong, Password=OTHER_PASSWORD
        )

    assert kinds(together(60, guess, 8)) == {CodeMismatchException: 20, LimitExceededException: 40}


def test_A30_one_name_is_taken_once(clients: list[ClientOf], workers: list[World]) -> None:
    for round_number in range(4):
        name = f"user{round_number}"

        def take(number: int, name: str = name) -> object:
            return clients[number % 2].sign_up(name, email=EMAIL)

        assert kinds(together(6, take, 6)) == {dict: 1, UsernameExistsException: 5}
    assert len(workers[0].outbox()) == 4


def test_A31_one_code_confirms_once(clients: list[ClientOf], workers: list[World]) -> None:
    clients[0].sign_up("ada", email=EMAIL)
    code = workers[1].code()

    def confirm(number: int) -> object:
        return clients[number % 2].call("ConfirmSignUp", Username="ada", ConfirmationCode=code)

    outcomes = together(6, confirm, 6)
    assert kinds(outcomes)[dict] == 1
    assert set(kinds(outcomes)) <= {dict, ExpiredCodeException, NotAuthorizedException}


def test_A04_a_proof_is_good_once(clients: list[ClientOf]) -> None:
    clients[0].signed_up()
    attempt = clients[0].srp()
    responses = attempt.responses()

    def answer(number: int) -> object:
        return clients[number % 2].respond("PASSWORD_VERIFIER", None, **responses)

    assert kinds(together(6, answer, 6)) == {dict: 1, NotAuthorizedException: 5}


def test_A12_a_code_of_an_app_is_good_once(workers: list[World]) -> None:
    clients = at_each(workers, workers[0].pool(mfa=TOTP_OPTIONAL).client())
    clients[0].signed_up()
    app = with_app(clients[0], clients[0].tokens())
    workers[1].time = workers[0].time
    challenges = [clients[number % 2].by_password() for number in range(4)]

    def answer(number: int) -> object:
        return clients[number % 2].answer(challenges[number], SOFTWARE_TOKEN_MFA_CODE=app.code())

    assert kinds(together(4, answer, 4)) == {dict: 1, ExpiredCodeException: 3}


def test_A04_a_device_is_confirmed_once_and_its_proof_is_good_once(workers: list[World]) -> None:
    clients = at_each(workers, workers[0].pool(mfa=TOTP_OPTIONAL, **TRACKED).client())
    clients[0].signed_up()
    answer = clients[0].by_password()
    phone, tokens = Phone.new(clients[0], answer), [client.tokens(answer) for client in clients]

    def confirm(number: int) -> object:
        return phone.confirm(tokens[number % 2])

    assert kinds(together(6, confirm, 6)) == {dict: 1, DeviceKeyExistsException: 5}

    with_app(clients[0], tokens[0])
    workers[1].time = workers[0].time
    proof = phone.begin(phone.sign_in())
    responses, session = proof.responses(), proof.challenge["Session"]

    def prove(number: int) -> object:
        return clients[number % 2].respond("DEVICE_PASSWORD_VERIFIER", session, **responses)

    assert kinds(together(6, prove, 6)) == {dict: 1, NotAuthorizedException: 5}


def test_A42_parallel_refreshes_have_one_successor(workers: list[World]) -> None:
    clients = at_each(workers, workers[0].pool().client(**ROTATING))
    clients[0].signed_up()
    token = clients[0].tokens().refresh

    def refresh(number: int) -> object:
        answer = clients[number % 2].call("GetTokensFromRefreshToken", RefreshToken=token)
        return answer["AuthenticationResult"]["RefreshToken"]

    assert len(set(together(20, refresh, 8))) == 1


def test_A40_a_sign_out_at_one_holds_at_the_other(clients: list[ClientOf]) -> None:
    clients[0].signed_up()
    tokens = clients[0].tokens()
    tokens.call("GlobalSignOut")
    error = clients[1].world.error("GetUser", AccessToken=tokens.access)
    assert error.message == "Access Token has been revoked"


def test_what_one_changes_the_other_sees(clients: list[ClientOf]) -> None:
    clients[0].signed_up()
    assert clients[1].by_password()["AuthenticationResult"]
    clients[0].pool.admin("AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD, Permanent=True)
    with pytest.raises(NotAuthorizedException):
        clients[1].by_password("ada", PASSWORD)
    assert clients[1].by_srp("ada", OTHER_PASSWORD)["AuthenticationResult"]
    settings = {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"], "ClientId": clients[0].id}
    clients[0].pool.admin("UpdateUserPoolClient", **settings)
    error = clients[1].error(
        "InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "ada", "PASSWORD": "x"}
    )
    assert error.message == "USER_PASSWORD_AUTH flow not enabled for this client"
