// SPDX-License-Identifier: Apache-2.0
// What stands in the way of a workspace, found before anything is created.
import { type UseQueryResult, keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Finding, NewWorkspace, Preflight } from '../api/contract';
import { checkBeforehand } from '../api/queries';
import { ErrorNotice, Notice } from '../ui/feedback';
import { resourceKind } from '../ui/format';
import { BusyIcon, CheckIcon, CrossIcon, InfoIcon, WarningIcon } from '../ui/icons';
import styles from './create.module.css';

/** The value, once it has stood still for a while. */
function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

export type Check = { query: UseQueryResult<Preflight | null>; settled: boolean };

/** `request` null: not filled in yet. The data is null when this server does not check beforehand. */
export function usePreflight(request: NewWorkspace | null): Check {
  const text = request === null ? '' : JSON.stringify(request);
  const settled = useSettled(text, 500);
  const query = useQuery<Preflight | null>({
    queryKey: ['preflight', settled],
    enabled: settled !== '',
    retry: false,
    staleTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: () => checkBeforehand(JSON.parse(settled) as NewWorkspace),
  });
  return { query, settled: settled === text };
}

const LOOKS = {
  error: { icon: CrossIcon, tone: 'bad', word: 'Error' },
  warning: { icon: WarningIcon, tone: 'warn', word: 'Warning' },
  info: { icon: InfoIcon, tone: 'idle', word: 'Note' },
} as const;
const ORDER: Array<Finding['severity']> = ['error', 'warning', 'info'];

function Findings({ findings }: { findings: Finding[] }) {
  const sorted = [...findings].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  return (
    <ul className={styles.findings}>
      {sorted.map((finding, i) => {
        const { icon: Icon, tone, word } = LOOKS[finding.severity];
        return (
          <li key={`${finding.code}-${i}`}>
            <span className="tone" data-tone={tone}><Icon /><span className="visually-hidden">{word}</span></span>
            <p>{finding.subject && <span className="mono">{finding.subject}: </span>}{finding.message}</p>
            {finding.hint && <p className={styles.hint}>{finding.hint}</p>}
          </li>
        );
      })}
    </ul>
  );
}

// Registering a provider changes the subscription, so it is done when somebody asks for it.
function RegisterProviders({ check, request }: { check: Check; request: NewWorkspace }) {
  const register = useMutation({
    mutationFn: () => checkBeforehand(request, true),
    onSettled: () => check.query.refetch(),
  });
  return (
    <div className={styles.consent}>
      <p className="small muted">Ferry can register the resource providers in your subscription; that costs nothing.</p>
      <button type="button" className="button" disabled={register.isPending} onClick={() => register.mutate()}>{register.isPending ? 'Registering…' : 'Register them'}</button>
      {register.isError && <ErrorNotice error={register.error} />}
    </div>
  );
}

function summary(check: Check, ready: boolean): { text: string; icon: typeof CheckIcon; tone: string } {
  const { query, settled } = check;
  if (!ready) return { text: 'Fill in the form: everything is checked before anything is made.', icon: InfoIcon, tone: 'idle' };
  if (!settled || query.isFetching || query.isPending) return { text: 'Checking the account, permissions, names and quotas…', icon: BusyIcon, tone: 'busy' };
  if (query.isError) return { text: 'The check itself did not work.', icon: WarningIcon, tone: 'warn' };
  if (query.data === null) return { text: 'This server does not check beforehand.', icon: InfoIcon, tone: 'idle' };
  const errors = query.data?.findings.filter(({ severity }) => severity === 'error').length ?? 0;
  if (query.data?.passed) return { text: 'Nothing stands in the way.', icon: CheckIcon, tone: 'good' };
  return { text: errors === 1 ? 'One thing stands in the way.' : `${errors} things stand in the way.`, icon: CrossIcon, tone: 'bad' };
}

export function PreflightPanel({ check, request, draftName }: { check: Check; request: NewWorkspace | null; draftName: string }) {
  const ready = request !== null;
  const { text, icon: Icon, tone } = summary(check, ready);
  const data = ready ? check.query.data : undefined;
  return (
    <div className={styles.side}>
      <section className="card" aria-labelledby="preflight">
        <div className="card-head"><h2 id="preflight">Checked beforehand</h2></div>
        <p className="row" role="status" style={{ padding: '12px 16px' }}><span className="tone row" data-tone={tone}><Icon /></span>{text}</p>
        {data && data.findings.length > 0 && <Findings findings={data.findings} />}
        {request && data?.findings.some(({ code }) => code === 'provider_not_registered') && <RegisterProviders check={check} request={request} />}
        {ready && check.query.isError && <div style={{ padding: '0 12px 12px' }}><ErrorNotice error={check.query.error} onRetry={() => void check.query.refetch()} /></div>}
      </section>
      {data?.resources && data.resources.length > 0 && (
        <section className="card" aria-labelledby="will-make">
          <div className="card-head"><h2 id="will-make">Will be made</h2><span className="muted small">{data.resources.length} resources</span></div>
          <ul className={`card-body ${styles.will}`}>
            {data.resources.map(({ type, name }) => <li key={`${type}${name}`}><span>{resourceKind(type)}</span><span className="mono">{name}</span></li>)}
          </ul>
        </section>
      )}
      {!ready && draftName === '' && (
        <Notice tone="idle" title="What a workspace is">
          One IoT Hub, one Device Provisioning Service linked to it, one storage account, one container registry and the certificates between them, in a resource group of its own.
        </Notice>
      )}
    </div>
  );
}
