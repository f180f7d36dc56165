"""A whole receiver of IRISX Webhooks: checks signatures, answers the challenge, prints events. Needs verify.py.

    IRISX_WEBHOOK_SECRET=whsec_... PORT=3001 python3 receiver.py

It speaks plain HTTP: put it behind a server that does TLS.
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from verify import verify_webhook

MAX_BYTES = 1_000_000


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BYTES:
            return self.answer(413)
        raw_body = self.rfile.read(int(length))

        # First of all, even for a challenge: a stranger's webhook is signed with another secret.
        if not verify_webhook(raw_body, self.headers, os.environ.get("IRISX_WEBHOOK_SECRET")):
            return self.answer(401)

        event = json.loads(raw_body)
        if event["event"] == "webhook.verification":
            # This says: yes, I want what is sent to this url.
            return self.answer(200, json.dumps({"challenge": event["data"]["challenge"]}))
        self.answer(204)
        # Now work on the event, once for each self.headers["webhook-id"].
        print(event["event"], event["event_id"], event["data"], flush=True)

    def answer(self, status, text=""):
        body = text.encode()
        self.send_response(status)
        if body:
            self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("", int(os.environ.get("PORT", "3001"))), Receiver)
print(f"listening on port {server.server_port}", flush=True)
server.serve_forever()
