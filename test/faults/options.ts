import { parseArgs } from 'node:util';
import { faultKinds, type FaultKind } from './plan.js';

/** Which of our processes run. */
export const shapes = ['split', 'services'] as const;
/** `split`: an API and two workers. `services`: API and worker in one process, two of them. */
export type Shape = (typeof shapes)[number];

/** The processes, named after their programs. */
export const processNames: Record<Shape, readonly string[]> = {
  split: ['api', 'worker-1', 'worker-2'],
  services: ['service-1', 'service-2'],
};
/** Everything in that shape that a fault can hit. */
export const targetNames = (shape: Shape): string[] => ['postgres', 'temporal', ...processNames[shape]];

/** `dev`: the dev server with a file. `server`: a real Temporal server on the same Postgres as the service. */
export const temporalKinds = ['dev', 'server'] as const;
export type TemporalKind = (typeof temporalKinds)[number];

export interface FaultRunOptions {
  shape: Shape;
  temporal: TemporalKind;
  /** The same seed makes the same plan of faults, events and tenants' actions. */
  seed: number;
  /** How long faults are injected, without the start before and the recovery after. */
  faultsMs: number;
  /** Which kinds of faults, and on which targets (undefined: all in the shape). */
  kinds: readonly FaultKind[];
  targets: readonly string[] | undefined;
  eventsPerSecond: number;
  /** How long a process stays frozen (SIGSTOP). */
  stopMs: readonly [number, number];
  /** Calm between the end of a fault and the next. */
  calmMs: readonly [number, number];
  /** How long to wait for all deliveries once everything is healthy again. */
  quietMs: number;
  /** Keep the run's folder: logs, databases, what the receivers saw. */
  keep: boolean;
}

export const defaults: FaultRunOptions = {
  shape: 'split',
  temporal: 'dev',
  seed: 1,
  faultsMs: 10 * 60_000,
  kinds: faultKinds,
  targets: undefined,
  eventsPerSecond: 5,
  stopMs: [5_000, 40_000],
  calmMs: [4_000, 20_000],
  quietMs: 15 * 60_000,
  keep: false,
};

export const usage = `npm run test:faults -- [options]
  --minutes N          how long faults are injected; default 10
  --seed N             repeats a plan; default: a new one, printed
  --shape split|services   an API and two workers, or two services; default split
  --temporal dev|server    the dev server, or a real one on the same Postgres; default dev
  --faults kill,stop,restart   only these kinds
  --targets postgres,worker-1  only these processes: postgres, temporal, api, worker-1, worker-2, service-1, service-2
  --rate N             events a second; default ${defaults.eventsPerSecond}
  --out FOLDER         also write the table there, as JSON and Markdown
  --keep               keep logs, databases and what the receivers saw`;

/** @throws {Error} saying which argument is invalid */
export function readOptions(args: string[]): { options: FaultRunOptions; out: string | undefined; help: boolean } {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      shape: { type: 'string', default: defaults.shape },
      temporal: { type: 'string', default: defaults.temporal },
      faults: { type: 'string', default: faultKinds.join(',') },
      targets: { type: 'string' },
      rate: { type: 'string', default: String(defaults.eventsPerSecond) },
      out: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const shape = oneOf('--shape', values.shape, shapes);
  const options: FaultRunOptions = {
    ...defaults,
    shape,
    temporal: oneOf('--temporal', values.temporal, temporalKinds),
    seed: number('--seed', values.seed, 0),
    faultsMs: number('--minutes', values.minutes, 0.1) * 60_000,
    kinds: values.faults.split(',').map((kind) => oneOf('--faults', kind, faultKinds)),
    targets: values.targets?.split(',').map((name) => oneOf('--targets', name, targetNames(shape))),
    eventsPerSecond: number('--rate', values.rate, 0.1),
    keep: values.keep,
  };
  return { options, out: values.out, help: values.help };
}

function oneOf<const T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new Error(`${flag} must be one of ${allowed.join(', ')}, but is ${value}`);
  return found;
}

function number(flag: string, value: string, min: number): number {
  const parsed = Number(value);
  if (!(parsed >= min)) throw new Error(`${flag} must be a number of at least ${min}, but is ${value}`);
  return parsed;
}
