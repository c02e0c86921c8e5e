"""What people call things, and how logs say them: the security vocabulary that search by meaning knows.

A concept is asked for by any of its `asks` (all words of one phrase, in any order and form), and told by
lines that say one of `says`, or whose parser gave one of `actions` (with that `outcome`, where one is named).
Cloud and application actions are looked for as their own words (`ConsoleLogin` is "console login").
To teach search a word, add it here; `equivalents` has words that mean the same on their own.
"""

from __future__ import annotations

from typing import NamedTuple


class Concept(NamedTuple):
    """Phrases of questions, phrases of lines, actions of parsers with one outcome or any."""

    asks: tuple[str, ...]
    says: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    outcome: str = ""


def concept(asks: str, says: str = "", actions: str = "", outcome: str = "") -> Concept:
    """From phrases with `|` between them and actions with blanks."""
    return Concept(_phrases(asks), _phrases(says), tuple(actions.split()), outcome)


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|") if part.strip())


_LOGINS = (
    "ssh_login pam_login su logged-in logon-failed web_login app_login app_admin_login mail_login ftp_login "
    "database_login vpn_login device_login remote_login ldap_login service_login proxy_login network_login "
    "honeypot_login sip_login login user_login user_auth credential-validated kerberos-preauth-failed "
    "kerberos-authentication-ticket-requested"
)

ACCESS: tuple[Concept, ...] = (
    concept(
        "failed login | login failure | authentication failure | failed authentication | wrong password | "
        "bad password | incorrect password | invalid password | unsuccessful login | denied login | "
        "rejected login | brute force | password guessing | guess password | password attack | "
        "credential stuffing | dictionary attack | password spray | try many passwords | bad credentials",
        "failed password | authentication failure | authentication failed | login failed | failed login | "
        "invalid password | incorrect password | wrong password | bad password | login incorrect | "
        "access denied for user | invalid credentials | auth failed | invalid user | password mismatch | "
        "logon failure | unknown user | user not found | permission denied publickey",
        f"{_LOGINS} sudo_failed",
        "failure",
    ),
    concept(
        "successful login | accepted login | login succeeded | logged in | who logged in | got in | "
        "authenticated successfully | valid login | login | gained access",
        "accepted password | accepted publickey | session opened | login successful | logged in | "
        "connection authorized | console login",
        f"{_LOGINS} session_opened session-logged-in",
        "success",
    ),
    concept(
        "remote login | remote access | ssh login | shell access | secure shell",
        "accepted publickey | accepted password | sshd",
        "ssh_login ssh_connect remote_login",
    ),
    concept(
        "remote desktop | rdp | terminal services | screen sharing",
        "remote desktop | termservice | 3389 | rdp",
        "session-logged-in session-reconnected session-disconnected remote_login",
    ),
    concept(
        "vpn | remote worker connection | tunnel login",
        "openvpn | wireguard | ipsec | ikev2",
        "vpn_login vpn_connected vpn_disconnected vpn_handshake vpn_refused",
    ),
    concept(
        "logout | signed off | session ended | left the system | disconnect",
        "session closed | logged out | logged off | disconnected",
        "session_closed session_ending logged-out session-logged-out user_end user_logout "
        "ssh_disconnect device_logout web_logout",
    ),
    concept(
        "unknown user | non-existent user | nonexistent account | invalid user | user enumeration | "
        "username guessing | guess usernames | account does not exist | probing accounts",
        "invalid user | unknown user | user unknown | illegal user | no such user | user does not exist | "
        "check pass user unknown",
        "ssh_login pam_login",
        "failure",
    ),
    concept(
        "key login | public key | ssh key | key-based login",
        "accepted publickey | publickey | authorized_keys",
        "ssh_login ssh_key_tried",
    ),
    concept(
        "root login | direct root | superuser login | administrator login | logged in as root",
        "for root from | session opened for user root | user root",
        "ssh_login logged-in-special",
    ),
    concept(
        "multi-factor | two factor | mfa | 2fa | second factor | push notification | one time code",
        "mfa | multi factor | two factor | 2fa | otp | totp | push verify | duo | authenticator | "
        "verification code",
    ),
    concept(
        "password change | changed password | reset password | new password | credential change | "
        "password reset",
        "password changed | password reset | changed password | chauthtok | reset password",
        "password_changed changed-password reset-password user_chauthtok password-reset",
    ),
    concept(
        "locked account | account lockout | user locked | locked out | too many attempts | disabled account",
        "account locked | locked out | maximum authentication attempts | too many authentication failures | "
        "account disabled | tally | faillock",
        "user_locked locked-out-user-account disabled-user-account acct_lock anom_login_failures "
        "resp_acct_lock",
    ),
    concept(
        "unlock account | enabled account | reactivated account",
        "unlocked | enabled",
        "user_unlocked unlocked-user-account enabled-user-account acct_unlock",
    ),
    concept(
        "new user | created account | added user | account creation | backdoor account | rogue account | "
        "new login | user added",
        "new user | useradd | adduser | create user | user created | add user | net user add",
        "user_created added-user-account add_user",
    ),
    concept(
        "deleted account | removed user | account deletion | user removed",
        "delete user | userdel | deluser",
        "user_deleted deleted-user-account del_user",
    ),
    concept(
        "changed account | modified user | account change | renamed account",
        "usermod | chage | change user",
        "user_changed modified-user-account renamed-user-account user_mgmt",
    ),
    concept(
        "group membership | added to group | admin group | new admin | made administrator | "
        "new administrator | privileged group | sudo group | wheel | domain admins | promoted | "
        "granted admin rights | gave rights | member added | elevated rights",
        "to group | added to group | domain admins | administrators | to group sudo | wheel | gpasswd | "
        "attach user policy | add member | role assignment | role granted",
        "group_member_added added-member-to-group",
    ),
    concept(
        "removed from group | lost rights | member removed",
        "removed from group",
        "group_member_removed removed-member-from-group",
    ),
    concept(
        "new group | group created", "new group | groupadd", "group_created added-group-account add_group"
    ),
    concept(
        "privilege escalation | elevation | become root | gained root | run as root | sudo | "
        "ran commands as root | switch user | administrative command | elevated privileges | "
        "used root privileges",
        "sudo | su | pkexec | doas | runas | setuid | uid 0 | user root command",
        "sudo_command su pkexec_command logged-in-special logged-in-explicit user_cmd polkit_granted",
    ),
    concept(
        "denied sudo | sudo not allowed | not in sudoers | unauthorized sudo | failed sudo | "
        "without permission | privilege escalation attempt",
        "not in sudoers | command not allowed | incorrect password attempts | not allowed to run sudo",
        "sudo_denied sudo_failed pkexec_denied polkit_denied sudo_not_run",
    ),
    concept(
        "permission denied | access denied | unauthorized access | not authorized | refused access | "
        "forbidden | blocked by policy | selinux | apparmor",
        "permission denied | access denied | not authorized | unauthorized | forbidden | accessdenied | "
        "avc denied | apparmor denied | operation not permitted",
        "access_denied policy_denied avc app_denied web_denied database_denied service_denied "
        "blocked-program",
    ),
    concept(
        "kerberos | kerberoasting | ticket request | golden ticket | service ticket | as-rep roasting",
        "krbtgt | kerberos | tgs | rc4 | 0x17",
        "kerberos-service-ticket-requested kerberos-authentication-ticket-requested "
        "kerberos-preauth-failed kerberos-service-ticket-renewed",
    ),
    concept(
        "pass the hash | ntlm | other account credentials | explicit credentials | runas",
        "ntlm | runas",
        "logged-in-explicit credential-validated logged-in",
    ),
    concept(
        "credential dump | stolen credentials | dump passwords | lsass | mimikatz | password hashes | "
        "credential theft | read shadow | steal passwords | dumped memory",
        "lsass | mimikatz | sekurlsa | ntds | etc shadow | sam | procdump | comsvcs | minidump | hashdump | "
        "gsecdump | laZagne | vssadmin",
        "accessed-process raw-disk-access",
    ),
    concept(
        "directory replication | dcsync | domain controller attack",
        "replicating directory changes | drsuapi | 1131f6aa",
        "changed-directory-object",
    ),
    concept(
        "cloud login | console login | sign in to the cloud",
        "consolelogin | console login | userloggedin | sign in",
    ),
    concept(
        "access key | api key | api token | new credentials | secret created",
        "createaccesskey | create access key | access key | personal access token | create token | "
        "service account key",
    ),
    concept("assumed role | impersonation | act as another", "assumerole | assume role | impersonate"),
    concept(
        "port forwarding | tunnel | agent forwarding | tunnelling",
        "forward | direct tcpip | tunnel | chisel | ngrok | socat",
        "ssh_forward",
    ),
    concept("service account | machine account | bot account", "svc | service account | computer account"),
    concept("mail login | mailbox access | imap | webmail", "imap | pop3 | sasl | mailbox", "mail_login"),
    concept(
        "database login | database access | sql login",
        "database | sqlserver | mysql | postgres",
        "database_login database_connect database_denied",
    ),
    concept("ftp login | file transfer login", "ftp", "ftp_login ftp_connect"),
    concept(
        "impossible travel | login from abroad | foreign country | unusual location",
        "impossible travel | country | unfamiliar location",
        _LOGINS,
        "success",
    ),
)
"""Logins, accounts and rights."""
