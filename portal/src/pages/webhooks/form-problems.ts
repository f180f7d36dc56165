import { useEffect, type RefObject } from 'react';
import { ApiError } from '../../api/api-error.js';

/** Why a form could not be saved; a filter that is no JSON is not sent at all. */
export function saveProblem(failure: unknown): unknown {
  if (!(failure instanceof SyntaxError)) return failure;
  const message = 'is not JSON; repair it, or empty it for no filter';
  return new ApiError('Not saved: the filter is not JSON.', null, [{ path: 'filter', message }]);
}

/** Moves the focus to the first field that is wrong. */
export function useShowFirstError(form: RefObject<HTMLFormElement | null>, error: unknown): void {
  useEffect(() => {
    if (error === null) return;
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-error]')?.focus();
  }, [form, error]);
}
