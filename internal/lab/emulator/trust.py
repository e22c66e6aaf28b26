"""STS: a role is assumed only if it exists and its trust policy lets the caller; moto gives out any."""

import fnmatch
import json

from moto.iam.models import iam_backends
from moto.sts.exceptions import STSClientError
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

assume_role = TokenResponse.assume_role


def install():
    TokenResponse.assume_role = assume_trusting_role


def assume_trusting_role(self):
    role, caller = self._get_param("RoleArn"), who(self)
    facts = {"sts:ExternalId": self._get_param("ExternalId"), "aws:PrincipalArn": caller}
    if not any(trusts(statement, caller, facts) for statement in trust_policy(role)):
        raise STSClientError(
            "AccessDenied", f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role}")
    return assume_role(self)


def who(request):
    """The ARN of who asks, of the role behind a session; or the name of the service of AWS that does."""
    if service := request.headers.get("X-Lab-Service"):
        return service
    key = request.get_access_key()
    for backends in sts_backends.values():
        for backend in backends.values():
            if session := backend.get_assumed_role_from_access_key(key):
                return session.role_arn
    return f"arn:aws:iam::{request.current_account}:root"


def trust_policy(arn):
    account, name = arn.split(":")[4], arn.split("/")[-1]
    for role in iam_backends[account]["aws"].roles.values():
        if role.name == name:
            policy = role.assume_role_policy_document
            while isinstance(policy, str):  # twice where a stack's template has it as a text
                policy = json.loads(policy)
            return policy["Statement"]
    return []


def trusts(statement, caller, facts):
    principals = statement["Principal"]
    named = several(principals.get("AWS", [])) + several(principals.get("Service", []))
    account = f"arn:aws:iam::{caller.split(':')[4]}:root" if caller.startswith("arn:") else ""
    return (statement["Effect"] == "Allow" and "sts:AssumeRole" in several(statement["Action"])
            and any(name in (caller, account) for name in named)
            and all(met(operator, wanted, facts) for operator, wanted in statement.get("Condition", {}).items()))


def met(operator, wanted, facts):
    like = {"StringEquals": False, "ArnEquals": True, "ArnLike": True, "StringLike": True}[operator]
    return all(
        facts[key] is not None
        and any(fnmatch.fnmatchcase(facts[key], v) if like else facts[key] == v for v in several(values))
        for key, values in wanted.items())


def several(value):
    return value if isinstance(value, list) else [value]
