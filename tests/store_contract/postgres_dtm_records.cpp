#include "store_contract/postgres_store.h"

// Records as dtm writes them (protocol.md 4, 7.1 and 7.2), read and continued; and ours, as dtm works on them.
namespace dtmd::store::test {
namespace {

using testing::ElementsAre, testing::HasSubstr, testing::UnorderedElementsAre;
using txn::BranchStatus, txn::Mode, txn::Status;

// dtm's own script, as far as it differs from ours: its texts end at 1,024 characters.
constexpr const char* dtm_tables = R"sql(
CREATE SEQUENCE trans_global_seq;
CREATE TABLE trans_global (
  id bigint NOT NULL DEFAULT NEXTVAL ('trans_global_seq'), gid varchar(128) NOT NULL, trans_type varchar(45) not null,
  status varchar(45) NOT NULL, query_prepared varchar(1024) NOT NULL, protocol varchar(45) not null,
  create_time timestamp(0) with time zone DEFAULT NULL, update_time timestamp(0) with time zone DEFAULT NULL,
  finish_time timestamp(0) with time zone DEFAULT NULL, rollback_time timestamp(0) with time zone DEFAULT NULL,
  options varchar(1024) DEFAULT '', custom_data varchar(1024) DEFAULT '', next_cron_interval int default null,
  next_cron_time timestamp(0) with time zone default null, owner varchar(128) not null default '', ext_data text,
  result varchar(1024) DEFAULT '', rollback_reason varchar(1024) DEFAULT '',
  PRIMARY KEY (id), CONSTRAINT gid UNIQUE (gid));
CREATE INDEX owner on trans_global(owner);
CREATE INDEX status_next_cron_time on trans_global (status, next_cron_time);
CREATE SEQUENCE trans_branch_op_seq;
CREATE TABLE trans_branch_op (
  id bigint NOT NULL DEFAULT NEXTVAL ('trans_branch_op_seq'), gid varchar(128) NOT NULL, url varchar(1024) NOT NULL,
  data TEXT, bin_data bytea, branch_id VARCHAR(128) NOT NULL, op varchar(45) NOT NULL, status varchar(45) NOT NULL,
  finish_time timestamp(0) with time zone DEFAULT NULL, rollback_time timestamp(0) with time zone DEFAULT NULL,
  create_time timestamp(0) with time zone DEFAULT NULL, update_time timestamp(0) with time zone DEFAULT NULL,
  PRIMARY KEY (id), CONSTRAINT gid_branch_uniq UNIQUE (gid, branch_id, op));
CREATE SEQUENCE kv_seq;
CREATE TABLE kv (
  id bigint NOT NULL DEFAULT NEXTVAL ('kv_seq'), cat varchar(45) NOT NULL, k varchar(128) NOT NULL, v TEXT,
  version bigint default 1, create_time timestamp(0) with time zone DEFAULT NULL,
  update_time timestamp(0) with time zone DEFAULT NULL, PRIMARY KEY (id), CONSTRAINT uniq_k UNIQUE (cat, k));
)sql";

// What dtm leaves behind in flight. It writes empty texts for what a client did not give, and NULL for ext_data.
constexpr const char* dtm_rows = R"sql(
INSERT INTO trans_global (gid,trans_type,status,query_prepared,protocol,create_time,update_time,options,custom_data,
  next_cron_interval,next_cron_time,result,rollback_reason) VALUES
 ('saga-1','saga','submitted','','http','2023-11-15 06:13:20+08','2023-11-15 06:13:20+08',
  '{"wait_result":true,"branch_headers":{"h":"v"},"concurrent":false,"retry_limit":3}','',10,
  '2023-11-15 06:13:30+08','',''),
 ('saga-2','saga','aborting','','grpc','2023-11-14 22:13:20Z','2023-11-14 22:13:25Z','{"concurrent":false}',
  '{"concurrent":true,"orders":{"1":[0]}}',20,'2023-11-14 22:13:31Z','','no "money"'),
 ('tcc-1','tcc','prepared','','http','2023-11-14 22:13:20Z','2023-11-14 22:13:20Z',
  '{"timeout_to_fail":60,"concurrent":false}','',10,'2023-11-14 22:13:32Z','',''),
 ('xa-1','xa','prepared','','http','2023-11-14 22:13:20Z','2023-11-14 22:13:20Z','{"concurrent":false}','',10,
  '2023-11-14 22:13:33Z','',''),
 ('msg-1','msg','submitted','http://bank/check','http','2023-11-14 22:13:20Z','2023-11-14 22:13:20Z',
  '{"concurrent":true}','{"delay":3}',10,'2023-11-14 22:13:34Z','',''),
 ('wf-1','workflow','prepared','http://bank/workflow','http','2023-11-14 22:13:20Z','2023-11-14 22:13:20Z',
  '{"concurrent":false}','{"data":"e30=","name":"wf"}',10,'2023-11-14 22:13:35Z','',''),
 ('done-1','saga','succeed','','http','2023-11-14 22:13:20Z','2023-11-14 22:13:20Z','{"concurrent":false}','',10,
  '2023-11-14 22:13:30Z','','');
UPDATE trans_global SET finish_time='2023-11-14 22:13:22Z' WHERE gid='done-1';
INSERT INTO trans_branch_op (gid,url,bin_data,branch_id,op,status,create_time,update_time,finish_time) VALUES
 ('saga-1','http://bank/undo','\x7b2261223a317d','01','compensate','prepared',now(),now(),NULL),
 ('saga-1','http://bank/in','\x7b2261223a317d','01','action','succeed',now(),now(),'2023-11-14 22:13:21Z'),
 ('saga-1','http://bank/undo2',NULL,'02','compensate','prepared',now(),now(),NULL),
 ('saga-1','http://bank/out',NULL,'02','action','prepared',now(),now(),NULL),
 ('saga-2','bank:1/b.S/Undo','\x00ff','01','compensate','prepared',now(),now(),NULL),
 ('saga-2','bank:1/b.S/Do','\x00ff','01','action','failed',now(),now(),now()),
 ('tcc-1','http://bank/cancel','\x6e756c6c','01','cancel','prepared',now(),now(),NULL),
 ('tcc-1','http://bank/confirm','\x6e756c6c','01','confirm','prepared',now(),now(),NULL),
 ('xa-1','http://bank/xa',NULL,'01','rollback','prepared',now(),now(),NULL),
 ('xa-1','http://bank/xa',NULL,'01','commit','prepared',now(),now(),NULL),
 ('msg-1','http://bank/in','\x7b7d','01','action','prepared',now(),now(),NULL),
 ('msg-1','http://bank/out','\x7b7d','02-01','action','prepared',now(),now(),NULL),
 ('wf-1','','\x72','01','action','succeed',now(),now(),now());
INSERT INTO kv (cat,k,v,version,create_time,update_time) VALUES
 ('topics','users','["http://bank/in","http://bank/out"]',7,'2023-11-14 22:13:20Z','2023-11-14 22:13:22Z');
)sql";

class PostgresDtmRecords : public PostgresStore {
protected:
    PostgresDtmRecords() {
        PostgresServer::shared().run("CREATE SCHEMA " + schema.name() + " AUTHORIZATION dtmd", "dtm");
        schema.run("SET ROLE dtmd;" + std::string(dtm_tables));
        backend = open_backend(options);
    }

    std::unique_ptr<Backend> backend;
};

TEST_F(PostgresDtmRecords, ReadsTransactionsOfEveryMode) {
    schema.run(dtm_rows);
    const auto saga_1 = load(*backend, "saga-1");
    ASSERT_TRUE(saga_1);
    EXPECT_EQ(saga_1->mode, Mode::saga);
    EXPECT_EQ(saga_1->status, Status::submitted);
    EXPECT_EQ(saga_1->create_time, at(0));
    EXPECT_EQ(saga_1->next_cron_time, at(10));
    EXPECT_EQ(saga_1->next_cron_interval, 10);
    EXPECT_TRUE(saga_1->options.wait_result);
    EXPECT_EQ(saga_1->options.retry_limit, 3);
    EXPECT_THAT(saga_1->options.branch_headers, ElementsAre(std::pair("h", "v")));
    ASSERT_EQ(saga_1->branches.size(), 4u);
    EXPECT_EQ(saga_1->branches[1].status, BranchStatus::succeed);
    EXPECT_EQ(saga_1->branches[1].body, "{\"a\":1}");
    EXPECT_EQ(saga_1->branches[1].finish_time, at(1));
    EXPECT_EQ(saga_1->branches[3].body, "");
    EXPECT_EQ(saga_1->steps.size(), 2u);

    const auto saga_2 = load(*backend, "saga-2");
    EXPECT_EQ(saga_2->rollback_reason, "no \"money\"");
    EXPECT_EQ(saga_2->custom_data, "{\"concurrent\":true,\"orders\":{\"1\":[0]}}");
    EXPECT_EQ(saga_2->branches[0].body, std::string("\0\xFF", 2));
    EXPECT_EQ(saga_2->branches[1].status, BranchStatus::failed);
    EXPECT_EQ(load(*backend, "tcc-1")->options.timeout_to_fail, 60);
    EXPECT_EQ(load(*backend, "xa-1")->branches[1].op, "commit");
    EXPECT_EQ(load(*backend, "msg-1")->query_prepared, "http://bank/check");
    EXPECT_EQ(load(*backend, "msg-1")->branches[1].branch_id, "02-01");
    EXPECT_EQ(load(*backend, "wf-1")->branches[0].status, BranchStatus::succeed);
    EXPECT_EQ(load(*backend, "done-1")->finish_time, at(2));
    EXPECT_EQ(backend->counts()->unfinished, 6u);
    EXPECT_EQ((*backend->kv_find("topics", "users"))->version, 7u);
    EXPECT_EQ((*backend->kv_find("topics", "users"))->update_time, at(2));
}

TEST_F(PostgresDtmRecords, ContinuesThem) {
    schema.run(dtm_rows);
    const auto claims = backend->claim_due(at(100), at(1000), 10);
    ASSERT_TRUE(claims) << claims.error().what;
    EXPECT_THAT(gids(claims->transactions), ElementsAre("saga-1", "saga-2", "tcc-1", "xa-1", "msg-1", "wf-1"));
    EXPECT_EQ(claims->oldest_due, at(10));

    EXPECT_EQ(apply(*backend, append("tcc-1", Status::prepared, {branch("01", "cancel")})), Outcome::conflict);
    EXPECT_EQ(apply(*backend, append("tcc-1", Status::prepared, {branch("02", "cancel"), branch("02", "confirm")})),
              Outcome::ok);
    EXPECT_EQ(apply(*backend, turn("tcc-1", Status::prepared, Status::submitted)), Outcome::ok);
    Patch patch;
    patch.status = Status::succeed;
    patch.finish_time = patch.update_time = at(20);
    patch.rows.push_back({.row = 3, .status = BranchStatus::succeed, .finish_time = at(20), .attempts = 1});
    EXPECT_EQ(apply(*backend, update("saga-1", Status::submitted, patch)), Outcome::ok);
    EXPECT_THAT(schema.run("SELECT branch_id||op||status FROM trans_branch_op WHERE gid='saga-1' ORDER BY id"),
                ElementsAre("01compensateprepared", "01actionsucceed", "02compensateprepared", "02actionsucceed"));
    EXPECT_EQ(load(*backend, "saga-1")->status, Status::succeed);
    EXPECT_EQ(*backend->kv_update({.category = "topics",
                                   .key = "users",
                                   .value = "[]",
                                   .version = 8,
                                   .create_time = at(0),
                                   .update_time = at(30)}),
              Outcome::ok);
}

// The statements that dtm sends, on rows that we wrote.
TEST_F(PostgresDtmRecords, WritesWhatDtmCanWorkOn) {
    EXPECT_EQ(apply(*backend, insert(saga("ours", at(5)))), Outcome::ok);
    EXPECT_THAT(schema.run("SELECT trans_type||status||query_prepared||protocol||options||custom_data||owner||result||"
                           "rollback_reason FROM trans_global WHERE gid='ours'"),
                ElementsAre("sagasubmittedhttp{\"concurrent\":false}"));
    EXPECT_THAT(schema.run("UPDATE trans_global SET update_time='2023-11-14 22:13:21Z',next_cron_time="
                           "'2023-11-14 22:15:00Z',owner='dtm-1' WHERE id in (select id from trans_global where "
                           "next_cron_time < '2023-11-14 22:14:00Z' and status in ('prepared', 'aborting', "
                           "'submitted') order by random() limit 1) RETURNING gid"),
                ElementsAre("ours"));
    schema.run(
        "INSERT INTO trans_branch_op (gid,url,bin_data,branch_id,op,status,finish_time,update_time) VALUES "
        "('ours','','','01','action','succeed','2023-11-14 22:13:22Z','2023-11-14 22:13:22Z') ON CONFLICT ON "
        "CONSTRAINT gid_branch_uniq DO UPDATE SET status=excluded.status,finish_time=excluded.finish_time,"
        "update_time=excluded.update_time");
    schema.run("UPDATE trans_global SET status='aborting',update_time=now() WHERE status='submitted' and gid='ours'");
    const auto stored = load(*backend, "ours");
    EXPECT_EQ(stored->status, Status::aborting);
    EXPECT_EQ(stored->owner, "dtm-1");
    ASSERT_EQ(stored->branches.size(), 4u);
    EXPECT_EQ(stored->branches[1].status, BranchStatus::succeed);
    EXPECT_EQ(stored->branches[1].finish_time, at(2));
    EXPECT_EQ(stored->branches[1].body, "{\"amount\":30}");
}

TEST_F(PostgresDtmRecords, RefusesWhatDtmsNarrowColumnsCanNotHold) {
    auto record = saga("wide");
    record.custom_data = std::string(1025, 'c');
    EXPECT_THAT(apply(*backend, {insert(saga("a")), insert(record), insert(saga("z"))}),
                ElementsAre(Outcome::ok, Outcome::unavailable, Outcome::ok));
    ASSERT_EQ(refusals.size(), 1u);
    EXPECT_THAT(refusals[0], HasSubstr("trans_global.custom_data holds 1024 characters"));
    std::string euros;
    for (int i = 0; i < 1024; ++i) euros += "\xE2\x82\xAC";
    record.custom_data = euros;
    EXPECT_EQ(apply(*backend, insert(record)), Outcome::ok) << "it is characters that count";
    EXPECT_EQ(load(*backend, "wide")->custom_data, euros);

    Patch patch;
    patch.rollback_reason = std::string(5000, 'r');
    EXPECT_EQ(apply(*backend, update("a", Status::submitted, patch)), Outcome::ok) << "evidence is shortened";
    EXPECT_EQ(load(*backend, "a")->rollback_reason, std::string(1024, 'r'));
}

TEST_F(PostgresDtmRecords, PassesByARowThatNobodyCanRead) {
    schema.run(dtm_rows);
    schema.run(
        "UPDATE trans_global SET trans_type='none' WHERE gid='saga-2'; "
        "UPDATE trans_global SET next_cron_time=NULL WHERE gid='wf-1'");
    const auto claims = backend->claim_due(at(100), at(1000), 10);
    ASSERT_TRUE(claims) << claims.error().what;
    EXPECT_THAT(gids(claims->transactions), UnorderedElementsAre("saga-1", "tcc-1", "xa-1", "msg-1"));
    EXPECT_EQ(backend->list({}, "", 100)->transactions.size(), 6u);
    EXPECT_EQ(backend->load("saga-2").error().code, Errc::invalid);
    ASSERT_FALSE(refusals.empty());
    EXPECT_THAT(refusals[0], HasSubstr("saga-2"));
}

TEST_F(PostgresDtmRecords, NamesNarrowColumnsAndWidensThem) {
    schema.run(dtm_rows);
    const auto before = check_postgres_schema(options);
    ASSERT_TRUE(before) << before.error().what;
    std::vector<std::string> what;
    for (const auto& difference : *before) {
        EXPECT_FALSE(difference.is_fatal);
        what.push_back(difference.what.substr(0, difference.what.find(':')));
    }
    EXPECT_THAT(what,
                UnorderedElementsAre("trans_global.query_prepared", "trans_global.options", "trans_global.custom_data",
                                     "trans_global.result", "trans_global.rollback_reason", "trans_branch_op.url"));
    const auto deeds = apply_postgres_schema(options);
    ASSERT_TRUE(deeds) << deeds.error().what;
    EXPECT_EQ(deeds->size(), 6u);
    EXPECT_TRUE(check_postgres_schema(options)->empty());
    EXPECT_TRUE(load(*backend, "saga-1")) << "a connection from before";
    auto record = saga("wide");
    record.custom_data = std::string(5000, 'c');
    EXPECT_EQ(apply(*open_backend(options), insert(record)), Outcome::ok);
}

}  // namespace
}  // namespace dtmd::store::test
