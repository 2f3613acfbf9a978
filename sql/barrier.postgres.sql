-- The sub-transaction barrier, for a business database on PostgreSQL. It belongs beside the business tables, not into
-- the coordinator's database: clients write it in the same transaction as their own change. Their libraries look for
-- dtm_barrier.barrier unless told otherwise, and name the constraint uniq_barrier when they insert.

CREATE SCHEMA IF NOT EXISTS dtm_barrier;

CREATE SEQUENCE IF NOT EXISTS dtm_barrier.barrier_seq;

CREATE TABLE IF NOT EXISTS dtm_barrier.barrier (
  id bigint NOT NULL DEFAULT nextval('dtm_barrier.barrier_seq'),
  trans_type varchar(45) DEFAULT '',
  gid varchar(128) DEFAULT '',
  branch_id varchar(128) DEFAULT '',
  op varchar(45) DEFAULT '',
  barrier_id varchar(45) DEFAULT '',
  reason varchar(45) DEFAULT '',
  create_time timestamp(0) with time zone DEFAULT current_timestamp,
  update_time timestamp(0) with time zone DEFAULT current_timestamp,
  PRIMARY KEY (id),
  CONSTRAINT uniq_barrier UNIQUE (gid, branch_id, op, barrier_id)
);

CREATE INDEX IF NOT EXISTS barrier_create_time ON dtm_barrier.barrier (create_time);
