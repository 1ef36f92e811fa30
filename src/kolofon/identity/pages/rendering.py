"""From a template to an answer with the headers that keep a page safe."""

from typing import Any
from urllib.parse import urlsplit

from litestar import Response

from kolofon.platform.templating import environment


def page(
    template: str, language: str, status: int = 200, form_target: str | None = None, **values: Any
) -> Response[str]:
    """An HTML answer. `form_target` is where a form's answer may redirect to besides this server."""
    html = environment("kolofon.identity.pages", language).get_template(template).render(language=language, **values)
    # The one script there is asks for passkeys; what has none of them to ask for runs none.
    scripts = "script-src 'self'; " if values.get("passkey_options") else ""
    headers = {
        # Browsers hold redirects after a form to form-action too, so the client's origin has to be in it.
        "Content-Security-Policy": (
            f"default-src 'none'; {scripts}style-src 'self'; img-src 'self' https: data:; base-uri 'none'; "
            f"frame-ancestors 'none'; form-action 'self' {_origin(form_target)}"
        ).strip(),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-store",
        "Content-Language": language,
    }
    return Response(html, status_code=status, headers=headers, media_type="text/html")


def _origin(url: str | None) -> str:
    if url is None:
        return ""
    parts = urlsplit(url)
    # An app's own scheme has no host; a source of CSP is then the scheme.
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
