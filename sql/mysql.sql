-- dtmd's tables for MySQL 5.7+, MariaDB 10.5+, Galera and TiDB. `dtmd schema print` shows this file, `dtmd schema apply`
-- runs it, and dtmd creates what is missing by itself unless Store.CreateSchema is false.
--
-- They are dtm's tables, by name, column and index, so that either server can work on what the other wrote. They have
-- more room than dtm's own (whose texts end at 1,024 characters and whose bodies end at 64 KB), and tell gids apart that
-- differ only by case.

CREATE TABLE IF NOT EXISTS trans_global (
  id bigint NOT NULL AUTO_INCREMENT,
  gid varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  trans_type varchar(45) NOT NULL,
  status varchar(12) NOT NULL,
  query_prepared varchar(4096) NOT NULL,
  protocol varchar(45) NOT NULL,
  create_time datetime DEFAULT NULL,
  update_time datetime DEFAULT NULL,
  finish_time datetime DEFAULT NULL,
  rollback_time datetime DEFAULT NULL,
  options mediumtext,
  custom_data longtext,
  next_cron_interval int DEFAULT NULL,
  next_cron_time datetime DEFAULT NULL,
  owner varchar(128) NOT NULL DEFAULT '',
  ext_data longtext,
  result longtext,
  rollback_reason text,
  PRIMARY KEY (id),
  UNIQUE KEY gid (gid),
  KEY owner (owner),
  KEY status_next_cron_time (status, next_cron_time)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS trans_branch_op (
  id bigint NOT NULL AUTO_INCREMENT,
  gid varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  url varchar(4096) NOT NULL,
  data text,
  bin_data longblob,
  branch_id varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  op varchar(45) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  status varchar(45) NOT NULL,
  finish_time datetime DEFAULT NULL,
  rollback_time datetime DEFAULT NULL,
  create_time datetime DEFAULT NULL,
  update_time datetime DEFAULT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY gid_uniq (gid, branch_id, op)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS kv (
  id bigint NOT NULL AUTO_INCREMENT,
  cat varchar(45) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  k varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  v longtext,
  version bigint DEFAULT 1,
  create_time datetime DEFAULT NULL,
  update_time datetime DEFAULT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY uniq_k (cat, k)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
