import path from 'node:path';
import type pg from 'pg';
import { sqlState, sqlStateOf } from './database.js';

/** The file of one SQL function: `functions/take_attempt` holds `create or replace function take_attempt(…)`. */
interface FunctionFile {
  name: string;
  text: string;
}

/**
 * Runs the files in any order, in the caller's transaction; bodies are checked once all functions exist. A function is
 * replaced in place, so that no session finds it missing; where Postgres refuses that, it is dropped first.
 */
export async function replaceFunctions(client: pg.Client, files: FunctionFile[]): Promise<void> {
  await client.query('set local check_function_bodies = off');
  const created: number[] = [];
  for (const file of files) {
    try {
      created.push(await replaceFunction(client, path.basename(file.name), file.text));
    } catch (error) {
      throw new Error(`migrations/${file.name}.sql: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
  await checkBodies(client, created);
}

/** Returns its oid. A function of the same name with other parameters is an earlier version, and is dropped. */
async function replaceFunction(client: pg.Client, name: string, text: string): Promise<number> {
  const before = await listOverloads(client, name);
  const isReplaced = await orUndo(client, sqlState.invalidFunctionDefinition, () => client.query(text));
  if (!isReplaced) {
    // Its return type or the names of its parameters changed.
    for (const { signature } of before) await dropUnused(client, signature);
    await client.query(text);
  }
  const after = await listOverloads(client, name);
  const untouched = after.filter(({ oid, version }) =>
    before.some((old) => old.oid === oid && old.version === version),
  );
  const [created, ...others] = after.filter((each) => !untouched.includes(each));
  if (!created || others.length > 0) throw new Error(`it must hold \`create or replace function ${name}\`, once`);
  for (const { signature } of untouched) await dropUnused(client, signature);
  return created.oid;
}

/** Drops every function of that name; rejects where something depends on one. */
export async function dropFunction(client: pg.Client, name: string): Promise<void> {
  for (const { signature } of await listOverloads(client, name)) await client.query(`drop function ${signature}`);
}

async function listOverloads(client: pg.Client, name: string) {
  const { rows } = await client.query<{ oid: number; version: string; signature: string }>(
    `select oid, xmin::text || ctid::text as version, oid::regprocedure::text as signature
       from pg_proc where proname = $1 and pronamespace = current_schema()::regnamespace`,
    [name],
  );
  return rows;
}

/** A function that a column's default, an index or a trigger depends on stays. */
const dropUnused = (client: pg.Client, signature: string) =>
  orUndo(client, sqlState.dependentObjectsStillExist, () => client.query(`drop function ${signature}`));

/** False, and nothing was done, when Postgres refuses `work` with that code. */
async function orUndo(client: pg.Client, code: string, work: () => Promise<unknown>): Promise<boolean> {
  await client.query('savepoint attempt');
  try {
    await work();
    await client.query('release savepoint attempt');
    return true;
  } catch (error) {
    await client.query('rollback to savepoint attempt');
    if (sqlStateOf(error) !== code) throw error;
    return false;
  }
}

/** Checks them as `create function` would have, had everything that they call existed. */
async function checkBodies(client: pg.Client, oids: number[]): Promise<void> {
  await client.query('set local check_function_bodies = on');
  for (const oid of oids) {
    const { rows } = await client.query<{ signature: string; validator: string }>(
      `select p.oid::regprocedure::text as signature, l.lanvalidator::regproc::text as validator
         from pg_proc p join pg_language l on l.oid = p.prolang where p.oid = $1`,
      [oid],
    );
    for (const { signature, validator } of rows) {
      try {
        await client.query(`select ${validator}($1::oid)`, [oid]);
      } catch (error) {
        throw new Error(
          `The function ${signature} is wrong: ${error instanceof Error ? error.message : String(error)}`,
          {
            cause: error,
          },
        );
      }
    }
  }
}
