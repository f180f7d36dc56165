/** CLOCK_MONOTONIC in milliseconds: unlike `performance.now()`, comparable between all processes of one machine. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
