import type { FaultKind } from './plan.js';

/** A fault as it was injected. Times are epoch milliseconds. */
export interface InjectedFault {
  number: number;
  kind: FaultKind;
  target: string;
  beganAt: number;
  /** When the process was started again or resumed; undefined while the fault lasts. */
  endedAt?: number;
  /** When it served again. */
  readyAt?: number;
}

/** One life of one of our processes. */
export interface ProcessLife {
  name: string;
  /** From 1; each start is another life. */
  number: number;
  pid: number;
  startedAt: number;
  readyAt?: number;
  endedAt?: number;
  /** `fault`: by our SIGKILL. `drained`: after our SIGTERM. `itself`: neither. */
  end?: 'fault' | 'drained' | 'itself';
  /** From SIGTERM to its end. */
  drainMs?: number;
  /** The end of its log, if it ended by itself. */
  lastLines?: string;
  frozen: { from: number; to?: number }[];
}

export interface Interval {
  from: number;
  to: number;
}

/** What happened to which process and when, to find the cause of a violation. */
export class Timeline {
  readonly faults: InjectedFault[] = [];
  readonly lives: ProcessLife[] = [];
  /** When the first fault could begin, and when everything was running again. */
  faultsBeganAt = 0;
  healedAt = 0;

  /** Intervals in which something was down or frozen, until it served again. */
  disturbances(target?: string): Interval[] {
    return this.faults
      .filter((fault) => target === undefined || fault.target === target)
      .map(({ beganAt, endedAt, readyAt }) => ({ from: beganAt, to: readyAt ?? endedAt ?? Date.now() }));
  }

  /** Lives of that process or, if the sender is unknown, of all processes that send requests. */
  lifeOf(pid: number | undefined): ProcessLife[] {
    const known = pid === undefined ? [] : this.lives.filter((life) => life.pid === pid);
    return known.length > 0 ? known : this.lives.filter(({ name }) => name !== 'api');
  }

  /** Milliseconds of the interval in which nothing was disturbed. */
  calmMs({ from, to }: Interval): number {
    let calm = 0;
    let at = from;
    for (const { from: begin, to: end } of this.disturbances().sort((a, b) => a.from - b.from)) {
      if (end <= at || begin >= to) continue;
      calm += Math.max(0, begin - at);
      at = Math.max(at, end);
    }
    return calm + Math.max(0, to - at);
  }

  /** For people: what happened around that time, one line each. */
  around({ from, to }: Interval, marginMs = 20_000): string[] {
    const near = (begin: number, end: number) => begin <= to + marginMs && end >= from - marginMs;
    const lines = [
      ...this.faults
        .filter(({ beganAt, readyAt, endedAt }) => near(beganAt, readyAt ?? endedAt ?? Infinity))
        .map((fault) => ({ at: fault.beganAt, text: describeFault(fault) })),
      ...this.lives
        .filter(({ end, endedAt }) => end === 'itself' && near(endedAt!, endedAt!))
        .map((life) => ({ at: life.endedAt!, text: `${life.name}#${life.number} ended by itself` })),
    ];
    return lines.sort((a, b) => a.at - b.at).map(({ at, text }) => `${clock(at)} ${text}`);
  }
}

function describeFault({ number, kind, target, beganAt, endedAt, readyAt }: InjectedFault): string {
  const after = (at: number | undefined) => (at === undefined ? '?' : `${((at - beganAt) / 1_000).toFixed(1)} s`);
  return `fault ${number}: ${kind} ${target}, ended after ${after(endedAt)}, serving after ${after(readyAt)}`;
}

/** `22:08:41.123`, in UTC like the logs. */
export const clock = (at: number): string => new Date(at).toISOString().slice(11, 23);
