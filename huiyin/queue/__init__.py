"""Work spread over machines: leases in the record, wake-ups through Redis. On one machine nothing of it is needed."""
