/**
 * The delays that a tenant may choose by name, in seconds: before the second, third … attempt of a delivery. `guide` is
 * the integration guide's and the default; `patient` goes on for three days, as Standard Webhooks recommends, so that a
 * receiver may be away for two.
 */
export const namedSchedules = {
  guide: [1, 2, 4, 8, 16],
  patient: [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400],
} as const;

export type ScheduleName = keyof typeof namedSchedules;
