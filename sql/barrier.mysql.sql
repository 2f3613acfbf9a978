-- The sub-transaction barrier, for a business database on MySQL or MariaDB. It belongs beside the business tables, not
-- into the coordinator's database: clients write it in the same transaction as their own change. Their libraries look
-- for dtm_barrier.barrier unless told otherwise.

CREATE DATABASE IF NOT EXISTS dtm_barrier DEFAULT CHARSET utf8mb4;

CREATE TABLE IF NOT EXISTS dtm_barrier.barrier (
  id bigint NOT NULL AUTO_INCREMENT,
  trans_type varchar(45) DEFAULT '',
  gid varchar(128) DEFAULT '',
  branch_id varchar(128) DEFAULT '',
  op varchar(45) DEFAULT '',
  barrier_id varchar(45) DEFAULT '',
  reason varchar(45) DEFAULT '',
  create_time datetime DEFAULT CURRENT_TIMESTAMP,
  update_time datetime DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (id),
  UNIQUE KEY uniq_barrier (gid, branch_id, op, barrier_id),
  KEY create_time (create_time)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
