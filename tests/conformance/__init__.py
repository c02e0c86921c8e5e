"""Tests against corpora that are not ours; a package, so that file names may recur among other tests."""
