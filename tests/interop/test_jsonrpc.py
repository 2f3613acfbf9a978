"""JSON-RPC against the real binary: dtm's envelope, batches, and branches that are called by it."""

import json
import unittest

from harness import Case, eventually, request


class JsonRpc(Case):
    def setUp(self):
        super().setUp()
        self.node = self.dtmd(GrpcPort=-1).start()
        self.service = self.participant()

    def rpc(self, body):
        return request(self.node.port, "POST", "/api/json-rpc", body)

    def call(self, method, params, id="no-use"):
        return self.rpc({"jsonrpc": "2.0", "method": method, "params": params, "id": id}).json()

    def saga(self, gid, **options):
        """Of two branches: one that is called by JSON-RPC, one by plain HTTP."""
        return {"gid": gid, "trans_type": "saga", "protocol": "json-rpc", "wait_result": True, "retry_interval": 1,
                "steps": [{"action": self.service.url("/rpc?method=pay"),
                           "compensate": self.service.url("/rpc?method=refund")},
                          {"action": self.service.url("/ship"), "compensate": self.service.url("/ship-undo")}],
                "payloads": ['{"amount":30}', '{"amount":30}'], **options}

    def rpc_calls(self):
        return [json.loads(call["body"]) for call in self.service.calls if call["path"] == "/rpc"]

    def test_errors_of_the_envelope(self):
        rows = [("{", 400, -32700, ""), ('{"jsonrpc":"2.0","method":"newGid","id":1}', 400, -32700, ""),
                ('{"jsonrpc":"2.0","method":"newGid"}', 200, -32600, ""),
                ('{"jsonrpc":"1.0","method":"newGid","id":"a"}', 200, -32600, "a"),
                ('{"jsonrpc":"2.0","method":"query","id":"a"}', 200, -32601, "a"),
                ('{"jsonrpc":"2.0","method":"submit","params":{},"id":"a"}', 200, -32603, "a"), ("[]", 200, -32600, None)]
        for body, status, code, id in rows:
            with self.subTest(body):
                answer = self.rpc(body)
                self.assertEqual((answer.status, answer.json()["error"]["code"]), (status, code))
                self.assertEqual(sorted(answer.json()), ["error", "id", "jsonrpc", "result"])
                self.assertEqual(answer.json()["id"], id)

    def test_a_saga_with_a_branch_by_json_rpc(self):
        gid = self.call("newGid", None)["result"]["gid"]
        self.service.answers["/rpc"] = [(200, '{"jsonrpc":"2.0","id":"1","result":{}}')]
        self.assertEqual(self.call("submit", self.saga(gid)),
                         {"error": None, "id": "no-use", "jsonrpc": "2.0", "result": None})
        self.assertEqual(self.node.status(gid), "succeed")
        [call] = self.rpc_calls()
        self.assertEqual((call["jsonrpc"], call["method"]), ("2.0", "pay"))
        self.assertEqual(call["params"], {"amount": 30, "gid": gid, "branch_id": "01", "op": "action",
                                          "trans_type": "saga"})
        self.assertEqual(self.service.ops(gid), ["02 action"])

    def test_a_refusal_by_json_rpc_turns_the_saga_back(self):
        refused = (200, '{"jsonrpc":"2.0","id":"1","error":{"code":-32901,"message":"no money"}}')
        done = (200, '{"jsonrpc":"2.0","id":"1","result":null}')
        self.service.answers["/rpc"] = [refused, done]
        answer = self.call("submit", self.saga("refused"))
        self.assertEqual(answer["error"]["code"], -32901)
        self.assertEqual(answer["result"], {})
        self.node.wait_for("refused", "failed")
        self.assertEqual([call["method"] for call in self.rpc_calls()], ["pay", "refund"])
        again = self.call("submit", self.saga("refused"))
        self.assertEqual(again["error"]["code"], -32901)

    def test_a_branch_that_is_not_ready_is_asked_again(self):
        self.service.answers["/rpc"] = [(200, '{"error":{"code":-32902,"message":"later"}}'),
                                        (200, '{"error":{"code":-32000,"message":"a bug"}}'), (200, '{"result":1}')]
        answer = self.call("submit", self.saga("slow"))
        self.assertEqual(answer["error"], {"code": -32901, "message": "wait result not return success: FAILURE"})
        self.node.wait_for("slow", "succeed")
        self.assertEqual(len(self.rpc_calls()), 3)

    def test_tcc_by_json_rpc(self):
        tcc = {"gid": "t1", "trans_type": "tcc", "protocol": "json-rpc"}
        self.assertIsNone(self.call("prepare", tcc)["error"])
        branch = {"gid": "t1", "trans_type": "tcc", "branch_id": "01", "data": '{"a":1}',
                  "confirm": self.service.url("/rpc?method=confirm"), "cancel": self.service.url("/rpc?method=cancel")}
        self.assertIsNone(self.call("registerBranch", branch)["error"])
        self.service.answers["/rpc"] = [(200, '{"result":{}}')]
        self.assertIsNone(self.call("submit", tcc)["error"])
        self.node.wait_for("t1", "succeed")
        self.assertEqual([call["method"] for call in self.rpc_calls()], ["confirm"])
        self.assertEqual(self.call("abort", tcc)["error"]["code"], -32901)

    def test_a_batch(self):
        tcc = [{"gid": f"b{i}", "trans_type": "tcc"} for i in range(3)]
        answer = self.rpc([{"jsonrpc": "2.0", "method": "prepare", "params": tcc[0], "id": "0"},
                           {"jsonrpc": "2.0", "method": "prepare", "params": tcc[1], "id": 1},
                           {"jsonrpc": "2.0", "method": "prepare", "params": tcc[2]}, "rubbish"])
        self.assertEqual(answer.status, 200)
        answers = {item["id"]: item["error"] for item in answer.json()}
        self.assertEqual((len(answers), answers["0"], answers[1]), (3, None, None))
        self.assertEqual(answers[None]["code"], -32600)
        for i in range(3):
            eventually(lambda: self.node.get(f"/api/transaction?gid=b{i}").status == 200, f"b{i} is prepared")
        silent = self.rpc([{"jsonrpc": "2.0", "method": "abort", "params": tcc[0]}])
        self.assertEqual((silent.status, silent.body), (204, ""))
        self.node.wait_for("b0", "failed")


if __name__ == "__main__":
    unittest.main()
