/** A process that faults hit. Calls to one target do not overlap. */
export interface FaultTarget {
  readonly name: string;
  /** Resolves when it serves; keeps trying while something that it needs is down. */
  start(): Promise<void>;
  /** SIGKILL, frozen or not; resolves when it has exited. Harmless if it already has. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  freeze(): void;
  thaw(): void;
  /** SIGTERM, or the server's own signal for a normal stop; resolves when it has exited. */
  terminate(): Promise<void>;
}

/** Retries every second until `start` succeeds. Gives up, with the last error, when stopped or after two minutes. */
export async function startWithRetries<T>(start: () => Promise<T>, isOver: () => boolean): Promise<T> {
  const giveUpAt = Date.now() + 120_000;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (isOver() || Date.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

/** No error if the process has already exited. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
