"""Requests about machine images and snapshots: two accounts, Clouddriver's codes, sentences of our own."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid, Request, problems
from lambdas.requests.allow_launch import AllowLaunch
from lambdas.requests.delete_image import DeleteImage
from lambdas.requests.delete_snapshot import DeleteSnapshot
from lambdas.requests.upsert_image_tags import UpsertImageTags

ACCOUNTS = {
    "bake": Account("bake", "123456789012", ("us-east-1",)),
    "test": Account("test", "210987654321", ("us-east-1", "us-west-1")),
}
WHERE = {"account": "bake", "region": "us-east-1"}


def refused(model: type[Request], **description: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        model.of_clouddriver({"credentials": "bake"} | description, ACCOUNTS)
    return caught.value.codes


def wrong(model: type[Request], **body: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        model.of_windlass(WHERE | body)
    return caught.value.codes


def test_credentials_own_the_image_and_account_shall_launch_it() -> None:
    body = {"credentials": "bake", "account": "test", "region": "us-east-1", "amiName": "hodor-1", "kato.tasks": [{}]}

    (request,) = AllowLaunch.of_clouddriver(body, ACCOUNTS)

    assert (request.account, request.target_account, request.ami_name) == ("bake", "test", "hodor-1")
    assert request.cluster == "bake/us-east-1/image/hodor-1"


def test_a_target_account_that_is_said_wins() -> None:
    body = {"credentials": "bake", "account": "bake", "targetAccount": "test", "region": "us-east-1", "amiName": "h"}

    assert AllowLaunch.of_clouddriver(body, ACCOUNTS)[0].target_account == "test"


@pytest.mark.parametrize(
    ("description", "codes"),
    [
        ({}, ("amiName.empty", "region.empty", "targetAccount.empty")),
        ({"amiName": "hodor-1", "region": "us-east-1", "account": "mars"}, ("targetAccount.not.configured",)),
    ],
)
def test_sharing_has_clouddrivers_codes(description: dict[str, Any], codes: tuple[str, ...]) -> None:
    assert refused(AllowLaunch, **description) == tuple(f"allowLaunchDescription.{code}" for code in codes)


def test_sharing_is_refused_where_either_account_is_not_to_be_had() -> None:
    body = WHERE | {"amiName": "hodor-1"}

    unknown = AllowLaunch.of_windlass(body | {"targetAccount": "mars"})
    elsewhere = AllowLaunch.of_windlass(body | {"targetAccount": "test", "region": "us-west-1"})

    assert problems(unknown, ACCOUNTS) == ("targetAccount: 'mars' is not known; known accounts: bake, test",)
    assert problems(elsewhere, ACCOUNTS) == (
        "region: 'us-west-1' is not configured for account bake; it has us-east-1",
    )


def test_sharing_says_what_is_missing() -> None:
    assert wrong(AllowLaunch) == ("amiName: is required", "targetAccount: is required")


def test_tags_of_several_regions_are_a_request_for_each() -> None:
    body = {"credentials": "bake", "amiName": "hodor-1", "regions": ["us-west-1", "us-east-1"], "tags": {"n": 1}}

    requests = UpsertImageTags.of_clouddriver(body, ACCOUNTS)

    assert [(one.region, one.ami_name, one.tags) for one in requests] == [
        ("us-west-1", "hodor-1", {"n": "1"}),
        ("us-east-1", "hodor-1", {"n": "1"}),
    ]


def test_tags_that_cannot_be_set_are_refused() -> None:
    assert refused(UpsertImageTags, amiName="hodor-1", tags={"a": "1"}) == ("regions: name at least one",)
    assert wrong(UpsertImageTags, amiName="hodor-1", tags={"aws:x": "1"}) == (
        "tags: aws:x begins with aws:, which only AWS sets; leave it out",
    )
    assert wrong(UpsertImageTags, amiName="hodor-1", tags={}) == (
        "tags: Dictionary should have at least 1 item after validation, not 0",
    )


def test_an_image_is_deleted_by_its_id() -> None:
    body = {"credentials": "bake", "imageId": "ami-1", "region": "us-east-1"}

    (request,) = DeleteImage.of_clouddriver(body, ACCOUNTS)

    assert (request.image_id, request.cluster) == ("ami-1", "bake/us-east-1/image/ami-1")
    assert wrong(DeleteImage, imageId="hodor-1") == ("imageId: String should match pattern '^ami-[0-9a-zA-Z]+$'",)
    assert refused(DeleteImage) == (
        "region: String should have at least 1 character",
        "imageId: String should match pattern '^ami-[0-9a-zA-Z]+$'",
    )


def test_a_snapshot_has_clouddrivers_codes() -> None:
    assert refused(DeleteSnapshot) == (
        "DeleteAmazonSnapshotDescription.region.empty",
        "deleteAmazonSnapshotDescription.region.empty",
        "deleteAmazonSnapshotDescription.snapshotId.empty",
    )
    assert refused(DeleteSnapshot, region="mars-1", snapshotId="snap-1") == (
        "DeleteAmazonSnapshotDescription.regions.not.configured",
    )


def test_a_snapshot_is_deleted_by_its_id() -> None:
    (request,) = DeleteSnapshot.of_clouddriver(
        {"credentials": "bake", "snapshotId": "snap-1", "region": "us-east-1"}, ACCOUNTS
    )

    assert request.cluster == "bake/us-east-1/snapshot/snap-1"
    assert wrong(DeleteSnapshot, snapshotId="ami-1") == (
        "snapshotId: String should match pattern '^snap-[0-9a-zA-Z]+$'",
    )


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (AllowLaunch, {"allowLaunchDescription"}),
        (UpsertImageTags, {"upsertImageTags", "upsertAmiTagsDescription"}),
        (DeleteImage, {"deleteImage"}),
        (DeleteSnapshot, {"deleteSnapshot"}),
    ],
)
def test_clouddrivers_callers_know_it_by_these_names(model: type[Request], names: set[str]) -> None:
    assert model.clouddriver_names == names
