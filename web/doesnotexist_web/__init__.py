"""The site: one page per domain, an index of all of them, and a small API.

    from doesnotexist import Zoo
    from doesnotexist_web.app import create_app

    app = create_app(Zoo())

Nothing is imported here: the command line imports this package for `--help`, without Flask.
"""
