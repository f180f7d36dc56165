import { drainGraceMs } from '../processes/our-process.js';
import type { ProcessLife } from '../timeline.js';
import type { Evidence, Violation } from './evidence.js';

export interface Processes {
  violations: Violation[];
  /** Our processes that ended although nothing stopped them. */
  endedByThemselves: number;
  /** The longest from SIGTERM to the end, in milliseconds. */
  longestDrainMs: number;
}

/** Our processes survive what happens around them, and a stop ends within the time that operators are told to allow. */
export function processesLive({ timeline }: Evidence): Processes {
  const violations: Violation[] = [];
  const violate = (life: ProcessLife, invariant: string, text: string) =>
    violations.push({
      invariant,
      text: `${life.name}#${life.number} ${text}`,
      deliveryIds: [],
      at: { from: life.endedAt!, to: life.endedAt! },
    });
  // A process that starts while Postgres is away may end, with a log line that says so.
  const mayEnd = ({ startedAt, endedAt, readyAt }: ProcessLife) =>
    readyAt === undefined &&
    timeline.disturbances('postgres').some(({ from, to }) => from <= endedAt! && to >= startedAt - 1_000);
  const themselves = timeline.lives.filter((life) => life.end === 'itself' && !mayEnd(life));
  for (const life of themselves)
    violate(life, 'ended by itself', `ended by itself. Its last lines:\n${life.lastLines}`);
  const drains = timeline.lives.filter(({ drainMs }) => drainMs !== undefined);
  // A frozen process cannot react to the signal.
  for (const life of drains.filter(({ drainMs, frozen }) => drainMs! > drainGraceMs && frozen.length === 0))
    violate(life, 'drain', `took ${life.drainMs} ms from SIGTERM to its end`);
  return {
    violations,
    endedByThemselves: themselves.length,
    longestDrainMs: Math.max(0, ...drains.map(({ drainMs }) => drainMs!)),
  };
}
