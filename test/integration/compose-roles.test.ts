import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { createLogger } from '../../src/log.js';
import { migrate } from '../../src/db/migrations.js';

const log = createLogger({ level: 'silent', format: 'json' });
const password = 'a-password';
/** The file's own names are already taken on the test server. */
const own = (name: string) => `compose_${process.pid}_${name}`;

describe('docker/postgres-roles.sql', () => {
  let superuser: pg.Client;
  before(async () => {
    superuser = new pg.Client({ connectionString: process.env['TEST_POSTGRES_URL'] });
    await superuser.connect();
    const statements = readFileSync('docker/postgres-roles.sql', 'utf8')
      .replace(/^(--|\\).*$/gm, '')
      .replace(/:'(irisx|temporal)_password'/g, `'${password}'`)
      // Other tests use these databases on the same server.
      .replace(/, postgres, template1/, '')
      .replace(/\b(irisx|temporal_visibility|temporal)\b/g, (name) => own(name))
      .split(';')
      .filter((statement) => statement.trim() !== '');
    for (const statement of statements) await superuser.query(statement);
  });
  after(async () => {
    for (const name of ['irisx', 'temporal', 'temporal_visibility'])
      await superuser.query(`drop database if exists ${own(name)} with (force)`);
    for (const name of ['irisx', 'temporal']) await superuser.query(`drop role if exists ${own(name)}`);
    await superuser.end();
  });

  const urlOf = (role: string, database: string) => {
    const url = new URL(process.env['TEST_POSTGRES_URL']!);
    Object.assign(url, { username: own(role), password, pathname: `/${own(database)}` });
    return url.href;
  };
  async function as<T>(role: string, database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: urlOf(role, database) });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
  const refused = (error: unknown) => error instanceof pg.DatabaseError && error.code === '42501';

  it("lets our role migrate its database and Temporal's role create its tables", async () => {
    assert.ok((await migrate(urlOf('irisx', 'irisx'), log)).length > 0);
    await as('irisx', 'irisx', (client) =>
      client.query(`update migration_files set sha256 = 'x' where name like 'functions/%'`),
    );
    assert.ok((await migrate(urlOf('irisx', 'irisx'), log)).includes('functions/take_attempt'), 'replaced');
    for (const database of ['temporal', 'temporal_visibility'])
      await as('temporal', database, (client) => client.query('create table t (id integer)'));
  });

  it('makes no superuser, and no role that can create roles or databases', async () => {
    for (const role of ['irisx', 'temporal'])
      await as(role, role, async (client) => {
        const { rows } = await client.query(
          'select rolsuper or rolcreaterole or rolcreatedb or rolreplication as may from pg_roles where rolname = current_user',
        );
        assert.deepEqual(rows, [{ may: false }]);
        await assert.rejects(client.query('create role another'), refused);
      });
  });

  it("keeps each role out of the other's databases", async () => {
    for (const [role, database] of [
      ['irisx', 'temporal'],
      ['irisx', 'temporal_visibility'],
      ['temporal', 'irisx'],
    ] as const)
      await assert.rejects(
        as(role, database, () => Promise.resolve()),
        refused,
      );
  });
});
