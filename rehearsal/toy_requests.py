"""The least request there is, for sagas that exist in rehearsals and tests alone."""

from pydantic import BaseModel

from lambdas.naming import cluster_of


class OfOneGroup(BaseModel):
    """A request about one server group: what the engine asks of every operation's request, and no more."""

    account: str = "prod"
    region: str = "us-east-1"
    group: str
    override_freeze: None = None

    @property
    def application(self) -> str:
        return "shop"

    @property
    def cluster(self) -> str:
        return f"{self.account}/{self.region}/{cluster_of(self.group)}"

    @property
    def accounts(self) -> dict[str, str]:
        return {"account": self.account}

    @property
    def owners(self) -> tuple[str, ...]:
        return (self.application,)

    @property
    def permissions(self) -> tuple[str, ...]:
        return ()
