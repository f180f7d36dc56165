import { setTimeout as delay } from 'node:timers/promises';
import type { PlannedFault } from '../plan.js';
import type { InjectedFault, Timeline } from '../timeline.js';
import type { FaultTarget } from './target.js';

/**
 * Injects the plan's faults at their times and resolves when the last one has ended and its process serves again. A fault
 * whose target is still busy with the one before waits for it. When the signal aborts, what lasts is ended at once.
 */
export async function injectFaults(
  plan: readonly PlannedFault[],
  targets: ReadonlyMap<string, FaultTarget>,
  timeline: Timeline,
  signal: AbortSignal,
  onFault: (fault: InjectedFault) => void,
): Promise<void> {
  const beganAt = Date.now();
  const busy = new Map<string, Promise<void>>();
  const running: Promise<void>[] = [];
  for (const fault of plan) {
    await delay(Math.max(0, beganAt + fault.atMs - Date.now()), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const target = targets.get(fault.target)!;
    const before = busy.get(fault.target) ?? Promise.resolve();
    const injected = before.then(() => inject(fault, target, timeline, signal, onFault));
    busy.set(
      fault.target,
      injected.catch(() => undefined),
    );
    // A failure is reported when all are awaited.
    injected.catch(() => undefined);
    running.push(injected);
  }
  await Promise.all(running);
}

async function inject(
  { number, kind, target: name, lastsMs }: PlannedFault,
  target: FaultTarget,
  timeline: Timeline,
  signal: AbortSignal,
  onFault: (fault: InjectedFault) => void,
): Promise<void> {
  const fault: InjectedFault = { number, kind, target: name, beganAt: Date.now() };
  timeline.faults.push(fault);
  onFault(fault);
  const lasts = () => delay(lastsMs, undefined, { signal }).catch(() => undefined);
  switch (kind) {
    case 'stop':
      target.freeze();
      await lasts();
      target.thaw();
      fault.endedAt = fault.readyAt = Date.now();
      break;
    case 'kill':
    case 'restart':
      await (kind === 'kill' ? target.kill() : target.terminate());
      await lasts();
      fault.endedAt = Date.now();
      if (signal.aborted) return;
      await target.start();
      fault.readyAt = Date.now();
      break;
  }
  onFault(fault);
}
