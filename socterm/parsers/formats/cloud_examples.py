"""One line of our own for each audit log in `taxonomy.cloud`, for documentation and tests."""

from __future__ import annotations

EXAMPLES: dict[str, str] = {
    "cloudtrail": (
        '{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE",'
        '"accountId":"111122223333","userName":"ann"},"eventTime":"2026-11-20T10:00:00Z",'
        '"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","awsRegion":"eu-west-1",'
        '"sourceIPAddress":"192.0.2.90","responseElements":{"ConsoleLogin":"Failure"},'
        '"errorMessage":"Failed authentication","eventID":"e1"}'
    ),
    "gcp": (
        '{"insertId":"g1","logName":"projects/p/logs/cloudaudit.googleapis.com%2Factivity",'
        '"protoPayload":{"methodName":"SetIamPolicy","serviceName":"iam.googleapis.com",'
        '"authenticationInfo":{"principalEmail":"ann@example.org"},"requestMetadata":{'
        '"callerIp":"192.0.2.91"}},"timestamp":"2026-11-20T10:00:00.5Z"}'
    ),
    "gcp-flow": (
        '{"insertId":"f1","jsonPayload":{"bytes_sent":"100","connection":{"dest_ip":"10.0.0.2",'
        '"dest_port":443,"protocol":6,"src_ip":"192.0.2.92","src_port":50000}},'
        '"logName":"projects/p/logs/compute.googleapis.com%2Fvpc_flows","resource":{'
        '"type":"gce_subnetwork"},"timestamp":"2026-11-20T10:00:00.25Z"}'
    ),
    "workspace": (
        '{"kind":"admin#reports#activity","id":{"time":"2026-11-20T10:00:00.1Z",'
        '"applicationName":"login"},"actor":{"email":"ann@example.org"},"ipAddress":"192.0.2.93",'
        '"events":[{"type":"login","name":"login_failure"}]}'
    ),
    "azure": (
        '{"time":"2026-11-20T10:00:00.7Z","resourceId":"/tenants/t/providers/Microsoft.aadiam",'
        '"operationName":"Sign-in activity","category":"SignInLogs","tenantId":"t","resultType":"50126",'
        '"resultDescription":"Invalid username or password","callerIpAddress":"192.0.2.94","properties":{'
        '"userPrincipalName":"ann@example.org"}}'
    ),
    "m365": (
        '{"CreationTime":"2026-11-20T10:00:00","Id":"m1","Operation":"New-InboxRule",'
        '"OrganizationId":"o","RecordType":1,"ResultStatus":"True","UserKey":"k","Workload":"Exchange",'
        '"ClientIP":"192.0.2.95:50000","UserId":"ann@example.org","Parameters":[{"Name":"ForwardTo",'
        '"Value":"x@evil.example"}]}'
    ),
    "okta": (
        '{"actor":{"id":"u1","alternateId":"ann@example.org","displayName":"Ann"},"client":{'
        '"ipAddress":"192.0.2.96"},"displayMessage":"User login to Okta",'
        '"eventType":"user.session.start","outcome":{"result":"FAILURE","reason":"INVALID_CREDENTIALS"},'
        '"published":"2026-11-20T10:00:00.123Z","uuid":"k1"}'
    ),
    "github": (
        '{"@timestamp":1795168800123,"_document_id":"d1","action":"repo.create","actor":"octo",'
        '"actor_ip":"192.0.2.97","org":"acme","repo":"acme/x","visibility":"public"}'
    ),
    "bitbucket": (
        '{"timestamp":"2026-11-20T10:00:00Z","auditType":{"category":"Users and groups",'
        '"action":"User created"},"author":{"name":"bitadmin"},"source":"192.0.2.98"}'
    ),
    "onelogin": (
        '{"event_type_id":72,"account_id":1,"user_name":"olga","ipaddr":"192.0.2.99",'
        '"event_timestamp":"2026-11-20T10:00:00Z"}'
    ),
    "kubernetes-audit": (
        '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a1",'
        '"stage":"ResponseComplete","requestURI":"/api/v1/namespaces/x/secrets","verb":"list","user":{'
        '"username":"dev"},"sourceIPs":["192.0.2.100"],"objectRef":{"resource":"secrets",'
        '"namespace":"x"},"responseStatus":{"code":403},"requestRecei'
        'vedTimestamp":"2026-11-20T10:00:00.123456Z"}'
    ),
    "opencanary": (
        '{"dst_host":"10.0.0.9","dst_port":22,"local_time":"2026-11-20 10:00:00.123456","logdata":{'
        '"USERNAME":"root","PASSWORD":"x"},"logtype":4002,"node_id":"canary1","src_host":"192.0.2.101",'
        '"src_port":40000}'
    ),
    "guardduty": (
        '{"schemaVersion":"2.0","accountId":"111122223333","region":"eu-west-1","id":"f1",'
        '"type":"UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B","resource":{"accessKeyDetails":'
        '{"userName":"ann"}},"service":{"action":{"awsApiCallAction":{"remoteIpDetails":{"ipAddressV4":'
        '"192.0.2.102"}}},"eventLastSeen":"2026-11-20T10:00:00Z"},"severity":8,"title":"Unusual login",'
        '"description":"ann logged in from an unusual place."}'
    ),
    "falco": (
        '{"hostname":"node9","output":"10:00:00.123456789: Warning Shell in a container (user=root)",'
        '"priority":"Warning","rule":"Terminal shell in container","source":"syscall",'
        '"time":"2026-11-20T10:00:00.123456789Z","output_fields":{"container.name":"web","proc.name":"bash",'
        '"proc.cmdline":"bash -i","user.name":"root"}}'
    ),
    "duo": (
        '{"access_device":{"ip":"192.0.2.103"},"application":{"name":"VPN"},"event_type":"authentication",'
        '"factor":"duo_push","isotimestamp":"2026-11-20T10:00:00.123456+00:00","reason":"user_marked_fraud",'
        '"result":"fraud","txid":"t1","user":{"name":"ann"}}'
    ),
    "docker-events": (
        '{"Type":"container","Action":"exec_create: /bin/sh","Actor":{"ID":"c0ffee","Attributes":'
        '{"image":"nginx","name":"web"}},"scope":"local","time":1795168800,"timeNano":1795168800123456789}'
    ),
    "osquery": (
        '{"name":"pack_it_users","hostIdentifier":"laptop9","calendar'
        'Time":"Fri Nov 20 10:00:00 2026 UTC","unixTime":"1795168800","epoch":"0","counter":"1",'
        '"columns":{"username":"ann","uid":"1000"},"action":"added"}'
    ),
}
"""By make."""
