import { createRandom } from '../support/random.js';

/** `kill`: SIGKILL, and up again after a while. `stop`: SIGSTOP, later SIGCONT. `restart`: SIGTERM, and up again. */
export const faultKinds = ['kill', 'stop', 'restart'] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface PlannedFault {
  /** From 1, in order of time. */
  number: number;
  kind: FaultKind;
  /** Name of the process. */
  target: string;
  /** After the faults began. */
  atMs: number;
  /** How long it stays frozen, or down after its end. */
  lastsMs: number;
}

export interface PlanOptions {
  seed: number;
  forMs: number;
  kinds: readonly FaultKind[];
  targets: readonly string[];
  stopMs: readonly [number, number];
  calmMs: readonly [number, number];
}

const downMs: Record<Exclude<FaultKind, 'stop'>, readonly [number, number]> = {
  kill: [500, 8_000],
  restart: [0, 3_000],
};
/** What a restart takes before it is down: a drain waits for open requests. */
const drainMs = 3_000;
/** This often the next fault comes while this one still lasts. */
const overlaps = 0.2;

/**
 * Faults until the time is up; none lasts beyond it. The pairs of kind and target are dealt like cards: each comes once
 * before any comes again.
 */
export function planFaults({ seed, forMs, kinds, targets, stopMs, calmMs }: PlanOptions): PlannedFault[] {
  const random = createRandom(seed, 'faults');
  const deck = kinds.flatMap((kind) => targets.map((target) => ({ kind, target })));
  let cards: typeof deck = [];
  const faults: PlannedFault[] = [];
  let atMs = random.whole(2_000, 4_000);
  for (;;) {
    if (cards.length === 0) cards = random.shuffle(deck);
    const { kind, target } = cards.pop()!;
    const [shortest, longest] = kind === 'stop' ? stopMs : downMs[kind];
    const lastsMs = random.whole(shortest, longest);
    const takesMs = lastsMs + (kind === 'restart' ? drainMs : 0);
    const isLast = atMs + takesMs > forMs;
    if (!isLast) faults.push({ number: faults.length + 1, kind, target, atMs, lastsMs });
    const next = random.chance(overlaps)
      ? atMs + random.whole(500, Math.max(500, takesMs))
      : atMs + takesMs + random.whole(calmMs[0], calmMs[1]);
    if (next > forMs || (isLast && atMs + shortest > forMs)) return faults;
    // One that would last too long is left out; a shorter one may still fit.
    atMs = isLast ? atMs + 1_000 : next;
  }
}
