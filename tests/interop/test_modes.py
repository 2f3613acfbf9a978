"""Each kind of transaction over HTTP to its end, as dtm's clients drive it."""

import base64
import json
import unittest

from harness import Case, eventually, saga


class Modes(Case):
    def setUp(self):
        super().setUp()
        self.service = self.participant()
        self.node = self.dtmd().start()

    def ok(self, answer):
        self.assertEqual((answer.status, answer.json().get("dtm_result")), (200, "SUCCESS"), answer.body)

    def test_saga_succeeds_in_order(self):
        self.ok(self.node.post("submit", saga("s1", self.service, ["a", "b"], wait_result=True)))
        self.assertEqual(self.node.status("s1"), "succeed")
        self.assertEqual(self.service.ops("s1"), ["01 action", "02 action"])
        call = self.service.calls[0]
        self.assertEqual((call["method"], call["path"], call["body"]), ("POST", "/a", '{"n":1}'))
        self.assertEqual(call["query"], {"branch_id": "01", "gid": "s1", "op": "action", "trans_type": "saga"})

    def test_saga_is_undone_in_reverse(self):
        self.service.answers["/b"] = [(409, "too much")]
        answer = self.node.post("submit", saga("s2", self.service, ["a", "b", "c"], wait_result=True))
        self.assertEqual(answer.status, 409)
        self.assertEqual(answer.json()["dtm_result"], "FAILURE")
        self.assertIn("too much", answer.json()["message"])
        self.node.wait_for("s2", "failed")
        self.assertEqual(self.service.ops("s2"), ["01 action", "02 action", "02 compensate", "01 compensate"])

    def test_saga_repeats_what_got_no_definite_answer(self):
        self.service.answers["/a"] = [(500, "down"), (425, "later"), (200, "")]
        self.ok(self.node.post("submit", saga("s3", self.service, ["a"])))
        self.node.wait_for("s3", "succeed")
        self.assertEqual(self.service.ops("s3"), ["01 action"] * 3)
        rows = {row["op"]: row for row in self.node.transaction("s3")["branches"]}
        self.assertEqual(rows["action"]["attempts"], 3)

    def register_tcc(self, gid):
        begun = {"gid": gid, "trans_type": "tcc", "retry_interval": 1}
        self.ok(self.node.post("prepare", begun))
        for number in ("01", "02"):
            self.ok(self.node.post("registerBranch", {
                "gid": gid, "trans_type": "tcc", "branch_id": number, "data": "{}",
                "confirm": self.service.url(f"/confirm{number}"), "cancel": self.service.url(f"/cancel{number}")}))
        return begun

    def test_tcc_confirms(self):
        begun = self.register_tcc("t1")
        self.ok(self.node.post("submit", {**begun, "wait_result": True}))
        self.node.wait_for("t1", "succeed")
        self.assertEqual(self.service.ops("t1"), ["02 confirm", "01 confirm"])

    def test_tcc_cancels(self):
        begun = self.register_tcc("t2")
        self.ok(self.node.post("abort", {**begun, "rollback_reason": "changed my mind"}))
        self.node.wait_for("t2", "failed")
        self.assertEqual(self.service.ops("t2"), ["02 cancel", "01 cancel"])
        self.assertEqual(self.node.transaction("t2")["transaction"]["rollback_reason"], "changed my mind")

    def test_xa_commits_and_rolls_back(self):
        for gid, act, op, end in (("x1", "submit", "commit", "succeed"), ("x2", "abort", "rollback", "failed")):
            begun = {"gid": gid, "trans_type": "xa", "retry_interval": 1}
            self.ok(self.node.post("prepare", begun))
            for number in ("01", "02"):
                self.ok(self.node.post("registerXaBranch", {"gid": gid, "trans_type": "xa", "branch_id": number,
                                                            "url": self.service.url("/xa")}))
            self.ok(self.node.post(act, begun))
            self.node.wait_for(gid, end)
            self.assertEqual(self.service.ops(gid), [f"01 {op}", f"02 {op}"])

    def message(self, gid, **more):
        return {"gid": gid, "trans_type": "msg", "retry_interval": 1, "query_prepared": self.service.url("/check"),
                "steps": [{"action": self.service.url("/a")}, {"action": self.service.url("/b")}],
                "payloads": ["{}", "{}"], **more}

    def test_message_is_delivered(self):
        self.ok(self.node.post("prepare", self.message("m1")))
        self.ok(self.node.post("submit", self.message("m1")))
        self.node.wait_for("m1", "succeed")
        self.assertEqual(self.service.ops("m1"), ["01 action", "02 action"])

    def test_message_without_submit_is_checked_back(self):
        self.ok(self.node.post("prepare", self.message("m2", timeout_to_fail=1)))
        self.node.wait_for("m2", "succeed")
        self.assertEqual(self.service.ops("m2"), ["00 msg", "01 action", "02 action"])
        self.service.answers["/check"] = [(409, "rolled back")]
        self.ok(self.node.post("prepare", self.message("m3", timeout_to_fail=1)))
        self.node.wait_for("m3", "failed")
        self.assertEqual(self.service.ops("m3"), ["00 msg"])

    def test_message_to_a_topic_reaches_each_subscriber(self):
        for path in ("/one", "/two"):
            answer = self.node.get(f"/api/dtmsvr/subscribe?topic=news&url={self.service.url(path)}&remark=r")
            self.ok(answer)
        self.ok(self.node.post("submit", {"gid": "m4", "trans_type": "msg", "steps": [{"action": "topic://news"}],
                                          "payloads": ["{}"]}))
        self.node.wait_for("m4", "succeed")
        self.assertEqual(sorted(call["path"] for call in self.service.calls), ["/one", "/two"])

    def test_workflow_reports_its_own_progress(self):
        begun = {"gid": "w1", "trans_type": "workflow", "query_prepared": self.service.url("/again"),
                 "custom_data": json.dumps({"name": "trip", "data": base64.b64encode(b"in").decode()})}
        first = self.node.post("prepareWorkflow", begun).json()
        self.assertEqual((first["progresses"], first["transaction"]["status"]), ([], "prepared"))
        self.ok(self.node.post("registerBranch", {"gid": "w1", "trans_type": "workflow", "branch_id": "01",
                                                  "op": "action", "status": "succeed", "data": "out"}))
        again = self.node.post("prepareWorkflow", begun).json()
        self.assertEqual([(p["branch_id"], p["status"]) for p in again["progresses"]], [("01", "succeed")])
        result = base64.b64encode(b"done").decode()
        self.ok(self.node.post("submit", {"gid": "w1", "trans_type": "workflow",
                                          "req_extra": {"status": "succeed", "result": result}}))
        self.node.wait_for("w1", "succeed")
        self.assertEqual(self.node.transaction("w1")["transaction"]["result"], result)

    def test_force_stop_ends_what_can_not_end(self):
        self.service.answers["/a"] = [(500, "broken")]
        self.ok(self.node.post("submit", saga("f1", self.service, ["a"])))
        eventually(lambda: self.service.ops("f1"), "the action was tried")
        self.ok(self.node.post("forceStop", {"gid": "f1"}))
        self.assertEqual(self.node.status("f1"), "failed")


class Alert(Case):
    def test_a_branch_that_keeps_failing_is_reported_in_dtms_form(self):
        service = self.participant()
        service.answers["/a"] = [(500, "broken")]
        node = self.dtmd(AlertWebHook=service.url("/alert"), AlertRetryLimit=1).start()
        node.post("submit", saga("al1", service, ["a"]))
        alerts = eventually(lambda: [c for c in list(service.calls) if c["path"] == "/alert"], "an alert was sent")
        body = json.loads(alerts[0]["body"])
        self.assertEqual(list(body), ["branch", "error", "gid", "retry_count", "status"])
        self.assertEqual((body["branch"], body["gid"], body["status"]), (service.url("/a"), "al1", "submitted"))


if __name__ == "__main__":
    unittest.main()
