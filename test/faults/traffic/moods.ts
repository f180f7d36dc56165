import { setTimeout as delay } from 'node:timers/promises';
import { createRandom, type Random } from '../../support/random.js';
import type { Receivers } from '../receivers/receivers.js';
import type { Webhook } from './tenants.js';

const goodMs = [8_000, 40_000] as const;
const badMs = [5_000, 30_000] as const;

/** Until the signal, receivers of moody webhooks respond badly for a while, then well again, and so on. */
export async function swingMoods(
  receivers: Receivers,
  webhooks: readonly Webhook[],
  seed: number,
  signal: AbortSignal,
): Promise<void> {
  const swing = async ({ name }: { name: string }) => {
    const random = createRandom(seed, `mood of ${name}`);
    // Badly at first, so that a short run has every kind, too.
    for (let isBad = true; !signal.aborted; isBad = !isBad) {
      receivers.setMood(name, isBad);
      await delay(between(random, isBad ? badMs : goodMs), undefined, { signal }).catch(() => undefined);
    }
  };
  await Promise.all(webhooks.filter(({ plan }) => plan.role === 'moody').map(({ plan }) => swing(plan.receivers[0]!)));
}

const between = (random: Random, [from, to]: readonly [number, number]) => random.whole(from, to);
