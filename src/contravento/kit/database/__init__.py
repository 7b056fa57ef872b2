"""PostgreSQL: sessions, replica, failover."""
