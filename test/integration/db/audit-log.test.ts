import assert from 'node:assert/strict';
import { retentionOf } from '../../../src/config/retention.js';
import { MockActivityEnvironment } from '@temporalio/testing';
import { auditExpiredKeys, expire } from '../../../activities/maintenance/expire.js';
import { audit, listAuditEntries, type AuditFilter } from '../../../src/db/audit.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { createLogger } from '../../../src/log.js';
import { testAuthor } from '../../support/author.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { explain } from '../../support/explain.js';
import { insertTenant } from '../../support/rows.js';

const everybodys: AuditFilter = { tenantId: null };
const all = { limit: 1_000, beforeId: null };

describe('entries of the audit log', () => {
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 4 });
  });
  after(async () => {
    await db.close();
    await database.drop();
  });
  beforeEach(async () => {
    await database.pool.query('truncate audit_entries; delete from api_keys');
    tenantId = await insertTenant(database.pool);
  });

  it('are masked unless a field may be shown, so that a new field shows no secret', async () => {
    const before = { url: 'https://a.example', token: 'old', headers: { 'X-A': '1' } };
    const after = { url: 'https://b.example', token: 'new', headers: null };
    await db.transaction((tx) =>
      audit(tx, testAuthor, { action: 'webhook.updated', subjectId: 1, tenantId, before, after }),
    );
    const [entry] = await listAuditEntries(db, everybodys, all);
    assert.deepEqual(entry!.changes, {
      url: { old: 'https://a.example', new: 'https://b.example' },
      token: { old: '[masked]', new: '[masked]' },
      headers: { old: { 'X-A': '[masked]' }, new: null },
    });
  });

  it('are removed after a retention time of their own, however many there are', async () => {
    const insert = (days: number, count: number) =>
      database.pool.query(
        `insert into audit_entries (id, tenant_id, actor_type, actor_name, action, subject_id, changes)
         select uuid_v7_floor(now() - $1 * interval '1 day' + n * interval '1 ms'), $2, 'system', 'service', 'webhook.updated', $1::text, '{}'
           from generate_series(1, $3::integer) n`,
        [days, tenantId, count],
      );
    await insert(401, 1_200);
    await insert(399, 1);
    const log = testAuthor.log;
    await new MockActivityEnvironment().run(expire, {
      db,
      log,
      retention: retentionOf({ RETENTION_DAYS: 30 }),
      auditRetentionDays: 400,
      statisticsRetentionDays: 400,
    });
    const left = await listAuditEntries(db, everybodys, all);
    assert.deepEqual(
      left.map(({ subject }) => subject.id),
      ['399'],
    );
  });

  it('say once that a key has expired, also when two processes look', async () => {
    const { rows: keys } = await database.pool.query<{ id: string; expires_at: Date }>(
      `insert into api_keys (tenant_id, name, scopes, prefix, key_hash, expires_at)
       select $1, 'key', '{webhooks:read}', 'irisx_', n::text::bytea,
              now() + case when n <= 250 then - n else 60 end * interval '1 second'
         from generate_series(1, 251) n returning id, expires_at`,
      [tenantId],
    );
    const lines: string[] = [];
    const log = createLogger({ level: 'info', format: 'json' }, { write: (line) => void lines.push(line) });
    const look = async () => {
      while ((await auditExpiredKeys(db, log)) > 0);
    };
    await Promise.all([look(), look()]);
    await look();
    const entries = await listAuditEntries(db, { tenantId, action: 'api_key.expired' }, all);
    const expired = keys.filter(({ expires_at: at }) => at.getTime() < Date.now());
    assert.equal(expired.length, 250);
    assert.deepEqual(entries.map(({ subject }) => subject.id).sort(), expired.map(({ id }) => id).sort());
    for (const { actor, changes, subject } of entries) {
      assert.equal(actor.type, 'system');
      const { expires_at: at } = keys.find(({ id }) => id === subject.id)!;
      assert.deepEqual(changes, { expired_at: { old: null, new: at.toISOString() } });
    }
    assert.equal(lines.filter((line) => line.includes('"audit"')).length, 250);
  });

  describe('of a tenant, among 100,000', function () {
    this.timeout(120_000);
    const pageSize = 51;
    let small: string;
    before(async () => {
      small = await insertTenant(database.pool);
    });
    beforeEach(async () => {
      // Each large tenant has one kind of entry. Both are common, so to look for the other tenant's kind in all entries
      // seems cheap, and reads every one. What else is looked for is old.
      const other = await insertTenant(database.pool);
      await database.pool.query(
        `insert into audit_entries (id, created_at, tenant_id, actor_type, actor_name, action, subject_id, changes)
         select uuid_v7_floor(at), at, case when n <= 20 then $2::uuid when n % 2 = 1 then $1 else $3 end, 'system', 'service',
                case when isRare then 'webhook.paused' when n % 2 = 1 then 'delivery.retried' else 'webhook.updated' end,
                case when isRare then '12' else 'x' || n end, '{}'
           from generate_series(1, 100000) n
           cross join lateral (select now() - (100000 - n) * interval '1 second' as at, n <= 10 or n = 51 as isRare) r`,
        [tenantId, small, other],
      );
      await database.pool.query('analyze audit_entries');
    });

    it('are read by page, whatever the filter', async () => {
      const filters: [filter: AuditFilter, found: number][] = [
        [{ tenantId }, pageSize],
        [{ tenantId, until: new Date(Date.now() - 50_000_000) }, pageSize],
        [{ tenantId, action: 'webhook.paused' }, 1],
        [{ tenantId, subjectType: 'webhook', action: 'webhook.paused' }, 1],
        [{ tenantId, action: 'webhook.updated' }, 0],
        [{ tenantId, subjectType: 'webhook' }, 1],
        [{ tenantId: small }, 20],
        [{ tenantId: small, action: 'webhook.paused' }, 10],
        [{ tenantId: small, subjectType: 'webhook', subjectId: '12' }, 10],
        [everybodys, pageSize],
        [{ ...everybodys, subjectId: '12' }, 11],
      ];
      for (const [filter, found] of filters) {
        const explained = explain(db);
        const rows = await listAuditEntries(explained.db, filter, { limit: pageSize, beforeId: null });
        assert.equal(rows.length, found, JSON.stringify(filter));
        // An id may be older than created_at by up to a minute, which is at most sixty entries here.
        assert.ok(explained.rowsRead() <= pageSize + 60, `${explained.rowsRead()} rows for ${JSON.stringify(filter)}`);
      }
    });
  });
});
