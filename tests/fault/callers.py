"""How a sound client talks to coordinators and banks: it repeats what it got no answer to, with the same gid."""

import http.client
import json
import threading
import time
import urllib.parse

FINAL = ("succeed", "failed")


class GaveUp(Exception):
    """No answer for longer than a client is prepared to wait."""


class Reply:
    def __init__(self, status, text):
        self.status, self.text = status, text

    def json(self):
        return json.loads(self.text)


class Wire:
    """Kept-alive connections of one thread."""

    def __init__(self):
        self.open = {}

    def request(self, method, url, body=None, timeout=4.0):
        """Raises OSError or HTTPException if there was no whole answer."""
        parts = urllib.parse.urlsplit(url)
        where = (parts.hostname, parts.port)
        connection = self.open.pop(where, None) or http.client.HTTPConnection(*where)
        connection.timeout = timeout
        if connection.sock:
            connection.sock.settimeout(timeout)
        try:
            target = parts.path + ("?" + parts.query if parts.query else "")
            connection.request(method, target, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            reply = Reply(answer.status, answer.read().decode())
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            self.open[where] = connection
        return reply

    def close(self):
        for connection in self.open.values():
            connection.close()
        self.open.clear()


class Patience:
    """How long clients keep trying: for ever while faults go on, and for `limit` seconds once they have ceased."""

    def __init__(self, limit):
        self.limit, self.deadline = limit, None
        self.stopping = threading.Event()

    def faults_have_ceased(self):
        self.deadline = time.monotonic() + self.limit
        self.stopping.set()

    def check(self, what):
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise GaveUp(f"no answer within {self.limit:.0f} s after the faults had ceased: {what}")


class Coordinators:
    """Any of a list of coordinators that share a store. For one thread."""

    def __init__(self, urls, chance, patience):
        self.urls, self.random, self.patience, self.wire = list(urls), chance, patience, Wire()

    def address(self):
        """What a participant or callback is given as ?dtm=."""
        return self.random.choice(self.urls) + "/api/dtmsvr"

    def try_once(self, method, path, body, timeout):
        try:
            return self.wire.request(method, self.random.choice(self.urls) + path, body, timeout)
        except (OSError, http.client.HTTPException) as error:
            return Reply(0, repr(error))

    def act(self, action, body, timeout=4.0):
        """Posts until there is a definite answer: 200, or a refusal. After a 5xx to the end of a transaction the
        client looks whether there is anything left to say, since a decided transaction may refuse for ever."""
        text, wait = json.dumps(body), 0.02
        while True:
            reply = self.try_once("POST", "/api/dtmsvr/" + action, text, timeout)
            if 0 < reply.status < 500 and reply.status not in (408, 425, 429):
                return reply
            self.patience.check(f"POST {action} {body['gid']}: {reply.status} {reply.text}")
            if reply.status == 500 and action in ("submit", "abort") and self.status(body["gid"]) in FINAL:
                return reply
            time.sleep(wait * (0.5 + self.random.random()))
            wait = min(wait * 2, 0.5)

    def query(self, gid):
        path, wait = "/api/dtmsvr/query?gid=" + urllib.parse.quote(gid), 0.02
        while True:
            reply = self.try_once("GET", path, None, 4.0)
            if reply.status == 200:
                return reply.json()
            self.patience.check(f"GET {path}: {reply.status} {reply.text}")
            time.sleep(wait)
            wait = min(wait * 2, 0.5)

    def status(self, gid):
        return (self.query(gid)["transaction"] or {}).get("status")


class Banks:
    """The banks as clients call them directly. For one thread."""

    def __init__(self, urls, chance):
        self.urls, self.random, self.wire = list(urls), chance, Wire()

    def url(self, bank, path):
        return f"{self.urls[bank]}/{path}"

    def call(self, bank, path, query, body=None, limit=6.0):
        """True (done), False (refused), or None: nobody knows, even after `limit` seconds."""
        deadline = time.monotonic() + limit
        url = self.url(bank, path) + "?" + urllib.parse.urlencode(query)
        while True:
            try:
                reply = self.wire.request("GET" if body is None else "POST", url, body and json.dumps(body), 2.0)
                if reply.status in (200, 409):
                    return reply.status == 200
            except (OSError, http.client.HTTPException):
                pass
            if time.monotonic() > deadline:
                return None
            time.sleep(0.1 * self.random.random())
