// SPDX-License-Identifier: Apache-2.0
import { type FormEvent, useEffect, useState } from 'react';
import { api } from '../api/client';
import type { Session } from '../api/schema';
import { ErrorNotice } from '../ui/feedback';
import styles from './sign-in.module.css';

export function SignIn({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const [token, setToken] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = 'Sign in – Ferry';
  }, []);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onSignedIn(await api.post<Session>('/auth/session', { token: token.trim() }));
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };

  return (
    <div className={styles.page}>
      <main>
        <form className={styles.form} style={{ minHeight: '100%' }} onSubmit={(event) => void submit(event)}>
          <div className={styles.brand}><img src="/console/ferry.svg" alt="" width={30} height={30} />Ferry</div>
          <div>
            <h1>Sign in</h1>
            <p className="muted">With an API token. It is exchanged for a session of this browser and not kept.</p>
          </div>
          <div className="field">
            <label htmlFor="token">API token</label>
            <input
              id="token" className="input mono" type="password" autoComplete="current-password" required autoFocus spellCheck={false}
              value={token} onChange={(event) => setToken(event.target.value)} placeholder="ferry_…"
              aria-describedby="token-help"
            />
            <p id="token-help" className="help">
              <code>ferry console</code> says where yours is; on the machine of <code>ferry up</code> it is in <code>ferryd/owner.token</code>.
            </p>
          </div>
          {error !== null && <ErrorNotice error={error} title="You are not signed in" />}
          <button type="submit" className="button primary" disabled={busy || token.trim() === ''}>
            {busy ? 'Signing in…' : 'Sign in'}
          </button>
        </form>
      </main>
      <aside className={styles.side} aria-label="About Ferry">
        <svg viewBox="0 0 600 800" preserveAspectRatio="xMidYMax slice" fill="none" stroke="#3f97a3" aria-hidden="true">
          {Array.from({ length: 15 }, (_, i) => (
            <path
              key={i} opacity={0.75 - i * 0.045}
              d={`M-20 ${640 - i * 34} q 80 ${-22 + i} 160 0 t 160 0 t 160 0 t 160 0`} strokeWidth={1.4}
            />
          ))}
        </svg>
        <p>Your applications, on your devices, in your own cloud.</p>
        <p>Every edit is planned before anything is sent, and one edit changes only what it says.</p>
      </aside>
    </div>
  );
}
