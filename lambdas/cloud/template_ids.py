"""Launch templates by their ids: names are used again, ids never."""

from abc import abstractmethod

from lambdas.cloud import LaunchTemplate
from lambdas.nouns import Noun, changes, reads


class TemplateIds(Noun):
    noun, service = "template_ids", "ec2"
    adapter = "lambdas.aws.template_ids:Ec2TemplateIds"

    @abstractmethod
    @reads("ec2:DescribeLaunchTemplates")
    def find(self, id: str) -> LaunchTemplate:  # noqa: A002 - as it is called
        """Raises NotFound."""

    @abstractmethod
    @changes("ec2:DeleteLaunchTemplate")
    def delete(self, id: str) -> None:  # noqa: A002
        """With all its versions. Raises NotFound."""
