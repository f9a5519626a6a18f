"""Recognises the pages that stand between the internet and a server: tunnels, bot checks.

From public documentation and reports; none of it is promised by those services, so a page that is
not recognised is judged by its status and body like any other.
"""

from __future__ import annotations

from collections.abc import Mapping

#: (reason, service, header or "" for the body, what it holds)
_SIGNS = (
    # ngrok's free plan shows a warning first, unless the request says it is no browser.
    ("warning_page", "ngrok", "ngrok-error-code", "ERR_NGROK_6024"),
    ("warning_page", "ngrok", "", "ERR_NGROK_6024"),
    ("tunnel_gone", "ngrok", "ngrok-error-code", "ERR_NGROK_3200"),
    ("tunnel_gone", "ngrok", "", "ERR_NGROK_3200"),
    ("behind_tunnel", "ngrok", "ngrok-error-code", "ERR_NGROK_8012"),
    ("behind_tunnel", "ngrok", "", "ERR_NGROK_8012"),
    ("tunnel_limit", "ngrok", "ngrok-error-code", "ERR_NGROK_"),
    ("warning_page", "localtunnel", "", "bypass-tunnel-reminder"),
    ("warning_page", "localtunnel", "", "Tunnel website ahead"),
    ("tunnel_gone", "localtunnel", "", "Tunnel Unavailable"),
    ("bot_check", "Cloudflare", "cf-mitigated", "challenge"),
    ("bot_check", "Cloudflare", "", "/cdn-cgi/challenge-platform/"),
    ("bot_check", "Cloudflare", "", "cf-browser-verification"),
    ("bot_check", "Imperva", "", "_Incapsula_Resource"),
    ("bot_check", "DDoS-Guard", "", "check.ddos-guard.net"),
    ("bot_check", "Sucuri", "", "sucuri_cloudproxy_js"),
    ("bot_check", "AWS WAF", "x-amzn-waf-action", "challenge"),
    ("bot_check", "AWS WAF", "x-amzn-waf-action", "captcha"),
)


def service(status: int, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """(reason, name of the service) for a page of somebody in between; ("", "") for none."""
    text = body.decode("utf-8", "replace")
    for reason, name, header, sign in _SIGNS:
        if sign.lower() in (headers.get(header, "") if header else text).lower():
            return reason, name
    return _cloudflare(status, headers, text)


def _cloudflare(status: int, headers: Mapping[str, str], text: str) -> tuple[str, str]:
    if headers.get("server", "").lower() != "cloudflare":
        return "", ""
    # 530 with 1033: no tunnel is connected; 502, 521 … 523: nothing answers behind it.
    if status == 530 or "error 1033" in text.lower():
        return "tunnel_gone", "Cloudflare"
    if status in (502, 521, 522, 523):
        return "behind_tunnel", "Cloudflare"
    return "", ""
