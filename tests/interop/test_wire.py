"""What goes over the wire when a request is wrong, large, slow or rude. The server goes on serving."""

import socket
import unittest

from harness import Case, request


class Wire(Case):
    def setUp(self):
        super().setUp()
        self.node = self.dtmd(Limits={"MaxBody": 2000, "HeaderTimeout": 1, "BodyTimeout": 1}).start()

    def tearDown(self):
        self.assertEqual(self.node.get("/api/ping").status, 200, "still serving")
        self.assertEqual(self.node.end(), 0)
        super().tearDown()

    def raw(self, data, limit=10):
        """All that comes back for these bytes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.node.port), timeout=limit) as connection:
            connection.sendall(data)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
            return received

    def test_unknown_routes_and_methods(self):
        unknown = self.node.get("/api/nothing")
        self.assertEqual((unknown.status, unknown.body), (404, "404 page not found"))
        self.assertEqual(request(self.node.port, "PUT", "/api/dtmsvr/submit", "{}").status, 405)

    def test_bodies_that_are_too_large(self):
        answer = request(self.node.port, "POST", "/api/dtmsvr/submit", "x" * 3000)
        self.assertEqual(answer.status, 413)

    def test_bodies_that_make_no_sense(self):
        for body in ("", "{", "[]", '{"gid":"g","trans_type":"sonata"}', '{"trans_type":"saga"}', "\x00"):
            with self.subTest(body):
                answer = request(self.node.port, "POST", "/api/dtmsvr/submit", body)
                self.assertIn(answer.status, (400, 500))
                self.assertTrue(answer.json()["message"])

    def test_requests_that_are_no_http(self):
        self.assertTrue(self.raw(b"GARBAGE\r\n\r\n").startswith(b"HTTP/1.1 400"))

    def test_requests_that_never_end(self):
        self.assertTrue(self.raw(b"GET /api/ping HTTP/1.1\r\nHost:").startswith(b"HTTP/1.1 408"))
        half = b"POST /api/dtmsvr/submit HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"
        self.assertTrue(self.raw(half).startswith(b"HTTP/1.1 408"))

    def test_pipelined_requests_are_answered_in_order(self):
        ping = b"GET /api/ping HTTP/1.1\r\nHost: x\r\n\r\n"
        version = b"GET /api/dtmsvr/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        text = self.raw(ping + version)
        self.assertEqual(text.count(b"HTTP/1.1 200"), 2)
        self.assertLess(text.index(b"pong"), text.index(b"version"))


if __name__ == "__main__":
    unittest.main()
