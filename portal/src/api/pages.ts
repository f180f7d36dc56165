/** For `useInfiniteQuery` of a list with a cursor. The first page has none: null is left out of the query string. */
export const pages = {
  initialPageParam: null,
  getNextPageParam: (page: { next_cursor: string | null }) => page.next_cursor,
};
