"""The door of those who cannot sign: a REST API behind a domain name that asks for a client certificate.

No method asks IAM (`NONE`), and yet nobody comes in without a certificate: the API's own endpoint is shut, and at the
domain name API Gateway ends every handshake whose certificate the truststore does not vouch for. Who it is, and
whether that is anybody, the function decides (`lambdas.api.certificates`); an API that a second domain name leads to
answers 403 there, for want of a certificate.
https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct, Node

from stacks.api import answer_in_json, lead_to, stage

_CERTIFICATE = r"arn:[\w-]+:acm:[\w-]+:\d{12}:certificate/[\w-]+"
_FORMS = {
    "mutualTlsDomain": (r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", "windlass.example.com"),
    "mutualTlsCertificate": (_CERTIFICATE, "arn:aws:acm:us-east-1:123456789012:certificate/6b7c…"),
    "mutualTlsTruststore": (r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S+", "s3://our-truststores/windlass.pem"),
    "mutualTlsTruststoreVersion": (r"\S+", "the VersionId that S3 gave the truststore"),
}
_OWNERSHIP = "mutualTlsOwnershipCertificate"
_PRESENTED = {
    "subject": "$context.identity.clientCert.subjectDN",
    "issuer": "$context.identity.clientCert.issuerDN",
    "serial": "$context.identity.clientCert.serialNumber",
}


@dataclass(frozen=True)
class MutualTls:
    """Where the door is, and whom it lets come near."""

    domain: str
    certificate: str
    """The server's, by its ARN in the Region's ACM."""
    truststore: str
    """`s3://bucket/key` of the certificates of authorities, PEM."""
    version: str
    """Of that object: another one is another deployment."""
    ownership: str | None = None
    """A public certificate of ACM for the domain, where the server's was imported or is of a private authority."""

    @classmethod
    def of(cls, node: Node) -> "MutualTls | None":
        """From the context `mutualTlsDomain`, `…Certificate`, `…Truststore`, `…TruststoreVersion`: all or none of them;
        and `…OwnershipCertificate`. Raises ValueError.
        """
        given = {name: node.try_get_context(name) for name in (*_FORMS, _OWNERSHIP)}
        there = [name for name, value in given.items() if value]
        if not there:
            return None
        if missing := [name for name in _FORMS if not given[name]]:
            raise ValueError(
                f"mutual TLS is given by halves: context {', '.join(there)} without {', '.join(missing)}; "
                f"give all of {', '.join(_FORMS)}, or none"
            )
        domain, certificate, truststore, version = (_formed(name, given, *_FORMS[name]) for name in _FORMS)
        return cls(domain, certificate, truststore, version, _ownership(given))


def _formed(name: str, given: Mapping[str, Any], form: str, example: str) -> str:
    text = str(given[name])
    if not re.fullmatch(form, text):
        raise ValueError(f"context {name}={text!r} is no such thing; say for example {example}")
    return text


def _ownership(given: Mapping[str, Any]) -> str | None:
    return _formed(_OWNERSHIP, given, *_FORMS["mutualTlsCertificate"]) if given[_OWNERSHIP] else None


class MutualTlsApi(Construct):
    """The API, its domain name, and the way from this to that; `after`: what sets up access logs."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        place: MutualTls,
        function: lambda_.IFunction,
        after: Construct,
        key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=name,
            description="Windlass: cloud operations, for clients with certificates",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            disable_execute_api_endpoint=True,
            cloud_watch_role=False,
            default_method_options=apigateway.MethodOptions(authorization_type=apigateway.AuthorizationType.NONE),
            deploy_options=stage(self, name, key, removal, _PRESENTED),
        )
        self.api.node.try_remove_child("Endpoint")  # the output of a URL that answers nobody
        self.api.deployment_stage.node.add_dependency(after)
        lead_to(self.api, function)
        answer_in_json(self.api)
        self.domain = self._domain(place)

    def _domain(self, place: MutualTls) -> apigateway.CfnDomainName:
        domain = apigateway.CfnDomainName(
            self,
            "Domain",
            domain_name=place.domain,
            endpoint_configuration=apigateway.CfnDomainName.EndpointConfigurationProperty(types=["REGIONAL"]),
            regional_certificate_arn=place.certificate,
            ownership_verification_certificate_arn=place.ownership,
            security_policy="TLS_1_2",
            mutual_tls_authentication=apigateway.CfnDomainName.MutualTlsAuthenticationProperty(
                truststore_uri=place.truststore, truststore_version=place.version
            ),
        )
        apigateway.CfnBasePathMapping(
            self,
            "Mapping",
            domain_name=domain.ref,
            rest_api_id=self.api.rest_api_id,
            stage=self.api.deployment_stage.stage_name,
        )
        return domain

    def outputs(self, scope: Construct) -> None:
        CfnOutput(scope, "MutualTlsApiId", value=self.api.rest_api_id)
        CfnOutput(scope, "MutualTlsUrl", value=f"https://{self.domain.ref}/")
        CfnOutput(scope, "MutualTlsTarget", value=self.domain.attr_regional_domain_name)
        CfnOutput(scope, "MutualTlsTargetZone", value=self.domain.attr_regional_hosted_zone_id)
