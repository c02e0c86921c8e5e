"""What servers and clouds log in forms of their own sets off the rules that are about it."""

# ruff: noqa: E501 - log lines stand as they are written

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from socterm.pipeline.replay import replay
from socterm.pipeline.rulecheck import TEST_NOW
from tests.pack import PACK

LOGS = Path(__file__).parent / "logs"
AT = 1_795_168_800
PEER = "203.0.113.9"


def alerts(lines: list[str]) -> set[tuple[str, str]]:
    """(rule, the entity's value) of all alerts."""
    found = replay(lines, PACK, now=TEST_NOW)
    return {(PACK.rules[one.rule].name, value) for one in found for _, value in one.entity}


def syslog(program: str, said: Callable[[int], str], times: int = 20) -> list[str]:
    return [f"Nov 20 10:00:{n:02d} host1 {program}: {said(n)}" for n in range(times)]


def gitlab() -> list[str]:
    said = {"severity": "INFO", "message": f"Failed Login: username=ann ip={PEER}"}
    let_in = {
        "severity": "INFO",
        "message": f"Successful Login: username=ann ip={PEER} method=standard admin=true",
    }
    events = [*([said] * 20), let_in]
    return [json.dumps({"time": f"2026-11-20T10:00:{n:02d}.000Z", **one}) for n, one in enumerate(events)]


def flows() -> list[str]:
    rows = (f"123456789012 {PEER} 10.0.0.62 {20 + n} 6 {AT + n} {AT + n + 60} REJECT" for n in range(60))
    return ["account-id srcaddr dstaddr dstport protocol start end action", *rows]


def of_a_log(name: str) -> list[str]:
    return (LOGS / name / f"{name}.log").read_text().splitlines()


SETS_OFF = {
    "ModSecurity": (of_a_log("modsecurity"), "web_attack", PEER),
    "AWS WAF": (of_a_log("aws-waf"), "web_attack", PEER),
    "CloudFront as JSON": (
        ['{"date":"2026-11-20","time":"10:00:00","x-edge-location":"FRA50-C1","c-ip":"203.0.113.9","cs-method":"GET","cs-uri-stem":"/a.php","cs-uri-query":"id=1%20union%20select%201,2--","sc-status":"404"}'],
        "web_attack",
        PEER,
    ),
    "Amazon's API gateway": (
        ['{"requestId":"a","ip":"203.0.113.9","requestTime":"20/Nov/2026:10:00:00 +0000","httpMethod":"GET","routeKey":"GET /x","path":"/x/../../../../etc/passwd","status":"403"}'],
        "web_attack",
        PEER,
    ),
    "GitLab's failures": (gitlab(), "brute_force", PEER),
    "GitLab's success": (gitlab(), "success_after_brute_force", PEER),
    "VPC flows": (flows(), "port_scan", PEER),
    "saslauthd": (
        syslog(
            "saslauthd[7]",
            lambda _: "do_auth         : auth failure: [user=ann] [service=smtp] [realm=] [mech=pam] [reason=PAM auth error]",
            40,
        ),
        "brute_force_user",
        "ann",
    ),
    "sudo-rs and PAM": (
        syslog("sudo-rs", lambda _: "pam_unix(sudo:auth): authentication failure; logname=ann uid=1000 euid=0 tty=/dev/pts/0 ruser=ann rhost=  user=ann"),
        "sudo_wrong_passwords",
        "ann",
    ),
    "sudo-rs": (
        syslog("sudo-rs", lambda _: "ann : TTY=/dev/pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/tee /etc/sudoers.d/x", 1),
        "sudoers_written",
        "ann",
    ),
    "sudo's JSON": (
        syslog("sudo[7]", lambda _: '@cee:{"sudo":{"accept":{"submituser":"ann","command":"/usr/bin/tee","runuser":"root","runargv":["tee","/etc/sudoers.d/x"]}}}', 1),
        "sudoers_written",
        "ann",
    ),
    "dropbear": (
        [
            f"Nov 20 09:59:59 host1 dropbear[7]: Child connection from {PEER}:50000",
            *syslog("dropbear[7]", lambda n: f"User 'user{n}' has invalid shell, rejected"),
        ],
        "brute_force",
        PEER,
    ),
}  # fmt: skip


@pytest.mark.parametrize("who", SETS_OFF)
def test_what_it_tells_sets_off_the_rule_about_it(who: str) -> None:
    lines, rule, entity = SETS_OFF[who]
    assert (rule, entity) in alerts(lines)


def test_what_a_firewall_refuses_for_other_reasons_is_no_attack() -> None:
    kinds = {"REGULAR": "block-countries", "RATE_BASED": "too-many"}
    lines = [
        json.dumps({
            "timestamp": (AT + n) * 1000,
            "webaclId": "shop",
            "terminatingRuleId": rule,
            "terminatingRuleType": kind,
            "action": "BLOCK",
            "httpRequest": {"clientIp": PEER, "uri": "/", "httpMethod": "GET"},
            "labels": [{"name": "awswaf:managed:aws:core-rule-set:NoUserAgent_Header"}],
        })
        for n, (kind, rule) in enumerate(kinds.items())
    ]  # fmt: skip
    assert "web_attack" not in {rule for rule, _ in alerts(lines)}
