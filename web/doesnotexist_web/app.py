"""The application: hosts before routes, one wall for errors, one place for headers."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from doesnotexist import Zoo

from . import here
from .answering import failures
from .answering.headers import secure
from .asking.hosts import Hosts, SiteMiddleware
from .operating.limits import MAX_BODY, limit
from .operating.logs import log_as_json
from .operating.operations import operations, watch
from .pages.assets import FOREVER_S, fingerprint
from .pages.plugin_pages import plugin_pages
from .pages.verify import verify
from .pages.views import pages
from .programs.api import api
from .programs.old_forms import old_forms
from .programs.reference import reference
from .programs.streams import streams
from .series.play import play


def create_app(zoo: Zoo, places: int = 64) -> Flask:
    """The site of a zoo, where at most `places` requests wait for media at once.

    Raises InvalidParameter for a base domain or further hosts that cannot be.
    """
    settings = zoo.settings
    hosts = Hosts(settings.base_domain, settings.host, settings.hosts)
    app = Flask(__name__, static_url_path=f"/static/{fingerprint()}")
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = FOREVER_S
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.extensions["doesnotexist"] = zoo
    app.extensions["doesnotexist.hosts"] = hosts
    app.extensions["doesnotexist.places"] = here.Places(places)
    # an address means one thing or nothing: no redirects from near misses, which would be built
    # before a view can check anything
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.before_request(_check_site)
    app.after_request(secure)
    if settings.log == "json":
        log_as_json(app)
    if settings.rate_limit:
        limit(app, settings.rate_limit)
    app.register_error_handler(Exception, failures.answer)
    app.register_blueprint(api)
    app.register_blueprint(pages)
    app.register_blueprint(play)
    app.register_blueprint(verify)
    app.register_blueprint(streams)
    app.register_blueprint(old_forms)
    app.register_blueprint(reference)
    app.register_blueprint(plugin_pages)
    app.register_blueprint(operations)
    watch(app)
    zoo.plugins.register_routes(app)
    app.wsgi_app = SiteMiddleware(app.wsgi_app, hosts)  # type: ignore[method-assign]
    if settings.proxies:  # and the host is what the proxy passes on as Host, see docs/deployment.md
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies
        )
    return app


def _check_site() -> None:
    """Refuse what is for no site of ours; the style of the page that says so still goes through."""
    if refused := request.environ.get("doesnotexist.refused"):
        raise refused
    if here.site().domain and request.endpoint != "static":
        here.generator()
