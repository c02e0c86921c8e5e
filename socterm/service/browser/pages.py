"""The two pages there are: the form to log in with, and the terminal."""

from __future__ import annotations

from html import escape
from typing import Final

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # the terminal writes its colours into a style element
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""What the browser may load and where forms may go: here, and nowhere else (CSP 3)."""

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    # With no-referrer a browser sends `Origin: null` with the form, which is not ours.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>socterm</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/terminal.css">
<link rel="stylesheet" href="/assets/page.css">
{head}</head>
<body>
{body}</body>
</html>
"""


def login(wrong: str = "") -> str:
    """The form; `wrong` says why it is there again."""
    return _PAGE.format(
        head="",
        body=f"""<main>
<h1>socterm</h1>
<p class="wrong" role="alert">{escape(wrong)}</p>
<form method="post" action="/login">
<label>Name <input name="username" autocomplete="username" required autofocus maxlength="200"></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required
 maxlength="1000"></label>
<button>Log in</button>
</form>
</main>
""",
    )


def entered(key: str) -> str:
    """What a login is answered with: its script keeps the key where pages of ours read it, and goes on."""
    return _PAGE.format(
        head='<script src="/assets/enter.js"></script>\n',
        body=f"""<main data-key="{escape(key)}">
<p>You are logged in. The console needs JavaScript, and leave to keep a key here.</p>
</main>
""",
    )


def terminal(name: str, role: str, socket: str) -> str:
    """The console of one person; `socket` is the URL it speaks through, to which the page adds its key."""
    return _PAGE.format(
        head='<script src="/assets/terminal.js"></script>\n<script src="/assets/page.js"></script>\n',
        body=f"""<div class="bar"><b>socterm</b> <span>{escape(name)} · {escape(role)}</span>
<form method="post" action="/logout"><button>Log out</button></form></div>
<div id="terminal" class="textual-terminal" data-session-websocket-url="{escape(socket)}"
 data-font-size="14"></div>
<div class="over"><span>This console has ended. <a href="/console">Open it again</a></span></div>
""",
    )


def refused(why: str) -> str:
    """Why there is nothing to see here."""
    return _PAGE.format(
        head="",
        body=f"""<main>
<h1>socterm</h1>
<p class="wrong" role="alert">{escape(why)}</p>
<p><a href="/">To the console</a></p>
</main>
""",
    )
