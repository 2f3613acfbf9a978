"""Transfers between the banks, in each of the ways a transaction can be written. One function per mode: it gets a
plan, plays the client's part of protocol.md 5.9, and notes in the ledger what it was acknowledged."""

import base64
import json

MODES = ("saga", "concurrent", "tcc", "msg", "workflow", "xa")
WORKFLOW = "transfer"


class Abandoned(Exception):
    """The client dies here; what has been begun is the coordinator's to end."""


def order_of(leg):
    return {"account": leg["account"], "amount": abs(leg["amount"]), "refuse": leg["refuse"]}


def path_of(leg):
    return "out" if leg["amount"] < 0 else "in"


def make_plan(chance, gid, mode, bank_count, account_count):
    """Money leaves one account and arrives in one or two others. One in eight is refused on arrival."""
    source = chance.randrange(bank_count)
    targets = [(source + 1) % bank_count] + ([source] if chance.random() < 0.2 else [])
    shares = [chance.randrange(1, 50) for _ in targets]
    legs = [{"bank": source, "account": f"account{chance.randrange(account_count)}", "amount": -sum(shares),
             "refuse": False}]
    for target, share in zip(targets, shares):
        legs.append({"bank": target, "account": f"account{chance.randrange(account_count)}", "amount": share,
                     "refuse": mode != "msg" and chance.random() < 0.12 / len(targets)})
    plan = {"gid": gid, "mode": mode, "legs": legs, "wait": chance.random() < 0.3,
            "dies_at": chance.randrange(1, 6) if mode not in ("saga", "concurrent") and chance.random() < 0.06 else 0}
    if mode == "concurrent":
        plan["orders"] = {"1": [0]} if chance.random() < 0.4 else {}
    if mode in ("saga", "concurrent") and chance.random() < 0.15:
        plan["timeout"] = chance.randrange(2, 5)
    return plan


def rows_of(count, *ops):
    return [(f"{number:02d}", op) for number in range(1, count + 1) for op in ops]


class Transfer:
    """One client's tools for one plan."""

    def __init__(self, plan, coordinators, banks, ledger, callback):
        self.plan, self.gid, self.legs = plan, plan["gid"], plan["legs"]
        self.coordinators, self.banks, self.ledger, self.callback = coordinators, banks, ledger, callback
        self.steps_taken = 0

    def run(self):
        self.ledger.intend(self.plan)
        try:
            RUNNERS[self.plan["mode"]](self)
        except Abandoned:
            self.ledger.note(self.gid, f"abandoned by its client at step {self.steps_taken}")

    def step(self):
        self.steps_taken += 1
        if self.steps_taken == self.plan["dies_at"]:
            raise Abandoned()

    def head(self, trans_type, **more):
        return {"gid": self.gid, "trans_type": trans_type, "retry_interval": 1, **more}

    def prepare(self, body, branches=()):
        """A refusal means that an earlier try got through without an answer, and that its time is over since."""
        self.step()
        reply = self.coordinators.act("prepare", body)
        if reply.status == 200:
            self.ledger.acknowledged(self.gid, "prepare", branches)
        else:
            self.ledger.note(self.gid, f"prepare: {reply.status} {reply.text}")
        return reply.status == 200

    def register(self, branch_id, ops, body):
        """`ops`: those of the rows that it makes."""
        self.step()
        reply = self.coordinators.act("registerBranch", body)
        if reply.status == 200:
            self.ledger.acknowledged(self.gid, "register", [(branch_id, op) for op in ops])
        else:
            self.ledger.note(self.gid, f"registerBranch {branch_id}: {reply.status} {reply.text}")
        return reply.status == 200

    def submit(self, body, end=None, branches=()):
        """`end`: what an acknowledgement promises. With wait_result it also means that it has succeeded."""
        self.step()
        wait = body.get("wait_result", False)
        reply = self.coordinators.act("submit", body, 12.0 if wait else 4.0)
        if reply.status == 200:
            self.ledger.acknowledged(self.gid, "submit", branches, "succeed" if wait else end)
        else:
            self.ledger.note(self.gid, f"submit: {reply.status} {reply.text}")
        return reply.status == 200

    def abort(self, body):
        self.step()
        reply = self.coordinators.act("abort", body)
        if reply.status == 200:
            self.ledger.acknowledged(self.gid, "abort", end="failed")
        else:
            self.ledger.note(self.gid, f"abort: {reply.status} {reply.text}")

    def query_of(self, branch_id, op):
        return {"gid": self.gid, "trans_type": self.plan["mode"], "branch_id": branch_id, "op": op}


def run_saga(transfer):
    plan, banks = transfer.plan, transfer.banks
    urls = [banks.url(leg["bank"], path_of(leg)) for leg in plan["legs"]]
    body = transfer.head("saga", wait_result=plan["wait"], payloads=[json.dumps(order_of(leg)) for leg in plan["legs"]],
                         steps=[{"action": url, "compensate": url + "-undo"} for url in urls])
    if "timeout" in plan:
        body["timeout_to_fail"] = plan["timeout"]
    if plan["mode"] == "concurrent":
        body["custom_data"] = json.dumps({"concurrent": True, "orders": plan["orders"]})
    transfer.submit(body, branches=rows_of(len(plan["legs"]), "compensate", "action"))


def run_tcc(transfer):
    body = transfer.head("tcc")
    done = transfer.prepare(body)
    for number, leg in enumerate(transfer.legs, 1):
        if not done:
            break
        branch_id, path = f"{number:02d}", path_of(leg)
        url = transfer.banks.url(leg["bank"], path)
        done = transfer.register(branch_id, ("cancel", "confirm"), {
            "gid": transfer.gid, "trans_type": "tcc", "branch_id": branch_id, "data": json.dumps(order_of(leg)),
            "confirm": url + "-confirm", "cancel": url + "-cancel"})
        if done:
            transfer.step()
            done = transfer.banks.call(leg["bank"], path + "-try", transfer.query_of(branch_id, "try"), order_of(leg))
    if done:
        transfer.submit({**body, "wait_result": transfer.plan["wait"]}, end="succeed")
    else:
        transfer.abort({**body, "rollback_reason": "a try did not succeed"})


def run_message(transfer):
    """10.4: the local transaction is the first leg, in its bank's own database."""
    banks, (local, *others) = transfer.banks, transfer.legs
    body = transfer.head("msg", query_prepared=banks.url(local["bank"], "query-prepared"),
                         steps=[{"action": banks.url(leg["bank"], path_of(leg))} for leg in others],
                         payloads=[json.dumps(order_of(leg)) for leg in others])
    rows = rows_of(len(others), "action")
    if not transfer.prepare(body, rows):
        return
    transfer.step()
    query = transfer.query_of("00", "msg")
    done = banks.call(local["bank"], path_of(local), query, order_of(local), limit=3.0)
    if done is None:
        done = banks.call(local["bank"], "query-prepared", query)
    if done:
        transfer.submit({**body, "wait_result": transfer.plan["wait"]}, end="succeed", branches=rows)
    elif done is False:
        transfer.abort(body)


def run_xa(transfer):
    body = transfer.head("xa")
    done = transfer.prepare(body)
    for number, leg in enumerate(transfer.legs, 1):
        if not done:
            break
        transfer.step()
        url = transfer.banks.url(leg["bank"], "xa")
        query = {**transfer.query_of(f"{number:02d}", "action"), "phase2_url": url,
                 "dtm": transfer.coordinators.address()}
        done = transfer.banks.call(leg["bank"], "xa", query, {**order_of(leg), "amount": leg["amount"]})
        if done:  # The bank says so only after the coordinator has acknowledged the branch to it.
            rows = [(query["branch_id"], op) for op in ("rollback", "commit")]
            transfer.ledger.acknowledged(transfer.gid, "register", rows)
    if done:
        transfer.submit({**body, "wait_result": transfer.plan["wait"]}, end="succeed")
    else:
        transfer.abort({**body, "rollback_reason": "a branch was not prepared"})


def run_workflow(transfer):
    """10.7: prepareWorkflow tells how far an earlier execution got; each step is reported before the next begins."""
    transfer.step()
    data = base64.b64encode(json.dumps({**transfer.plan, "dies_at": 0}).encode()).decode()
    reply = transfer.coordinators.act("prepareWorkflow", transfer.head(
        "workflow", query_prepared=transfer.callback, custom_data=json.dumps({"name": WORKFLOW, "data": data})))
    if reply.status != 200:
        return transfer.ledger.problem(transfer.gid, f"prepareWorkflow: {reply.status} {reply.text}")
    transfer.ledger.acknowledged(transfer.gid, "prepare")
    answer = reply.json()
    if answer["transaction"]["status"] in ("succeed", "failed"):
        return None
    progress = {(row["branch_id"], row["op"]): row["status"] for row in answer["progresses"]}
    for number, leg in enumerate(transfer.legs, 1):
        branch_id = f"{number:02d}"
        status = progress.get((branch_id, "action"))
        if status is None:
            status = forward(transfer, branch_id, leg)
        if status is None:
            return None  # Called back later.
        if status == "failed":
            return roll_back(transfer, number, progress)
    return end_workflow(transfer, "succeed")


def forward(transfer, branch_id, leg):
    """The step's result, once it is stored; None if that could not be brought about now."""
    query = transfer.query_of(branch_id, "action")
    done = transfer.banks.call(leg["bank"], path_of(leg), query, order_of(leg), limit=3.0)
    if done is None:
        return None
    status = "succeed" if done else "failed"
    return status if report(transfer, branch_id, "action", status) else None


def report(transfer, branch_id, op, status):
    return transfer.register(branch_id, (op,), {"gid": transfer.gid, "trans_type": "workflow", "branch_id": branch_id,
                                                "op": op, "status": status, "data": "", "sync": "1"})


def roll_back(transfer, last, progress):
    """The failed step too: another execution of the same workflow may have carried it out."""
    for number in range(last, 0, -1):
        leg, branch_id = transfer.legs[number - 1], f"{number:02d}"
        if (branch_id, "rollback") in progress:
            continue
        query = transfer.query_of(branch_id, "rollback")
        if not transfer.banks.call(leg["bank"], path_of(leg) + "-undo", query, order_of(leg)):
            return None
        if not report(transfer, branch_id, "rollback", "succeed"):
            return None
    return end_workflow(transfer, "failed")


def end_workflow(transfer, status):
    extra = {"status": status, "rollback_reason": "a step was refused" if status == "failed" else "", "result": ""}
    return transfer.submit(transfer.head("workflow", req_extra=extra), end=status)


RUNNERS = {"saga": run_saga, "concurrent": run_saga, "tcc": run_tcc, "msg": run_message, "workflow": run_workflow,
           "xa": run_xa}
