/** The events in the body of a batch. None: it is no batch, or the body is not there. */
export function batchEvents(body: string | null): { type: string; id: string }[] {
  if (body === null) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return [];
  }
  const events = (parsed as { events?: unknown } | null)?.events;
  if (!Array.isArray(events)) return [];
  return (events as ({ event?: unknown; event_id?: unknown } | null)[]).flatMap((event) =>
    typeof event?.event === 'string' && typeof event.event_id === 'string'
      ? [{ type: event.event, id: event.event_id }]
      : [],
  );
}
