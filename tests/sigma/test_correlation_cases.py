"""Conformance of correlations: rules a to d, a story of events, and the alerts it must come to.

An alert is written `entity count first-last`, in seconds of the story; the entity is its group-by values.
"""

# A case is one line, however long.
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from correlation_story import T0, S, alerts_of, correlation, rules_of, story


class Case(NamedTuple):
    """`more` are further correlations, as `name: body`, put before c1."""

    name: str
    body: str
    events: str
    alerts: str
    more: tuple[tuple[str, str], ...] = ()


IP = "group-by: [source.ip]; timespan: 1m"
COUNT = f"type: event_count; rules: [a]; {IP}"
VALUES = f"type: value_count; rules: [a]; {IP}"
SUM = f"type: value_sum; rules: [a]; {IP}"
AVG = f"type: value_avg; rules: [a]; {IP}"
MEDIAN = f"type: value_median; rules: [a]; {IP}"
PERCENT = f"type: value_percentile; rules: [a]; {IP}"
NEAR = f"type: temporal; {IP}"
ORDER = f"type: temporal_ordered; {IP}"
USER = "user.name"
BRUTE = ("brute", f"type: event_count; rules: [a]; {IP}; condition: {{gte: 3}}")
N123 = "0 a n=1, 1 a n=2, 2 a n=3"

CASES = [
    # -- event_count
    Case("count_gte_reached", f"{COUNT}; condition: {{gte: 3}}", "0 a, 10 a, 20 a", "1 3 0-20"),
    Case("count_gte_missed", f"{COUNT}; condition: {{gte: 3}}", "0 a, 10 a", ""),
    Case("count_gt_needs_one_more", f"{COUNT}; condition: {{gt: 3}}", "0 a, 10 a, 20 a", ""),
    Case("count_gt_reached", f"{COUNT}; condition: {{gt: 3}}", "0 a, 1 a, 2 a, 3 a", "1 4 0-3"),
    Case("count_window_slides", f"{COUNT}; condition: {{gte: 3}}", "0 a, 50 a, 70 a, 100 a", "1 4 0-100"),
    Case("count_window_is_open_at_its_start", f"{COUNT}; condition: {{gte: 2}}", "0 a, 60 a", ""),
    Case("count_window_holds_just_less", f"{COUNT}; condition: {{gte: 2}}", "0 a, 59.999999 a", "1 2 0-60"),
    Case("count_of_repeats", f"{COUNT}; condition: {{gte: 5}}", "0 a repeat=5", "1 5 0-0"),
    Case("count_leaves_out_echoes", f"{COUNT}; condition: {{gte: 2}}", "0 a, 1 a repeat=0", ""),
    Case("count_by_group", f"{COUNT}; condition: {{gte: 2}}", "0 a, 1 a ip=2, 2 a ip=2", "2 2 1-2"),
    Case("count_two_groups", f"{COUNT}; condition: {{gte: 1}}", "0 a, 1 a ip=2", "1 1 0-0, 2 1 1-1"),
    Case("count_over_two_rules", f"type: event_count; rules: [a, b]; {IP}; condition: {{gte: 3}}", "0 a, 1 b, 2 a", "1 3 0-2"),
    Case("count_an_event_of_two_rules_once", f"type: event_count; rules: [a, b]; {IP}; condition: {{gte: 2}}", "0 ab", ""),
    Case("count_leaves_out_other_rules", f"{COUNT}; condition: {{gte: 2}}", "0 a, 1 b, 2 c", ""),
    Case("count_two_episodes", f"{COUNT}; condition: {{gte: 2}}", "0 a, 1 a, 602 a, 603 a", "1 2 0-1, 1 2 602-603"),
    Case("count_one_episode_over_the_gap", f"{COUNT}; condition: {{gte: 2}}", "0 a, 1 a, 601 a, 1000 a", "1 4 0-1000"),
    Case("count_zero_is_always", f"{COUNT}; condition: {{gte: 0}}", "0 a", "1 1 0-0"),
    Case("count_lt_judges_the_whole_span", f"{COUNT}; condition: {{lt: 3}}", "0 a, 1 a, 2 a", ""),
    Case("count_lt_holds", f"{COUNT}; condition: {{lt: 3}}", "0 a, 1 a", "1 2 0-1"),
    Case("count_lte_holds", f"{COUNT}; condition: {{lte: 2}}", "0 a, 1 a", "1 2 0-1"),
    Case("count_lte_not", f"{COUNT}; condition: {{lte: 1}}", "0 a, 1 a", ""),
    Case("count_eq_holds", f"{COUNT}; condition: {{eq: 2}}", "0 a, 1 a", "1 2 0-1"),
    Case("count_eq_undone_by_more", f"{COUNT}; condition: {{eq: 2}}", "0 a, 1 a, 59 a", ""),
    Case("count_eq_next_window", f"{COUNT}; condition: {{eq: 1}}", "0 a, 1 a, 60 a", "1 3 0-60"),
    Case("count_neq", f"{COUNT}; condition: {{neq: 2}}", "0 a, 1 a, 2 a", "1 3 0-2"),
    Case("count_neq_not", f"{COUNT}; condition: {{neq: 2}}", "0 a, 1 a", ""),
    Case("count_range_inside", f"{COUNT}; condition: {{gte: 2, lte: 3}}", "0 a, 1 a, 2 a", "1 3 0-2"),
    Case("count_range_below", f"{COUNT}; condition: {{gte: 2, lte: 3}}", "0 a", ""),
    Case("count_range_above", f"{COUNT}; condition: {{gt: 1, lt: 4}}", "0 a, 1 a, 2 a, 3 a", ""),
    Case("count_range_of_two_lower_bounds", f"{COUNT}; condition: {{gt: 1, gte: 3}}", "0 a, 1 a, 2 a", "1 3 0-2"),
    # -- grouping
    Case("group_by_two", "type: event_count; rules: [a]; group-by: [source.ip, user.name]; timespan: 1m; condition: {gte: 2}", "0 a user=x, 1 a user=y, 2 a user=x", "1|x 2 0-2"),
    Case("group_by_nothing", "type: event_count; rules: [a]; timespan: 1m; condition: {gte: 2}", "0 a, 1 a ip=2", "- 2 0-1"),
    Case("group_by_one_name", "type: event_count; rules: a; group-by: source.ip; timespan: 1m; condition: {gte: 2}", "0 a, 1 a", "1 2 0-1"),
    Case("group_missing_is_left_out", f"{COUNT}; condition: {{gte: 2}}", "0 a, 1 a ip=-, 2 a", "1 2 0-2"),
    Case("group_empty_is_left_out", f"{COUNT}; condition: {{gte: 2}}", "0 a ip=, 1 a ip=", ""),
    Case("group_list_counts_in_each", f"{COUNT}; condition: {{gte: 2}}", "0 a ip=1+2, 1 a ip=2+3", "2 2 0-1"),
    Case("group_list_of_the_same_once", f"{COUNT}; condition: {{gte: 2}}", "0 a ip=1+1", ""),
    Case("group_by_number", "type: event_count; rules: [a]; group-by: [port]; timespan: 1m; condition: {gte: 2}", "0 a port:=22, 1 a port=22", "22 2 0-1"),
    Case("group_by_a_field_as_written", "type: event_count; rules: [a]; group-by: [Odd_Field]; timespan: 1m; condition: {gte: 2}", "0 a OddField=x, 1 a Odd_Field=x", "x 2 0-1"),
    Case("alias", "type: temporal; rules: [a, b]; group-by: [who]; timespan: 1m; aliases: {who: {a: source.ip, b: destination.ip}}", "0 a ip=9, 5 b ip=8 destination.ip=9", "9 2 0-5"),
    Case("alias_other_value", "type: temporal; rules: [a, b]; group-by: [who]; timespan: 1m; aliases: {who: {a: source.ip, b: destination.ip}}", "0 a ip=9, 5 b ip=9 destination.ip=8", ""),
    Case("alias_two", "type: temporal; rules: [a, b]; group-by: [x, y]; timespan: 1m; aliases: {x: {a: s, b: d}, y: {a: d, b: s}}", "0 a s=1 d=2, 5 b s=2 d=1", "1|2 2 0-5"),
    Case("alias_for_the_counted_field", f"type: value_count; rules: [a, b]; {IP}; condition: {{field: who, gte: 2}}; aliases: {{who: {{a: x, b: y}}}}", "0 a x=1 y=9, 1 b x=9 y=1, 2 b y=2", "1 3 0-2"),
    # -- value_count
    Case("values_reached", f"{VALUES}; condition: {{field: {USER}, gte: 2}}", "0 a user=x, 1 a user=y", "1 2 0-1"),
    Case("values_the_same", f"{VALUES}; condition: {{field: {USER}, gte: 2}}", "0 a user=x, 1 a user=x", ""),
    Case("values_case_differs", f"{VALUES}; condition: {{field: {USER}, gte: 2}}", "0 a user=x, 1 a user=X", "1 2 0-1"),
    Case("values_gt", f"{VALUES}; condition: {{field: {USER}, gt: 2}}", "0 a user=x, 1 a user=y", ""),
    Case("values_missing_left_out", f"{VALUES}; condition: {{field: {USER}, gte: 2}}", "0 a user=x, 1 a, 2 a user=y", "1 2 0-2"),
    Case("values_of_a_list", f"{VALUES}; condition: {{field: {USER}, gte: 3}}", "0 a user=x+y, 1 a user=z", "1 2 0-1"),
    Case("values_slide", f"{VALUES}; condition: {{field: {USER}, gte: 2}}", "0 a user=x, 60 a user=y", ""),
    Case("values_lt", f"{VALUES}; condition: {{field: {USER}, lt: 2}}", "0 a user=x, 1 a user=x", "1 2 0-1"),
    Case("values_eq", f"{VALUES}; condition: {{field: {USER}, eq: 2}}", "0 a user=x, 1 a user=y, 2 a user=x", "1 3 0-2"),
    Case("values_range", f"{VALUES}; condition: {{field: {USER}, gte: 2, lte: 2}}", "0 a user=x, 1 a user=y, 2 a user=z", ""),
    Case("values_together", f"{VALUES}; condition: {{field: [{USER}, n], gte: 3}}", "0 a user=x n=1, 1 a user=x n=2, 2 a user=y n=1", "1 3 0-2"),
    Case("values_together_one_missing", f"{VALUES}; condition: {{field: [{USER}, n], gte: 2}}", "0 a user=x n=1, 1 a user=y", ""),
    Case("values_together_are_not_glued", f"{VALUES}; condition: {{field: [{USER}, n], gte: 2}}", "0 a user=x1 n=1, 1 a user=x n=11", "1 2 0-1"),
    Case("values_over_two_rules", f"type: value_count; rules: [a, b]; {IP}; condition: {{field: {USER}, gte: 2}}", "0 a user=x, 1 b user=y", "1 2 0-1"),
    # -- numbers
    Case("sum_reached", f"{SUM}; condition: {{field: n, gte: 6}}", N123, "1 3 0-2"),
    Case("sum_missed", f"{SUM}; condition: {{field: n, gt: 6}}", N123, ""),
    Case("sum_slides", f"{SUM}; condition: {{field: n, gte: 6}}", "0 a n=1, 30 a n=2, 61 a n=3", ""),
    Case("sum_exact_decimals", f"{SUM}; condition: {{field: n, gte: 0.3}}", "0 a n=0.1, 1 a n=0.2", "1 2 0-1"),
    Case("sum_exact_decimals_not_more", f"{SUM}; condition: {{field: n, gt: 0.3}}", "0 a n=0.1, 1 a n:=0.2", ""),
    Case("sum_of_negative", f"{SUM}; condition: {{field: n, gt: 5}}", "0 a n=-2, 1 a n=6", ""),
    Case("sum_a_late_negative_undoes", f"{SUM}; condition: {{field: n, gt: 5}}", "1 a n=6, 0 a n=-2", ""),
    Case("sum_leaves_out_words", f"{SUM}; condition: {{field: n, gte: 3}}", "0 a n=1, 1 a n=many, 2 a n=0x10, 3 a n=2", "1 2 0-3"),
    Case("sum_weighs_repeats", f"{SUM}; condition: {{field: n, gte: 6}}", "0 a n=2 repeat=3", "1 3 0-0"),
    Case("sum_of_a_list", f"{SUM}; condition: {{field: n, gte: 6}}", "0 a n=1+2+3", "1 1 0-0"),
    Case("sum_lt_judges_the_whole_span", f"{SUM}; condition: {{field: n, lt: 6}}", N123, ""),
    Case("sum_range", f"{SUM}; condition: {{field: n, gte: 5, lt: 7}}", N123, "1 3 0-2"),
    Case("sum_eq", f"{SUM}; condition: {{field: n, eq: 6}}", N123, "1 3 0-2"),
    Case("avg_over", f"{AVG}; condition: {{field: n, gte: 2}}", N123, "1 3 0-2"),
    Case("avg_not_over", f"{AVG}; condition: {{field: n, gt: 2}}", N123, ""),
    Case("avg_undone_by_later", f"{AVG}; condition: {{field: n, gt: 5}}", "0 a n=9, 1 a n=0", ""),
    Case("avg_under", f"{AVG}; condition: {{field: n, lt: 2.5}}", N123, "1 3 0-2"),
    Case("avg_weighs_repeats", f"{AVG}; condition: {{field: n, eq: 3}}", "0 a n=1, 1 a n=4 repeat=2", "1 3 0-1"),
    Case("median_odd", f"{MEDIAN}; condition: {{field: n, eq: 2}}", "0 a n=1, 1 a n=99, 2 a n=2", "1 3 0-2"),
    Case("median_even", f"{MEDIAN}; condition: {{field: n, eq: 2.5}}", "0 a n=1, 1 a n=2, 2 a n=3, 3 a n=99", "1 4 0-3"),
    Case("median_not", f"{MEDIAN}; condition: {{field: n, gt: 2}}", "0 a n=1, 1 a n=99, 2 a n=2", ""),
    Case("percentile_between_two", f"{PERCENT}; condition: {{field: n, percentile: 75, eq: 30}}", "0 a n=10, 1 a n=20, 2 a n=40", "1 3 0-2"),
    Case("percentile_of_all", f"{PERCENT}; condition: {{field: n, percentile: 100, gte: 40}}", "0 a n=10, 1 a n=40", "1 2 0-1"),
    Case("percentile_zero_is_the_least", f"{PERCENT}; condition: {{field: n, percentile: 0, lte: 10}}", "0 a n=10, 1 a n=40", "1 2 0-1"),
    Case("percentile_not", f"{PERCENT}; condition: {{field: n, percentile: 50, gt: 25}}", "0 a n=10, 1 a n=40", ""),
    Case("share_of_a_rare_value", f"{PERCENT}; condition: {{field: {USER}, lte: 25}}", "0 a user=x repeat=3, 1 a user=y", "1 4 0-1"),
    Case("share_none_rare", f"{PERCENT}; condition: {{field: {USER}, lt: 50}}", "0 a user=x, 1 a user=y", ""),
    # -- temporal
    Case("temporal_all", f"{NEAR}; rules: [a, b]", "0 b, 5 a", "1 2 0-5"),
    Case("temporal_one_missing", f"{NEAR}; rules: [a, b, c]", "0 b, 5 a", ""),
    Case("temporal_too_far", f"{NEAR}; rules: [a, b]", "0 b, 60 a", ""),
    Case("temporal_other_group", f"{NEAR}; rules: [a, b]", "0 b, 5 a ip=2", ""),
    Case("temporal_one_event_is_both", f"{NEAR}; rules: [a, b]", "0 ab", "1 1 0-0"),
    Case("temporal_two_of_three", f"{NEAR}; rules: [a, b, c]; condition: {{gte: 2}}", "0 c, 5 a", "1 2 0-5"),
    Case("temporal_two_of_three_not_one", f"{NEAR}; rules: [a, b, c]; condition: {{gte: 2}}", "0 c, 5 c", ""),
    Case("temporal_more_than_one", f"{NEAR}; rules: [a, b, c]; condition: {{gt: 1}}", "0 c, 5 a", "1 2 0-5"),
    Case("temporal_exactly_one", f"{NEAR}; rules: [a, b]; condition: {{eq: 1}}", "0 a, 5 a", "1 2 0-5"),
    Case("temporal_exactly_one_undone", f"{NEAR}; rules: [a, b]; condition: {{eq: 1}}", "0 a, 5 b", ""),
    Case("ordered_in_order", f"{ORDER}; rules: [a, b]", "0 a, 5 b", "1 2 0-5"),
    Case("ordered_wrong_order", f"{ORDER}; rules: [a, b]", "0 b, 5 a", ""),
    Case("ordered_one_event_is_no_two_steps", f"{ORDER}; rules: [a, b]", "0 ab", ""),
    Case("ordered_three", f"{ORDER}; rules: [a, b, c]", "0 a, 1 c, 2 b, 3 c", "1 4 0-3"),
    Case("ordered_too_far", f"{ORDER}; rules: [a, b, c]", "0 a, 30 b, 60 c", ""),
    Case("ordered_two_of_three", f"{ORDER}; rules: [a, b, c]; condition: {{gte: 2}}", "0 a, 5 c", "1 2 0-5"),
    Case("ordered_two_of_three_not_back", f"{ORDER}; rules: [a, b, c]; condition: {{gte: 2}}", "0 c, 5 a", ""),
    # -- and, or, not
    Case("bool_and", f"{NEAR}; condition: a and b", "0 b, 5 a", "1 2 0-5"),
    Case("bool_upper_case", f"{NEAR}; condition: a AND b", "0 b, 5 a", "1 2 0-5"),
    Case("bool_or", f"{NEAR}; condition: a or b", "0 b", "1 1 0-0"),
    Case("bool_and_before_or", f"{NEAR}; condition: a or b and c", "0 b, 5 c", "1 2 0-5"),
    Case("bool_brackets", f"{NEAR}; condition: (a or b) and c", "0 b", ""),
    Case("bool_brackets_hold", f"{NEAR}; condition: (a or b) and c", "0 c, 5 b", "1 2 0-5"),
    Case("bool_rules_repeated", f"{NEAR}; rules: [a, b]; condition: a and b", "0 b, 5 a", "1 2 0-5"),
    Case("not_nothing_came", f"{NEAR}; condition: a and not b", "0 a", "1 1 0-0"),
    Case("not_it_came_after", f"{NEAR}; condition: a and not b", "0 a, 59 b", ""),
    Case("not_it_came_before", f"{NEAR}; condition: a and not b", "0 b, 59 a", ""),
    Case("not_too_late_to_matter", f"{NEAR}; condition: a and not b", "0 a, 60 b", "1 1 0-0"),
    Case("not_too_early_to_matter", f"{NEAR}; condition: a and not b", "0 b, 60 a", "1 1 60-60"),
    Case("not_other_group", f"{NEAR}; condition: a and not b", "0 a, 5 b ip=2", "1 1 0-0"),
    Case("not_the_same_event", f"{NEAR}; condition: a and not b", "0 ab", ""),
    Case("not_one_of_two", f"{NEAR}; condition: a and not b", "0 a, 1 b, 100 a", "1 2 0-100"),
    Case("not_and_and", f"{NEAR}; condition: a and b and not c", "0 a, 5 b", "1 2 0-5"),
    Case("not_and_and_undone", f"{NEAR}; condition: a and b and not c", "0 a, 5 b, 10 c", ""),
    Case("not_of_brackets", f"{NEAR}; condition: a and not (b or c)", "0 a, 5 c", ""),
    Case("not_of_and", f"{NEAR}; condition: a and not (b and c)", "0 a, 5 c", "1 1 0-0"),
    Case("not_not", f"{NEAR}; condition: not not a and b", "0 a, 5 b", "1 2 0-5"),
    Case("not_either_alone", f"{NEAR}; condition: (a and not b) or (b and not a)", "0 b", "1 1 0-0"),
    Case("not_either_alone_both", f"{NEAR}; condition: (a and not b) or (b and not a)", "0 b, 5 a", ""),
    Case("not_ordered_after", f"{ORDER}; rules: [a, b]; condition: a and not b", "0 a, 5 b", ""),
    Case("not_ordered_before_is_fine", f"{ORDER}; rules: [a, b]; condition: a and not b", "0 b, 5 a", "1 1 5-5"),
    Case("not_ordered_first", f"{ORDER}; rules: [b, a]; condition: a and not b", "0 b, 5 a", ""),
    Case("not_ordered_first_after_is_fine", f"{ORDER}; rules: [b, a]; condition: a and not b", "0 a, 5 b", "1 1 0-0"),
    Case("not_ordered_between", f"{ORDER}; rules: [a, b, c]; condition: a and not b and c", "0 a, 5 c", "1 2 0-5"),
    Case("not_ordered_between_broken", f"{ORDER}; rules: [a, b, c]; condition: a and not b and c", "0 a, 3 b, 5 c", ""),
    Case("not_ordered_between_anew", f"{ORDER}; rules: [a, b, c]; condition: a and not b and c", "0 a, 3 b, 4 a, 5 c", "1 3 0-5"),
    Case("ordered_or", f"{ORDER}; rules: [a, b, c]; condition: (a or b) and c", "0 b, 5 c", "1 2 0-5"),
    Case("ordered_or_wrong_order", f"{ORDER}; rules: [a, b, c]; condition: (a or b) and c", "0 c, 5 b", ""),
    # -- chains
    Case("chain", f"{ORDER}; rules: [brute, b]", "0 a, 1 a, 2 a, 9 b", "1 4 0-9", (BRUTE,)),
    Case("chain_without_its_base", f"{ORDER}; rules: [brute, b]", "0 a, 1 a, 9 b", "", (BRUTE,)),
    Case("chain_counts_each_event_once", f"type: event_count; rules: [brute]; {IP}; condition: {{gte: 2}}", "0 a, 1 a, 2 a, 3 a", "1 4 0-3", (BRUTE,)),
    Case("chain_with_not", f"{NEAR}; condition: brute and not b", "0 a, 1 a, 2 a, 90 b", "1 3 0-2", (BRUTE,)),
    Case("chain_with_not_undone", f"{NEAR}; condition: brute and not b", "0 a, 1 a, 2 a, 9 b", "", (BRUTE,)),
    Case("chain_by_a_field_of_the_event", "type: value_count; rules: [brute]; timespan: 1m; group-by: [user.name]; condition: {field: source.ip, gte: 2}", "0 a user=x, 1 a user=x, 2 a user=x, 10 a ip=2 user=x, 11 a ip=2 user=x, 12 a ip=2 user=x", "x 6 0-12", (BRUTE,)),
    Case("chain_on_one_that_waits", f"{NEAR}; rules: [seldom, b]", "0 a, 5 b", "1 2 0-5", (("seldom", f"{COUNT}; condition: {{lt: 2}}"),)),
    Case("chain_on_one_that_waits_not", f"{NEAR}; rules: [seldom, b]", "0 a, 1 a, 5 b", "", (("seldom", f"{COUNT}; condition: {{lt: 2}}"),)),
    Case("chain_sum_of_firings", f"type: value_sum; rules: [brute]; {IP}; condition: {{field: n, gte: 7}}", "0 a n=1, 1 a n=1, 2 a n=3, 3 a n=4", "1 4 0-3", (BRUTE,)),
    # -- time spans
    Case("span_hours", "type: event_count; rules: [a]; group-by: [source.ip]; timespan: 1h; condition: {gte: 2}", "0 a, 3599 a", "1 2 0-3599"),
    Case("span_days", "type: event_count; rules: [a]; group-by: [source.ip]; timespan: 1d; condition: {gte: 2}", "0 a, 86399 a", "1 2 0-86399"),
]  # fmt: skip


def written(rows: list[tuple]) -> str:
    def seconds(ts: int) -> str:
        return f"{round((ts - T0) / S)}"

    shown = [
        f"{'|'.join(value for _, value in entity) or '-'} {count} {seconds(first[0])}-{seconds(last[0])}"
        for rule, entity, first, last, count, *_ in rows
        if rule == "c1"
    ]
    return ", ".join(shown)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(tmp_path: Path, case: Case) -> None:
    more = [correlation(body, name) for name, body in case.more]
    rules = rules_of(tmp_path, *more, correlation(case.body))
    refused = [fate.reason for fate in rules.fates if fate.fate == "refused"]
    assert not refused
    assert written(alerts_of(rules, story(case.events))) == case.alerts


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 120
    assert len({case.name for case in CASES}) == len(CASES)
