import { notifyManager, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { isConsole } from '../place.js';
import { ApiError, errorOf } from './api-error.js';
import { createApi, type Api } from './client.js';

/** Who looks at the page. */
export interface Session {
  id: string;
  kind: 'tenant' | 'operator';
  tenant: { id: string; name: string } | null;
  name: string;
  scopes: string[];
  expires_at: string;
  return_url: string | null;
  csrf_token: string;
  /** Of an operator only; null: it is not configured. */
  temporal_ui_url?: string | null;
  temporal_namespace?: string;
}

export type SessionState =
  | { kind: 'loading' }
  | { kind: 'none'; hasEnded: boolean }
  | { kind: 'failed'; error: ApiError }
  | { kind: 'open'; session: Session };

const sessionPath = isConsole ? '/v1/console/session' : '/v1/portal/session';

interface SessionActions {
  state: SessionState;
  reload: () => void;
  /** An operator's: with a key of the platform. Throws ApiError. */
  signIn: (key: string) => Promise<void>;
  signOut: () => Promise<void>;
  /** The service does not know the session any more. */
  ended: () => void;
}

const SessionContext = createContext<SessionActions | null>(null);

/** Asks once who looks at the page. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ kind: 'loading' });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    void load().then((loaded) => isCurrent && setState(loaded));
    return () => {
      isCurrent = false;
    };
  }, [turn]);
  const reload = useCallback(() => setTurn((earlier) => earlier + 1), []);
  const ended = useCallback(() => setState({ kind: 'none', hasEnded: true }), []);
  const signIn = useCallback(async (key: string) => {
    const answer = await send('POST', {
      body: JSON.stringify({ key }),
      headers: { 'Content-Type': 'application/json' },
    });
    const { session } = (await answer.json()) as { session: Session };
    setState({ kind: 'open', session });
  }, []);
  const token = state.kind === 'open' ? state.session.csrf_token : null;
  const signOut = useCallback(async () => {
    try {
      await send('DELETE', { headers: { 'X-IRISX-Session': token ?? '' } });
    } catch (error) {
      // It has ended already, or this browser has another one by now.
      if (!(error instanceof ApiError && error.status === 401)) throw error;
    }
    setState({ kind: 'none', hasEnded: true });
  }, [token]);
  const actions = useMemo(() => ({ state, reload, ended, signIn, signOut }), [state, reload, ended, signIn, signOut]);
  return <SessionContext value={actions}>{children}</SessionContext>;
}

async function load(): Promise<SessionState> {
  try {
    const { session } = (await (await send('GET')).json()) as { session: Session };
    return { kind: 'open', session };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return { kind: 'none', hasEnded: false };
    if (error instanceof ApiError) return { kind: 'failed', error };
    throw error;
  }
}

async function send(method: string, init: RequestInit = {}): Promise<Response> {
  let response;
  try {
    response = await fetch(sessionPath, { method, ...init });
  } catch {
    throw new ApiError('The service cannot be reached. Check your connection and try again.', null);
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

function useActions(): SessionActions {
  const actions = use(SessionContext);
  if (!actions) throw new Error('There is no SessionProvider.');
  return actions;
}

export const useSessionState = useActions;

/** The session of a page that has one. */
export function useSession(): Session {
  const { state } = useActions();
  if (state.kind !== 'open') throw new Error('There is no session.');
  return state.session;
}

/** Whether the session may do that; pages leave out what it may not. */
export function useMay(scope: 'webhooks:write' | 'api_keys:write' | 'messages:write'): boolean {
  const { kind, scopes } = useSession();
  return kind === 'operator' || scopes.includes(scope);
}

interface Scope extends Api {
  /** Whose pages these are; null: an operator's own. */
  tenantId: string | null;
  /** What the links of these pages begin with. */
  base: string;
}

const ApiContext = createContext<Scope | null>(null);

/** The calls that its children make, and what was read by them. Another tenant gets another one, with `key`. */
export function ApiProvider({ tenantId, base, children }: Omit<Scope, keyof Api> & { children: ReactNode }) {
  const { ended } = useActions();
  const session = useSession();
  const { csrf_token: csrfToken, kind } = session;
  const scope = useMemo(
    () => ({ ...createApi(csrfToken, kind === 'operator' ? tenantId : null), tenantId, base }),
    [csrfToken, kind, tenantId, base],
  );
  const [queryClient] = useState(() => createQueryClient(ended));
  return (
    <QueryClientProvider client={queryClient}>
      <ApiContext value={scope}>{children}</ApiContext>
    </QueryClientProvider>
  );
}

// A button is busy before the next click comes: with the default, a macrotask, a double click makes two calls.
notifyManager.setScheduler(queueMicrotask);

/** Reads are repeated when they failed for want of an answer or of the database; changes never are. */
function createQueryClient(ended: () => void): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) =>
          failures < 3 && error instanceof ApiError && (error.status === null || error.status >= 500),
      },
    },
  });
  const onFailure = (error: unknown) => {
    if (error instanceof ApiError && error.status === 401) ended();
  };
  client.getQueryCache().config.onError = onFailure;
  client.getMutationCache().config.onError = onFailure;
  return client;
}

export function useScope(): Scope {
  const scope = use(ApiContext);
  if (!scope) throw new Error('There is no ApiProvider.');
  return scope;
}

/** Queries and mutations by path, typed from the OpenAPI document. */
export const useQueries = () => useScope().queries;
