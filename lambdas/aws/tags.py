"""Tags in AWS's notation and in ours."""

from collections.abc import Iterable, Mapping
from typing import Any

from lambdas.cloud import Tags


def rendered(tags: Tags) -> Any:
    return [{"Key": key, "Value": value} for key, value in tags]


def parsed(tags: Iterable[Mapping[str, Any]]) -> Tags:
    """Without those that only AWS may write: a copy that carries them is refused.

    https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html: the prefix `aws:` is reserved.
    """
    return tuple(sorted((tag["Key"], tag.get("Value", "")) for tag in tags if not tag["Key"].startswith("aws:")))


def filter_by(key: str, value: str) -> Any:
    return [{"Name": f"tag:{key}", "Values": [value]}]
