"""Where a service lives: pool ids, the hosts of every AWS partition, and which endpoints may be trusted."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from .errors import ParameterError


@dataclass(frozen=True, slots=True)
class Partition:
    """A group of AWS regions that share accounts and host names."""

    name: str
    prefix: str
    """How its regions begin."""
    suffix: str
    """What its hosts end with."""
    dual_stack_suffix: str
    """What its hosts end with where IPv6 is asked for."""


PARTITIONS: Final = (
    Partition("aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    Partition("aws-eusc", "eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    Partition("aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    Partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    Partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    Partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    Partition("aws-us-gov", "us-gov-", "amazonaws.com", "api.aws"),
    Partition("aws", "", "amazonaws.com", "api.aws"),
)
"""The partitions, the one that takes all other regions last."""

_REGION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_POOL_PART = re.compile(r"[0-9A-Za-z]+", re.ASCII)
_POOL_ID_LIMIT = 55
_US = ("us-east-1", "us-east-2", "us-west-1", "us-west-2")


@dataclass(frozen=True, slots=True)
class PoolId:
    """The id of a user pool, taken apart: `us-east-1_aB12cDe34` is `us-east-1` and `aB12cDe34`."""

    region: str
    name: str
    """The part behind the underscore: SRP calls it the pool's name."""

    def __str__(self) -> str:
        return f"{self.region}_{self.name}"


def parse_pool_id(pool_id: str) -> PoolId:
    """Take a user pool id apart. Raises `ParameterError` where it is none."""
    region, _, name = str(pool_id).partition("_")
    if len(region) + len(name) >= _POOL_ID_LIMIT or not (
        _REGION.fullmatch(region) and _POOL_PART.fullmatch(name)
    ):
        raise ParameterError(
            f"{pool_id!r:.80} is not a user pool id. It looks like 'us-east-1_aB12cDe34': the region, one "
            "underscore, letters and digits. The Cognito console shows it on the pool's first page."
        )
    return PoolId(region, name)


def partition_of(region: str) -> Partition:
    """The partition that `region` belongs to; an unknown region counts as one of the public cloud, `aws`."""
    return next(partition for partition in PARTITIONS if region.startswith(partition.prefix))


def endpoint(service: str, region: str, *, fips: bool = False, dual_stack: bool = False) -> str:
    """The address of an AWS service, as the SDKs of AWS find it.

    Args:
        service: the first label of the host: `"cognito-idp"` or `"cognito-identity"`.
        region: such as `"us-east-1"`.
        fips: the host with FIPS 140 validated cryptography.
        dual_stack: a host that answers over IPv6 as well.

    Raises `ParameterError` where `region` cannot be part of a host name.
    """
    if not _REGION.fullmatch(region):
        raise ParameterError(f"{region!r:.80} is not a region. Regions look like 'us-east-1'.")
    partition = partition_of(region)
    suffix = partition.dual_stack_suffix if dual_stack else partition.suffix
    if partition.name == "aws" and (region in _US if fips else True):
        # There the plain hosts answer over IPv6 too.
        suffix = partition.suffix
    return f"https://{service}{'-fips' if fips else ''}.{region}.{suffix}"


def is_loopback(host: str) -> bool:
    """Whether `host` is this very machine: `localhost`, a name under it, `127.0.0.0/8` or `::1`."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def check_endpoint(url: str, *, allow_insecure_http: bool = False) -> str:
    """The endpoint `url` in its plain form, without a slash at its end.

    `http://` passes on this machine only, or with `allow_insecure_http`: passwords would travel in the clear.
    Raises `ParameterError` for any other scheme, and where there is a user, a query or a fragment.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("https", "http") or _unprintable(url) or port == 0:
        raise ParameterError(
            "The endpoint is not a web address. It looks like 'https://idp.example.com' or "
            "'http://127.0.0.1:9339'."
        )
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise ParameterError(
            "The endpoint must be a plain address: leave out user name, password, query and fragment."
        )
    if parts.scheme == "http" and not (allow_insecure_http or is_loopback(host)):
        raise ParameterError(
            f"http://{parts.netloc} would carry passwords and tokens in the clear. Use https://, or "
            "allow_insecure_http=True where the network itself is private."
        )
    return url.rstrip("/")


def _unprintable(url: str) -> bool:
    return any(character <= " " or character in "\\\x7f" for character in url)
