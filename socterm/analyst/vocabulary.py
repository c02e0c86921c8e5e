"""The words of questions, as tables: kinds of events people ask for, fields they group by, what says nothing.

To teach the rules a word, add it here. What a log line means is the parsers' business (`event.action`).
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Kind = Literal[
    "explain", "event", "alert", "touched", "count", "alerts", "summary", "activity", "search", "unknown"
]


class Concept(NamedTuple):
    """A kind of event people ask for: its query and its name."""

    query: str
    words: str


_DECIDE = """
    ssh_login pam_login su logged-in logon-failed kerberos-preauth-failed web_login app_login
    app_admin_login mail_login ftp_login database_login vpn_login device_login remote_login ldap_login
    service_login proxy_login sip_login
"""
LOGIN_ACTIONS: tuple[str, ...] = tuple(_DECIDE.split())
"""Who decides on logins. Not the audit log, which repeats them, nor sensors, nor honeypots."""

_TOLD_IN_JSON = (
    "json ecs keyvalue cef leef aws.cloudtrail azure.signinlogs okta.system m365.audit m365.exchange "
    "google_workspace.login onelogin.events"
)
_DECIDED = f"event.action:({' or '.join(LOGIN_ACTIONS)})"
_IN_JSON = f"event.dataset:({' or '.join(_TOLD_IN_JSON.split())}) event.category:authentication"
LOGINS = f"({_DECIDED} or ({_IN_JSON}))"
"""The query of all logins, whoever tells of them; clouds and applications have words of their own."""

_LOGIN = (
    r"(?:ssh |pam |vpn |windows )?"
    r"(?:log[ -]?ins?|log[ -]?ons?|authentications?|auth|passwords?|sign-?ins?|attempts?)"
)
_ACCOUNTS = r"(?:users?|accounts?)"


def _of(actions: str, words: str, outcome: str = "") -> Concept:
    clause = f"event.action:({' or '.join(actions.split())})"
    return Concept(f"{clause} {outcome}".strip(), words)


_DONE = "-event.outcome:failure"

CONCEPTS: tuple[tuple[str, Concept], ...] = (
    (
        rf"(?:fail\w*|unsuccessful|bad|wrong|refused|denied) {_LOGIN}|{_LOGIN} (?:failures?|failed)|brute",
        Concept(f"{LOGINS} event.outcome:failure", "failed logins"),
    ),
    (
        r"(?:fail\w*|unable) to (?:log|sign) ?[io]n",
        Concept(f"{LOGINS} event.outcome:failure", "failed logins"),
    ),
    (
        (
            rf"(?:success\w*|accepted|good) {_LOGIN}|(?:logged|logging|signed) (?:in|on)\b|"
            r"\b(?:did|does|has|have|could|who|anyone|anybody|somebody|someone)\b.* "
            r"(?:log|sign) ?(?:in|on)\b|"
            r"\b(?:get|got|getting|break|broke|broken) in\b|gain\w* access|succeed\w*"
        ),
        Concept(f"{LOGINS} event.outcome:success", "successful logins"),
    ),
    (
        rf"new {_ACCOUNTS}|{_ACCOUNTS} (?:\w+ )?(?:created|added)|(?:created|added) {_ACCOUNTS}",
        _of("user_created added-user-account", "accounts created", _DONE),
    ),
    (
        rf"(?:deleted|removed) {_ACCOUNTS}|{_ACCOUNTS} (?:\w+ )?(?:deleted|removed)",
        _of("user_deleted deleted-user-account", "accounts deleted", _DONE),
    ),
    (
        rf"locked {_ACCOUNTS}|{_ACCOUNTS} (?:\w+ )?locked|lock-?outs?",
        _of("user_locked locked-out-user-account", "accounts locked"),
    ),
    (
        r"group (?:changes?|members?)|administrators? (?:rights|granted)",
        _of(
            "group_* added-member-to-group removed-member-from-group modified-group-account", "group changes"
        ),
    ),
    (
        r"passwords? (?:changes?|resets?)|(?:changed|reset) passwords?",
        _of("password_changed changed-password reset-password", "password changes"),
    ),
    (
        (
            r"\blogs? (?:\w+ )?(?:cleared|deleted|wiped|stopped)|"
            r"(?:cleared|wiped|deleted) (?:the )?(?:\w+ )?logs?\b"
        ),
        _of(
            "audit-log-cleared event-log-cleared log_stopped logging-service-shutdown",
            "logs cleared or stopped",
        ),
    ),
    (r"\bsudo\b", Concept("event.action:sudo_*", "uses of sudo")),
    (
        r"\bcron|scheduled (?:tasks?|jobs?)",
        _of("cron_command crontab_changed scheduled-task-*", "cron jobs and scheduled tasks"),
    ),
    (r"\bcommands?\b", Concept("process.command_line:*", "commands")),
    (
        r"\bservices? (?:\w+ )?(?:stopped|failed|started|installed|changes?|changed)",
        _of("service_* service-*", "services started, stopped or changed"),
    ),
    (r"\bbanned\b|\bbans?\b", _of("ban unban ban_restored", "bans")),
    (r"\bpackages?\b", Concept("event.action:package_*", "packages installed or changed")),
    (
        r"\bblocked\b|\bdropped\b|\bfirewall\b|(?:denied|refused) connections?",
        _of("connection_denied connection-blocked dns_blocked ids_blocked", "connections that were blocked"),
    ),
    (
        r"\bdownloads?\b|\bdownloaded\b",
        _of("ftp_download honeypot_download transferred-by-bits", "downloads"),
    ),
    (r"\bdns\b", _of("dns_* dns-query", "DNS questions and answers")),
    (
        r"(?:web|http|bad|failed) errors?|(?:failed|bad) requests?",
        _of("web_request http_request", "failed requests", "event.outcome:failure"),
    ),
    (
        r"\brequests?\b|\bpages?\b|\burls?\b|\bvisit\w*\b|\bhttp\b",
        _of("web_request http_request proxy_request", "requests"),
    ),
    (r"\bsessions?\b", _of("session_* session-*", "sessions")),
    (r"\bscan\w*|\bprob(?:e|es|ing)\b", _of("ssh_scan port_scan", "probes and scans")),
    (_LOGIN, Concept(LOGINS, "logins")),
    (r"\berrors?\b", Concept("event.outcome:failure", "errors")),
    (r"\bfailures?\b|\bfailed\b", Concept("event.outcome:failure", "failures")),
)
"""Patterns of questions (in lower case) → the kind of event; the first that fits counts."""

STATUS = re.compile(
    r"\b(?:(?:status|code|http) ([1-5]\d\d|[1-5]xx)|([1-5]\d\d|[1-5]xx)s|"
    r"([1-5]\d\d) (?:errors?|responses?|requests?|status|codes?)|([1-5]xx))\b"
)
"""An HTTP status as people say it: `404s`, `5xx`, `403 errors`, `status 500`."""

GROUPS: dict[str, str] = {
    "user": "user.name",
    "account": "user.name",
    "who": "user.name",
    "ip": "source.ip",
    "address": "source.ip",
    "source": "source.ip",
    "attacker": "source.ip",
    "client": "source.ip",
    "country": "source.geo.country_iso_code",
    "countrie": "source.geo.country_iso_code",
    "host": "host.hostname",
    "machine": "host.hostname",
    "server": "host.hostname",
    "action": "event.action",
    "outcome": "event.outcome",
    "program": "process.name",
    "process": "process.name",
    "command": "process.command_line",
    "page": "url.path",
    "url": "url.path",
    "path": "url.path",
    "status": "http.response.status_code",
    "agent": "user_agent.original",
    "port": "destination.port",
    "domain": "dns.question.name",
}
"""What people count by → ECS field; the plural's ending is left out."""
GROUP_WORDS = "|".join(GROUPS)

KINDS: tuple[tuple[str, Kind], ...] = (
    (
        (
            r"\bwhy\b|\bexplain|what (?:is|was) (?:this|that)\b|what does (?:this|it|that) mean|"
            r"happened here|who (?:did|was|is|is behind) (?:this|it|that)\b|"
            r"what (?:should|can|do|must) (?:i|we) do|what now\b|next steps?|"
            r"(?:is|was) (?:this|it|that) (?:alert )?(?:bad|real|serious|dangerous|harmless|an attack|"
            r"a (?:real|true|false) \w+|true|false)"
        ),
        "explain",
    ),
    (r"^(?:show |get |open )?(?:the )?(?:event )?#\d+\??$|\bevent #?\d+", "event"),
    (r"\balert #?\d+", "alert"),
    (
        r"who else|what else|where else|touch|reach|\btried\b|\bwhich (?:hosts?|users?|accounts?|machines?)",
        "touched",
    ),
    (rf"\b(?:by|per|each|top|which) (?:\d+ )?(?:{GROUP_WORDS})(?:es|s)?\b", "count"),
    (r"\bhow many\b|\bcount\b|\bmost\b", "count"),
    (r"\balerts?\b|\battacks?\b|\bdetections?\b", "alerts"),
    (
        (
            r"summar|overview|what (?:has |have )?happened|going on|what(?:.?s| is) new|"
            r"(?:any|some)thing (?:unusual|new|odd|wrong|bad|suspicious|interesting|strange)"
        ),
        "summary",
    ),
    (
        r"what (?:did|has|have|was|were|is) \S+|\bwho(?:.s| is| was) \S+|activit|\bdoing\b|\bhistory of\b",
        "activity",
    ),
)
"""Patterns → what is asked; the first that fits counts."""

_STOP_WORDS = """
    a an the this that it he she they i we you there here what who which when where why how all any
    each every last past today yesterday now did do does done has have had is was were be been on in
    at to from of for by with and or not me us login logins logon failed failure failures success
    successful user users account accounts host hosts ip ips address source sources machine server
    event events alert alerts log logs sudo ssh command commands session sessions hour hours minute
    minutes day days week second seconds show list count top most else happened happen activity
    action outcome ones one them those these only just night morning afternoon evening midnight noon
    monday tuesday wednesday thursday friday saturday sunday weekend month ago since between around
    him her his their same anyone anybody someone somebody everyone everybody nobody anything
    something everything nothing my our its please
"""
STOP = frozenset(_STOP_WORDS.split()) | {f"{word}{end}" for word in GROUPS for end in ("", "s", "es")}
"""Words that are nobody's name."""

_FILLER_WORDS = """
    tell told give get got see look looking can could would should will shall may might want need know find
    search say said mean about out up over during within than then too also again really exactly actually
    other others another more less some few many much lot if whether so like as into his hers whom whose
    been being are am isn't didn't doesn't please hi hey hello ok okay thanks thank and or but kind kinds
    way ever never yet already still currently recent recently latest newest first happened happening
    occur occurred made make makes take took taken come came comes go goes went gone use used uses using try
    tries tried trying let lets put fire fired firing trigger triggered triggers raise raised seen appear
    appeared involved related open closed new old between within through via times time number numbers total
    off high medium low critical informational level levels is there's what's who's until till after before
    it's log line lines entries entry record records data stored store values value yes no
    bad good fine dangerous malicious safe known suspicious harmless
    connection connections query queries packet packets traffic attempt attempts run runs ran running
    executed execute guessed guess compromised hacked infected owned changed change changes
    name named called details detail info information whole entire main common commonest rule rules
"""
FILLER = STOP | frozenset(_FILLER_WORDS.split())
"""Words whose absence changes no question."""

TIME_WORDS = re.compile(
    r"(?<![\w.@-])(?:today|tonight|yesterday|midnight|noon|now|weekend|ago|since|between|around|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|nights?|mornings?|afternoons?|evenings?|"
    r"(?:second|sec|minute|min|hour|day|week|month|year)s?|o'?clock|[ap]m|"
    r"\d{4}-\d\d-\d\d|\d{1,2}(?::\d\d)?(?: ?[ap]m|h)?)(?![\w@-])"
)
"""Words that belong to a time."""
