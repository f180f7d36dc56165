import { z } from 'zod';
import { DatabaseUnavailableError } from '../db/database.js';
import { defineEndpoint, type AppDeps } from './http/endpoint.js';

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'unready']),
    postgres: z
      .enum(['up', 'read_only', 'down'])
      .meta({ description: '`read_only`: it answers but takes no writes, like a standby' }),
    migrations: z.enum(['current', 'pending', 'unknown']).meta({ description: '`pending`: run `npm run migrate`' }),
    encryption: z.enum(['current', 'unknown_key', 'unknown']).meta({
      description: '`unknown_key`: this process lacks the key that some stored data is encrypted with',
    }),
    temporal: z.enum(['up', 'degraded', 'down']).meta({
      description:
        'For information only: without Temporal, events are still accepted, and delivered later. `degraded`: it answers, but something is wrong',
    }),
    temporal_problems: z
      .array(z.object({ what: z.string(), remedy: z.string() }))
      .meta({ description: 'What keeps deliveries from going out, and how to fix it' }),
  })
  .meta({ id: 'Readiness' });

type Readiness = z.input<typeof readinessSchema>;

const temporalTimeoutMs = 1_500;

async function readiness(deps: AppDeps): Promise<Readiness> {
  const [database, temporal] = await Promise.all([databaseState(deps), temporalState(deps)]);
  const isReady = database.postgres === 'up' && database.migrations === 'current' && database.encryption === 'current';
  return { status: isReady ? 'ready' : 'unready', ...database, ...temporal };
}

async function databaseState(deps: AppDeps): Promise<Pick<Readiness, 'postgres' | 'migrations' | 'encryption'>> {
  try {
    // The query below needs the current tables.
    if (await deps.hasPendingMigrations()) return { postgres: 'up', migrations: 'pending', encryption: 'unknown' };
    return { postgres: 'up', migrations: 'current', encryption: await deps.encryptionState() };
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError)) throw error;
    return error.reason === 'read-only'
      ? { postgres: 'read_only', migrations: 'current', encryption: 'unknown' }
      : { postgres: 'down', migrations: 'unknown', encryption: 'unknown' };
  }
}

/** Down, too, if it does not answer in time: a probe of this process must not hang on another one. */
export async function temporalState(deps: AppDeps): Promise<Pick<Readiness, 'temporal' | 'temporal_problems'>> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, temporalTimeoutMs, false);
  });
  const reachable = await Promise.race([deps.isTemporalReachable().catch(() => false), timedOut]);
  clearTimeout(timer);
  const problems = (deps.temporalProblems?.() ?? []).map(({ what, remedy }) => ({ what, remedy }));
  const state = problems.length > 0 ? 'degraded' : 'up';
  return { temporal: reachable ? state : 'down', temporal_problems: problems };
}

const tag = 'Health';

export const healthEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/healthz',
    access: 'public',
    operationId: 'getHealth',
    tag,
    summary: 'Check that the process is alive',
    responses: { 200: { description: 'It is alive', schema: z.object({ status: z.literal('ok') }) } },
    async handle() {
      return { status: 200, body: { status: 'ok' as const } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/readyz',
    access: 'public',
    operationId: 'getReadiness',
    tag,
    summary: 'Check that the process can serve requests',
    responses: {
      200: {
        description: 'Postgres takes writes, no migration is pending, and no encryption key is missing',
        schema: readinessSchema,
      },
      503: {
        description:
          'Postgres does not answer or takes no writes, a migration is pending, or an encryption key is missing',
        schema: readinessSchema,
      },
    },
    async handle(_request, deps) {
      const body = await readiness(deps);
      return body.status === 'ready' ? { status: 200, body } : { status: 503, body };
    },
  }),
];
