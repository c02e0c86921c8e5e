"""What detection owes the stories told by web servers, written before their lines and before the rules.

Attackers are judged by address. A rule that only knows what was tried (`web_attack`) is folded under the one
that knows that it was answered.
"""

from __future__ import annotations

from socterm.demo.cast import WEB
from socterm.demo.model import Expected, Quiet
from socterm.demo.owed import Owed, kill_chain

DIRB = "203.0.113.24"
PROBER = "198.51.100.61"
INJECTOR = "203.0.113.91"
ANSWERED = "198.51.100.17"
WP_GUESSER = "203.0.113.130"
API_GUESSER = "2001:db8:bad:7::1"
ROTATOR = "198.51.100.203"
CRAWLER = "192.0.2.66"
MONITOR = "10.20.0.9"
OFFICE_NAT = "192.0.2.80"
STALE_APP = "192.0.2.101"
FORGETFUL = "192.0.2.117"
CURIOUS = "192.0.2.140"
UPGRADED = tuple(f"192.0.2.{n}" for n in range(150, 162))

SHELL_HOST = WEB.name
INTRUDER = "203.0.113.177"
EDITOR = "192.0.2.33"

FLOODER = "203.0.113.210"
GALLERY = ("192.0.2.221", "192.0.2.222", "192.0.2.223")
PRICES = "192.0.2.230"

STEALER = "198.51.100.88"
CUSTOMER = "192.0.2.201"
VIEWER = "192.0.2.214"
BACKUP = "10.20.0.40"


def _ip(address: str) -> dict[str, str]:
    return {"source.ip": address}


WEB_ATTACK = Owed(
    {
        "scan": "80 guessed folders in forty seconds, nearly all of them 404",
        "probe": "nine files that must not be on a web server, one every twenty seconds, all refused",
        "injection": "SQL, script, traversal, template and JNDI strings; every one of them refused",
        "answered": "the same kind of strings; a traversal and a UNION SELECT are answered with 200",
        "wp_login": "40 passwords at wp-login.php, which answers a wrong one with 200",
        "api_login": "30 passwords at an API, each answered with 401",
        "rotating": "one address tries nine doors to the administration under 30 browsers' names",
    },
    alerts=(
        Expected("web_scanner", _ip(DIRB), ("scan",)),
        Expected("sensitive_file_probe", _ip(PROBER), ("probe",)),
        Expected("web_attack", _ip(INJECTOR), ("injection",)),
        Expected("web_attack_succeeded", _ip(ANSWERED), ("answered",)),
        Expected("web_attack", _ip(ANSWERED), ("answered",), None, "web_attack_succeeded"),
        Expected("web_login_brute_force", _ip(WP_GUESSER), ("wp_login",)),
        Expected("web_login_brute_force", _ip(API_GUESSER), ("api_login",)),
        Expected("rotating_user_agent", _ip(ROTATOR), ("rotating",)),
    ),
    quiet=(
        Quiet("web_attack_succeeded", _ip(INJECTOR), "nothing it sent was answered with a 2xx"),
        Quiet("web_scanner", _ip(PROBER), "nine paths, and never more than seven in two minutes"),
        Quiet("http_flood", _ip(DIRB), "two requests a second are no flood"),
    ),
)

WEB_BENIGN = Owed(
    {
        "benign_crawler": "a search engine reads robots.txt and 150 pages; one in eight old links is 404",
        "benign_monitor": "our monitoring asks for /healthz every 30 seconds",
        "benign_upgrade": "after an upgrade twelve browsers ask for seven files each that are gone",
        "benign_office": "eight browsers of one office behind one address",
        "benign_words": "searches and titles that hold words of SQL, HTML and shells, and an apostrophe",
        "benign_stale_token": "a phone app polls with an expired token: 401 every 30 seconds, no password",
        "benign_mistyped": "three wrong passwords at the API, then the right one; two at WordPress",
    },
    quiet=(
        Quiet("web_scanner", _ip(CRAWLER), "a dead link every 30 seconds is no scan"),
        Quiet("web_scanner", _ip(UPGRADED[0]), "seven missing files are a stale cache"),
        Quiet("web_attack", _ip(CURIOUS), "select, union and <b> are words"),
        Quiet("rotating_user_agent", _ip(OFFICE_NAT), "an office has as many browsers as people"),
        Quiet("web_login_brute_force", _ip(STALE_APP), "GETs with a dead token guess no password"),
        Quiet(
            "web_login_brute_force", _ip(FORGETFUL), "five wrong passwords at two doors, then the right one"
        ),
        Quiet("beaconing", _ip(MONITOR), "monitoring is regular because it is monitoring"),
    ),
)

_WEB01 = {"host.hostname": SHELL_HOST}
_WEB01_STEPS = ("shell_first", "shell_download", "shell_reverse")

WEB_SHELL = Owed(
    {
        "scan": "45 names of plugins and themes asked for in half a minute",
        "upload": "one plugin lets anybody upload: a POST, answered with 200",
        "shell": "fourteen POSTs to the uploaded script, among pictures",
        "shell_first": "the audit log: the web server's account runs sh -c with id, uname, whoami, ss …",
        "shell_download": "it fetches a program to /tmp/.x and runs it",
        "shell_reverse": "a bash that is tied to the attacker's machine",
        "loot": "a 1.9 GB archive, left in the uploads folder, fetched twice",
    },
    alerts=(
        Expected("web_scanner", _ip(INTRUDER), ("scan",), None, "web_shell"),
        Expected("web_shell", _ip(INTRUDER), ("shell",)),
        Expected("web_exfiltration", _ip(INTRUDER), ("loot",)),
        *kill_chain(_ip(INTRUDER), ("scan", "shell", "loot")),
        Expected("repeat_offender", _ip(INTRUDER), ("scan", "shell", "loot"), None, "several_tactics"),
        Expected("shell_by_service", _WEB01, _WEB01_STEPS, superseded_by="reverse_shell"),
        Expected("discovery_burst", {"user.name": "www-data", **_WEB01}, ("shell_first",)),
        Expected("run_from_temp", _WEB01, ("shell_download",)),
        Expected("reverse_shell", _WEB01, ("shell_reverse",)),
        *kill_chain(_WEB01, _WEB01_STEPS),
    ),
    quiet=(Quiet("http_flood", _ip(INTRUDER), "less than two requests a second"),),
)

WEB_SHELL_BENIGN = Owed(
    {
        "benign_editor": "an editor logs in, uploads twelve pictures and looks at them; POSTs go to admin",
        "benign_mail": "PHP sends mail: the web server's account runs sh -c /usr/sbin/sendmail",
        "benign_cron": "cron runs the web application's jobs as www-data, through /bin/sh",
        "benign_package": "root upgrades packages: their scripts run from /var/lib/dpkg and apt's folder",
    },
    quiet=(
        Quiet("web_shell", _ip(EDITOR), "pictures in the uploads folder are read, not written to"),
        Quiet("shell_by_service", _WEB01, "sendmail through sh -c is how PHP sends mail; cron is no service"),
        Quiet("run_from_temp", _WEB01, "dpkg and apt run their scripts from a folder of their own"),
    ),
)

WEB_FLOOD = Owed(
    {"flood": "900 searches from one address within fifteen seconds; the server gives up"},
    alerts=(Expected("http_flood", _ip(FLOODER), ("flood",)),),
    quiet=(Quiet("web_scanner", _ip(FLOODER), "nothing it asked for is missing: there is but one path"),),
)

WEB_FLOOD_BENIGN = Owed(
    {
        "benign_gallery": "three visitors open a page with 150 pictures, which come within four seconds",
        "benign_prices": "a price comparison asks the API for a price twice a second, for two minutes",
    },
    quiet=(
        *(Quiet("http_flood", _ip(address), "pictures of one page") for address in GALLERY),
        Quiet("http_flood", _ip(PRICES), "two a second"),
    ),
)

WEB_EXFILTRATION = Owed(
    {"export": "60 pages of the customers' table, 60 to 90 MB each, to one address in eighteen minutes"},
    alerts=(Expected("web_exfiltration", _ip(STEALER), ("export",)),),
)

WEB_DOWNLOAD_BENIGN = Owed(
    {
        "benign_customer": "a customer downloads the same 92 MB installer three times",
        "benign_video": "somebody watches a film: 120 pieces of 2 MB",
        "benign_backup": "our own backup server pulls 2.4 GB of exports, as every day",
    },
    quiet=(
        Quiet("web_exfiltration", _ip(CUSTOMER), "276 MB of a public file"),
        Quiet("web_exfiltration", _ip(VIEWER), "240 MB of film"),
        Quiet("web_exfiltration", _ip(BACKUP), "what stays in our own networks has not left"),
    ),
)
