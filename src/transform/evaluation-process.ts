import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { readProcessStat } from '../process-stat.js';

/** The result is JSON of at most so many bytes, and is there within so many milliseconds. */
export const evaluationLimits = { maxMs: 100, maxBodyBytes: 262_144 } as const;

export interface EvaluationRequest {
  expression: string;
  /** The event's body. Undefined: only the syntax is checked. */
  envelope?: string;
}

export type Evaluation =
  /** Null when only the syntax was checked. */
  | { kind: 'made'; body: string | null }
  /** `position`: the character of the expression at which JSONata noticed it. */
  | { kind: 'failed'; message: string; position: number | null }
  /**
   * It needed more time than it may have, or the machine was too busy. `cpuMs`: for how long it had the processor; null:
   * that is not known.
   */
  | { kind: 'stopped'; needed: 'time'; cpuMs: number | null }
  /** It needed more memory than it may have, or something else ended the process. */
  | { kind: 'stopped'; needed: 'memory' };

/**
 * Some built-in functions cannot be interrupted when the time is over; the process is killed so much later. On a busy
 * machine the answer of one that was interrupted takes long, too.
 */
const killAfterMs = (waitMs: number) => Math.max(100, waitMs / 3);
const maxStartMs = 10_000;

const program = fileURLToPath(new URL('evaluate.mjs', import.meta.url));
const library = createRequire(import.meta.url).resolve('jsonata');
const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';
const nodeArguments = [
  '--max-old-space-size=64',
  '--disallow-code-generation-from-strings',
  permission,
  `--allow-fs-read=${program}`,
  `--allow-fs-read=${library}`,
  program,
  library,
];
/**
 * Node cannot set these limits itself. No core file is written when memory runs out. The limit on data bounds what
 * Node's own limit does not count, such as one huge text: 384 MB, and the 512 MB that Node 24 reserves and never uses.
 * And if the machine runs out of memory, this process goes before any other.
 */
const shellProgram =
  'ulimit -c 0; ulimit -d 917504; echo 1000 2>/dev/null >/proc/self/oom_score_adj; exec "$0" "$@" 2>/dev/null';

/**
 * A process that evaluates one expression at a time. It has no environment, no files and no right to start processes.
 * Not a thread: a thread that runs out of memory can end the whole process, and some built-in functions keep a thread
 * from being stopped for seconds.
 */
export class EvaluationProcess {
  /** It could not be reached, although its end may not be known yet. */
  #isLost = false;

  private constructor(readonly child: ChildProcess) {}

  /** Rejects if it does not start. */
  static async start(): Promise<EvaluationProcess> {
    const child = spawn('/bin/sh', ['-c', shellProgram, process.execPath, ...nodeArguments], {
      env: {},
      cwd: '/',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const stop = new AbortController();
    const { signal } = stop;
    const late = setTimeout(() => child.kill('SIGKILL'), maxStartMs);
    try {
      const ended = once(child, 'exit', { signal }).then((by) => {
        throw new Error(`The process that evaluates transforms did not start: it ended with ${by.join(' ')}`);
      });
      await Promise.race([once(child, 'message', { signal }), ended]);
      return new EvaluationProcess(child);
    } finally {
      clearTimeout(late);
      stop.abort();
    }
  }

  get isAlive(): boolean {
    return !this.#isLost && this.child.connected && this.child.exitCode === null && this.child.signalCode === null;
  }

  /**
   * Evaluates one expression; the process may be gone afterwards. Call it only when no other evaluation runs. It is
   * stopped after `waitMs`, in which it may have had the processor for less.
   */
  evaluate(request: EvaluationRequest, waitMs: number = evaluationLimits.maxMs): Promise<Evaluation> {
    const { child } = this;
    const before = this.#cpuMs();
    return new Promise((resolve) => {
      /** Of the process that was killed. */
      let killed: { cpuMs: number | null } | undefined;
      const end = (evaluation: Evaluation) => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit);
        resolve(evaluation);
      };
      const onMessage = (answer: Answer) => end(evaluationOf(answer));
      const onExit = () =>
        end(killed ? { kind: 'stopped', needed: 'time', ...killed } : { kind: 'stopped', needed: 'memory' });
      const timer = setTimeout(
        () => {
          const now = this.#cpuMs();
          killed = { cpuMs: before === undefined || now === undefined ? null : now - before };
          child.kill('SIGKILL');
        },
        waitMs + killAfterMs(waitMs),
      );
      child.on('message', onMessage).on('exit', onExit);
      child.send({ ...request, ...evaluationLimits, maxMs: waitMs }, (error) => {
        if (!error) return;
        this.#isLost = true;
        this.kill();
        end({ kind: 'stopped', needed: 'memory' });
      });
    });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  #cpuMs(): number | undefined {
    const { pid } = this.child;
    return pid === undefined ? undefined : readProcessStat(pid)?.ownMs;
  }
}

/** What evaluate.mjs answers. */
interface Answer {
  body?: string;
  error?: { message: string; position?: number };
  timedOutAfterCpuMs?: number;
}

function evaluationOf({ body, error, timedOutAfterCpuMs: cpuMs }: Answer): Evaluation {
  if (cpuMs !== undefined) return { kind: 'stopped', needed: 'time', cpuMs };
  if (error) return { kind: 'failed', message: error.message, position: error.position ?? null };
  return { kind: 'made', body: body ?? null };
}
