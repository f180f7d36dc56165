import { useQueries } from '../api/session.js';

/** All event types there are; they do not change while the page is open. */
export function useEventTypes() {
  return useQueries().useQuery('get', '/v1/event-types', {}, { staleTime: Infinity });
}

/** Options of a select of event types; one that is not in the catalogue is shown, too. */
export function EventTypeOptions({ chosen }: { chosen: string }) {
  const names = useEventTypes().data?.event_types.map(({ name }): string => name) ?? [];
  const shown = chosen === '' || names.includes(chosen) ? names : [...names, chosen];
  return shown.map((name) => (
    <option key={name} value={name}>
      {name}
    </option>
  ));
}
