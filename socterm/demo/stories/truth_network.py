"""What detection owes the stories told by firewalls and name servers, written before lines and rules.

Who scans, tunnels or asks for what is named by address: the machine to look at.
"""

from __future__ import annotations

from socterm.demo.model import Expected, Quiet
from socterm.demo.owed import Owed

PORT_SCANNER = "203.0.113.40"
PATIENT = "198.51.100.9"
WORM = "10.20.4.17"
BEACON = "10.20.4.31"
CONTROL = "203.0.113.200"
CDN = "198.51.100.240"
RESOLVER = "198.51.100.53"
MONITOR = "10.20.0.9"
CLOCK = "10.20.0.5"
TIME_SERVER = "198.51.100.123"
BACKUP = "10.20.0.40"

TUNNEL = "10.20.4.44"
BROWSER = "10.20.1.24"
MAIL_SERVER = "10.20.0.25"
SECURED = "10.20.1.31"

INFECTED = "10.20.4.52"
LAPTOP = "10.20.1.10"

MINER = "10.20.4.63"
WEB_SERVER = "10.20.0.21"
OPEN_RESOLVER_SCAN = "203.0.113.53"
SWIMMER = "10.20.1.12"
SECONDARY = "10.20.0.54"
LOST = "192.0.2.53"


def _ip(address: str) -> dict[str, str]:
    return {"source.ip": address}


PORT_SCAN = Owed(
    {
        "fast_scan": "140 ports of the gateway in 35 seconds",
        "patient_scan": "60 ports, one every two seconds",
        "sweep": "an office machine tries port 445 on 40 servers in half a minute",
    },
    alerts=(
        Expected("port_scan", _ip(PORT_SCANNER), ("fast_scan",)),
        Expected("port_scan", _ip(PATIENT), ("patient_scan",)),
        Expected("host_sweep", {"source.ip": WORM, "destination.port": "445"}, ("sweep",)),
    ),
    quiet=(
        Quiet("port_scan", _ip(WORM), "forty hosts, but one port"),
        Quiet("host_sweep", _ip(PORT_SCANNER), "many ports, but one host"),
    ),
)

FIREWALL_BENIGN = Owed(
    {
        "benign_late_answers": "answers of a content network that come after their connection is forgotten: "
        "port 443, ACK, to 24 high ports within a minute",
        "benign_late_dns": "the same from a name server: UDP from port 53 to 18 high ports",
        "benign_monitor": "monitoring looks at four ports of each of twelve servers every five minutes",
        "benign_clock": "our time server asks another one every 64 seconds",
        "benign_backup": "the backup server reaches twelve machines, one after the other",
    },
    quiet=(
        Quiet(
            "port_scan",
            _ip(CDN),
            "late answers of a web server, not a scan: they come from port 443, with ACK",
        ),
        Quiet("port_scan", _ip(RESOLVER), "late answers of a name server"),
        Quiet("host_sweep", _ip(MONITOR), "twelve hosts are its job"),
        Quiet("port_scan", _ip(MONITOR), "four ports of each host"),
        Quiet("beaconing", _ip(CLOCK), "time servers are asked by the clock"),
        Quiet("host_sweep", _ip(BACKUP), "twelve hosts in half an hour"),
    ),
)

BEACONING = Owed(
    {"beacon": "an office machine calls one address outside every 60 seconds, give or take one: 45 times"},
    alerts=(Expected("beaconing", {"source.ip": BEACON, "destination.ip": CONTROL}, ("beacon",)),),
)

SENSOR_SCANNER = "203.0.113.41"
SENSOR_TUNNEL = "10.20.4.45"
UPLOADER = "10.20.1.15"
NEWS_READER = "10.20.1.28"

SENSOR = Owed(
    {
        "scan": "80 ports of a web server in forty seconds: half of them never answer, half with a reset",
        "tunnel": "120 questions for TXT of long random names below one domain, in four minutes",
    },
    alerts=(
        Expected("port_scan", _ip(SENSOR_SCANNER), ("scan",)),
        Expected(
            "dns_tunnel",
            {"source.ip": SENSOR_TUNNEL, "dns.question.registered_domain": "files-sync.example"},
            ("tunnel",),
        ),
    ),
)

SENSOR_BENIGN = Owed(
    {
        "benign_ftp": "a passive FTP upload: twelve data connections to as many high ports of one server",
        "benign_news": "a news page: forty names of advertisers, ten of them long",
    },
    quiet=(
        Quiet("port_scan", _ip(UPLOADER), "twelve data connections of one upload"),
        Quiet("dns_tunnel", _ip(NEWS_READER), "forty names of forty domains"),
    ),
)

DNS_TUNNEL = Owed(
    {"tunnel": "220 questions for TXT, NULL and A of fifty random characters below one domain: five minutes"},
    alerts=(
        Expected(
            "dns_tunnel",
            {"source.ip": TUNNEL, "dns.question.registered_domain": "sync-status.example"},
            ("tunnel",),
        ),
    ),
)

DNS_TUNNEL_BENIGN = Owed(
    {
        "benign_cdn": "pages pull pictures from 14 names of 32 hexadecimal digits below one content network",
        "benign_reputation": "a virus scanner asks its maker about ten files: their hashes are in the names",
        "benign_dnsbl": "the mail server asks a block list about 25 senders, two a minute; few are in it",
        "benign_mail_txt": "the mail server looks up SPF, DKIM and DMARC records: TXT of many domains",
    },
    quiet=(
        Quiet("dns_tunnel", _ip(BROWSER), "14 long names are a page with pictures"),
        Quiet("dns_tunnel", _ip(SECURED), "ten hashes are ten files"),
        Quiet(
            "dns_tunnel",
            _ip(MAIL_SERVER),
            "a block list is asked by address; TXT is where mail keeps its policies",
        ),
        Quiet(
            "nxdomain_burst",
            _ip(MAIL_SERVER),
            "an address that is not listed does not exist: that is good news",
        ),
    ),
)

DNS_DGA = Owed(
    {"dga": "90 made-up domains in three minutes, none of which exists but the last"},
    alerts=(Expected("nxdomain_burst", _ip(INFECTED), ("dga",)),),
)

DNS_DGA_BENIGN = Owed(
    {
        "benign_search_list": "a laptop tries the office's search domains first: two names that do not exist "
        "for each of eight that do",
        "benign_probe": "browsers ask for three random words when they start, to see whether somebody lies",
        "benign_dnsbl": "the mail server asks a block list about 20 senders in ten minutes",
    },
    quiet=(
        Quiet("nxdomain_burst", _ip(LAPTOP), "two search domains, eight names, ten minutes"),
        Quiet("nxdomain_burst", _ip(BROWSER), "three random words at a start are a browser"),
        Quiet("nxdomain_burst", _ip(MAIL_SERVER), "two a minute, below one domain"),
    ),
)

DNS_NAMES = Owed(
    {
        "mining": "an office machine asks for the servers of a mining pool",
        "callback": "the web server asks for a name that only exists to prove that it can be made to ask",
        "refused": "an outsider tries recursion and a zone transfer, 40 times in a minute, and is refused",
    },
    alerts=(
        Expected("suspicious_domain", _ip(MINER), ("mining",)),
        Expected("suspicious_domain", _ip(WEB_SERVER), ("callback",)),
        Expected("dns_refused_burst", _ip(OPEN_RESOLVER_SCAN), ("refused",)),
    ),
)

DNS_NAMES_BENIGN = Owed(
    {
        "benign_pools": "pools that nobody mines in: time servers, swimming, billiards",
        "benign_transfer": "our secondary name server fetches the zone, as it may",
        "benign_lost": "a machine elsewhere has the wrong resolver configured: four refusals",
    },
    quiet=(
        Quiet("suspicious_domain", _ip(SWIMMER), "pool is a word"),
        Quiet("suspicious_domain", _ip(CLOCK), "pool.ntp.org tells the time"),
        Quiet("dns_refused_burst", _ip(LOST), "four refusals are a wrong setting"),
        Quiet("dns_refused_burst", _ip(SECONDARY), "it was not refused"),
    ),
)
