"""Words that mean the same to somebody who asks, each row a set; and words that say nothing in a question."""

from __future__ import annotations

from socterm.templates.words import stem

_ROWS = """
fail failed failure unsuccessful wrong bad incorrect invalid error
refuse refused reject rejected deny denied forbid forbidden block blocked drop dropped disallow prevent stop
success successful succeeded accepted accept ok granted valid worked
allow allowed permit permitted pass passed
delete deleted remove removed erase erased wipe wiped clear cleared empty emptied purge destroy drop unlink
create created add added new made make set up
change changed modify modified alter altered edit edited update updated replace replaced
start started begin began launch launched run ran boot open opened spawn execute executed
stop stopped end ended exit exited quit kill killed terminate terminated close closed finish down shutdown
disable disabled off deactivate suspended switched
enable enabled on activate activated
user account username person identity
admin administrator root superuser privileged
group team role
password passphrase credential credentials secret passwd
host machine server computer box system node workstation
address ip source peer client
attack attacker intrusion hack hacked exploit malicious hostile threat
suspicious odd strange unusual abnormal anomaly
program process binary executable application app tool
command cmd commands script
file document
folder directory path
log logs logging journal audit trail eventlog
firewall ufw iptables netfilter nftables
mail email message
web http website site page url
database db sql
download fetch fetched get pull
upload put send sent push copy copied
scan probe sweep
encrypt encrypted ransom locked
crash crashed segfault abort
time clock date
job task cron schedule scheduled
service daemon unit
key token certificate
country abroad foreign location
usb removable stick drive
install installed setup
reboot restart restarted
read view viewed access accessed
connect connection connected link session
dns domain resolve lookup
lock locked lockout
vpn tunnel
cloud aws azure gcp
container docker pod
many multiple repeated several flood
memory ram oom
disk storage space
virus malware trojan worm
bot robot crawler spider scanner
employee staff colleague personnel user
steal stolen theft exfiltrate leak
reboot restart boot
hide hidden conceal secret
backup copy snapshot
laptop notebook desktop workstation machine
screen desktop
owner ownership
register registered enroll enrolled
expire expired outdated
spread propagate lateral
"""

_GENERIC = """
attempt many new change changed add added remove removed create created delete deleted start started
stop stopped run ran open opened end ended set get got made make give gave given take taken read access
used use switch turn turned off on up out down file files account user users system network machine server
page message command
program process service name address host software data error fail failed denied refused blocked allowed
unusual unknown suspicious bad wrong attack attacks looked look left right rights access install installed
"""

_STOP = """
a an the this that these those it its he she they them i we you me my our your us there here
what who whom whose which when where why how is was were be been being am are do does did done has have had
having can could will would should shall may might must
of in on at to from for by with without and or not no nor so than then as if into onto over under about after
before between during against through out off up down via per
show find list give tell see look search get want need please any anything anyone anybody
some somebody someone something every all each more most other another such only own
same too very just ever still also
event events line lines entry entries record records log logs thing things happen happened happening today
yesterday last recent recently latest now time times been going went go came come try tried trying
let using used use were
"""


def _sets() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in _ROWS.split("\n"):
        words = set(map(stem, row.split()))
        for word in words:
            found.setdefault(word, set()).update(words)
    return {word: frozenset(others) for word, others in found.items()}


EQUIVALENTS = _sets()
"""Word without its ending → the words that mean the same, without theirs."""

GENERIC = frozenset(map(stem, _GENERIC.split()))
"""Words that stand in phrases of many concepts, or could: they tell nothing without the rest of it."""

STOP_WORDS = frozenset(_STOP.split())
"""Words of questions that no line is looked for by."""
