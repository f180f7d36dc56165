import { createRandom } from '../support/random.js';

/** `kill`: SIGKILL, and a start after a while. `stop`: SIGSTOP, later SIGCONT. `restart`: SIGTERM, and a start. */
export const faultKinds = ['kill', 'stop', 'restart'] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface PlannedFault {
  /** From 1, in order of time. */
  number: number;
  kind: FaultKind;
  /** Name of the process. */
  target: string;
  /** How long the process stays frozen, or down. */
  lastsMs: number;
  /**
   * The delay before it begins: after all earlier faults are over and their processes serve again or, if it overlaps,
   * after the previous one began. Relative, because a slow machine takes longer to start a process, and there must be a
   * calm all the same.
   */
  afterMs: number;
  overlaps: boolean;
}

export interface PlanOptions {
  seed: number;
  kinds: readonly FaultKind[];
  targets: readonly string[];
  stopMs: readonly [number, number];
  calmMs: readonly [number, number];
}

const downMs: Record<Exclude<FaultKind, 'stop'>, readonly [number, number]> = {
  kill: [500, 8_000],
  restart: [0, 3_000],
};
/** The share of faults that begin while the previous one still lasts. */
const overlapping = 0.2;

/**
 * An endless list of faults; the injector stops when the time is up. The pairs of kind and target are dealt like cards:
 * each comes once before any comes again.
 */
export function* planFaults({ seed, kinds, targets, stopMs, calmMs }: PlanOptions): Generator<PlannedFault, never> {
  const random = createRandom(seed, 'faults');
  const deck = kinds.flatMap((kind) => targets.map((target) => ({ kind, target })));
  if (deck.length === 0) throw new RangeError('no kinds of faults, or no targets');
  let cards: typeof deck = [];
  let before: PlannedFault | undefined;
  for (let number = 1; ; number++) {
    if (cards.length === 0) cards = random.shuffle(deck);
    const { kind, target } = cards.pop()!;
    const overlaps = random.chance(overlapping) && before !== undefined && before.target !== target;
    const [from, to] = overlaps ? [500, Math.max(500, before!.lastsMs)] : calmMs;
    const lastsMs = random.whole(...(kind === 'stop' ? stopMs : downMs[kind]));
    before = { number, kind, target, lastsMs, afterMs: random.whole(from, to), overlaps };
    yield before;
  }
}
