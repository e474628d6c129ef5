"""For requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .bearer import HEADER, UNAUTHORIZED, Bearer, TokenUse

if TYPE_CHECKING:
    from requests import PreparedRequest, Response
    from requests.auth import AuthBase

    from userpool.client._sync.user import User


def requests_auth(
    user: User,
    origins: str | Iterable[str],
    *,
    use: TokenUse | str = TokenUse.ACCESS,
    scheme: str = "Bearer",
    allow_insecure_http: bool = False,
) -> AuthBase:
    """An `auth=` for requests, for one request or a `requests.Session`.

    A request whose body is a stream, which cannot be sent again, is not repeated after a 401.

    Args:
        user: signed in.
        origins: where the API is, such as `https://api.example.com`, or with a path that requests begin with.
        use: which token.
        scheme: what stands before the token; empty where the API wants the bare token.
        allow_insecure_http: take `http://` origins that are not on this machine.

    Raises:
        ParameterError: an origin cannot be right.
        ImportError: requests is not installed.
    """
    from requests.auth import AuthBase

    bearer = Bearer(origins, use, scheme, allow_insecure_http=allow_insecure_http)

    class UserAuth(AuthBase):
        def __repr__(self) -> str:
            return f"<UserAuth of {user!r}>"

        def __call__(self, request: PreparedRequest) -> PreparedRequest:
            if not bearer.bears(request.url or ""):
                return request
            tokens = user.tokens()
            request.headers[HEADER] = bearer.header(tokens)

            def again(response: Response, **options: Any) -> Response:
                sent = response.request
                if response.status_code != UNAUTHORIZED or tokens.refresh_token is None:
                    return response
                body: object = sent.body  # which may be a stream, whatever its type says
                if not (body is None or isinstance(body, bytes | str)):
                    return response
                if not bearer.bears(sent.url or ""):
                    return response  # redirected to somebody else, who is told nothing
                _ = response.content  # read to its end, so that the connection can be used again
                response.close()
                repeated = sent.copy()
                repeated.headers[HEADER] = bearer.header(user.refresh(stale=tokens))
                answer: Response = response.connection.send(repeated, **options)
                answer.history.append(response)
                answer.request = repeated
                return answer

            request.hooks["response"].append(again)
            return request

    return UserAuth()
