import { Context } from '@temporalio/activity';
import type { LeftOut } from '../../src/db/tenants-in-turn.js';

interface Startable {
  id: string;
  tenantId: string;
}

/** One kind of work that a sweep starts. */
export interface Kind<Job extends Startable> {
  /** The next round: a few jobs of each tenant, tenants in turn; empty when nothing is left. */
  list: (leftOut: LeftOut) => Promise<Job[]>;
  /** Rejects when the job could not be started; `started` is false when it was running already. */
  start: (job: Job) => Promise<{ started: boolean }>;
  /** Notes that these jobs run, started up to `ageMs` ago, so that they are not listed again. */
  mark: (jobs: Job[], ageMs: number) => Promise<void>;
  /** Most jobs may be running already. Then a tenant of whom a round started nothing is left to the next sweep. */
  mostAlreadyRun?: boolean;
}

export interface Sweep<Job extends Startable> {
  /** How many were started, by kind. */
  started: number[];
  /** They are left to the next sweep. */
  refused: Job[];
}

interface Round<Job extends Startable> {
  started: Job[];
  ranBefore: Job[];
  refused: Job[];
  failure?: Error;
}

/** How many jobs wait for their turn at the same time. */
const concurrency = 50;
/** Less than the workflow's timeout: a sweep that timed out would go on alongside the next. */
const maxMs = 180_000;

/**
 * Starts jobs, one round of each kind in turn, until none are left or three minutes are over; the next sweep does the
 * rest. A job that is always refused does not keep others from starting. If nothing at all could be started or was
 * running, Temporal is away, and the first failure is thrown.
 */
export async function startInRounds<Job extends Startable>(...kinds: Kind<Job>[]): Promise<Sweep<Job>> {
  const untilMs = performance.now() + maxMs;
  const sweep: Sweep<Job> = { started: kinds.map(() => 0), refused: [] };
  let hasRun = false;
  let failure: Error | undefined;
  const open = new Map(kinds.map((_, index): [number, LeftOut] => [index, { tenantIds: [], ids: [] }]));
  while (open.size > 0 && performance.now() < untilMs)
    for (const [index, leftOut] of open) {
      const kind = kinds[index]!;
      const round = await startRound(kind, leftOut, untilMs);
      sweep.started[index]! += round.started.length;
      sweep.refused.push(...round.refused);
      failure ??= round.failure;
      if (round.started.length + round.ranBefore.length > 0) hasRun = true;
      else open.delete(index);
      leftOut.ids.push(...round.refused.map(({ id }) => id));
      if (kind.mostAlreadyRun) leftOut.tenantIds.push(...tenantsWithoutStart(round));
    }
  if (!hasRun && failure) throw failure;
  return sweep;
}

async function startRound<Job extends Startable>(
  { list, start, mark }: Kind<Job>,
  leftOut: LeftOut,
  untilMs: number,
): Promise<Round<Job>> {
  const beganAtMs = performance.now();
  const round: Round<Job> = { started: [], ranBefore: [], refused: [] };
  const isHopeless = () => round.started.length + round.ranBefore.length === 0 && round.refused.length >= concurrency;
  const startNext = async (jobs: Iterable<Job>) => {
    for (const job of jobs) {
      try {
        const { started } = await start(job);
        (started ? round.started : round.ranBefore).push(job);
      } catch (error) {
        round.failure ??= error as Error;
        round.refused.push(job);
      }
      Context.current().heartbeat();
      if (isHopeless() || performance.now() > untilMs) return;
    }
  };
  // One iterator, shared by all of them.
  const jobs = (await list(leftOut)).values();
  await Promise.all(Array.from({ length: concurrency }, () => startNext(jobs)));
  const running = [...round.started, ...round.ranBefore];
  if (running.length > 0) await mark(running, performance.now() - beganAtMs);
  return round;
}

function tenantsWithoutStart<Job extends Startable>({ started, ranBefore }: Round<Job>): string[] {
  const tenantIds = new Set(ranBefore.map(({ tenantId }) => tenantId));
  for (const { tenantId } of started) tenantIds.delete(tenantId);
  return [...tenantIds];
}
