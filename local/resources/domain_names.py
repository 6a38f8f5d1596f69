"""Custom domain names of API Gateway, and which API each leads to. Those that ask for client certificates only."""

from __future__ import annotations

from urllib.parse import urlsplit

from local import domains
from local.resources.kinds import Json, Kind, Made, Wanted


def create_domain(wanted: Wanted) -> Made:
    name = wanted.properties["DomainName"]
    wanted.client("apigateway").create_domain_name(
        domainName=name,
        regionalCertificateArn=wanted.properties["RegionalCertificateArn"],
        endpointConfiguration={"types": wanted.properties["EndpointConfiguration"]["Types"]},
        securityPolicy=wanted.properties.get("SecurityPolicy", "TLS_1_2"),
    )
    try:
        return _asking(wanted, name)
    except Exception:
        wanted.client("apigateway").delete_domain_name(domainName=name)
        raise


def update_domain(wanted: Wanted, before: Json, made: Made) -> Made | None:
    return _asking(wanted, made.id) if wanted.properties["DomainName"] == before["DomainName"] else None


def _asking(wanted: Wanted, name: str) -> Made:
    """The truststore is read now, as API Gateway does: what is uploaded later counts from the next update."""
    asked = wanted.properties.get("MutualTlsAuthentication")
    if not asked:
        raise ValueError(f"{name}: the embedded AWS has only domain names with MutualTlsAuthentication")
    place = urlsplit(asked["TruststoreUri"])
    version = {"VersionId": asked["TruststoreVersion"]} if "TruststoreVersion" in asked else {}
    found = wanted.client("s3").get_object(Bucket=place.netloc, Key=place.path.lstrip("/"), **version)
    domain = domains.trust(wanted.region, name, wanted.properties["RegionalCertificateArn"], found["Body"].read())
    told = {"RegionalDomainName": domain.regional_domain_name, "RegionalHostedZoneId": domain.regional_hosted_zone_id}
    return Made(name, told)


def delete_domain(wanted: Wanted, made: Made) -> None:
    domains.forget(wanted.region, made.id)
    wanted.client("apigateway").delete_domain_name(domainName=made.id)


def create_mapping(wanted: Wanted) -> Made:
    given = wanted.properties
    wanted.client("apigateway").create_base_path_mapping(
        domainName=given["DomainName"], restApiId=given["RestApiId"], stage=given["Stage"]
    )
    return Made(f"{given['DomainName']}|(none)")


def delete_mapping(wanted: Wanted, made: Made) -> None:
    wanted.client("apigateway").delete_base_path_mapping(domainName=wanted.properties["DomainName"], basePath="(none)")


KINDS = {
    "AWS::ApiGateway::DomainName": Kind(create=create_domain, update=update_domain, delete=delete_domain),
    "AWS::ApiGateway::BasePathMapping": Kind(create=create_mapping, delete=delete_mapping, deletes_first=True),
}
