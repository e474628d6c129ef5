"""A signed-in user's token on the requests of the rest of the program: httpx2, httpx, requests, aiohttp.

    from userpool.http_auth import httpx_auth

    client = httpx.Client(auth=httpx_auth(user, "https://api.example.com"))

The token goes to the origins that are named and to no other. It is refreshed before it ends; after a 401
the request is sent once more, with a new one.
"""

from __future__ import annotations

from userpool.http_auth.aiohttp import aiohttp_middleware as aiohttp_middleware
from userpool.http_auth.bearer import TokenUse as TokenUse
from userpool.http_auth.httpx import httpx2_auth as httpx2_auth
from userpool.http_auth.httpx import httpx_auth as httpx_auth
from userpool.http_auth.requests import requests_auth as requests_auth
