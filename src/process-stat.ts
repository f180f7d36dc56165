import { readFileSync } from 'node:fs';

/** Times are user and system time together, in milliseconds, with the precision of a tick of 10 ms. */
export interface ProcessStat {
  /** The parent's id. */
  parent: number;
  ownMs: number;
  /** Of children that have ended and were waited for. */
  endedChildrenMs: number;
}

/** Times are shown in hundredths of a second, whatever the kernel counts in (USER_HZ). */
const tickMs = 10;

/** What Linux tells of a process (proc_pid_stat(5)). Undefined: it has ended, or this is another system. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in brackets, which may hold anything. Parent is the 4th field; utime, stime,
  // cutime and cstime are the 14th to 17th.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ms = (field: number) => Number(fields[field]) * tickMs;
  return { parent: Number(fields[1]), ownMs: ms(11) + ms(12), endedChildrenMs: ms(13) + ms(14) };
}
