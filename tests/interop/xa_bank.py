#!/usr/bin/env python3
"""A bank service whose accounts are in MariaDB or PostgreSQL and take part in XA transactions, as dtm's clients do it
(docs/protocol.md 10.5): the first phase prepares, the same URL commits or rolls back in the second.

Usage: xa_bank.py mariadb SOCKET PORT | xa_bank.py postgres DATABASE_PORT PORT
"""
import http.server
import json
import sys
import urllib.parse

import psycopg2
import pymysql


class MariaDbAccounts:
    def __init__(self, socket):
        self.socket = socket

    def connect(self):
        return pymysql.connect(unix_socket=self.socket, user="root", db="bank", autocommit=True)

    def prepare(self, cursor, xid, statements):
        cursor.execute(f"XA START '{xid}'")
        for sql, values in statements:
            cursor.execute(sql, values)
        cursor.execute(f"XA END '{xid}'")
        cursor.execute(f"XA PREPARE '{xid}'")

    def finish(self, cursor, xid, op):
        try:
            cursor.execute(f"XA {op} '{xid}'")
        except pymysql.MySQLError as error:
            if error.args[0] != 1397:  # XAER_NOTA: it was done before, or was never prepared.
                raise

    def barrier(self):
        return "INSERT IGNORE INTO barrier (trans_type, gid, branch_id, op, barrier_id) VALUES (%s, %s, %s, %s, %s)"


class PostgresAccounts:
    def __init__(self, port):
        self.port = port

    def connect(self):
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="bank", dbname="postgres")
        connection.autocommit = True
        return connection

    def prepare(self, cursor, xid, statements):
        cursor.execute("BEGIN")
        for sql, values in statements:
            cursor.execute(sql, values)
        cursor.execute(f"PREPARE TRANSACTION '{xid}'")

    def finish(self, cursor, xid, op):
        try:
            cursor.execute(f"{op} PREPARED '{xid}'")
        except psycopg2.Error as error:
            if "does not exist" not in str(error):
                raise

    def barrier(self):
        return ("INSERT INTO barrier (trans_type, gid, branch_id, op, barrier_id) VALUES (%s, %s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING")


class Refused(Exception):
    pass


def transfer(accounts, cursor, xid, gid, branch, order):
    cursor.execute("SELECT balance FROM account WHERE owner = %s", (order["owner"],))
    if cursor.fetchone()[0] + order["amount"] < 0:
        raise Refused("not enough money")
    mark = (accounts.barrier(), ("xa", gid, branch, "action", "01"))
    change = ("UPDATE account SET balance = balance + %s WHERE owner = %s", (order["amount"], order["owner"]))
    accounts.prepare(cursor, xid, [mark, change])


def serve(accounts, query, body):
    gid, branch, op = query["gid"], query["branch_id"], query["op"]
    xid = f"{gid}-{branch}"
    connection = accounts.connect()  # Its own, closed at once: another session may finish what this one prepared.
    try:
        with connection.cursor() as cursor:
            if op == "action":
                transfer(accounts, cursor, xid, gid, branch, json.loads(body))
            else:
                accounts.finish(cursor, xid, op.upper())
    finally:
        connection.close()


def handler(accounts):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            url = urllib.parse.urlparse(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                serve(accounts, dict(urllib.parse.parse_qsl(url.query)), body)
                status, result = 200, "SUCCESS"
            except Refused as refused:
                status, result = 409, f"FAILURE: {refused}"
            except (pymysql.MySQLError, psycopg2.Error) as error:
                status, result = 500, str(error)
            answer = json.dumps({"dtm_result": result}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *ignored):
            pass

    return Handler


if __name__ == "__main__":
    kinds = {"mariadb": MariaDbAccounts, "postgres": PostgresAccounts}
    address = ("127.0.0.1", int(sys.argv[3]))
    http.server.ThreadingHTTPServer(address, handler(kinds[sys.argv[1]](sys.argv[2]))).serve_forever()
