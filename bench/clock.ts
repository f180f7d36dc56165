/** CLOCK_MONOTONIC in milliseconds: comparable between all processes of one machine, which `performance.now()` is not. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
