"""Metrics by OTLP: CloudWatch streams them in OpenTelemetry's format to a Firehose that leads to a collector.

No function sends anything itself: an SDK would be a second of each cold start, and a collector that is down would keep
functions waiting. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats-opentelemetry-100.html
"""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from constructs import Construct

from lambdas.metrics import NAMESPACE
from stacks.grants import statement

FORMAT = "opentelemetry1.0"
STREAMED = (NAMESPACE, "AWS/Lambda", "AWS/States")
"""Namespaces: our own metrics, and what they are read beside."""


class MetricStream(Construct):
    """`firehose`: ARN of the stream that delivers to the collector."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, firehose: str) -> None:
        super().__init__(scope, construct_id)
        puts = statement(("firehose:PutRecord", "firehose:PutRecordBatch"), firehose)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("streams.metrics.cloudwatch.amazonaws.com"),
            inline_policies={"Firehose": iam.PolicyDocument(statements=[puts])},
        )
        cloudwatch.CfnMetricStream(
            self,
            "Stream",
            name=name,
            firehose_arn=firehose,
            role_arn=role.role_arn,
            output_format=FORMAT,
            include_filters=[cloudwatch.CfnMetricStream.MetricStreamFilterProperty(namespace=one) for one in STREAMED],
        )
