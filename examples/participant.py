#!/usr/bin/env python3
"""A service that takes part in transactions: prints each call it gets, and agrees. It refuses what has /refuse/ in its
path. Usage: participant.py [PORT]
"""
import http.server
import sys
import urllib.parse


class Participant(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        url = urllib.parse.urlsplit(self.path)
        call = dict(urllib.parse.parse_qsl(url.query))
        refused = "/refuse/" in url.path
        print(f"{call.get('gid', '-'):24} {call.get('branch_id', '-'):4} {call.get('op', '-'):10} {url.path} {body}"
              f"{'  -> refused' if refused else ''}", flush=True)
        result = b'{"dtm_result":"FAILURE"}' if refused else b'{"dtm_result":"SUCCESS"}'
        self.send_response(409 if refused else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(result)))
        self.end_headers()
        self.wfile.write(result)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8081
    print(f"taking part on http://127.0.0.1:{port}", flush=True)
    http.server.ThreadingHTTPServer(("127.0.0.1", port), Participant).serve_forever()
