"""The vocabulary of attacks and operations: networks, programs, persistence, traces, data, web, machines."""

from __future__ import annotations

from socterm.templates.concepts import Concept, concept

ATTACKS: tuple[Concept, ...] = (
    concept(
        "port scan | scanning | reconnaissance | probing | network sweep | nmap | open ports | port sweep",
        "port scan | portscan | nmap | masscan | scan detected | did not receive identification | "
        "bad protocol version | probe",
        "port_scan ssh_scan ssh_preauth_close ids_alert connection_denied",
    ),
    concept(
        "blocked connection | firewall block | dropped packet | denied traffic | rejected connection | "
        "firewall denied | firewall drop | refused by firewall",
        "ufw block | deny | drop | blocked | reject | denied",
        "connection_denied connection-blocked ids_blocked",
    ),
    concept(
        "allowed connection | permitted traffic | accepted connection | passed the firewall",
        "ufw allow | accept | permit",
        "connection_allowed connection-permitted connection_started",
    ),
    concept(
        "firewall change | firewall disabled | turned off firewall | firewall rule | flushed rules | "
        "opened a port | firewall stopped",
        "ufw disable | iptables f | iptables flush | firewalld stopped | firewall off | netsh advfirewall | "
        "authorizesecuritygroupingress | nft flush | state off",
        "changed-firewall-rule netfilter_cfg",
    ),
    concept(
        "intrusion detection | ids | signature match | sensor alert | suricata | snort | exploit attempt",
        "et scan | et exploit | exploit | attempted administrator | attempted user | trojan | classification",
        "ids_alert ids_blocked web_attack kernel_attack",
    ),
    concept(
        "denial of service | flood | ddos | syn flood | too many requests | overload | rate limit",
        "syn flood | possible syn flooding | limiting requests | too many connections | rate limit | 429 | "
        "connection limit | worker_connections",
        "kernel_attack web_limited network_anomaly",
    ),
    concept(
        "dns query | name lookup | resolved domain | domain lookup | resolve",
        "query | queries",
        "dns_query dns-query dns_response dns_forward",
    ),
    concept(
        "dns tunnel | dns exfiltration | random domain | generated domain | dga | nxdomain | "
        "name could not be resolved",
        "nxdomain | txt | servfail",
        "dns_failed dns_query dns_response dns_blocked",
    ),
    concept("zone transfer | axfr", "axfr | ixfr | transfer of", "dns_transfer dns_denied"),
    concept(
        "command and control | beacon | c2 | callback | botnet | malware traffic | phone home",
        "trojan | c2 | cnc | beacon | botnet | cobalt | meterpreter",
        "ids_alert network-connection network_flow",
    ),
    concept(
        "outbound connection | connection to outside | network connection",
        "outbound | connect",
        "network-connection network_flow connection_started connection_allowed",
    ),
    concept(
        "data exfiltration | data theft | uploaded data | large transfer | data leak | copied files out | "
        "data leaving | upload | stolen data",
        "upload | rclone | scp | sftp | curl t | curl f | upload file | mega | transfer sh | pastebin | "
        "rsync | getobject | put object",
        "ftp_upload transferred-by-bits network_flow ssh_forward",
    ),
    concept(
        "download | fetched a payload | pulled a script | downloaded file | downloader | payload",
        "wget | curl | certutil | bitsadmin | invoke webrequest | downloadstring | downloadfile | iwr",
        "ftp_download honeypot_download transferred-by-bits",
    ),
    concept(
        "reverse shell | remote shell | backdoor shell | shell back | interactive shell",
        "dev tcp | bash i | nc e | ncat | netcat | mkfifo | socat | pty spawn | reverse shell",
    ),
    concept(
        "malware | virus | trojan | infected | antivirus detection | malicious file | quarantined | "
        "threat found",
        "malware | virus | trojan | quarantine | infected | threat | eicar | clamav | found",
        "detected-malware acted-on-malware",
    ),
    concept(
        "antivirus off | defender disabled | protection disabled | security tool stopped | "
        "disabled antivirus | turned off protection | switched off protection | endpoint protection",
        "disablerealtimemonitoring | real time protection | disabled | setenforce 0 | set mppreference",
        "changed-protection changed-sensor mac_status policy_changed",
    ),
    concept(
        "defences off | protection off | security off | security disabled | defences disabled | "
        "hardening removed | protection removed | impair defences | weakened security | unprotected",
        "ufw disable | firewall disable | setenforce 0 | selinux permissive | apparmor teardown | "
        "auditctl e 0 | audit_enabled 0 | iptables f | stop auditd | stop firewalld | stop fail2ban | "
        "disablerealtimemonitoring | real time protection disabled | netsh advfirewall state off",
        "changed-protection mac_status config_change changed-audit-config changed-firewall-rule "
        "logging-service-shutdown daemon_end log_stopped policy_changed netfilter_cfg",
    ),
    concept(
        "ransomware | encrypted files | mass encryption | ransom note | deleted backups | shadow copies | "
        "destroyed backups",
        "vssadmin | delete shadows | shadowcopy | wbadmin | bcdedit | readme txt | encrypted | locked | "
        "ransom | recover your files",
    ),
    concept(
        "suspicious powershell | encoded command | powershell script | obfuscated script | script block",
        "powershell | encodedcommand | enc | frombase64string | iex | invoke expression | hidden",
        "ran-script ran-pipeline started-engine",
    ),
    concept(
        "process started | program run | executed | command run | ran command | new process | command line | "
        "shell command",
        "execve | command | exec | cmd",
        "created-process command execve sudo_command cron_command user_cmd pkexec_command",
    ),
    concept(
        "process injection | remote thread | code injection | hollowing",
        "createremotethread | inject",
        "created-remote-thread tampered-process accessed-process",
    ),
    concept(
        "crash | crashed program | segmentation fault | out of memory | segfault | killed process | "
        "core dump | "
        "ran out of memory | exploit crash",
        "segfault | core dumped | general protection | out of memory | killed process | oom | "
        "stack smashing | panic",
        "process_crashed process_killed kernel_fault anom_abend",
    ),
    concept(
        "temporary folder program | run from tmp | executed from temp",
        "tmp | dev shm | var tmp | temp | appdata",
    ),
    concept(
        "lateral movement | moved to another host | remote execution | psexec | spread | admin share",
        "psexec | psexesvc | wmic | winrm | admin | ipc | wsmprovhost",
        "service-installed accessed-share connected-pipe created-pipe logged-in-explicit",
    ),
    concept("network share | file share | smb | shared folder", "smb | cifs | share | ipc", "accessed-share"),
    concept(
        "persistence | autostart | survive reboot | startup | foothold",
        "crontab | run key | currentversion run | systemctl enable | authorized_keys | rc local | startup",
        "crontab_changed service-installed scheduled-task-created registered-wmi-event changed-registry "
        "service_changed",
    ),
    concept(
        "scheduled task | cron job | cron | crontab | job scheduler | timer | planned task",
        "crontab | cron | schtasks | at job",
        "crontab_changed cron_command scheduled-task-created scheduled-task-updated scheduled-task-run "
        "crontab_denied",
    ),
    concept(
        "changed crontab | edited cron | new cron job | modified schedule",
        "replace | crontab | begin edit",
        "crontab_changed scheduled-task-created scheduled-task-updated",
    ),
    concept(
        "new service | service installed | installed service | malicious service",
        "service installed | was installed | systemctl enable | created symlink",
        "service-installed service_changed",
    ),
    concept(
        "service started | started daemon | daemon start",
        "started | starting",
        "service_started service_start service-state-changed container_started",
    ),
    concept(
        "service stopped | stopped daemon | service down | outage",
        "stopped | stopping | deactivated",
        "service_stopped service_stop service-state-changed container_stopped log_stopped",
    ),
    concept(
        "service failed | failed unit | service crash | failing service",
        "failed with result | main process exited | entered failed state | failed to start",
        "service_failed service-state-changed",
    ),
    concept(
        "registry change | registry key | run key",
        "regedit | reg add | hklm | hkcu | currentversion run",
        "changed-registry deleted-registry",
    ),
    concept(
        "driver | kernel module | rootkit | loaded module",
        "insmod | modprobe | rootkit | module verification",
        "module_loaded loaded-driver kern_module bpf",
    ),
    concept(
        "cleared logs | log tampering | deleted logs | erased traces | covering tracks | wiped logs | "
        "event log cleared | hide traces | removed evidence | history cleared | emptied log",
        "log cleared | audit log was cleared | history c | shred | truncate | wevtutil cl | rm var log | "
        "bash_history | clear eventlog | deletetrail | stoplogging",
        "audit-log-cleared event-log-cleared log_rotated",
    ),
    concept(
        "logging stopped | audit disabled | audit policy changed | no more logs | auditing turned off | "
        "stopped logging",
        "stoplogging | auditctl | audit policy | exiting on signal | deletetrail | log stopped",
        "log_stopped logging-service-shutdown daemon_end daemon_abort changed-audit-config config_change "
        "daemon_config log_lost",
    ),
    concept(
        "clock change | time changed | system time | time jump | set the clock",
        "system clock | time has been changed | time stepped",
        "changed-system-time clock_stepped clock_lost time_injoffset",
    ),
    concept(
        "deleted file | removed file | file deletion | wiped disk | destroyed data",
        "rm rf | unlink | del | deleted | dd if",
        "deleted-file ftp_change",
    ),
    concept(
        "changed file | file integrity | modified system file | sensitive file | read sensitive file | "
        "opened file | file access",
        "etc passwd | etc shadow | etc sudoers | passwd | shadow | sudoers",
        "created-file accessed-object changed-file-time path created-stream",
    ),
    concept(
        "web attack | web exploit | application firewall | waf | modsecurity",
        "modsecurity | mod_security | attack | access denied with code",
        "web_attack web_denied ids_alert",
    ),
    concept(
        "sql injection | sqli | database injection",
        "union select | union all select | or 1 1 | sqlmap | sleep | information_schema | 27 or",
    ),
    concept(
        "path traversal | directory traversal | local file inclusion | lfi | read files through the web",
        "etc passwd | 2e 2e | proc self environ | boot ini | win ini",
    ),
    concept("cross site scripting | xss", "script alert | onerror | javascript | 3cscript"),
    concept(
        "web shell | webshell | uploaded script | backdoor on web server",
        "cmd | shell php | c99 | eval | upload php | exec | aspx",
    ),
    concept("log4shell | jndi | log4j", "jndi | ldap | log4j"),
    concept(
        "vulnerability scanner | web scanner | scanner | crawler | automated tool",
        "nikto | sqlmap | nmap | nessus | masscan | zgrab | dirbuster | gobuster | wpscan | acunetix | "
        "nuclei",
    ),
    concept(
        "missing page | page not found | not found | 404 | looking for hidden files | admin page",
        "404 | phpmyadmin | wp login | env | git config | admin",
        "web_request web_error",
        "failure",
    ),
    concept(
        "server error | internal error | 500 | application error",
        "500 | 502 | exception | traceback | error",
        "web_error app_error web_request",
    ),
    concept(
        "spam | phishing | rejected mail | mail refused | blocked mail",
        "reject | blocked | spam | rbl | spamhaus | relay access denied",
        "mail_rejected mail_abuse mail_bounced",
    ),
    concept(
        "mail sent | mail delivered | outgoing mail", "status sent | delivered", "mail_delivered mail_queued"
    ),
    concept(
        "mail forwarding | inbox rule | mailbox rule", "newinboxrule | inbox rule | forwardto | set mailbox"
    ),
    concept(
        "banned address | blocked attacker | ban | fail2ban | blocklisted",
        "ban",
        "ban ban_restored ban_known offence_found",
    ),
    concept(
        "usb | removable media | thumb drive | plugged in | external drive",
        "usb | mass storage | usb disconnect",
        "usb_connected plugged-in-device usb_disconnected macos_disk user_device",
    ),
    concept(
        "reboot | restart | shutdown | power off | machine went down | boot",
        "reboot | shutdown | powering off | system boot | linux version",
        "power host-started host-stopped system_boot system_shutdown",
    ),
    concept(
        "sniffer | promiscuous | packet capture | network tap | eavesdrop",
        "promiscuous mode | tcpdump | tshark | wireshark",
        "promiscuous_mode anom_promiscuous",
    ),
    concept(
        "installed software | package installed | new software | update | patch | upgrade",
        "installed | install | upgrade | apt get install | yum install",
        "package_installed package_updated software_update package_command package_reinstalled",
    ),
    concept(
        "removed software | package removed | uninstalled",
        "removed | remove | purge | uninstall",
        "package_removed",
    ),
    concept("disk full | no space | storage | out of space", "no space left | disk full | quota exceeded"),
    concept(
        "hardware error | disk failure | i o error | bad sector",
        "i o error | ata error | smart | medium error | hardware error | mce",
        "kernel_fault",
    ),
    concept(
        "link down | cable unplugged | interface down | network outage",
        "link is down | link down | carrier lost | changed state to down",
        "link_changed network_device",
    ),
    concept(
        "configuration change | settings changed | config modified",
        "configured from | configuration changed | sys 5 config",
        "device_changed changed-audit-config service_changed usys_config policy_changed",
    ),
    concept(
        "dhcp | address lease | new device | joined the network",
        "dhcpack | dhcpdiscover | dhcp",
        "dhcp_lease dhcp_request dhcp_denied",
    ),
    concept("wifi | wireless | access point | deauthentication", "wlan | deauth | wpa | ssid | associated"),
    concept(
        "certificate | tls error | expired certificate | handshake failure",
        "certificate | handshake | ssl | x509 | expired",
        "tls_session",
    ),
    concept(
        "host key changed | man in the middle | spoof | arp spoofing | arp poisoning",
        "host key verification | duplicate address | arp | moved from | break in attempt | spoof",
        "ssh_warning network_anomaly",
    ),
    concept(
        "container | docker | kubernetes | pod | image started | privileged container",
        "container | docker | kubelet | pod | containerd | privileged",
        "container_started container_stopped container_error",
    ),
    concept("kubernetes exec | shell in pod | exec into container", "exec | pods exec | attach"),
    concept(
        "cloud storage | public bucket | bucket policy | exposed data",
        "bucket | putbucketpolicy | putbucketacl | s3 | blob | allusers",
    ),
    concept(
        "new instance | virtual machine created | crypto mining | miner | coin miner",
        "runinstances | xmrig | stratum | miner | minerd | virt create",
    ),
    concept(
        "policy attached | role changed | iam change | cloud permissions",
        "attachuserpolicy | putuserpolicy | attachrolepolicy | setiampolicy | role assignment",
    ),
    concept(
        "database query | dumped database | sql statement | table dropped | export database",
        "select | drop table | mysqldump | pg_dump | copy to",
        "database_query database_denied",
    ),
    concept("backup | backup job | restore", "backup | restic | borg | veeam | dump"),
    concept(
        "phone calls | voip | sip attack",
        "registration | sip | invite | wrong password",
        "sip_login sip_rejected",
    ),
    concept(
        "honeypot | trap",
        "cowrie | honeypot",
        "honeypot_login honeypot_command honeypot_connect honeypot_download",
    ),
    concept(
        "discovery | enumeration | looked around | system information | who is logged in | whoami",
        "whoami | id | uname | netstat | ifconfig | ipconfig | net user | net group | systeminfo | nltest",
        "user-member-enumerated group-membership-enumerated ldap_search",
    ),
    concept(
        "hidden file | data stream | timestomping | file time changed",
        "zone identifier | touch | attrib h",
        "changed-file-time created-stream",
    ),
    concept(
        "clipboard | keylogger | keystrokes | screenshot",
        "clipboard | keylog | screenshot",
        "changed-clipboard tty user_tty",
    ),
)
"""Everything beside logins and accounts."""
