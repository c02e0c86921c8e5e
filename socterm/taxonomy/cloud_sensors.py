"""What watches clouds and containers, as JSON: GuardDuty, Falco, Duo, docker events. See `cloud`."""

from __future__ import annotations

from socterm.event import LogSource
from socterm.taxonomy.cloud import Make

_CALL = "service.action"

MAKES: tuple[Make, ...] = (
    Make(
        "guardduty",
        "Amazon GuardDuty findings",
        "aws.guardduty",
        (frozenset({"schemaVersion"}), frozenset({"service"}), frozenset({"severity"}), frozenset({"type"})),
        ("service.eventLastSeen", "updatedAt", "createdAt"),
        {
            "event.id": ("id",),
            "rule.name": ("type",),
            "message": ("description", "title"),
            "event.severity": ("severity",),
            "cloud.region": ("region",),
            "cloud.account.id": ("accountId",),
            "cloud.instance.id": ("resource.instanceDetails.instanceId",),
            "user.name": ("resource.accessKeyDetails.userName",),
            "source.ip": (
                f"{_CALL}.awsApiCallAction.remoteIpDetails.ipAddressV4",
                f"{_CALL}.networkConnectionAction.remoteIpDetails.ipAddressV4",
                f"{_CALL}.portProbeAction.portProbeDetails.remoteIpDetails.ipAddressV4",
                f"{_CALL}.kubernetesApiCallAction.remoteIpDetails.ipAddressV4",
                f"{_CALL}.rdsLoginAttemptAction.remoteIpDetails.ipAddressV4",
            ),
            "dns.question.name": (f"{_CALL}.dnsRequestAction.domain",),
        },
        ("type",),
        provider="aws",
    ),
    Make(
        "falco",
        "Falco: what containers and hosts do against its rules",
        "falco",
        (
            frozenset({"rule"}),
            frozenset({"priority"}),
            frozenset({"output"}),
            frozenset({"output_fields", "time"}),
        ),
        ("time",),
        {
            "message": ("output",),
            "rule.name": ("rule",),
            "log.level": ("priority",),
            "host.hostname": ("hostname",),
        },
        ("rule",),
    ),
    Make(
        "duo",
        "Duo authentication and administrator logs",
        "duo.auth",
        (
            frozenset({"isotimestamp"}),
            frozenset({"access_device", "auth_device", "username", "action"}),
            frozenset({"txid", "factor", "result", "description"}),
        ),
        ("isotimestamp", "timestamp"),
        {
            "event.id": ("txid",),
            "source.ip": ("access_device.ip", "auth_device.ip"),
            "user.name": ("user.name", "username"),
            "user.email": ("email",),
            "event.reason": ("reason",),
            "observer.name": ("application.name",),
        },
        ("event_type", "action"),
        ("result",),
    ),
    Make(
        "docker-events",
        "docker events as JSON",
        "docker.events",
        (frozenset({"Action"}), frozenset({"Actor"}), frozenset({"Type"})),
        ("timeNano", "time"),
        {
            "container.id": ("Actor.ID",),
            "container.name": ("Actor.Attributes.name",),
            "container.image.name": ("Actor.Attributes.image",),
        },
        ("Action",),
    ),
)

LOGSOURCES: dict[str, tuple[LogSource, ...]] = {
    "aws.guardduty": (("aws", "", "guardduty"),),
    "aws.vpcflow": (("aws", "", "vpcflow"), ("", "firewall", "")),
    "falco": (("falco", "application", ""),),
    "duo.auth": (("cisco", "", "duo"),),
    "docker.events": (("docker", "", "events"),),
    "gcp.gke": (("gcp", "", "gcp.audit"), ("kubernetes", "application", "audit")),
}
"""`event.dataset` → log sources."""
