"""`userpool demo`: one user's life against a pool in this process, on both faces, told as it happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import click

from .failures import Failure
from .output import can_show

NAME = "ada"
PASSWORD = "Correct-horse-7"
EMAIL = "ada@example.com"

Story: TypeAlias = Generator[Any, Any, None]
"""Yields the calls of a face, each as the face made it: a result, or something to await."""


class Differs(Exception):
    """A step did not come to what it should."""


class Teller:
    """Prints each step with a tick and how long it took."""

    def __init__(self) -> None:
        self._tick, self._cross = ("✓", "✗") if can_show("✓✗") else ("ok", "FAILED")
        self.steps = 0

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """One step; what is handed to the function it gives is said below its title."""
        said: list[str] = []
        started = time.perf_counter()
        try:
            yield said.append
        except Exception as error:
            click.echo(f"  {click.style(self._cross, fg='red')} {title}")
            raise Failure(
                f"The demo stopped at {title!r}: {type(error).__name__}: {error}",
                "This is a fault of userpool or of its installation; please report it with these lines.",
            ) from error
        took = (time.perf_counter() - started) * 1000
        self.steps += 1
        tick, timing = click.style(self._tick, fg="green"), click.style(f"{took:.0f} ms", dim=True)
        click.echo(f"  {tick} {title} {timing}")
        for line in said:
            click.echo(f"      {line}")


def expect(condition: object, what: str) -> None:
    """Raise `Differs` unless `condition` holds."""
    if not condition:
        raise Differs(f"expected {what}")


def story(pool: Any, admin: Any, outbox: Any, verifier: Any, tell: Teller) -> Story:
    """Ada's life, written once for both faces."""
    from userpool import MfaPreference, NotAuthorizedException, SignedIn, TotpRequired
    from userpool.protocol.shapes import idp

    with tell.step("The pool allows authenticator apps") as say:
        app = idp.SoftwareTokenMfaConfigType(enabled=True)
        yield admin.set_user_pool_mfa_config(
            software_token_mfa_configuration=app, mfa_configuration="OPTIONAL"
        )
        say(f"{pool.user_pool_id}: a pool with Cognito's defaults, in this process, with no port.")

    with tell.step("Ada signs up") as say:
        signed_up = yield pool.sign_up(NAME, PASSWORD, {"email": EMAIL})
        expect(not signed_up.confirmed and signed_up.delivery, "a sign-up that waits for its code")
        say(f"A code went by {signed_up.delivery.medium} to {signed_up.delivery.destination}.")

    with tell.step("She confirms with the code from the outbox") as say:
        yield pool.confirm_sign_up(NAME, outbox.code(EMAIL))
        say("The code works once. The pool checks it by a keyed hash; the outbox holds it sealed.")

    with tell.step("A wrong password is refused") as say:
        try:
            yield pool.sign_in(NAME, "wrong-horse-7")
        except NotAuthorizedException as refusal:
            say(f"{refusal.code}: {refusal.message}")
        else:
            raise Differs("expected a refusal")

    with tell.step("She signs in with her password, by SRP") as say:
        step = yield pool.sign_in(NAME, PASSWORD)
        expect(isinstance(step, SignedIn), "tokens")
        user = step.user
        say("The password was proved without being sent, and the pool holds nothing to read it from.")

    with tell.step("She sets up an authenticator app") as say:
        seed = yield user.associate_software_token()
        yield user.verify_software_token(_app_shows(seed.secret_code), "phone")
        yield user.set_user_mfa_preference(totp=MfaPreference.PREFERRED)
        say("The pool gave a seed, and the app's first code (RFC 6238) showed that it has it.")
        yield user.sign_out()

    with tell.step("She signs in again and is asked for a code") as say:
        step = yield pool.sign_in(NAME, PASSWORD)
        expect(isinstance(step, TotpRequired), "the challenge SOFTWARE_TOKEN_MFA")
        say(f"The challenge is {step.name}: a value that can be kept and answered by another process.")

    with tell.step("She gives the app's code") as say:
        # A code works once: this is the next one, which a clock half a minute early would show.
        step = yield pool.respond(step.answer(_app_shows(seed.secret_code, ahead=1)))
        expect(isinstance(step, SignedIn), "tokens")
        user = step.user
        say(f"Signed in as {user.username}.")

    with tell.step("She reads her attributes") as say:
        profile = yield user.get_user()
        attributes = profile.attributes
        expect(attributes.get("email") == EMAIL, "her e-mail address")
        expect(attributes.get("email_verified") == "true", "it to be verified")
        say(f"email {attributes['email']}, verified; second factor {profile.preferred_mfa}.")

    with tell.step("Her tokens are refreshed") as say:
        before = yield user.tokens()
        after = yield user.refresh()
        expect(after.access_token != before.access_token, "a new access token")
        say("A new access token and a new ID token came for the refresh token.")

    with tell.step("The tokens are verified") as say:
        claims = yield verifier.verify(after.access_token)
        expect(claims.sub == user.sub, "her own id in the token")
        yield verifier.verify(after.id_token)
        say("RS256 by the pool's published key; issuer, client, use and times are right.")

    with tell.step("She signs out") as say:
        result = yield user.sign_out()
        expect(result.revoked, "the service to revoke her tokens")
        bystander = pool.user(access_token=after.access_token)
        try:
            yield bystander.get_user()
        except NotAuthorizedException as refusal:
            say(f"Whoever kept her access token gets: {refusal.message}")
        else:
            raise Differs("expected a revoked access token to be refused")


def _app_shows(seed: str, *, ahead: int = 0) -> str:
    from userpool.protocol import totp

    return totp.code(seed, time.time() + ahead * totp.STEP_SECONDS)


def tell_sync(tell: Teller) -> None:
    """The story on `UserPool`."""
    from userpool import UserPool
    from userpool.verify import TokenVerifier

    with UserPool.embedded() as pool:
        verifier = TokenVerifier(
            pool.user_pool_id, client_id=pool.client_id, token_use=None, transport=pool.transport
        )
        telling = story(pool, pool.admin, pool.outbox, verifier, tell)
        answer: Any = None
        while True:
            try:
                answer = telling.send(answer)
            except StopIteration:
                return


async def tell_async(tell: Teller) -> None:
    """The story on `AsyncUserPool`: the same calls, each awaited."""
    from userpool import AsyncUserPool
    from userpool.verify import AsyncTokenVerifier

    async with AsyncUserPool.embedded() as pool:
        verifier = AsyncTokenVerifier(
            pool.user_pool_id, client_id=pool.client_id, token_use=None, transport=pool.transport
        )
        telling = story(pool, pool.admin, pool.outbox, verifier, tell)
        call = next(telling)
        while True:
            try:
                try:
                    answer = await call
                except Exception as error:  # noqa: BLE001 - it goes on where the call was made
                    call = telling.throw(error)
                else:
                    call = telling.send(answer)
            except StopIteration:
                return


@click.command(short_help="Watch a user's life with userpool; needs no network.")
def demo() -> None:
    """Watch a user sign up, sign in with SRP and an app's code, refresh and sign out. Needs no network.

    Everything is real: the pool runs in this process, and each step fails the demo if it comes to something
    else than it should.
    """
    started = time.perf_counter()
    tell = Teller()
    click.echo("A user's life with userpool, against a pool in this very process.\n")
    click.secho("UserPool, for threads", bold=True)
    tell_sync(tell)
    click.echo()
    click.secho("AsyncUserPool, for asyncio: the same calls, awaited", bold=True)
    asyncio.run(tell_async(tell))
    took = time.perf_counter() - started
    click.echo(f"\nAll {tell.steps} steps came to what they should, in {took:.1f} s.")
