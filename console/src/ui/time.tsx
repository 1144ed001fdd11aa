// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react';
import { ago, fullTime } from './format';

/** The time now, renewed every `everyMs`; stands still when that is null. */
export function useNow(everyMs: number | null): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (everyMs === null) return undefined;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

export function Ago({ at, none = '–' }: { at: string | null | undefined; none?: string }) {
  const now = useNow(15_000);
  if (!at) return <span className="muted">{none}</span>;
  return <time dateTime={at} title={fullTime(at)} className="number">{ago(Date.parse(at), now)}</time>;
}
