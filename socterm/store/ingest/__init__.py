"""What ingest commits: batches, episodes, alerts and incidents, in one transaction each."""
