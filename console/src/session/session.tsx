// SPDX-License-Identifier: Apache-2.0
// Who is signed in. Everything below <SessionGate> has a session; without one it shows the sign-in.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, createContext, useContext, useMemo } from 'react';
import { ApiError, api, startSession } from '../api/client';
import type { Session } from '../api/schema';
import { ErrorNotice } from '../ui/feedback';
import { SignIn } from './sign-in';

const SESSION_KEY = ['session'];

type Current = { session: Session; mayChange: boolean; signOut: () => Promise<void> };
const Context = createContext<Current | null>(null);

export function useSession(): Current {
  const current = useContext(Context);
  if (!current) throw new Error('used outside of a session');
  return current;
}

export function SessionGate({ children }: { children: ReactNode }) {
  const cache = useQueryClient();
  const query = useQuery({
    queryKey: SESSION_KEY,
    retry: (count, error) => !(error instanceof ApiError && error.status === 401) && count < 3,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      try {
        return await api.get<Session>('/auth/session');
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
      }
    },
  });
  const session = query.data ?? null;
  const current = useMemo<Current | null>(() => {
    if (!session) return null;
    const forget = () => {
      cache.setQueryData(SESSION_KEY, null);
      cache.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION_KEY[0] });
    };
    startSession(session.csrf, forget);
    return {
      session,
      mayChange: session.role === 'Owner',
      signOut: async () => {
        await api.remove('/auth/session');
        forget();
      },
    };
  }, [session, cache]);

  if (query.isError) {
    return (
      <main className="card" style={{ maxWidth: 520, margin: '15vh auto' }}>
        <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
      </main>
    );
  }
  if (query.isPending) return <main aria-busy="true" aria-label="Loading" />;
  if (!current) return <SignIn onSignedIn={(begun) => cache.setQueryData(SESSION_KEY, begun)} />;
  return <Context.Provider value={current}>{children}</Context.Provider>;
}
