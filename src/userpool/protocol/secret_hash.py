"""SECRET_HASH: how an app client with a secret shows that it has it."""

from __future__ import annotations

import base64
import hmac


def secret_hash(username: str, client_id: str, client_secret: str) -> str:
    """Make `SECRET_HASH`: base64 of HMAC-SHA256, keyed with the secret, over user name ‖ client id.

    Args:
        username: the name of that very request: what the user typed in the first, `USERNAME` or
            `USER_ID_FOR_SRP` of the challenge in later ones.
        client_id: the app client.
        client_secret: its secret. A client without one sends no hash at all.
    """
    # Half a surrogate pair is let through: nothing real holds one, and the error would carry the secret.
    key = client_secret.encode("utf-8", "surrogatepass")
    digest = hmac.digest(key, f"{username}{client_id}".encode("utf-8", "surrogatepass"), "sha256")
    return base64.b64encode(digest).decode()


def secret_hash_matches(received: str, username: str, client_id: str, client_secret: str) -> bool:
    """Compare a received hash with the right one in constant time."""
    expected = secret_hash(username, client_id, client_secret)
    return hmac.compare_digest(expected.encode(), received.encode("utf-8", "surrogatepass"))
