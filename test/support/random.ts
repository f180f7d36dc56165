/** Seeded random numbers: the same seed gives the same numbers in the same order. */
export interface Random {
  /** From 0 to below 1. */
  next(): number;
  /** An integer, both ends included. */
  whole(from: number, to: number): number;
  /** True with this probability, from 0 (never) to 1 (always). */
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** A new list in another order. */
  shuffle<T>(list: readonly T[]): T[];
}

/** Streams of one seed are independent: how many numbers one of them draws does not affect the others. */
export function createRandom(seed: number, stream = ''): Random {
  const next = randomFrom(
    [...stream].reduce((hash, character) => Math.imul(hash ^ character.charCodeAt(0), 16777619), seed),
  );
  const whole = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    whole,
    chance: (probability) => next() < probability,
    pick(from) {
      if (from.length === 0) throw new RangeError('nothing to pick from');
      return from[whole(0, from.length - 1)]!;
    },
    shuffle(list) {
      const shuffled = [...list];
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = whole(0, i);
        [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
      }
      return shuffled;
    },
  };
}

/** mulberry32: small, and good enough for tests. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
