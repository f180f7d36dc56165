import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expire } from '../../../activities/maintenance/expire.js';
import { retentionOf } from '../../../src/config/retention.js';
import { openDatabase } from '../../../src/db/database.js';
import { createLogger } from '../../../src/log.js';
import { deleteExpiredSessions } from '../../../src/db/browser-sessions.js';
import { insertPortalLink, usePortalLink } from '../../../src/db/portal-links.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant } from '../../support/rows.js';
import { waitFor } from '../../support/wait-for.js';

describe('a link that is opened twice at once', () => {
  it('becomes one session: the second waits for the first', async () => {
    const database = await createTestDatabase();
    const db = openDatabase({ url: database.url, poolSize: 2 });
    try {
      const tenantId = await insertTenant(database.pool);
      const link = await insertPortalLink(db, {
        tenantId,
        tokenHash: Buffer.alloc(32, 1),
        name: 'x',
        scopes: ['webhooks:read'],
        returnUrl: null,
        sessionSeconds: 300,
        expiresInSeconds: 60,
      });
      const open = (byte: number) => db.transaction((db) => usePortalLink(db, link!, Buffer.alloc(32, byte)));
      let second: ReturnType<typeof open>;
      const first = await db.transaction(async (db) => {
        const begun = await usePortalLink(db, link!, Buffer.alloc(32, 2));
        second = open(3);
        const isWaiting = async () => {
          const { rows } = await database.pool.query(
            `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          );
          return rows.length > 0;
        };
        await waitFor(isWaiting, { what: 'the second to wait', timeoutMs: 10_000 });
        return begun;
      });
      assert.ok(first);
      assert.equal(await second!, null);
    } finally {
      await db.close();
      await database.drop();
    }
  });
});

describe('sessions and links that have expired', () => {
  let database: TestDatabase;
  before(async () => void (database = await createTestDatabase()));
  after(() => database.drop());

  async function runExpiry(): Promise<void> {
    const db = openDatabase({ url: database.url, poolSize: 1 });
    const log = createLogger({ level: 'silent', format: 'json' });
    const retention = retentionOf({ RETENTION_DAYS: 30 });
    const deps = { db, log, retention, auditRetentionDays: 400, statisticsRetentionDays: 400 };
    await new MockActivityEnvironment().run(() => expire(deps));
    await db.close();
  }

  it('are removed a day later, in batches, and a used link only with its session', async () => {
    const { pool } = database;
    const tenantId = await insertTenant(pool);
    const insertSession = async (expired: string) => {
      const { rows } = await pool.query<{ id: string }>(
        `insert into browser_sessions (tenant_id, token_hash, name, scopes, expires_at)
         values ($1, uuid_send(gen_random_uuid()), $2::text, '{webhooks:read}', now() - $2::text::interval) returning id`,
        [tenantId, expired],
      );
      return rows[0]!.id;
    };
    const insertLink = (name: string, expired: string, sessionId: string | null = null) =>
      pool.query(
        `insert into portal_links (tenant_id, token_hash, name, scopes, session_seconds, expires_at, session_id)
         values ($1, uuid_send(gen_random_uuid()), $2, '{webhooks:read}', 300, now() - $3::interval, $4)`,
        [tenantId, name, expired, sessionId],
      );
    await insertLink('of a live session', '6 days', await insertSession('-1 hour'));
    await insertLink('of a session that ended today', '6 days', await insertSession('23 hours'));
    await insertLink('of an old session', '6 days', await insertSession('25 hours'));
    for (let i = 0; i < 3; i += 1) await insertSession('30 days');
    await insertLink('unused', '-1 minute');
    await insertLink('expired today', '23 hours');
    for (let i = 0; i < 3; i += 1) await insertLink('expired', '25 hours');

    const removed: number[] = [];
    do removed.push(await deleteExpiredSessions(pool, 2));
    while (removed.at(-1) !== 0);
    assert.deepEqual(removed, [4, 3, 0]);
    await insertLink('expired', '25 hours');
    await runExpiry();
    const names = async (table: string) =>
      (await pool.query<{ name: string }>(`select name from ${table} order by name`)).rows.map(({ name }) => name);
    assert.deepEqual(await names('browser_sessions'), ['-1 hour', '23 hours']);
    assert.deepEqual(await names('portal_links'), [
      'expired today',
      'of a live session',
      'of a session that ended today',
      'unused',
    ]);
  });
});
