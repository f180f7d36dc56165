import { Gauge, Registry } from 'prom-client';
import type { Backlog } from '../db/backlog.js';
import type { Connections } from '../db/sessions.js';

/** What the gauges of a service are read from when somebody asks. */
export interface ServiceState {
  /** Shared by all that ask within some seconds; undefined while Postgres does not answer in time. */
  backlog(): Promise<Backlog | undefined>;
  /** By the name of the pool. */
  pools: Record<string, () => Connections>;
  /** How many problems with Temporal are known. */
  temporalProblems(): number;
}

/** Gauges of one service. While Postgres does not answer, `irisx_postgres_up` is 0 and what it counts is left out. */
export function serviceGauges(state: ServiceState): Registry {
  const registry = new Registry();
  const registers = [registry];

  function gaugeOfBacklog(name: string, help: string, valueOf: (backlog: Backlog) => number): void {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const backlog = await state.backlog();
        if (backlog) this.set(valueOf(backlog));
        else this.remove();
      },
    });
  }

  new Gauge({
    name: 'irisx_postgres_up',
    help: 'Whether Postgres said in time what waits.',
    registers,
    async collect() {
      this.set((await state.backlog()) ? 1 : 0);
    },
  });
  gaugeOfBacklog(
    'irisx_deliveries_pending',
    'Pending deliveries, of all processes, up to a million.',
    ({ pending }) => pending,
  );
  gaugeOfBacklog(
    'irisx_deliveries_unstarted',
    'Deliveries, of all processes, that have been pending for over 30 s and that nobody has started.',
    ({ unstarted }) => unstarted,
  );
  gaugeOfBacklog(
    'irisx_deliveries_waiting_for_rate_limit',
    "Deliveries, of all processes, that wait for their turn within their webhook's rate limit.",
    ({ waitingForRateLimit }) => waitingForRateLimit,
  );
  gaugeOfBacklog(
    'irisx_oldest_pending_seconds',
    'How long the oldest pending delivery has been pending; 0: none is.',
    ({ oldestPendingMs }) => oldestPendingMs / 1_000,
  );

  new Gauge({
    name: 'irisx_postgres_connections',
    help: 'Open connections of this process to Postgres.',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      for (const [pool, connections] of Object.entries(state.pools)) {
        const { open, idle } = connections();
        this.set({ pool, state: 'used' }, open - idle);
        this.set({ pool, state: 'idle' }, idle);
      }
    },
  });
  new Gauge({
    name: 'irisx_postgres_waiting',
    help: 'Work of this process that waits for a free connection to Postgres.',
    labelNames: ['pool'],
    registers,
    collect() {
      for (const [pool, connections] of Object.entries(state.pools)) this.set({ pool }, connections().waiting);
    },
  });
  new Gauge({
    name: 'irisx_temporal_problems',
    help: 'Problems with Temporal that /readyz of this process shows.',
    registers,
    collect() {
      this.set(state.temporalProblems());
    },
  });
  return registry;
}
