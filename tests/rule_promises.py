"""What our rules promise, as data: which rule is which detection, and why where one differs from the rest."""

from __future__ import annotations

DETECTIONS: dict[str, str] = {
    "a01": "brute_force brute_force_audited brute_force_domain brute_force_user ssh_attempts_exhausted "
    "ssh_key_guessing",
    "a02": "slow_brute_force steady_brute_force very_slow_brute_force",
    "a03": "password_spraying user_enumeration",
    "a04": "distributed_brute_force distributed_spraying ssh_attempts_exhausted_by_many",
    "a05": "success_after_brute_force success_after_slow_brute_force",
    "a06": "success_after_failures_elsewhere",
    "a07": "risky_country_login",
    "a08": "new_country_login new_source_login",
    "a09": "new_ssh_key",
    "a10": "impossible_travel",
    "a11": "service_account_login",
    "a12": "root_password_login",
    "a13": "login_outside_hours",
    "a14": "dormant_account_login",
    "a15": "first_password_login",
    "a16": "shared_credential",
    "a17": "ssh_scanner",
    "a18": "ssh_auth_timeouts",
    "a19": "sshd_anomaly",
    "a20": "repeat_offender",
    "b01": "sudo_refused",
    "b02": "sudo_wrong_passwords",
    "b03": "first_sudo",
    "b04": "shell_out_of_program sudo_escapable_program sudo_shell_escape",
    "b05": "su_root_guessing",
    "b06": "root_after_external_login",
    "b07": (
        "root_then_data root_then_data_as_root root_then_data_audited root_then_download "
        "root_then_download_by_address"
    ),
    "b08": "polkit_exploit",
    "b09": "setuid_granted setuid_shell",
    "c01": "user_created",
    "c02": "admin_group_replaced admin_rights_granted sudoers_written",
    "c03": "short_lived_account",
    "c04": "account_after_attack",
    "c05": "password_changed_by_other",
    "c06": "authorized_keys_written",
    "d01": "cron_file_changed root_crontab_replaced suspicious_cron",
    "d02": "new_cron_command",
    "d03": "new_service systemd_unit_added",
    "d04": "service_crash_loop service_failing",
    "d05": "login_hook_modified",
    "d06": "kernel_module_loaded",
    "d07": "package_change_outside_hours",
    "d08": "usb_storage_attached",
    "e01": "log_cleared log_file_emptied log_file_removed",
    "e02": "log_shipper_stopped logging_stopped logging_stopped_audited",
    "e03": "audit_log_silent source_silent",
    "e04": "firewall_disabled firewall_stopped",
    "e05": "mandatory_access_disabled policy_denied_burst selinux_permissive",
    "e06": "promiscuous_mode promiscuous_mode_audited",
    "e07": "clock_set_back clock_set_by_hand journal_time_jumped_back",
    "f01": "download_piped_to_shell installer_piped_to_shell reverse_shell shell_connects_out",
    "f02": "run_from_temp",
    "f03": "shell_by_service",
    "f04": "discovery_burst discovery_burst_nameless discovery_sweep",
    "f05": "rare_root_program",
    "g01": "web_scanner",
    "g02": "web_attack",
    "g03": "web_attack_succeeded",
    "g04": "web_login_after_brute_force web_login_brute_force",
    "g05": "sensitive_file_probe",
    "g06": "rotating_user_agent",
    "g07": "web_shell",
    "g08": "upload_spike web_download_spike web_exfiltration",
    "g09": "http_flood",
    "h01": "port_scan",
    "h02": "host_sweep",
    "h03": "known_bad_connection",
    "h04": "rare_destination",
    "h05": "beaconing",
    "i01": "dns_tunnel",
    "i02": "nxdomain_burst",
    "i03": "new_domain",
    "i04": "suspicious_domain",
    "i05": "dns_refused_burst",
    "j01": (
        "windows_brute_force windows_brute_force_user windows_distributed_brute_force "
        "windows_ntlm_spraying windows_password_spraying windows_slow_brute_force "
        "windows_success_after_brute_force"
    ),
    "j02": "windows_public_logon",
    "j03": (
        "windows_account_created windows_admin_added windows_hidden_account_created "
        "windows_remote_access_granted"
    ),
    "j04": "windows_audit_disabled windows_audit_reduced windows_log_cleared",
    "j05": "windows_new_service windows_service_installed",
    "j06": "windows_new_task windows_task_created",
    "j07": "asrep_roasting kerberoasting weak_ticket_first_seen",
    "j08": "dcsync dcsync_new_machine",
    "j09": "explicit_credentials explicit_credentials_spraying",
    "j10": "lateral_spread",
    "j11": "encoded_powershell suspicious_powershell windows_lolbin windows_recovery_destroyed",
    "j12": "defender_disabled defender_exclusion_added",
    "k01": "several_detections several_tactics",
    "k02": "entity_risk",
}
"""Id of a detection → the rules that are it; others may carry its tag, too."""

BEYOND: dict[str, str] = {
    "mfa_fatigue": "clouds, identity and containers",
    "m365_mail_forwarded": "clouds, identity and containers",
    "kubernetes_pod_owns_host": "clouds, identity and containers",
    "kubernetes_exec": "clouds, identity and containers",
    "kubernetes_anonymous": "clouds, identity and containers",
    "guardduty_grave": "clouds, identity and containers",
    "falco_grave": "clouds, identity and containers",
    "entra_admin_made": "clouds, identity and containers",
    "entra_admin_consent": "clouds, identity and containers",
    "aws_console_without_mfa": "clouds, identity and containers",
    "aws_credentials_for_another": "clouds, identity and containers",
    "aws_logging_stopped": "clouds, identity and containers",
    "aws_port_opened_to_all": "clouds, identity and containers",
    "aws_root_used": "clouds, identity and containers",
    "credential_files_read": "what comes after a break-in",
    "crypto_miner": "what comes after a break-in",
    "data_sent_out": "what comes after a break-in",
    "destruction": "what comes after a break-in",
    "files_encrypted": "what comes after a break-in",
    "files_encrypted_nameless": "what comes after a break-in",
    "onward_login": "what comes after a break-in",
    "tunnel_opened": "what comes after a break-in",
    "prompt_injection": "is aimed at whoever reads the logs, not at the machines",
    "prompt_injection_application": "is aimed at whoever reads the logs, not at the machines",
    "prompt_injection_network": "is aimed at whoever reads the logs, not at the machines",
    "prompt_injection_web": "is aimed at whoever reads the logs, not at the machines",
    "prompt_injection_windows": "is aimed at whoever reads the logs, not at the machines",
    "slow_port_scan": "what keeps below the rates of the others",
    "dns_tunnel_slow": "what keeps below the rates of the others",
    "dns_zone_transfer": "a server's names asked for all at once",
    "sensor_attack": "hands on what a network sensor found by rules of its own",
    "sensor_attempt": "hands on what a network sensor found by rules of its own",
    "sensor_infection": "hands on what a network sensor found by rules of its own",
    "sensor_outward": "hands on what a network sensor found by rules of its own",
    "azure_access_elevated": "clouds, identity and containers",
    "azure_logging_stopped": "clouds, identity and containers",
    "gcp_logging_stopped": "clouds, identity and containers",
    "gcp_opened": "clouds, identity and containers",
    "github_protection_removed": "clouds, identity and containers",
    "github_repository_published": "clouds, identity and containers",
    "kubernetes_admin_made": "clouds, identity and containers",
    "kubernetes_secrets_listed": "clouds, identity and containers",
    "okta_admin_made": "clouds, identity and containers",
    "okta_way_in_made": "clouds, identity and containers",
    "workspace_admin_made": "clouds, identity and containers",
    "workspace_second_factor_off": "clouds, identity and containers",
    "mssql_shell_opened": "databases, from which one comes to the machine",
    "mssql_shell_opened_windows": "databases, from which one comes to the machine",
    "mysql_code_brought": "databases, from which one comes to the machine",
    "mysql_rights_granted": "databases, from which one comes to the machine",
    "postgresql_code_brought": "databases, from which one comes to the machine",
    "postgresql_program_run": "databases, from which one comes to the machine",
    "postgresql_rights_granted": "databases, from which one comes to the machine",
    "redis_taken_over": "databases, from which one comes to the machine",
    "redis_web_request": "databases, from which one comes to the machine",
    "kerberos_spraying_on_wire": "logins seen on the wire, where no server's log is read",
    "ssh_guessed_on_wire": "logins seen on the wire, where no server's log is read",
    "ssh_guessing_on_wire": "logins seen on the wire, where no server's log is read",
    "windows_document_runs_program": "programs that servers, services and documents should not start",
    "windows_remote_execution": "programs that servers, services and documents should not start",
    "windows_shell_by_service": "programs that servers, services and documents should not start",
    "container_escape": "clouds, identity and containers",
    "lsass_handle_given": "what comes after a break-in",
    "lsass_memory_read": "what comes after a break-in",
}
"""Rules that alert and are none of the detections → why they are there."""

LEVELS = ("informational", "low", "medium", "high", "critical")

RISK: dict[str, tuple[int, int]] = {
    "low": (1, 30),
    "medium": (20, 60),
    "high": (50, 90),
    "critical": (80, 100),
}
"""Level → what risk may be. The bands overlap: how sure a rule is counts, too."""

TACTICS = {
    "reconnaissance",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "stealth",
    "defense-impairment",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
}
"""All but resource-development, which no log here shows."""

NO_TECHNIQUE: dict[str, str] = {
    "prompt_injection": "ATT&CK has no technique for text that is written for a model",
    "prompt_injection_application": "ATT&CK has no technique for text that is written for a model",
    "prompt_injection_network": "ATT&CK has no technique for text that is written for a model",
    "prompt_injection_web": "ATT&CK has no technique for text that is written for a model",
    "prompt_injection_windows": "ATT&CK has no technique for text that is written for a model",
    "several_detections": "adds up alerts of any technique",
    "several_tactics": "adds up alerts of any technique",
    "entity_risk": "adds up alerts of any technique",
}

NO_RISK: dict[str, str] = {
    "entity_risk": "adds up the risk of others and would count itself",
}

ONE_POSITIVE: dict[str, str] = {
    "http_flood": "a test of it is 200 lines; the one has both forms",
}

ONE_FORM: dict[str, str] = {
    "new_domain": "asks the inventory, which in a test only events can bring",
}

ENTITY_UNSAID: dict[str, str] = {
    "logging_stopped_audited": "an audit log of one machine names nobody",
}

OWN_WORDS = {
    "accept",
    "allow",
    "allowed",
    "block",
    "blocked",
    "denied",
    "deny",
    "drop",
    "dropped",
    "pass",
    "reject",
    "rejected",
}
"""Actions in the words of firewalls that log JSON or key=value lines, which parsers keep as they are."""
