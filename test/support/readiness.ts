import type { TemporalProblem } from '../../src/temporal/failure.js';

export interface Readiness {
  httpStatus: number;
  status: string;
  temporal: string;
  temporal_problems: TemporalProblem[];
}

/** The response of `/readyz`. */
export async function readiness(url: string): Promise<Readiness> {
  const response = await fetch(`${url}/readyz`);
  return { httpStatus: response.status, ...((await response.json()) as Omit<Readiness, 'httpStatus'>) };
}
