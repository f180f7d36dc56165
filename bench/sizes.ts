/** How much is measured. The rows' names state the real sizes, so that a smoke run cannot pass for a benchmark. */
export interface Sizes {
  /** Of one step. */
  seconds: number;
  /** A step at a low rate lasts longer, until it has this many samples: a p95 of fewer says little. */
  minSamples: number;
  warmUpSeconds: number;
  /** Events per second, in rising order. Stops once the backlog grows. */
  rates: number[];
  /** Pieces of work in flight in measurements with a constant backlog. */
  inFlight: number;
  fanOut: number;
  tenants: number;
  /** Deliveries whose statements and round trips are counted. */
  counted: number;
  /** Deliveries that wait for a token: some, and many. */
  waiting: [number, number];
  /** How long the CPU time of waiting is measured: a multiple of the 10 s between two sweeps. */
  waitingSeconds: number;
  /** How long everything rests before that: V8 may collect a burst's garbage up to a minute later. */
  restSeconds: number;
  hangMs: number;
  hanging: number;
  /** Events to the other tenant's ten webhooks. */
  backlogEvents: number;
  /** Events to each of the webhooks whose receivers never stop sending. */
  flooding: number;
  isolationSeconds: number;
  fairness: {
    /** Of each of its streams. */
    seconds: number;
    unstarted: number;
    /** Tenants with a webhook that hangs, and events to each. */
    hanging: { tenants: number; events: number }[];
    hangMs: number;
    messages: number;
    /** Per second. */
    retries: number;
    /** How long to wait for arrivals. If one does not come, it is known to take longer than this. */
    timeoutMs: number;
  };
  /** Deliveries of the small and of the large webhook. */
  lists: [number, number];
  /** Attempts in a year. */
  statistics: number;
  listCalls: number;
}

export function fullSizes(seconds: number): Sizes {
  return {
    seconds,
    minSamples: 200,
    warmUpSeconds: 3,
    rates: [10, 20, 50, 100, 200, 400],
    inFlight: 50,
    fanOut: 10,
    tenants: 100,
    counted: 100,
    waiting: [1_000, 10_000],
    waitingSeconds: 60,
    restSeconds: 60,
    hangMs: 15_000,
    hanging: 700,
    backlogEvents: 1_000,
    flooding: 20,
    isolationSeconds: 3 * seconds,
    fairness: {
      seconds,
      unstarted: 6_000,
      hanging: [
        { tenants: 1, events: 1_000 },
        { tenants: 12, events: 40 },
        { tenants: 100, events: 10 },
      ],
      hangMs: 30_000,
      messages: 500,
      retries: 50,
      timeoutMs: 45_000,
    },
    lists: [1_000, 1_000_000],
    statistics: 10_000_000,
    listCalls: 40,
  };
}

/** Everything tiny: shows that all of it works, and says nothing about speed. */
export const quickSizes: Sizes = {
  seconds: 1,
  minSamples: 0,
  warmUpSeconds: 0.3,
  rates: [10, 20],
  inFlight: 10,
  fanOut: 3,
  tenants: 3,
  counted: 20,
  waiting: [10, 30],
  waitingSeconds: 3,
  restSeconds: 0.2,
  hangMs: 1_500,
  hanging: 20,
  backlogEvents: 30,
  flooding: 2,
  isolationSeconds: 1,
  fairness: {
    seconds: 1,
    unstarted: 20,
    hanging: [{ tenants: 2, events: 3 }],
    hangMs: 1_500,
    messages: 10,
    retries: 5,
    timeoutMs: 40_000,
  },
  lists: [500, 3_000],
  statistics: 20_000,
  listCalls: 4,
};
