"""What is wrong, odd or missing in rule files, with the place of each finding. One file a kind of check."""
