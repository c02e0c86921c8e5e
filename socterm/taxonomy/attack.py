"""MITRE ATT&CK Enterprise 19 (April 2026): tactics, names, and what ids were called before.

Version 19 split the tactic defense-evasion into stealth and defense-impairment and gave T1562 and others new
ids; rules in the field carry either. Both directions stand here, so that no tag of either age is lost.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from socterm.taxonomy.attack_subtechniques import SUBTECHNIQUES
from socterm.taxonomy.attack_techniques import TECHNIQUES

VERSION: Final = "19"


class Tactic(NamedTuple):
    """A column of the matrix: the name that tags use, its id, its title."""

    name: str
    id: str
    title: str


TACTICS: tuple[Tactic, ...] = (
    Tactic("reconnaissance", "TA0043", "Reconnaissance"),
    Tactic("resource-development", "TA0042", "Resource Development"),
    Tactic("initial-access", "TA0001", "Initial Access"),
    Tactic("execution", "TA0002", "Execution"),
    Tactic("persistence", "TA0003", "Persistence"),
    Tactic("privilege-escalation", "TA0004", "Privilege Escalation"),
    Tactic("stealth", "TA0005", "Stealth"),
    Tactic("defense-impairment", "TA0112", "Defense Impairment"),
    Tactic("credential-access", "TA0006", "Credential Access"),
    Tactic("discovery", "TA0007", "Discovery"),
    Tactic("lateral-movement", "TA0008", "Lateral Movement"),
    Tactic("collection", "TA0009", "Collection"),
    Tactic("command-and-control", "TA0011", "Command and Control"),
    Tactic("exfiltration", "TA0010", "Exfiltration"),
    Tactic("impact", "TA0040", "Impact"),
)
"""In the order of the matrix."""

OLD_TACTIC = Tactic("defense-evasion", "TA0005", "Defense Evasion")
RENAMED_TACTICS: dict[str, tuple[str, ...]] = {OLD_TACTIC.name: ("stealth", "defense-impairment")}
"""Old name → what it became."""

RENAMED: dict[str, str] = {
    "T1070.001": "T1685.005",
    "T1070.002": "T1685.006",
    "T1536": "T1578.004",
    "T1547.011": "T1647",
    "T1562": "T1685",
    "T1562.001": "T1685",
    "T1562.002": "T1685.001",
    "T1562.003": "T1690",
    "T1562.004": "T1686",
    "T1562.006": "T1685",
    "T1562.007": "T1686.001",
    "T1562.008": "T1685.002",
    "T1562.009": "T1688",
    "T1562.010": "T1689",
    "T1562.011": "T1685.003",
    "T1562.012": "T1685.004",
    "T1562.013": "T1686.002",
    "T1574.002": "T1574.001",
    "T1656": "T1684.001",
    "T1672": "T1684.002",
}
"""Revoked id → the one that replaced it."""

FORMER: dict[str, tuple[str, str]] = {
    "T1684": ("T1656", "Impersonation"),
    "T1684.001": ("T1656", "Impersonation"),
    "T1684.002": ("T1672", "Email Spoofing"),
    "T1685": ("T1562.001", "Disable or Modify Tools"),
    "T1685.001": ("T1562.002", "Disable Windows Event Logging"),
    "T1685.002": ("T1562.008", "Disable or Modify Cloud Logs"),
    "T1685.003": ("T1562.011", "Spoof Security Alerting"),
    "T1685.004": ("T1562.012", "Disable or Modify Linux Audit System"),
    "T1685.005": ("T1070.001", "Clear Windows Event Logs"),
    "T1685.006": ("T1070.002", "Clear Linux or Mac System Logs"),
    "T1686": ("T1562.004", "Disable or Modify System Firewall"),
    "T1686.001": ("T1562.007", "Disable or Modify Cloud Firewall"),
    "T1686.002": ("T1562.013", "Disable or Modify Network Device Firewall"),
    "T1686.003": ("T1562.004", "Disable or Modify System Firewall"),
    "T1687": ("T1211", "Exploitation for Defense Evasion"),
    "T1688": ("T1562.009", "Safe Mode Boot"),
    "T1689": ("T1562.010", "Downgrade Attack"),
    "T1690": ("T1562.003", "Impair Command History Logging"),
}
"""Id of version 19 → (id, name) in version 18, where it had another one there."""

_PARENTS = {"T1562": "Impair Defenses"}
_ORDER = {tactic.name: place for place, tactic in enumerate(TACTICS)}
_TECHNIQUE = re.compile(r"t\d{4}(?:\.\d{3})?")


def technique_of(tag: str) -> str:
    """The technique a Sigma tag names, in its id of version 19; "" for any other tag.

    >>> technique_of("attack.t1562.001"), technique_of("attack.stealth"), technique_of("attack.t9999")
    ('T1685', '', 'T9999')
    """
    space, _, name = tag.lower().partition(".")
    if space != "attack" or not _TECHNIQUE.fullmatch(name):
        return ""
    return current(name.upper())


def tactic_of(tag: str) -> str:
    """The tactic a Sigma tag names, as written (`defense-evasion` too); "" for any other tag.

    >>> tactic_of("attack.defense_evasion"), tactic_of("attack.t1003")
    ('defense-evasion', '')
    """
    space, _, name = tag.lower().partition(".")
    name = name.replace("_", "-")
    return name if space == "attack" and (name in _ORDER or name in RENAMED_TACTICS) else ""


def current(technique: str) -> str:
    """The id of version 19 for an id of any age."""
    return RENAMED.get(technique, technique)


def former(technique: str) -> str:
    """The id of version 18 for one of version 19."""
    return FORMER[technique][0] if technique in FORMER else technique


def former_tactic(tactic: str) -> str:
    """The name of version 18 for a tactic of version 19."""
    return next((old for old, new in RENAMED_TACTICS.items() if tactic in new), tactic)


def known(technique: str) -> bool:
    """Whether version 19 or 18 has a technique of this id."""
    return technique in TECHNIQUES or technique in SUBTECHNIQUES or technique in RENAMED


def name_of(technique: str) -> str:
    """What a technique is called, in either version; "" for an unknown one.

    >>> name_of("T1003.001"), name_of("T1562.004")
    ('LSASS Memory', 'Disable or Modify System Firewall')
    """
    if technique in TECHNIQUES:
        return TECHNIQUES[technique][0]
    old = next((name for known_as, name in FORMER.values() if known_as == technique), "")
    return SUBTECHNIQUES.get(technique) or old or _PARENTS.get(technique, "")


def tactics_of(technique: str) -> tuple[str, ...]:
    """The tactics of version 19 that a technique or sub-technique serves; () for an unknown one.

    >>> tactics_of("T1053.003")
    ('execution', 'persistence', 'privilege-escalation')
    """
    found = TECHNIQUES.get(current(technique).partition(".")[0])
    return tuple(found[1].split()) if found else ()


def split_tactic(old: str, techniques: tuple[str, ...]) -> tuple[str, ...]:
    """What an old tactic means on a rule with these techniques: theirs of the new ones, else the first.

    >>> split_tactic("defense-evasion", ("T1685",)), split_tactic("defense-evasion", ())
    (('defense-impairment',), ('stealth',))
    """
    became = RENAMED_TACTICS.get(old, (old,))
    served = {tactic for technique in techniques for tactic in tactics_of(technique)}
    return tuple(tactic for tactic in became if tactic in served) or became[:1]
