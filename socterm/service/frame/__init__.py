"""What every request goes through before an endpoint sees it, one concern a file."""
