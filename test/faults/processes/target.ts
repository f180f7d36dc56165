/** A process that faults happen to. Calls of one target follow one another. */
export interface FaultTarget {
  readonly name: string;
  /** Resolves when it serves; goes on trying while what it needs is away itself. */
  start(): Promise<void>;
  /** SIGKILL, frozen or not; resolves when it has gone. Harmless when it has. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  freeze(): void;
  thaw(): void;
  /** SIGTERM, or what the server takes for a normal stop; resolves when it has gone. */
  terminate(): Promise<void>;
}

/** Repeats until it succeeds, a second apart; gives up, with the last error, when stopped or after two minutes. */
export async function startPatiently<T>(start: () => Promise<T>, isOver: () => boolean): Promise<T> {
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

/** No error where the process has gone already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
