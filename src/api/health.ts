import { z } from 'zod';
import { DatabaseUnavailableError } from '../db/database.js';
import { defineEndpoint, type AppDeps } from './endpoint.js';

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'unready']),
    postgres: z
      .enum(['up', 'read_only', 'down'])
      .meta({ description: '`read_only`: it answers and takes no writes, as a standby does' }),
    migrations: z.enum(['current', 'pending', 'unknown']).meta({ description: '`pending`: run `npm run migrate`' }),
    temporal: z
      .enum(['up', 'down'])
      .meta({ description: 'Only reported: events are accepted without Temporal, and delivered later' }),
  })
  .meta({ id: 'Readiness' });

type Readiness = z.input<typeof readinessSchema>;

const temporalPatienceMs = 1_500;

async function readiness(deps: AppDeps): Promise<Readiness> {
  const [database, temporal] = await Promise.all([databaseState(deps), temporalState(deps)]);
  const isReady = database.postgres === 'up' && database.migrations === 'current';
  return { status: isReady ? 'ready' : 'unready', ...database, temporal };
}

async function databaseState(deps: AppDeps): Promise<Pick<Readiness, 'postgres' | 'migrations'>> {
  try {
    return { postgres: 'up', migrations: (await deps.hasPendingMigrations()) ? 'pending' : 'current' };
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError)) throw error;
    return error.reason === 'read-only'
      ? { postgres: 'read_only', migrations: 'current' }
      : { postgres: 'down', migrations: 'unknown' };
  }
}

/** Down is also what does not answer for a moment: a probe of the process must not hang on another one. */
async function temporalState(deps: AppDeps): Promise<Readiness['temporal']> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, temporalPatienceMs, false);
  });
  const reachable = await Promise.race([deps.isTemporalReachable().catch(() => false), patience]);
  clearTimeout(timer);
  return reachable ? 'up' : 'down';
}

const tag = 'Health';

export const healthEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/healthz',
    access: 'public',
    operationId: 'getHealth',
    tag,
    summary: 'Whether the process lives',
    answers: { 200: { description: 'It does', schema: z.object({ status: z.literal('ok') }) } },
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
    summary: 'Whether the process can take calls',
    answers: {
      200: { description: 'Postgres takes writes and no migration is pending', schema: readinessSchema },
      503: {
        description: 'Postgres does not answer or takes no writes, or a migration is pending',
        schema: readinessSchema,
      },
    },
    async handle(_request, deps) {
      const body = await readiness(deps);
      return body.status === 'ready' ? { status: 200, body } : { status: 503, body };
    },
  }),
];
