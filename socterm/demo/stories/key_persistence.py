"""A way back in with a key; and the configuration management that also writes keys."""

from __future__ import annotations

from socterm.demo.cast import ALICE, DEPLOY, ROOT, WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH, Pen, penned

OUTSIDE = "198.51.100.90"

TTY = "pts/1"


def _planted(pen: Pen) -> None:
    login = pen.login(110.0, pen.connect(WEB, ALICE.address), ALICE)
    pen.sudo(166.0, WEB, ALICE, "/usr/bin/tee -a /root/.ssh/authorized_keys", tty=TTY)
    pen.logout(204.0, login)


def _used(pen: Pen) -> None:
    key = ("ED25519", "SHA256:aV7kLp2RtN9yWc4XbQ1zHs6JmD0gUf5sEo8TiKwPqMe")
    login = pen.login(430.0, pen.connect(WEB, OUTSIDE), ROOT._replace(key=key))
    pen.logout(612.0, login)


def _playbook(pen: Pen) -> None:
    login = pen.login(200.0, pen.connect(WEB, DEPLOY.address), DEPLOY)
    for number, module in enumerate(_MODULES):
        at = 203.0 + 4.0 * number
        folder = f"ansible-tmp-1773739{160 + 4 * number}.{7412 + number}-4711-2604"
        script = f"/home/deploy/.ansible/tmp/{folder}/AnsiballZ_{module}.py"
        task = f"/bin/sh -c echo BECOME-SUCCESS-{_WORDS[number % len(_WORDS)]} ; /usr/bin/python3 {script}"
        pen.sudo(at, WEB, DEPLOY, task, tty="pts/2", lasts=1.1)
        if module == "systemd":
            pen.service(at + 0.3, WEB, "restart", "nginx.service", "A high performance web server")
    pen.logout(290.0, login)


_MODULES = (
    "setup",
    "apt",
    "group",
    "user",
    "authorized_key",
    "copy",
    "template",
    "file",
    "lineinfile",
    "cron",
    "systemd",
    "stat",
)
_WORDS = ("qmwvkzhprtcdyxlgsbnfjaeuoiqmwvkz", "zxcvasdfqwerpoiulkjhmnbvtyghfjdk")


STORIES = (
    Story(
        name="key_persistence",
        says="a key is appended to those of root through sudo, then used from outside",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter("planted", "sudo tee -a /root/.ssh/authorized_keys by alice", penned(_planted)),
            Chapter("used", "root logs in with the key from outside", penned(_used)),
        ),
        noise=(WORKING, INTERNET),
        alerts=(Expected("authorized_keys_written", {"user.name": "alice"}, ("planted",)),),
        quiet=(Quiet("root_password_login", {"source.ip": OUTSIDE}, "a key, not a password"),),
    ),
    Story(
        name="ansible_run",
        says="ansible sets the web host up: a dozen tasks as root through sudo, python from ~/.ansible/tmp",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter(
                "playbook",
                "deploy logs in with its key; sudo runs /bin/sh -c with python for each task",
                penned(_playbook),
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet(
                "sudo_shell_escape",
                {"user.name": "deploy"},
                "configuration management runs python as root all day",
            ),
            Quiet("run_from_temp", {"host.hostname": WEB.name}, "the folder of ansible, gone a second later"),
            Quiet("systemd_unit_added", {"host.hostname": WEB.name}, "a restart is no new unit"),
        ),
        twin_of="key_persistence",
    ),
)
