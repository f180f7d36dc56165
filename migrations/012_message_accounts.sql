-- Up Migration

-- The Twilio account in which the number is; null: the one that sends (TWILIO_ACCOUNT_SID). Only that account's signature
-- counts for messages to the number.
alter table phone_numbers add column account_sid text check (account_sid ~ '^AC[0-9a-fA-F]{32}$');

-- Until now every configured account was believed for every number. A number that has got its messages from one account
-- alone is in it. The account by which we have sent is the one that null stands for.
update phone_numbers as n set account_sid = heard.account_sid
  from (select p.id, min(m.account_sid) as account_sid
          from phone_numbers p
          join messages m on m.direction = 'inbound' and m.tenant_id = p.tenant_id and m.to_number = p.phone_number
                         and m.created_at >= p.assigned_at and m.created_at < coalesce(p.released_at, 'infinity')
         group by p.id
        having count(distinct m.account_sid) = 1) as heard
 where n.id = heard.id
   and heard.account_sid ~ '^AC[0-9a-fA-F]{32}$'
   and not exists (select from messages m
                    where m.direction = 'outbound' and m.send_began_at is not null and m.account_sid = heard.account_sid);

-- Counted before Twilio's own count was known; its answer to the request makes it good.
alter table messages add column segments_estimated boolean not null default false;
alter table messages add check (segments is not null or not segments_estimated);

-- A tenant's list, whole or by status or direction, reads its page and nothing else: a range of one of these. All columns
-- in one direction, else a comparison of rows could not use them.
create index messages_by_status on messages (tenant_id, status, id);
create index messages_by_direction on messages (tenant_id, direction, id);
drop index messages_by_tenant;
create index messages_by_tenant on messages (tenant_id, id);
