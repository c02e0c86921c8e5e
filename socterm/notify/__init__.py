"""Tells new alerts where nobody looks at a console: webhook, ntfy, mail, and what Apprise knows.

What is told, how often and in which words are functions over values (`choose`, `words`, `retry`); each
channel is one file in `channels/`; `rounds` carries messages from the store's outbox to a channel, and
`notifier` does so beside the ingest. See docs/notify.md.
"""
