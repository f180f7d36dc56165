import { z } from 'zod';
import { platformCountsTo, readPlatformState } from '../../db/platform-state.js';
import { temporalState } from '../health.js';
import { defineEndpoint, type AppDeps } from '../http/endpoint.js';
import { renderTime, renderTimeOrNull, time, uuid } from '../http/schemas.js';

const count = (description: string) => z.int().meta({ description, examples: [0] });

const stateSchema = z
  .object({
    pending_deliveries: count('On their way, or waiting for their next attempt'),
    pending_is_exact: z.boolean().meta({
      description: `False: there are more than ${platformCountsTo}. No number here goes beyond that`,
      examples: [true],
    }),
    oldest_pending_at: time('Since when the oldest delivery has been pending; null: none is').nullable(),
    held_deliveries: count('Their webhooks are paused, disabled or not verified'),
    waiting_for_turn: count(
      `Wait for an earlier event of their ordering key, of ${platformCountsTo} that keep the order`,
    ),
    waiting_for_rate_limit: count("Wait for their turn within their webhook's rate limit"),
    unstarted_deliveries: count(
      'Pending for over 30 s, and nobody has started them: Temporal or the workers are behind',
    ),
    oldest_unstarted_at: time('Since when the oldest of these has been pending; null: there is none').nullable(),
    uncollected_webhooks: count('Webhooks of which a batch should have left over 15 s ago; up to 100 are counted'),
    sweeper: z
      .object({
        last_run_at: time('When it last began; null: it has not run yet').nullable(),
        running: z.boolean().meta({ examples: [false] }),
        paused: z.boolean().meta({ description: 'Somebody paused its Schedule', examples: [false] }),
      })
      .nullable()
      .meta({
        description:
          "What starts deliveries that nobody started, every 10 s. As of the last check, which comes every 30 s, by Temporal's clock. null: not known",
      }),
    senders: z
      .array(
        z.object({
          id: uuid(),
          last_beat_at: time('Its last sign of life; there is one every two seconds'),
          alive: z.boolean().meta({ description: 'False: none for 15 s', examples: [true] }),
        }),
      )
      .meta({ description: 'Processes that send, last heard of first, up to 100; those gone for a day are left out' }),
    statistics_rolled_up_until: time('Up to when the statistics over time are counted'),
    temporal: z.object({
      reachable: z.boolean().meta({ examples: [true] }),
      problems: z
        .array(z.object({ what: z.string(), remedy: z.string() }))
        .meta({ description: 'What keeps deliveries from going out, and how to fix it' }),
    }),
  })
  .meta({ id: 'PlatformState', description: 'What waits, and whether it moves; of all tenants together' });

export type PlatformStateJson = z.input<typeof stateSchema>;

export async function readState(deps: AppDeps): Promise<PlatformStateJson> {
  const [state, { temporal, temporal_problems: problems }] = await Promise.all([
    readPlatformState(deps.db),
    temporalState(deps),
  ]);
  const { backlog } = state;
  const sweep = deps.sweepState?.() ?? null;
  return {
    pending_deliveries: backlog.pending,
    pending_is_exact: backlog.pending < platformCountsTo,
    oldest_pending_at: renderTimeOrNull(backlog.oldestPendingAt),
    held_deliveries: state.held,
    waiting_for_turn: state.waitingForTurn,
    waiting_for_rate_limit: backlog.waitingForRateLimit,
    unstarted_deliveries: backlog.unstarted,
    oldest_unstarted_at: renderTimeOrNull(backlog.oldestUnstartedAt),
    uncollected_webhooks: state.uncollectedWebhooks,
    sweeper: sweep && {
      last_run_at: renderTimeOrNull(sweep.lastRunAt),
      running: sweep.isRunning,
      paused: sweep.isPaused,
    },
    senders: state.senders.map(({ id, lastBeatAt, isAlive }) => ({
      id,
      last_beat_at: renderTime(lastBeatAt),
      alive: isAlive,
    })),
    statistics_rolled_up_until: renderTime(state.statisticsRolledUpUntil),
    temporal: { reachable: temporal !== 'down', problems },
  };
}

export const platformStateEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/v1/platform/state',
    access: 'admin',
    operationId: 'getPlatformState',
    tag: 'Operations',
    summary: 'Show what waits, and whether it moves',
    description: 'Of all tenants together. Read once a second at most, whoever asks.',
    responses: { 200: { description: 'The state', schema: z.object({ state: stateSchema }) } },
    async handle(_request, { platformState }) {
      return { status: 200, body: { state: await platformState() } };
    },
  }),
];
