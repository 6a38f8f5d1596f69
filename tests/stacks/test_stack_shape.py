"""What would hurt if it were not so, read from the synthesised template."""

import importlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from lambdas.environment import function_arns, machine_arns
from lambdas.hub import Settings as HubSettings
from lambdas.push.letters import CONNECT, READ
from lambdas.push.reach import Reach
from lambdas.table import ENROLLED, PROJECTED
from rehearsal import event_source
from stacks.application import application
from stacks.definitions import activities, definitions
from stacks.settings import Settings
from statemachines import ALL

Json = dict[str, Any]
OfType = Callable[[str], dict[str, Json]]


def test_every_function_has_a_handler(functions: dict[str, Json]) -> None:
    for function in functions.values():
        module, _, name = function["Handler"].rpartition(".")

        assert callable(getattr(importlib.import_module(module), name))


def test_every_saga_has_a_machine_under_the_name_by_which_functions_know_it(
    functions: dict[str, Json], machines: dict[str, Json]
) -> None:
    place = {"AWS_REGION": "us-east-1", "WINDLASS_ACCOUNT": "111111111111"}
    for function in functions.values():
        arns = machine_arns(function["Environment"]["Variables"] | place)

        assert {arns[saga.name] for saga in ALL} == {
            f"arn:aws:states:us-east-1:111111111111:stateMachine:{name}" for name in machines
        }


def test_activity_functions_have_the_names_by_which_the_api_calls_them(functions: dict[str, Json]) -> None:
    place = {"AWS_REGION": "us-east-1", "WINDLASS_ACCOUNT": "111111111111"}
    arns = function_arns(functions["windlass-Api"]["Environment"]["Variables"] | place)

    called = {arns[name] for name in activities(ALL)}

    assert called <= {f"arn:aws:lambda:us-east-1:111111111111:function:{name}:live" for name in functions}


def test_every_hole_of_every_machine_is_filled_with_the_live_alias_of_its_function(
    machines: dict[str, Json], resources: dict[str, Json], of_type: OfType
) -> None:
    aliases = of_type("AWS::Lambda::Alias")
    for one in definitions(ALL):
        substitutions = machines[f"windlass-{one.saga}"]["DefinitionSubstitutions"]

        assert set(substitutions) == set(one.holes)
        for hole, function in one.holes.items():
            alias = aliases[substitutions[hole]["Ref"]]
            assert alias["Name"] == "live"
            assert resources[alias["FunctionName"]["Ref"]]["Properties"]["FunctionName"] == f"windlass-{function}"


def test_whatever_wakes_a_function_calls_its_live_alias(of_type: OfType) -> None:
    queues = of_type("AWS::SQS::Queue")
    told = [target["Arn"] for rule in of_type("AWS::Events::Rule").values() for target in rule["Targets"]]
    called = [one["FunctionName"] for one in of_type("AWS::Lambda::Permission").values()]
    called += [one for one in told if one.get("Fn::GetAtt", [""])[0] not in queues]
    called += [one["FunctionName"] for one in of_type("AWS::Lambda::EventSourceMapping").values()]
    called += [one["Integration"]["Uri"] for one in of_type("AWS::ApiGateway::Method").values()]

    aliases = of_type("AWS::Lambda::Alias")

    assert called
    assert [one for one in called if not any(f'"{alias}"' in json.dumps(one) for alias in aliases)] == []


def called_by_machines() -> set[str]:
    return {f"windlass-{name}" for one in definitions(ALL) for name in one.holes.values()}


def test_a_state_outlasts_the_function_it_calls(functions: dict[str, Json]) -> None:
    longest = max(functions[name]["Timeout"] for name in called_by_machines())
    for one in definitions(ALL):
        states = json.loads(one.text)["States"].values()

        assert all(state["TimeoutSeconds"] > longest for state in states if state["Type"] == "Task")


def test_an_attempt_counts_as_alive_for_longer_than_any_function_runs(functions: dict[str, Json]) -> None:
    longest = max(functions[name]["Timeout"] for name in called_by_machines())

    assert HubSettings("table").attempt_limit > timedelta(seconds=longest)
    for function in functions.values():
        assert HubSettings.of(function["Environment"]["Variables"]).attempt_limit == timedelta(seconds=longest + 5)


def test_functions_can_read_their_settings_from_the_environment_they_get(synthesised: Callable[..., Path]) -> None:
    resources = json.loads((synthesised(settling="1.5", lateLook="4") / "Windlass.template.json").read_text())[
        "Resources"
    ]
    functions = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Lambda::Function"]
    for function in functions:
        settings = HubSettings.of(function["Environment"]["Variables"])

        assert (settings.settling, settings.late_look) == (timedelta(seconds=1.5), timedelta(seconds=4))


def test_a_changed_setting_publishes_new_versions_and_an_unchanged_one_none(
    template: Json, synthesised: Callable[..., Path]
) -> None:
    def versions(template: Json) -> set[str]:
        return {name for name, one in template["Resources"].items() if one["Type"] == "AWS::Lambda::Version"}

    same = json.loads((synthesised(settling="90") / "Windlass.template.json").read_text())
    changed = json.loads((synthesised(settling="91") / "Windlass.template.json").read_text())

    assert versions(same) == versions(template)
    assert versions(changed).isdisjoint(versions(template))


def test_the_table_is_encrypted_with_our_key_restorable_and_streamed(of_type: OfType) -> None:
    (table,) = of_type("AWS::DynamoDB::Table").values()

    assert table["SSESpecification"]["SSEEnabled"]
    assert table["SSESpecification"]["KMSMasterKeyId"]["Fn::GetAtt"][0] in of_type("AWS::KMS::Key")
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_the_indexes_are_those_that_the_table_module_queries(of_type: OfType) -> None:
    (table,) = of_type("AWS::DynamoDB::Table").values()

    keys = {
        one["IndexName"]: [key["AttributeName"] for key in one["KeySchema"]] for one in table["GlobalSecondaryIndexes"]
    }

    assert keys == {
        "due": ["shard", "due"],
        "applications": ["application", "accepted"],
        "clusters": ["cluster", "accepted"],
        "rolls": ["roll", "accepted"],
    }
    projections = {one["IndexName"]: one["Projection"] for one in table["GlobalSecondaryIndexes"]}
    for name, projected in (("due", PROJECTED), ("rolls", ENROLLED)):
        told = projections.pop(name)
        assert (told["ProjectionType"], sorted(told["NonKeyAttributes"])) == ("INCLUDE", sorted(projected))
    assert [one["ProjectionType"] for one in projections.values()] == ["ALL", "ALL"]


def test_only_the_function_that_answers_http_has_executions_of_its_own(resources: dict[str, Json]) -> None:
    functions = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Lambda::Function"]

    reserved = {
        one["FunctionName"]: one.get("ReservedConcurrentExecutions") for one in functions if "FunctionName" in one
    }

    assert {name: number for name, number in reserved.items() if number is not None} == {"windlass-Api": 100}


def test_an_account_that_is_allowed_few_executions_reserves_none(synthesised: Callable[..., Path]) -> None:
    text = (synthesised(apiConcurrency="0") / "Windlass.template.json").read_text()

    assert "ReservedConcurrentExecutions" not in text


@pytest.mark.parametrize(("removal", "policy"), [("retain", "Retain"), ("destroy", "Delete")])
def test_operations_outlive_their_stack_unless_said_otherwise(
    removal: str, policy: str, synthesised: Callable[..., Path]
) -> None:
    resources = json.loads((synthesised(removal=removal) / "Windlass.template.json").read_text())["Resources"]

    kept = {
        one["DeletionPolicy"] for one in resources.values() if one["Type"] in ("AWS::DynamoDB::Table", "AWS::KMS::Key")
    }

    assert kept == {policy}


def test_no_method_of_the_api_is_open(of_type: OfType) -> None:
    methods = of_type("AWS::ApiGateway::Method").values()

    assert methods
    assert {one["AuthorizationType"] for one in methods} == {"AWS_IAM"}


def test_overload_is_503_with_a_time_to_come_back_and_never_429(of_type: OfType) -> None:
    answers = {one["ResponseType"]: one for one in of_type("AWS::ApiGateway::GatewayResponse").values()}
    for kind in ("THROTTLED", "QUOTA_EXCEEDED", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"):
        assert answers[kind]["StatusCode"] == "503"
        assert "gatewayresponse.header.Retry-After" in answers[kind]["ResponseParameters"]


def test_what_the_gateway_itself_answers_is_json(of_type: OfType) -> None:
    for answer in of_type("AWS::ApiGateway::GatewayResponse").values():
        body = answer["ResponseTemplates"]["application/json"].replace("$context.error.messageString", '"Forbidden"')

        assert json.loads(body)["message"] == "Forbidden"


def test_what_cannot_be_delivered_is_kept_and_a_person_is_called(of_type: OfType) -> None:
    queues = of_type("AWS::SQS::Queue")
    sources = [
        one
        for one in of_type("AWS::Lambda::EventSourceMapping").values()
        if one["EventSourceArn"]["Fn::GetAtt"][0] != queue_of_nudges(of_type)
    ]
    dead = {
        one["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for one in queues.values()
        if "RedrivePolicy" in one
    }
    dead |= {
        one["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
        for one in sources
        if "DestinationConfig" in one
    }

    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        if alarm.get("Namespace") == "AWS/SQS"
        for dimension in alarm["Dimensions"]
    }

    assert len(dead) == len(sources)
    assert watched == dead


def test_alarms_on_our_own_metrics_are_of_the_hub_that_the_functions_are(
    of_type: OfType, functions: dict[str, Json]
) -> None:
    alarms = [one for one in of_type("AWS::CloudWatch::Alarm").values() if one.get("Namespace") == "Windlass"]
    sources = [one["Environment"]["Variables"]["WINDLASS_SOURCE"]["Fn::Join"][1][-1] for one in functions.values()]
    (hub,) = {HubSettings("table", source=f"urn{source}").name for source in sources}

    names = {"Broken", "EndedFromOutside", "PersonCalled", "Undecided", "BacklogAge"}
    assert {one["MetricName"] for one in alarms} == names
    assert {(one["Dimensions"][0]["Name"], one["Dimensions"][0]["Value"]) for one in alarms} == {("Hub", hub)}
    assert {len(one["Dimensions"]) for one in alarms} == {1}


def test_there_is_room_in_the_stack_for_more(assembly: Path, resources: dict[str, Json]) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
    assert len(resources) <= 0.9 * 500
    assert (assembly / "Windlass.template.json").stat().st_size <= 0.9 * 1_000_000


def test_every_alarm_has_a_name_and_says_what_is_wrong(of_type: OfType) -> None:
    alarms = of_type("AWS::CloudWatch::Alarm").values()

    assert alarms
    for one in alarms:
        name = one["AlarmName"].removeprefix("windlass-")
        assert one["AlarmDescription"].endswith(f". What to do: docs/runbook/{name}.md")


def streams(of_type: OfType) -> list[Json]:
    return [one for one in of_type("AWS::Lambda::EventSourceMapping").values() if "StartingPosition" in one]


def test_a_record_that_its_function_names_as_failed_is_delivered_again(of_type: OfType) -> None:
    assert [one["FunctionResponseTypes"] for one in streams(of_type)] == 2 * [["ReportBatchItemFailures"]]


def test_a_poisonous_record_does_not_stop_the_stream(of_type: OfType) -> None:
    for stream in streams(of_type):
        assert stream["BisectBatchOnFunctionError"]
        assert 0 < stream["MaximumRetryAttempts"] < 100
        assert stream["StartingPosition"] == "TRIM_HORIZON"


def test_the_stream_has_no_more_consumers_and_filters_than_aws_bears(of_type: OfType) -> None:
    followers = streams(of_type)

    assert len(followers) == 2
    assert all(1 <= len(one["FilterCriteria"]["Filters"]) <= 5 for one in followers)


def test_rehearsals_deal_the_herald_a_shard_as_the_stack_does(of_type: OfType) -> None:
    dealt = [(one["BatchSize"], one["ParallelizationFactor"]) for one in streams(of_type) if _wakes(one, "Herald")]

    assert dealt == [(event_source.SIZE, event_source.AT_ONCE)]


def _wakes(source: Json, function: str) -> bool:
    return function in json.dumps(source["FunctionName"])


def test_the_courier_outlasts_the_slowest_receiver(functions: dict[str, Json]) -> None:
    assert functions["windlass-Courier"]["Timeout"] > CONNECT + READ + 5


def test_private_receivers_are_closed_unless_the_stack_names_their_networks(
    functions: dict[str, Json], synthesised: Callable[..., Path]
) -> None:
    opened = json.loads((synthesised(localReceivers="10.1.0.0/16") / "Windlass.template.json").read_text())["Resources"]
    given = [one["Properties"]["Environment"]["Variables"] for one in opened.values() if _is_function(one)]

    assert {HubSettings.of(one["Environment"]["Variables"]).reach for one in functions.values()} == {Reach()}
    assert {HubSettings.of(one).reach for one in given} == {Reach.of("10.1.0.0/16")}


def _is_function(resource: Json) -> bool:
    return resource["Type"] == "AWS::Lambda::Function" and "WINDLASS_TABLE" in str(resource["Properties"])


def test_the_bus_has_the_name_by_which_the_herald_knows_it(functions: dict[str, Json], of_type: OfType) -> None:
    ((logical, bus),) = of_type("AWS::Events::EventBus").items()

    assert bus["Name"] == "windlass-operations"
    assert functions["windlass-Herald"]["Environment"]["Variables"]["WINDLASS_BUS"] == {"Ref": logical}


def test_the_end_of_every_machine_is_heard(of_type: OfType) -> None:
    rule = rule_for("aws.states", of_type)

    heard = {one["Ref"] for one in rule["EventPattern"]["detail"]["stateMachineArn"]}

    assert heard == set(of_type("AWS::StepFunctions::StateMachine"))
    assert set(rule["EventPattern"]["detail"]["status"]) == {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}


def rule_for(source: str, of_type: OfType) -> Json:
    patterned = (one for one in of_type("AWS::Events::Rule").values() if "EventPattern" in one)
    (rule,) = (one for one in patterned if one["EventPattern"]["source"] == [source])
    return rule


def queue_of_nudges(of_type: OfType) -> str:
    (target,) = rule_for("aws.autoscaling", of_type)["Targets"]
    return str(target["Arn"]["Fn::GetAtt"][0])


def test_events_of_instances_are_heard_with_their_group_account_and_region(of_type: OfType) -> None:
    rule = rule_for("aws.autoscaling", of_type)

    assert set(rule["EventPattern"]) == {"source", "detail-type"}
    assert set(rule["EventPattern"]["detail-type"]) == {
        *(f"EC2 Instance {what} {how}" for what in ("Launch", "Terminate") for how in ("Successful", "Unsuccessful")),
        *(f"EC2 Instance-{what} Lifecycle Action" for what in ("launch", "terminate")),
    }
    assert not any(name.startswith("Input") for name in rule["Targets"][0])


@pytest.mark.parametrize(
    ("source", "kind", "detail"),
    [
        ("aws.ec2", "EC2 Instance State-change Notification", {"state": ["terminated"]}),
        ("aws.cloudformation", "CloudFormation Stack Status Change", None),
    ],
)
def test_instances_that_are_gone_and_stacks_that_change_are_heard_by_the_same_queue(
    source: str, kind: str, detail: Json | None, of_type: OfType
) -> None:
    rule = rule_for(source, of_type)

    assert (rule["EventPattern"]["detail-type"], rule["EventPattern"].get("detail")) == ([kind], detail)
    assert rule["Targets"][0]["Arn"]["Fn::GetAtt"][0] == queue_of_nudges(of_type)


def test_a_nudge_is_worth_a_minute_and_is_never_tried_twice(of_type: OfType) -> None:
    name = queue_of_nudges(of_type)
    queue = of_type("AWS::SQS::Queue")[name]
    (target,) = rule_for("aws.autoscaling", of_type)["Targets"]

    assert (queue["MessageRetentionPeriod"], queue["VisibilityTimeout"]) == (60, 60)
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}
    assert "RedrivePolicy" not in queue


def test_a_storm_of_events_runs_two_nudges_at_a_time(of_type: OfType) -> None:
    name = queue_of_nudges(of_type)
    (source,) = (
        one
        for one in of_type("AWS::Lambda::EventSourceMapping").values()
        if one["EventSourceArn"]["Fn::GetAtt"][0] == name
    )

    assert source["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert (source["BatchSize"], source.get("MaximumBatchingWindowInSeconds", 0)) == (10, 0)


def test_functions_and_machines_are_traced_and_log_into_their_own_groups(
    functions: dict[str, Json], machines: dict[str, Json], of_type: OfType
) -> None:
    groups = of_type("AWS::Logs::LogGroup")
    used = [one["LoggingConfig"]["LogGroup"]["Ref"] for one in functions.values()]
    assert len(set(used)) == len(used)
    used += [
        one["LoggingConfiguration"]["Destinations"][0]["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0]
        for one in machines.values()
    ]
    assert all(groups[group]["RetentionInDays"] for group in used)
    assert {one["TracingConfig"]["Mode"] for one in functions.values()} == {"Active"}
    assert all(one["TracingConfiguration"]["Enabled"] for one in machines.values())


def test_no_execution_log_holds_an_operation_s_data(machines: dict[str, Json]) -> None:
    assert {one["LoggingConfiguration"]["IncludeExecutionData"] for one in machines.values()} == {False}


def test_functions_carry_the_packages_of_the_product_its_policies_and_nothing_else(
    assembly: Path, functions: dict[str, Json]
) -> None:
    keys = {one["Code"]["S3Key"].removesuffix(".zip") for one in functions.values()}
    (code,) = keys
    shipped = {path.relative_to(assembly / f"asset.{code}") for path in (assembly / f"asset.{code}").rglob("*")}

    assert {path.parts[0] for path in shipped} == {"saga", "statemachines", "lambdas", "windlass", "policies"}
    assert [path for path in shipped if "__pycache__" in path.parts or path.suffix == ".pyc"] == []


def test_stacks_of_different_prefixes_share_no_name(
    resources: dict[str, Json], synthesised: Callable[..., Path]
) -> None:
    def names(resources: dict[str, Json]) -> set[str]:
        kinds = ("FunctionName", "StateMachineName", "AlarmName", "LogGroupName")
        types = ("Function", "StateMachine", "Alarm", "LogGroup")
        return {
            one["Properties"][kind]
            for one in resources.values()
            for kind in kinds
            if one["Type"].endswith(types) and kind in one["Properties"]
        }

    other = json.loads((synthesised(prefix="canary-") / "Windlass.template.json").read_text())["Resources"]

    assert names(other)
    assert names(other).isdisjoint(names(resources))


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"removal": "burn"}, "removal='burn' is unknown; say retain or destroy"),
        ({"settling": "soon"}, "settling='soon' is not a number of seconds"),
        ({"lateLook": "-1"}, "lateLook='-1' is not a number of seconds"),
        ({"activityTimeout": "61"}, "activityTimeout=61 must be within 5 and 60 seconds"),
        ({"apiConcurrency": "many"}, "apiConcurrency='many' is no number of executions; say 100, or 0 to reserve none"),
        ({"prefix": "Windlass"}, "prefix='Windlass' must be lower case letters"),
        ({"localReceivers": "inside"}, "localReceivers='inside' is no list of networks like 10.1.0.0/16"),
        (
            {"delegates": "certificate:orca"},
            'certificate:orca is no ARN .*certificates.json says "delegate": true',
        ),
        ({"redelivery": "soon"}, "redelivery='soon' is not a number of seconds"),
        ({"kept": "ever"}, "kept='ever' is no number of days; say for example kept=400, or 0 for ever"),
        ({"auditLock": "firmly"}, "auditLock='firmly' is unknown; say governance, compliance or none"),
        ({"deletionProtection": "maybe"}, "deletionProtection='maybe' is unknown; say true or false"),
    ],
)
def test_a_wrong_context_value_is_refused_in_a_sentence(context: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Settings.of(App(context=context).node)


def test_synth_without_the_layer_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="run `make layer`"):
        application(outdir=tmp_path / "assembly", layer=tmp_path)


def test_lambda_lets_those_loop_who_send_to_the_queue_that_wakes_them(
    functions: dict[str, Json], of_type: OfType
) -> None:
    """Or every sixteenth message of theirs is dropped."""
    woken = {
        (json.dumps(one["FunctionName"]), json.dumps(one["EventSourceArn"]))
        for one in of_type("AWS::Lambda::EventSourceMapping").values()
    }
    sending = {
        (role["Ref"], json.dumps(statement["Resource"]))
        for policy in of_type("AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        for role in policy["Roles"]
        if "sqs:SendMessage" in statement["Action"]
    }
    looping = {
        name
        for name, function in functions.items()
        for waked, queue in woken
        if name.removeprefix("windlass-") in waked
        and any(role == function["Role"]["Fn::GetAtt"][0] and queue in sent for role, sent in sending)
    }

    assert looping == {"windlass-Sweep", "windlass-Courier"}
    assert {name for name, one in functions.items() if one.get("RecursiveLoop") == "Allow"} == looping
