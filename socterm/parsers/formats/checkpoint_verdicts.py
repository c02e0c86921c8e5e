"""What a record of Check Point tells of: a connection, an attack, a login; told by blade and action."""

from __future__ import annotations

from socterm.parsers.marks import Fields, mark
from socterm.parsers.traffic import ALLOWED, DENIED, REJECTED

_PASSED = ("accept", "allow", "bypass", "ask user", "inform user", "encrypt", "decrypt", "redirect")
_STOPPED = ("drop", "block", "deny", "prevent", "quarantine", "hold", "hostblock")
_VERDICTS: dict[str, Fields] = (
    dict.fromkeys(_PASSED, ALLOWED) | dict.fromkeys(_STOPPED, DENIED) | {"reject": REJECTED}
)
_SEEN, _PREVENTED = mark("ids_alert"), mark("ids_blocked", "success")
_SENSORS = frozenset(
    {
        "smartdefense", "ips", "ips-1", "anti malware", "anti-malware", "new anti virus", "anti-virus",
        "anti virus", "anti-bot", "anti bot", "threat emulation", "ddos protector", "zero phishing",
        "forensics", "anti-ransomware", "anti-exploit",
    }
)  # fmt: skip
"""Blades (products) that look for attacks, lower case."""
_NAMES = ("protection_name", "attack", "malware_family", "malware_action")
_SEVERITIES = {"4": 1, "3": 1, "2": 2, "1": 3, "0": 4, "critical": 1, "high": 1, "medium": 2, "low": 3,
               "informational": 4, "very-low": 4}  # fmt: skip
"""Check Point counts upwards (4 is critical), sensors downwards (1 is grave)."""
_LOGINS = {
    "log in": "success", "login": "success", "failed log in": "failure", "log in failed": "failure",
    "failed login": "failure", "authorize": "success", "authcrypt": "success",
}  # fmt: skip
_LOGOUTS = frozenset({"log out", "logout"})
_REMOTE = frozenset({"mobile access", "remote access", "endpoint security", "vpn-1 & firewall-1"})
_ENDED = ("failure", "fail", "success")
_LOGGED_OUT, _CHANGED, _DEVICE = mark("device_logout"), mark("device_changed"), mark("network_device")
_KEYS = mark("vpn_handshake")


def verdict(f: Fields, pairs: dict[str, str]) -> None:
    """Write `event.*` and the firewall's verdict; `pairs` have names in lower case."""
    product = pairs.get("product", "").lower()
    action = pairs.get("action", "").strip().lower()
    said = pairs.get("operation", "").lower() or action
    if said in _LOGINS or action in _LOGINS:
        _login(f, pairs, product, _LOGINS.get(said) or _LOGINS[action])
    elif said in _LOGOUTS:
        f |= _LOGGED_OUT
    elif product in _SENSORS or "protection_name" in pairs or "attack" in pairs:
        _attack(f, pairs, action)
    elif "administrator" in pairs and "operation" in pairs:
        f |= _CHANGED
    elif action in _VERDICTS:
        f |= _VERDICTS[action]
    elif action in ("key install", "vpn routing"):
        f |= _KEYS
    else:
        f |= _DEVICE


def _login(f: Fields, pairs: dict[str, str], product: str, outcome: str) -> None:
    """A login to a gateway, to its management, or to the VPN; what the record says of its end goes first."""
    for name in ("auth_status", "audit_status", "status"):
        status = pairs.get(name, "").lower()
        ended = next((word for word in _ENDED if word in status), "")
        if ended:
            outcome = "success" if ended == "success" else "failure"
            break
    f |= mark("vpn_login" if product in _REMOTE else "device_login", outcome)


def _attack(f: Fields, pairs: dict[str, str], action: str) -> None:
    stopped = _VERDICTS.get(action, ALLOWED)["firewall.blocked"]
    f |= _PREVENTED if stopped else _SEEN
    f["firewall.blocked"] = stopped
    name = next((pairs[key] for key in _NAMES if key in pairs), "")
    if name:
        f["rule.name"] = name
    if "protection_type" in pairs:
        f["rule.category"] = pairs["protection_type"]
    grave = _SEVERITIES.get(pairs.get("severity", "").lower())
    if grave is not None:
        f["event.severity"] = grave
