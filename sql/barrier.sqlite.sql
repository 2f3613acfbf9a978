-- The sub-transaction barrier, for a business database on SQLite. Clients write it in the same transaction as their own
-- change. Their libraries look for dtm_barrier.barrier unless told otherwise; SQLite has no schemas, so tell them
-- `barrier`, or attach a database file as dtm_barrier and create the table there.

CREATE TABLE IF NOT EXISTS barrier (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  trans_type varchar(45) DEFAULT '',
  gid varchar(128) DEFAULT '',
  branch_id varchar(128) DEFAULT '',
  op varchar(45) DEFAULT '',
  barrier_id varchar(45) DEFAULT '',
  reason varchar(45) DEFAULT '',
  create_time datetime DEFAULT CURRENT_TIMESTAMP,
  update_time datetime DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT uniq_barrier UNIQUE (gid, branch_id, op, barrier_id)
);

CREATE INDEX IF NOT EXISTS barrier_create_time ON barrier (create_time);
