"""S3 buckets, and the image repository that CDK's bootstrap stack makes beside its own."""

from __future__ import annotations

from typing import Any

from local.resources.kinds import IGNORED, Json, Kind, Made, Wanted


def create_bucket(wanted: Wanted) -> Made:
    name = wanted.name("BucketName", limit=63).lower()
    place = {} if wanted.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": wanted.region}}
    locked = wanted.properties.get("ObjectLockEnabled", False)
    wanted.client("s3").create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked, **place)
    if rule := (wanted.properties.get("ObjectLockConfiguration") or {}).get("Rule"):
        configuration: Any = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        wanted.client("s3").put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=configuration)
    domain = f"{name}.s3.{wanted.region}.amazonaws.com"
    names = {"DomainName": f"{name}.s3.amazonaws.com", "RegionalDomainName": domain}
    return Made(name, {"Arn": f"arn:aws:s3:::{name}", **names})


def update_bucket(wanted: Wanted, before: Json, made: Made) -> Made | None:
    return made if wanted.properties.get("BucketName") == before.get("BucketName") else None


def delete_bucket(wanted: Wanted, made: Made) -> None:
    wanted.client("s3").delete_bucket(Bucket=made.id)


def create_repository(wanted: Wanted) -> Made:
    name = wanted.name("RepositoryName").lower()
    repository = wanted.client("ecr").create_repository(repositoryName=name)["repository"]
    return Made(name, {"Arn": repository["repositoryArn"], "RepositoryUri": repository["repositoryUri"]})


def update_repository(wanted: Wanted, before: Json, made: Made) -> Made | None:
    return made if wanted.properties.get("RepositoryName") == before.get("RepositoryName") else None


def delete_repository(wanted: Wanted, made: Made) -> None:
    wanted.client("ecr").delete_repository(repositoryName=made.id, force=True)


KINDS = {
    "AWS::S3::Bucket": Kind(create=create_bucket, update=update_bucket, delete=delete_bucket),
    "AWS::S3::BucketPolicy": IGNORED,
    "AWS::ECR::Repository": Kind(create=create_repository, update=update_repository, delete=delete_repository),
}
