-- dtmd's tables for PostgreSQL 12+, CockroachDB and YugabyteDB. `dtmd schema print` shows this file, `dtmd schema apply`
-- runs it in the schema Store.Schema, and dtmd creates what is missing by itself unless Store.CreateSchema is false.
--
-- They are dtm's tables, by name, column, constraint and index, so that either server can work on what the other wrote.
-- They have more room than dtm's own, whose texts end at 1,024 characters.

CREATE SEQUENCE IF NOT EXISTS trans_global_seq;

CREATE TABLE IF NOT EXISTS trans_global (
  id bigint NOT NULL DEFAULT nextval('trans_global_seq'),
  gid varchar(128) NOT NULL,
  trans_type varchar(45) NOT NULL,
  status varchar(45) NOT NULL,
  query_prepared text NOT NULL,
  protocol varchar(45) NOT NULL,
  create_time timestamp(0) with time zone DEFAULT NULL,
  update_time timestamp(0) with time zone DEFAULT NULL,
  finish_time timestamp(0) with time zone DEFAULT NULL,
  rollback_time timestamp(0) with time zone DEFAULT NULL,
  options text DEFAULT '',
  custom_data text DEFAULT '',
  next_cron_interval integer DEFAULT NULL,
  next_cron_time timestamp(0) with time zone DEFAULT NULL,
  owner varchar(128) NOT NULL DEFAULT '',
  ext_data text,
  result text DEFAULT '',
  rollback_reason text DEFAULT '',
  PRIMARY KEY (id),
  CONSTRAINT gid UNIQUE (gid)
);

CREATE INDEX IF NOT EXISTS owner ON trans_global (owner);

CREATE INDEX IF NOT EXISTS status_next_cron_time ON trans_global (status, next_cron_time);

CREATE SEQUENCE IF NOT EXISTS trans_branch_op_seq;

CREATE TABLE IF NOT EXISTS trans_branch_op (
  id bigint NOT NULL DEFAULT nextval('trans_branch_op_seq'),
  gid varchar(128) NOT NULL,
  url text NOT NULL,
  data text,
  bin_data bytea,
  branch_id varchar(128) NOT NULL,
  op varchar(45) NOT NULL,
  status varchar(45) NOT NULL,
  finish_time timestamp(0) with time zone DEFAULT NULL,
  rollback_time timestamp(0) with time zone DEFAULT NULL,
  create_time timestamp(0) with time zone DEFAULT NULL,
  update_time timestamp(0) with time zone DEFAULT NULL,
  PRIMARY KEY (id),
  CONSTRAINT gid_branch_uniq UNIQUE (gid, branch_id, op)
);

CREATE SEQUENCE IF NOT EXISTS kv_seq;

CREATE TABLE IF NOT EXISTS kv (
  id bigint NOT NULL DEFAULT nextval('kv_seq'),
  cat varchar(45) NOT NULL,
  k varchar(128) NOT NULL,
  v text,
  version bigint DEFAULT 1,
  create_time timestamp(0) with time zone DEFAULT NULL,
  update_time timestamp(0) with time zone DEFAULT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uniq_k UNIQUE (cat, k)
);
