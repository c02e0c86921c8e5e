"""`socterm llm-doctor`: whether the local model is there, stays local, and can do what it is asked."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from socterm.cli.output import clean, json_option, put_json
from socterm.config import Config, load_config, prompts_dir

if TYPE_CHECKING:
    from socterm.analyst.doctor import Examination

_NEXT = {
    "absent": "Everything is answered from rules until there is one.",
    "unreachable": "Start the server, or set llm.host; until then everything is answered from rules.",
    "refused": "Choose a local one; llm.allow_remote is for who wants log text to leave this machine.",
}


@click.command("llm-doctor")
@click.option(
    "--backend", type=click.Choice(["ollama", "openai", "scripted", "none"]), help="Instead of llm.backend."
)
@click.option("--host", metavar="URL", help="Instead of llm.host.")
@click.option("--model", metavar="NAME", help="Instead of llm.model.")
@click.option(
    "--timeout", type=click.FloatRange(1, 3600), default=120.0, show_default=True, metavar="SECONDS",
    help="The longest it may take in all.",
)  # fmt: skip
@json_option
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file.")
def llm_doctor(
    backend: str | None,
    host: str | None,
    model: str | None,
    timeout: float,
    as_json: bool,
    config: Path | None,
) -> None:
    """Ask the local model's server what it is and what it can, with six log lines whose answers are known.

    Exit code 0: it can be relied on as far as this shows; 1: it answers, but there is something to do; 3: no
    model can be asked, and everything is answered from rules.
    """
    from socterm.analyst import open_backend
    from socterm.analyst.backends.patience import Limit
    from socterm.analyst.doctor import examine
    from socterm.analyst.prompts import Prompts

    flags = {"llm.backend": backend, "llm.host": host, "llm.model": model}
    settings = load_config(flags, path=config)
    limit = Limit(threading.Event(), timeout)
    steps = examine(open_backend(settings.llm), Prompts(prompts_dir(os.environ)), limit)
    if as_json:
        *_, found = steps
        put_json(doctor_json(settings, found))
    else:
        line("backend", _asked(settings))
        told: set[str] = set()
        for found in steps:
            tell(found, told)
        conclude(found)
    raise SystemExit(code(found))


def code(found: Examination) -> int:
    """The exit code of what was found."""
    if not found.usable:
        return 3
    return 1 if found.findings else 0


def line(name: str, text: str) -> None:
    """One fact."""
    click.echo(f"{name:<14}{clean(text)}")


def _asked(settings: Config) -> str:
    llm = settings.llm
    if llm.backend in ("none", "scripted"):
        return llm.backend
    return f"{llm.backend}, {llm.address or 'no host'}"


def tell(found: Examination, told: set[str]) -> None:
    """What is new since the last time; the probe is told at its end."""
    if "reachable" not in told:
        told.add("reachable")
        ok = found.health.state == "ok"
        said = f"yes, in {found.milliseconds:.0f} ms" if ok else f"no: {found.health.reason}"
        line("reachable" if ok or found.health.state == "unreachable" else found.health.state, said)
    card = found.card
    if card is not None and "card" not in told:
        told.add("card")
        line("server", f"{card.server} {card.version}".strip())
        line("model", f"{card.model} ({card.size})" if card.size else card.model)
        line("runs", "in a cloud: log text leaves this machine" if card.cloud else "on this machine")
        line("capabilities", ", ".join(card.capabilities) or "the server does not say")
        most = f", the model takes {card.context}" if card.context else ""
        line("context", f"{card.num_ctx} tokens are used{most}")


def conclude(found: Examination) -> None:
    """The probe, and what to do."""
    probe = found.probe
    if probe is not None:
        line("form", f"{probe.valid} of 6 answers valid, {probe.at_once} at once, {probe.right} right")
        if probe.valid:
            rate = f"{probe.rate:.1f} tokens/s, " if probe.rate else ""
            line("speed", f"{rate}{probe.seconds:.1f} s an answer")
        embeds = (
            f"{found.embeds}, {found.dimensions} numbers" if found.embeds else "none: search goes by words"
        )
        line("embeddings", embeds)
    for finding in found.findings:
        click.echo(f"- {clean(finding)}")
    if found.health.state != "ok":
        click.echo(_NEXT[found.health.state])
    elif not found.usable:
        click.echo("The model gives no usable answer: everything is answered from rules.")


def doctor_json(settings: Config, found: Examination) -> dict[str, Any]:
    """All of it for programs."""
    card, probe = found.card, found.probe
    return {
        "backend": settings.llm.backend,
        "host": settings.llm.address,
        "reachable": found.health.state in ("ok", "absent") and settings.llm.backend != "none",
        "state": found.health.state,
        "reason": found.health.reason,
        "milliseconds": round(found.milliseconds, 1),
        "model": card.model if card else found.health.model,
        "server": card.server if card else "",
        "version": card.version if card else "",
        "size": card.size if card else "",
        "capabilities": list(card.capabilities) if card else [],
        "cloud": card.cloud if card else None,
        "context": card.context if card else 0,
        "num_ctx": card.num_ctx if card else 0,
        "probe": probe and {name: getattr(probe, name) for name in probe.__struct_fields__},
        "embeddings": {"model": found.embeds, "dimensions": found.dimensions},
        "usable": found.usable,
        "findings": list(found.findings),
    }
