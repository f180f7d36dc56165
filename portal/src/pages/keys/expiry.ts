/** When a new key expires: never, after so many days, or at the end of a day that is chosen. */
export const expiryChoices = [
  { value: 'never', label: 'Never' },
  { value: '30', label: 'After 30 days' },
  { value: '90', label: 'After 90 days' },
  { value: '365', label: 'After a year' },
  { value: 'day', label: 'At the end of a day…' },
] as const;

export type ExpiryChoice = (typeof expiryChoices)[number]['value'];

const dayMs = 86_400_000;

/** For the API. `day` is `YYYY-MM-DD` in the viewer's zone, as a date input has it. */
export function expiresAt(choice: ExpiryChoice, day: string, now = new Date()): string | null {
  if (choice === 'never') return null;
  if (choice !== 'day') return new Date(now.getTime() + Number(choice) * dayMs).toISOString();
  const [year, month, date] = day.split('-').map(Number);
  return new Date(year!, month! - 1, date! + 1).toISOString();
}
