"""Where lines come from: files, the journal, syslog over UDP, standard input."""
