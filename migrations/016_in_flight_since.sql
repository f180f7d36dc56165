-- Up Migration

-- When the request began that is open until in_flight_until; says nothing while that is null.
alter table webhook_deliveries add column in_flight_since timestamptz;
