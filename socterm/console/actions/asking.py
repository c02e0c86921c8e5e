"""Lines and dialogues that ask something, and the list of keys."""

from socterm.console.actions.model import Group, group

# fmt: off
GROUPS: tuple[Group, ...] = (
    group(
        "verdict", "After d",
        ("verdict.true", "t", "true", "An attack, and the rule was right", "choose('true_positive')", 1),
        ("verdict.benign", "b", "benign true", "What the rule looks for, but allowed",
         "choose('benign_true_positive')", 2),
        ("verdict.false", "f", "false", "The rule was wrong", "choose('false_positive')", 3),
        ("verdict.duplicate", "d", "duplicate", "Known from another alert", "choose('duplicate')", 4),
        ("verdict.test", "x", "test", "An exercise", "choose('test')", 5),
        ("verdict.cancel", "escape q", "cancel", "No verdict", "cancel", 6),
    ),
    group(
        "snooze", "After t",
        ("snooze.hour", "1", "hour", "For an hour", "choose('hour')", 1),
        ("snooze.four", "4", "hours", "For four hours", "choose('four')", 2),
        ("snooze.tomorrow", "t", "tomorrow 8:00", "Until tomorrow morning", "choose('tomorrow')", 3),
        ("snooze.monday", "w", "Monday 8:00", "Until Monday morning", "choose('monday')", 4),
        ("snooze.other", "s", "say when", "Type a time or how long", "choose('other')", 5),
        ("snooze.cancel", "escape q", "cancel", "Not at all", "cancel", 6),
    ),
    group(
        "proposal", "After A",
        ("proposal.first", "1", "first", "Do the first one", "choose(1)", 1),
        ("proposal.second", "2", "second", "Do the second one", "choose(2)", 2),
        ("proposal.third", "3", "third", "Do the third one", "choose(3)", 3),
        ("proposal.fourth", "4", "fourth", "Do the fourth one", "choose(4)", 4),
        ("proposal.cancel", "escape q", "leave", "Do none of them", "cancel", 5),
    ),
    group(
        "chat", "Chat line",
        ("chat.stop", "escape", "stop, back", "Stop the answer, or leave the chat line", "stop", 1),
        ("chat.new", "ctrl+n", "new", "Begin a new conversation", "fresh", 2),
        ("chat.earlier", "ctrl+o", "earlier", "Go on with an earlier conversation", "earlier", 3),
        ("chat.previous", "up", "last question", "Bring back the question asked before", "recall"),
        ("chat.further", "pagedown", "further", "Read on in the answer", "leaf(0.9)"),
        ("chat.back", "pageup", "back", "Read what stands above", "leaf(-0.9)"),
    ),
    group(
        "dialogue", "Dialogues",
        ("dialogue.close", "escape", "close", "Close without doing anything", "close", 1),
    ),
    group(
        "help", "List of keys",
        ("help.close", "escape q", "close", "Close the list of keys", "close", 1),
    ),
)
# fmt: on
