-- Up Migration

-- Several events in one request. A batch is a row of webhook_deliveries without an event: it is planned, sent, retried and
-- recorded like any other. The deliveries of its events have no workflow; they end when it ends.
alter table webhooks
  add column batch_max_events integer check (batch_max_events between 2 and 500),
  add column batch_max_wait_seconds integer check (batch_max_wait_seconds between 1 and 300),
  add check ((batch_max_events is null) = (batch_max_wait_seconds is null)),
  -- a transform makes the body of one event
  add check (batch_max_events is null or transform is null);

alter table webhook_deliveries
  alter column event_row_id drop not null,
  -- it is sent in a batch, not by itself
  add column batched boolean not null default false,
  -- the batch that it was put in last; its own id: it goes alone, in a batch of one. If it is batched, null: it waits for one
  add column batch_id uuid,
  -- of a batch: how many events it was made of; null: this is the delivery of an event
  add column batch_size integer,
  -- not valid: no old row is a batch, so none need be read
  add check ((event_row_id is null) = (batch_size is not null)) not valid;
-- What waits for a batch, in the order in which it leaves; what waits for its turn, apart from that.
create index webhook_deliveries_unbatched on webhook_deliveries (webhook_id, waits_for_turn, id)
  where batched and batch_id is null and finished_at is null;
-- What cannot be in one batch with a later one of its ordering key, which waits for it.
create index webhook_deliveries_ahead on webhook_deliveries (webhook_id, ordering_key, sequence)
  where ordering_key is not null and finished_at is null and (not batched or batch_id is not null or waits_for_turn);

-- Which deliveries a batch was made of. One that failed in a batch and was recovered is in two.
create table webhook_batch_members (
  delivery_id uuid not null references webhook_deliveries on delete cascade,
  batch_id uuid not null references webhook_deliveries on delete cascade,
  -- its place in the body
  place integer not null,
  -- attempts of the delivery before this batch: the first of the batch is the next
  attempts_before integer not null,
  -- attempts of the batch that are the delivery's, set when it leaves the batch; null: all
  attempts integer,
  primary key (delivery_id, batch_id)
);
create unique index webhook_batch_members_in_order on webhook_batch_members (batch_id, place);
