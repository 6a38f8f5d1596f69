"""Upsert a DNS record: point a name of a hosted zone somewhere."""

from lambdas.activities import records
from lambdas.activities.records import RecordPlan
from lambdas.cloud import Cloud
from lambdas.requests.of_things import guards_of_thing
from lambdas.requests.upsert_amazon_dns import UpsertAmazonDns
from saga import Saga, step

UPSERT_AMAZON_DNS: Saga[UpsertAmazonDns, RecordPlan, Cloud] = Saga(
    name="UpsertAmazonDns",
    plan=records.plan_upsert,
    guards=guards_of_thing,
    steps=(step("PutRecord", do=records.put, undo=records.restore),),
    left=records.left_behind,
    difference=records.difference,
)
