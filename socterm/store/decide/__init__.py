"""What people decide: verbs, undo and redo as transactions, and the audit trail of them all."""
