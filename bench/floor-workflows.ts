import { proxyActivities } from '@temporalio/workflow';
import type { FloorActivities } from './floor.js';

const { empty } = proxyActivities<FloorActivities>({ startToCloseTimeout: '1 min' });

/** The floor: what Temporal itself costs for the least that a workflow can do for a delivery. */
export async function bare(): Promise<void> {
  await empty();
}
