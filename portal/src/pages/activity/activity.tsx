import { pages } from '../../api/pages.js';
import { useQueries } from '../../api/session.js';
import { EmptyState } from '../../ui/empty-state.js';
import { LoadMore } from '../../ui/load-more.js';
import { Loaded } from '../../ui/loaded.js';
import { Card, Page } from '../../ui/page.js';
import { useUrlFilters } from '../../ui/url-filters.js';
import type { Action, SubjectType } from './actions.js';
import { byDay } from './days.js';
import { ActivityEntry } from './entry.js';
import { Filters } from './filters.js';
import './activity.css';

const filterNames = ['action', 'subject_type', 'subject_id', 'since', 'until'] as const;
export type ActivityFilters = Record<(typeof filterNames)[number], string | null>;

/** Who changed what, and when. */
export function Activity() {
  const [parameters, change] = useUrlFilters();
  const filters = Object.fromEntries(filterNames.map((name) => [name, parameters.get(name)])) as ActivityFilters;
  const query = useQueries().useInfiniteQuery(
    'get',
    '/v1/audit-log',
    {
      params: {
        query: {
          limit: 50,
          // A value that the service does not know is its to refuse.
          ...(filters.action && { action: filters.action as Action }),
          ...(filters.subject_type && { subject_type: filters.subject_type as SubjectType }),
          ...(filters.subject_id && { subject_id: filters.subject_id }),
          ...(filters.since && { since: filters.since }),
          ...(filters.until && { until: filters.until }),
        },
      },
    },
    pages,
  );
  const isFiltered = Object.values(filters).some(Boolean);
  return (
    <Page title="Activity" lead="Who changed what, and when: by the portal, by API keys, and by the service itself.">
      <Filters filters={filters} onChange={change} />
      <Loaded query={query} lines={8}>
        {(data) => {
          const entries = data.pages.flatMap((page) => page.entries);
          if (entries.length === 0) return <NoActivity isFiltered={isFiltered} />;
          return byDay(entries).map(({ day, entries }) => (
            <Card key={day} title={day}>
              <ol className="activity">
                {entries.map((entry) => (
                  <ActivityEntry key={entry.id} entry={entry} />
                ))}
              </ol>
            </Card>
          ));
        }}
      </Loaded>
      <LoadMore query={query} />
    </Page>
  );
}

function NoActivity({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <EmptyState title="Nothing matches these filters">
      <p>Choose a longer time, or everything.</p>
    </EmptyState>
  ) : (
    <EmptyState title="Nothing has been changed yet">
      <p>As soon as somebody creates a webhook, changes its settings or makes a key, you see it here.</p>
    </EmptyState>
  );
}
