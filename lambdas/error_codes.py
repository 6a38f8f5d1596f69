"""What AWS's error codes mean: one table, and nowhere else.

Every error shape in botocore's model of every call we make has a row, and so have the codes that AWS answers without
modelling them. What has no row is cured by time, as far as we know: it is retried. Messages say which thing, which call
and which code; AWS's own sentence only where what we send holds no secret; botocore's never: it repeats parameters.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from lambdas.errors import (
    AlreadyExists,
    Broken,
    Conflict,
    NoCapacity,
    NotFound,
    Rejected,
    Throttled,
    Transient,
    WindlassError,
)

BOTOCORE = "botocore's service model"
ASG_ERRORS = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html"
EC2_ERRORS = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"
ELB_ERRORS = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/CommonErrors.html"
COMMON = "https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html"
S3_ERRORS = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
DYNAMODB_ERRORS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html"


@dataclass(frozen=True)
class Row:
    """One meaning of a code. The first row that fits counts: narrower ones stand first."""

    service: str
    """boto3's name; `*` is every service."""
    codes: str
    """Separated by spaces, as they come over the wire, without `Exception` and `Fault` at the end."""
    error: type[WindlassError]
    source: str
    operations: str = ""
    """Only in answers to these; empty is every operation."""
    says: str = ""
    """Only where AWS's sentence contains this regular expression."""

    def fits(self, service: str, operation: str, code: str, sentence: str) -> bool:
        return (
            self.service in (service, "*")
            and code in self.codes.split()
            and (not self.operations or operation in self.operations.split())
            and re.search(self.says, sentence, re.IGNORECASE) is not None
        )


TABLE = (
    Row("*", "ValidationError Validation", Throttled, "Auto Scaling and ELB under load", says="rate exceeded"),
    # Auto Scaling. Its refusals are one code, ValidationError: only the sentence tells them apart.
    Row(
        "autoscaling",
        "AlreadyExists",
        AlreadyExists,
        BOTOCORE,
        "CreateAutoScalingGroup CreateLaunchConfiguration",
    ),
    Row("autoscaling", "AlreadyExists", Conflict, "another action at the same time: " + BOTOCORE),
    Row(
        "autoscaling",
        "ValidationError",
        Conflict,
        "https://github.com/kubernetes/kops/issues/1001, https://github.com/cloud-custodian/cloud-custodian/issues/497",
        says="pending delete",
    ),
    Row(
        "autoscaling",
        "ValidationError",
        NotFound,
        "the template: 'The specified launch template, with template name x, does not exist'",
        "CreateAutoScalingGroup",
        says="launch template, with template (name|id) .*does not exist",
    ),
    Row(
        "autoscaling",
        "ValidationError",
        NotFound,
        "https://github.com/cloud-custodian/cloud-custodian/pull/250, https://github.com/hashicorp/terraform/issues/17238",
        says=r"AutoScalingGroup (name )?not found|\bGroup \S+ not found",
    ),
    Row(
        "autoscaling",
        "ValidationError",
        Transient,
        "a version or configuration just made: https://github.com/hashicorp/terraform-provider-aws/pull/40088",
        "UpdateAutoScalingGroup",
        says="launch template.*(does not exist|not find|not found)|(not find|not found).*launch template"
        "|launch configuration name not found",
    ),
    Row(
        "autoscaling",
        "ValidationError",
        NotFound,
        "Clouddriver's `DeleteAmazonLaunchConfigurationAtomicOperation.groovy`",
        "DeleteLaunchConfiguration",
        says="launch configuration name not found",
    ),
    Row(
        "autoscaling",
        "ValidationError",
        NotFound,
        "what is to be deleted: 'Scheduled action name not found', 'No Lifecycle Hook found …', 'Policy … not found', "
        "https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service/autoscaling",
        "DeleteScheduledAction DeleteLifecycleHook DeletePolicy",
        says="not found|No Lifecycle Hook found",
    ),
    Row(
        "autoscaling",
        "ValidationError",
        NotFound,
        "the instance: https://github.com/ansible-collections/community.aws/pull/933",
        "DetachInstances TerminateInstanceInAutoScalingGroup",
        says="is not part of Auto Scaling group|Instance Id not found",
    ),
    Row(
        "autoscaling",
        "ValidationError",
        Conflict,
        "it leaves the group already: https://github.com/reproio/ecs_deploy/issues/84",
        "DetachInstances",
        says="is not in InService or Standby",
    ),
    Row("autoscaling", "ValidationError", Rejected, ASG_ERRORS),
    Row(
        "autoscaling",
        "LimitExceeded",
        Rejected,
        "the group's: " + BOTOCORE,
        "CreateOrUpdateTags PutLifecycleHook PutScalingPolicy PutScheduledUpdateGroupAction",
    ),
    Row(
        "autoscaling",
        "UnsupportedOperation",
        Rejected,
        "https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-configurations.html: not in newer accounts",
        "CreateLaunchConfiguration",
    ),
    Row("autoscaling", "LimitExceeded", NoCapacity, "the account's, until others delete theirs: " + BOTOCORE),
    Row("autoscaling", "ResourceContention ScalingActivityInProgress ResourceInUse", Conflict, BOTOCORE),
    Row("autoscaling", "ServiceLinkedRoleFailure", Transient, "the role is made on first use: " + BOTOCORE),
    Row("autoscaling", "InvalidNextToken", Transient, "paged for too long, read again: " + BOTOCORE),
    # EC2 models no errors at all.
    Row("ec2", "InvalidLaunchTemplateName.AlreadyExists", AlreadyExists, EC2_ERRORS),
    Row("ec2", "IdempotentParameterMismatch", AlreadyExists, "made by this token, differently: " + EC2_ERRORS),
    Row("ec2", "InvalidLaunchTemplateName.NotFound InvalidLaunchTemplateId.NotFound", NotFound, EC2_ERRORS),
    Row("ec2", "InvalidLaunchTemplateId.VersionNotFound", NotFound, EC2_ERRORS, "DescribeLaunchTemplateVersions"),
    Row("ec2", "InvalidInstanceID.NotFound InvalidInstanceID.Malformed", NotFound, EC2_ERRORS),
    Row("ec2", "InvalidNetworkInterfaceID.NotFound InvalidNetworkInterface.NotFound", NotFound, EC2_ERRORS),
    Row("ec2", "InvalidNetworkInterface.InUse", Conflict, "attached to an instance: " + EC2_ERRORS),
    Row("ec2", "OperationNotPermitted", Rejected, "protected from termination: " + EC2_ERRORS),
    Row("ec2", "InvalidGroup.Duplicate InvalidPermission.Duplicate", AlreadyExists, EC2_ERRORS),
    Row("ec2", "InvalidPermission.NotFound", NotFound, EC2_ERRORS),
    Row(
        "ec2",
        "InvalidGroup.NotFound InvalidSecurityGroupID.NotFound InvalidID",
        NotFound,
        EC2_ERRORS,
        "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress UpdateSecurityGroupRuleDescriptionsIngress "
        "DeleteSecurityGroup CreateTags DeleteTags",
    ),
    Row(
        "ec2",
        "InsufficientInstanceCapacity InsufficientCapacity InsufficientHostCapacity InsufficientAddressCapacity "
        "InsufficientFreeAddressesInSubnet InsufficientReservedInstanceCapacity InsufficientVolumeCapacity "
        "InstanceLimitExceeded VcpuLimitExceeded MaxSpotInstanceCountExceeded SpotMaxPriceTooLow "
        "VolumeLimitExceeded AddressLimitExceeded ResourceLimitExceeded ResourceCountExceeded "
        "SecurityGroupLimitExceeded",
        NoCapacity,
        EC2_ERRORS,
    ),
    # An image that is gone is what its deregistration wants; one that is shared is not visible there at once.
    Row(
        "ec2",
        "InvalidAMIID.NotFound InvalidAMIID.Unavailable",
        NotFound,
        EC2_ERRORS,
        "CreateTags DeleteTags DeregisterImage DescribeImageAttribute ModifyImageAttribute",
    ),
    Row("ec2", "InvalidSnapshot.NotFound", NotFound, EC2_ERRORS, "DeleteSnapshot"),
    Row("ec2", "InvalidSnapshot.InUse", Rejected, EC2_ERRORS),
    Row(
        "ec2",
        "IncorrectState IncorrectInstanceState ResourceInUse DependencyViolation InvalidGroup.InUse",
        Conflict,
        EC2_ERRORS,
    ),
    Row(
        "ec2",
        "InvalidParameter InvalidParameterValue InvalidParameterCombination InvalidParameterDependency "
        "MissingParameter UnknownParameter InvalidUserData.Malformed InvalidBlockDeviceMapping InvalidInstanceType "
        "InvalidInput InvalidAMIID.Malformed InvalidAMIID.NotFound InvalidAMIID.Unavailable InvalidAMIName.Malformed "
        "InvalidSnapshot.NotFound InvalidSnapshotID.Malformed InvalidGroup.NotFound InvalidGroupId.Malformed "
        "InvalidSecurityGroupID.NotFound InvalidSecurityGroup.NotFound InvalidKeyPair.NotFound InvalidKeyPair.Format "
        "InvalidSubnetID.NotFound InvalidSubnetID.Malformed InvalidVpcID.NotFound InvalidVpcID.Malformed "
        "InvalidLaunchTemplateName.Malformed InvalidLaunchTemplateId.Malformed InvalidTagKey.Malformed "
        "RulesPerSecurityGroupLimitExceeded InvalidPermission.Malformed InvalidGroup.Reserved CannotDelete "
        "SecurityGroupsPerInterfaceLimitExceeded InvalidIPAddress.InUse "
        "TagLimitExceeded InvalidFilter FilterLimitExceeded UnsupportedOperation Unsupported",
        Rejected,
        EC2_ERRORS,
    ),
    Row("ec2", "InvalidPaginationToken", Transient, "paged for too long, read again: " + EC2_ERRORS),
    # Systems Manager
    Row("ssm", "ParameterNotFound ParameterVersionNotFound", NotFound, BOTOCORE),
    Row("ssm", "InternalServerError", Transient, BOTOCORE),
    Row("ssm", "InvalidKeyId", Transient, "the key's permission or state: " + BOTOCORE),
    # Load balancing. A target that does not run yet cannot be registered; a vanished one needs no deregistration.
    Row("elbv2", "TargetGroupNotFound LoadBalancerNotFound", NotFound, BOTOCORE),
    Row("elbv2", "ValidationError", NotFound, "an ARN that is none: " + ELB_ERRORS, "DescribeTargetGroups"),
    Row("elbv2", "ListenerNotFound RuleNotFound", NotFound, BOTOCORE),
    Row(
        "elbv2",
        "DuplicateLoadBalancerName DuplicateTargetGroupName DuplicateListener PriorityInUse",
        AlreadyExists,
        BOTOCORE,
    ),
    Row("elbv2", "ResourceInUse", Conflict, "by a listener, a rule or an endpoint service: " + BOTOCORE),
    Row(
        "elbv2",
        "TooManyLoadBalancers TooManyTargetGroups TooManyListeners TooManyRules TargetGroupAssociationLimit "
        "TooManyUniqueTargetGroupsPerLoadBalancer",
        NoCapacity,
        "the account's quota: " + BOTOCORE,
    ),
    Row(
        "elbv2",
        "OperationNotPermitted InvalidConfigurationRequest SubnetNotFound InvalidSubnet InvalidSecurityGroup "
        "InvalidScheme TooManyTags DuplicateTagKeys AllocationIdNotFound AvailabilityZoneNotSupported "
        "TooManyCertificates IncompatibleProtocols SSLPolicyNotFound CertificateNotFound UnsupportedProtocol "
        "TooManyActions InvalidLoadBalancerAction ALPNPolicyNotFound ALPNPolicyNotSupported TrustStoreNotFound "
        "TrustStoreNotReady",
        Rejected,
        BOTOCORE,
    ),
    Row("elbv2", "InvalidTarget", NotFound, "the instance: " + BOTOCORE, "DeregisterTargets"),
    Row("elbv2", "InvalidTarget", Transient, "not in a running state: " + BOTOCORE),
    Row("elbv2", "TooManyTargets TooManyRegistrationsForTargetId", NoCapacity, BOTOCORE),
    Row("elbv2", "HealthUnavailable", Transient, BOTOCORE),
    Row("elb", "LoadBalancerNotFound AccessPointNotFound ListenerNotFound", NotFound, BOTOCORE),
    Row("elb", "DuplicateLoadBalancerName DuplicateAccessPointName DuplicateListener", AlreadyExists, BOTOCORE),
    Row("elb", "TooManyLoadBalancers TooManyAccessPoints", NoCapacity, "the account's quota: " + BOTOCORE),
    Row(
        "elb",
        "InvalidConfigurationRequest SubnetNotFound InvalidSubnet InvalidSecurityGroup InvalidScheme TooManyTags "
        "DuplicateTagKeys UnsupportedProtocol CertificateNotFound OperationNotPermitted LoadBalancerAttributeNotFound "
        "PolicyNotFound",
        Rejected,
        BOTOCORE,
    ),
    Row("elb", "InvalidInstance InvalidEndPoint", NotFound, BOTOCORE, "DeregisterInstancesFromLoadBalancer"),
    Row("elb", "InvalidInstance InvalidEndPoint", Transient, "not running yet, or gone: " + BOTOCORE),
    Row("elb", "DependencyThrottle", Throttled, BOTOCORE),
    # Route 53. A deletion names the whole record, so a record that has changed is not found either.
    Row("route53", "InvalidChangeBatch", NotFound, BOTOCORE, says="but it was not found|do not match the current"),
    Row("route53", "NoSuchHostedZone", NotFound, BOTOCORE),
    Row("route53", "InvalidChangeBatch InvalidDomainName InvalidInput NoSuchHealthCheck", Rejected, BOTOCORE),
    Row("route53", "PriorRequestNotComplete", Conflict, BOTOCORE),
    # CloudFormation. Its refusals are mostly one code, ValidationError: only the sentence tells them apart.
    Row(
        "cloudformation",
        "ValidationError",
        AlreadyExists,
        "nothing would change: https://github.com/boto/boto3/issues/1609",
        "UpdateStack",
        says="No updates are to be performed",
    ),
    Row(
        "cloudformation",
        "ValidationError",
        NotFound,
        "'Stack [x] does not exist': https://github.com/SWO-GS/auto-tag/issues/98",
        "CreateChangeSet DeleteChangeSet DescribeChangeSet DescribeStackEvents DescribeStacks ExecuteChangeSet "
        "UpdateStack",
        says=r"(Stack|ChangeSet) .*does not exist",
    ),
    Row(
        "cloudformation",
        "ValidationError",
        Conflict,
        "'is in UPDATE_IN_PROGRESS state and can not be updated': https://github.com/remind101/empire/issues/932",
        says="_IN_PROGRESS",
    ),
    Row("cloudformation", "AlreadyExists TokenAlreadyExists", AlreadyExists, BOTOCORE),
    Row("cloudformation", "ChangeSetNotFound", NotFound, BOTOCORE),
    Row(
        "cloudformation",
        "InvalidChangeSetStatus",
        Conflict,
        "made or executed just now: " + BOTOCORE,
        "DeleteChangeSet",
    ),
    Row("cloudformation", "InvalidChangeSetStatus InsufficientCapabilities", Rejected, BOTOCORE),
    Row("cloudformation", "LimitExceeded", NoCapacity, "the account's, until stacks are deleted: " + BOTOCORE),
    # CloudWatch
    Row("cloudwatch", "LimitExceeded", NoCapacity, BOTOCORE),
    Row("cloudwatch", "InvalidNextToken", Transient, "paged for too long, read again: " + BOTOCORE),
    Row("cloudwatch", "ResourceNotFound", NotFound, BOTOCORE),
    Row("cloudwatch", "ResourceConflict", Conflict, BOTOCORE),
    Row("cloudwatch", "InternalService", Transient, BOTOCORE),
    # DynamoDB. `dynamo.py` settles conditions and cancelled transactions before it asks here.
    Row("dynamodb", "TransactionConflict ReplicatedWriteConflict", Conflict, "nothing written: " + DYNAMODB_ERRORS),
    Row("dynamodb", "ConditionalCheckFailed TransactionCanceled", Conflict, DYNAMODB_ERRORS),
    Row("dynamodb", "ProvisionedThroughputExceeded RequestLimitExceeded Throttling", Throttled, DYNAMODB_ERRORS),
    Row("dynamodb", "TransactionInProgress InternalServerError", Transient, "may have happened: " + DYNAMODB_ERRORS),
    Row("dynamodb", "ResourceNotFound", Broken, "the table or an index: " + DYNAMODB_ERRORS),
    Row("dynamodb", "ItemCollectionSizeLimitExceeded IdempotentParameterMismatch", Broken, DYNAMODB_ERRORS),
    Row("dynamodb", "ValidationError Validation", Broken, DYNAMODB_ERRORS),
    # Step Functions. `step_functions.py` reads the answers that are no faults.
    Row("stepfunctions", "ExecutionAlreadyExists", AlreadyExists, BOTOCORE),
    Row("stepfunctions", "ExecutionDoesNotExist TaskDoesNotExist TaskTimedOut InvalidToken", NotFound, BOTOCORE),
    Row("stepfunctions", "ExecutionLimitExceeded", NoCapacity, "a million open executions: " + BOTOCORE),
    Row("stepfunctions", "StateMachineDoesNotExist StateMachineDeleting", Transient, "being deployed: " + BOTOCORE),
    Row("stepfunctions", "InvalidArn InvalidName InvalidExecutionInput InvalidOutput Validation", Broken, BOTOCORE),
    Row("stepfunctions", "KmsThrottling", Throttled, BOTOCORE),
    Row("stepfunctions", "KmsAccessDenied KmsInvalidState", Transient, "until the key is put right: " + BOTOCORE),
    # Lambda. Nearly all of it is a function, network or file system that is not ready, or a deployment under way.
    Row("lambda", "TooManyRequests EC2Throttled", Throttled, BOTOCORE),
    Row(
        "lambda",
        "InvalidParameterValue InvalidRequestContent RequestTooLarge SerializedRequestEntityTooLarge "
        "UnsupportedMediaType ModeNotSupported RecursiveInvocation",
        Broken,
        BOTOCORE,
    ),
    Row("lambda", "DurableExecutionAlreadyStarted", Conflict, BOTOCORE),
    Row("lambda", "ENILimitReached SubnetIPAddressLimitReached ServiceQuotaExceeded", NoCapacity, BOTOCORE),
    Row(
        "lambda",
        "Service ResourceNotFound ResourceNotReady ResourceConflict EC2AccessDenied EC2Unexpected ENINotReady "
        "EFSIO EFSMountConnectivity EFSMountFailure EFSMountTimeout S3FilesMountConnectivity S3FilesMountFailure "
        "S3FilesMountTimeout InvalidRuntime InvalidSecurityGroupID InvalidSubnetID InvalidZipFile KMSAccessDenied "
        "KMSDisabled KMSInvalidState KMSNotFound NoPublishedVersion RuntimeAliasDeleted RuntimeVersionDeleted "
        "SnapStart SnapStartNotReady SnapStartRegenerationFailure SnapStartTimeout CodeArtifactUserDeleted "
        "CodeArtifactUserFailed CodeArtifactUserPending",
        Transient,
        "until the deployment or the account is put right: " + BOTOCORE,
    ),
    # EventBridge. `push/aws.py` reads what it says of each event.
    Row("events", "Internal", Transient, BOTOCORE),
    # S3, which keeps the audit's book. A page of a number that is there already, `audit/aws.py` sees itself.
    Row("s3", "NoSuchKey NoSuchBucket", Transient, "until the deployment is put right: " + BOTOCORE),
    Row("s3", "SlowDown ConditionalRequestConflict OperationAborted", Throttled, S3_ERRORS),
    Row("s3", "InvalidRequest InvalidWriteOffset TooManyParts EncryptionTypeMismatch", Broken, BOTOCORE),
    Row("s3", "InvalidObjectState", Transient, "somebody has archived the page: " + BOTOCORE),
    # SNS. Whatever it says, a notification is tried again for a day: topics belong to others.
    Row("sns", "NotFound", NotFound, "the topic: " + BOTOCORE),
    Row("sns", "KMSThrottling", Throttled, BOTOCORE),
    Row("sns", "InvalidParameter ParameterValueInvalid Validation", Broken, BOTOCORE),
    Row(
        "sns",
        "InternalError EndpointDisabled PlatformApplicationDisabled AuthorizationError KMSDisabled KMSInvalidState "
        "KMSNotFound KMSOptInRequired KMSAccessDenied InvalidSecurity",
        Transient,
        "until the topic is put right: " + BOTOCORE,
    ),
    # SQS
    Row("sqs", "RequestThrottled KmsThrottled", Throttled, BOTOCORE),
    Row("sqs", "InvalidMessageContents UnsupportedOperation InvalidSecurity InvalidAddress", Broken, BOTOCORE),
    Row(
        "sqs",
        "QueueDoesNotExist AWS.SimpleQueueService.NonExistentQueue KmsDisabled KmsInvalidState KmsNotFound "
        "KmsOptInRequired KmsAccessDenied KmsInvalidKeyUsage",
        Transient,
        "until the deployment is put right: " + BOTOCORE,
    ),
    # STS
    Row("sts", "MalformedPolicyDocument PackedPolicyTooLarge", Broken, "we write the session policy: " + BOTOCORE),
    Row("sts", "RegionDisabled", Rejected, "STS is off in that Region of the account: " + BOTOCORE),
    # Every service
    Row(
        "*",
        "Throttling Throttled RequestThrottled RequestLimitExceeded TooManyRequests BandwidthLimitExceeded "
        "PriorRequestNotComplete SlowDown EC2Throttled ProvisionedThroughputExceeded",
        Throttled,
        "botocore/retries/standard.py, ThrottledRetryableChecker",
    ),
    Row(
        "*",
        "AccessDenied UnauthorizedOperation UnauthorizedAccess NotAuthorized AuthFailure OptInRequired "
        "ExpiredToken RequestExpired UnrecognizedClient InvalidClientTokenId SignatureDoesNotMatch IncompleteSignature "
        "MissingAuthenticationToken PendingVerification",
        Transient,
        "a permission is put right and the step goes on: " + COMMON,
    ),
    Row(
        "*",
        "InternalFailure InternalError InternalServerError InternalServiceError ServiceUnavailable Unavailable "
        "RequestTimeout",
        Transient,
        COMMON,
    ),
    Row("*", "InvalidAction MalformedQueryString InvalidQueryParameter MalformedInput Serialization", Broken, COMMON),
    Row(
        "*",
        "ValidationError Validation InvalidParameterValue InvalidParameterCombination MissingParameter",
        Rejected,
        COMMON,
    ),
)

SECRETIVE = frozenset({"dynamodb", "events", "stepfunctions", "lambda", "sns", "sqs", "sts"})
"""What we send these may hold user data, tokens or external ids: none of their sentences is repeated."""
LONGEST_WORD = 64
"""Longer ones may be user data or an encoded authorization message; ARNs may be longer."""
LONGEST_SENTENCE = 400


def row(service: str, operation: str, code: str, sentence: str = "") -> Row | None:
    """The table's row for that answer, or None where it has none."""
    short = code.removesuffix("Exception").removesuffix("Fault")
    return next((one for one in TABLE if one.fits(service, operation, short, sentence)), None)


def translated(error: Exception, service: str, what: str) -> WindlassError:
    """AWS's error as one of ours. `what` names the thing: `group shop-v001`."""
    if isinstance(error, WindlassError):
        return error
    if isinstance(error, ClientError):
        return _answered(error, service, what)
    if isinstance(error, ParamValidationError):
        return Broken(f"{what}: our parameters do not fit {service}'s model")
    if isinstance(error, BotoCoreError):
        return Transient(f"{what}: no answer from {service} ({type(error).__name__})")
    return Broken(f"{what}: {type(error).__name__} in our own code")


@contextmanager
def translating(service: str, what: str, hidden: str | None = None) -> Iterator[None]:
    """Whatever boto3 raises inside comes out as one of our errors. `hidden` never shows in a message."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        ours = translated(error, service, what)
        # Not "from error": a traceback in the log would repeat parameters with botocore's sentence.
        raise type(ours)(str(ours).replace(hidden, "…") if hidden else str(ours)) from None


def _answered(error: ClientError, service: str, what: str) -> WindlassError:
    # Credentials of an assumed role are fetched inside the first call that needs them.
    service = "sts" if error.operation_name == "AssumeRole" else service
    answer = error.response["Error"]
    code, sentence = answer.get("Code", "Unknown"), answer.get("Message") or ""
    found = row(service, error.operation_name, code, sentence)
    return (found.error if found else _unknown(error.response))(
        f"{what}: {service}:{error.operation_name} answered {code}{_quoted(service, sentence)}"
    )


def _unknown(response: Any) -> type[WindlassError]:
    """An unknown code is retried: it costs time, a wrong refusal costs the operation."""
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return Throttled if status == 429 else Transient


def _quoted(service: str, sentence: str) -> str:
    """AWS's own sentence, where it can hold no secret."""
    if service in SECRETIVE or not sentence or re.search(r"user ?data", sentence, re.IGNORECASE):
        return ""
    words = (word if len(word) <= LONGEST_WORD or "arn:" in word else "…" for word in sentence.split())
    return f": {' '.join(words)[:LONGEST_SENTENCE]}"
