import { execFile } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { countersEqualRows } from './invariants/counters.js';
import { readRows, type Evidence } from './invariants/evidence.js';
import { allGenuine } from './invariants/genuine.js';
import { limitsRespected } from './invariants/limits-respected.js';
import { measureNeighbours } from './invariants/neighbours.js';
import { nothingLost } from './invariants/nothing-lost.js';
import { processesLive } from './invariants/processes.js';
import { nothingDoubled, oneAtATime, requestsLogged } from './invariants/requests-logged.js';
import { settingsApplied } from './invariants/settings-applied.js';
import { targetNames, type FaultRunOptions } from './options.js';
import { planFaults } from './plan.js';
import { injectFaults } from './processes/inject.js';
import { startStack, type FaultStack } from './processes/stack.js';
import { startReceivers, type Receivers } from './receivers/receivers.js';
import { counted, type FaultRunResult } from './report/result.js';
import { renderViolations } from './report/violations.js';
import { Timeline, type InjectedFault } from './timeline.js';
import { runActions } from './traffic/actions.js';
import { Api } from './traffic/api.js';
import { startLoad } from './traffic/load.js';
import { swingMoods } from './traffic/moods.js';
import { waitUntilQuiet } from './traffic/settle.js';
import { makeTenants, planWebhooks, temporaryReceiver } from './traffic/tenants.js';

/** Reports progress to a person. */
export type Progress = (line: string) => void;

export interface FaultRun {
  result: FaultRunResult;
  /** Each violation with its rows, requests and faults; empty without any. */
  details: string;
  /** The run's folder, if it was kept. */
  folder: string | undefined;
}

/**
 * One run: starts the stack, injects faults under load, lets everything recover, and checks the invariants against what
 * receivers saw and Postgres has. Rejects if a part fails or the signal aborts. Always stops what it started.
 */
export async function runFaults(options: FaultRunOptions, progress: Progress, signal: AbortSignal): Promise<FaultRun> {
  const startedAt = new Date();
  const folder = await mkdtemp(path.join(tmpdir(), 'irisx-faults-'));
  // If we are root, Postgres runs as another user.
  await chmod(folder, 0o755);
  const timeline = new Timeline();
  let receivers: Receivers | undefined;
  let stack: FaultStack | undefined;
  let pool: pg.Pool | undefined;
  try {
    receivers = await startReceivers(folder, options.seed, [...receiversOf(options), temporaryReceiver]);
    const { setSenders } = receivers;
    progress(`starting Postgres, Temporal (${options.temporal}) and our processes (${options.shape}) in ${folder}`);
    stack = await startStack(options, folder, timeline, setSenders);
    signal.throwIfAborted();
    pool = new pg.Pool({ connectionString: stack.postgres.url, max: 2 });
    pool.on('error', () => undefined); // faults cut idle connections
    const evidence = await gatherEvidence(options, { receivers, stack, pool, timeline, progress, signal });
    signal.throwIfAborted();
    progress('checking the invariants');
    const result = await judge(options, evidence, startedAt);
    return {
      result,
      details: renderViolations(evidence, result.violations),
      folder: options.keep ? folder : undefined,
    };
  } finally {
    await pool?.end().catch(() => undefined);
    await stack?.close();
    await receivers?.close();
    if (options.keep) progress(`kept: ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}

interface Parts {
  receivers: Receivers;
  stack: FaultStack;
  pool: pg.Pool;
  timeline: Timeline;
  progress: Progress;
  signal: AbortSignal;
}

async function gatherEvidence(
  options: FaultRunOptions,
  { receivers, stack, pool, timeline, progress, signal }: Parts,
): Promise<Evidence> {
  const { seed, faultsMs, eventsPerSecond } = options;
  const api = new Api(stack.apiUrls);
  const tenants = await makeTenants(api, stack.adminKey, receivers.urls, eventsPerSecond);
  const targets = options.targets ?? targetNames(options.shape);
  const plan = planFaults({ ...options, targets });
  progress(`faults for ${Math.round(faultsMs / 1_000)} s, ${eventsPerSecond} events a second, seed ${seed}`);

  timeline.faultsBeganAt = Date.now();
  const traffic = new AbortController();
  const both = AbortSignal.any([signal, traffic.signal]);
  // Every tenant's action and every trigger listens to them.
  for (const each of [signal, both]) setMaxListeners(0, each);
  const load = startLoad(api, tenants, stack.adminKey, { seed, forMs: faultsMs, eventsPerSecond }, signal);
  const webhooks = tenants.flatMap((tenant) => tenant.webhooks);
  const moods = swingMoods(receivers, webhooks, seed, both);
  const acting = runActions({ api, tenants, receivers, load, seed, signal: both });
  const onFault = ({ number, kind, target, endedAt }: InjectedFault) =>
    progress(`fault ${number}: ${kind} ${target}${endedAt === undefined ? '' : ' is over'}`);
  await Promise.all([injectFaults(plan, faultsMs, stack.targets, timeline, signal, onFault), load.running]);

  // From here on nothing fails on purpose: every accepted event has to arrive.
  traffic.abort();
  receivers.heal();
  await moods;
  const actions = await acting;
  signal.throwIfAborted();
  timeline.healedAt = Date.now();
  progress(`everything is healthy again; ${load.accepted.length} events were accepted`);
  const neverAccepted = await load.settled(60_000);
  const quiet = await waitUntilQuiet({ api, tenants, receivers, pool }, options.quietMs, signal);
  progress(quiet.at === undefined ? `not quiet: ${JSON.stringify(quiet)}` : 'all is quiet');
  // A record that waits in a process is written shortly after its delivery has ended.
  await delay(2_000);
  const { requests, bodies } = await receivers.read();
  const accepted = load.accepted;
  const rows = await readRows(pool);
  actions.surprises.push(...load.refused);
  return { timeline, tenants, accepted, neverAccepted, actions, quiet, requests, bodies, pool, ...rows };
}

async function judge(options: FaultRunOptions, evidence: Evidence, startedAt: Date): Promise<FaultRunResult> {
  const lost = nothingLost(evidence);
  const logged = requestsLogged(evidence);
  const doubled = nothingDoubled(evidence);
  const overlapping = oneAtATime(evidence);
  const limit = limitsRespected(evidence);
  const genuine = allGenuine(evidence);
  const neighbours = measureNeighbours(evidence);
  const processes = processesLive(evidence);
  const { quiet, actions, timeline } = evidence;
  const violations = [
    ...lost.violations,
    ...logged.violations,
    ...doubled.violations,
    ...overlapping.violations,
    ...limit.violations,
    ...genuine.violations,
    ...settingsApplied(evidence),
    ...neighbours.violations,
    ...processes.violations,
    ...(await countersEqualRows(evidence)),
    ...actions.surprises.map((text) => ({ invariant: 'unexpected answer', text, deliveryIds: [] })),
  ];
  return {
    options,
    startedAt: startedAt.toISOString(),
    commit: await commit(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1_000),
    quietAfterMs: quiet.at === undefined ? undefined : quiet.at - timeline.healedAt,
    faults: neighbours.recoveries,
    actions: actions.counts,
    events: evidence.accepted.length,
    deliveries: evidence.deliveries.size,
    statuses: lost.statuses,
    requests: evidence.requests.length,
    attempts: evidence.attempts.length,
    lost: lost.lost,
    stuck: lost.stuck,
    unlogged: logged.unlogged,
    doubled: counted(doubled),
    overlapping: counted(overlapping),
    misjudged: logged.misjudged,
    attemptsWithoutRequest: logged.withoutRequest,
    limit: { explained: limit.explained, unexplained: limit.unexplained, fullest: limit.fullest },
    signatures: { checked: genuine.checked, unknownSecret: genuine.unknownSecret },
    endedByThemselves: processes.endedByThemselves,
    longestDrainMs: processes.longestDrainMs,
    neighbours: { calmMs: neighbours.calmMs, allMs: neighbours.allMs },
    violations,
  };
}

const receiversOf = ({ eventsPerSecond }: FaultRunOptions) =>
  Object.values(planWebhooks(eventsPerSecond)).flatMap((plans) => plans.flatMap(({ receivers }) => receivers));

async function commit(): Promise<string | undefined> {
  try {
    return (await promisify(execFile)('git', ['rev-parse', '--short', 'HEAD'])).stdout.trim();
  } catch {
    return undefined;
  }
}
