import { readdirSync, readFileSync } from 'node:fs';
import { readProcessStat, type ProcessStat } from '../src/process-stat.js';

/** User and system time of a process and all its descendants, living or dead, in milliseconds. */
export function cpuMs(pid: number): number {
  const all = new Map<number, ProcessStat>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readProcessStat(Number(name)) : undefined;
    if (stat) all.set(Number(name), stat);
  }
  const children = new Map<number, number[]>();
  for (const [id, { parent }] of all) children.set(parent, [...(children.get(parent) ?? []), id]);
  const sum = (id: number): number => {
    const { ownMs = 0, endedChildrenMs = 0 } = all.get(id) ?? {};
    const living = (children.get(id) ?? []).reduce((total, child) => total + sum(child), 0);
    // The threads' sum is exact but lacks threads that have ended, so the larger of the two is closer.
    return Math.max(ownMs, threadsMs(id)) + endedChildrenMs + living;
  };
  if (!all.has(pid)) throw new Error(`process ${pid} is no longer running`);
  return sum(pid);
}

/** Resident memory of the process itself, in MB of 10⁶ bytes. */
export function residentMb(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (!line) throw new Error(`process ${pid} does not show its memory use`);
  return (Number(line[1]) * 1024) / 1e6;
}

/** CPU time of a process' living threads, to the nanosecond; 0 if the kernel does not tell. */
function threadsMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  try {
    return readdirSync(tasks).reduce(
      (sum, id) => sum + Number(readFileSync(`${tasks}/${id}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
      0,
    );
  } catch {
    return 0;
  }
}

/** CPU milliseconds of several processes between two points in time; undefined for one that runs elsewhere. */
export class CpuMeter<Name extends string> {
  #from: Record<Name, number | undefined>;

  constructor(private readonly pids: Record<Name, number | undefined>) {
    this.#from = this.#read();
  }

  restart(): void {
    this.#from = this.#read();
  }

  /** Since the beginning or the last `restart`. */
  read(): Record<Name, number | undefined> {
    const from = this.#from;
    const now = this.#read();
    for (const name of Object.keys(now) as Name[]) {
      const [before, after] = [from[name], now[name]];
      now[name] = before === undefined || after === undefined ? undefined : after - before;
    }
    return now;
  }

  #read(): Record<Name, number | undefined> {
    const names = Object.entries(this.pids) as [Name, number | undefined][];
    return Object.fromEntries(names.map(([name, pid]) => [name, pid === undefined ? undefined : cpuMs(pid)])) as Record<
      Name,
      number | undefined
    >;
  }
}
