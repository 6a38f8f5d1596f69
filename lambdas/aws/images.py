"""Machine images on EC2, and the Systems Manager parameters that name them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambdas.cloud import Image
from lambdas.error_codes import translating

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import ImageTypeDef
    from mypy_boto3_ssm import SSMClient


class Images:
    """`lambdas.cloud.Images`."""

    def __init__(self, ec2: "EC2Client", ssm: "SSMClient") -> None:
        self._ec2 = ec2
        self._ssm = ssm

    def by_ids(self, ids: Sequence[str]) -> tuple[Image, ...]:
        # By filter, since one unknown id in ImageIds fails the whole call. A deprecated image can still be launched.
        return self._images({"image-id": list(ids)}, IncludeDeprecated=True) if ids else ()

    def by_name(self, pattern: str, owners: Sequence[str] = ()) -> tuple[Image, ...]:
        return self._images({"name": [pattern]}, **({"Owners": list(owners)} if owners else {}))

    def parameter(self, name: str) -> str:
        with translating("ssm", f"parameter {name}"):
            return self._ssm.get_parameter(Name=name)["Parameter"]["Value"]

    def _images(self, wanted: dict[str, list[str]], **options: Any) -> tuple[Image, ...]:
        filters: Any = [
            {"Name": name, "Values": values} for name, values in (wanted | {"state": ["available"]}).items()
        ]
        pages = self._ec2.get_paginator("describe_images")
        with translating("ec2", "images"):
            return tuple(
                _image(image) for page in pages.paginate(Filters=filters, **options) for image in page["Images"]
            )


def _image(image: "ImageTypeDef") -> Image:
    return Image(
        id=image["ImageId"],
        name=image.get("Name", ""),
        owner=image.get("OwnerId", ""),
        created=image.get("CreationDate", ""),
        architecture=image.get("Architecture", "x86_64"),
    )
