"""Audit logs of clouds and services as JSON: how each is known, and which of its values have an ECS name.

All values keep their producer's names beside that: SigmaHQ's rules ask for those.
"""

from __future__ import annotations

from typing import NamedTuple

from socterm.event import LogSource


class Make(NamedTuple):
    """One service's audit log.

    `signs`: an object of it has a name of each set. `stamps`, `action`, `outcome` and the values of `ecs` are
    paths, of several the first that is there. `provider` is `cloud.provider` or "".
    """

    name: str
    title: str
    dataset: str
    signs: tuple[frozenset[str], ...]
    stamps: tuple[str, ...]
    ecs: dict[str, tuple[str, ...]]
    action: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    provider: str = ""


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


MAKES: tuple[Make, ...] = (
    Make(
        "cloudtrail",
        "AWS CloudTrail records",
        "aws.cloudtrail",
        (_set("eventSource"), _set("eventName"), _set("awsRegion", "eventVersion")),
        ("eventTime",),
        {
            "event.provider": ("eventSource",),
            "event.id": ("eventID",),
            "source.ip": ("sourceIPAddress",),
            "user_agent.original": ("userAgent",),
            "error.code": ("errorCode",),
            "cloud.region": ("awsRegion",),
            "cloud.account.id": ("recipientAccountId", "userIdentity.accountId"),
            "user.name": ("userIdentity.userName", "userIdentity.sessionContext.sessionIssuer.userName"),
            "user.id": ("userIdentity.principalId",),
        },
        ("eventName",),
        provider="aws",
    ),
    Make(
        "gcp",
        "Google Cloud and Workspace audit logs",
        "gcp.audit",
        (_set("protoPayload"), _set("logName", "insertId", "resource")),
        ("timestamp", "receiveTimestamp"),
        {
            "event.provider": ("protoPayload.serviceName",),
            "event.id": ("insertId",),
            "source.ip": ("protoPayload.requestMetadata.callerIp",),
            "user_agent.original": ("protoPayload.requestMetadata.callerSuppliedUserAgent",),
            "user.name": ("protoPayload.authenticationInfo.principalEmail",),
            "cloud.project.id": ("resource.labels.project_id",),
            "cloud.region": ("resource.labels.location",),
            "gcp.audit.method_name": ("protoPayload.methodName",),
        },
        ("protoPayload.methodName",),
        provider="gcp",
    ),
    Make(
        "gcp-flow",
        "Google Cloud VPC flow logs",
        "gcp.vpcflow",
        (_set("jsonPayload"), _set("logName", "resource")),
        ("timestamp", "receiveTimestamp"),
        {
            "event.id": ("insertId",),
            "source.ip": ("jsonPayload.connection.src_ip",),
            "source.port": ("jsonPayload.connection.src_port",),
            "destination.ip": ("jsonPayload.connection.dest_ip",),
            "destination.port": ("jsonPayload.connection.dest_port",),
            "network.iana_number": ("jsonPayload.connection.protocol",),
            "source.domain": ("jsonPayload.src_instance.vm_name",),
            "destination.domain": ("jsonPayload.dest_instance.vm_name",),
            "network.bytes": ("jsonPayload.bytes_sent",),
            "network.packets": ("jsonPayload.packets_sent",),
            "event.start": ("jsonPayload.start_time",),
            "event.end": ("jsonPayload.end_time",),
            "cloud.project.id": ("resource.labels.project_id",),
            "cloud.availability_zone": ("resource.labels.location",),
        },
        provider="gcp",
    ),
    Make(
        "workspace",
        "Google Workspace reports",
        "google_workspace.admin",
        (_set("kind"), _set("events"), _set("actor")),
        ("id.time",),
        {
            "source.ip": ("ipAddress",),
            "user.name": ("actor.email",),
            "user.id": ("actor.profileId",),
            "event.provider": ("id.applicationName",),
            "eventName": ("events.name",),
        },
        ("events.name",),
        provider="gcp",
    ),
    Make(
        "azure",
        "Azure activity and Entra ID (Azure AD) logs",
        "azure.activitylogs",
        (
            _set("operationName", "OperationName", "activityDisplayName", "riskEventType", "appDisplayName"),
            _set(
                "time", "TimeGenerated", "activityDateTime", "createdDateTime", "detectedDateTime",
                "eventTimestamp",
            ),
            _set(
                "resourceId", "ResourceId", "tenantId", "TenantId", "properties", "loggedByService",
                "userPrincipalName", "riskEventType", "CategoryValue",
            ),
        ),
        (
            "time", "timeGenerated", "activityDateTime", "createdDateTime", "detectedDateTime",
            "eventTimestamp",
        ),
        {
            "event.id": ("correlationId",),
            "source.ip": (
                "callerIpAddress", "ipAddress", "iPAddress", "properties.ipAddress",
                "initiatedBy.user.ipAddress", "properties.initiatedBy.user.ipAddress",
                "httpRequest.clientIpAddress", "claims.ipaddr",
            ),
            "user.name": (
                "userPrincipalName", "properties.userPrincipalName", "caller", "identity",
                "initiatedBy.user.userPrincipalName", "properties.initiatedBy.user.userPrincipalName",
                "identity.claims.name",
            ),
            "user.id": ("userId", "properties.userId"),
            "user_agent.original": ("userAgent", "properties.userAgent"),
            "azure.tenant_id": ("tenantId",),
            "azure.resource.id": ("resourceId",),
        },
        ("operationName", "activityDisplayName", "riskEventType"),
        provider="azure",
    ),
    Make(
        "m365",
        "Microsoft 365 unified audit log",
        "m365.audit",
        (_set("Operation"), _set("Workload"), _set("CreationTime")),
        ("CreationTime",),
        {
            "event.id": ("Id",),
            "event.provider": ("Workload",),
            "source.ip": ("ClientIP", "ClientIPAddress", "ActorIpAddress"),
            "user.name": ("UserId",),
            "user.id": ("UserKey",),
            "user_agent.original": ("UserAgent",),
            "organization.id": ("OrganizationId",),
        },
        ("Operation",),
        ("ResultStatus",),
    ),
    Make(
        "okta",
        "Okta system log",
        "okta.system",
        (_set("eventType"), _set("actor"), _set("outcome", "published", "debugContext")),
        ("published",),
        {
            "event.id": ("uuid",),
            "message": ("displayMessage",),
            "source.ip": ("client.ipAddress",),
            "user.name": ("actor.alternateId",),
            "user.id": ("actor.id",),
            "user.full_name": ("actor.displayName",),
            "user_agent.original": ("client.userAgent.rawUserAgent",),
            "event.reason": ("outcome.reason",),
        },
        ("eventType",),
        ("outcome.result",),
    ),
    Make(
        "github",
        "GitHub audit log",
        "github.audit",
        (_set("action"), _set("actor"), _set("org", "business", "_document_id", "actor_location")),
        ("@timestamp", "created_at"),
        {
            "event.id": ("_document_id",),
            "source.ip": ("actor_ip",),
            "user.name": ("actor",),
            "user.target.name": ("user",),
            "user_agent.original": ("user_agent",),
        },
        ("action",),
    ),
    Make(
        "bitbucket",
        "Bitbucket audit log",
        "bitbucket.audit",
        (_set("auditType"), _set("author", "timestamp")),
        ("timestamp",),
        {"user.name": ("author.name",), "source.ip": ("source",)},
        ("auditType.action",),
    ),
    Make(
        "onelogin",
        "OneLogin events",
        "onelogin.events",
        (_set("event_type_id"), _set("account_id", "event_timestamp", "created_at")),
        ("event_timestamp", "created_at"),
        {"user.name": ("user_name",), "source.ip": ("ipaddr",), "user.id": ("user_id",)},
    ),
    Make(
        "kubernetes-audit",
        "Kubernetes audit log",
        "kubernetes.audit",
        (_set("auditID"), _set("verb"), _set("stage", "level")),
        ("requestReceivedTimestamp", "stageTimestamp"),
        {
            "event.id": ("auditID",),
            "source.ip": ("sourceIPs",),
            "user.name": ("user.username",),
            "user.id": ("user.uid",),
            "user_agent.original": ("userAgent",),
            "url.original": ("requestURI",),
            "http.response.status_code": ("responseStatus.code",),
            "orchestrator.namespace": ("objectRef.namespace",),
            "orchestrator.resource.type": ("objectRef.resource",),
            "orchestrator.resource.name": ("objectRef.name",),
        },
        ("verb",),
    ),
    Make(
        "opencanary",
        "OpenCanary, a honeypot",
        "opencanary",
        (_set("logtype"), _set("node_id"), _set("src_host", "logdata")),
        ("utc_time", "local_time_adjusted", "local_time"),
        {
            "source.ip": ("src_host",),
            "source.port": ("src_port",),
            "destination.ip": ("dst_host",),
            "destination.port": ("dst_port",),
            "host.hostname": ("node_id",),
            "user.name": ("logdata.USERNAME",),
            "user_agent.original": ("logdata.USERAGENT",),
        },
    ),
    Make(
        "osquery",
        "osquery results",
        "osquery.result",
        (_set("hostIdentifier"), _set("calendarTime", "unixTime"), _set("columns", "snapshot")),
        ("unixTime", "calendarTime"),
        {"host.hostname": ("hostIdentifier",)},
    ),
)  # fmt: skip

LOGSOURCES: dict[str, tuple[LogSource, ...]] = {
    "aws.cloudtrail": (("aws", "", "cloudtrail"),),
    "gcp.audit": (("gcp", "", "gcp.audit"),),
    "gcp.vpcflow": (("gcp", "", "vpcflow"), ("", "firewall", "")),
    "google_workspace.admin": (("gcp", "", "google_workspace.admin"),),
    "google_workspace.login": (("gcp", "", "google_workspace.login"),),
    "azure.activitylogs": (("azure", "", "activitylogs"),),
    "azure.auditlogs": (("azure", "", "auditlogs"),),
    "azure.signinlogs": (("azure", "", "signinlogs"),),
    "azure.riskdetection": (("azure", "", "riskdetection"), ("azure", "", "pim")),
    "m365.audit": (("m365", "", "audit"),),
    "m365.exchange": (("m365", "", "audit"), ("m365", "", "exchange")),
    "m365.threats": (
        ("m365", "", "audit"),
        ("m365", "", "threat_management"),
        ("m365", "", "threat_detection"),
    ),
    "okta.system": (("okta", "", "okta"),),
    "github.audit": (("github", "", "audit"),),
    "bitbucket.audit": (("bitbucket", "", "audit"),),
    "onelogin.events": (("onelogin", "", "onelogin.events"),),
    "kubernetes.audit": (("kubernetes", "application", "audit"),),
    "opencanary": (("opencanary", "application", ""),),
    "osquery.result": (("osquery", "", "result"),),
}
"""`event.dataset` → log sources, as SigmaHQ names them."""

_GCP_PAYLOAD = (
    "authorizationInfo.permission", "authorizationInfo.granted", "serviceName", "methodName",
)  # fmt: skip
_AZURE = (
    "operationName", "category", "resultType", "resultDescription", "status", "loggedByService",
    "activityDisplayName", "targetResources", "initiatedBy", "resourceDisplayName", "riskState", "userAgent",
    "authenticationRequirement", "conditionalAccessStatus", "resourceId", "location", "categoryValue",
    "resourceProviderValue", "networkLocationDetails", "riskEventType", "callerIpAddress", "homeTenantId",
    "resourceTenantId",
)  # fmt: skip
_AZURE_NAMES = {name.lower(): name for name in _AZURE} | {
    "operationnamevalue": "operationName",
    "activitytype": "activityDisplayName",
    "activitydetails": "activityDisplayName",
    "target": "targetResources",
    "initiatied.by": "initiatedBy",
    "username": "user.name",
    "clientapp": "clientAppUsed",
    "targetresources.modifiedproperties.newvalue": "targetResources.modifiedProperties.newValue",
    "targetresources.modifiedproperties.displayname": "targetResources.modifiedProperties.displayName",
    "targetresources.modifiedproperties": "targetResources.modifiedProperties.displayName",
    "targetresources.type": "targetResources.type",
    "devicedetail.trusttype": "deviceDetail.trustType",
    "devicedetail.deviceid": "deviceDetail.deviceId",
    "devicedetail.iscompliant": "deviceDetail.isCompliant",
    "failure_status_reason": "resultReason",
    "properties.authenticationrequirement": "authenticationRequirement",
    "properties.devicedetail.deviceid": "deviceDetail.deviceId",
    "properties.appid": "appId",
    "properties.initiatedby": "initiatedBy",
    "properties.targetresources": "targetResources.displayName",
    "properties.result": "result",
}
AZURE_HOISTED = frozenset({*_AZURE, "deviceDetail", "appId", "result", "resultReason", "ipAddress"})
"""Values of `properties` that the same logs have at the top when they are exported otherwise."""

AUTHENTICATION: dict[str, tuple[str, ...]] = {
    "aws.cloudtrail": ("ConsoleLogin", "AssumeRole", "GetSessionToken", "GetFederationToken", "SwitchRole"),
    "azure.signinlogs": ("",),
    "okta.system": ("user.authentication", "user.session.start", "user.mfa", "app.oauth2"),
    "m365.audit": ("UserLoggedIn", "UserLoginFailed"),
    "m365.exchange": ("MailboxLogin",),
    "google_workspace.login": ("",),
    "duo.auth": ("authentication", "admin_login"),
    "onelogin.events": ("login",),
}
"""`event.dataset` → beginnings of actions that are logins."""

ACCOUNTS: dict[str, tuple[str, ...]] = {
    "aws.cloudtrail": (
        "CreateUser",
        "DeleteUser",
        "CreateAccessKey",
        "CreateLoginProfile",
        "UpdateLoginProfile",
        "AttachUser",
        "PutUserPolicy",
        "AddUserToGroup",
        "CreateRole",
        "AttachRole",
        "PutRole",
    ),
    "okta.system": ("user.lifecycle", "group.", "user.account"),
    "m365.audit": ("Add user", "Delete user", "Add member", "Remove member", "Reset user password"),
    "github.audit": ("org.add_member", "org.update_member", "team."),
}
"""`event.dataset` → beginnings of actions upon accounts, groups and roles."""

NAMES: dict[str, dict[str, str]] = {
    "cloudtrail": {"status": "event.outcome", "eventname": "event.action", "eventsource": "event.provider"},
    "gcp.audit": {f"data.protopayload.{name.lower()}": f"protoPayload.{name}" for name in _GCP_PAYLOAD}
    | {
        "data.protopayload.logname": "logName",
        "data.protopayload.resource.type": "resource.type",
    },
    "google_workspace.login": {"protopayload.servicename": "protoPayload.serviceName"},
    **dict.fromkeys(("activitylogs", "auditlogs", "signinlogs", "riskdetection", "pim"), _AZURE_NAMES),
    "okta": {"displaymessage": "message"},
    "audit": {
        "apigroup": "objectRef.apiGroup",
        "hostpath": "requestObject.spec.volumes.hostPath.path",
        "capabilities": "requestObject.spec.containers.securityContext.capabilities.add",
    },
}
"""SigmaHQ's names by service, lower case → where the value stands."""
