"""Lambda: what the host that runs functions has to know of them."""

from moto.awslambda.models import LambdaFunction

from emulator import clients

init, update = LambdaFunction.__init__, LambdaFunction.update_configuration
get_configuration, get_code = LambdaFunction.get_configuration, LambdaFunction.get_code


def install():
    LambdaFunction.__init__ = keep_logging
    LambdaFunction.update_configuration = update_configuration
    LambdaFunction.get_configuration = with_logging
    LambdaFunction.get_code = downloadable


def keep_logging(self, account_id, spec, region, version=1):
    self.logging = spec.get("LoggingConfig", {})
    init(self, account_id, spec, region, version)


def update_configuration(self, changes):
    self.logging = changes.get("LoggingConfig", self.logging)
    return update(self, changes)


def with_logging(self, on_create=False):
    return {**get_configuration(self, on_create), "LoggingConfig": self.logging}


def downloadable(self):
    """Code.Location is a URL that gives the code, as on AWS."""
    answer = get_code(self)
    if "S3Key" in self.code:
        answer["Code"]["Location"] = clients.client("s3", self.region).generate_presigned_url(
            "get_object", Params={"Bucket": self.code["S3Bucket"], "Key": self.code["S3Key"]})
    return answer
