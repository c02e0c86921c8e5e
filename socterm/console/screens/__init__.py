"""Full screens and dialogues of the console."""
