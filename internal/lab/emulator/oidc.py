"""Web identity: a role opens to a token if its trust policy names the token's issuer, which the account must know,
and what is in the token. moto opens any role to anybody. Signatures are not checked."""

import base64
import collections
import json

from moto.iam.models import iam_backends
from moto.sts.exceptions import STSClientError
from moto.sts.responses import TokenResponse

from emulator.resource import Resource
from emulator.trust import met, several, trust_policy

assume_role_with_web_identity = TokenResponse.assume_role_with_web_identity


def install():
    TokenResponse.assume_role_with_web_identity = open_trusting_role


def open_trusting_role(self):
    role, claims = self._get_param("RoleArn"), claimed(self._get_param("WebIdentityToken"))
    issuer = claims["iss"].removeprefix("https://")
    provider = f"arn:aws:iam::{role.split(':')[4]}:oidc-provider/{issuer}"
    facts = collections.defaultdict(lambda: None, {f"{issuer}:{name}": value for name, value in claims.items()})
    known = iam_backends[role.split(":")[4]]["aws"].open_id_providers
    if provider not in known or not any(trusts(statement, provider, facts) for statement in trust_policy(role)):
        raise STSClientError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    return assume_role_with_web_identity(self)


def claimed(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def trusts(statement, provider, facts):
    return (statement["Effect"] == "Allow" and "sts:AssumeRoleWithWebIdentity" in several(statement["Action"])
            and provider in several(statement["Principal"].get("Federated", []))
            and all(met(operator, wanted, facts) for operator, wanted in statement.get("Condition", {}).items()))


class OIDCProvider(Resource):
    type = "AWS::IAM::OIDCProvider"

    def put(self, properties, exists):
        made = self.call("iam", "create_open_id_connect_provider", Url=properties["Url"],
                         ClientIDList=properties["ClientIdList"], ThumbprintList=properties.get("ThumbprintList", []))
        self.physical_resource_id = made["OpenIDConnectProviderArn"]

    def remove(self):
        self.call("iam", "delete_open_id_connect_provider", OpenIDConnectProviderArn=self.physical_resource_id)
