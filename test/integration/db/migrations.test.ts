import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Config } from '../../../src/config/service.js';
import { recordAttempt, takeAttempt } from '../../../src/db/attempts.js';
import { openDatabase } from '../../../src/db/database.js';
import { insertEvent } from '../../../src/db/events.js';
import { migrate, pendingMigrations, readSchema, type Schema } from '../../../src/db/migrations.js';
import { createLogger } from '../../../src/log.js';
import { openDatabases } from '../../../src/server/open-databases.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { assertInvariants } from '../../support/invariants.js';
import { insertTenant } from '../../support/rows.js';

const log = createLogger({ level: 'silent', format: 'json' });

describe('migrate', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let folder: string;
  beforeEach(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(path.join(tmpdir(), 'irisx-migrations-'));
    await cp('migrations', folder, { recursive: true });
  });
  afterEach(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const empty = () => database.pool.query('drop schema public cascade; create schema public');
  const file = (name: string) => path.join(folder, `${name}.sql`);
  const edit = async (name: string, change: (text: string) => string) =>
    writeFile(file(name), change(await readFile(file(name), 'utf8')));
  const removeAfter = async (last: number) => {
    for (const name of await readdir(folder))
      if (Number(/^\d+/.exec(name)?.[0]) > last) await rm(file(path.parse(name).name));
  };
  const run = async () => migrate(database.url, log, await readSchema(folder));
  const pending = (schema: Schema, options?: { orReplaced: boolean }) =>
    pendingMigrations(database.pool, schema, options);
  const value = async (text: string): Promise<unknown> => {
    const { rows } = await database.pool.query<{ value: unknown }>(`select ${text} as value`);
    return rows[0]?.value;
  };
  const oid = (name: string) => value(`(select oid from pg_proc where proname = '${name}')`);

  it('sets up an empty database once, however many run at the same time', async () => {
    await empty();
    const schema = await readSchema(folder);
    const all = [...schema.migrations, ...schema.functions].map(({ name }) => name);
    assert.deepEqual(await pending(schema), all);
    const ran = await Promise.all([run(), run(), run()]);
    assert.deepEqual(
      ran.filter((names) => names.length > 0),
      [all],
    );
    assert.deepEqual(await pending(schema), []);
    assert.deepEqual(await run(), []);
  });

  it('has migrations numbered without a gap, and a file for each function in the result', async () => {
    const numbers = (await readdir('migrations'))
      .flatMap((name) => /^(\d+)_.*\.sql$/.exec(name)?.[1] ?? [])
      .map(Number);
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => i + 1),
    );
    const { rows } = await database.pool.query<{ name: string }>(
      `select distinct proname as name from pg_proc where pronamespace = 'public'::regnamespace order by proname`,
    );
    const files = (await readdir('migrations/functions')).map((name) => path.parse(name).name);
    assert.deepEqual(
      rows.map(({ name }) => name),
      // An index or a column stores their results, so they change together with it.
      [...files, 'sealed_key_id', 'histogram_percentiles', 'statistics_as_json'].sort(),
    );
  });

  it('replaces a function in place when its file changed, even if defaults or triggers depend on it', async () => {
    const before = await oid('uuid_v7');
    await edit('functions/uuid_v7', (text) =>
      text.replace('gen_random_uuid()', `'${'f'.repeat(8)}${randomUUID().slice(8)}'::uuid`),
    );
    await edit('functions/create_limiter', (text) => text.replace('(new.id)', '(new.id) on conflict do nothing'));
    assert.deepEqual(await run(), ['functions/create_limiter', 'functions/uuid_v7']);
    assert.equal(await oid('uuid_v7'), before);
    assert.match(String(await value(`pg_get_functiondef(${String(before)})`)), /ffffffff/);
    assert.deepEqual(await run(), []);
  });

  it('replaces a function whose result, parameters or defaults changed, and drops the earlier one', async () => {
    const answers = async (body: string, call: string) => {
      await writeFile(file('functions/request_lease'), body);
      assert.deepEqual(await run(), ['functions/request_lease']);
      assert.equal(await value(`(select count(*)::int from pg_proc where proname = 'request_lease')`), 1);
      return value(call);
    };
    const sql = (head: string, body: string) =>
      `create or replace function request_lease${head} language sql as $$ ${body} $$;`;
    assert.equal(
      await answers(sql('(timeout_ms integer) returns text', `select 'another answer'`), 'request_lease(1)'),
      'another answer',
    );
    assert.equal(await answers(sql('(a integer, b text) returns text', 'select b'), `request_lease(1, 'b')`), 'b');
    assert.equal(
      await answers(sql(`(c integer, d text default 'd') returns text`, 'select d'), 'request_lease(1)'),
      'd',
    );
    assert.deepEqual(
      await answers(
        sql('() returns table (x integer, y integer)', 'select 1, 2'),
        '(select to_json(r) from request_lease() r)',
      ),
      { x: 1, y: 2 },
    );
  });

  it('drops a function whose file is gone', async () => {
    await rm(file('functions/beat'));
    assert.deepEqual(await run(), []);
    assert.equal(await oid('beat'), null);
    assert.deepEqual(await pending(await readSchema()), ['functions/beat']);
    assert.deepEqual(await run(), [], 'once');
  });

  it('refuses an invalid body and a file without its function, names them, and changes nothing', async () => {
    const before = await value(
      `(select sum(('x' || md5(prosrc))::bit(32)::bigint) from pg_proc where pronamespace = 'public'::regnamespace)`,
    );
    await edit('functions/beat', (text) => text.replace("interval '6 s'", "interval '7 s'"));
    for (const [body, problem] of [
      [
        'create or replace function token_free_at() returns integer language sql as $$ select none_such() $$',
        /token_free_at.*none_such/,
      ],
      [
        'create or replace function token_free_at() returns void language plpgsql as $$ begin if end $$',
        /token_free_at.*syntax error/,
      ],
      [
        'create or replace function another() returns integer language sql as $$ select 1 $$',
        /functions\/token_free_at\.sql.*must hold/,
      ],
      ['create or replace fnction', /functions\/token_free_at\.sql.*syntax error/],
    ] as const) {
      await writeFile(file('functions/token_free_at'), body);
      await assert.rejects(run(), problem);
    }
    assert.equal(
      await value(
        `(select sum(('x' || md5(prosrc))::bit(32)::bigint) from pg_proc where pronamespace = 'public'::regnamespace)`,
      ),
      before,
    );
    assert.deepEqual(await pending(await readSchema()), []);
  });

  it('refuses a database that was made with a different text of a migration, before it changes anything', async () => {
    await edit('004_attempts', (text) => `${text}-- another text\n`);
    await edit('functions/beat', (text) => `${text}-- another text\n`);
    assert.deepEqual(await pending(await readSchema(folder)), ['004_attempts', 'functions/beat']);
    await assert.rejects(run(), /another text of 004_attempts\.sql\..*restore its text/);
    assert.deepEqual(await pending(await readSchema()), []);
  });

  it('ignores line endings', async () => {
    for (const name of ['001_tenants', '004_attempts', 'functions/beat'])
      await edit(name, (text) => text.replaceAll('\n', '\r\n'));
    assert.deepEqual(await pending(await readSchema(folder)), []);
    assert.deepEqual(await run(), []);
  });

  it('records the texts for a database that was made before texts were recorded', async () => {
    await database.pool.query('drop table migration_files');
    const schema = await readSchema();
    assert.equal((await pending(schema)).length, schema.migrations.length + schema.functions.length);
    assert.deepEqual(
      await run(),
      schema.functions.map(({ name }) => name),
    );
    assert.deepEqual(await pending(schema), []);
    await edit('007_messages', (text) => `${text}-- another text\n`);
    await assert.rejects(run(), /007_messages/);
  });

  it('lets an earlier version keep running after it replaced functions, but not start', async () => {
    const earlier = await readSchema();
    await edit('functions/beat', (text) => `${text}-- another text\n`);
    const later = await readSchema(folder);
    assert.deepEqual(await pending(later), ['functions/beat']);
    assert.deepEqual(await pending(later, { orReplaced: true }), ['functions/beat'], 'never had');
    await run();
    assert.deepEqual(await pending(later), []);
    assert.deepEqual(await pending(earlier), ['functions/beat']);
    assert.deepEqual(await pending(earlier, { orReplaced: true }), []);
    assert.deepEqual(await migrate(database.url, log, earlier), ['functions/beat'], 'back again');
    assert.deepEqual(await pending(earlier), []);
    assert.deepEqual(await pending(later), ['functions/beat']);
  });

  it('lets a process continue after another version replaced its functions, but not if they were never there', async () => {
    const config = { databaseUrl: database.url, databasePoolSize: 2, databasePreparedStatements: true } as Config;
    const databases = openDatabases(config, log, { api: true, worker: false });
    const check = async () => [await databases.pendingMigrations(), await databases.hasPendingMigrations()];
    assert.deepEqual(await check(), [[], false]);
    await edit('functions/beat', (text) => `${text}-- another text\n`);
    await run();
    assert.deepEqual(await check(), [['functions/beat'], false]);
    await database.pool.query(`delete from migration_files where replaced_at is not null`);
    assert.deepEqual(await check(), [['functions/beat'], true]);
    await databases.close();
  });

  it('upgrades a database with data from migration 007', async () => {
    await empty();
    const landed = await readSchema(folder);
    // Set up as by that version: with numbered migrations only, and nothing recorded.
    await removeAfter(7);
    for (const { name } of landed.functions) await rm(file(name));
    await run();
    await database.pool.query('drop table migration_files');
    const { tenantId, webhookId, deliveries } = await insertLandedData(database);

    assert.ok((await migrate(database.url, log)).includes('008_settlement'));
    assert.deepEqual(await pending(await readSchema()), []);
    await assertInvariants(database.pool, webhookId);
    const db = openDatabase({ url: database.url, poolSize: 2 });
    const options = { timeoutMs: 30_000, processId: randomUUID(), keyIds: ['a-key'] };
    const [waiting, retried, delivered] = deliveries as [string, string, string];
    assert.equal((await takeAttempt(db, waiting, options)).answer, 'wait', 'its token is still planned');
    assert.deepEqual(await takeAttempt(db, delivered, options), {
      answer: 'ended',
      status: 'delivered',
      attemptCount: 1,
      releases: false,
      deliveries: 1,
    });
    // Its request was open when the earlier version ended, and can no longer be recorded.
    await database.pool.query(`update webhook_deliveries set in_flight_until = now() where id = $1`, [retried]);
    await database.pool.query('update webhooks set rate_limit_per_minute = null, rate_limit_per_hour = null');
    const taken = await takeAttempt(db, retried, options);
    assert.ok(taken.answer === 'send', taken.answer);
    const { requestId, number, targetVersion, token, takenAt } = taken.attempt;
    assert.equal(number, 2);
    const recorded = await recordAttempt(db, {
      ...{ deliveryId: retried, requestId, number, targetVersion, token, startedAt: takenAt.toISOString() },
      ...{ durationMs: 5, statusCode: 200, requestHeaders: {}, responseHeaders: {}, responseBody: '' },
      ...{
        responseTruncated: false,
        error: null,
        verdict: 'delivered',
        retryWaitMs: 0,
        disabledReason: null,
        elapsedMs: 5,
        target: 'primary' as const,
      },
    });
    assert.equal(recorded?.status, 'delivered');
    const event = { tenantId, eventType: 'call.completed', eventId: 'new', occurredAt: new Date(), body: '{}' };
    assert.equal((await insertEvent(db, event))?.deliveries.length, 1);
    await assertInvariants(database.pool, webhookId);
    await db.close();
  });

  it('finds the webhooks of the deliveries and recoveries in the audit log', async () => {
    await empty();
    await removeAfter(28);
    await run();
    const { pool } = database;
    const tenantId = await insertTenant(pool);
    const { rows } = await pool.query<{ webhook: number; recovery: string; delivery: string }>(
      `with w as (insert into webhooks (tenant_id, url, events, secret_sealed)
                  values ($1, 'https://example.com', '{*}', 'x') returning id),
            e as (insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body)
                  values ($1, 'call.completed', '1', now(), '{}') returning *),
            r as (insert into webhook_recoveries (webhook_id, tenant_id, statuses, include_missing, total)
                  select id, $1, '{failed}', false, 1 from w returning id),
            d as (insert into webhook_deliveries (event_row_id, webhook_id, tenant_id, event_type, event_id, status, accepted_as, finished_at)
                  select e.id, w.id, $1, event_type, event_id, 'delivered', 'pending', now() from e, w returning id)
       select w.id as webhook, r.id as recovery, d.id as delivery from w, r, d`,
      [tenantId],
    );
    const { webhook, recovery, delivery } = rows[0]!;
    await pool.query(
      `insert into audit_entries (tenant_id, actor_type, actor_name, action, subject_id, changes)
       select $1, 'system', 'service', action, subject, '{}' from unnest($2::text[], $3::text[]) e (action, subject)`,
      [
        tenantId,
        ['webhook.created', 'delivery.retried', 'delivery.retried', 'recovery.cancelled'],
        [webhook, delivery, randomUUID(), recovery],
      ],
    );

    assert.ok((await migrate(database.url, log)).includes('029_webhook_of_audit_entries'));
    const { rows: entries } = await pool.query('select subject_type, webhook_id from audit_entries order by 1, 2');
    assert.deepEqual(
      entries.map((entry: { subject_type: string; webhook_id: number | null }) => [
        entry.subject_type,
        entry.webhook_id,
      ]),
      [
        ['delivery', webhook],
        ['delivery', null],
        ['recovery', webhook],
        ['webhook', null],
      ],
    );
  });
});

/** A webhook with three deliveries: one waits for a token, one failed once and has an open request, one is delivered. */
async function insertLandedData({ pool }: TestDatabase) {
  const tenantId = await insertTenant(pool);
  const { rows: webhooks } = await pool.query<{ id: number }>(
    `insert into webhooks (tenant_id, url, events, secret_sealed, rate_limit_per_minute)
     values ($1, 'https://example.com', '{*}', 'x', 3) returning id`,
    [tenantId],
  );
  const webhookId = webhooks[0]!.id;
  const { rows } = await pool.query<{ id: string }>(
    `with e as (insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body)
                select $1, 'call.completed', n, now(), '{}' from generate_series(1, 3) n returning *)
     insert into webhook_deliveries (event_row_id, webhook_id, tenant_id, event_type, event_id, status, accepted_as, next_attempt_at)
     select id, $2, tenant_id, event_type, event_id, 'pending', 'pending', now() from e returning id`,
    [tenantId, webhookId],
  );
  const [waiting, retried, delivered] = rows.map(({ id }) => id) as [string, string, string];
  await pool.query(`select count_deliveries($1, null, 'pending', 3)`, [webhookId]);
  const take = (id: string) => pool.query('select token from take_attempt($1, 30000, false)', [id]);
  const record = (id: string, request: string, verdict: string, status: number) =>
    pool.query(
      `select record_attempt($1, $2, 1, now(), 5, $4, '{}', '{}', '', false, case $3 when 'retry' then 'http_status' end,
                             case $3 when 'retry' then 'HTTP 500' end, $3, 0, null, 1, 5)`,
      [id, request, verdict, status],
    );
  await take(delivered);
  await record(delivered, randomUUID(), 'delivered', 200);
  await take(retried);
  await record(retried, randomUUID(), 'retry', 500);
  await take(retried);
  await pool.query('select plan_attempt($1)', [waiting]);
  return { tenantId, webhookId, deliveries: [waiting, retried, delivered] };
}
