import { CallHandler, type CallHandlerDeps } from './call-handler.js';
import type { SwitchAddress } from '../../config/freeswitch.js';
import {
  SwitchListener,
  switchListenerOptions,
  type SwitchListenerOptions,
  type SwitchState,
} from './switch-listener.js';

export interface CallListener {
  /** One per switch. */
  readonly switches: SwitchState[];
  /** Number of calls without a tenant, since the process started. */
  readonly callsWithoutTenant: number;
  /** Disconnects, then stores and handles the events received so far. */
  close(): Promise<void>;
}

/**
 * Listens to the switches and turns their calls into events. Returns immediately, and keeps reconnecting while a switch
 * is away. Any number of processes may listen to the same switches: each event is stored and handled once.
 */
export function startCallListener(
  deps: CallHandlerDeps,
  switches: readonly SwitchAddress[],
  options: Partial<SwitchListenerOptions> & { tenantVariable: string },
): CallListener {
  const handler = new CallHandler(deps);
  const all = { ...switchListenerOptions, ...options };
  const listeners: SwitchListener[] = [];
  for (const address of switches) {
    const peers = () => listeners.filter((each) => each !== listener);
    const listener: SwitchListener = new SwitchListener(deps, address, handler, all, peers);
    listeners.push(listener);
  }
  // Handles what a process that died had stored.
  void handler.sweep();
  return {
    get switches() {
      return listeners.map((listener) => listener.state);
    },
    get callsWithoutTenant() {
      return handler.callsWithoutTenant;
    },
    async close() {
      await Promise.all(listeners.map((listener) => listener.close()));
      await handler.close();
    },
  };
}
