"""Running text: what is given to it while it is hidden is what is seen afterwards."""

from __future__ import annotations

from socterm.console.lines import line
from socterm.console.theme import DEFAULT, textual_themes
from socterm.console.widgets.text import TextView
from textual.app import App, ComposeResult
from textual.widgets import Static


class Page(App[None]):
    """A text beside another widget, as where one pane at a time has room."""

    def compose(self) -> ComposeResult:
        yield TextView("page")
        yield Static("beside")

    def on_mount(self) -> None:
        for theme in textual_themes():
            self.register_theme(theme)
        self.theme = DEFAULT


def seen(view: TextView) -> str:
    return "".join(segment.text for segment in view.render_line(0)).strip()


async def test_text_given_while_hidden_is_seen_when_it_comes_back() -> None:
    app = Page()
    async with app.run_test() as pilot:
        view = app.query_one(TextView)
        view.show([line(("before", "text"))])
        await pilot.pause()
        assert seen(view) == "before"
        view.display = False
        await pilot.pause()
        view.show([line(("after", "text"))], keep=True)
        view.display = True
        await pilot.pause()
        assert seen(view) == "after"
