/** What is counted and may be limited. */
export const resources = ['call_minutes', 'sms_segments'] as const;
export type Resource = (typeof resources)[number];

// Sums are stored as whole numbers of the smallest part (for call minutes, milliseconds), since fractions of a minute
// do not add up exactly.
const partsPerUnit: Record<Resource, number> = { call_minutes: 60_000, sms_segments: 1 };

/** An amount in the resource's unit as parts, rounded to whole ones. Throws RangeError if it is not a valid amount. */
export function toParts(resource: Resource, amount: number): number {
  const parts = Math.round(amount * partsPerUnit[resource]);
  if (!(parts >= 0 && parts <= Number.MAX_SAFE_INTEGER))
    throw new RangeError(`${amount} is not an amount of ${resource}`);
  return parts;
}

/** In the resource's unit, cut to three decimals, so that 99.9999 of 100 minutes do not look like all of them. */
export function fromParts(resource: Resource, parts: number): number {
  return Number((BigInt(parts) * 1000n) / BigInt(partsPerUnit[resource])) / 1000;
}

/** The month in UTC, `YYYY-MM`. */
export const monthOf = (moment: Date): string => moment.toISOString().slice(0, 7);
