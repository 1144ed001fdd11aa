// SPDX-License-Identifier: Apache-2.0
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { ApiError } from './api/client';
import { App } from './app';
import { SessionGate } from './session/session';
import { applyTheme } from './shell/theme';
import './styles/tokens.css';
import './styles/base.css';

applyTheme();

// A refusal stays a refusal; only what could not be reached is asked again.
const isWorthAnotherTry = (error: unknown) => !(error instanceof ApiError) || error.status === 0 || error.status >= 500;
const client = new QueryClient({
  defaultOptions: { queries: { staleTime: 3000, retry: (count, error) => count < 3 && isWorthAnotherTry(error) } },
});

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <SessionGate>
          <Router base="/console"><App /></Router>
        </SessionGate>
      </QueryClientProvider>
    </StrictMode>,
  );
}
