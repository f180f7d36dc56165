const longDay = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full' });

/** Entries under the viewer's days, in the order in which they come. */
export function byDay<Dated extends { at: string }>(
  entries: readonly Dated[],
  now = new Date(),
): { day: string; entries: Dated[] }[] {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  const names = new Map([
    [longDay.format(now), 'Today'],
    [longDay.format(yesterday), 'Yesterday'],
  ]);
  const days = new Map<string, Dated[]>();
  for (const entry of entries) {
    const day = longDay.format(new Date(entry.at));
    const others = days.get(day);
    if (others) others.push(entry);
    else days.set(day, [entry]);
  }
  return [...days].map(([day, entries]) => ({ day: names.get(day) ?? day, entries }));
}
