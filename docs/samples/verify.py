"""Verifies deliveries of IRISX Webhooks. No dependencies; copy it into your project. Python 3.8 or newer."""

import hashlib
import hmac
import re
import time

TOLERANCE_SECONDS = 300


def verify_webhook(raw_body, headers, secret):
    """Whether a request is from IRISX, unchanged and recent. Never raises: answer 401 if it returns False.

    raw_body  the bytes of the request, before anything parsed them
    headers   the request's headers: a mapping of names to values, as in Flask, Django and FastAPI
    secret    the webhook's whole signing secret: "whsec_..."
    """
    try:
        by_name = {str(name).lower(): value for name, value in headers.items()}
    except AttributeError:
        return False
    timestamp = by_name.get("x-irisx-timestamp")
    # For a while after a rotation there is a second header, signed with the previous secret.
    return verify_signature(raw_body, by_name.get("x-irisx-signature"), timestamp, secret) or verify_signature(
        raw_body, by_name.get("x-irisx-signature-previous"), timestamp, secret
    )


def verify_signature(raw_body, signature, timestamp, secret, now=None):
    if not isinstance(raw_body, (bytes, bytearray)):
        return False
    if not isinstance(signature, str) or not isinstance(timestamp, str):
        return False
    if not isinstance(secret, str) or not secret:
        return False

    # Refuse a timestamp that is too far off, so that nobody can send a recorded request again later.
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        return False
    current = time.time() if now is None else now
    if abs(current - int(timestamp)) > TOLERANCE_SECONDS:
        return False

    signed = timestamp.encode() + b"." + bytes(raw_body)
    expected = "sha256=" + hmac.new(secret.encode("utf-8", "replace"), signed, hashlib.sha256).hexdigest()
    # As bytes: compare_digest raises for text that is not ASCII.
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
