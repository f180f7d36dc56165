import assert from 'node:assert/strict';
import { ESLint, Linter } from 'eslint';
import tseslint from 'typescript-eslint';

const rules = ['@typescript-eslint/no-restricted-imports', 'no-restricted-properties'];

/** The messages of eslint.config.js's rules on imports and the environment for this code in this file. */
async function lint(file: string, code: string): Promise<string[]> {
  const config = (await new ESLint().calculateConfigForFile(file)) as Linter.Config;
  const chosen = Object.fromEntries(rules.map((rule) => [rule, config.rules?.[rule] ?? 'off']));
  const messages = new Linter().verify(
    code,
    [
      {
        files: ['**/*.ts'],
        languageOptions: { parser: tseslint.parser },
        plugins: { '@typescript-eslint': tseslint.plugin as unknown as ESLint.Plugin },
        rules: chosen,
      },
    ],
    { filename: file },
  );
  return messages.map(({ ruleId, message }) => `${ruleId}: ${message}`);
}

describe('the import rules', function () {
  this.timeout(90_000);

  const allowed: [file: string, code: string][] = [
    ['workflows/deliver-event.ts', `import { sleep } from '@temporalio/workflow'`],
    ['workflows/deliver-event.ts', `import { retryPolicy } from './contract/retry-policy.js'`],
    ['workflows/deliver-event.ts', `import type { Activities } from '../activities/index.js'`],
    ['src/db/webhooks.ts', `import type { AttemptOutcome } from '../delivery/outcome.js'`],
    ['src/db/pool.ts', `import pg from 'pg'`],
    [
      'src/delivery/post.ts',
      `import { Agent } from 'undici'; import { connect } from 'node:tls'; import ip from 'ipaddr.js'`,
    ],
    [
      'src/events/trigger.ts',
      `import { insertEvent } from '../db/events.js'; import type { Client } from '@temporalio/client'`,
    ],
    [
      'activities/deliveries/deliver.ts',
      `import { post } from '../../src/delivery/post.js'; import { load } from '../../src/db/deliveries.js'`,
    ],
    ['src/api/events.ts', `import { triggerEvent } from '../events/trigger.js'; import express from 'express'`],
    ['src/server/service.ts', `import { createApp } from '../api/app.js'; console.log(process.env)`],
    ['src/config/service.ts', `console.log(process.env)`],
    ['src/client/list.ts', `import createClient from 'openapi-fetch'; import { ApiError } from './errors.js'`],
    ['src/cli/program.ts', `import { Command } from 'commander'; import { createClient } from '../client/index.js'`],
  ];
  for (const [file, code] of allowed) {
    it(`allow ${code} in ${file}`, async () => assert.deepEqual(await lint(file, code), []));
  }

  const refused: [file: string, code: string][] = [
    ['src/client/list.ts', `import { problemSchema } from '../api/http/schemas.js'`],
    ['src/cli/program.ts', `import { openDatabase } from '../db/database.js'`],
    ['workflows/deliver-event.ts', `import { createHash } from 'node:crypto'`],
    ['workflows/deliver-event.ts', `import { readFileSync } from 'fs'`],
    ['workflows/deliver-event.ts', `import { Client } from '@temporalio/client'`],
    ['workflows/deliver-event.ts', `import { createActivities } from '../activities/index.js'`],
    ['workflows/deliver-event.ts', `import { loadConfig } from '../src/config/service.js'`],
    ['src/db/webhooks.ts', `import { post } from '../delivery/post.js'`],
    ['src/db/webhooks.ts', `import { z } from 'zod'`],
    ['src/delivery/post.ts', `import pg from 'pg'`],
    ['src/delivery/post.ts', `import { load } from '../db/deliveries.js'`],
    ['src/delivery/post.ts', `import { Context } from '@temporalio/activity'`],
    ['src/events/trigger.ts', `import { createApp } from '../api/app.js'`],
    ['src/events/trigger.ts', `import { post } from '../delivery/post.js'`],
    ['activities/deliveries/deliver.ts', `import { createApp } from '../../src/api/app.js'`],
    ['src/api/webhooks.ts', `import { deliver } from '../../activities/deliveries/deliver.js'`],
    ['src/api/webhooks.ts', `import { post } from '../delivery/post.js'`],
    ['src/api/webhooks.ts', `import { startPostgres } from '../dev/embedded/postgres.js'`],
    ['src/source/index.ts', `import { z } from 'zod'`],
    ['src/verify/index.ts', `import { triggerEvent } from '../events/trigger.js'`],
    ['src/temporal/worker.ts', `import { main } from '../server/service.js'`],
    ['src/api/app.ts', `console.log(process.env.PORT)`],
    ['activities/deliveries/deliver.ts', `console.log(process.env.PORT)`],
    ['workflows/deliver-event.ts', `console.log(process.env.PORT)`],
  ];
  for (const [file, code] of refused) {
    it(`refuse ${code} in ${file}`, async () => assert.equal((await lint(file, code)).length, 1));
  }
});
