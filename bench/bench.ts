import { randomUUID } from 'node:crypto';
import { startFloor, type Floor } from './floor-process.js';
import { startReceiver, type Receiver } from './receiver-process.js';
import type { Report, Row } from './report.js';
import { openRig, type Rig, type RigOptions } from './rig.js';
import type { Servers } from './servers.js';
import type { Sizes } from './sizes.js';

/** What a measurement works with. */
export interface Bench {
  sizes: Sizes;
  servers: Servers;
  report: Report;
  receiver: Receiver;
  /** Reports on one line what is going on. */
  progress: (text: string) => void;
  add(row: Row): void;
  /**
   * The product and the floor on one Temporal server. Opened on first use; shared by measurements that leave nothing
   * behind.
   */
  shared(): Promise<{ rig: Rig; floor: Floor }>;
  /** A rig for one measurement alone; closed when `work` has ended. */
  withRig<T>(options: RigOptions, work: (rig: Rig) => Promise<T>): Promise<T>;
}

export interface Measurement {
  /** For `--only`. */
  name: string;
  run(bench: Bench): Promise<void>;
}

export interface OpenBench {
  of(measurement: Measurement): Bench;
  close(): Promise<void>;
}

export interface BenchOptions {
  sizes: Sizes;
  /** The Node binary that the service runs on. */
  node: string;
  report: Report;
  progress: (text: string) => void;
}

export async function openBench(servers: Servers, { sizes, node, report, progress }: BenchOptions): Promise<OpenBench> {
  const receiver = await startReceiver();
  let shared: Promise<{ rig: Rig; floor: Floor }> | undefined;
  const openShared = async () => {
    progress('starting the service and the floor');
    const { address, namespace } = servers.temporal;
    const opening = [
      openRig(servers, receiver, node),
      startFloor({ address, namespace, taskQueue: `floor-${randomUUID()}` }),
    ] as const;
    const [rig, floor] = await Promise.allSettled(opening);
    if (rig.status === 'fulfilled' && floor.status === 'fulfilled') return { rig: rig.value, floor: floor.value };
    if (rig.status === 'fulfilled') await rig.value.close();
    if (floor.status === 'fulfilled') await floor.value.close();
    throw rig.status === 'rejected' ? rig.reason : (floor as PromiseRejectedResult).reason;
  };
  const open = new Set<Rig>();
  return {
    of: ({ name }) => ({
      sizes,
      servers,
      report,
      receiver,
      progress: (text) => progress(`${name}: ${text}`),
      add: (row) => report.add(name, row),
      shared: () => (shared ??= openShared()),
      async withRig(options, work) {
        progress(`${name}: starting a service of its own`);
        const rig = await openRig(servers, receiver, node, options);
        open.add(rig);
        try {
          return await work(rig);
        } finally {
          progress(`${name}: cleaning up`);
          open.delete(rig);
          await rig.close();
          receiver.forget();
        }
      },
    }),
    async close() {
      for (const rig of open) await rig.close();
      const both = await shared?.catch(() => undefined);
      await both?.floor.close();
      await both?.rig.close();
      await receiver.close();
    },
  };
}
