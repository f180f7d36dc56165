import { uuidForm } from '../uuid-form.js';
import type { Queryable } from './database.js';

export const searchTypes = ['tenant', 'webhook', 'event', 'delivery'] as const;

export interface SearchResult {
  type: (typeof searchTypes)[number];
  id: string;
  tenant: { id: string; name: string };
  /** Of webhooks and deliveries. */
  webhookId: number | null;
  title: string;
  createdAt: Date;
}

/** Results of each type. */
export const maxResults = 20;

const like = (beginning: string) => `${beginning.replace(/[\\%_]/g, '\\$&')}%`;
/** As it is indexed: a longer beginning finds what agrees with it up to here. */
const maxAddressLength = 200;
const address = `left(regexp_replace(lower(w.url), '^https?://', ''), ${maxAddressLength})`;
const columns = (type: string, id: string, webhookId: string, title: string, table: string) =>
  `select '${type}' as type, ${id}::text as id, t.id as tenant_id, t.name as tenant_name, ${webhookId} as webhook_id,
          ${title} as title, ${table}.created_at`;
const ofTenant = (table: string) => `join tenants t on t.id = ${table}.tenant_id and t.deleted_at is null`;

/**
 * What has this id, whosever it is (the id of an event may be its source's), and the tenants and webhooks whose name or
 * url, with or without https://, begins with the text. At most 20 of each type. Reads the indexes for just these.
 */
export async function searchPlatform(db: Queryable, text: string): Promise<SearchResult[]> {
  const uuid = uuidForm.test(text) ? text : null;
  const number = /^[1-9][0-9]{0,9}$/.test(text) && Number(text) < 2 ** 31 ? Number(text) : null;
  const addressed = text.replace(/^https?:\/\//i, '').slice(0, maxAddressLength);
  const statements: [statement: string, values: unknown[]][] = [
    [
      `${columns('tenant', 't.id', 'null::integer', 't.name', 't')} from tenants t
        where (t.id = $1 or t.external_id = $2) and t.deleted_at is null`,
      [uuid, text],
    ],
    [
      `${columns('tenant', 't.id', 'null::integer', 't.name', 't')} from tenants t
        where lower(t.name) like lower($1) and t.deleted_at is null
        order by lower(t.name) using ~<~ limit ${maxResults}`,
      [like(text)],
    ],
    [`${columns('webhook', 'w.id', 'w.id', 'w.url', 'w')} from webhooks w ${ofTenant('w')} where w.id = $1`, [number]],
    [
      `${columns('webhook', 'w.id', 'w.id', 'w.url', 'w')}
         from (select * from webhooks w where ${address} like lower($1) and deleted_at is null
                order by ${address} using ~<~ limit ${maxResults}) w ${ofTenant('w')}`,
      [like(addressed)],
    ],
    [
      `${columns('event', 'e.id', 'null::integer', "e.event_type || ' ' || e.event_id", 'e')}
         from webhook_events e ${ofTenant('e')} where e.id = $1`,
      [uuid],
    ],
    [
      // Ordered, and not by equality: of an id that many events have, Postgres might look for 20 in the table itself.
      `${columns('event', 'e.id', 'null::integer', "e.event_type || ' ' || e.event_id", 'e')}
         from (select * from webhook_events where event_id >= $1 and event_id <= $1 order by event_id limit ${maxResults}) e
         ${ofTenant('e')} order by e.id desc`,
      [text],
    ],
    [
      `${columns('delivery', 'd.id', 'd.webhook_id', "d.event_type || ' ' || d.event_id", 'd')}
         from webhook_deliveries d ${ofTenant('d')} where d.id = $1 and d.batch_size is null`,
      [uuid],
    ],
  ];
  const found: SearchResult[] = [];
  for (const [statement, values] of statements) {
    // Nothing has no id, and everything begins with nothing.
    if (values.every((value) => value === null || value === '%')) continue;
    found.push(...(await resultsOf(db, statement, values)));
  }
  return searchTypes.flatMap((type) => firstOf(found.filter((result) => result.type === type)));
}

/** Without those that were found in both ways. */
const firstOf = (results: SearchResult[]): SearchResult[] =>
  results.filter(({ id }, index) => results.findIndex((other) => other.id === id) === index).slice(0, maxResults);

async function resultsOf(db: Queryable, statement: string, values: unknown[]): Promise<SearchResult[]> {
  const { rows } = await db.query<{
    type: SearchResult['type'];
    id: string;
    tenant_id: string;
    tenant_name: string;
    webhook_id: number | null;
    title: string;
    created_at: Date;
  }>(statement, values);
  return rows.map((row) => ({
    type: row.type,
    id: row.id,
    tenant: { id: row.tenant_id, name: row.tenant_name },
    webhookId: row.webhook_id,
    title: row.title,
    createdAt: row.created_at,
  }));
}
