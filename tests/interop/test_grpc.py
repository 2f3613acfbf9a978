"""dtm's gRPC service and gRPC branches, as a program in another language sees them: Python's own gRPC, the messages
made by protoc from the same file, and everything else by hand."""

import base64
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import unittest

import grpc

import harness

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src")
GENERATED = tempfile.TemporaryDirectory(prefix="dtmd-protoc-")
subprocess.run(["protoc", "--proto_path", SOURCES, "--python_out", GENERATED.name, "proto/dtm_service.proto"],
               check=True)
sys.path.insert(0, GENERATED.name)
from google.protobuf import descriptor_pb2, empty_pb2  # noqa: E402
from proto import dtm_service_pb2 as pb  # noqa: E402

REPLIES = {"NewGid": pb.DtmGidReply, "PrepareWorkflow": pb.DtmProgressesReply}
Code = grpc.StatusCode


def as_is(data):
    return data


def parts(message, number):
    """The values of all length-delimited fields of that number in a message whose type Python doesn't have."""
    def varint(at):
        value = shift = 0
        while True:
            value |= (message[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if message[at - 1] < 0x80:
                return value, at

    found, at = [], 0
    while at < len(message):
        tag, at = varint(at)
        length, at = varint(at)
        if tag & 7 == 2:
            found += [message[at:at + length]] if tag >> 3 == number else []
            at += length
    return found


class Client:
    """Calls dtmd's rpcs; a status that is not OK becomes grpc.RpcError."""

    def __init__(self, port):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")

    def call(self, method, message, **more):
        rpc = self.channel.unary_unary("/dtmgimp.Dtm/" + method, lambda one: one.SerializeToString(),
                                       REPLIES.get(method, empty_pb2.Empty).FromString)
        return rpc(message, timeout=harness.PATIENCE, **more)

    def raw(self, path, data):
        return self.channel.unary_unary(path, as_is, as_is)(data, timeout=harness.PATIENCE)

    def close(self):
        self.channel.close()


class Branches(grpc.GenericRpcHandler):
    """A branch service: every method answers OK unless `answers` has a list of (code, text) for it, which is used up
    from the front, its last entry for ever."""

    def __init__(self):
        self.calls, self.answers = [], {}
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(16), handlers=[self])
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def url(self, method):
        return f"127.0.0.1:{self.port}/busi.Busi/{method}"

    def service(self, details):
        method = details.method.rpartition("/")[2]
        metadata = dict(details.invocation_metadata)

        def answer(body, context):
            self.calls.append({"path": details.method, "method": method, "body": body, "metadata": metadata})
            answers = self.answers.get(method, [(Code.OK, "")])
            code, text = answers.pop(0) if len(answers) > 1 else answers[0]
            if code != Code.OK:
                context.abort(code, text)
            return b"anything"

        return grpc.unary_unary_rpc_method_handler(answer, as_is, as_is)

    def ops(self, gid):
        calls = [call["metadata"] for call in list(self.calls) if call["metadata"].get("dtm-gid") == gid]
        return [f"{one['dtm-branch_id']} {one['dtm-op']}" for one in calls]

    def close(self):
        self.server.stop(0).wait()


class GrpcCase(harness.Case):
    def setUp(self):
        super().setUp()
        self.node = self.dtmd(RetryInterval=1).start()
        self.client = Client(self.node.grpc_port)
        self.addCleanup(self.client.close)
        self.branches = Branches()
        self.addCleanup(self.branches.close)

    def request(self, gid, kind, **fields):
        options = pb.DtmTransOptions(RetryInterval=1, **fields.pop("options", {}))
        return pb.DtmRequest(Gid=gid, TransType=kind, TransOptions=options, **fields)

    def saga(self, gid, methods, **options):
        steps = [{"action": self.branches.url(m), "compensate": self.branches.url(m + "Undo")} for m in methods]
        return self.request(gid, "saga", Steps=json.dumps(steps), BinPayloads=[m.encode() + b"\0\xff" for m in methods],
                            options=options)

    def refused(self, method, message, code, text):
        with self.assertRaises(grpc.RpcError) as caught:
            self.client.call(method, message)
        self.assertEqual(caught.exception.code(), code)
        self.assertIn(text, caught.exception.details())


class Discovery(GrpcCase):
    def reflect(self, *requests):
        """Answers of the reflection service, each the bytes of the one field that matters."""
        stream = self.client.channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                                   as_is, as_is)
        return list(stream(iter(requests), timeout=harness.PATIENCE))

    def test_reflection_lists_and_describes_the_service(self):
        listing, described = self.reflect(b"\x3a\x00", b"\x22\x0bdtmgimp.Dtm")
        for name in (b"dtmgimp.Dtm", b"grpc.reflection.v1alpha.ServerReflection", b"grpc.health.v1.Health"):
            self.assertIn(name, listing)
        # file_descriptor_response (4), file_descriptor_proto (1)
        files = [descriptor_pb2.FileDescriptorProto.FromString(one) for one in parts(parts(described, 4)[0], 1)]
        methods = [method.name for file in files for service in file.service for method in service.method]
        self.assertEqual(methods, ["NewGid", "Submit", "Prepare", "Abort", "RegisterBranch", "PrepareWorkflow",
                                   "Subscribe", "Unsubscribe", "DeleteTopic"])

    def test_the_health_service_answers(self):
        self.assertEqual(self.client.raw("/grpc.health.v1.Health/Check", b""), b"\x08\x01")
        self.assertEqual(self.client.raw("/grpc.health.v1.Health/Check", b"\x0a\x0bdtmgimp.Dtm"), b"\x08\x01")

    def test_new_gids_differ(self):
        gids = {self.client.call("NewGid", empty_pb2.Empty()).Gid for _ in range(50)}
        self.assertEqual(len(gids), 50)
        self.assertEqual({len(gid) for gid in gids}, {22})

    def test_the_port_can_be_switched_off(self):
        node = self.dtmd("off", GrpcPort=-1).start()
        self.assertIn("grpc=off", node.log_text())

    def test_a_port_in_use_is_one_clear_line(self):
        second = self.dtmd("second", GrpcPort=self.node.grpc_port)
        result = self.run_dtmd("serve", "-c", second.config)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"dtmd: cannot listen on 127.0.0.1:{self.node.grpc_port} for gRPC: another process",
                      result.stderr)

    def test_what_is_no_grpc_is_turned_away(self):
        url = f"http://127.0.0.1:{self.node.grpc_port}/dtmgimp.Dtm/NewGid"
        for version in ("--http2-prior-knowledge", "--http1.1"):
            out = subprocess.run(["curl", "-si", version, "-d", "x", "-H", "content-type: text/plain", url],
                                 capture_output=True, text=True, timeout=60)
            self.assertNotRegex(out.stdout, r"grpc-status: 0|^HTTP/1.1 200")
        self.assertEqual(self.client.raw("/grpc.health.v1.Health/Check", b""), b"\x08\x01")


class Sagas(GrpcCase):
    def test_goes_forward(self):
        self.client.call("Submit", self.saga("g1", ["In", "Out"], WaitResult=True, BranchHeaders={"X-Tenant": "t1"}))
        self.assertEqual(self.node.status("g1"), "succeed")
        self.assertEqual(self.branches.ops("g1"), ["01 action", "02 action"])
        first = self.branches.calls[0]
        self.assertEqual((first["path"], first["body"]), ("/busi.Busi/In", b"In\0\xff"))
        seen = {key: value for key, value in first["metadata"].items() if key.startswith(("dtm-", "x-"))}
        self.assertEqual(seen, {"dtm-gid": "g1", "dtm-trans_type": "saga", "dtm-branch_id": "01", "dtm-op": "action",
                                "dtm-dtm": "", "x-tenant": "t1"})

    def test_goes_back_when_a_branch_refuses(self):
        self.branches.answers["Out"] = [(Code.ABORTED, "no stock")]
        self.refused("Submit", self.saga("g1", ["In", "Out"], WaitResult=True), Code.ABORTED, "no stock FAILURE")
        self.node.wait_for("g1", "failed")
        self.assertEqual(self.branches.ops("g1"), ["01 action", "02 action", "02 compensate", "01 compensate"])

    def test_asks_again_until_the_answer_is_definite(self):
        self.branches.answers["In"] = [(Code.FAILED_PRECONDITION, "ONGOING"), (Code.INTERNAL, "oops"),
                                       (Code.UNAVAILABLE, "busy"), (Code.OK, "")]
        self.client.call("Submit", self.saga("g1", ["In"]))
        self.node.wait_for("g1", "succeed")
        self.assertEqual(self.branches.ops("g1"), ["01 action"] * 4)

    def test_waits_for_a_participant_that_is_away(self):
        port = harness.reserve_port()
        steps = [{"action": f"127.0.0.1:{port}/busi.Busi/In", "compensate": ""}]
        self.client.call("Submit", self.request("g1", "saga", Steps=json.dumps(steps), BinPayloads=[b"x"]))
        # A call counts as an attempt from its beginning; its error is there at its end.
        failed = lambda: [one for one in self.node.transaction("g1")["branches"] if one["last_error"]]  # noqa: E731
        branch = harness.eventually(failed, "an attempt that failed")[0]
        self.assertIn("rpc error: code = Unavailable", branch["last_error"])
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(2), handlers=[self.branches])
        server.add_insecure_port(f"127.0.0.1:{port}")
        server.start()
        self.node.wait_for("g1", "succeed")
        server.stop(0).wait()

    def test_a_repeated_submit_is_refused_as_over_http(self):
        self.client.call("Submit", self.saga("g1", ["In"], WaitResult=True))
        self.refused("Submit", self.saga("g1", ["In"]), Code.ABORTED,
                     "current status 'succeed', cannot sumbmit. FAILURE")

    def test_survives_a_crash(self):
        self.branches.answers["Out"] = [(Code.UNAVAILABLE, "busy")]
        self.client.call("Submit", self.saga("g1", ["In", "Out"]))
        harness.eventually(lambda: "02 action" in self.branches.ops("g1"), "the second branch is called")
        self.node.kill()
        self.branches.answers["Out"] = [(Code.OK, "")]
        self.node.start()
        self.node.wait_for("g1", "succeed")

    def test_one_saga_of_three_kinds_of_branches(self):
        web = self.participant()
        web.answers["/rpc"] = [(200, '{"jsonrpc":"2.0","result":"ok","id":1}')]
        steps = [{"action": web.url("/pay"), "compensate": web.url("/pay-undo")},
                 {"action": self.branches.url("In"), "compensate": self.branches.url("InUndo")},
                 {"action": web.url("/rpc?method=order"), "compensate": web.url("/rpc?method=order_undo")}]
        body = {"trans_type": "saga", "protocol": "json-rpc", "steps": steps, "wait_result": True, "retry_interval": 1,
                "payloads": ['{"n":1}', '{"n":2}', '{"n":3}']}
        self.assertEqual(self.node.post("submit", {"gid": "good", **body}).status, 200)
        self.assertEqual(web.ops("good"), ["01 action"])
        self.assertEqual(self.branches.ops("good"), ["02 action"])
        rpc = [json.loads(call["body"]) for call in web.calls if call["path"] == "/rpc"]
        self.assertEqual([(one["method"], one["params"]["op"], one["params"]["n"]) for one in rpc],
                         [("order", "action", 3)])

        web.answers["/rpc"] = [(409, "no"), (200, '{"jsonrpc":"2.0","result":"ok","id":1}')]
        web.calls.clear()
        self.assertEqual(self.node.post("submit", {"gid": "bad", **body}).status, 409)
        self.node.wait_for("bad", "failed")
        rpc = [json.loads(call["body"]) for call in web.calls if call["path"] == "/rpc"]
        self.assertEqual([(one["method"], one["params"]["op"]) for one in rpc],
                         [("order", "action"), ("order_undo", "compensate")])
        self.assertEqual(self.branches.ops("bad"), ["02 action", "02 compensate"])
        self.assertEqual(web.ops("bad"), ["01 action", "01 compensate"])


class Others(GrpcCase):
    def register(self, gid, kind, branch_id, payload=b"p", **data):
        return pb.DtmBranchRequest(Gid=gid, TransType=kind, BranchID=branch_id, BusiPayload=payload, Data=data)

    def prepared_tcc(self, gid, **options):
        tcc = self.request(gid, "tcc", Steps="null", options=options)
        self.client.call("Prepare", tcc)
        for branch_id in ("01", "02"):
            urls = {"confirm": self.branches.url("Confirm"), "cancel": self.branches.url("Cancel")}
            self.client.call("RegisterBranch", self.register(gid, "tcc", branch_id, **urls))
        return tcc

    def test_tcc_confirms(self):
        self.client.call("Submit", self.prepared_tcc("g1", WaitResult=True))
        self.assertEqual(self.branches.ops("g1"), ["02 confirm", "01 confirm"])
        self.assertEqual(self.node.status("g1"), "succeed")

    def test_tcc_cancels(self):
        tcc = self.prepared_tcc("g1")
        tcc.RollbackReason = "changed my mind"
        self.client.call("Abort", tcc)
        self.node.wait_for("g1", "failed")
        self.assertEqual(self.branches.ops("g1"), ["02 cancel", "01 cancel"])
        self.assertEqual(self.node.transaction("g1")["rollback_reason"], "changed my mind")

    def test_xa_commits_where_it_was_registered(self):
        xa = self.request("g1", "xa", options={"WaitResult": True})
        self.client.call("Prepare", xa)
        self.client.call("RegisterBranch", self.register("g1", "xa", "01", b"", url=self.branches.url("Xa")))
        self.client.call("Submit", xa)
        self.assertEqual(self.branches.ops("g1"), ["01 commit"])

    def message(self, gid, **options):
        return self.request(gid, "msg", Steps=json.dumps([{"action": self.branches.url("In")}]), BinPayloads=[b"m"],
                            QueryPrepared=self.branches.url("Query"), options={"TimeoutToFail": 1, **options})

    def test_a_forgotten_message_is_asked_about(self):
        self.client.call("Prepare", self.message("sent"))
        self.node.wait_for("sent", "succeed")
        self.assertEqual(self.branches.ops("sent"), ["00 msg", "01 action"])
        self.assertEqual(self.branches.calls[0]["body"], b"")
        self.branches.answers["Query"] = [(Code.FAILED_PRECONDITION, "later"), (Code.ABORTED, "rolled back")]
        self.client.call("Prepare", self.message("dropped"))
        self.node.wait_for("dropped", "failed")
        self.assertEqual(self.branches.ops("dropped"), ["00 msg", "00 msg"])

    def test_a_message_goes_to_all_subscribers_of_a_topic(self):
        topic = pb.DtmTopicRequest(Topic="t1", URL=self.branches.url("A"), Remark="first")
        self.client.call("Subscribe", topic)
        self.refused("Subscribe", topic, Code.UNKNOWN, "this url exists")
        self.client.call("Subscribe", pb.DtmTopicRequest(Topic="t1", URL=self.branches.url("B")))
        message = self.message("g1", WaitResult=True)
        message.Steps = json.dumps([{"action": "topic://t1"}])
        self.client.call("Submit", message)
        self.assertEqual(sorted(self.branches.ops("g1")), ["01-01 action", "01-02 action"])
        self.client.call("Unsubscribe", pb.DtmTopicRequest(Topic="t1", URL=self.branches.url("A")))
        self.client.call("DeleteTopic", pb.DtmTopicRequest(Topic="t1"))
        self.refused("DeleteTopic", pb.DtmTopicRequest(Topic="t1"), Code.INTERNAL, "storage: NotFound")
        message.Gid = "g2"
        self.refused("Submit", message, Code.INTERNAL, "topic not found")

    def workflow(self, gid, data=b"input"):
        custom = {"name": "order", "data": base64.b64encode(data).decode()}
        return self.request(gid, "workflow", QueryPrepared=f"127.0.0.1:{self.branches.port}/workflow.Workflow/Execute",
                            CustomedData=json.dumps(custom))

    def test_a_workflow_reports_its_progress_and_its_end(self):
        fresh = self.client.call("PrepareWorkflow", self.workflow("g1"))
        self.assertEqual((fresh.Transaction.Status, len(fresh.Progresses)), ("prepared", 0))
        step = self.register("g1", "workflow", "01", b"\0res", op="action", status="succeed")
        self.client.call("RegisterBranch", step)
        again = self.client.call("PrepareWorkflow", self.workflow("g1"))
        self.assertEqual([(one.BranchID, one.Op, one.Status, one.BinData) for one in again.Progresses],
                         [("01", "action", "succeed", b"\0res")])
        done = self.request("g1", "workflow", ReqExtra={"status": "succeed", "result": "cmVz"})
        self.client.call("Submit", done)
        ended = self.client.call("PrepareWorkflow", self.workflow("g1"))
        self.assertEqual((ended.Transaction.Status, ended.Transaction.Result), ("succeed", "cmVz"))
        otherwise = self.request("g1", "workflow", ReqExtra={"status": "failed"})
        self.refused("Submit", otherwise, Code.INTERNAL, "storage: NotFound")
        unclear = self.request("g1", "workflow", ReqExtra={"status": "done"})
        self.refused("Submit", unclear, Code.INTERNAL, "expected succeed or failed, got 'done'")

    def test_a_forgotten_workflow_is_called_back(self):
        self.client.call("PrepareWorkflow", self.workflow("g1", b"in\0put"))
        call = harness.eventually(lambda: [one for one in self.branches.calls if one["method"] == "Execute"],
                                  "a callback")[0]
        self.assertEqual(call["path"], "/workflow.Workflow/Execute")
        self.assertEqual(call["body"], b"\x0a\x06in\0put")
        self.assertEqual((call["metadata"]["dtm-op"], call["metadata"]["dtm-branch_id"]), ("order", "00"))

    def test_what_is_wrong_is_refused_and_changes_nothing(self):
        self.refused("Submit", self.request("g1", "sagas"), Code.INTERNAL, "unknown trans_type 'sagas'")
        self.refused("Submit", self.request("g1", "saga", Steps="[{"), Code.INTERNAL, "Steps is not JSON")
        self.refused("Submit", self.request("g1", "saga", Steps='[{"action":"h:1/a.B/C"}]'), Code.INTERNAL, "payloads")
        self.refused("Submit", self.request("", "saga"), Code.INTERNAL, "gid")
        self.refused("Abort", self.request("g1", "tcc"), Code.INTERNAL, "no TransGlobal with gid: g1 found")
        self.refused("RegisterBranch", self.register("g1", "tcc", "01"), Code.ABORTED, "no trans with gid: g1")
        self.refused("Submit", self.request("g1", "tcc"), Code.ABORTED, "never prepared")
        with self.assertRaises(grpc.RpcError) as caught:
            self.client.raw("/dtmgimp.Dtm/Nothing", b"")
        self.assertEqual(caught.exception.code(), Code.UNIMPLEMENTED)
        self.assertEqual(self.node.get("/api/dtmsvr/all").json()["transactions"], [])

    def test_requests_are_counted(self):
        self.client.call("NewGid", empty_pb2.Empty())
        self.refused("Submit", self.request("", "saga"), Code.INTERNAL, "gid")
        metrics = self.node.get("/metrics").body
        self.assertIn('dtm_server_process_total{type="grpc",api="newgid",status="ok"} 1', metrics)
        self.assertIn('dtm_server_process_total{type="grpc",api="submit",status="fail"} 1', metrics)

    def test_stops_in_order_with_a_waiting_client(self):
        self.branches.answers["In"] = [(Code.FAILED_PRECONDITION, "ONGOING")]
        waiting = self.client.channel.unary_unary("/dtmgimp.Dtm/Submit", lambda one: one.SerializeToString(), as_is)
        saga = self.request("g1", "saga", Steps=json.dumps([{"action": self.branches.url("In")}]), BinPayloads=[b""],
                            options={"WaitResult": True})
        future = waiting.future(saga, timeout=harness.PATIENCE)
        harness.eventually(lambda: self.branches.calls, "the branch is called")
        self.assertEqual(self.node.end(), 0)
        self.assertIsNotNone(future.exception())
        self.assertIn("server.stopped", self.node.log_text())


if __name__ == "__main__":
    unittest.main()
