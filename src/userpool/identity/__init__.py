"""Identity pools: AWS credentials for users of a user pool, of other providers, and for guests.

from userpool.identity import IdentityPool, boto3_session

identity = IdentityPool("us-east-1:…").of_user(user)
boto3_session(identity).client("s3")
"""

from __future__ import annotations

from userpool.flows.identity import AwsCredentials as AwsCredentials
from userpool.identity._async.identity import AsyncIdentity as AsyncIdentity
from userpool.identity._async.pool import AsyncIdentityPool as AsyncIdentityPool
from userpool.identity._sync.identity import Identity as Identity
from userpool.identity._sync.pool import IdentityPool as IdentityPool
from userpool.identity.boto import boto3_session as boto3_session
from userpool.identity.providers import user_pool_provider as user_pool_provider
