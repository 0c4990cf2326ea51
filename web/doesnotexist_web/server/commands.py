"""`doesnotexist serve`: a waitress server that says where it is, and ends when it is told to."""

from __future__ import annotations

import errno
import logging
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from .options import operator_options

if TYPE_CHECKING:
    from flask import Flask

    from doesnotexist import Zoo

# A page's thread waits while its picture is made; others must not wait behind those, nor one domain behind
# the others. A picture that is asked for alone waits without one.
THREADS = 96
PLACES = 80  # of which this many may wait for pictures
QUEUE = 24  # and this many, without one at work, for those of one domain
SLOW_S = 20  # an idle or half-sent connection is closed after this
MAX_CONNECTIONS = 1200  # a thousand may wait for one picture, and others still be heard
MAX_HEADER = 16 * 1024  # bytes

# What a site does unless the environment says otherwise: it keeps what it has made, and a few that
# nobody has seen; and it refuses at once what would wait long, while threads are left for the rest.
USUAL = {
    "DOESNOTEXIST_WORKERS": "process",  # a plugin that crashes costs a restart, not the site
    "DOESNOTEXIST_MEDIA_BYTES": "64MiB",
    "DOESNOTEXIST_POOL_BYTES": "1MiB",
    "DOESNOTEXIST_QUEUE_SIZE": str(QUEUE),
}


class CannotListen(click.ClickException):
    """The address to serve on is not to be had."""

    exit_code = 3


@click.command()
@operator_options(USUAL)
@click.option(
    "--warm", default="all", metavar="DOMAINS", help="Whose models are loaded first: all, none, or a,b."
)
@click.option("--strict", is_flag=True, help="A plugin that cannot be used is fatal, not only marked.")
def serve(warm: str, strict: bool, **given: str | None) -> None:
    """Serve a page for every domain, an index of them all, and the API.

    Each option is also an environment variable, such as DOESNOTEXIST_PORT: see the README.
    """
    from doesnotexist import Settings, Zoo

    from ..app import create_app
    from .gate import order_early
    from .stalled import let_go_of_stalled
    from .stopping import Told, end_when_told, finish
    from .turns import run

    environment = {**USUAL, **os.environ}
    with Zoo(Settings.read(environment, **given, strict=strict or None)) as zoo:
        first = _warm(zoo, warm)
        app = create_app(zoo, PLACES)
        server = _listen(zoo, app)
        let_go_of_stalled(server)
        order_early(server, app)
        end_when_told()
        with suppress(Told):
            _announce(zoo, _port(server))
            if first != []:
                threading.Thread(target=zoo.warm, args=(first,), daemon=True).start()
            run(server)
        finish(server)


def _warm(zoo: Zoo, text: str) -> list[str] | None:
    """The domains to load first, None for all that are here; raises UnknownDomain."""
    if text in ("all", "none"):
        return None if text == "all" else []
    return [zoo.generator(domain.strip()).domain for domain in text.split(",")]


def _listen(zoo: Zoo, app: Flask) -> Any:
    """A server bound to its address; raises CannotListen."""
    from waitress import create_server

    from ..pages.verify import MAX_UPLOAD

    _allow_connections()
    # its warning for every request that waits a moment for a thread says nothing of use
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    host, port = zoo.settings.host, zoo.settings.port
    try:
        return create_server(
            app,
            host=host,
            port=port,
            threads=THREADS,
            channel_timeout=SLOW_S,
            connection_limit=MAX_CONNECTIONS,
            max_request_header_size=MAX_HEADER,
            max_request_body_size=MAX_UPLOAD,  # of /verify; what all else may have is said by its parser
            inbuf_overflow=MAX_UPLOAD,  # never on the disk
            channel_request_lookahead=1,  # to see that a visitor has gone who waits
            asyncore_use_poll=True,  # select() ends at descriptor 1024
            ident=None,  # no banner
            clear_untrusted_proxy_headers=False,  # whom to believe is for the application to say
        )
    except (OSError, ValueError) as error:
        raise CannotListen(f"cannot listen on {host}:{port}: {_why(error)}") from None


def _allow_connections() -> None:
    """Let this process open as many files as it may have connections, as far as the system allows."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MAX_CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return "something else listens there; end it, or choose another --port"
    return getattr(error, "strerror", None) or str(error)


def _port(server: Any) -> int:
    """The port it is bound to, also when it was to choose one."""
    several = getattr(server, "effective_listen", None)
    port: int = several[0][1] if several else server.effective_port
    return port


def _announce(zoo: Zoo, port: int) -> None:
    """Print where everything is."""
    from rich.console import Console
    from rich.text import Text

    from ..asking.hosts import Site

    site = Site("", zoo.settings.base_domain, "" if port == 80 else f":{port}")
    rows = [(site.home("http"), "all of them")]
    generators = zoo.plugins.generators.values()
    rows += [(site.address(g.domain, "http"), g.title) for g in generators]
    width = max(len(address) for address, _ in rows)
    # an address is printed whole, however narrow the window, and what is said of it is not coloured
    console = Console(highlight=False, soft_wrap=True)
    for address, title in rows:
        line = Text(f"{address:{width}}  ", style="bold")
        console.print(line.append(title, style="not bold"))
    if zoo.settings.base_domain == "localhost" and zoo.settings.host not in ("127.0.0.1", "::1", "localhost"):
        console.print("Other machines are refused until --base-domain says what they call this one.")
    for state in zoo.plugins.states:
        if state.state not in ("ready", "disabled"):
            console.print(Text(f"{state.name} is not served, {state.state}: {state.reason}", "yellow"))
    if zoo.signer:
        console.print(Text(f"Signed by {zoo.signer.name} until {zoo.signer.expires}.", style="dim"))
    console.print(Text("Ctrl-C ends it.", style="dim"))
