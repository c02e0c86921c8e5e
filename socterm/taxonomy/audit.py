"""The records of Linux's audit system: their numbers, their names, and what each one tells in ECS's words.

`event.action` of a record is its type in lower case (`user_auth`), as other tools name it. Sources: the
headers of the kernel and of the audit tools.
"""

from __future__ import annotations

from socterm.event import LogSource

_GROUPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "login": (("authentication",), ("start",)),
    "session": (("session",), ("start",)),
    "ended": (("session",), ("end",)),
    "note": (("session",), ("info",)),
    "user": (("iam",), ("user", "change")),
    "new-user": (("iam",), ("user", "creation")),
    "no-user": (("iam",), ("user", "deletion")),
    "new-group": (("iam",), ("group", "creation")),
    "no-group": (("iam",), ("group", "deletion")),
    "group": (("iam",), ("group", "change")),
    "run": (("process",), ("start",)),
    "stop": (("process",), ("end",)),
    "crash": (("process",), ("end", "error")),
    "process": (("process",), ("info",)),
    "file": (("file",), ("info",)),
    "network": (("network",), ("info",)),
    "driver": (("driver",), ("info",)),
    "config": (("configuration",), ("change",)),
    "alarm": (("intrusion_detection",), ("info",)),
    "denied": (("intrusion_detection",), ("denied",)),
    "machine": (("host",), ("info",)),
    "boot": (("host",), ("start",)),
    "down": (("host",), ("end",)),
}
"""What kinds of happenings there are → event.category, event.type."""

_TABLE = """
1005 USER note              a message from user space
1006 LOGIN session          a process was given its login user and session
1100 USER_AUTH login        a user's credentials were checked
1101 USER_ACCT login        an account was checked for being allowed in
1102 USER_MGMT user         an attribute of an account was changed
1103 CRED_ACQ note          credentials were acquired
1104 CRED_DISP note         credentials were disposed of
1105 USER_START session     a session began
1106 USER_END ended         a session ended
1107 USER_AVC denied        a user-space object manager decided by SELinux's policy
1108 USER_CHAUTHTOK user    a password or another credential was changed
1109 USER_ERR login         an account's state was wrong: unknown, locked, expired
1110 CRED_REFR note         credentials were refreshed
1111 USYS_CONFIG config     the system's configuration was changed
1112 USER_LOGIN session     a user logged in; a failure is told beside USER_AUTH, which counts
1113 USER_LOGOUT ended      a user logged out
1114 ADD_USER new-user      an account was created
1115 DEL_USER no-user       an account was deleted
1116 ADD_GROUP new-group    a group was created
1117 DEL_GROUP no-group     a group was deleted
1118 DAC_CHECK process      a user-space permission check
1119 CHGRP_ID group         a group's id was changed
1120 TEST note              a test message
1121 TRUSTED_APP note       a message of an application that is trusted to send them
1122 USER_SELINUX_ERR alarm a user-space SELinux error
1123 USER_CMD run           sudo ran a command
1124 USER_TTY process       keystrokes at a terminal, as the shell saw them
1125 CHUSER_ID user         an account's id was changed
1126 GRP_AUTH login         a group's password was checked
1127 SYSTEM_BOOT boot       the system came up
1128 SYSTEM_SHUTDOWN down   the system went down
1129 SYSTEM_RUNLEVEL machine the runlevel was changed
1130 SERVICE_START run      a service started
1131 SERVICE_STOP stop      a service stopped
1132 GRP_MGMT group         an attribute of a group was changed
1133 GRP_CHAUTHTOK group    a group's password was changed
1134 MAC_CHECK process      a user-space check against SELinux's policy
1135 ACCT_LOCK user         an account was locked by its administrator
1136 ACCT_UNLOCK user       an account was unlocked by its administrator
1137 USER_DEVICE config     a device was plugged in or authorised
1138 SOFTWARE_UPDATE config software was installed, updated or removed
1200 DAEMON_START run       the audit daemon started
1201 DAEMON_END stop        the audit daemon ended
1202 DAEMON_ABORT crash     the audit daemon stopped on an error
1203 DAEMON_CONFIG config   the audit daemon's configuration was changed
1204 DAEMON_RECONFIG config the audit daemon's configuration was read again
1205 DAEMON_ROTATE process  the audit daemon rotated its log
1206 DAEMON_RESUME run      the audit daemon writes again
1207 DAEMON_ACCEPT network  the audit daemon took a remote connection
1208 DAEMON_CLOSE network   the audit daemon closed a remote connection
1209 DAEMON_ERR crash       the audit daemon met an error
1300 SYSCALL process        a system call
1301 FS_WATCH file          a file system watch
1302 PATH file              a file that a system call was about
1303 IPC process            an object of inter-process communication
1304 SOCKETCALL network     arguments of socketcall
1305 CONFIG_CHANGE config   the audit rules or the audit system's state were changed
1306 SOCKADDR network       the address a system call was about
1307 CWD process            the working directory of a process
1309 EXECVE run             a program was run, with these arguments
1311 IPC_SET_PERM process   permissions of an IPC object were set
1312 MQ_OPEN process        a message queue was opened
1313 MQ_SENDRECV process    a message queue was written or read
1314 MQ_NOTIFY process      a message queue's notification was set
1315 MQ_GETSETATTR process  a message queue's attributes
1316 KERNEL_OTHER machine   a message of a kernel module of others
1317 FD_PAIR process        a pair of descriptors was made
1318 OBJ_PID process        the process a signal or a trace was meant for
1319 TTY process            keystrokes at a terminal
1320 EOE process            the end of an event of several records
1321 BPRM_FCAPS process     a program gained capabilities from its file
1322 CAPSET process         capabilities were set
1323 MMAP process           a file was mapped into memory
1324 NETFILTER_PKT network  a packet met a firewall rule that audits
1325 NETFILTER_CFG config   the firewall's tables were changed
1326 SECCOMP denied         a system call was stopped by its filter
1327 PROCTITLE process      the command line of the process
1328 FEATURE_CHANGE config  an audit feature was changed
1329 REPLACE process        another audit daemon tries to take over
1330 KERN_MODULE driver     a kernel module was loaded or unloaded
1331 FANOTIFY file          an access was decided by a fanotify listener
1332 TIME_INJOFFSET machine the clock was set
1333 TIME_ADJNTPVAL machine the clock is being adjusted
1334 BPF process            a BPF program was loaded or unloaded
1335 EVENT_LISTENER process a process listens to audit events
1336 URINGOP process        an io_uring operation
1337 OPENAT2 file           arguments of openat2
1338 DM_CTRL machine        a device mapper target was changed
1339 DM_EVENT machine       a device mapper event
1400 AVC denied             an access was decided by SELinux or AppArmor
1401 SELINUX_ERR alarm      an SELinux error
1402 AVC_PATH file          the path an SELinux decision was about
1403 MAC_POLICY_LOAD config an SELinux or AppArmor policy was loaded
1404 MAC_STATUS config      SELinux was made enforcing or permissive
1405 MAC_CONFIG_CHANGE config an SELinux boolean was changed
1406 MAC_UNLBL_ALLOW config unlabelled traffic was allowed or refused
1407 MAC_CIPSOV4_ADD config a CIPSO label was added
1408 MAC_CIPSOV4_DEL config a CIPSO label was deleted
1409 MAC_MAP_ADD config     a label mapping was added
1410 MAC_MAP_DEL config     a label mapping was deleted
1411 MAC_IPSEC_ADDSA config an IPsec association was added
1412 MAC_IPSEC_DELSA config an IPsec association was deleted
1413 MAC_IPSEC_ADDSPD config an IPsec policy was added
1414 MAC_IPSEC_DELSPD config an IPsec policy was deleted
1415 MAC_IPSEC_EVENT config IPsec's policies or associations changed
1416 MAC_UNLBL_STCADD config a static label was added
1417 MAC_UNLBL_STCDEL config a static label was deleted
1418 MAC_CALIPSO_ADD config a CALIPSO label was added
1419 MAC_CALIPSO_DEL config a CALIPSO label was deleted
1420 MAC_TASK_CONTEXTS process security labels of a process
1421 MAC_OBJ_CONTEXTS process security labels of an object
1423 LANDLOCK_ACCESS denied a Landlock sandbox refused an access
1424 LANDLOCK_DOMAIN process a Landlock sandbox was made or went away
1500 AA alarm               an AppArmor message
1501 APPARMOR_AUDIT alarm   an access AppArmor was told to audit
1502 APPARMOR_ALLOWED alarm an access AppArmor would refuse if it enforced
1503 APPARMOR_DENIED denied an access refused by AppArmor
1504 APPARMOR_HINT alarm    an AppArmor hint
1505 APPARMOR_STATUS config an AppArmor profile was changed
1506 APPARMOR_ERROR alarm   an AppArmor error
1507 APPARMOR_KILL denied   a process killed by AppArmor
1700 ANOM_PROMISCUOUS alarm a network interface began or ended listening to all traffic
1701 ANOM_ABEND crash       a process ended by a signal that speaks of a fault
1702 ANOM_LINK alarm        a suspicious use of a link
1703 ANOM_CREAT alarm       a suspicious creation of a file
1800 INTEGRITY_DATA alarm   a file's data failed its integrity check
1801 INTEGRITY_METADATA alarm a file's metadata failed its integrity check
1802 INTEGRITY_STATUS config integrity checks were turned on or off
1803 INTEGRITY_HASH alarm   a file's hash could not be had
1804 INTEGRITY_PCR alarm    a measurement was invalidated
1805 INTEGRITY_RULE file    a rule of the integrity policy met
1806 INTEGRITY_EVM_XATTR config a protected attribute was added
1807 INTEGRITY_POLICY_RULE config a rule was added to the integrity policy
2000 KERNEL machine         the audit system itself speaks
2100 ANOM_LOGIN_FAILURES alarm too many failed logins
2101 ANOM_LOGIN_TIME alarm  a login at a time when it is not allowed
2102 ANOM_LOGIN_SESSIONS alarm too many sessions at once
2103 ANOM_LOGIN_ACCT alarm  a login to an account that is watched
2104 ANOM_LOGIN_LOCATION alarm a login from a place that is not allowed
2105 ANOM_MAX_DAC alarm     too many refusals by permissions
2106 ANOM_MAX_MAC alarm     too many refusals by policy
2107 ANOM_AMTU_FAIL alarm   a self-test of the machine failed
2108 ANOM_RBAC_FAIL alarm   a self-test of the policy failed
2109 ANOM_RBAC_INTEGRITY_FAIL alarm a test of file integrity failed
2110 ANOM_CRYPTO_FAIL alarm a cryptographic test failed
2111 ANOM_ACCESS_FS alarm   a file that is watched was accessed
2112 ANOM_EXEC alarm        a program that is watched was run
2113 ANOM_MK_EXEC alarm     an executable file was made
2114 ANOM_ADD_ACCT alarm    an account was added
2115 ANOM_DEL_ACCT alarm    an account was deleted
2116 ANOM_MOD_ACCT alarm    an account was changed
2117 ANOM_ROOT_TRANS alarm  a user became root
2118 ANOM_LOGIN_SERVICE alarm a login of a service's account
2119 ANOM_LOGIN_ROOT alarm  a login of root
2120 ANOM_ORIGIN_FAILURES alarm too many failures from one origin
2121 ANOM_SESSION alarm     an odd session
2200 RESP_ANOMALY alarm     nothing was done about an anomaly
2201 RESP_ALERT alarm       an alert was sent for an anomaly
2202 RESP_KILL_PROC alarm   a process was killed for an anomaly
2203 RESP_TERM_ACCESS alarm a session was ended for an anomaly
2204 RESP_ACCT_REMOTE user  an account was locked against remote use
2205 RESP_ACCT_LOCK_TIMED user an account was locked for a time
2206 RESP_ACCT_UNLOCK_TIMED user an account was unlocked after its time
2207 RESP_ACCT_LOCK user    an account was locked for an anomaly
2208 RESP_TERM_LOCK alarm   a terminal was locked for an anomaly
2209 RESP_SEBOOL config     an SELinux boolean was set for an anomaly
2210 RESP_EXEC run          a program was run for an anomaly
2211 RESP_SINGLE config     the machine went to single-user mode for an anomaly
2212 RESP_HALT down         the machine was halted for an anomaly
2213 RESP_ORIGIN_BLOCK alarm an origin was blocked
2214 RESP_ORIGIN_BLOCK_TIMED alarm an origin was blocked for a time
2215 RESP_ORIGIN_UNBLOCK_TIMED alarm an origin was unblocked after its time
2300 USER_ROLE_CHANGE user  a user changed role
2301 ROLE_ASSIGN user       an SELinux role was given to a user
2302 ROLE_REMOVE user       an SELinux role was taken from a user
2303 LABEL_OVERRIDE file    a label was overridden
2304 LABEL_LEVEL_CHANGE file a label's level was changed
2305 USER_LABELED_EXPORT file an object was exported with its label
2306 USER_UNLABELED_EXPORT file an object was exported without a label
2307 DEV_ALLOC machine      a device was allocated
2308 DEV_DEALLOC machine    a device was deallocated
2309 FS_RELABEL file        a file system is relabelled
2310 USER_MAC_POLICY_LOAD config a user-space policy was loaded
2311 ROLE_MODIFY user       an SELinux role was changed
2312 USER_MAC_CONFIG_CHANGE config SELinux's policy store was changed
2313 USER_MAC_STATUS config SELinux's mode was changed from user space
2400 CRYPTO_TEST_USER process a cryptographic test
2401 CRYPTO_PARAM_CHANGE_USER config a cryptographic parameter was changed
2402 CRYPTO_LOGIN login     a login to a cryptographic device
2403 CRYPTO_LOGOUT ended    a logout from a cryptographic device
2404 CRYPTO_KEY_USER network a key was made, used or destroyed
2405 CRYPTO_FAILURE_USER network a cryptographic operation failed
2406 CRYPTO_REPLAY_USER alarm a replayed message
2407 CRYPTO_SESSION network the terms of an encrypted session
2408 CRYPTO_IKE_SA network  an IKE association
2409 CRYPTO_IPSEC_SA network an IPsec association
2500 VIRT_CONTROL machine   a virtual machine or a container was started or stopped
2501 VIRT_RESOURCE machine  a resource was given to a virtual machine
2502 VIRT_MACHINE_ID machine a virtual machine was given a label
2503 VIRT_INTEGRITY_CHECK alarm a virtual machine's integrity was checked
2504 VIRT_CREATE machine    a virtual machine was created
2505 VIRT_DESTROY machine   a virtual machine was deleted
2506 VIRT_MIGRATE_IN machine a virtual machine came from another host
2507 VIRT_MIGRATE_OUT machine a virtual machine went to another host
"""
"""Number, name, kind of happening, meaning."""

RECORD_TYPES: dict[str, str] = {}
"""Number as written in `type=1400` → name."""

ACTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {}
"""`event.action` of a record → event.category, event.type, meaning."""

for _number, _name, _group, _meaning in (line.split(None, 3) for line in _TABLE.split("\n") if line):
    RECORD_TYPES[_number] = _name
    ACTIONS[_name.lower()] = (*_GROUPS[_group], f"audit {_name}: {_meaning}")

_AUDITD: LogSource = ("linux", "", "auditd")
LOGSOURCES: dict[str, tuple[LogSource, ...]] = {"auditd": (_AUDITD,)}

BY_ACTION: dict[tuple[str, str], tuple[LogSource, ...]] = {
    ("auditd", "process"): (_AUDITD, ("linux", "process_creation", "")),
    ("auditd", "created"): (_AUDITD, ("linux", "file_event", "")),
    ("auditd", "deleted"): (_AUDITD, ("linux", "file_delete", "")),
    ("auditd", "connection"): (_AUDITD, ("linux", "network_connection", "")),
}
"""Records that rules for other log sources apply to, by what the parser found them to be."""

_SYSMON = {
    "image": "process.executable",
    "user": "user.name",
    "processid": "process.pid",
    "targetfilename": "file.path",
    "destinationip": "destination.ip",
    "destinationport": "destination.port",
    "destinationhostname": "destination.domain",
    "sourceip": "source.ip",
    "sourceport": "source.port",
    "protocol": "network.transport",
    "initiated": "network.initiated",
}

BY_LOGSOURCE: dict[str, dict[str, str]] = {
    "auditd": {
        "type": "audit.type",
        "syscall": "audit.syscall",
        "arch": "host.architecture",
        "exe": "process.executable",
        "comm": "process.name",
        "pid": "process.pid",
        "ppid": "process.parent.pid",
        "tty": "process.tty",
        "terminal": "process.tty",
        "cwd": "process.working_directory",
        "proctitle": "process.title",
        "cmd": "process.command_line",
        "uid": "user.id",
        "auid": "user.audit.id",
        "euid": "user.effective.id",
        "suid": "user.saved.id",
        "fsuid": "user.filesystem.id",
        "gid": "user.group.id",
        "egid": "user.effective.group.id",
        "sgid": "user.saved.group.id",
        "fsgid": "user.filesystem.group.id",
        "ses": "session.id",
        "acct": "user.name",
        "addr": "source.ip",
        "res": "event.outcome",
        "unit": "service.name",
        "name": "file.path",
        "inode": "file.inode",
        "mode": "file.mode",
        "ouid": "file.uid",
        "ogid": "file.gid",
        "node": "host.hostname",
        **{
            name: f"audit.{name}"
            for name in (
                "key", "op", "success", "exit", "items", "item", "nametype", "subj", "obj", "argc", "data",
                "dev", "rdev", "list", "old", "dir", "perm", "saddr", "scontext", "tcontext", "tclass",
                "sig", "grantors", "hostname", "apparmor",
            )
        },
        "operation": "apparmor.operation",
        "profile": "apparmor.profile",
        "requested_mask": "apparmor.requested_mask",
        "denied_mask": "apparmor.denied_mask",
        **{f"a{index}": f"audit.a{index}" for index in range(64)},
    },
    **dict.fromkeys(("file_event", "file_delete", "network_connection"), _SYSMON),
}  # fmt: skip
"""Names of audit records, and of Sysmon's where rules for Linux use them → ECS."""
