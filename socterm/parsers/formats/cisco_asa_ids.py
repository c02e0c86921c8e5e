"""What ASA's message ids mean. Source: Cisco, "ASA Series Syslog Messages"."""

from __future__ import annotations

from socterm.parsers.marks import Fields, mark
from socterm.parsers.traffic import ALLOWED, DENIED

_STARTED, _ENDED = mark("connection_started"), mark("connection_ended")
_TRANSLATED = mark("address_translated")
_LOGIN_OK, _LOGIN_BAD = mark("device_login", "success"), mark("device_login", "failure")
_VPN_OK, _VPN_BAD = mark("vpn_login", "success"), mark("vpn_login", "failure")
_VPN_UP, _VPN_DOWN = mark("vpn_connected"), mark("vpn_disconnected")
_VPN_STEP, _VPN_REFUSED = mark("vpn_handshake"), mark("vpn_refused")
_LOGOUT, _COMMAND, _CHANGED = mark("device_logout"), mark("device_command"), mark("device_changed")
_ALERT, _SCAN = mark("ids_alert"), mark("port_scan")
_DEVICE, _LINK = mark("network_device"), mark("link_changed")

_BY_ID: dict[str, Fields] = {
    **dict.fromkeys(("302013", "302015", "302017", "302020", "302022", "302024", "302026", "302303", "302305",
                     "609001", "305009", "607001"), _STARTED),
    **dict.fromkeys(("302014", "302016", "302018", "302021", "302023", "302025", "302027", "302304", "302306",
                     "609002"), _ENDED),
    **dict.fromkeys(("305011", "305012", "305010", "305013", "202010", "305005", "305006"), _TRANSLATED),
    **dict.fromkeys(("313001", "313004", "313008", "313009", "710003", "710005", "106102", "106103", "304002",
                     "110002", "110003", "322001", "410001", "419001", "434002", "507003", "500004", "209005",
                     "405001", "733102"), DENIED),
    "304001": ALLOWED,
    "710002": ALLOWED,
    "605005": _LOGIN_OK,
    "605004": _LOGIN_BAD,
    "611101": _LOGIN_OK,
    "611102": _LOGIN_BAD,
    "113021": _LOGIN_BAD,
    "308001": _LOGIN_BAD,
    "315011": _LOGOUT,
    "611103": _LOGOUT,
    "109005": _LOGIN_OK,
    "109006": _LOGIN_BAD,
    "109008": _LOGIN_BAD,
    "109017": _LOGIN_BAD,
    "113004": _VPN_OK,
    "113012": _VPN_OK,
    "113005": _VPN_BAD,
    "113015": _VPN_BAD,
    "113006": _VPN_BAD,
    "113007": mark("user_unlocked"),
    "113019": _VPN_DOWN,
    "113039": _VPN_UP,
    "716001": _VPN_UP,
    "716002": _VPN_DOWN,
    "716038": _VPN_OK,
    "716039": _VPN_BAD,
    "722051": _VPN_UP,
    "722022": _VPN_UP,
    "722023": _VPN_DOWN,
    "722037": _VPN_DOWN,
    "722012": _VPN_DOWN,
    "734001": _VPN_STEP,
    "713049": _VPN_UP,
    "713119": _VPN_UP,
    "713120": _VPN_UP,
    "713050": _VPN_DOWN,
    "713259": _VPN_DOWN,
    "713166": _VPN_BAD,
    "713167": _VPN_BAD,
    "713194": _VPN_DOWN,
    "750003": _VPN_REFUSED,
    "751011": _VPN_BAD,
    "602303": _VPN_UP,
    "602304": _VPN_DOWN,
    "111001": _CHANGED,
    "111004": _CHANGED,
    "111005": _CHANGED,
    "111007": _CHANGED,
    "111008": _COMMAND,
    "111009": _COMMAND,
    "111010": _COMMAND,
    "502101": mark("user_created"),
    "502102": mark("user_deleted"),
    "502103": mark("user_changed"),
    "199001": _DEVICE,
    "411001": _LINK,
    "411002": _LINK,
    "411003": _LINK,
    "411004": _LINK,
    "733100": _ALERT,
    "733101": _SCAN,
    "733103": DENIED,
    "338004": _ALERT,
    "430001": _ALERT,
    "430002": _STARTED,
    "430003": _ENDED,
}  # fmt: skip
_BY_FAMILY: dict[str, Fields] = {
    "106": DENIED,
    "400": _ALERT,
    "401": DENIED,
    "338": _ALERT,
    "713": _VPN_STEP,
    "715": _VPN_STEP,
    "722": _VPN_STEP,
    "716": _VPN_STEP,
    "750": _VPN_STEP,
    "751": _VPN_REFUSED,
    "113": _VPN_STEP,
}
_ALLOWING = (" permitted ", " est-allowed ", " bypass ")
_DROPPING = (" dropped ", " denied ", " to drop ")


def meaning(identity: str, text: str) -> Fields:
    """The marks of a message; for access lists and filters its own word decides.

    >>> meaning("106100", "access-list x permitted tcp a -> b")["event.action"]
    'connection_allowed'
    """
    family = identity[:3]
    if family == "106" or identity[:5] in ("33800", "33820"):
        if any(word in text for word in _ALLOWING):
            return ALLOWED
        if family != "106" and any(word in text for word in _DROPPING):
            return DENIED
    if identity in ("113029", "113030", "113031", "113032", "113033", "113034", "113035", "113036", "113037",
                    "113038", "113040"):  # fmt: skip
        return _VPN_REFUSED
    return _BY_ID.get(identity) or _BY_FAMILY.get(family) or _DEVICE
