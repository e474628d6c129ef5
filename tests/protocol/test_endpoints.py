"""Hosts are those that AWS's own SDK finds; ids and endpoints are taken strictly."""

from __future__ import annotations

import itertools

import pytest
from botocore.endpoint_provider import EndpointProvider, RuleSetEndpoint
from botocore.loaders import Loader
from hypothesis import given
from hypothesis import strategies as st

from userpool.protocol.endpoints import (
    PARTITIONS,
    PoolId,
    check_endpoint,
    endpoint,
    is_loopback,
    parse_pool_id,
    partition_of,
)
from userpool.protocol.errors import ParameterError, UserPoolError

LOADER = Loader()
AWS = LOADER.load_data("partitions")
REGIONS = [
    (partition["id"], region)
    for partition in AWS["partitions"]
    for region in partition["regions"]
    if not region.endswith("-global")
]


@pytest.mark.parametrize("service", ["cognito-idp", "cognito-identity"])
def test_every_host_is_the_one_that_the_sdk_of_aws_finds(service: str) -> None:
    provider = EndpointProvider(LOADER.load_service_model(service, "endpoint-rule-set-1"), AWS)
    for (_, region), fips, dual_stack in itertools.product(REGIONS, (False, True), (False, True)):
        found: RuleSetEndpoint = provider.resolve_endpoint(
            Region=region, UseFIPS=fips, UseDualStack=dual_stack
        )
        ours = endpoint(service, region, fips=fips, dual_stack=dual_stack)
        assert ours == found.url, (region, fips, dual_stack)


def test_every_region_is_in_its_partition() -> None:
    assert {name for name, _ in REGIONS} == {partition.name for partition in PARTITIONS}
    for name, region in REGIONS:
        assert partition_of(region).name == name


def test_a_region_of_tomorrow_is_one_of_the_public_cloud() -> None:
    assert endpoint("cognito-idp", "xx-moon-1") == "https://cognito-idp.xx-moon-1.amazonaws.com"


@pytest.mark.parametrize("region", ["", "us-east-1.evil.com", "us east", "US-EAST-1", "us-east-1/", "-", "é"])
def test_what_is_no_region_never_becomes_a_host(region: str) -> None:
    with pytest.raises(ParameterError, match="not a region"):
        endpoint("cognito-idp", region)


def test_a_pool_id_is_taken_apart() -> None:
    pool = parse_pool_id("us-east-1_aB12cDe34")
    assert pool == PoolId("us-east-1", "aB12cDe34")
    assert str(pool) == "us-east-1_aB12cDe34"
    assert parse_pool_id("local_1").region == "local"


@pytest.mark.parametrize(
    "pool_id",
    [
        "",
        "us-east-1",
        "_aB12cDe34",
        "us-east-1_",
        "us-east-1_a_b",
        "us_east_1",
        "us-east-1:aB12cDe34",
        "us-east-1_aB12-De34",
        "us-east-1_aB12cDe34 ",
        " us-east-1_aB12cDe34",
        "us-east-1_aB12cDe34\n",
        "us-east-1._aB",
        "US-EAST-1_aB12cDe34",
        "us-east-1_é",
        "us-east-1_" + "a" * 46,
        "a" * 5_000_000,
    ],
)
def test_c11_what_is_no_pool_id_is_refused_with_an_example(pool_id: str) -> None:
    with pytest.raises(ParameterError, match="us-east-1_aB12cDe34") as caught:
        parse_pool_id(pool_id)
    assert len(str(caught.value)) < 400


def test_c11_the_longest_pool_id_passes() -> None:
    assert len(str(parse_pool_id("us-east-1_" + "a" * 45))) == 55
    with pytest.raises(ParameterError):
        parse_pool_id(None)  # type: ignore[arg-type] # what a wrong caller does


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://cognito-idp.us-east-1.amazonaws.com/", "https://cognito-idp.us-east-1.amazonaws.com"),
        ("https://idp.example.com:8443/base/", "https://idp.example.com:8443/base"),
        ("http://127.0.0.1:9339", "http://127.0.0.1:9339"),
        ("http://localhost:9339/", "http://localhost:9339"),
        ("http://pool.localhost", "http://pool.localhost"),
        ("http://[::1]:9339", "http://[::1]:9339"),
        ("http://127.9.9.9", "http://127.9.9.9"),
    ],
)
def test_a_good_endpoint_passes_in_its_plain_form(url: str, plain: str) -> None:
    assert check_endpoint(url) == plain


@pytest.mark.parametrize(
    "url",
    [
        "http://idp.example.com",
        "http://10.0.0.1:9339",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://[::2]",
        "http://0.0.0.0:9339",
    ],
)
def test_c21_http_off_this_machine_needs_to_be_allowed(url: str) -> None:
    with pytest.raises(ParameterError, match="allow_insecure_http=True"):
        check_endpoint(url)
    assert check_endpoint(url, allow_insecure_http=True) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "idp.example.com",
        "//idp.example.com",
        "ftp://idp.example.com",
        "file:///etc/passwd",
        "data:,x",
        "https://",
        "https:///path",
        "https://idp.example.com:0",
        "https://idp.example.com:99999",
        "https://idp.example.com:x",
        "https://[::1",
        "https://idp.example.com/a b",
        "https://idp.example.com\\@evil.com",
        "https://idp.example.com\n",
        "https://user:secret@idp.example.com",
        "https://@idp.example.com",
        "https://idp.example.com/?a=b",
        "https://idp.example.com/?",
        "https://idp.example.com/#x",
    ],
)
def test_anything_but_a_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(ParameterError) as caught:
        check_endpoint(url, allow_insecure_http=True)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost.com", False),
        ("127.0.0.1.nip.io", False),
        ("128.0.0.1", False),
        ("::ffff:1.2.3.4", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_only(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@given(st.text(max_size=80))
def test_any_text_is_taken_or_refused_and_nothing_else(text: str) -> None:
    for check in (check_endpoint, parse_pool_id):
        try:
            check(text)
        except UserPoolError:
            continue
