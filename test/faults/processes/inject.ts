import { setTimeout as delay } from 'node:timers/promises';
import type { PlannedFault } from '../plan.js';
import type { InjectedFault, Timeline } from '../timeline.js';
import type { FaultTarget } from './target.js';

/**
 * Injects the plan's faults until the time is up, and resolves when the last one is over and its process serves again.
 * Skips a fault that would last longer than that. When the signal aborts, current faults end immediately.
 */
export async function injectFaults(
  plan: Iterable<PlannedFault>,
  forMs: number,
  targets: ReadonlyMap<string, FaultTarget>,
  timeline: Timeline,
  signal: AbortSignal,
  onFault: (fault: InjectedFault) => void,
): Promise<void> {
  const endsAt = Date.now() + forMs;
  const running = new Map<string, Promise<void>>();
  const over = () => Promise.all(running.values());
  for (const fault of plan) {
    await (fault.overlaps ? running.get(fault.target) : over());
    await delay(Math.max(0, Math.min(fault.afterMs, endsAt - Date.now())), undefined, { signal }).catch(
      () => undefined,
    );
    if (signal.aborted || Date.now() >= endsAt) break;
    if (Date.now() + fault.lastsMs > endsAt) continue;
    const injected = inject(fault, targets.get(fault.target)!, timeline, signal, onFault);
    // A failure is reported when the fault is awaited.
    injected.catch(() => undefined);
    running.set(fault.target, injected);
  }
  await over();
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
