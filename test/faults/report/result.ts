import type { Doubled } from '../invariants/requests-logged.js';
import type { Counted } from '../invariants/requests-logged.js';
import type { Recovery, Spread } from '../invariants/neighbours.js';
import type { Violation } from '../invariants/evidence.js';
import type { FaultRunOptions } from '../options.js';

/** A run in numbers. Written as JSON, and the source of the tables. */
export interface FaultRunResult {
  options: FaultRunOptions;
  startedAt: string;
  /** The commit of the tested code, if git knows it. */
  commit: string | undefined;
  seconds: number;
  /** From the last start until all was quiet; undefined: not in time. */
  quietAfterMs: number | undefined;
  /** One for each fault, in order of time. */
  faults: Recovery[];
  actions: Record<string, number>;
  events: number;
  deliveries: number;
  /** Deliveries by their final status. */
  statuses: Record<string, number>;
  requests: number;
  attempts: number;
  lost: number;
  stuck: number;
  unlogged: Counted;
  doubled: Counted;
  overlapping: Counted;
  misjudged: Counted;
  attemptsWithoutRequest: number;
  limit: { explained: number; unexplained: number; fullest: number };
  signatures: { checked: number; unknownSecret: number };
  endedByThemselves: number;
  longestDrainMs: number;
  /** Untouched webhooks, from accept to receive. */
  neighbours: { calmMs: Spread; allMs: Spread };
  violations: Violation[];
  /** Set when a part of the run itself failed. */
  failure?: string;
}

export const counted = ({ explained, unexplained }: Doubled | Counted): Counted => ({ explained, unexplained });

export const isGood = ({ violations, failure }: FaultRunResult): boolean =>
  violations.length === 0 && failure === undefined;
