"""Databases and messaging: where their clients take secrets, one line a tool, from their manual pages."""

from __future__ import annotations

from collections.abc import Mapping

from delta_learn.collector.redaction.tool import Tool

_ORACLE = r"(?:userid=|target=|catalog=)?[\w.$#\"-]+/([^@/\s]+)(?:@.*)?"
_MYSQL = Tool(glued=("-p",), prompts=("--password",))
_REDIS = ("auth", "AUTH", "requirepass", "masterauth")

DATA_TOOLS: Mapping[str, Tool] = {
    "mysql|mysqldump|mysqlimport|mysqlshow|mysqlcheck|mysqlbinlog|mysqlslap|mysqlpump|mysqlsh|mysql_upgrade": _MYSQL,
    "mariadb|mariadb-dump|mariadb-import|mariadb-show|mariadb-check|mariadb-binlog|mariabackup|xtrabackup": _MYSQL,
    "mysqladmin|mariadb-admin": Tool(glued=("-p",), prompts=("--password",), keywords=("password",)),
    "mycli|mytop|mydumper|myloader|innotop|mysqltuner|mysqltuner.pl|pt-archiver|pt-query-digest": Tool(both=("-p",)),
    "pt-online-schema-change|pt-table-checksum|pt-table-sync|pt-show-grants|pt-kill": Tool(
        both=("-p",), argument=r"(?:.*,)?p=([^,]+)(?:,.*)?"
    ),
    "mongo|mongosh|mongodump|mongorestore|mongoexport|mongoimport|mongostat|mongotop|mongofiles": Tool(both=("-p",)),
    "cqlsh|cassandra-stress|dsbulk|beeline|cypher-shell|neo4j-client|surreal|rabbitmqadmin": Tool(value=("-p",)),
    "nodetool": Tool(value=("-pw",)),
    "sqlcmd|bcp|osql|tsql|freebcp|fisql|defncopy|mssql-cli|go-sqlcmd": Tool(both=("-P",)),
    "isql|iusql": Tool(both=("-P",), positions=(3,)),
    "isql-fb|gbak|gsec|gfix|fbsvcmgr|nbackup": Tool(value=("-p", "-pas", "-pass", "-pw")),
    "redis-cli|valkey-cli|keydb-cli": Tool(value=("-a",), keywords=_REDIS, argument=r">(\S+)"),
    "redis-benchmark|valkey-benchmark|memtier_benchmark|iredis": Tool(value=("-a",)),
    "influx": Tool(value=("-password", "-p", "-t", "--token")),
    "sqlplus|sqlplus64|sqlldr|expdp|impdp|exp|imp|rman|sqlcl|dgmgrl|tkprof": Tool(argument=_ORACLE),
    "connect|conn": Tool(argument=_ORACLE, keywords=("using", "USING"), only_first=True),
    "db2|clpplus": Tool(keywords=("using", "USING")),
    "neo4j-admin set-initial-password": Tool(positions=(1,)),
    "couchbase-cli|cbq|cbbackupmgr|cbimport|cbexport|cbstats|cbepctl": Tool(both=("-p",)),
    "cbc": Tool(both=("-P",)),
    "vsql|vbr": Tool(both=("-w",)),
    "nzsql|nzload": Tool(value=("-pw",)),
    "hdbsql|hdbuserstore|ttisql|monetdb|mclient|tdload|bteq|dbaccess|ij": Tool(both=("-p",)),
    "elasticsearch-users|elasticsearch-reset-password|airflow|kcadm.sh|kcadm|fs_cli": Tool(value=("-p",)),
    "elasticsearch-keystore|kibana-keystore|logstash-keystore|opensearch-keystore": Tool(stdin=("--stdin", "-x")),
    "filebeat keystore|metricbeat keystore|heartbeat keystore": Tool(stdin=("--stdin",)),
    "rabbitmqctl add_user|rabbitmqctl change_password|rabbitmqctl authenticate_user": Tool(positions=(2,), stdin=("",)),
    "mosquitto_pub|mosquitto_sub|mosquitto_rr|mqttx": Tool(both=("-P",)),
    "mosquitto_passwd": Tool(last=True, given="-b"),
    "grafana-cli reset-admin-password|grafana reset-admin-password": Tool(positions=(1,), takes=("--user-id",)),
    "drush upwd|drush user:password|drush user-password": Tool(positions=(2,)),
    "manage.py changepassword|manage.py createsuperuser|createuser|elasticsearch-setup-passwords": Tool(stdin=("",)),
    "manage.py": Tool(),
    "mysql_config_editor|psql|pg_dump|pg_dumpall|pg_restore|pg_basebackup|createdb|dropdb|dropuser": Tool(
        harmless=("--password",)
    ),
    "pgbench|vacuumdb|reindexdb|clusterdb|pg_isready|pg_receivewal|initdb|zenity|kdialog|yad": Tool(
        harmless=("--password", "--pwprompt", "--add-password")
    ),
}
