"""REST APIs of API Gateway. A change of a method shows at once, without a new deployment."""

from __future__ import annotations

from local.resources.kinds import IGNORED, Json, Kind, Made, Wanted, lower_first, tag_map

_SETTINGS = ("EndpointConfiguration", "MinimumCompressionSize", "BinaryMediaTypes", "DisableExecuteApiEndpoint")


def create_api(wanted: Wanted) -> Made:
    client = wanted.client("apigateway")
    api = client.create_rest_api(
        name=wanted.name("Name"),
        description=wanted.properties.get("Description", ""),
        tags=tag_map(wanted.properties.get("Tags")),
        **lower_first(wanted.only(*_SETTINGS)),
    )
    root = client.get_resources(restApiId=api["id"], limit=500)["items"][0]["id"]
    return Made(api["id"], {"RootResourceId": root, "RestApiId": api["id"]})


def update_api(wanted: Wanted, before: Json, made: Made) -> Made:
    # moto takes any text for true but the empty one.
    is_shut = "true" if wanted.properties.get("DisableExecuteApiEndpoint") else ""
    values = {"/name": wanted.name("Name"), "/disableExecuteApiEndpoint": is_shut}
    changed = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
    wanted.client("apigateway").update_rest_api(restApiId=made.id, patchOperations=changed)
    return made


def delete_api(wanted: Wanted, made: Made) -> None:
    wanted.client("apigateway").delete_rest_api(restApiId=made.id)


def create_resource(wanted: Wanted) -> Made:
    given = wanted.properties
    made = wanted.client("apigateway").create_resource(
        restApiId=given["RestApiId"], parentId=given["ParentId"], pathPart=given["PathPart"]
    )
    return Made(made["id"], {"ResourceId": made["id"]})


def delete_resource(wanted: Wanted, made: Made) -> None:
    wanted.client("apigateway").delete_resource(restApiId=wanted.properties["RestApiId"], resourceId=made.id)


def put_method(wanted: Wanted) -> Made:
    given, client = wanted.properties, wanted.client("apigateway")
    place = {"restApiId": given["RestApiId"], "resourceId": given["ResourceId"], "httpMethod": given["HttpMethod"]}
    client.put_method(
        **place,
        authorizationType=given.get("AuthorizationType", "NONE"),
        apiKeyRequired=bool(given.get("ApiKeyRequired")),
        **lower_first(wanted.only("OperationName", "RequestParameters")),
    )
    if integration := given.get("Integration"):
        client.put_integration(**place, **_integration(integration))
    return Made("|".join(place.values()))


def _integration(given: Json) -> Json:
    options = {"type": given["Type"], "integrationHttpMethod": given.get("IntegrationHttpMethod", "POST")}
    for name in ("Uri", "Credentials", "RequestTemplates", "PassthroughBehavior", "TimeoutInMillis"):
        if name in given:
            options[name[0].lower() + name[1:]] = given[name]
    return options


def update_method(wanted: Wanted, before: Json, made: Made) -> Made | None:
    if any(wanted.properties[name] != before[name] for name in ("RestApiId", "ResourceId", "HttpMethod")):
        return None
    return put_method(wanted)


def delete_method(wanted: Wanted, made: Made) -> None:
    api, resource, verb = made.id.split("|")
    wanted.client("apigateway").delete_method(restApiId=api, resourceId=resource, httpMethod=verb)


def create_deployment(wanted: Wanted) -> Made:
    made = wanted.client("apigateway").create_deployment(
        restApiId=wanted.properties["RestApiId"], description=wanted.properties.get("Description", "")
    )
    return Made(made["id"], {"DeploymentId": made["id"]})


def delete_deployment(wanted: Wanted, made: Made) -> None:
    wanted.client("apigateway").delete_deployment(restApiId=wanted.properties["RestApiId"], deploymentId=made.id)


def create_stage(wanted: Wanted) -> Made:
    given = wanted.properties
    wanted.client("apigateway").create_stage(
        restApiId=given["RestApiId"],
        stageName=given["StageName"],
        deploymentId=given["DeploymentId"],
        tracingEnabled=bool(given.get("TracingEnabled")),
        variables=given.get("Variables", {}),
    )
    return Made(given["StageName"])


def update_stage(wanted: Wanted, before: Json, made: Made) -> Made | None:
    if any(wanted.properties[name] != before[name] for name in ("RestApiId", "StageName")):
        return None
    changed = [{"op": "replace", "path": "/deploymentId", "value": wanted.properties["DeploymentId"]}]
    wanted.client("apigateway").update_stage(
        restApiId=wanted.properties["RestApiId"], stageName=made.id, patchOperations=changed
    )
    return made


def delete_stage(wanted: Wanted, made: Made) -> None:
    wanted.client("apigateway").delete_stage(restApiId=wanted.properties["RestApiId"], stageName=made.id)


def put_gateway_response(wanted: Wanted) -> Made:
    given = wanted.properties
    wanted.client("apigateway").put_gateway_response(
        restApiId=given["RestApiId"],
        responseType=given["ResponseType"],
        **lower_first(wanted.only("StatusCode")),
        responseParameters=given.get("ResponseParameters", {}),
        responseTemplates=given.get("ResponseTemplates", {}),
    )
    return Made(given["ResponseType"])


def update_gateway_response(wanted: Wanted, before: Json, made: Made) -> Made | None:
    if any(wanted.properties[name] != before[name] for name in ("RestApiId", "ResponseType")):
        return None
    return put_gateway_response(wanted)


def delete_gateway_response(wanted: Wanted, made: Made) -> None:
    wanted.client("apigateway").delete_gateway_response(restApiId=wanted.properties["RestApiId"], responseType=made.id)


KINDS = {
    "AWS::ApiGateway::RestApi": Kind(create=create_api, update=update_api, delete=delete_api),
    "AWS::ApiGateway::Resource": Kind(create=create_resource, delete=delete_resource, deletes_first=True),
    "AWS::ApiGateway::Method": Kind(create=put_method, update=update_method, delete=delete_method),
    "AWS::ApiGateway::Deployment": Kind(create=create_deployment, delete=delete_deployment),
    "AWS::ApiGateway::Stage": Kind(create=create_stage, update=update_stage, delete=delete_stage, deletes_first=True),
    "AWS::ApiGateway::Account": IGNORED,
    "AWS::ApiGateway::GatewayResponse": Kind(
        create=put_gateway_response, update=update_gateway_response, delete=delete_gateway_response
    ),
    "AWS::ApiGateway::RequestValidator": IGNORED,
    "AWS::ApiGateway::UsagePlan": IGNORED,
    "AWS::WAFv2::WebACL": IGNORED,
    "AWS::WAFv2::WebACLAssociation": IGNORED,
}
