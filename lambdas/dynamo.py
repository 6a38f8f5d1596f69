"""The table on DynamoDB: writes rendered as expressions, faults as our errors.

Keys are `pk` and `sk`. The index `due` has the hash `shard`, which every write of a number in `due` computes (of the
backlog another than of all else), and the range `due`; the indexes `applications`, `clusters` and `rolls` have the
hashes `application`, `cluster` and `roll`, and the range `accepted`.
"""

import base64
import binascii
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain, islice
from random import uniform
from typing import TYPE_CHECKING, Any
from zlib import crc32

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.error_codes import translated, translating
from lambdas.errors import Broken, Conflict, Rejected, Throttled, Transient, WindlassError
from lambdas.table import (
    KEPT_UNTIL,
    SHARDS,
    Absent,
    Among,
    Below,
    By,
    Check,
    Condition,
    Delete,
    Equal,
    Exists,
    Item,
    Key,
    Put,
    Refused,
    Update,
    Write,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BACKLOG = "backlog"
"""The attribute of an item that stands in the backlog, and the name of its partitions of the index."""
SHARD = "shard"
"""The attribute that spreads `due` over partitions; ours alone, readers never see it."""
OPERATION = "op#"
"""What the partitions of operations are called: their rows go after a while, all others stay."""
HIDDEN = (SHARD, KEPT_UNTIL)
TRIES = 5
"""A transaction cancelled by a concurrent one has written nothing: it is tried again at once, not by the caller."""

Attributes = dict[str, Any]
"""An item in DynamoDB's own notation."""


class DynamoTable:
    """`lambdas.table.Table` on one DynamoDB table."""

    def __init__(
        self,
        client: "DynamoDBClient",
        name: str,
        pause: Callable[[float], None] = time.sleep,
        *,
        kept: timedelta = timedelta(),
        now: Callable[[], float] = time.time,
    ) -> None:
        """`kept`: for how long after its last write a row of an operation stays; nothing: for ever."""
        self._client = client
        self._name = name
        self._pause = pause
        self._kept = kept.total_seconds()
        self._now = now

    def get(self, key: Key) -> Item | None:
        with translating("dynamodb", self._what):
            found = self._client.get_item(TableName=self._name, Key=_key(key), ConsistentRead=True)
        return item_of(found["Item"]) if "Item" in found else None

    def of(self, pk: str, prefix: str = "") -> list[Item]:
        terms = _Terms()
        condition = f"{terms.name('pk')} = {terms.value(pk)}"
        if prefix:
            condition += f" AND begins_with({terms.name('sk')}, {terms.value(prefix)})"
        return list(self._query(terms, condition, ConsistentRead=True))

    def write(self, *writes: Write) -> None:
        if writes:
            self._until_settled(lambda: self._write(writes))

    def due(self, before: float) -> list[Item]:
        return sorted((item for shard in range(SHARDS) for item in self._due_of(f"due#{shard}", before)), key=_by_due)

    def backlog(self, before: float, most: int) -> list[Item]:
        each = -(-most // SHARDS)
        found = (islice(self._due_of(f"{BACKLOG}#{shard}", before, Limit=each), each) for shard in range(SHARDS))
        return sorted(chain.from_iterable(found), key=_by_due)[:most]

    def listed(
        self,
        by: By,
        value: str,
        *,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> tuple[list[Item], str | None]:
        terms = _Terms()
        condition = f"{terms.name(by)} = {terms.value(value)}{_span(terms, since, until)}"
        options: Attributes = {"IndexName": f"{by}s", "ScanIndexForward": False, "Limit": limit + 1}
        if after is not None:
            options["ExclusiveStartKey"] = _attributes(_from_cursor(after) | {by: value})
        rows = self._query(terms, condition, **options)
        page = [row for _, row in zip(range(limit + 1), rows, strict=False)]
        return page[:limit], _cursor(page[limit - 1]) if len(page) > limit else None

    def _dated(self, key: Key, changes: Mapping[str, Any]) -> Item:
        """With its shard, and with when it may go, if it is an operation's."""
        kept = {KEPT_UNTIL: int(self._now() + self._kept)} if self._kept and key.pk.startswith(OPERATION) else {}
        return _with_shard(key, changes) | kept

    @property
    def _what(self) -> str:
        return f"table {self._name}"

    def _due_of(self, shard: str, before: float, **options: Any) -> Iterator[Item]:
        terms = _Terms()
        condition = f"{terms.name(SHARD)} = {terms.value(shard)} AND {terms.name('due')} <= {terms.value(before)}"
        return self._query(terms, condition, IndexName="due", **options)

    def _query(self, terms: "_Terms", condition: str, **options: Any) -> Iterator[Item]:
        """The items of one partition, page after page, as far as the caller reads."""
        options |= {"TableName": self._name, "KeyConditionExpression": condition, **terms.parameters}
        while True:
            with translating("dynamodb", self._what):
                page = self._client.query(**options)
            yield from map(item_of, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            options["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _until_settled(self, attempt: Callable[[], None]) -> None:
        """Again after a conflict or a throttle: both say for certain that nothing was written."""
        for tried in range(1, TRIES + 1):
            try:
                return attempt()
            except (Conflict, Throttled) as error:
                if tried == TRIES:
                    raise Transient(str(error)) if isinstance(error, Conflict) else error from error
            self._pause(uniform(0, 0.025 * 2**tried))
        return None

    def _write(self, writes: Sequence[Write]) -> None:
        """One write alone goes without a transaction, which would cost twice."""
        try:
            if len(writes) == 1 and not isinstance(writes[0], Check):
                self._write_one(writes[0])
            else:
                self._client.transact_write_items(TransactItems=[self._transact(write) for write in writes])
        except ClientError as error:
            raise _refusal(error, self._what) from None
        except BotoCoreError as error:
            raise translated(error, "dynamodb", self._what) from None

    def _write_one(self, write: Put | Update | Delete) -> None:
        request = self._request(write)
        if isinstance(write, Put):
            self._client.put_item(**request)
        elif isinstance(write, Update):
            self._client.update_item(**request)
        else:
            self._client.delete_item(**request)

    def _transact(self, write: Write) -> Any:
        verb = "ConditionCheck" if isinstance(write, Check) else type(write).__name__
        return {verb: self._request(write)}

    def _request(self, write: Write) -> Attributes:
        """The write as the parameters of PutItem, UpdateItem, DeleteItem, or as an element of a transaction."""
        terms = _Terms()
        request: Attributes = {"TableName": self._name}
        if isinstance(write, Put):
            request["Item"] = _attributes(self._dated(write.key, write.item) | _plain(write.key))
        else:
            request["Key"] = _key(write.key)
        if isinstance(write, Update):
            request["UpdateExpression"] = _update(terms, write._replace(set=self._dated(write.key, write.set)))
        if write.when:
            request["ConditionExpression"] = " AND ".join(_condition(terms, one) for one in write.when)
        return request | terms.parameters


@dataclass
class _Terms:
    """The placeholders of one request's expressions: no attribute's name or value is ever spelled out in them."""

    names: dict[str, str] = field(default_factory=dict)
    values: Attributes = field(default_factory=dict)

    def name(self, attribute: str) -> str:
        return self.names.setdefault(attribute, f"#n{len(self.names)}")

    def value(self, value: Any) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = _attribute(value)
        return placeholder

    @property
    def parameters(self) -> Attributes:
        """The two parameters, each only where it is not empty, as DynamoDB demands."""
        parameters: Attributes = {}
        if self.names:
            parameters["ExpressionAttributeNames"] = {term: name for name, term in self.names.items()}
        if self.values:
            parameters["ExpressionAttributeValues"] = self.values
        return parameters


def _condition(terms: _Terms, condition: Condition) -> str:
    match condition:
        case Exists():
            return f"attribute_exists({terms.name('pk')})"
        case Absent():
            return f"attribute_not_exists({terms.name('pk')})"
        case Equal(attribute, None):
            return f"attribute_not_exists({terms.name(attribute)})"
        case Equal(attribute, value):
            return f"{terms.name(attribute)} = {terms.value(value)}"
        case Below(attribute, value):
            name = terms.name(attribute)
            return f"(attribute_not_exists({name}) OR {name} < {terms.value(value)})"
        case Among(attribute, values):
            each = [_condition(terms, Equal(attribute, value)) for value in values]
            return f"({' OR '.join(each) or _never(terms)})"


def _span(terms: _Terms, since: float | None, until: float | None) -> str:
    """The rest of a list's key condition, which may name its range only once."""
    match since, until:
        case None, None:
            return ""
        case _, None:
            return f" AND {terms.name('accepted')} >= {terms.value(since)}"
        case None, _:
            return f" AND {terms.name('accepted')} <= {terms.value(until)}"
    return f" AND {terms.name('accepted')} BETWEEN {terms.value(since)} AND {terms.value(until)}"


def _never(terms: _Terms) -> str:
    """Nothing is among no values; DynamoDB has no literal for false."""
    return f"{_condition(terms, Exists())} AND {_condition(terms, Absent())}"


def _update(terms: _Terms, write: Update) -> str:
    changes = dict(write.set)
    if "due" in write.add:
        changes |= {SHARD: _shard(write.key), BACKLOG: None}
    gone = [name for name, value in changes.items() if value is None]
    clauses = {
        "SET": [f"{terms.name(name)} = {terms.value(value)}" for name, value in changes.items() if value is not None],
        "REMOVE": [terms.name(name) for name in gone],
        "ADD": [f"{terms.name(name)} {terms.value(number)}" for name, number in write.add.items()],
    }
    if not any(clauses.values()):
        # An update in a transaction needs an expression; this one changes nothing but creates the item if it is absent.
        clauses["REMOVE"] = [terms.name("nothing")]
    return " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts)


def _with_shard(key: Key, changes: Mapping[str, Any]) -> Item:
    """Whoever writes `due` writes its shard, or takes it away with it."""
    if "due" not in changes:
        return dict(changes)
    waits = changes.get(BACKLOG)
    return {**changes, BACKLOG: waits, SHARD: None if changes["due"] is None else _shard(key, waits=bool(waits))}


def _shard(key: Key, *, waits: bool = False) -> str:
    return f"{BACKLOG if waits else 'due'}#{crc32(key.pk.encode()) % SHARDS}"


def _by_due(item: Item) -> tuple[float, str, str]:
    return item["due"], item["pk"], item["sk"]


def _refusal(error: ClientError, what: str) -> Exception:
    """What a failed write means: its conditions do not hold, or one of our errors."""
    if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
        return Refused([0])
    reasons = [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", ())]
    if refused := [position for position, code in enumerate(reasons) if code == "ConditionalCheckFailed"]:
        return Refused(refused)
    return _cancelled(reasons, what) or translated(error, "dynamodb", what)


def _cancelled(reasons: Sequence[str], what: str) -> WindlassError | None:
    """Codes of cancelled transactions:
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    said = f"{what}: transaction cancelled: {', '.join(reasons)}"
    if "TransactionConflict" in reasons:
        return Conflict(said)
    if not {"ThrottlingError", "ProvisionedThroughputExceeded"}.isdisjoint(reasons):
        return Throttled(said)
    if not {"ValidationError", "ItemCollectionSizeLimitExceeded", "DuplicateItem"}.isdisjoint(reasons):
        return Broken(said)
    return None


def _plain(key: Key) -> Item:
    return {"pk": key.pk, "sk": key.sk}


def _key(key: Key) -> Attributes:
    return _attributes(_plain(key))


def _attributes(item: Mapping[str, Any]) -> Attributes:
    """An item without its absent attributes."""
    return {name: _attribute(value) for name, value in item.items() if value is not None}


def _attribute(value: Any) -> Attributes:
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value)}
        case str():
            return {"S": value}
        case Mapping():
            return {"M": {name: _attribute(each) for name, each in value.items()}}
        case list() | tuple():
            return {"L": [_attribute(each) for each in value]}
    raise TypeError(f"an item cannot hold a {type(value).__name__}")


def item_of(attributes: Mapping[str, Any]) -> Item:
    """An item, or an image of the stream, from DynamoDB's own notation."""
    return {name: _value(each) for name, each in attributes.items() if name not in HIDDEN}


def _value(attribute: Mapping[str, Any]) -> Any:
    [(kind, value)] = attribute.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return int(value) if value.lstrip("-").isdigit() else float(value)
        case "M":
            return {name: _value(each) for name, each in value.items()}
        case "L":
            return [_value(each) for each in value]
    return value


def _cursor(row: Item) -> str:
    """Where the next page begins. It does not say whose list it is: the caller says that again."""
    place = json.dumps([row["pk"], row["sk"], row["accepted"]])
    return base64.urlsafe_b64encode(place.encode()).decode()


def _from_cursor(cursor: str) -> Item:
    """Raises Rejected for text that is no cursor of ours: it comes from a caller."""
    try:
        match json.loads(base64.urlsafe_b64decode(cursor.encode())):
            case [str(pk), str(sk), int() | float() as accepted]:
                return {"pk": pk, "sk": sk, "accepted": accepted}
    except (ValueError, binascii.Error):
        pass
    raise Rejected("the cursor is not one that an earlier page gave; leave it out to begin anew")
