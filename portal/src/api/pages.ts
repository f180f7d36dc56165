import { keepPreviousData } from '@tanstack/react-query';

/** For `useInfiniteQuery` of a list with a cursor. The first page has none: null is left out of the query string. */
export const pages = {
  initialPageParam: null,
  getNextPageParam: (page: { next_cursor: string | null }) => page.next_cursor,
};

interface Read {
  state: { data: { pages: unknown[] } | undefined };
}

const isFirstPage = ({ state }: Read) => state.data?.pages.length === 1;

/**
 * The same for a list that is read again so often while it is live. Only its first page: to read all pages again would
 * cost more the further somebody has read.
 */
export const livePages = (isLive: boolean, everyMs: number) => ({
  ...pages,
  placeholderData: keepPreviousData,
  refetchInterval: (query: Read) => (isLive && isFirstPage(query) ? everyMs : (false as const)),
  refetchOnWindowFocus: isFirstPage,
});
