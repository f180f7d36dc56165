import type { ChildProcess } from 'node:child_process';
import { endProgram, forkProgram, nextMessage } from './child-program.js';
import type { FloorMessage, FloorRequest } from './floor.js';
import type { ClosedLoad, ClosedLoadResult, OpenLoad } from './load.js';

/** Bare workflows on the server that the product uses, see floor.ts. */
export interface Floor {
  pid: number;
  open(load: OpenLoad): Promise<{ plannedMs: number[]; activityMs: number[] }>;
  /** `atEdge` is called at the start and the end of the measured time. */
  closed(load: ClosedLoad, atEdge?: (edge: 'begin' | 'end') => void): Promise<ClosedLoadResult>;
  close(): Promise<void>;
}

export async function startFloor(at: { address: string; namespace: string; taskQueue: string }): Promise<Floor> {
  const child = forkProgram('./floor.ts', {
    TEMPORAL_ADDRESS: at.address,
    TEMPORAL_NAMESPACE: at.namespace,
    FLOOR_TASK_QUEUE: at.taskQueue,
  });
  await replyOf(child, (message) => ('ready' in message ? true : undefined));
  return {
    pid: child.pid!,
    open: (load) => ask(child, { open: load }, (message) => ('opened' in message ? message.opened : undefined)),
    async closed(load, atEdge) {
      const onMessage = (message: FloorMessage) => {
        if ('edge' in message) atEdge?.(message.edge);
      };
      child.on('message', onMessage);
      try {
        return await ask(child, { closed: load }, (message) => ('closed' in message ? message.closed : undefined));
      } finally {
        child.off('message', onMessage);
      }
    },
    close: () => endProgram(child),
  };
}

function ask<Reply>(
  child: ChildProcess,
  request: FloorRequest,
  pick: (message: FloorMessage) => Reply | undefined,
): Promise<Reply> {
  const reply = replyOf(child, pick);
  child.send(request);
  return reply;
}

async function replyOf<Reply>(child: ChildProcess, pick: (message: FloorMessage) => Reply | undefined): Promise<Reply> {
  const reply = await nextMessage(child, 'the floor process', (message: FloorMessage) =>
    'failed' in message ? { failed: message.failed } : wrap(pick(message)),
  );
  if ('failed' in reply) throw new Error(`bare workflows: ${reply.failed}`);
  return reply.value;
}

const wrap = <Value>(value: Value | undefined) => (value === undefined ? undefined : { value });
